//! Temporary files: written whole, made durable, then renamed over the old ones.
//! In: bytes and a checked place. Out: files in place, or an error and nothing left behind.

use std::fs::{self, File, FileTimes};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::paths::TEMP_PREFIX;

/// A written file that does not have its name yet. Dropped, it is gone.
#[derive(Debug)]
pub struct Temp {
    path: PathBuf,
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
        Blank::at(target.with_file_name(fresh_name()))
    }

    /// In a folder that does not have its name yet, where the file may have its own.
    pub fn within(folder: &Path, name: &str) -> io::Result<Blank> {
        let target = folder.join(name);
        match Blank::at(target.clone()) {
            // Where the file system takes two names for one, the later file wins, as it would in its place.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Blank {
                over: Some(target.clone()),
                ..Blank::beside(&target)?
            }),
            made => made,
        }
    }

    fn at(path: PathBuf) -> io::Result<Blank> {
        Ok(Blank {
            file: File::create_new(&path)?,
            // From here on an error removes the file.
            temp: Temp {
                path,
                placed: false,
                modified_ns: 0,
            },
            over: None,
        })
    }

    /// Writes its bytes. They are durable after `sync`, or after a sync of the file system.
    pub fn fill(mut self, bytes: &[u8]) -> io::Result<Temp> {
        self.file.write_all(bytes)?;
        self.temp.modified_ns = modified_ns(&self.file.metadata()?);
        if let Some(target) = self.over {
            fs::rename(&self.temp.path, &target)?;
            self.temp.path = target;
        }
        Ok(self.temp)
    }
}

impl Temp {
    /// Gives it another file's time of change, in nanoseconds since 1970: a copy is as old as what it was made of.
    pub fn date(&mut self, modified_ns: i64) -> io::Result<()> {
        let since = Duration::from_nanos(modified_ns.max(0).unsigned_abs());
        let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + since);
        let file = File::options().write(true).open(&self.path)?;
        file.set_times(times)?;
        self.modified_ns = self::modified_ns(&file.metadata()?);
        Ok(())
    }

    /// Makes the bytes survive a power cut. The file was closed since it was written; Linux reports
    /// a write error that nobody has seen to the next one who opens and syncs (fsync(2)).
    pub fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    /// Gives the file its name; readers see the old bytes or the new ones, nothing between.
    pub fn place(mut self, target: &Path) -> io::Result<i64> {
        fs::rename(&self.path, target)?;
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
            let _ = fs::remove_file(&self.path);
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
    found
        .mtime()
        .saturating_mul(1_000_000_000)
        .saturating_add(found.mtime_nsec())
}

/// The same error for another row: `io::Error` cannot be cloned.
pub fn same_error(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}
