//! Taking the lab down.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::mount::{UnmountFlags, unmount};

use super::file::{self, Lock};
use super::paths::Paths;
use super::process::say;
use super::{LabError, arm64, daemonless, engine, host};

/// What remains of a lab that is taken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Its folder, so that the next start is quick.
    Keep,
    /// Nothing.
    Purge,
}

pub(super) fn down(paths: &Paths, removal: Removal) -> Result<(), LabError> {
    if !paths.root().exists() {
        return Ok(());
    }
    let _lock = Lock::take(&paths.lock())?;
    say("stopping");
    for host in host::find(paths)? {
        host.stop();
    }
    for engine in engine::find(paths) {
        engine.stop();
    }
    engine::with_containerd(paths).stop();
    arm64::unregister(paths)?;
    unmount_below(paths.root())?;
    daemonless::forget_mounts(paths)?;
    match removal {
        Removal::Keep => Ok(()),
        Removal::Purge => file::remove(paths.root()),
    }
}

/// Unmounts what is mounted in a folder; open files stay open.
pub fn unmount_below(folder: &Path) -> Result<(), LabError> {
    for point in mounts_below(folder, &mount_table()?) {
        unmount(&point, UnmountFlags::DETACH)
            .map_err(|error| LabError::file("unmount", &point)(error.into()))?;
    }
    Ok(())
}

fn mount_table() -> Result<String, LabError> {
    let path = Path::new("/proc/self/mounts");
    fs::read_to_string(path).map_err(LabError::file("read", path))
}

/// The mount points in a folder, the latest first. The lab's own paths hold no character that the
/// table would escape.
fn mounts_below(folder: &Path, table: &str) -> Vec<PathBuf> {
    let points = table
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .map(PathBuf::from);
    let mut below: Vec<PathBuf> = points.filter(|point| point.starts_with(folder)).collect();
    below.reverse();
    below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_mounts_are_undone_before_outer_ones_and_others_are_left() {
        let table = "/dev/a / ext4 rw 0 0\noverlay /lab/x overlay rw 0 0\n\
                     proc /lab/x/proc proc rw 0 0\ntmpfs /lab2 tmpfs rw 0 0\n";
        let points = mounts_below(Path::new("/lab"), table);
        assert_eq!(points, [Path::new("/lab/x/proc"), Path::new("/lab/x")]);
    }
}
