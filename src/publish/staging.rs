//! Files on their way to their places.
//! In: paths, and bytes that may be made only now. Out: the files beside their places, or in folders that are new as
//! they are; then all of them in place, durable but where they may lag, each one's fate told.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::sync::Arc;

use rayon::prelude::*;

use super::change::{Done, Staged};
use super::folder::Folder;
use super::parents::Parents;
use super::spots::{Finder, Places, Spot, split};
use super::sync::{HAS_SYNCFS, HeadStart};
use super::write::same_error;
use super::{Known, Outcome, Published, Rendered};

/// From this many changed files on, one sync of the file system replaces an fsync of each.
/// An fsync costs about a journal commit; a `syncfs` also waits for other programs' writes.
const MANY: usize = 64;

/// Jobs that a core does before another may take some of what it has left: the last ones are waited for by all.
const AT_MOST: usize = 1;

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
    /// What replaces nothing waits for no disk.
    lags: bool,
}

/// Files that may be put in place: their bytes survive a power cut, or lag behind (`Folder::stage`). Dropped, nothing of
/// it happened.
#[derive(Debug)]
struct Placeable {
    parents: Parents,
    staged: Vec<(Arc<str>, io::Result<Staged>)>,
    /// Whether the names in new folders are durable too.
    named: io::Result<()>,
    /// Nobody waits for the disk.
    lags: bool,
    outcome: Outcome,
}

impl<'a> Staging<'a> {
    pub(super) fn new(folder: &'a Folder, lags: bool) -> Self {
        Staging {
            finder: Finder::new(folder),
            writer: Writer {
                folder,
                staged: Vec::new(),
                outcome: Outcome::default(),
                head_start: HeadStart::default(),
                lags,
            },
        }
    }

    /// Files written so far that wait for their names.
    pub fn waiting(&self) -> usize {
        self.writer.staged.len()
    }

    /// What `commit` will tell, if it succeeds in everything, but for so many of the files that were written first; `None`
    /// when something has failed already.
    pub fn hoped(&self, but_for: usize) -> Option<Outcome> {
        let Writer {
            staged, outcome, ..
        } = &self.writer;
        let waiting = staged.iter().flat_map(|staged| &staged.parts);
        { outcome.failed.is_empty() }.then(|| Outcome {
            written: { waiting.skip(but_for) }
                .map(|part| part.published.clone())
                .collect(),
            unchanged: outcome.unchanged.clone(),
            failed: Vec::new(),
        })
    }

    /// Writes the files of a batch that have changed beside their places.
    pub fn add(&mut self, batch: Vec<Rendered>, known: Known<'_>) {
        let (paths, bytes): (Vec<String>, Vec<Vec<u8>>) = { batch.into_iter() }
            .map(|rendered| (rendered.path, rendered.bytes))
            .unzip();
        let paths = |job: usize| vec![paths[job].clone()];
        let (finder, writer) = self.halves();
        let places = finder.places(bytes.len(), &paths, known);
        writer.write(&places, 0, bytes, |bytes| Ok(vec![bytes]));
    }

    /// What finds places for files, and what writes them.
    pub fn halves(&mut self) -> (&mut Finder<'a>, &mut Writer<'a>) {
        (&mut self.finder, &mut self.writer)
    }

    /// `sync`, then `place`.
    pub fn commit(self) -> Outcome {
        self.sync().place()
    }

    /// Makes the bytes durable, unless they may lag and replace nothing.
    fn sync(self) -> Placeable {
        let Finder { parents, .. } = self.finder;
        let Writer {
            staged,
            outcome,
            head_start,
            lags,
            ..
        } = self.writer;
        let lags = lags && parents.is_one_system() && staged.iter().all(Staged::is_new);
        let many = HAS_SYNCFS && staged.len() > MANY;
        let one_by_one = !lags && !many;
        let synced = match lags || one_by_one {
            true => Ok(()),
            false => parents.sync_systems(),
        };
        let synced = synced.and(head_start.end());
        let staged = staged.into_par_iter().map(|staged| {
            let path = staged.path.clone();
            let synced = match (&synced, one_by_one) {
                (Err(error), _) => Err(same_error(error)),
                (Ok(()), true) => staged.sync(),
                (Ok(()), false) => Ok(()),
            };
            (path, synced.map(|()| staged))
        });
        let staged = staged.collect();
        let named = match (synced, one_by_one) {
            (Ok(()), true) => parents.sync_fresh(),
            (synced, _) => synced,
        };
        Placeable {
            parents,
            staged,
            named,
            lags,
            outcome,
        }
    }
}

impl Placeable {
    /// Gives the files their names, and makes the names durable, unless the bytes lag.
    fn place(self) -> Outcome {
        let Placeable {
            mut parents,
            staged,
            named,
            lags,
            mut outcome,
        } = self;
        let whole = match &named {
            Ok(()) => parents.place_fresh(),
            Err(_) => HashSet::new(),
        };
        let placed: Vec<(Arc<str>, io::Result<Vec<Published>>)> = staged
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
        let lost = match lags {
            true => HashMap::new(),
            false => parents.sync_names(&touched),
        };
        for (path, placed) in placed {
            let error = lost.get(split(&path).0).map(same_error);
            match (placed, error) {
                (Ok(published), None) => outcome.written.extend(published),
                (Ok(_), Some(error)) | (Err(error), _) => {
                    outcome.failed.push((path.to_string(), error))
                }
            }
        }
        outcome
    }
}

impl Writer<'_> {
    /// Writes files whose bytes are made only now, on all cores, and are hashed and written while the processor still
    /// has them at hand: `make` gives the bytes of a job's files, in the order of its places. When it fails, so do the
    /// files of that job. The places of these jobs begin with those of `first`. Gives the rows that `commit` will tell of
    /// what was written, if it succeeds.
    pub fn write<J: Send>(
        &mut self,
        places: &Places<'_, '_>,
        first: usize,
        jobs: Vec<J>,
        make: impl Fn(J) -> io::Result<Vec<Vec<u8>>> + Sync,
    ) -> Vec<Published> {
        let folder = self.folder;
        let jobs = jobs.into_par_iter().enumerate().with_max_len(AT_MOST);
        let done: Vec<Vec<Done>> = jobs
            .map(|(job, what)| {
                let made = make(what);
                let spots = places.take(first + job).into_iter();
                match made {
                    Ok(bytes) => spots
                        .zip(bytes)
                        .map(|(spot, bytes)| spot.take_in(bytes, folder))
                        .collect(),
                    Err(error) => spots
                        .map(|spot: Spot| Done::Failed(spot.path, same_error(&error)))
                        .collect(),
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
                Done::Failed(path, error) => {
                    self.outcome.failed.push((path.to_string(), error));
                }
            }
        }
        let parts = self.staged[before..]
            .iter()
            .flat_map(|staged| &staged.parts);
        let rows: Vec<Published> = parts.map(|part| part.published.clone()).collect();
        if !self.lags {
            let bytes = rows.iter().map(|row| row.size);
            self.head_start.note(bytes, folder.dir());
        }
        rows
    }
}
