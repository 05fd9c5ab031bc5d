//! Steps of an account's clients: resets, logins, requests within sessions, logouts.

use std::process::Stdio;
use std::time::Duration;

use tests::{app, deployed};
use tokio::process::Command;
use tokio::time::timeout;

use crate::client::Client;
use crate::evidence::{Call, Reply};
use crate::plan::Via;
use crate::request::Names;
use crate::study::{self, make_link};
use crate::world::AccountState;

/// Number of sessions and of passwords that a client chooses from.
const MAX_CHOICES: usize = 3;
/// Maximum duration of a command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(20);

impl Client {
    pub async fn reset(&mut self, via: Via, account: u32, again: bool) {
        let last = self.world.with_account(account, |state| state.last_link).filter(|_| again);
        let link = if last.is_some() { last } else { self.make_link(account).await };
        let Some(link) = link else { return };
        let password = self.world.number();
        // from now on it may be the right one
        self.world.with_account(account, |state| state.passwords.push_front(password));
        self.send(via, Call::Reset { account, link, password }, &Names::default()).await;
        self.world.with_account(account, |state| state.passwords.truncate(MAX_CHOICES));
    }

    /// Stores a new link.
    async fn make_link(&self, account: u32) -> Option<u64> {
        let (link, invoked) = (self.world.number(), self.world.journal.now());
        if !make_link(&self.world.database, account, link).await {
            return None;
        }
        self.record(invoked, Call::Link { account, link }, Reply::done());
        self.world.with_account(account, |state| state.last_link = Some(link));
        Some(link)
    }

    pub async fn login(&mut self, via: Via, account: u32) {
        let guess = |state: &mut AccountState| {
            let place = state.refused % state.passwords.len().max(1);
            state.passwords.get(place).copied()
        };
        let Some(password) = self.world.with_account(account, guess) else { return };
        let session = self.world.number();
        let call = Call::Login { account, password, session };
        let reply = self.exchange(via, call, &Names::default()).await;
        let token = reply.as_ref().and_then(|response| response.headers().get("authorization")?.to_str().ok());
        let token = token.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
        self.world.with_account(account, |state| {
            state.refused = if token.is_some() { 0 } else { state.refused + 1 };
            state.sessions.extend(token.map(|token| (session, token)));
            while state.sessions.len() > MAX_CHOICES {
                state.sessions.pop_front();
            }
        });
    }

    pub async fn use_session(&mut self, via: Via, account: u32) {
        let place = self.steps % MAX_CHOICES;
        let session =
            self.world.with_account(account, |state| state.sessions.get(place).or(state.sessions.back()).cloned());
        let Some((session, token)) = session else { return };
        self.send(via, Call::Use { account, session }, &Names { token, ..Names::default() }).await;
    }

    /// Runs `augmed users logout`, as an administrator does.
    pub async fn logout(&mut self, account: u32) {
        let mut command = Command::new(deployed::binary("augmed"));
        command
            .args(["users", "logout", &study::holder(account)])
            .envs(app::environment(&self.world.database_url))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let invoked = self.world.journal.now();
        let ended = timeout(COMMAND_TIMEOUT, command.status()).await;
        let reply = if matches!(ended, Ok(Ok(status)) if status.success()) { Reply::done() } else { Reply::None };
        self.record(invoked, Call::Logout { account }, reply);
    }
}
