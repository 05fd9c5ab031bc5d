use serde::Serialize;

/// State of a participant, in the order of urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Could continue, but has not for too long.
    Stuck,
    /// Assignments for an address without an account.
    NoAccount,
    /// Has assignments, but has not signed up.
    Invited,
    /// Has assignments, but may not log in.
    Deactivated,
    NotStarted,
    Working,
    Done,
    NothingAssigned,
}

impl State {
    pub const ALL: [Self; 8] = [
        Self::Stuck,
        Self::NoAccount,
        Self::Invited,
        Self::Deactivated,
        Self::NotStarted,
        Self::Working,
        Self::Done,
        Self::NothingAssigned,
    ];

    pub fn words(self) -> &'static str {
        match self {
            Self::Stuck => "stuck",
            Self::NoAccount => "no account",
            Self::Invited => "not signed up",
            Self::Deactivated => "deactivated",
            Self::NotStarted => "not started",
            Self::Working => "working",
            Self::Done => "done",
            Self::NothingAssigned => "nothing assigned",
        }
    }
}
