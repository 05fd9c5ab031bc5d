//! Which cores the measured processes run on.
//!
//! In AWS PostgreSQL is a machine of its own, and clients are theirs. Where everything shares the cores, a request to the server
//! is compared with a transaction of pgbench by the CPU time of all of them together, which nobody pays for.

use std::fs;
use std::ops::Range;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::Failure;
use crate::postgres::Database;

/// The first core to PostgreSQL, the others to this process and what it starts from now on. On a single core nothing changes.
pub fn separate(database: &Database) -> Result<(), Failure> {
    let all = available()?;
    if all.len() > 1 {
        keep_all(&database.processes()?, 0..1, &all)?;
        keep_all(&[std::process::id()], 1..all.len(), &all)?;
    }
    Ok(())
}

/// Takes back what [`separate`] did; `all` are the cores there were before.
pub fn share(database: &Database, all: &[usize]) -> Result<(), Failure> {
    keep_all(&database.processes()?, 0..all.len(), all)?;
    keep_all(&[std::process::id()], 0..all.len(), all)
}

/// The cores that this thread may use.
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
            // a thread may end while it is looked at
            let _ = sched_setaffinity(Pid::from_raw(thread), &set);
        }
    }
    Ok(())
}
