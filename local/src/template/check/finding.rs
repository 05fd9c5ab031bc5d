use std::fmt;

/// A mistake in the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Logical name of the resource.
    pub resource: String,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.resource, self.problem)
    }
}
