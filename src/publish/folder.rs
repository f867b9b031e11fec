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
use super::{Coding, Outcome, Published, Rendered, content_hash};

/// From this many changed files on, one sync of the file system replaces an fsync of each.
/// An fsync costs about a journal commit; a `syncfs` also waits for other programs' writes.
const MANY: usize = 64;

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

/// A place for a file, and what the caller remembers of it and of its copies.
struct Spot {
    path: String,
    target: io::Result<PathBuf>,
    known: Option<Published>,
    copies: Vec<(Coding, Option<Published>)>,
}

/// What became of a file so far.
enum Done {
    /// The file and the copies that are as they should be; other copies, written beside their places.
    Same(Vec<Published>, Vec<Staged>),
    Staged(Staged),
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
        }
    }

    /// Compares bytes with what lies at their place, and writes them beside it when they are new.
    fn take_in(&self, spot: Spot, bytes: Vec<u8>) -> Done {
        let path = spot.path.clone();
        self.compare(spot, bytes)
            .unwrap_or_else(|error| Done::Failed(path, error))
    }

    fn compare(&self, spot: Spot, bytes: Vec<u8>) -> io::Result<Done> {
        let Spot { path, known, .. } = spot;
        let target = spot.target?;
        let hash = content_hash(&bytes);
        let size = bytes.len() as u64;
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
            Some(published) => self.compare_copies(published, &change, spot.copies),
            None => change.stage(&self.codings).map(Done::Staged),
        }
    }

    /// The copies of a file that did not change. One that is as old as the file was made of it; only the
    /// others cost a compression.
    fn compare_copies(
        &self,
        published: Published,
        of: &Change,
        copies: Vec<(Coding, Option<Published>)>,
    ) -> io::Result<Done> {
        let modified_ns = published.modified_ns;
        let is_current =
            |known: &Published| known.modified_ns == modified_ns && self.is_intact(known);
        let (mut same, mut missing) = (vec![published], Vec::new());
        for (coding, known) in copies {
            if let Some(known) = known.filter(is_current) {
                same.push(known);
                continue;
            }
            let copy = of.copy(coding)?;
            match same_on_disk(&copy.target, &copy.bytes) {
                Some(at) if at == modified_ns => same.push(copy.published(at)),
                _ => missing.push(Staged {
                    path: copy.path.clone(),
                    parts: vec![copy.part(modified_ns)?],
                    stale: Vec::new(),
                }),
            }
        }
        Ok(Done::Same(same, missing))
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
        let jobs = batch.into_iter();
        let jobs = jobs.map(|rendered| (vec![rendered.path], rendered.bytes));
        self.add_made(jobs.collect(), known, |bytes| Ok(vec![bytes]));
    }

    /// The same for files whose bytes are made only now, on all cores, and are hashed and written while the processor
    /// still has them at hand: `make` gives the bytes of a job's paths, in their order. When it fails, so do the
    /// files of that job.
    pub fn add_made<J: Send>(
        &mut self,
        jobs: Vec<(Vec<String>, J)>,
        known: &dyn Fn(&str) -> Option<Published>,
        make: impl Fn(J) -> io::Result<Vec<Vec<u8>>> + Sync,
    ) {
        let jobs: Vec<(Vec<Spot>, J)> = jobs
            .into_iter()
            .map(|(paths, job)| {
                let spots = paths.into_iter().map(|path| self.spot(path, known));
                (spots.collect(), job)
            })
            .collect();
        let folder = self.folder;
        let done: Vec<Vec<Done>> = jobs
            .into_par_iter()
            .map(|(spots, job)| match make(job) {
                Ok(bytes) => {
                    let both = spots.into_iter().zip(bytes);
                    both.map(|(spot, bytes)| folder.take_in(spot, bytes))
                        .collect()
                }
                Err(error) => {
                    let failed = |spot: Spot| Done::Failed(spot.path, same_error(&error));
                    spots.into_iter().map(failed).collect()
                }
            })
            .collect();
        for done in done.into_iter().flatten() {
            match done {
                Done::Same(published, missing) => {
                    self.outcome.unchanged.extend(published);
                    self.staged.extend(missing);
                }
                Done::Staged(staged) => self.staged.push(staged),
                Done::Failed(path, error) => self.outcome.failed.push((path, error)),
            }
        }
    }

    /// What is known of a path, and its parent made.
    fn spot(&mut self, path: String, known: &dyn Fn(&str) -> Option<Published>) -> Spot {
        let is_new = self.seen.insert(path.clone());
        let target = match checked(&path) {
            Ok(relative) if is_new => Ok(self.folder.root.join(relative)),
            Ok(_) => Err(io::Error::new(
                ErrorKind::InvalidInput,
                "twice in one batch",
            )),
            Err(error) => Err(error),
        };
        let target = target.and_then(|target| {
            let parent = parent_of(&target);
            self.make_parent(parent);
            match self.parents.get(parent) {
                Some(Err(error)) => Err(same_error(error)),
                _ => Ok(target),
            }
        });
        let copies = self.folder.codings.iter();
        Spot {
            known: known(&path),
            copies: copies
                .map(|coding| (*coding, known(&coding.copy_of(&path))))
                .collect(),
            target,
            path,
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
