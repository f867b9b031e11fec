//! Temporary files: written whole, made durable, then renamed over the old ones.
//! In: bytes and a checked place. Out: files in place, or an error and nothing left behind.

use std::borrow::Cow;
use std::fs::{self, File, FileTimes};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use rustix::fs::{Mode, OFlags};

use super::paths::TEMP_PREFIX;
use super::spots::split;

/// A folder that does not have its name yet.
#[derive(Debug)]
pub struct Within {
    path: PathBuf,
    /// From here files are made in less time than by their whole paths. Few folders are open at once.
    open: Option<OwnedFd>,
}

impl Within {
    /// A folder that is there.
    pub fn new(path: PathBuf, open: Option<OwnedFd>) -> Within {
        Within { path, open }
    }

    /// Where it is until it gets its name.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Where a temporary file is.
#[derive(Debug)]
enum At {
    Beside(PathBuf),
    /// By its path as it will be published, which ends with its name.
    Within(Arc<Within>, Arc<str>),
}

impl At {
    fn path(&self) -> Cow<'_, Path> {
        match self {
            At::Beside(path) => Cow::Borrowed(path),
            At::Within(folder, path) => Cow::Owned(folder.path.join(split(path).1)),
        }
    }
}

/// A written file that does not have its name yet. Dropped, it is gone.
#[derive(Debug)]
pub struct Temp {
    at: At,
    /// Set by a successful rename.
    placed: bool,
    /// Of the written file; a rename keeps it.
    pub modified_ns: i64,
}

/// A temporary file that waits for its bytes. Dropped, it is gone.
#[derive(Debug)]
pub struct Blank {
    temp: Temp,
    file: File,
    /// The name that it takes from an earlier file once it is written.
    over: Option<PathBuf>,
}

impl Blank {
    /// Beside `target`.
    pub fn beside(target: &Path) -> io::Result<Blank> {
        let path = target.with_file_name(fresh_name());
        let file = File::create_new(&path)?;
        Ok(Blank::of(file, At::Beside(path)))
    }

    /// In a folder that does not have its name yet, where the file may have its own: that is the end of its path.
    pub fn within(folder: &Arc<Within>, path: &Arc<str>) -> io::Result<Blank> {
        let (_, name) = split(path);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        // As `File::create_new` makes it.
        let mode = Mode::from_raw_mode(0o666);
        let made = match &folder.open {
            Some(open) => rustix::fs::openat(open, name, flags, mode),
            None => rustix::fs::open(folder.path.join(name), flags, mode),
        };
        match made {
            Ok(file) => {
                let at = At::Within(folder.clone(), path.clone());
                Ok(Blank::of(file.into(), at))
            }
            // Where the file system takes two names for one, the later file wins, as it would in its place.
            Err(rustix::io::Errno::EXIST) => {
                let target = folder.path.join(name);
                Ok(Blank {
                    over: Some(target.clone()),
                    ..Blank::beside(&target)?
                })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// From here on an error removes the file.
    fn of(file: File, at: At) -> Blank {
        let temp = Temp {
            at,
            placed: false,
            modified_ns: 0,
        };
        Blank {
            temp,
            file,
            over: None,
        }
    }

    /// Writes its bytes. They are durable after `sync`, or after a sync of the file system.
    pub fn fill(mut self, bytes: &[u8]) -> io::Result<Temp> {
        self.file.write_all(bytes)?;
        self.temp.modified_ns = modified_ns_of(&self.file)?;
        if let Some(target) = self.over {
            fs::rename(self.temp.at.path(), &target)?;
            self.temp.at = At::Beside(target);
        }
        Ok(self.temp)
    }
}

impl Temp {
    /// Gives it another file's time of change, in nanoseconds since 1970: a copy is as old as what it was made of.
    pub fn date(&mut self, modified_ns: i64) -> io::Result<()> {
        let since = Duration::from_nanos(modified_ns.max(0).unsigned_abs());
        let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + since);
        let file = File::options().write(true).open(self.at.path())?;
        file.set_times(times)?;
        self.modified_ns = modified_ns_of(&file)?;
        Ok(())
    }

    /// Makes the bytes survive a power cut. The file was closed since it was written; Linux reports
    /// a write error that nobody has seen to the next one who opens and syncs (fsync(2)).
    pub fn sync(&self) -> io::Result<()> {
        File::open(self.at.path())?.sync_all()
    }

    /// Gives the file its name; readers see the old bytes or the new ones, nothing between.
    pub fn place(mut self, target: &Path) -> io::Result<i64> {
        fs::rename(self.at.path(), target)?;
        self.placed = true;
        Ok(self.modified_ns)
    }

    /// It got its name with its folder.
    pub fn named_with_folder(mut self) {
        self.placed = true;
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        if !self.placed {
            // What cannot be removed now goes when the folder is opened next.
            let _ = fs::remove_file(self.at.path());
        }
    }
}

/// Never the same twice, in this process and (by its id) in any other that lives.
pub fn fresh_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{TEMP_PREFIX}{}-{number}.tmp", std::process::id())
}

/// Time of the last change, in nanoseconds since 1970.
pub fn modified_ns(found: &fs::Metadata) -> i64 {
    nanoseconds(found.mtime(), found.mtime_nsec())
}

/// The same of an open file, by `fstat`, which takes a third less than the `statx` of `File::metadata`.
fn modified_ns_of(file: &File) -> io::Result<i64> {
    let found = rustix::fs::fstat(file)?;
    let rest = i64::try_from(found.st_mtime_nsec).unwrap_or(0);
    Ok(nanoseconds(found.st_mtime, rest))
}

fn nanoseconds(seconds: i64, rest: i64) -> i64 {
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}

/// The same error for another row: `io::Error` cannot be cloned.
pub fn same_error(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}
