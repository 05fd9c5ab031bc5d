use std::path::PathBuf;

use super::yaml::YamlError;

/// Why a template cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Error of the file system.
        source: std::io::Error,
    },
    /// The text is not a template.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// A given parameter is not in the template.
    #[error("the template has no parameter {0}")]
    UnknownParameter(String),
    /// A resource that cannot be understood.
    #[error("{resource}: {problem}")]
    Resource {
        /// Its logical name.
        resource: String,
        /// What is wrong.
        problem: String,
    },
}
