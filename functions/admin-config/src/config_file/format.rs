//! Columns and limits of the file.

/// The maximum length of a mail address: RFC 5321 section 4.5.3.1.3.
pub(super) const MAX_USER_CHARACTERS: usize = 254;
/// The maximum length of `display_config.experiment_id`, `arm` and `policy_id`.
pub const MAX_LABEL_CHARACTERS: usize = 100;

pub(super) const USER: &str = "User";
pub(super) const CASE: &str = "Case No.";
