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
#[derive(Debug)]
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
        let mut seen = BTreeSet::new();
        let mut outcome = Outcome::default();
        let mut rows = Vec::with_capacity(batch.len());
        for rendered in batch {
            if seen.insert(rendered.path.clone()) {
                let known = known(&rendered.path);
                rows.push((rendered, known));
            } else {
                let words = io::Error::new(ErrorKind::InvalidInput, "twice in one batch");
                outcome.failed.push((rendered.path, words));
            }
        }
        let verdicts: Vec<Verdict> = rows
            .into_par_iter()
            .map(|(rendered, known)| self.judge(rendered, known))
            .collect();
        let mut changes = Vec::new();
        for verdict in verdicts {
            match verdict {
                Verdict::Same(published) => outcome.unchanged.push(published),
                Verdict::Write(change) => changes.push(change),
                Verdict::Failed(path, error) => outcome.failed.push((path, error)),
            }
        }
        self.write(changes, &mut outcome);
        outcome
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

    /// Writes, makes durable, renames, makes the names durable.
    fn write(&self, changes: Vec<Change>, outcome: &mut Outcome) {
        let parents = self.make_parents(&changes);
        let many = HAS_SYNCFS && changes.len() > MANY;
        // Opened before the writes: the kernel then reports their errors to these handles.
        let systems = if many {
            file_systems(&parents)
        } else {
            Ok(HashMap::new())
        };
        let temps: Vec<(Change, io::Result<Temp>)> = changes
            .into_par_iter()
            .map(|change| {
                let temp = match parents.get(parent_of(&change.target)) {
                    Some(Err(error)) => Err(same_error(error)),
                    _ => Temp::write(&change.target, &change.bytes, !many),
                };
                (change, temp)
            })
            .collect();
        let synced = systems.and_then(|systems| systems.values().try_for_each(sync_file_system));
        let placed = temps.into_iter().map(|(change, temp)| {
            let placed = match (&synced, temp) {
                (Err(error), Ok(_)) => Err(same_error(error)),
                (Ok(()), Ok(temp)) => temp.place(&change.target),
                (_, Err(error)) => Err(error),
            };
            (change, placed)
        });
        let placed: Vec<_> = placed.collect();
        report(placed, &sync_names(&parents), outcome);
    }

    /// The parents of all changes, each made once: folders to sync, or what stands in the way.
    fn make_parents(&self, changes: &[Change]) -> Parents {
        let mut parents = Parents::new();
        for change in changes {
            let parent = parent_of(&change.target);
            if !parents.contains_key(parent) {
                let relative = parent.strip_prefix(&self.root).unwrap_or(Path::new(""));
                parents.insert(parent.to_owned(), make_parent(&self.root, relative));
            }
        }
        parents
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

/// One handle for each file system below the parents.
fn file_systems(parents: &Parents) -> io::Result<HashMap<u64, File>> {
    let mut systems = HashMap::new();
    for (parent, made) in parents {
        if made.is_ok() {
            let dir = File::open(parent)?;
            systems.insert(dir.metadata()?.dev(), dir);
        }
    }
    Ok(systems)
}

/// Syncs each folder whose entries changed, once. Returns the parents whose names may be lost.
fn sync_names(parents: &Parents) -> HashMap<PathBuf, io::Error> {
    let made = |entry: (&PathBuf, &io::Result<Vec<PathBuf>>)| {
        let (parent, made) = entry;
        let above = made.as_ref().ok()?.clone();
        Some((parent.clone(), above))
    };
    let mut folders = BTreeMap::new();
    for (parent, above) in parents.iter().filter_map(made) {
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

/// Sorts rows into written and failed.
fn report(
    placed: Vec<(Change, io::Result<i64>)>,
    lost: &HashMap<PathBuf, io::Error>,
    outcome: &mut Outcome,
) {
    for (change, placed) in placed {
        let error = lost.get(parent_of(&change.target)).map(same_error);
        match (placed, error) {
            (Ok(modified_ns), None) => outcome.written.push(Published {
                path: change.path,
                hash: change.hash,
                size: change.bytes.len() as u64,
                modified_ns,
            }),
            (Ok(_), Some(error)) | (Err(error), _) => outcome.failed.push((change.path, error)),
        }
    }
}
