//! Files become rows of the index, many at a time.
//! In: files that are new or have changed. Out: their rows, and records of their entries; one batch is written while
//! the next is read.

use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::entries::{self, Entries, Made, OpenChunks};
use super::look::Changes;
use super::publish::TEACHERS;
use super::reader::{ReadOutcome, Reader};
use super::record::Record;
use super::wanted::Wanted;
use super::{Derived, Patience, Round};
use crate::catalog::{Catalog, CatalogError, Delta, Digested, Reading, Upserted};
use crate::model::{DateSource, Problem, Severity};
use crate::posts::Nearby;

/// Files read and written in one go: large enough for two cores, small enough for flat memory.
const BATCH: usize = 256;

/// The same where there are few: a batch takes memory that nothing else took before.
const SMALL_BATCH: usize = 64;

/// Batches that are worth their memory.
const BATCHES: usize = 32;

/// Files that a core reads before another may take some of what it has left: the last ones are waited for by all.
const AT_MOST: usize = 4;

/// Up to so many files, their problems are told one by one.
const FEW: usize = 10;

/// From so many files on, the catalog prepares for a long build.
const MANY: usize = 2_000;

/// Files of a long build after which the labels of their posts are written, all of a label together.
const SETTLED: usize = 16 * BATCH;

/// Files whose labels are written while a file is read, about: 2 to 3 µs and 25 to 40 µs here.
const PER_READ: usize = 8;

/// Files of one transaction of a long build: the longer it is, the fewer pages are written twice. What is lost with a
/// crash is read again.
const TOGETHER: usize = 256 * BATCH;

/// How long a transaction goes on where files come slowly: what a crash costs then is no more than this. In a daemon
/// others wait for its end, to write.
fn longest(patience: Patience) -> Duration {
    match patience {
        Patience::OneShot => Duration::from_secs(5),
        Patience::Daemon => Duration::from_millis(200),
    }
}

impl Derived {
    /// Reads files and writes them into the index, a batch at a time. In a run that ends after its round, the last of many
    /// files are in a transaction that goes on: whoever writes the feeds, or finds that there are none, commits it.
    pub(super) fn take_in(
        &mut self,
        mut changes: Changes,
        patience: Patience,
        now: i64,
        round: &mut Round,
    ) -> Result<(), CatalogError> {
        let total = changes.read.len();
        let mut read: Vec<(String, ReadOutcome)> = Vec::new();
        let mut sifted = Sifted::default();
        let batches = Batches::of(total, longest(patience));
        let is_many = batches.are_many();
        if is_many {
            let shown = self.config.feeds.limit;
            self.catalog.expect_many(shown, TEACHERS)?;
            self.catalog.begin()?;
            // Of what comes first it is known what later ones are no longer shown for.
            changes.read.last_first(SETTLED);
        }
        let feeds = &self.config.feeds;
        let room = entries::most(self.shape().formats());
        let wanted = Wanted::new(feeds.limit, feeds.min_age_hours, now, room);
        // A few posts would leave chunks all but empty.
        let open = is_many.then(|| self.entries.open());
        // While one batch is read on all cores, the one before it is written into the index.
        for (range, then) in batches {
            let done = range.end;
            let batch = changes.read.range(range);
            let Derived {
                reader,
                catalog,
                entries,
                ..
            } = self;
            let before = std::mem::take(&mut read);
            let (outcomes, kept) = rayon::join(
                || -> Vec<ReadOutcome> {
                    let make = |digested: &mut Digested| match wanted.wants(digested) {
                        true => make(reader, open.as_ref(), digested),
                        false => None,
                    };
                    let read = |file: &Nearby<'_>| reader.read_one(file, patience, now, make);
                    let files = Nearby::all(&batch);
                    files.par_iter().with_max_len(AT_MOST).map(read).collect()
                },
                || {
                    let before = sifted.sift(before);
                    wanted.note(before.0.iter().filter_map(|reading| reading.post.as_ref()));
                    open.iter().for_each(|open| entries.relieve(open));
                    keep(catalog, entries, before, then, now)
                },
            );
            self.remember(kept?, round);
            read = batch.into_iter().zip(outcomes).collect();
            self.tell("reading posts", done as u64, total as u64);
        }
        let Derived {
            catalog, entries, ..
        } = self;
        let last = sifted.sift(read);
        let is_told = total <= FEW;
        let mut found: Vec<Problem> = { last.0.iter().filter(|_| is_told) }
            .flat_map(|reading| &reading.problems)
            .filter(|problem| problem.severity > Severity::Note)
            .cloned()
            .collect();
        let mut kept = keep(catalog, entries, last, Then::GoOn, now)?;
        open.into_iter().for_each(|open| entries.close(open));
        found.extend(
            std::mem::take(&mut kept.delta.doubled)
                .into_iter()
                .filter(|_| is_told),
        );
        round.tell(found);
        self.remember(kept, round);
        if is_many {
            match patience {
                // The last transaction goes on until the first feeds are written: it ends meanwhile.
                Patience::OneShot => self.catalog.settle()?,
                // Others may want to write: they are not kept waiting while feeds are made.
                Patience::Daemon => self.catalog.commit()?,
            }
            self.catalog.many_done();
        }
        round.unsettled.append(&mut sifted.unsettled);
        if let Some(searched) = &mut self.searched {
            // Where a folder above is moved away and back, its own folder does not tell of it.
            sifted.gone.iter().for_each(|path| searched.doubt(path));
        }
        self.catalog.mark_missing(&sifted.gone, now)
    }

    fn remember(&mut self, mut kept: Kept, round: &mut Round) {
        kept.delta.doubled.clear();
        round.delta.merge(kept.delta);
        if let Some(undated) = &mut self.undated {
            undated.extend(kept.undated);
        }
    }
}

/// Files that gave no reading.
#[derive(Default)]
struct Sifted {
    unsettled: Vec<PathBuf>,
    gone: Vec<String>,
}

impl Sifted {
    /// Gives what the index takes in, with the entries that are kept.
    fn sift(&mut self, read: Vec<(String, ReadOutcome)>) -> (Vec<Reading>, Vec<Option<Made>>) {
        let mut readings = (Vec::with_capacity(read.len()), Vec::new());
        for (path, outcome) in read {
            match outcome {
                ReadOutcome::Read(reading, made) => {
                    readings.0.push(*reading);
                    readings.1.push(made);
                }
                ReadOutcome::Unsettled => self.unsettled.push(PathBuf::from(path)),
                ReadOutcome::Gone => self.gone.push(path),
            }
        }
        readings
    }
}

/// What is left of readings that were written into the index.
struct Kept {
    delta: Delta,
    /// Files whose posts go by when they were first seen, in seconds since 1970.
    undated: Vec<(String, i64)>,
}

/// What the index does with readings in a long build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// More of the same transaction.
    GoOn,
    /// The end of a transaction, and the next one.
    Commit,
    /// The labels of the posts so far; of the last ones, too: while more are read, the index does what it would do at
    /// the end.
    Settle,
}

/// The files of a round in batches, each with what the index does meanwhile with the one before it.
struct Batches {
    total: usize,
    /// Files of an everyday batch.
    size: usize,
    done: usize,
    /// Files since the last transaction began.
    since: usize,
    /// Files since labels were written.
    unsettled: usize,
    /// When the last transaction began, and how long it goes on.
    began: Instant,
    longest: Duration,
}

impl Batches {
    fn of(total: usize, longest: Duration) -> Self {
        Batches {
            total,
            // Below that each batch is a transaction.
            size: match total >= MANY {
                true => (total / BATCHES).clamp(SMALL_BATCH, BATCH),
                false => BATCH,
            },
            done: 0,
            since: 0,
            unsettled: 0,
            began: Instant::now(),
            longest,
        }
    }

    fn are_many(&self) -> bool {
        self.total >= MANY
    }

    /// The last files of a long build, read in batches that get smaller: what the index has left to do after the last
    /// of them, while nothing is read, is then little. The first of these batches is read while labels of up to `SETTLED`
    /// posts before it are written.
    fn tail(&self) -> usize {
        2 * self.size.max(self.total.min(SETTLED) / PER_READ)
    }
}

impl Iterator for Batches {
    type Item = (Range<usize>, Then);

    fn next(&mut self) -> Option<Self::Item> {
        let left = self.total - self.done;
        let then = match left {
            0 => return None,
            _ if !self.are_many() => Then::GoOn,
            left if left <= self.tail() => Then::Settle,
            _ if self.since >= TOGETHER => Then::Commit,
            _ if self.unsettled < SETTLED => Then::GoOn,
            _ if self.began.elapsed() >= self.longest => Then::Commit,
            _ => Then::Settle,
        };
        // Where the index has more to do, more is read meanwhile, or cores would wait for it.
        let size = match then {
            Then::GoOn => self.size.min(left),
            _ if left <= self.tail() => left.div_ceil(2),
            Then::Commit | Then::Settle => (3 * self.size).min(left - self.size),
        };
        self.unsettled = match then {
            Then::GoOn => self.unsettled + size,
            Then::Commit | Then::Settle => size,
        };
        if then == Then::Commit {
            (self.since, self.began) = (0, Instant::now());
        }
        self.since += size;
        let start = self.done;
        self.done += size;
        Some((start..self.done, then))
    }
}

/// Writes the record of a post.
fn make(reader: &Reader, open: Option<&OpenChunks>, digested: &mut Digested) -> Option<Made> {
    let about = reader.room_for(digested);
    let write = |out: &mut Vec<u8>| reader.record(digested, out);
    match open {
        Some(open) => open.write(about, write).map(Made::Among),
        None => Some(Made::Alone(Record::of(write))),
    }
}

/// Writes readings into the index, and remembers the entries of posts for which no other file stands.
fn keep(
    catalog: &mut Catalog,
    entries: &mut Entries,
    (readings, made): (Vec<Reading>, Vec<Option<Made>>),
    then: Then,
    now: i64,
) -> Result<Kept, CatalogError> {
    let Upserted { delta, keys } = catalog.upsert(&readings, now)?;
    for (key, made) in keys.iter().zip(made) {
        match (key, made) {
            (Some(key), Some(made)) => entries.keep(*key, made),
            (Some(key), None) => entries.forget(key),
            (None, _) => {}
        }
    }
    match then {
        Then::GoOn => {}
        Then::Commit => {
            catalog.commit()?;
            catalog.begin()?;
        }
        Then::Settle => catalog.settle()?,
    }
    let posts = readings.into_iter().filter_map(|reading| reading.post);
    let undated = posts.filter(|digested| digested.post.date_source == DateSource::FirstSeen);
    let undated = undated.map(|digested| {
        let seconds = digested.post.published.seconds();
        (digested.post.path.clone(), seconds)
    });
    Ok(Kept {
        delta,
        undated: undated.collect(),
    })
}

#[cfg(test)]
#[path = "intake_tests.rs"]
mod tests;
