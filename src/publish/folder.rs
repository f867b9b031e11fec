//! The published folder.
//! In: batches of rendered files. Out: the same files on disk, each row's fate told.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::paths::{TEMP_PREFIX, checked, make_parent};
use super::write::{HAS_SYNCFS, Temp, modified_ns, same_error, sync_dir, sync_file_system};
use super::{Outcome, Published, Rendered, content_hash};

/// From this many changed files on, one sync of the file system replaces an fsync of each.
/// An fsync costs about a journal commit; a `syncfs` also waits for other programs' writes.
const MANY: usize = 64;

/// The folder that web servers and the built-in server read.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Canonical, so that links cannot fool the checks.
    root: PathBuf,
}

/// A file that has to be written.
struct Change {
    path: String,
    target: PathBuf,
    bytes: Vec<u8>,
    hash: [u8; 16],
}

/// What a first look says about a row.
enum Verdict {
    Same(Published),
    Write(Change),
    Failed(String, io::Error),
}

impl Folder {
    /// Opens the folder, makes it when missing, and removes temporary files of a crash.
    pub fn open(dir: impl AsRef<Path>) -> io::Result<Folder> {
        fs::create_dir_all(&dir)?;
        let root = dir.as_ref().canonicalize()?;
        // A folder that cannot be read fails later with its own name; here only tidy what we can.
        for found in walkdir::WalkDir::new(&root).into_iter().flatten() {
            let ours = found.file_name().to_string_lossy().starts_with(TEMP_PREFIX);
            if ours && found.file_type().is_file() {
                fs::remove_file(found.path())?;
            }
        }
        Ok(Folder { root })
    }

    /// The folder, as an absolute path without links.
    pub fn dir(&self) -> &Path {
        &self.root
    }

    /// Whether the file still lies there as published, by length and time; its bytes are not read.
    pub fn is_intact(&self, published: &Published) -> bool {
        let Ok(path) = checked(&published.path) else {
            return false;
        };
        fs::symlink_metadata(self.root.join(path)).is_ok_and(|found| {
            found.is_file()
                && found.len() == published.size
                && modified_ns(&found) == published.modified_ns
        })
    }

    /// Puts a batch in place. `known` tells what lies at a path as far as the caller remembers;
    /// a path that occurs twice in a batch is refused the second time.
    pub fn publish(
        &self,
        batch: Vec<Rendered>,
        known: &dyn Fn(&str) -> Option<Published>,
    ) -> Outcome {
        let mut staging = self.stage();
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

    /// Begins to put files in place in several steps, so that a large build syncs once.
    pub fn stage(&self) -> Staging<'_> {
        Staging {
            folder: self,
            systems: HashMap::new(),
            parents: Parents::new(),
            seen: BTreeSet::new(),
            staged: Vec::new(),
            outcome: Outcome::default(),
        }
    }

    /// Same bytes, new bytes, or no good path.
    fn judge(&self, rendered: Rendered, known: Option<Published>) -> Verdict {
        let Rendered { path, bytes } = rendered;
        let target = match checked(&path) {
            Ok(relative) => self.root.join(relative),
            Err(error) => return Verdict::Failed(path, error),
        };
        let hash = content_hash(&bytes);
        let size = bytes.len() as u64;
        match known.filter(|known| known.path == path && self.is_intact(known)) {
            // Remembered and untouched: nothing to read.
            Some(known) if known.hash == hash && known.size == size => Verdict::Same(known),
            Some(_) => Verdict::Write(Change {
                path,
                target,
                bytes,
                hash,
            }),
            None => match same_on_disk(&target, &bytes) {
                Some(modified_ns) => Verdict::Same(Published {
                    path,
                    hash,
                    size,
                    modified_ns,
                }),
                None => Verdict::Write(Change {
                    path,
                    target,
                    bytes,
                    hash,
                }),
            },
        }
    }
}

/// Files that are written but not yet in place. Dropped, nothing of it happened.
#[derive(Debug)]
pub struct Staging<'a> {
    folder: &'a Folder,
    /// Opened before the writes: the kernel then reports their errors to these handles.
    systems: HashMap<u64, File>,
    parents: Parents,
    seen: BTreeSet<String>,
    staged: Vec<Staged>,
    outcome: Outcome,
}

/// A file whose bytes are in a temporary file.
#[derive(Debug)]
struct Staged {
    published: Published,
    target: PathBuf,
    temp: Temp,
}

impl Staging<'_> {
    /// Files written so far that wait for their names.
    pub fn waiting(&self) -> usize {
        self.staged.len()
    }

    /// Writes the files of a batch that have changed beside their places.
    pub fn add(&mut self, batch: Vec<Rendered>, known: &dyn Fn(&str) -> Option<Published>) {
        let mut rows = Vec::with_capacity(batch.len());
        for rendered in batch {
            if self.seen.insert(rendered.path.clone()) {
                let known = known(&rendered.path);
                rows.push((rendered, known));
            } else {
                let words = io::Error::new(ErrorKind::InvalidInput, "twice in one batch");
                self.outcome.failed.push((rendered.path, words));
            }
        }
        let folder = self.folder;
        let verdicts: Vec<Verdict> = rows
            .into_par_iter()
            .map(|(rendered, known)| folder.judge(rendered, known))
            .collect();
        let mut changes = Vec::new();
        for verdict in verdicts {
            match verdict {
                Verdict::Same(published) => self.outcome.unchanged.push(published),
                Verdict::Write(change) => changes.push(change),
                Verdict::Failed(path, error) => self.outcome.failed.push((path, error)),
            }
        }
        self.write(changes);
    }

    fn write(&mut self, changes: Vec<Change>) {
        for change in &changes {
            self.make_parent(parent_of(&change.target));
        }
        let parents = &self.parents;
        let temps: Vec<(Change, io::Result<Temp>)> = changes
            .into_par_iter()
            .map(|change| {
                let temp = match parents.get(parent_of(&change.target)) {
                    Some(Err(error)) => Err(same_error(error)),
                    _ => Temp::write(&change.target, &change.bytes),
                };
                (change, temp)
            })
            .collect();
        for (change, temp) in temps {
            match temp {
                Ok(temp) => self.staged.push(Staged {
                    published: Published {
                        path: change.path,
                        hash: change.hash,
                        size: change.bytes.len() as u64,
                        modified_ns: temp.modified_ns,
                    },
                    target: change.target,
                    temp,
                }),
                Err(error) => self.outcome.failed.push((change.path, error)),
            }
        }
    }

    /// Makes a parent once, and opens its file system before anything is written to it.
    fn make_parent(&mut self, parent: &Path) {
        if self.parents.contains_key(parent) {
            return;
        }
        let relative = parent.strip_prefix(&self.folder.root);
        let made = make_parent(&self.folder.root, relative.unwrap_or(Path::new("")));
        let made = made.and_then(|above| {
            let dir = File::open(parent)?;
            self.systems.insert(dir.metadata()?.dev(), dir);
            Ok(above)
        });
        self.parents.insert(parent.to_owned(), made);
    }

    /// Makes the bytes durable, gives the files their names, makes the names durable.
    pub fn commit(self) -> Outcome {
        let Staging {
            systems,
            parents,
            staged,
            mut outcome,
            ..
        } = self;
        let many = HAS_SYNCFS && staged.len() > MANY;
        let synced = match many {
            true => systems.values().try_for_each(sync_file_system),
            false => Ok(()),
        };
        let placed: Vec<(Published, PathBuf, io::Result<i64>)> = staged
            .into_par_iter()
            .map(|staged| {
                let Staged {
                    published,
                    target,
                    temp,
                } = staged;
                let placed = match &synced {
                    Err(error) => Err(same_error(error)),
                    Ok(()) if many => temp.place(&target),
                    Ok(()) => temp.sync().and_then(|()| temp.place(&target)),
                };
                (published, target, placed)
            })
            .collect();
        let touched: BTreeSet<&Path> = placed
            .iter()
            .map(|(_, target, _)| parent_of(target))
            .collect();
        let lost = sync_names(&parents, &touched);
        for (published, target, placed) in placed {
            let error = lost.get(parent_of(&target)).map(same_error);
            match (placed, error) {
                (Ok(_), None) => outcome.written.push(published),
                (Ok(_), Some(error)) | (Err(error), _) => {
                    outcome.failed.push((published.path, error))
                }
            }
        }
        outcome
    }
}

/// Parent folders, and for each the folders that got new entries while it was made.
type Parents = BTreeMap<PathBuf, io::Result<Vec<PathBuf>>>;

fn parent_of(target: &Path) -> &Path {
    target.parent().unwrap_or(target)
}

/// Time of the file's last change when it holds exactly `bytes`.
fn same_on_disk(target: &Path, bytes: &[u8]) -> Option<i64> {
    let found = fs::symlink_metadata(target).ok()?;
    let same = found.is_file()
        && found.len() == bytes.len() as u64
        && fs::read(target).is_ok_and(|old| old == bytes);
    same.then(|| modified_ns(&found))
}

/// Syncs each folder whose entries changed, once. Returns the parents whose names may be lost.
fn sync_names(parents: &Parents, touched: &BTreeSet<&Path>) -> HashMap<PathBuf, io::Error> {
    let made = |entry: (&PathBuf, &io::Result<Vec<PathBuf>>)| {
        let (parent, made) = entry;
        let above = made.as_ref().ok()?.clone();
        Some((parent.clone(), above))
    };
    let mut folders = BTreeMap::new();
    let touched = parents
        .iter()
        .filter(|(parent, _)| touched.contains(parent.as_path()));
    for (parent, above) in touched.filter_map(made) {
        folders
            .entry(parent.clone())
            .or_insert_with(|| vec![parent.clone()]);
        for folder in above {
            folders.entry(folder).or_default().push(parent.clone());
        }
    }
    let results: Vec<_> = folders
        .into_par_iter()
        .filter_map(|(folder, concerned)| sync_dir(&folder).err().map(|error| (concerned, error)))
        .collect();
    let mut lost = HashMap::new();
    for (concerned, error) in results {
        for parent in concerned {
            lost.insert(parent, same_error(&error));
        }
    }
    lost
}
