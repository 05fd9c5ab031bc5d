use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::log::Log;
use super::process_group::ProcessGroup;
use crate::template;

/// Settings shared by all processes of a function.
pub(super) struct Launch {
    pub function: template::Function,
    pub binary: PathBuf,
    pub given: BTreeMap<String, String>,
    pub everywhere: BTreeMap<String, String>,
    pub max_concurrency: u32,
    pub group: Arc<ProcessGroup>,
    pub log: Log,
}

impl Launch {
    /// Returns whether a process takes several events at once, as in Lambda Managed Instances.
    pub fn is_managed(&self) -> bool {
        self.max_concurrency > 1
    }

    /// Returns how many events a process takes concurrently.
    pub fn events_at_once(&self) -> usize {
        usize::try_from(self.max_concurrency).unwrap_or(usize::MAX)
    }
}
