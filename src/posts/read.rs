//! Reads one file whole, or not at all.
//! In: a path and the limits. Out: bytes with the stamp that they had before and after the read,
//! or the reason why not; a file in the middle of being written is `Changing`.

use std::fs::Metadata;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::buffer::spare_capacity;
use rustix::fs::{FileType, Mode, OFlags};

use super::folders::keeps_times;
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
    /// The file system's number, where its clock is this machine's.
    system: Option<u64>,
}

impl OpenFolder {
    fn open(path: &str) -> Option<OpenFolder> {
        let handle = open_folder(path)?;
        let system = keeps_times(Path::new(path)).then(|| rustix::fs::fstat(&handle).ok());
        Some(OpenFolder {
            system: system.flatten().map(|stat| stat.st_dev),
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
        let system = self.folder.as_ref()?.system?;
        let began = now_ns();
        let file = self.open().ok()?;
        bytes.clear();
        bytes.reserve(EVERYDAY);
        // Not `read`, which would take what is in a pipe.
        let read = rustix::io::pread(&file, spare_capacity(bytes), 0).ok()?;
        let stat = rustix::fs::fstat(&file).ok()?;
        let stamp = Stamp::of_stat(&stat).filter(|stamp| stamp.size == read as u64)?;
        let age = began.checked_sub(stamp.changed_ns)?;
        let is_sure = read > 0 && stat.st_dev == system && age > tick(stamp.changed_ns);
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
mod tests {
    use std::fs::{self, File};

    use super::super::rules::example_rules;
    use super::*;

    #[test]
    fn whole_files_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        let rules = example_rules();
        fs::write(path("a.md"), "abc").unwrap();
        let (bytes, stamp) = read(&path("a.md"), &rules).unwrap();
        assert_eq!((bytes.as_slice(), stamp.size), (&b"abc"[..], 3));
        assert!(matches!(
            read(&path("none.md"), &rules),
            Err(ReadError::Gone)
        ));
        fs::write(path("new.md"), "").unwrap();
        assert!(matches!(
            read(&path("new.md"), &rules),
            Err(ReadError::Changing)
        ));
        File::options()
            .append(true)
            .open(path("a.md"))
            .unwrap()
            .set_len(2 << 20)
            .unwrap();
        let error = read(&path("a.md"), &rules).unwrap_err();
        assert!(matches!(error, ReadError::TooLarge(_)));
        assert_eq!(error.problem("a.md").unwrap().kind, "too-large");
    }

    #[test]
    fn a_new_text_of_the_same_size_and_time_has_another_stamp() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.md");
        let text = path.to_str().unwrap();
        let rules = example_rules();
        fs::write(&path, "abc").unwrap();
        let (_, before) = read(text, &rules).unwrap();
        fs::write(&path, "xyz").unwrap();
        let time = UNIX_EPOCH + Duration::from_nanos(before.modified_ns.unsigned_abs());
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(time).unwrap();
        let (_, after) = read(text, &rules).unwrap();
        assert_eq!(before.modified_ns, after.modified_ns);
        assert_ne!(before, after);
    }

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let (pipe, socket) = (dir.path().join("a.md"), dir.path().join("b.md"));
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            Mode::RUSR | Mode::WUSR,
            0,
        )
        .unwrap();
        let _listens = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for path in [dir.path(), &pipe, &socket] {
            let error = read(path.to_str().unwrap(), &example_rules()).unwrap_err();
            assert_eq!(
                error.to_string(),
                "the file cannot be read: it is no regular file"
            );
        }
    }

    /// Reads a file by its folder, which is open, once it has rested for long enough.
    fn rested(file: &Nearby<'_>) -> (Vec<u8>, Stamp) {
        let mut bytes = Vec::new();
        let begun = std::time::Instant::now();
        loop {
            if let Some(stamp) = file.read_rested(&mut bytes) {
                return (bytes, stamp);
            }
            assert!(begun.elapsed() < Duration::from_secs(9));
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_folder_of_many_files_is_open_while_they_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path =
            |folder: &str, number: usize| format!("{}/{folder}/{number}.md", dir.path().display());
        let mut paths = vec!["7.md".to_owned(), "/7.md".to_owned()];
        for folder in ["a", "b", "c", "d", "e"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
            let many = if folder == "b" {
                NEIGHBOURS - 1
            } else {
                NEIGHBOURS
            };
            paths.extend((0..many).map(|number| path(folder, number)));
        }
        for path in &paths[2..] {
            fs::write(path, path).unwrap();
        }
        let files = Nearby::all(&paths);
        assert!(
            files
                .iter()
                .map(|file| file.path)
                .eq(paths.iter().map(String::as_str))
        );
        let is_open = |folder: &str| {
            let path = path(folder, 3);
            files
                .iter()
                .any(|file| file.path == path && file.folder.is_some())
        };
        assert_eq!(
            ["a", "b", "c", "d", "e"].map(is_open),
            [true, false, true, true, true]
        );
        assert!(files[..2].iter().all(|file| file.folder.is_none()));
        let mut bytes = Vec::new();
        for file in &files[2..] {
            let stamp = read_into(file, &example_rules(), &mut bytes).unwrap();
            let other = read(file.path, &example_rules()).unwrap();
            assert_eq!((bytes.as_slice(), stamp), (file.path.as_bytes(), other.1));
            if file
                .folder
                .as_ref()
                .is_some_and(|folder| folder.system.is_some())
            {
                assert_eq!(rested(file), other);
            }
        }
        // One more would be too many.
        let folders = [0, 1, 2, 3, 4]
            .map(|folder| (0..NEIGHBOURS).map(move |number| format!("{folder}/{number}")));
        let folders: Vec<String> = folders.into_iter().flatten().collect();
        for path in &folders {
            fs::create_dir_all(dir.path().join(path)).unwrap();
        }
        let folders: Vec<String> = folders
            .iter()
            .map(|path| format!("{}/{path}", dir.path().display()))
            .collect();
        let open = Nearby::all(&folders);
        let open = open.iter().filter(|file| file.folder.is_some()).count();
        assert_eq!(open, FOLDERS * NEIGHBOURS);
    }

    #[test]
    fn what_is_in_a_pipe_stays_there_and_what_is_elsewhere_is_looked_at_twice() {
        let dir = tempfile::tempdir().unwrap();
        let name = |number: usize| dir.path().join(format!("{number}.md"));
        let mode = Mode::RUSR | Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, name(0), FileType::Fifo, mode, 0).unwrap();
        let pipe = File::options()
            .read(true)
            .write(true)
            .open(name(0))
            .unwrap();
        std::io::Write::write_all(&mut &pipe, b"kept").unwrap();
        std::os::unix::fs::symlink("/proc/self/status", name(1)).unwrap();
        fs::write(name(2), "").unwrap();
        fs::create_dir(name(3)).unwrap();
        (4..NEIGHBOURS).for_each(|number| fs::write(name(number), "abc").unwrap());
        let paths = (0..NEIGHBOURS).map(|number| name(number).to_str().unwrap().to_owned());
        let paths: Vec<String> = paths.collect();
        let files = Nearby::all(&paths);
        let mut bytes = Vec::new();
        if files[4].folder.as_ref().unwrap().system.is_some() {
            rested(&files[4]);
        }
        for file in &files[..4] {
            assert_eq!(file.read_rested(&mut bytes), None, "{}", file.path);
            assert!(read_into(file, &example_rules(), &mut bytes).is_err());
        }
        let mut kept = [0; 4];
        std::io::Read::read_exact(&mut &pipe, &mut kept).unwrap();
        assert_eq!(&kept, b"kept");
    }

    #[test]
    fn a_folder_that_another_one_took_the_name_of_meanwhile_hides_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let (posts, old, new) = (
            dir.path().join("posts"),
            dir.path().join("old"),
            dir.path().join("new"),
        );
        for (folder, text) in [(&posts, "before"), (&new, "after")] {
            fs::create_dir(folder).unwrap();
            (0..NEIGHBOURS)
                .for_each(|number| fs::write(folder.join(number.to_string()), text).unwrap());
        }
        let paths = (0..NEIGHBOURS).map(|number| format!("{}/{number}", posts.display()));
        let paths: Vec<String> = paths.collect();
        let files = Nearby::all(&paths);
        fs::rename(&posts, &old).unwrap();
        fs::rename(&new, &posts).unwrap();
        fs::remove_dir_all(&old).unwrap();
        let mut bytes = Vec::new();
        for file in &files {
            read_into(file, &example_rules(), &mut bytes).unwrap();
            assert_eq!(bytes, b"after");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_does_not_tell_its_size_is_not_taken_for_empty() {
        let error = read("/proc/self/status", &example_rules()).unwrap_err();
        assert!(matches!(error, ReadError::Changing));
    }
}
