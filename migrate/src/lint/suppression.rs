//! Suppressions of findings: `-- safe: <rule>: <reason>`

const PREFIX: &str = "-- safe:";

/// A suppression.
pub struct Suppression {
    /// The offset in the file, in bytes.
    pub offset: usize,
    pub rule: String,
    pub has_reason: bool,
    /// Whether it suppresses a finding.
    pub used: bool,
}

impl Suppression {
    pub fn all(sql: &str) -> Vec<Self> {
        sql.match_indices(PREFIX)
            .map(|(offset, _)| {
                let text = sql[offset + PREFIX.len()..].lines().next().unwrap_or_default();
                let (rule, reason) = text.split_once(':').unwrap_or((text, ""));
                Self { offset, rule: rule.trim().to_owned(), has_reason: !reason.trim().is_empty(), used: false }
            })
            .collect()
    }
}
