/// A reader's answer to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rating {
    /// From 0.
    pub reader: usize,
    /// Index of the answer among the values of the scale, in order if they have one.
    pub category: usize,
}

/// A case with its answers.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// At most one per reader, in the order of readers.
    pub ratings: Vec<Rating>,
    /// Whether the patient has the condition, if known.
    pub truth: Option<bool>,
}
