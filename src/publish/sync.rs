//! What makes files and names survive a power cut.
//! In: files that were written, folders whose names changed. Out: the same on the disk; or, while more is written, the
//! disk begins with what there is so far, so that less is left to wait for.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::thread::JoinHandle;

/// Makes renames in `dir` survive a power cut.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Makes everything that was written to the file system of `dir` survive a power cut: for many
/// files one such call is far cheaper than an fsync each.
#[cfg(target_os = "linux")]
pub fn sync_file_system(dir: &File) -> io::Result<()> {
    rustix::fs::syncfs(dir).map_err(io::Error::from)
}

/// Whether `sync_file_system` exists and means what it says.
pub const HAS_SYNCFS: bool = cfg!(target_os = "linux");

/// Not called: see `HAS_SYNCFS`.
#[cfg(not(target_os = "linux"))]
pub fn sync_file_system(_dir: &File) -> io::Result<()> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// The bytes of a file: those that the disk gives, where none wait to be written.
pub fn from_disk(mut file: &File) -> io::Result<Vec<u8>> {
    #[cfg(target_os = "linux")]
    rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A sync of a file system that nobody waits for yet.
#[derive(Debug)]
pub struct Behind {
    thread: JoinHandle<io::Result<()>>,
}

impl Behind {
    /// Begins to put down what was written to the file system of `dir`, on a thread of its own.
    ///
    /// # Errors
    /// The system's; `Unsupported` where it has no such call.
    pub fn begin(dir: &Path) -> io::Result<Behind> {
        if !HAS_SYNCFS {
            return Err(ErrorKind::Unsupported.into());
        }
        // Opened here: the kernel tells this handle of what goes wrong from now on, and of what nobody was told yet.
        let dir = File::open(dir)?;
        let thread = std::thread::Builder::new().name("sync".to_owned());
        let thread = thread.spawn(move || sync_file_system(&dir))?;
        Ok(Behind { thread })
    }

    /// Whether `end` would not wait.
    pub fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// The disk's: what was written may be lost.
    pub fn end(self) -> io::Result<()> {
        let ended = self.thread.join();
        ended.unwrap_or_else(|_| Err(io::Error::other("the thread that syncs broke off")))
    }
}

/// Bytes that are worth a sync of their own while more is written, and files: the kernel finds each a place on the disk.
const WORTH_IT: u64 = 24 << 20;
const FILES_WORTH_IT: usize = 1024;

/// Lets the disk begin before everything is written.
#[derive(Debug, Default)]
pub struct HeadStart {
    /// Since the last one.
    bytes: u64,
    files: usize,
    behind: Option<Behind>,
    /// What the last ones came to.
    failed: Option<io::Error>,
}

impl HeadStart {
    /// Notes files, by their bytes, that were written to the file system of `dir`.
    pub fn note(&mut self, files: impl Iterator<Item = u64>, dir: &Path) {
        for bytes in files {
            self.bytes += bytes;
            self.files += 1;
        }
        let is_worth_it = self.bytes >= WORTH_IT || self.files >= FILES_WORTH_IT;
        let is_on = { self.behind.as_ref() }.is_some_and(|behind| !behind.is_over());
        if !is_worth_it || is_on {
            return;
        }
        (self.bytes, self.files) = (0, 0);
        self.wait();
        self.behind = Behind::begin(dir).ok();
    }

    /// Waits for the end. What the disk said to this one it may not say again to whoever syncs later (syncfs(2)).
    ///
    /// # Errors
    /// The disk's: what was written so far may be lost.
    pub fn end(mut self) -> io::Result<()> {
        self.wait();
        self.failed.map_or(Ok(()), Err)
    }

    fn wait(&mut self) {
        if let Some(Err(error)) = self.behind.take().map(Behind::end) {
            self.failed = Some(error);
        }
    }
}
