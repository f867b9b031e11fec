//! How long what was written can be read whether or not it is on the disk.
//! In: a folder. Out: what names the run of the kernel and the mounting of the file system that hold it: as long as both
//! are the same, no power cut lies between.

use std::path::Path;

/// One run of a kernel with one mounting of a file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch(String);

impl Epoch {
    /// That of a folder; `None` where the system cannot tell (Linux before 6.8, other systems).
    #[cfg(target_os = "linux")]
    pub fn of(dir: &Path) -> Option<Epoch> {
        use rustix::fs::{AtFlags, CWD, StatxFlags, statx};
        /// A number that no other mounting gets until the system starts again (statx(2)); rustix has no name for it.
        const MNT_ID_UNIQUE: u32 = 0x4000;
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let wanted = StatxFlags::from_bits_retain(MNT_ID_UNIQUE);
        let found = statx(CWD, dir, AtFlags::empty(), wanted).ok()?;
        let is_told = found.stx_mask & MNT_ID_UNIQUE != 0 && !boot.trim().is_empty();
        is_told.then(|| Epoch(format!("{} {}", boot.trim(), found.stx_mnt_id)))
    }

    /// That of a folder; `None`, as this system cannot tell.
    #[cfg(not(target_os = "linux"))]
    pub fn of(_dir: &Path) -> Option<Epoch> {
        None
    }

    /// As it is noted for later runs.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
