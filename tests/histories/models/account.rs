//! An account: its password, its mailed links, its sessions. A new password ends all sessions and links; so does a logout by an
//! administrator.

use std::collections::BTreeSet;

use crate::history::{self, Model};

/// An account whose first password nobody knows.
#[derive(Clone, Copy, Debug)]
pub struct Account;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A link is created.
    Link(u64),
    /// `is_done` is `None` if the outcome is unknown, and false if the link was refused.
    Reset { link: u64, password: u64, is_done: Option<bool> },
    /// `session` is `None` if the password was refused.
    Login { password: u64, session: Option<u64> },
    /// A request with the token of this session.
    Use { session: u64, is_served: bool },
    /// An administrator ends all sessions and links.
    Logout,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    password: Option<u64>,
    links: BTreeSet<u64>,
    sessions: BTreeSet<u64>,
}

impl Model for Account {
    type State = State;
    type Operation = Operation;

    fn initial(&self) -> State {
        State::default()
    }

    fn apply(&self, state: &State, operation: &Operation) -> Option<State> {
        let mut next = state.clone();
        let is_possible = match *operation {
            Operation::Link(link) => next.links.insert(link),
            Operation::Reset { link, is_done: Some(false), .. } => !state.links.contains(&link),
            Operation::Reset { link, password, .. } => {
                next = State { password: Some(password), ..State::default() };
                state.links.contains(&link)
            }
            Operation::Login { password, session: Some(session) } => {
                state.password == Some(password) && next.sessions.insert(session)
            }
            Operation::Login { password, session: None } => state.password != Some(password),
            Operation::Use { session, is_served } => state.sessions.contains(&session) == is_served,
            Operation::Logout => {
                next = State { password: state.password, ..State::default() };
                true
            }
        };
        is_possible.then_some(next)
    }

    fn without_outcome(&self, operation: &Operation) -> Option<Operation> {
        match *operation {
            Operation::Reset { link, password, .. } => Some(Operation::Reset { link, password, is_done: None }),
            Operation::Link(_) | Operation::Logout => Some(operation.clone()),
            // without a response nobody has the session, so it affects nothing
            Operation::Login { .. } | Operation::Use { .. } => None,
        }
    }

    fn only_reads(&self, operation: &Operation) -> bool {
        match operation {
            Operation::Use { .. } | Operation::Login { session: None, .. } => true,
            Operation::Reset { is_done, .. } => *is_done == Some(false),
            Operation::Link(_) | Operation::Logout | Operation::Login { .. } => false,
        }
    }

    fn matters(&self, _: &Operation, _: &[history::Operation<Operation>]) -> bool {
        true
    }

    /// Sessions do not depend on each other.
    fn value(&self, operation: &Operation) -> Option<u64> {
        match *operation {
            Operation::Login { session, .. } => session,
            Operation::Use { session, .. } => Some(session),
            Operation::Link(_) | Operation::Reset { .. } | Operation::Logout => None,
        }
    }
}
