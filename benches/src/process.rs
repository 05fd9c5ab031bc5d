//! CPU time and memory of processes, from Linux's `/proc`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use procfs_core::process::{Schedstat, SmapsRollup, Stat};
use procfs_core::{FromBufRead as _, FromRead as _};

use crate::Failure;

/// Returns the CPU time of all threads of a process, in nanoseconds.
pub fn cpu(pid: u32) -> Result<Duration, Failure> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).map_err(|error| format!("process {pid}: {error}"))?;
    // a thread may end in the meantime
    let threads = tasks.flatten().filter_map(|task| Schedstat::from_file(task.path().join("schedstat")).ok());
    Ok(Duration::from_nanos(threads.map(|thread| thread.sum_exec_runtime).sum()))
}

/// Returns a process and its live children.
pub fn with_children(pid: u32) -> Result<Vec<u32>, Failure> {
    let processes = fs::read_dir("/proc")?.flatten();
    let children = processes.filter(|entry| parent(&entry.path()) == i32::try_from(pid).ok());
    Ok([pid].into_iter().chain(children.filter_map(|child| child.file_name().to_str()?.parse().ok())).collect())
}

fn parent(process: &Path) -> Option<i32> {
    Stat::from_file(process.join("stat")).ok().map(|stat| stat.ppid)
}

/// Memory of a process.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Resident memory in bytes.
    pub resident: u64,
    /// The same, with shared memory (the C library) counted proportionally.
    pub proportional: u64,
    /// Memory that it has written to. The rest is mapped from files, and can be evicted.
    pub anonymous: u64,
}

/// Measures the current memory of a process.
pub fn memory(pid: u32) -> Result<Memory, Failure> {
    let text = fs::read(format!("/proc/{pid}/smaps_rollup"))?;
    let rollup = SmapsRollup::from_buf_read(text.as_slice())?;
    let sum = |name| rollup.memory_map_rollup.iter().filter_map(|map| map.extension.map.get(name)).sum();
    Ok(Memory { resident: sum("Rss"), proportional: sum("Pss"), anonymous: sum("Anonymous") })
}
