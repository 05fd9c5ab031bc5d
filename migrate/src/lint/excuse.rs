//! `-- safe: <rule>: <reason>`

const MARK: &str = "-- safe:";

/// One such line.
pub struct Excuse {
    /// Where it stands, in bytes.
    pub offset: usize,
    pub rule: String,
    pub has_reason: bool,
    /// Whether a finding needed it.
    pub used: bool,
}

impl Excuse {
    pub fn all(sql: &str) -> Vec<Self> {
        sql.match_indices(MARK)
            .map(|(offset, _)| {
                let text = sql[offset + MARK.len()..].lines().next().unwrap_or_default();
                let (rule, reason) = text.split_once(':').unwrap_or((text, ""));
                Self { offset, rule: rule.trim().to_owned(), has_reason: !reason.trim().is_empty(), used: false }
            })
            .collect()
    }
}
