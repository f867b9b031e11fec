//! What kind of place a folder is.
//! In: a path. Out: which folder stands under that name, and whether its file system tells of changes.

use std::path::Path;

/// Device and inode; nothing when no folder is there.
#[cfg(unix)]
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().ok().filter(std::fs::Metadata::is_dir)?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    path.is_dir().then_some((0, 0))
}

/// File systems whose changes on other machines raise no event here.
#[cfg(target_os = "linux")]
pub(super) fn remote_kind(path: &Path) -> Option<&'static str> {
    let kind = u64::try_from(rustix::fs::statfs(path).ok()?.f_type).ok()? & 0xFFFF_FFFF;
    match kind {
        0x6969 => Some("NFS"),
        0x517B | 0xFF53_4D42 | 0xFE53_4D42 => Some("SMB"),
        0x0102_1997 => Some("9p"),
        0x6573_5546 => Some("FUSE"),
        0x00C3_6400 => Some("Ceph"),
        _ => None,
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn remote_kind(_: &Path) -> Option<&'static str> {
    None
}
