//! Who there is, and who sends a request.

use proptest::prelude::*;
use proptest::sample::select;

/// Somebody with an address. Erin has no account until she is invited.
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

/// Who reads cases.
pub const PARTICIPANTS: &[Person] = &[Alice, Bob, Zoe];

/// Who sends a request.
#[derive(Clone, Copy, Debug)]
pub enum Caller {
    /// With the token of the latest login.
    Latest(Person),
    /// With the token that the person had at first.
    First(Person),
    Key,
    WrongKey,
    NoToken,
    Nobody,
}

impl Caller {
    /// Mostly one of these participants.
    pub fn participant(who: &'static [Person]) -> impl Strategy<Value = Self> {
        let participant = select(who);
        prop_oneof![
            14 => participant.clone().prop_map(Self::Latest),
            4 => participant.prop_map(Self::First),
            2 => Person::any().prop_map(Self::Latest),
            1 => select(&[Self::Nobody, Self::NoToken, Self::Key, Self::WrongKey][..]),
        ]
    }

    /// Mostly somebody who may do what researchers do.
    pub fn researcher() -> impl Strategy<Value = Self> {
        prop_oneof![
            14 => Just(Self::Key),
            4 => Just(Self::Latest(Admin)),
            1 => Person::any().prop_map(Self::Latest),
            1 => select(&[Self::Nobody, Self::NoToken, Self::WrongKey][..]),
        ]
    }
}
