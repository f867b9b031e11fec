//! Everything that can be built again from the posts, and one round over it.
//! In: hints and the time. Out: an up-to-date catalog and feeds. No async here, and no precious data.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::entries::{self, Entries};
use super::look::Changes;
use super::publish::Listing;
use super::reader::{ReadOutcome, Reader};
use super::shape::Shape;
use super::{Hint, Patience, Round};
use crate::catalog::{Catalog, CatalogError, Delta, Reading, Target};
use crate::config::Config;
use crate::feeds::Addresses;
use crate::http::Shelf;
use crate::model::{DateSource, Follow, Label, Site};
use crate::posts::{self, watch::Writers};
use crate::publish::Folder;
use crate::topics::Matcher;

/// Files read and written in one go: large enough for two cores, small enough for flat memory.
const BATCH: usize = 256;

/// From so many files on, the catalog prepares for a long build.
const MANY: usize = 2_000;

/// The last files of a long build, read in batches that get smaller: what the index has left to do after the last
/// of them, while nothing is read, is then little.
const LAST: usize = 2 * BATCH;

/// Files of one transaction of a long build; what is lost with a crash is read again.
const TOGETHER: usize = 16 * BATCH;

/// What keeps the derived half from starting.
#[derive(Debug, thiserror::Error)]
pub enum DerivedError {
    /// A setting that the rooms refuse.
    #[error("{0}")]
    Settings(String),
    /// The catalog's.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The feeds cannot be written where the config says.
    #[error("publish.dir {path}: {source}")]
    Publish {
        /// The folder.
        path: String,
        /// The system's words.
        source: std::io::Error,
    },
}

/// Told how far a long round is.
pub type Progress = Arc<dyn Fn(&str, u64, u64) + Send + Sync>;

/// The derived half of tagwire.
pub struct Derived {
    pub(super) roots: Vec<PathBuf>,
    pub(super) reader: Reader,
    pub(super) catalog: Catalog,
    pub(super) folder: Folder,
    pub(super) shelf: Shelf,
    pub(super) config: Config,
    pub(super) entries: Entries,
    pub(super) progress: Option<Progress>,
    /// Who gets the files besides the folder.
    pub(super) targets: Vec<(Target, String)>,
    /// Folders that the last full look could not look into.
    pub(super) away: Vec<PathBuf>,
    /// Folders in which the last full look found nothing where there was much.
    pub(super) vanished: Vec<PathBuf>,
    /// Folders whose missing posts are not forgotten.
    pub(super) held: Vec<PathBuf>,
    /// What was said about the folders and still holds.
    pub(super) said: BTreeSet<String>,
    /// What categories' own posts call them.
    pub(super) learnt: HashMap<Follow, String>,
    /// Names of tags by their numbers in the index, while feeds are written.
    pub(super) tag_names: HashMap<i64, Option<String>>,
    /// The feeds that the OPML file and the index page list, once these are written.
    pub(super) listed: Option<Listing>,
    /// Files whose posts go by when they were first seen, read since the catalog was asked for all of them.
    pub(super) undated: Option<BTreeMap<String, i64>>,
}

impl Derived {
    /// Opens the catalog and the publish folder. `first_seen` is what the store remembers of files without
    /// a usable date, in seconds since 1970.
    ///
    /// # Errors
    /// A wrong setting, or files that cannot be opened.
    pub fn open(
        config: &Config,
        matcher: Arc<Matcher>,
        first_seen: HashMap<String, i64>,
    ) -> Result<Self, DerivedError> {
        let site = config
            .site()
            .map_err(|error| DerivedError::Settings(error.to_string()))?;
        let rules = posts::Rules::new(&config.posts, &site, config.naive_dates())
            .map_err(DerivedError::Settings)?;
        let addresses = Addresses::new(&config.feeds, &site).map_err(DerivedError::Settings)?;
        let labels = config
            .labels()
            .map_err(|error| DerivedError::Settings(error.to_string()))?;
        let fingerprint = format!(
            "{}|{}|{}|{}",
            rules.fingerprint(),
            matcher.fingerprint(),
            config.summary.budget,
            labels.fingerprint()
        );
        let mut catalog = Catalog::open(&config.catalog.path, &fingerprint)?;
        let topics: Vec<Label> = matcher
            .topics()
            .map(|topic| Label::topic(&topic.id))
            .collect();
        catalog.ensure_labels(&topics)?;
        catalog.ensure_labels(&labels.targets())?;
        let publish = |source| DerivedError::Publish {
            path: config.publish.dir.display().to_string(),
            source,
        };
        let var = config.catalog.path.parent();
        let var = var.filter(|folder| !folder.as_os_str().is_empty());
        let folder = Folder::open(&config.publish.dir).map_err(publish)?;
        let folder = folder.with_copies(&config.publish.compress);
        let shelf = Shelf::new(config.publish.dir.clone());
        let mut derived = Derived {
            roots: config.posts.roots(),
            reader: Reader {
                rules,
                matcher,
                first_seen,
                budget: config.summary.budget,
                settle_ms: i64::try_from(config.posts.settle_ms).unwrap_or(0),
                writers: Arc::default(),
                shape: Arc::new(Shape::new(
                    site,
                    addresses,
                    config.feeds.clone(),
                    config.telegram.bot.clone(),
                    labels,
                )),
            },
            catalog,
            folder,
            shelf,
            config: config.clone(),
            entries: Entries::new(var.unwrap_or(Path::new("."))),
            progress: None,
            targets: super::owed::targets(config),
            away: Vec::new(),
            vanished: Vec::new(),
            held: Vec::new(),
            said: BTreeSet::new(),
            learnt: HashMap::new(),
            tag_names: HashMap::new(),
            listed: None,
            undated: None,
        };
        for label in derived.catalog.listing()? {
            if let Some(learnt) = label.learnt {
                derived.learnt.insert(label.follow, learnt);
            }
        }
        derived.stock_shelf()?;
        derived.catalog.serve(&derived.targets)?;
        Ok(derived)
    }

    /// Shows the progress of long rounds.
    pub fn with_progress(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
        self
    }

    /// What is published, for the server.
    pub fn shelf(&self) -> Shelf {
        self.shelf.clone()
    }

    /// The index.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The index, to mark posts as planned.
    pub fn catalog_mut(&mut self) -> &mut Catalog {
        &mut self.catalog
    }

    /// Files of labels that were given up on purpose: a server answers 410 for them.
    pub fn retired_files(&self) -> BTreeSet<String> {
        let shape = self.shape();
        { &shape.labels }.retired_files(&shape.addresses, &shape.settings)
    }

    /// The topics.
    pub fn matcher(&self) -> &Arc<Matcher> {
        &self.reader.matcher
    }

    /// The site.
    pub fn site(&self) -> &Site {
        &self.reader.shape.site
    }

    /// The files that are being written, for the watcher to keep up to date.
    pub fn writers(&self) -> Arc<Writers> {
        self.reader.writers.clone()
    }

    fn grace(&self) -> i64 {
        i64::try_from(self.config.posts.delete_grace_seconds).unwrap_or(i64::MAX / 2)
    }

    /// When the time alone changes something next, in seconds since 1970: a waiting post comes out, a
    /// missing one is forgotten.
    pub fn next_due(&self) -> Option<i64> {
        let out = self.catalog.next_due().ok().flatten();
        let gone = self.catalog.oldest_missing(&self.held).ok().flatten();
        let gone = gone.map(|since| since.saturating_add(self.grace()));
        out.into_iter().chain(gone).min()
    }

    /// One round: look, read, index, render, publish. `now` is seconds since 1970.
    ///
    /// # Errors
    /// The catalog's; what was not reached stays marked and is done by the next round.
    pub fn refresh(
        &mut self,
        hint: Hint,
        patience: Patience,
        now: i64,
    ) -> Result<Round, CatalogError> {
        let mut round = Round::default();
        // Of a round that broke off.
        self.catalog.roll_back();
        let mut changes = self.look(hint, patience, now, &mut round)?;
        self.catalog.mark_missing(&changes.gone, now)?;
        let mut troubled = self.catalog.upsert(&changes.troubles, now)?;
        changes.read.append(&mut troubled.reread);
        round.delta.merge(troubled);
        while !changes.read.is_empty() {
            self.take_in(&changes, patience, now, &mut round)?;
            changes = Changes::default();
            changes.read = std::mem::take(&mut round.delta.reread);
        }
        let before = now.saturating_sub(match patience {
            Patience::Daemon => self.grace(),
            Patience::OneShot => 0,
        });
        let oldest = self.catalog.oldest_missing(&[])?;
        self.held = match oldest.is_some_and(|since| since <= before) {
            true => self.held_back()?,
            false => Vec::new(),
        };
        let forgotten = self.catalog.forget_missing(before, &self.held)?;
        round.delta.merge(forgotten);
        self.say(&mut round)?;
        let heirs = std::mem::take(&mut round.delta.reread);
        let heirs = Changes {
            read: heirs,
            ..Changes::default()
        };
        self.take_in(&heirs, patience, now, &mut round)?;
        self.catalog.release_due(now)?;
        crate::crash::point("after-catalog");
        self.publish_dirty(&mut round)?;
        crate::crash::point("after-feeds");
        // After the feeds: they are what people wait for.
        self.publish_archives(&mut round)?;
        self.entries.end_round();
        Ok(round)
    }

    /// Reads files and writes them into the index, a batch at a time.
    fn take_in(
        &mut self,
        changes: &Changes,
        patience: Patience,
        now: i64,
        round: &mut Round,
    ) -> Result<(), CatalogError> {
        let total = changes.read.len();
        let mut done = 0;
        let mut read: Vec<(&String, ReadOutcome)> = Vec::new();
        let mut sifted = Sifted::default();
        let is_many = total >= MANY;
        if is_many {
            self.catalog.expect_many()?;
            self.catalog.begin()?;
        }
        // Of more posts than there is room for, the last are kept: file names begin with the date.
        let passed_over = total.saturating_sub(entries::most(self.shape().formats()));
        let mut since = 0;
        // While one batch is read on all cores, the one before it is written into the index.
        while done < total {
            let then = match total - done {
                left if is_many && left <= LAST => Then::Settle,
                _ if is_many && since >= TOGETHER => Then::Commit,
                _ => Then::GoOn,
            };
            // Where the index has more to do, more is read meanwhile, or cores would wait for it.
            let size = match then {
                Then::GoOn => BATCH,
                Then::Commit => 3 * BATCH,
                Then::Settle => (total - done).div_ceil(2),
            };
            let batch = &changes.read[done..total.min(done + size)];
            since = match then {
                Then::Commit => batch.len(),
                _ => since + batch.len(),
            };
            let is_kept = done + batch.len() > passed_over;
            let Derived {
                reader,
                catalog,
                entries,
                ..
            } = self;
            let before = std::mem::take(&mut read);
            let (outcomes, kept) = rayon::join(
                || -> Vec<ReadOutcome> {
                    let read = |path: &String| reader.read_one(path, patience, now, is_kept);
                    batch.par_iter().map(read).collect()
                },
                || keep(catalog, sifted.sift(before, entries), then, now),
            );
            self.remember(kept?, round);
            read = batch.iter().zip(outcomes).collect();
            done += batch.len();
            self.tell("reading posts", done as u64, total as u64);
        }
        let readings = sifted.sift(read, &mut self.entries);
        let kept = keep(&mut self.catalog, readings, Then::GoOn, now)?;
        self.remember(kept, round);
        if is_many {
            self.catalog.commit()?;
            self.catalog.many_done()?;
        }
        round.unsettled.append(&mut sifted.unsettled);
        self.catalog.mark_missing(&sifted.gone, now)
    }

    fn remember(&mut self, kept: Kept, round: &mut Round) {
        round.delta.merge(kept.delta);
        if let Some(undated) = &mut self.undated {
            undated.extend(kept.undated);
        }
    }

    pub(super) fn tell(&self, what: &str, done: u64, total: u64) {
        if let Some(progress) = &self.progress {
            progress(what, done, total);
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
    /// Remembers entries, and gives what the index takes in.
    fn sift(&mut self, read: Vec<(&String, ReadOutcome)>, entries: &mut Entries) -> Vec<Reading> {
        let mut readings = Vec::with_capacity(read.len());
        for (path, outcome) in read {
            match outcome {
                ReadOutcome::Read(reading, record) => {
                    record.iter().for_each(|record| entries.put(record));
                    readings.push(*reading);
                }
                ReadOutcome::Unsettled => self.unsettled.push(PathBuf::from(path)),
                ReadOutcome::Gone => self.gone.push(path.clone()),
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

/// What follows readings in a long build.
enum Then {
    /// More of the same transaction.
    GoOn,
    /// The end of a transaction, and the next one.
    Commit,
    /// Some of the last readings: while more are made, the index does what it would do at the end.
    Settle,
}

/// Writes readings into the index.
fn keep(
    catalog: &mut Catalog,
    readings: Vec<Reading>,
    then: Then,
    now: i64,
) -> Result<Kept, CatalogError> {
    let delta = catalog.upsert(&readings, now)?;
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
