//! The published folder.
//! In: batches of rendered files. Out: the same files on disk, each row's fate told.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::change::{is_a_strangers, is_page_or_feed, is_text};
use super::paths::{TEMP_PREFIX, checked};
use super::staging::Staging;
use super::sync::from_disk;
use super::write::modified_ns;
use super::{Coding, Known, Outcome, Published, Rendered, content_hash};

/// The folder that web servers and the built-in server read.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Canonical, so that links cannot fool the checks.
    root: PathBuf,
    /// Copies that are kept beside each file.
    codings: Vec<Coding>,
}

impl Folder {
    /// Opens the folder, makes it when missing, and removes what a crash left: files and folders that have not got
    /// their names.
    pub fn open(dir: impl AsRef<Path>) -> io::Result<Folder> {
        fs::create_dir_all(&dir)?;
        let root = dir.as_ref().canonicalize()?;
        let mut walk = walkdir::WalkDir::new(&root).into_iter();
        while let Some(found) = walk.next() {
            // A folder that cannot be read fails later with its own name; here only tidy what we can.
            let Ok(found) = found else { continue };
            if !found
                .file_name()
                .as_encoded_bytes()
                .starts_with(TEMP_PREFIX.as_bytes())
            {
                continue;
            }
            if found.file_type().is_file() {
                fs::remove_file(found.path())?;
            } else if found.file_type().is_dir() {
                fs::remove_dir_all(found.path())?;
                walk.skip_current_dir();
            }
        }
        Ok(Folder {
            root,
            codings: Vec::new(),
        })
    }

    /// Makes the folder once more, if somebody took it away.
    ///
    /// # Errors
    /// The system's.
    pub fn make(&self) -> io::Result<()> {
        fs::create_dir_all(&self.root)
    }

    /// Keeps compressed copies beside each file from now on.
    pub fn with_copies(mut self, codings: &[Coding]) -> Folder {
        self.codings = codings.to_vec();
        self.codings.sort();
        self.codings.dedup();
        self
    }

    /// Copies that are kept beside each file.
    pub(super) fn codings(&self) -> &[Coding] {
        &self.codings
    }

    /// The folder, as an absolute path without links.
    pub fn dir(&self) -> &Path {
        &self.root
    }

    /// Whether the file still lies there as published, by length and time; its bytes are not read.
    pub fn is_intact(&self, published: &Published) -> bool {
        let path = checked(&published.path).map(|path| self.root.join(path));
        path.and_then(fs::symlink_metadata).is_ok_and(|found| {
            found.is_file()
                && found.len() == published.size
                && modified_ns(&found) == published.modified_ns
        })
    }

    /// Whether the file holds what was published, as the disk has it: its bytes are read, and not from the kernel's
    /// memory where that has written them.
    pub fn holds(&self, published: &Published) -> bool {
        let read = || {
            let path = self.root.join(checked(&published.path)?);
            let found = fs::symlink_metadata(&path)?;
            match found.is_file() && found.len() == published.size {
                true => from_disk(&fs::File::open(path)?).map(Some),
                false => Ok(None),
            }
        };
        let bytes: io::Result<Option<Vec<u8>>> = read();
        bytes.is_ok_and(|bytes| bytes.is_some_and(|bytes| content_hash(&bytes) == published.hash))
    }

    /// Whether somebody else put something in the place of what was published. Pages and feeds say who made them: what
    /// tagwire wrote and had no time to note must not stay. All else holds no words of posts, and is theirs once it is
    /// another text. A copy is whose its file is.
    pub fn was_replaced(&self, published: &Published) -> bool {
        if self.is_intact(published) {
            return false;
        }
        let path = Coding::original_of(&published.path);
        if *path != *published.path || is_page_or_feed(Path::new(path)) {
            return self.holds_a_strangers(path);
        }
        let read = || fs::read(self.root.join(checked(path)?));
        let bytes: io::Result<Vec<u8>> = read();
        bytes.is_ok_and(|bytes| is_text(&bytes) && content_hash(&bytes) != published.hash)
    }

    /// Whether a page or a feed lies there that tagwire did not make.
    pub fn holds_a_strangers(&self, path: &str) -> bool {
        checked(path).is_ok_and(|path| is_a_strangers(&self.root.join(path)))
    }

    /// Puts a batch in place. `known` tells what lies at a path as far as the caller remembers;
    /// a path that occurs twice in a batch is refused the second time.
    pub fn publish(&self, batch: Vec<Rendered>, known: Known<'_>) -> Outcome {
        let mut staging = self.stage(false);
        staging.add(batch, known);
        staging.commit()
    }

    /// Takes away a file that is published no longer, and its folder when nothing else is in it. A file that
    /// is not there is no error.
    pub fn remove(&self, path: &str) -> io::Result<()> {
        let target = self.root.join(checked(path)?);
        match parent_of(&target).canonicalize() {
            Ok(parent) if parent.starts_with(&self.root) => {}
            Ok(_) => {
                let words = format!("`{path}` lies outside, behind a link");
                return Err(io::Error::new(ErrorKind::InvalidInput, words));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
        match fs::remove_file(&target) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let parent = parent_of(&target);
        if parent != self.root {
            // Fails while something else lies in it, which is how it is asked.
            let _ = fs::remove_dir(parent);
        }
        Ok(())
    }

    /// Begins to put files in place in several steps, so that a large build syncs once. With `lags` they get their places
    /// without waiting for the disk, if they replace nothing: the caller makes sure that they get there, or looks at them
    /// again (`holds`) once the `Epoch` is another.
    pub fn stage(&self, lags: bool) -> Staging<'_> {
        Staging::new(self, lags)
    }
}

fn parent_of(target: &Path) -> &Path {
    target.parent().unwrap_or(target)
}
