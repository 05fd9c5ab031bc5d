//! The text that `cargo dev` prints once it serves.

use std::fmt::{self, Display, Formatter};
use std::path::Path;

use demo::Account;

/// What a newcomer needs to know next.
pub(super) struct Announcement<'a> {
    pub address: &'a str,
    pub served_by: &'a str,
    pub frontend: Option<&'a Path>,
    /// `None` without the demo.
    pub demo: Option<Demo>,
    /// The command `psql …`, if the database is on our own server.
    pub psql: Option<String>,
    /// Value of `MAIL_TRANSPORT`.
    pub mail_transport: &'a str,
    /// Path of the development secrets.
    pub secrets: &'a Path,
}

/// Demo accounts, and the first case of the first participant.
pub(super) struct Demo {
    pub accounts: Vec<Account>,
    pub assignment_id: String,
}

impl Display for Announcement<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nAugMed is at {} ({})", self.address, self.served_by)?;
        if let Some(directory) = self.frontend {
            writeln!(f, "with the frontend in {}", directory.display())?;
        }
        match &self.demo {
            Some(demo) => demo.announce(f, self.address)?,
            None => {
                writeln!(f, "\nTry, in another terminal:\n\n# is it up?\ncurl -s {}/api/healthcheck", self.address)?;
            }
        }
        writeln!(f)?;
        if let Some(psql) = &self.psql {
            writeln!(f, "Database  {psql}")?;
        }
        match self.mail_transport.strip_prefix("file:") {
            Some(directory) => writeln!(f, "Mails     one file each in {directory}")?,
            None => writeln!(f, "Mails     {}", self.mail_transport)?,
        }
        writeln!(f, "API keys  {}, unless set in the environment", self.secrets.display())?;
        writeln!(f, "\nCtrl-C stops everything.")
    }
}

impl Demo {
    /// Returns the first account and its first assignment.
    pub fn of_first_participant() -> Self {
        let accounts = demo::accounts();
        let assignment_ids = accounts.first().map(|account| demo::assignment_ids(&account.email)).unwrap_or_default();
        Self { accounts, assignment_id: assignment_ids.into_iter().next().unwrap_or_default() }
    }

    fn announce(&self, f: &mut Formatter<'_>, address: &str) -> fmt::Result {
        writeln!(f, "\nDemo accounts:")?;
        for account in &self.accounts {
            let password = account.password.as_deref().unwrap_or("-");
            writeln!(f, "  {:<28}{:<15}{}", account.email, password, account.about)?;
        }
        writeln!(f, "\nTry, in another terminal:")?;
        for (title, command) in self.commands(address) {
            writeln!(f, "\n# {title}\n{command}")?;
        }
        Ok(())
    }

    /// Returns example commands; each works independently of the others.
    fn commands(&self, address: &str) -> Vec<(&'static str, String)> {
        let Some(log_in) = self.accounts.first().and_then(|account| log_in(address, account)) else {
            return Vec::new();
        };
        let token = format!("TOKEN=$({log_in} | grep -i '^authorization:' | cut -d' ' -f3 | tr -d '\\r')");
        let get = |path: &str| format!("{token}; curl -sw '\\n' {address}{path} -H \"Authorization: Bearer $TOKEN\"");
        vec![
            ("log in: the token is in the header `authorization` of the answer", log_in),
            ("the next case to read", get("/api/cases")),
            ("a case", get(&format!("/api/case-reviews/{}", self.assignment_id))),
        ]
    }
}

fn log_in(address: &str, account: &Account) -> Option<String> {
    let body = serde_json::json!({ "email": account.email, "password": account.password.as_ref()? });
    Some(format!("curl -si {address}/api/auth/login -H 'Content-Type: application/json' -d '{body}' -w '\\n'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announcement(demo: Option<Demo>) -> String {
        let announcement = Announcement {
            address: "http://127.0.0.1:5000",
            served_by: "the container's server",
            frontend: None,
            demo,
            psql: None,
            mail_transport: "file:/data/mail",
            secrets: Path::new("/data/secrets.json"),
        };
        announcement.to_string()
    }

    #[test]
    fn every_account_is_shown_with_its_password() {
        let text = announcement(Some(Demo::of_first_participant()));

        for account in demo::accounts() {
            let line = text.lines().find(|line| line.contains(&account.email)).unwrap();
            assert!(line.contains(account.password.as_deref().unwrap_or("-")), "{line}");
        }
    }

    #[test]
    fn each_of_three_commands_works_on_its_own() {
        let text = announcement(Some(Demo::of_first_participant()));

        let commands: Vec<_> =
            text.lines().filter(|line| line.starts_with("curl ") || line.starts_with("TOKEN=")).collect();
        assert_eq!(commands.len(), 3);
        assert!(commands.iter().all(|command| command.contains("/api/auth/login")));
        assert!(
            commands[2].contains(&format!("/api/case-reviews/{}", demo::assignment_ids("ines.okafor@example.org")[0]))
        );
    }

    #[test]
    fn without_the_demo_the_announcement_suggests_the_healthcheck() {
        let text = announcement(None);

        assert!(text.contains("curl -s http://127.0.0.1:5000/api/healthcheck"));
        assert!(!text.contains("example.org"));
    }

    #[test]
    fn says_where_mails_go_and_how_to_stop() {
        let text = announcement(None);

        assert!(text.contains("one file each in /data/mail"));
        assert!(text.contains("Ctrl-C"));
    }
}
