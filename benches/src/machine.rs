//! The machine of the measurements.

use std::fs;
use std::process::Command;

use procfs_core::{CpuInfo, FromBufRead as _, Meminfo};
use serde::Serialize;

use crate::{Failure, repository};

/// The machine and its software.
#[derive(Debug, Serialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    /// In GB.
    pub memory: u64,
    pub kernel: String,
    pub postgresql: String,
    pub date: String,
    pub commit: String,
}

impl Machine {
    /// Describes this machine, with PostgreSQL's version.
    pub fn describe(postgresql: String) -> Result<Self, Failure> {
        let cpus = CpuInfo::from_buf_read(fs::read("/proc/cpuinfo")?.as_slice())?;
        let memory = Meminfo::from_buf_read(fs::read("/proc/meminfo")?.as_slice())?;
        let commit =
            Command::new("git").args(["describe", "--always", "--dirty"]).current_dir(repository()).output()?.stdout;
        Ok(Self {
            cpu: cpus.model_name(0).unwrap_or("unknown").to_owned(),
            cores: cores(),
            memory: memory.mem_total.div_ceil(1 << 30),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            postgresql,
            date: chrono::Utc::now().format("%Y-%m-%d %H:%M UTC").to_string(),
            commit: String::from_utf8_lossy(&commit).trim().to_owned(),
        })
    }
}

/// Returns the number of cores that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
