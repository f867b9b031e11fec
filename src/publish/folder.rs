//! The published folder.
//! In: batches of rendered files. Out: the same files on disk, each row's fate told.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use rayon::prelude::*;

use super::paths::{TEMP_PREFIX, checked, make_parent};
use super::write::{HAS_SYNCFS, Temp, modified_ns, same_error, sync_dir, sync_file_system};
use super::{Coding, Outcome, Published, Rendered, content_hash};

/// From this many changed files on, one sync of the file system replaces an fsync of each.
/// An fsync costs about a journal commit; a `syncfs` also waits for other programs' writes.
const MANY: usize = 64;

/// Bytes after which the disk begins to write while more is rendered.
const EARLY: u64 = 16 << 20;

/// The folder that web servers and the built-in server read.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Canonical, so that links cannot fool the checks.
    root: PathBuf,
    /// Copies that are kept beside each file.
    codings: Vec<Coding>,
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
    /// The file, the copies that are as they should be, and the others, to be written.
    Same(Published, Vec<Published>, Vec<Change>),
    Write(Change),
    Failed(String, io::Error),
}

/// A row, and what the caller remembers of the file and of its copies.
struct Row {
    rendered: Rendered,
    known: Option<Published>,
    copies: Vec<(Coding, Option<Published>)>,
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
        Ok(Folder {
            root,
            codings: Vec::new(),
        })
    }

    /// Keeps compressed copies beside each file from now on.
    pub fn with_copies(mut self, codings: &[Coding]) -> Folder {
        self.codings = codings.to_vec();
        self.codings.sort();
        self.codings.dedup();
        self
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
            unsynced: 0,
            early: None,
        }
    }

    /// Same bytes, new bytes, or no good path.
    fn judge(&self, row: Row) -> Verdict {
        let Rendered { path, bytes } = row.rendered;
        let target = match checked(&path) {
            Ok(relative) => self.root.join(relative),
            Err(error) => return Verdict::Failed(path, error),
        };
        let hash = content_hash(&bytes);
        let size = bytes.len() as u64;
        let known = row.known;
        let same = match known.filter(|known| known.path == path && self.is_intact(known)) {
            // Remembered and untouched: nothing to read.
            Some(known) => (known.hash == hash && known.size == size).then_some(known),
            None => same_on_disk(&target, &bytes).map(|modified_ns| Published {
                path: path.clone(),
                hash,
                size,
                modified_ns,
            }),
        };
        let change = Change {
            path,
            target,
            bytes,
            hash,
        };
        match same {
            Some(published) => self.judge_copies(published, &change, row.copies),
            None => Verdict::Write(change),
        }
    }

    /// The copies of a file that did not change. One that is as old as the file was made of it; only the
    /// others cost a compression.
    fn judge_copies(
        &self,
        published: Published,
        of: &Change,
        copies: Vec<(Coding, Option<Published>)>,
    ) -> Verdict {
        let (mut same, mut missing) = (Vec::new(), Vec::new());
        for (coding, known) in copies {
            let is_current = |known: &Published| {
                known.modified_ns == published.modified_ns && self.is_intact(known)
            };
            if let Some(known) = known.filter(is_current) {
                same.push(known);
                continue;
            }
            match of.copy(coding) {
                Ok(copy) => match same_on_disk(&copy.target, &copy.bytes) {
                    Some(at) if at == published.modified_ns => same.push(copy.published(at)),
                    _ => missing.push(copy),
                },
                Err(error) => return Verdict::Failed(published.path, error),
            }
        }
        Verdict::Same(published, same, missing)
    }
}

impl Change {
    fn copy(&self, coding: Coding) -> io::Result<Change> {
        let path = coding.copy_of(&self.path);
        let bytes = coding.encode(&self.bytes)?;
        let name = path.rsplit('/').next().unwrap_or(&path);
        Ok(Change {
            target: self.target.with_file_name(name),
            hash: content_hash(&bytes),
            path,
            bytes,
        })
    }

    fn published(&self, modified_ns: i64) -> Published {
        Published {
            path: self.path.clone(),
            hash: self.hash,
            size: self.bytes.len() as u64,
            modified_ns,
        }
    }

    /// The bytes of the file and of its copies, beside their places; the copies first, as they get their
    /// names first.
    fn stage(self, codings: &[Coding]) -> io::Result<Staged> {
        let temp = Temp::write(&self.target, &self.bytes)?;
        let modified_ns = temp.modified_ns;
        let mut parts = Vec::with_capacity(codings.len() + 1);
        for coding in codings {
            parts.push(self.copy(*coding)?.part(modified_ns)?);
        }
        let unwanted = Coding::ALL.iter().filter(|known| !codings.contains(known));
        let beside = |coding: &Coding| {
            let mut name = self.target.clone().into_os_string();
            name.push(coding.ending());
            PathBuf::from(name)
        };
        let stale = unwanted.map(beside).collect();
        parts.push(Part {
            published: self.published(modified_ns),
            target: self.target,
            temp,
        });
        Ok(Staged {
            path: self.path,
            parts,
            stale,
        })
    }

    fn part(self, modified_ns: i64) -> io::Result<Part> {
        let temp = Temp::write_dated(&self.target, &self.bytes, modified_ns)?;
        Ok(Part {
            published: self.published(temp.modified_ns),
            target: self.target,
            temp,
        })
    }
}

/// Files that are written but not yet in place. Dropped, nothing of it happened.
#[derive(Debug)]
pub struct Staging<'a> {
    folder: &'a Folder,
    /// Opened before the writes: the kernel then reports their errors to these handles.
    systems: HashMap<u64, (PathBuf, File)>,
    parents: Parents,
    seen: BTreeSet<String>,
    staged: Vec<Staged>,
    outcome: Outcome,
    /// Bytes written since the disk was last told to begin.
    unsynced: u64,
    /// The disk, while it writes.
    early: Option<JoinHandle<()>>,
}

/// A file and its copies, in the order in which they get their names: a server that prefers copies then
/// never finds an old one beside a new file.
#[derive(Debug)]
struct Staged {
    path: String,
    parts: Vec<Part>,
    /// Copies that nobody keeps up to date: made by an earlier config, or by a stranger.
    stale: Vec<PathBuf>,
}

/// Bytes in a temporary file.
#[derive(Debug)]
struct Part {
    published: Published,
    target: PathBuf,
    temp: Temp,
}

impl Staged {
    /// Gives the parts their names; all of them, or none but old ones.
    fn place(self, is_synced: bool) -> io::Result<Vec<Published>> {
        for copy in &self.stale {
            // Asking first is cheap; a removal keeps all others out of the folder while it looks.
            match copy.symlink_metadata().and_then(|_| fs::remove_file(copy)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if !is_synced {
            self.parts.iter().try_for_each(|part| part.temp.sync())?;
        }
        let mut placed: Vec<(Published, PathBuf)> = Vec::with_capacity(self.parts.len());
        for part in self.parts {
            if let Err(error) = part.temp.place(&part.target) {
                // What was placed are copies of bytes that now stay away.
                for (_, copy) in placed {
                    let _ = fs::remove_file(copy);
                }
                return Err(error);
            }
            placed.push((part.published, part.target));
        }
        Ok(placed.into_iter().map(|(published, _)| published).collect())
    }
}

impl Staging<'_> {
    /// Files written so far that wait for their names.
    pub fn waiting(&self) -> usize {
        self.staged.len()
    }

    /// Writes the files of a batch that have changed beside their places.
    pub fn add(&mut self, batch: Vec<Rendered>, known: &dyn Fn(&str) -> Option<Published>) {
        let folder = self.folder;
        let mut rows = Vec::with_capacity(batch.len());
        for rendered in batch {
            if self.seen.insert(rendered.path.clone()) {
                let copies = folder.codings.iter();
                let copies = copies.map(|coding| (*coding, known(&coding.copy_of(&rendered.path))));
                rows.push(Row {
                    known: known(&rendered.path),
                    copies: copies.collect(),
                    rendered,
                });
            } else {
                let words = io::Error::new(ErrorKind::InvalidInput, "twice in one batch");
                self.outcome.failed.push((rendered.path, words));
            }
        }
        let verdicts: Vec<Verdict> = rows.into_par_iter().map(|row| folder.judge(row)).collect();
        let (mut changes, mut copies) = (Vec::new(), Vec::new());
        for verdict in verdicts {
            match verdict {
                Verdict::Same(published, same, missing) => {
                    let modified_ns = published.modified_ns;
                    copies.extend(missing.into_iter().map(|copy| (copy, modified_ns)));
                    self.outcome.unchanged.push(published);
                    self.outcome.unchanged.extend(same);
                }
                Verdict::Write(change) => changes.push(change),
                Verdict::Failed(path, error) => self.outcome.failed.push((path, error)),
            }
        }
        let codings = &folder.codings;
        self.write(changes, |change| change.stage(codings));
        self.write_copies(copies);
        self.begin_sync();
    }

    /// Lets the disk begin, so that the sync at the end has little left to wait for.
    fn begin_sync(&mut self) {
        let is_busy = self
            .early
            .as_ref()
            .is_some_and(|early| !early.is_finished());
        if !HAS_SYNCFS || self.unsynced < EARLY || is_busy {
            return;
        }
        self.unsynced = 0;
        // Through handles of its own, so that an error is still told to the sync at the end.
        let paths = self.systems.values().map(|(path, _)| path.clone());
        let paths: Vec<PathBuf> = paths.collect();
        let sync = move || {
            for dir in paths.iter().filter_map(|path| File::open(path).ok()) {
                let _ = sync_file_system(&dir);
            }
        };
        let thread = std::thread::Builder::new().name("early sync".to_owned());
        self.early = thread.spawn(sync).ok();
    }

    fn write(&mut self, changes: Vec<Change>, stage: impl Fn(Change) -> io::Result<Staged> + Sync) {
        for change in &changes {
            self.make_parent(parent_of(&change.target));
        }
        let parents = &self.parents;
        let staged: Vec<(String, io::Result<Staged>)> = changes
            .into_par_iter()
            .map(|change| {
                let path = change.path.clone();
                let staged = match parents.get(parent_of(&change.target)) {
                    Some(Err(error)) => Err(same_error(error)),
                    _ => stage(change),
                };
                (path, staged)
            })
            .collect();
        for (path, staged) in staged {
            match staged {
                Ok(staged) => {
                    let sizes = staged.parts.iter().map(|part| part.published.size);
                    self.unsynced += sizes.sum::<u64>();
                    self.staged.push(staged);
                }
                Err(error) => self.outcome.failed.push((path, error)),
            }
        }
    }

    /// Copies that lack beside files that stay.
    fn write_copies(&mut self, copies: Vec<(Change, i64)>) {
        let dates: HashMap<String, i64> = copies
            .iter()
            .map(|(copy, modified_ns)| (copy.path.clone(), *modified_ns))
            .collect();
        let copies = copies.into_iter().map(|(copy, _)| copy).collect();
        self.write(copies, |copy| {
            let modified_ns = dates.get(&copy.path).copied().unwrap_or_default();
            Ok(Staged {
                path: copy.path.clone(),
                parts: vec![copy.part(modified_ns)?],
                stale: Vec::new(),
            })
        });
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
            let system = dir.metadata()?.dev();
            self.systems.insert(system, (parent.to_owned(), dir));
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
            true => systems
                .values()
                .try_for_each(|(_, dir)| sync_file_system(dir)),
            false => Ok(()),
        };
        let placed: Vec<(String, PathBuf, io::Result<Vec<Published>>)> = staged
            .into_par_iter()
            .map(|staged| {
                let path = staged.path.clone();
                // Copies lie beside their file.
                let parent = staged.parts.first().map(|part| parent_of(&part.target));
                let parent = parent.unwrap_or(Path::new("")).to_owned();
                let placed = match &synced {
                    Err(error) => Err(same_error(error)),
                    Ok(()) => staged.place(many),
                };
                (path, parent, placed)
            })
            .collect();
        let touched: BTreeSet<&Path> = placed
            .iter()
            .map(|(_, parent, _)| parent.as_path())
            .collect();
        let lost = sync_names(&parents, &touched);
        for (path, parent, placed) in placed {
            let error = lost.get(&parent).map(same_error);
            match (placed, error) {
                (Ok(published), None) => outcome.written.extend(published),
                (Ok(_), Some(error)) | (Err(error), _) => outcome.failed.push((path, error)),
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
