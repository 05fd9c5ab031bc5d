//! People, and callers of requests.

use proptest::prelude::*;
use proptest::sample::select;

/// A person with an address. Erin has no account until she is invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    Admin,
    Alice,
    Bob,
    Carol,
    Dave,
    Zoe,
    Erin,
}

use Person::{Admin, Alice, Bob, Carol, Dave, Erin, Zoe};

impl Person {
    pub fn any() -> impl Strategy<Value = Self> {
        select(&[Alice, Bob, Zoe, Carol, Erin, Dave, Admin][..])
    }

    pub fn name(self) -> &'static str {
        match self {
            Admin => "admin",
            Alice => "alice",
            Bob => "bob",
            Carol => "carol",
            Dave => "dave",
            Zoe => "zoe",
            Erin => "erin",
        }
    }

    pub fn address(self) -> String {
        format!("{}@contract.test", self.name())
    }
}

/// People who read cases.
pub const PARTICIPANTS: &[Person] = &[Alice, Bob, Zoe];

/// The sender of a request.
#[derive(Clone, Copy, Debug)]
pub enum Caller {
    /// A person with the token of their latest login.
    Latest(Person),
    /// A person with their initial token.
    First(Person),
    Key,
    WrongKey,
    NoToken,
    Nobody,
}

impl Caller {
    /// Generates callers, most of them from these participants.
    pub fn participant(who: &'static [Person]) -> impl Strategy<Value = Self> {
        let participant = select(who);
        prop_oneof![
            14 => participant.clone().prop_map(Self::Latest),
            4 => participant.prop_map(Self::First),
            2 => Person::any().prop_map(Self::Latest),
            1 => select(&[Self::Nobody, Self::NoToken, Self::Key, Self::WrongKey][..]),
        ]
    }

    /// Generates callers, most of them with the rights of researchers.
    pub fn researcher() -> impl Strategy<Value = Self> {
        prop_oneof![
            14 => Just(Self::Key),
            4 => Just(Self::Latest(Admin)),
            1 => Person::any().prop_map(Self::Latest),
            1 => select(&[Self::Nobody, Self::NoToken, Self::WrongKey][..]),
        ]
    }
}
