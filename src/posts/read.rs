//! Reads one file whole, or not at all.
//! In: a path and the limits. Out: bytes with the stamp that they had before and after the read,
//! or the reason why not; a file in the middle of being written is `Changing`.

use std::fs::Metadata;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::buffer::spare_capacity;
use rustix::fs::{FileType, Mode, OFlags, Stat};

use super::folders::open_keeps_times;
use super::rules::Rules;
use super::sight::open_folder;
use crate::model::{Problem, Severity};

/// What tells whether a file changed without opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970 of the last change, as the writer wants it to be; negative before.
    pub modified_ns: i64,
    /// Nanoseconds since 1970 of the last change by the system's own clock, which no writer can set: it
    /// tells of a new text of the same size and time, and of new permissions.
    pub changed_ns: i64,
}

impl Stamp {
    /// The stamp of no real file: what is known by it is read at the next look.
    pub const NONE: Stamp = Stamp {
        size: u64::MAX >> 1,
        modified_ns: -1,
        changed_ns: -1,
    };

    /// The stamp of a file whose metadata is known.
    pub(super) fn of(metadata: &Metadata) -> Stamp {
        let nanoseconds = |at: SystemTime| match at.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
        };
        let modified_ns = metadata.modified().map(nanoseconds).unwrap_or(0);
        Stamp {
            size: metadata.len(),
            modified_ns,
            changed_ns: changed_ns(metadata).unwrap_or(modified_ns),
        }
    }

    /// The same of what the system says; `None` for what is no regular file.
    pub(super) fn of_stat(stat: &rustix::fs::Stat) -> Option<Stamp> {
        let time = |seconds, rest| nanoseconds(seconds, i64::try_from(rest).unwrap_or(0));
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        is_file.then(|| Stamp {
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified_ns: time(stat.st_mtime, stat.st_mtime_nsec),
            changed_ns: time(stat.st_ctime, stat.st_ctime_nsec),
        })
    }
}

/// A time of the system's in nanoseconds since 1970.
pub(super) fn nanoseconds(seconds: i64, rest: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}

#[cfg(unix)]
fn changed_ns(metadata: &Metadata) -> Option<i64> {
    use std::os::unix::fs::MetadataExt;
    metadata
        .ctime()
        .checked_mul(1_000_000_000)?
        .checked_add(metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn changed_ns(_: &Metadata) -> Option<i64> {
    None
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not there any more.
    #[error("the file is gone")]
    Gone,
    /// It is being written: look again soon.
    #[error("the file is being written")]
    Changing,
    /// It has more bytes than `posts.max_file_bytes`.
    #[error("the file has {0} bytes, which is too large")]
    TooLarge(u64),
    /// It cannot be read, or is no regular file.
    #[error("the file cannot be read: {0}")]
    Io(io::Error),
}

impl ReadError {
    /// The row for the problems list; `None` for what passes by itself.
    pub fn problem(&self, path: &str) -> Option<Problem> {
        let (kind, help) = match self {
            ReadError::Gone | ReadError::Changing => return None,
            ReadError::TooLarge(_) => ("too-large", "shorten it, or raise posts.max_file_bytes"),
            ReadError::Io(_) => ("unreadable", "make it a regular file that tagwire may read"),
        };
        Some(Problem {
            path: path.to_owned(),
            line: 0,
            column: 0,
            severity: Severity::Skipped,
            kind,
            message: self.to_string(),
            help: help.to_owned(),
        })
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::Gone,
            _ => ReadError::Io(error),
        }
    }
}

/// A file to be read soon, and its folder where that is open.
#[derive(Debug)]
pub struct Nearby<'a> {
    /// Its path.
    pub path: &'a str,
    folder: Option<Arc<OpenFolder>>,
}

#[derive(Debug)]
struct OpenFolder {
    handle: OwnedFd,
    /// Where the names of its files begin in their paths.
    names: usize,
    /// What its file system says of it, where that keeps times by this machine's clock.
    local: Option<Stat>,
}

impl OpenFolder {
    fn open(path: &str) -> Option<OpenFolder> {
        let handle = open_folder(path)?;
        let local = open_keeps_times(&handle).then(|| rustix::fs::fstat(&handle).ok());
        Some(OpenFolder {
            local: local.flatten(),
            handle,
            names: path.len(),
        })
    }
}

/// So many files of one folder, one after the other, are worth that it is opened ...
const NEIGHBOURS: usize = 8;
/// ... and so many folders are open at most: few files may be.
const FOLDERS: usize = 4;

/// More bytes than most articles have.
const EVERYDAY: usize = 32 << 10;

impl<'a> Nearby<'a> {
    /// Files in their order. Where many in a row are of one folder it is opened for as long as they live: from there a
    /// file is found in less time than by its whole path.
    pub fn all(paths: &'a [String]) -> Vec<Nearby<'a>> {
        let folder = |path: &&'a String| path.rfind('/').map(|end| &path[..=end]);
        let mut all = Vec::with_capacity(paths.len());
        let mut rest = paths;
        let mut left = FOLDERS;
        while let Some(first) = rest.first() {
            let of = folder(&first);
            let many = rest.iter().take_while(|path| folder(path) == of).count();
            let (those, others) = rest.split_at(many);
            let open = of.filter(|_| many >= NEIGHBOURS && left > 0);
            let open = open.and_then(|of| OpenFolder::open(of).map(Arc::new));
            left -= usize::from(open.is_some());
            all.extend(those.iter().map(|path| Nearby {
                path,
                folder: open.clone(),
            }));
            rest = others;
        }
        all
    }

    fn open(&self) -> rustix::io::Result<OwnedFd> {
        // Nobody waits for the writer of a pipe.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let by_path = || rustix::fs::open(self.path, flags, Mode::empty());
        match &self.folder {
            // Another folder may have taken its name: what cannot be opened so is asked for once more by its path.
            Some(folder) => {
                let name = &self.path[folder.names..];
                rustix::fs::openat(&folder.handle, name, flags, Mode::empty())
                    .or_else(|_| by_path())
            }
            None => by_path(),
        }
    }

    /// Reads a small file that nobody had changed for a while when this began: one look at its stamp after the read tells
    /// that nobody changed it meanwhile either, as that would have set its time by the clock that was looked at before.
    /// `None` where that cannot be told, or anything is out of the ordinary.
    fn read_rested(&self, bytes: &mut Vec<u8>) -> Option<Stamp> {
        let folder = self.folder.as_ref()?.local.as_ref()?;
        let began = file_clock_ns();
        let file = self.open().ok()?;
        bytes.clear();
        bytes.reserve(EVERYDAY);
        // Not `read`, which would take what is in a pipe.
        let read = rustix::io::pread(&file, spare_capacity(bytes), 0).ok()?;
        let stat = rustix::fs::fstat(&file).ok()?;
        let stamp = Stamp::of_stat(&stat).filter(|stamp| stamp.size == read as u64)?;
        let age = began.checked_sub(stamp.changed_ns)?;
        let is_sure = read > 0 && stat.st_dev == folder.st_dev && age > tick(stamp.changed_ns);
        is_sure.then_some(stamp)
    }
}

impl<'a> From<&'a str> for Nearby<'a> {
    fn from(path: &'a str) -> Self {
        Nearby { path, folder: None }
    }
}

/// Reads a file whole.
pub fn read(path: &str, rules: &Rules) -> Result<(Vec<u8>, Stamp), ReadError> {
    let mut bytes = Vec::new();
    let stamp = read_into(&path.into(), rules, &mut bytes)?;
    Ok((bytes, stamp))
}

/// The same into memory that may have served for another file. What is read is the file that was opened, whatever takes
/// its name meanwhile: the next look sees another stamp there.
pub fn read_into(
    from: &Nearby<'_>,
    rules: &Rules,
    bytes: &mut Vec<u8>,
) -> Result<Stamp, ReadError> {
    if let Some(stamp) = from.read_rested(bytes)
        && stamp.size <= rules.max_file_bytes
    {
        return Ok(stamp);
    }
    let (mut file, mut before) = open(from, rules)?;
    if let Some(rest) = rest_of_tick(before.changed_ns) {
        std::thread::sleep(rest);
        (file, before) = open(from, rules)?;
    }
    if before.size > rules.max_file_bytes {
        return Err(ReadError::TooLarge(before.size));
    }
    content(&file, before.size, bytes)?;
    let after = stamp_of(&file)?;
    let whole = u64::try_from(bytes.len()).is_ok_and(|length| length == after.size);
    let blank = bytes.is_empty() && is_fresh(after, rules.settle_ms);
    if before != after || !whole || blank {
        return Err(ReadError::Changing);
    }
    Ok(after)
}

/// The bytes of a file that has so many; more when it has more by now.
fn content(file: &OwnedFd, size: u64, bytes: &mut Vec<u8>) -> Result<(), ReadError> {
    let size = usize::try_from(size).unwrap_or(0);
    bytes.clear();
    bytes.reserve(size + 1);
    // A file without any is asked once too: those of the kernel do not tell.
    while bytes.len() < size.max(1) {
        let read = || rustix::io::read(file, spare_capacity(bytes));
        if rustix::io::retry_on_intr(read).map_err(io::Error::from)? == 0 {
            break;
        }
    }
    Ok(())
}

fn open(from: &Nearby<'_>, rules: &Rules) -> Result<(OwnedFd, Stamp), ReadError> {
    match from.open() {
        Ok(file) => {
            let stamp = stamp_of(&file)?;
            Ok((file, stamp))
        }
        Err(error) => {
            // A socket cannot be opened, and what is too large need not be.
            let stamp = stamp(&rustix::fs::stat(from.path).map_err(io::Error::from)?)?;
            match stamp.size > rules.max_file_bytes {
                true => Err(ReadError::TooLarge(stamp.size)),
                false => Err(io::Error::from(error).into()),
            }
        }
    }
}

/// By `fstat`, which takes a third less than the `statx` of `File::metadata`.
fn stamp_of(file: &OwnedFd) -> Result<Stamp, ReadError> {
    stamp(&rustix::fs::fstat(file).map_err(io::Error::from)?)
}

fn stamp(stat: &rustix::fs::Stat) -> Result<Stamp, ReadError> {
    let no_file = || io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file");
    Stamp::of_stat(stat).ok_or_else(|| ReadError::Io(no_file()))
}

/// How long a change would still get the time that the file has already (in nanoseconds since 1970), and so go unnoticed.
/// Git calls such files racily clean. It is over before anybody reads, except in a run right after a write.
pub(super) fn rest_of_tick(changed_ns: i64) -> Option<Duration> {
    let tick_ns = tick(changed_ns);
    let age_ns = now_ns().checked_sub(changed_ns)?;
    (0..tick_ns)
        .contains(&age_ns)
        .then(|| Duration::from_nanos((tick_ns - age_ns).unsigned_abs()))
}

/// How long the clock may stand still by which a file's time was set, in nanoseconds: the kernel's does for up to 10 ms
/// (HZ=100), and some file systems keep seconds, FAT even only even ones.
fn tick(changed_ns: i64) -> i64 {
    match changed_ns.rem_euclid(1_000_000_000) {
        0 => 2_000_000_000,
        _ => 10_000_000,
    }
}

/// The clock by which the kernel sets the times of files, in nanoseconds since 1970: a change from here on gets no earlier one.
#[cfg(target_os = "linux")]
fn file_clock_ns() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse);
    nanoseconds(now.tv_sec, now.tv_nsec)
}

#[cfg(not(target_os = "linux"))]
fn file_clock_ns() -> i64 {
    now_ns()
}

fn now_ns() -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(now.as_nanos()).unwrap_or(i64::MAX)
}

fn is_fresh(stamp: Stamp, settle_ms: u64) -> bool {
    let age_ns = now_ns().saturating_sub(stamp.modified_ns);
    let settle_ns = i64::try_from(settle_ms)
        .unwrap_or(0)
        .saturating_mul(1_000_000);
    age_ns.saturating_abs() < settle_ns
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
