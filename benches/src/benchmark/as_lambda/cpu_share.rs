//! A share of a processor, as Lambda grants it: a quota in periods of 20 ms (cgroups, version 1 or 2).

use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;

/// Microseconds. Lambda's period, as "Demystifying the CPU quota of Lambda" and our own measurement found it (design, measurements).
const PERIOD: u32 = 20_000;

/// A control group, which goes away with this.
pub struct CpuShare {
    directory: PathBuf,
}

impl CpuShare {
    /// Makes a group whose processes have so many thousandths of a processor together.
    pub fn of_thousandths(thousandths: u32) -> Result<Self, Failure> {
        let name = format!("augmed-benches-{}", std::process::id());
        let quota = PERIOD * thousandths / 1000;
        let first = Path::new("/sys/fs/cgroup/cpu");
        let share = if first.is_dir() {
            let share = Self::make(&first.join(name))?;
            fs::write(share.directory.join("cpu.cfs_period_us"), PERIOD.to_string())?;
            fs::write(share.directory.join("cpu.cfs_quota_us"), quota.to_string())?;
            share
        } else {
            let share = Self::make(&Path::new("/sys/fs/cgroup").join(name))?;
            fs::write(share.directory.join("cpu.max"), format!("{quota} {PERIOD}"))?;
            share
        };
        Ok(share)
    }

    fn make(directory: &Path) -> Result<Self, Failure> {
        fs::create_dir(directory).map_err(|error| {
            format!(
                "{}: {error}. A share of a processor takes root and cgroups with a controller for `cpu`",
                directory.display()
            )
        })?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// From now on the process has this share, with all its threads.
    pub fn hold(&self, pid: u32) -> Result<(), Failure> {
        Ok(fs::write(self.directory.join("cgroup.procs"), pid.to_string())?)
    }
}

impl Drop for CpuShare {
    fn drop(&mut self) {
        // its processes have ended; the kernel may need a moment to know
        for _ in 0..50 {
            if fs::remove_dir(&self.directory).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
}
