//! What makes files and names survive a power cut.
//! In: files that were written, folders whose names changed. Out: the same on the disk; or, while more is written, the
//! disk begins with what there is so far, so that less is left to wait for.

use std::fs::File;
use std::io;
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

/// Bytes that are worth a sync of their own while more is written, and files: the kernel finds each a place on the disk.
const WORTH_IT: u64 = 24 << 20;
const FILES_WORTH_IT: usize = 1024;

/// Lets the disk begin before everything is written.
#[derive(Debug, Default)]
pub struct HeadStart {
    /// Since the last one.
    bytes: u64,
    files: usize,
    thread: Option<JoinHandle<io::Result<()>>>,
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
        let is_on = { self.thread.as_ref() }.is_some_and(|thread| !thread.is_finished());
        if !HAS_SYNCFS || !is_worth_it || is_on {
            return;
        }
        (self.bytes, self.files) = (0, 0);
        self.wait();
        let Ok(dir) = File::open(dir) else { return };
        let thread = std::thread::Builder::new().name("sync".to_owned());
        self.thread = thread.spawn(move || sync_file_system(&dir)).ok();
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
        if let Some(Ok(Err(error))) = self.thread.take().map(JoinHandle::join) {
            self.failed = Some(error);
        }
    }
}
