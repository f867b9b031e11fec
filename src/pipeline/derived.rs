//! Everything that can be built again from the posts, and one round over it.
//! In: hints and the time. Out: an up-to-date catalog and feeds. No async here, and no precious data.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::behind::Lag;
use super::entries::Entries;
use super::lists::Listing;
use super::look::Changes;
use super::reader::Reader;
use super::shape::Shape;
use super::{Hint, Patience, Round};
use crate::catalog::{Catalog, CatalogError, Target};
use crate::config::{Config, ConfigError};
use crate::feeds::{self, Addresses};
use crate::http::Shelf;
use crate::model::{Follow, Label, Site};
use crate::posts::{self, watch::Writers};
use crate::publish::Folder;
use crate::topics::Matcher;

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
    /// Of a run that builds all anew: the search of its first look.
    pub(super) ahead: Option<posts::Ahead>,
    pub(super) reader: Reader,
    pub(super) catalog: Catalog,
    pub(super) folder: Folder,
    pub(super) lag: Lag,
    pub(super) shelf: Shelf,
    pub(super) config: Config,
    pub(super) entries: Entries,
    pub(super) progress: Option<Progress>,
    /// Who gets the files besides the folder.
    pub(super) targets: Vec<(Target, String)>,
    /// The folders of a full look, until every file that it found is in the catalog.
    pub(super) searched: Option<posts::Folders>,
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
    /// Feeds are being published; where they are not, the last time broke off.
    pub(super) has_broken_off: bool,
    /// Files whose posts go by when they were first seen, read since the catalog was asked for all of them.
    pub(super) undated: Option<BTreeMap<String, i64>>,
}

impl Derived {
    /// Opens the catalog and the publish folder. `first_seen` is what the store remembers of files without
    /// a usable date, in seconds since 1970. `patience` is that of the rounds; `progress` is told how far long work is.
    ///
    /// # Errors
    /// A wrong setting, or files that cannot be opened.
    pub fn open(
        config: &Config,
        matcher: Arc<Matcher>,
        first_seen: HashMap<String, i64>,
        patience: Patience,
        progress: Option<Progress>,
    ) -> Result<Self, DerivedError> {
        let roots = config.posts.roots();
        // A daemon looks once it watches, or what comes between the two would be missed.
        let is_new = !config.catalog.path.exists();
        let is_ahead = is_new && patience == Patience::OneShot;
        let ahead = is_ahead.then(|| posts::Ahead::begin(&roots)).flatten();
        let ways = Ways::of(config, matcher)?;
        let (reader, catalog) = ways.open(first_seen, is_new)?;
        let publish = |source| DerivedError::Publish {
            path: config.publish.dir.display().to_string(),
            source,
        };
        let folder = Folder::open(&config.publish.dir).map_err(publish)?;
        let var = config.catalog.path.parent();
        let var = var.filter(|folder| !folder.as_os_str().is_empty());
        let mut derived = Derived {
            roots,
            ahead,
            reader,
            catalog,
            folder: folder.with_copies(&config.publish.compress),
            lag: Lag::None,
            shelf: Shelf::new(config.publish.dir.clone()),
            config: config.clone(),
            entries: Entries::new(var.unwrap_or(Path::new("."))),
            progress,
            targets: super::owed::targets(config),
            searched: None,
            away: Vec::new(),
            vanished: Vec::new(),
            held: Vec::new(),
            said: BTreeSet::new(),
            learnt: HashMap::new(),
            tag_names: HashMap::new(),
            listed: None,
            has_broken_off: false,
            undated: None,
        };
        derived.recall_learnt()?;
        derived.stock_shelf()?;
        derived.catalog.serve(&derived.targets)?;
        Ok(derived)
    }

    /// What the index knows that labels learnt.
    pub(super) fn recall_learnt(&mut self) -> Result<(), CatalogError> {
        self.learnt.clear();
        for label in self.catalog.listing()? {
            // It may have learnt under another config.
            let learns = self.reader.shape.labels.learns(&label.follow);
            if let Some(learnt) = label.learnt.filter(|_| learns) {
                self.learnt.insert(label.follow, learnt);
            }
        }
        Ok(())
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

    /// Where feeds and pages are.
    pub fn addresses(&self) -> &Addresses {
        &self.shape().addresses
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
        self.searched = None;
        let mut changes = self.look(hint, patience, now, &mut round)?;
        self.catalog.mark_missing(&changes.gone, now)?;
        let mut troubled = self.catalog.upsert(&changes.troubles, now)?.delta;
        changes.read.extend(troubled.reread.drain(..));
        round.delta.merge(troubled);
        while !changes.read.is_empty() {
            self.take_in(changes, patience, now, &mut round)?;
            changes = Changes::of(std::mem::take(&mut round.delta.reread));
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
        let heirs = Changes::of(std::mem::take(&mut round.delta.reread));
        self.take_in(heirs, patience, now, &mut round)?;
        if let Some(mut searched) = self.searched.take() {
            // Files that were found, and are still not known.
            let unsettled = round.unsettled.iter().map(|path| path.to_string_lossy());
            unsettled.for_each(|path| searched.doubt(&path));
            self.catalog.keep_folders(&searched)?;
        }
        round.released = self.catalog.release_due(now)?;
        crate::crash::point("after-catalog");
        if !self.is_blind()? {
            self.publish(&mut round)?;
            self.drop_leftovers(&mut round)?;
        }
        self.entries.end_round();
        self.catalog.end_round(patience == Patience::Daemon)?;
        self.fall_in(patience, &mut round)?;
        Ok(round)
    }

    /// Writes the feeds that are marked, then histories.
    fn publish(&mut self, round: &mut Round) -> Result<(), CatalogError> {
        let published = self.publish_dirty(round);
        // Where no feed was written, what was read still waits for this.
        let committed = self.catalog.commit();
        published.and(committed)?;
        crate::crash::point("after-feeds");
        // After the feeds: they are what people wait for.
        self.publish_archives(round)
    }

    pub(super) fn tell(&self, what: &str, done: u64, total: u64) {
        if let Some(progress) = &self.progress {
            progress(what, done, total);
        }
    }
}

/// What decides how files are read, as the config says.
struct Ways<'a> {
    config: &'a Config,
    matcher: Arc<Matcher>,
    site: Site,
    labels: feeds::Labels,
}

impl<'a> Ways<'a> {
    fn of(config: &'a Config, matcher: Arc<Matcher>) -> Result<Self, DerivedError> {
        let wrong = |error: ConfigError| DerivedError::Settings(error.to_string());
        Ok(Ways {
            config,
            matcher,
            site: config.site().map_err(wrong)?,
            labels: config.labels().map_err(wrong)?,
        })
    }

    /// What files are read by, and the index of what is read; one that is new is made meanwhile.
    fn open(
        &self,
        first_seen: HashMap<String, i64>,
        is_new: bool,
    ) -> Result<(Reader, Catalog), DerivedError> {
        if !is_new {
            // A setting that is refused costs nobody an index.
            let reader = self.reader(first_seen)?;
            return Ok((reader, self.catalog()?));
        }
        // The index takes longer, and each core that looks for files is one less.
        let (catalog, reader) = rayon::join(|| self.catalog(), || self.reader(first_seen));
        let reader = reader.inspect_err(|_| Catalog::discard(&self.config.catalog.path))?;
        Ok((reader, catalog?))
    }

    /// What files are read by.
    fn reader(&self, first_seen: HashMap<String, i64>) -> Result<Reader, DerivedError> {
        let Ways { config, site, .. } = self;
        let rules = posts::Rules::new(&config.posts, site, config.naive_dates())
            .map_err(DerivedError::Settings)?;
        let addresses = Addresses::new(&config.feeds, site).map_err(DerivedError::Settings)?;
        let (site, labels) = (site.clone(), self.labels.clone());
        let (feeds, bot) = (config.feeds.clone(), config.telegram.bot.clone());
        Ok(Reader {
            rules,
            matcher: self.matcher.clone(),
            first_seen,
            budget: config.summary.budget,
            settle_ms: i64::try_from(config.posts.settle_ms).unwrap_or(0),
            writers: Arc::default(),
            shape: Arc::new(Shape::new(site, addresses, feeds, bot, labels)),
        })
    }

    /// The index of what is read in these ways; a new one where it was read in others.
    fn catalog(&self) -> Result<Catalog, CatalogError> {
        let Ways {
            config,
            matcher,
            site,
            labels,
        } = self;
        let fingerprint = format!(
            "{}|{}|{}|{}",
            posts::fingerprint(&config.posts, site, config.naive_dates()),
            matcher.fingerprint(),
            config.summary.budget,
            labels.fingerprint()
        );
        let mut catalog = Catalog::open(&config.catalog.path, &fingerprint)?;
        let topics: Vec<Label> = { matcher.topics() }
            .map(|topic| Label::topic(&topic.id))
            .collect();
        catalog.ensure_labels(&topics)?;
        catalog.ensure_labels(&labels.targets())?;
        Ok(catalog)
    }
}
