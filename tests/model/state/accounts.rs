//! The accounts, their tokens and links.

use serde_json::{Value, json};

use crate::expected::Answer;
use crate::people::Caller;
use crate::people::Person::{self, Admin, Alice, Bob, Carol, Dave, Erin, Zoe};
use crate::sent::Credentials;

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    pub person: Person,
    /// A number, or the name of a number.
    pub id: Value,
    /// Whether a response has revealed the id.
    pub is_id_known: bool,
    pub active: Option<bool>,
    pub password: Option<String>,
    pub wrong_passwords: u32,
}

/// A token.
#[derive(Clone, Debug)]
pub struct Session {
    pub person: Person,
    pub name: String,
    pub is_live: bool,
}

/// A mailed link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    Alice1,
    Alice2,
    Carol,
    Dave,
    Expired,
    Used,
    Unknown,
}

impl Link {
    pub fn token(self) -> String {
        format!("{self:?}-reset-token").to_lowercase()
    }

    pub fn owner(self) -> Option<Person> {
        match self {
            Self::Alice1 | Self::Alice2 | Self::Expired | Self::Used => Some(Alice),
            Self::Carol => Some(Carol),
            Self::Dave => Some(Dave),
            Self::Unknown => None,
        }
    }
}

/// The accounts, their tokens and links.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// In order of their ids.
    pub all: Vec<Account>,
    pub sessions: Vec<Session>,
    /// Links that set a password.
    pub good_links: Vec<Link>,
    /// Number of generated passwords, so that each is unique.
    pub passwords: u32,
}

impl Default for Accounts {
    fn default() -> Self {
        let account = |id: i32, person: Person, active, has_password: bool| Account {
            person,
            id: json!(id),
            is_id_known: true,
            active,
            password: has_password.then(|| initial_password(person)),
            wrong_passwords: 0,
        };
        let all = vec![
            account(1, Admin, Some(true), true),
            account(2, Alice, Some(true), true),
            account(3, Bob, Some(true), true),
            account(4, Carol, Some(false), false),
            account(5, Dave, None, true),
            account(6, Zoe, Some(true), true),
        ];
        let with_session = [Admin, Alice, Bob, Dave, Zoe];
        let sessions =
            with_session.map(|person| Session { person, name: session_name(person, 0), is_live: person != Dave });
        let good_links = vec![Link::Alice1, Link::Alice2, Link::Carol];
        Self { all, sessions: sessions.into(), good_links, passwords: 0 }
    }
}

/// Returns a person's initial password (tests/fixtures/contract/accounts.json).
pub fn initial_password(person: Person) -> String {
    let password = match person {
        Admin => "Admin-pass-1",
        Alice => "Alice-pass-1",
        Bob => "Bob-pass-1",
        Zoe => "Zoë-pass-名前-1",
        Carol | Dave | Erin => "nobody knows it",
    };
    password.to_owned()
}

pub fn session_name(person: Person, number: usize) -> String {
    format!("{}_{number}", person.name())
}

impl Accounts {
    pub fn of(&self, person: Person) -> Option<&Account> {
        self.all.iter().find(|account| account.person == person)
    }

    pub fn of_mut(&mut self, person: Person) -> Option<&mut Account> {
        self.all.iter_mut().find(|account| account.person == person)
    }

    pub fn session(&self, caller: Caller) -> Option<&Session> {
        match caller {
            Caller::Latest(person) => self.sessions.iter().rfind(|session| session.person == person),
            Caller::First(person) => self.sessions.iter().find(|session| session.person == person),
            _ => None,
        }
    }

    pub fn credentials(&self, caller: Caller) -> Credentials {
        match caller {
            Caller::Key => Credentials::Key,
            Caller::WrongKey => Credentials::WrongKey,
            Caller::NoToken => Credentials::NoToken,
            Caller::Nobody => Credentials::None,
            Caller::Latest(_) | Caller::First(_) => {
                self.session(caller).map_or(Credentials::None, |session| Credentials::Token(session.name.clone()))
            }
        }
    }

    /// Returns the participant that a token authenticates.
    pub fn participant(&self, caller: Caller) -> Result<Person, Answer> {
        let session = self.session(caller).filter(|session| session.is_live);
        session.map(|session| session.person).ok_or_else(Answer::token_refused)
    }

    /// Returns the refusal if the caller does not have the rights of researchers.
    pub fn refusal_of_researcher(&self, caller: Caller) -> Option<Answer> {
        match (caller, self.participant(caller)) {
            (Caller::Key, _) | (_, Ok(Admin)) => None,
            (_, Ok(_)) => Some(Answer::refused(403)),
            (_, Err(_)) => Some(Answer::refused(401)),
        }
    }

    /// Sets a password, which ends sessions and invalidates links.
    pub fn set_password(&mut self, person: Person, password: String) {
        let Some(account) = self.of_mut(person) else { return };
        account.password = Some(password);
        account.active = Some(true);
        account.wrong_passwords = 0;
        for session in self.sessions.iter_mut().filter(|session| session.person == person) {
            session.is_live = false;
        }
        self.good_links.retain(|link| link.owner() != Some(person));
    }
}
