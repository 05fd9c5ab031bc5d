use std::path::Path;

use local::build::Paths;

use crate::arguments::Pace;
use crate::failure::Failure;
use crate::postgres::Cluster;
use crate::study::Study;

/// Resources of the benchmarks.
pub struct Bench {
    pub cluster: Cluster,
    /// Smallest first.
    pub studies: Vec<Study>,
    pub binaries: Paths,
    pub pace: Pace,
}

impl Bench {
    /// Returns the study for everything but `growth`.
    pub fn study(&self) -> Result<&Study, Failure> {
        Ok(self.studies.first().ok_or("there is no study")?)
    }

    /// Returns the path of a program.
    pub fn binary(&self, name: &str) -> Result<&Path, Failure> {
        Ok(self.binaries.get(name).ok_or_else(|| format!("the workspace has no binary {name}"))?)
    }
}
