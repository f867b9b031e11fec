//! Files on their way to their places.
//! In: paths, and bytes that may be made only now. Out: the files beside their places, or in folders that are new as
//! they are; then all of them in place, durable but where they may lag, each one's fate told.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use rayon::iter::Either;
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
    staged: Vec<Staged>,
    /// Whether they may be, and the names in new folders are durable too.
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
            mut outcome,
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
        let (staged, named) = match (synced, one_by_one) {
            (Ok(()), true) => {
                let synced = staged.into_par_iter().map(|staged| match staged.sync() {
                    Ok(()) => Ok(staged),
                    Err(error) => Err((staged.path.to_string(), error)),
                });
                let (failed, staged): (Vec<_>, Vec<_>) = synced.partition_map(Either::from);
                outcome.failed.extend(failed);
                (staged, parents.sync_fresh())
            }
            (synced, _) => (staged, synced),
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
        if let Err(error) = named {
            let staged = staged.iter();
            let failed = staged.map(|staged| (staged.path.to_string(), same_error(&error)));
            outcome.failed.extend(failed);
            return outcome;
        }
        let whole = parents.place_fresh();
        let placed: Vec<(Arc<str>, io::Result<Vec<Published>>)> = staged
            .into_par_iter()
            .map(|staged| {
                let path = staged.path.clone();
                match whole.contains(split(&path).0) {
                    true => (path, Ok(staged.placed())),
                    false => (path, staged.place()),
                }
            })
            .collect();
        let lost = match lags {
            true => HashMap::new(),
            false => {
                let touched = placed.iter().map(|(path, _)| split(path).0);
                parents.sync_names(&touched.collect())
            }
        };
        outcome.written.reserve(placed.len());
        for (path, placed) in placed {
            let error = { lost.get(split(&path).0) }.map(same_error);
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
