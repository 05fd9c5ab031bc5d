//! Assigns the measured processes to CPU cores.
//!
//! In AWS, PostgreSQL and the clients run on separate machines. If all share the cores, the comparison of a request with a pgbench
//! transaction uses the CPU time of all of them together.

use std::fs;
use std::ops::Range;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::Failure;
use crate::postgres::Database;

/// Gives PostgreSQL the first core, and the others to this process and its future children. Does nothing on a single core.
pub fn separate(database: &Database) -> Result<(), Failure> {
    let all = available()?;
    if all.len() > 1 {
        keep_all(&database.processes()?, 0..1, &all)?;
        keep_all(&[std::process::id()], 1..all.len(), &all)?;
    }
    Ok(())
}

/// Reverts [`separate`]; `all` are the original cores.
pub fn share(database: &Database, all: &[usize]) -> Result<(), Failure> {
    keep_all(&database.processes()?, 0..all.len(), all)?;
    keep_all(&[std::process::id()], 0..all.len(), all)
}

/// Returns the cores that this thread may use.
pub fn available() -> Result<Vec<usize>, Failure> {
    let set = sched_getaffinity(Pid::from_raw(0))?;
    Ok((0..CpuSet::count()).filter(|&core| set.is_set(core).unwrap_or(false)).collect())
}

fn keep_all(processes: &[u32], cores: Range<usize>, all: &[usize]) -> Result<(), Failure> {
    let mut set = CpuSet::new();
    for &core in &all[cores] {
        set.set(core)?;
    }
    for process in processes {
        for thread in fs::read_dir(format!("/proc/{process}/task"))?.flatten() {
            let thread = thread.file_name().to_string_lossy().parse()?;
            // a thread may end in the meantime
            let _ = sched_setaffinity(Pid::from_raw(thread), &set);
        }
    }
    Ok(())
}
