//! Limits a process to a CPU share like Lambda: a quota in periods of 20 ms (cgroups, version 1 or 2).

use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;

/// Lambda's period in microseconds, according to "Demystifying the CPU quota of Lambda" and our own measurement (design, measurements).
const PERIOD: u32 = 20_000;

/// A control group, which is removed when this is dropped.
pub struct CpuShare {
    directory: PathBuf,
}

impl CpuShare {
    /// Creates a group whose processes together get this many thousandths of a processor.
    pub fn of_thousandths(thousandths: u32) -> Result<Self, Failure> {
        let name = format!("augmed-benches-{}", std::process::id());
        let quota = PERIOD * thousandths / 1000;
        let first = Path::new("/sys/fs/cgroup/cpu");
        let share = if first.is_dir() {
            let share = Self::create(&first.join(name))?;
            fs::write(share.directory.join("cpu.cfs_period_us"), PERIOD.to_string())?;
            fs::write(share.directory.join("cpu.cfs_quota_us"), quota.to_string())?;
            share
        } else {
            let share = Self::create(&Path::new("/sys/fs/cgroup").join(name))?;
            fs::write(share.directory.join("cpu.max"), format!("{quota} {PERIOD}"))?;
            share
        };
        Ok(share)
    }

    fn create(directory: &Path) -> Result<Self, Failure> {
        fs::create_dir(directory).map_err(|error| {
            format!(
                "{}: {error}. This benchmark needs root, and cgroups with the `cpu` controller",
                directory.display()
            )
        })?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// Moves a process with all its threads to this group.
    pub fn limit(&self, pid: u32) -> Result<(), Failure> {
        Ok(fs::write(self.directory.join("cgroup.procs"), pid.to_string())?)
    }
}

impl Drop for CpuShare {
    fn drop(&mut self) {
        // its processes have ended, but the kernel may still list them for a moment
        for _ in 0..50 {
            if fs::remove_dir(&self.directory).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}
