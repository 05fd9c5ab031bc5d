//! Columns and limits of the file.

/// The maximum length of a mail address: RFC 5321 section 4.5.3.1.3.
pub(super) const MAX_USER_CHARACTERS: usize = 254;
/// The maximum length of `display_config.experiment_id`, `arm` and `policy_id`.
pub const MAX_LABEL_CHARACTERS: usize = 100;

/// The maximum length of `display_config.id` in `POST /api/v1/configs/batch`.
pub(super) const MAX_ID_CHARACTERS: usize = 254;

pub(super) const USER: &str = "User";
pub(super) const CASE: &str = "Case No.";

/// Who reads a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// The routes: names of columns are exactly those of the contract, and other columns are ignored.
    Route,
    /// The command line: case and blanks of names are ignored, other columns are noted, and `Run` and `Assignment` are read.
    Command,
}
