//! State shared by all clients.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use http::{Request, Response, header};
use sqlx::PgPool;
use tests::contract::transport::Transport;

use crate::evidence::Journal;
use crate::plan::{ACCOUNTS, Via};
use crate::planted::Planted;
use crate::study::{self, Assignments};

/// Maximum time to wait for a response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);

/// The state of an account as far as its clients know it.
#[derive(Debug, Default)]
pub struct AccountState {
    /// Passwords that may be right, newest first.
    pub passwords: VecDeque<u64>,
    /// Number of refused logins since the last successful one.
    pub refused: usize,
    pub last_link: Option<u64>,
    /// Sessions with their tokens, oldest first.
    pub sessions: VecDeque<(u64, String)>,
}

pub struct World {
    pub journal: Journal,
    pub container: Transport,
    pub functions: Transport,
    pub planted: Option<Planted>,
    /// A connection pool that bypasses the faulty network; only PostgreSQL itself may be down.
    pub database: PgPool,
    /// The database's address through the faulty network, for the command line.
    pub database_url: String,
    /// Tokens of the participants.
    pub tokens: Vec<String>,
    pub assignments: Assignments,
    pub assignments_each: u32,
    accounts: Vec<Mutex<AccountState>>,
    /// Numbers and ids of the newest experiments.
    experiments: Mutex<VecDeque<(u64, String)>>,
    numbers: AtomicU64,
    pub skipped: AtomicUsize,
}

impl World {
    pub fn new(container: Transport, functions: Transport, database: PgPool, database_url: String) -> Self {
        Self {
            journal: Journal::new(),
            container,
            functions,
            planted: None,
            database,
            database_url,
            tokens: study::tokens(),
            assignments: Assignments::default(),
            assignments_each: 0,
            accounts: (0..ACCOUNTS).map(|_| Mutex::default()).collect(),
            experiments: Mutex::default(),
            numbers: AtomicU64::new(1),
            skipped: AtomicUsize::new(0),
        }
    }

    /// Returns a unique number.
    pub fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    pub fn with_account<T>(&self, account: u32, act: impl FnOnce(&mut AccountState) -> T) -> T {
        act(&mut self.accounts[account as usize - 1].lock().unwrap())
    }

    pub fn add_experiment(&self, number: u64, id: String) {
        let mut experiments = self.experiments.lock().unwrap();
        if !experiments.iter().any(|(known, _)| *known == number) {
            experiments.push_front((number, id));
            experiments.truncate(2);
        }
    }

    /// Returns the newest experiment, or the one before.
    pub fn experiment(&self, is_newest: bool) -> Option<(u64, String)> {
        let experiments = self.experiments.lock().unwrap();
        experiments.get(usize::from(!is_newest)).or(experiments.front()).cloned()
    }

    /// Sends a request and reads the response, if there is one.
    pub async fn send(&self, via: Via, mut request: Request<Bytes>) -> Option<Response<Bytes>> {
        let transport = match via {
            Via::Container => &self.container,
            Via::Functions => &self.functions,
        };
        let host = transport.host().try_into().expect("a valid header");
        request.headers_mut().insert(header::HOST, host);
        let sent = async {
            match &self.planted {
                None => transport.send(request).await.ok(),
                Some(planted) => planted.send(request, transport, &self.database).await,
            }
        };
        tokio::time::timeout(RESPONSE_TIMEOUT, sent).await.ok().flatten()
    }
}
