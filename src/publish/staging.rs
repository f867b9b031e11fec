//! Files on their way to their places.
//! In: paths, and bytes that may be made only now. Out: the files beside their places, or in folders that are new as
//! they are; then all of them in place, durable, each one's fate told.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::folder::Folder;
use super::parents::Parents;
use super::spots::{Finder, Place, Spot, Spots, split};
use super::sync::{HAS_SYNCFS, HeadStart};
use super::write::{Blank, Temp, modified_ns, same_error};
use super::{Coding, Outcome, Published, Rendered, content_hash};

/// From this many changed files on, one sync of the file system replaces an fsync of each.
/// An fsync costs about a journal commit; a `syncfs` also waits for other programs' writes.
const MANY: usize = 64;

/// Jobs that a core does before another may take some of what it has left: the last ones are waited for by all.
const AT_MOST: usize = 2;

/// Files that are written but not yet in place. Dropped, nothing of it happened.
#[derive(Debug)]
pub struct Staging<'a> {
    finder: Finder<'a>,
    writer: Writer<'a>,
}

/// Writes files beside their places, or into folders that have no names yet.
#[derive(Debug)]
pub struct Writer<'a> {
    folder: &'a Folder,
    staged: Vec<Staged>,
    outcome: Outcome,
    head_start: HeadStart,
}

/// Files whose bytes survive a power cut, but that are not yet in place. Dropped, nothing of it happened.
#[derive(Debug)]
pub struct Durable {
    parents: Parents,
    staged: Vec<(String, io::Result<Staged>)>,
    /// Whether the names in new folders are durable too.
    named: io::Result<()>,
    outcome: Outcome,
}

/// What became of a file so far.
enum Done {
    /// The file and the copies that are as they should be; other copies, written beside their places.
    Same(Vec<Published>, Vec<Staged>),
    Staged(Staged),
    Failed(String, io::Error),
}

/// A file that has to be written.
struct Change {
    path: String,
    target: PathBuf,
    within: Option<Arc<Path>>,
    blank: Option<Blank>,
    bytes: Vec<u8>,
    hash: [u8; 16],
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

impl Spot {
    /// Compares bytes with what lies at their place, and writes them beside it when they are new.
    fn take_in(self, bytes: Vec<u8>, folder: &Folder) -> Done {
        let path = self.path.clone();
        self.compare(bytes, folder)
            .unwrap_or_else(|error| Done::Failed(path, error))
    }

    fn compare(self, bytes: Vec<u8>, folder: &Folder) -> io::Result<Done> {
        let Place {
            target,
            within,
            blank,
        } = self.place?;
        let change = Change {
            hash: content_hash(&bytes),
            path: self.path,
            target,
            within,
            blank,
            bytes,
        };
        if change.within.is_some() {
            // Nothing lies in a new folder.
            return change.stage(folder.codings()).map(Done::Staged);
        }
        let (hash, size) = (change.hash, change.bytes.len() as u64);
        let known = self.known.filter(|known| known.path == change.path);
        let same = match known.filter(|known| folder.is_intact(known)) {
            // Remembered and untouched: nothing to read.
            Some(known) => (known.hash == hash && known.size == size).then_some(known),
            None => same_on_disk(&change.target, &change.bytes).map(|at| change.published(at)),
        };
        match same {
            Some(published) => compare_copies(published, &change, self.copies, folder),
            None => change.stage(folder.codings()).map(Done::Staged),
        }
    }
}

/// The copies of a file that did not change. One that is as old as the file was made of it; only the
/// others cost a compression.
fn compare_copies(
    published: Published,
    of: &Change,
    copies: Vec<(Coding, Option<Published>)>,
    folder: &Folder,
) -> io::Result<Done> {
    let modified_ns = published.modified_ns;
    let is_current =
        |known: &Published| known.modified_ns == modified_ns && folder.is_intact(known);
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

impl Change {
    fn copy(&self, coding: Coding) -> io::Result<Change> {
        let path = coding.copy_of(&self.path);
        let bytes = coding.encode(&self.bytes)?;
        let (_, name) = split(&path);
        Ok(Change {
            target: self.target.with_file_name(name),
            within: self.within.clone(),
            blank: None,
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
    fn stage(mut self, codings: &[Coding]) -> io::Result<Staged> {
        let temp = self.write()?;
        let modified_ns = temp.modified_ns;
        let mut parts = Vec::with_capacity(codings.len() + 1);
        for coding in codings {
            parts.push(self.copy(*coding)?.part(modified_ns)?);
        }
        let may_be = |coding: &&Coding| self.within.is_none() && !codings.contains(coding);
        let beside = |coding: &Coding| {
            let mut name = self.target.clone().into_os_string();
            name.push(coding.ending());
            PathBuf::from(name)
        };
        let stale = Coding::ALL.iter().filter(may_be).map(beside).collect();
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

    fn write(&mut self) -> io::Result<Temp> {
        let (_, name) = split(&self.path);
        let blank = match (self.blank.take(), &self.within) {
            (Some(blank), _) => blank,
            (None, Some(folder)) => Blank::within(folder, name)?,
            (None, None) => Blank::beside(&self.target)?,
        };
        blank.fill(&self.bytes)
    }

    /// A copy, dated like its file.
    fn part(mut self, modified_ns: i64) -> io::Result<Part> {
        let mut temp = self.write()?;
        temp.date(modified_ns)?;
        Ok(Part {
            published: self.published(temp.modified_ns),
            target: self.target,
            temp,
        })
    }
}

impl Staged {
    /// Makes the bytes survive a power cut.
    fn sync(&self) -> io::Result<()> {
        self.parts.iter().try_for_each(|part| part.temp.sync())
    }

    /// Gives the parts their names; all of them, or none but old ones.
    fn place(self) -> io::Result<Vec<Published>> {
        for copy in &self.stale {
            // Asking first is cheap; a removal keeps all others out of the folder while it looks.
            match copy.symlink_metadata().and_then(|_| fs::remove_file(copy)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
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

    /// The parts have their names with their folder.
    fn placed(self) -> Vec<Published> {
        let parts = self.parts.into_iter();
        parts
            .map(|part| {
                part.temp.named_with_folder();
                part.published
            })
            .collect()
    }
}

impl<'a> Staging<'a> {
    pub(super) fn new(folder: &'a Folder) -> Self {
        Staging {
            finder: Finder::new(folder),
            writer: Writer {
                folder,
                staged: Vec::new(),
                outcome: Outcome::default(),
                head_start: HeadStart::default(),
            },
        }
    }

    /// Files written so far that wait for their names.
    pub fn waiting(&self) -> usize {
        self.writer.staged.len()
    }

    /// What `commit` will tell, if it succeeds in everything; `None` when something has failed already.
    pub fn hoped(&self) -> Option<Outcome> {
        let Writer {
            staged, outcome, ..
        } = &self.writer;
        let waiting = staged.iter().flat_map(|staged| &staged.parts);
        { outcome.failed.is_empty() }.then(|| Outcome {
            written: waiting.map(|part| part.published.clone()).collect(),
            unchanged: outcome.unchanged.clone(),
            failed: Vec::new(),
        })
    }

    /// Writes the files of a batch that have changed beside their places.
    pub fn add(&mut self, batch: Vec<Rendered>, known: &dyn Fn(&str) -> Option<Published>) {
        let (paths, bytes): (Vec<Vec<String>>, Vec<Vec<u8>>) = { batch.into_iter() }
            .map(|rendered| (vec![rendered.path], rendered.bytes))
            .unzip();
        let spots = self.finder.find(paths, known);
        self.writer.write(spots, bytes, |bytes| Ok(vec![bytes]));
    }

    /// What finds places for the next files while the other writes those before.
    pub fn halves(&mut self) -> (&mut Finder<'a>, &mut Writer<'a>) {
        (&mut self.finder, &mut self.writer)
    }

    /// Makes the bytes durable, gives the files their names, makes the names durable.
    pub fn commit(self) -> Outcome {
        self.sync().place()
    }

    /// Makes the bytes durable.
    pub fn sync(self) -> Durable {
        let Finder { parents, .. } = self.finder;
        let Writer {
            staged,
            outcome,
            head_start,
            ..
        } = self.writer;
        let many = HAS_SYNCFS && staged.len() > MANY;
        let synced = match many {
            true => parents.sync_systems(),
            false => Ok(()),
        };
        let synced = synced.and(head_start.end());
        let staged = staged.into_par_iter().map(|staged| {
            let path = staged.path.clone();
            let durable = match (&synced, many) {
                (Err(error), _) => Err(same_error(error)),
                (Ok(()), true) => Ok(()),
                (Ok(()), false) => staged.sync(),
            };
            (path, durable.map(|()| staged))
        });
        let staged = staged.collect();
        let named = match (synced, many) {
            (Ok(()), false) => parents.sync_fresh(),
            (synced, _) => synced,
        };
        Durable {
            parents,
            staged,
            named,
            outcome,
        }
    }
}

impl Durable {
    /// Gives the files their names, and makes the names durable.
    pub fn place(self) -> Outcome {
        let Durable {
            mut parents,
            staged,
            named,
            mut outcome,
        } = self;
        let whole = match &named {
            Ok(()) => parents.place_fresh(),
            Err(_) => HashSet::new(),
        };
        let placed: Vec<(String, io::Result<Vec<Published>>)> = staged
            .into_par_iter()
            .map(|(path, staged)| {
                let placed = match (staged, &named) {
                    (Err(error), _) => Err(error),
                    (Ok(_), Err(error)) => Err(same_error(error)),
                    (Ok(staged), Ok(())) if whole.contains(split(&path).0) => Ok(staged.placed()),
                    (Ok(staged), Ok(())) => staged.place(),
                };
                (path, placed)
            })
            .collect();
        let touched: BTreeSet<&str> = placed.iter().map(|(path, _)| split(path).0).collect();
        let lost = parents.sync_names(&touched);
        for (path, placed) in placed {
            let error = lost.get(split(&path).0).map(same_error);
            match (placed, error) {
                (Ok(published), None) => outcome.written.extend(published),
                (Ok(_), Some(error)) | (Err(error), _) => outcome.failed.push((path, error)),
            }
        }
        outcome
    }
}

impl Writer<'_> {
    /// Writes files whose bytes are made only now, on all cores, and are hashed and written while the processor still
    /// has them at hand: `make` gives the bytes of a job's files, in the order of its spots. When it fails, so do the
    /// files of that job.
    pub fn write<J: Send>(
        &mut self,
        spots: Spots,
        jobs: Vec<J>,
        make: impl Fn(J) -> io::Result<Vec<Vec<u8>>> + Sync,
    ) {
        let folder = self.folder;
        let both = spots.0.into_par_iter().zip(jobs).with_max_len(AT_MOST);
        let done: Vec<Vec<Done>> = both
            .map(|(spots, job)| match make(job) {
                Ok(bytes) => {
                    let both = spots.into_iter().zip(bytes);
                    both.map(|(spot, bytes)| spot.take_in(bytes, folder))
                        .collect()
                }
                Err(error) => {
                    let failed = |spot: Spot| Done::Failed(spot.path, same_error(&error));
                    spots.into_iter().map(failed).collect()
                }
            })
            .collect();
        let before = self.staged.len();
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
        let parts = self.staged[before..]
            .iter()
            .flat_map(|staged| &staged.parts);
        let bytes = parts.map(|part| part.published.size);
        self.head_start.note(bytes, folder.dir());
    }
}

/// Time of the file's last change when it holds exactly `bytes`.
fn same_on_disk(target: &Path, bytes: &[u8]) -> Option<i64> {
    let found = fs::symlink_metadata(target).ok()?;
    let same = found.is_file()
        && found.len() == bytes.len() as u64
        && fs::read(target).is_ok_and(|old| old == bytes);
    same.then(|| modified_ns(&found))
}
