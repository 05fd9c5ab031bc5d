/// Why a link is mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The account's password is to be replaced. The link is valid for two days (contract section 2).
    Reset,
    /// The account is new. The link is valid for a week.
    Invitation,
}

impl Occasion {
    /// Returns how many days a link is valid.
    pub fn days(self) -> i32 {
        match self {
            Self::Reset => 2,
            Self::Invitation => 7,
        }
    }
}
