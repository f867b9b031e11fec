//! Dirty feeds become files.
//! In: labels that the catalog marked. Out: files in the publish folder, marks taken back, the shelf restocked.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;

use rayon::prelude::*;

use super::entries::{Entries, Record, Shown};
use super::shape::{Outline, Shape};
use super::{Derived, Round};
use crate::catalog::{CatalogError, PostKey, Slot};
use crate::feeds;
use crate::model::{Follow, LabelKind};
use crate::publish::{Outcome, Published, Rendered, Spots, Staging, Writer};

/// Feeds rendered at a time: bounds memory, keeps two cores busy.
const BATCH: usize = 64;
/// The oldest posts of a category that say what it is called: few, so that it is settled soon.
const TEACHERS: usize = 20;
/// Feeds put in place at a time: bounds how long new bytes wait for their names.
const GROUP: usize = 4096;

/// Orders the lists of feeds.
type Place = (u8, String);
/// What the lists of feeds hold, with display names.
pub(super) type Listing = BTreeMap<Place, (Follow, String)>;

/// Feeds, or pages of histories, that can be rendered.
#[derive(Default)]
pub(super) struct Ready {
    pub outlines: Vec<Outline>,
    /// What each of them shows.
    pub slots: Vec<Vec<Slot>>,
    /// Entries that were not remembered.
    news: HashMap<PostKey, Record>,
    /// Posts whose files could not be read just now: their stand-ins are not remembered.
    unread: HashSet<PostKey>,
}

impl Ready {
    /// Those whose every post could be read; the others stay dirty.
    pub fn complete(&self) -> impl Iterator<Item = &Follow> {
        let is_whole = |slots: &[Slot]| !slots.iter().any(|slot| self.unread.contains(&slot.key));
        let both = self.outlines.iter().zip(&self.slots);
        both.filter(move |(_, slots)| is_whole(slots))
            .map(|(outline, _)| &outline.follow)
    }

    /// Renders everything, and writes what has changed beside its place.
    pub fn write(&self, shape: &Shape, entries: &Entries, spots: Spots, writer: &mut Writer<'_>) {
        let jobs = self.outlines.iter().zip(&self.slots);
        writer.write(spots, jobs.collect(), |(outline, slots)| {
            let shown: io::Result<Vec<Shown<'_>>> = { slots.iter() }
                .map(|slot| {
                    let new = self.news.get(&slot.key).and_then(Record::shown);
                    let shown = new.or_else(|| entries.get(&slot.key));
                    shown.ok_or_else(|| io::Error::other("an entry cannot be read again"))
                })
                .collect();
            Ok(shape.bytes(outline, &shown?))
        });
    }

    /// Leaves what was read to the next ones; stand-ins go.
    pub fn into_memory(self, entries: &mut Entries) {
        let read = self.news.into_iter();
        read.filter(|(key, _)| !self.unread.contains(key))
            .for_each(|(key, record)| entries.put(key, &record));
    }
}

impl Derived {
    /// Fills the shelf with what was published before, and marks everything dirty when a file was changed
    /// or removed by somebody else.
    pub(super) fn stock_shelf(&mut self) -> Result<(), CatalogError> {
        let published = self.catalog.published()?;
        let folder = &self.folder;
        let intact = published.par_iter().all(|file| folder.is_intact(file));
        self.shelf.put_all(&published);
        let shape = self.feed_shape();
        if !intact || self.catalog.noted("feed_shape")?.as_deref() != Some(&shape) {
            self.catalog.mark_all_dirty()?;
            self.drop_foreign_archives(&published)?;
            self.drop_unwanted_copies(&published)?;
            self.drop_unwanted_forms(&published)?;
            self.catalog.note("feed_shape", &shape)?;
        }
        Ok(())
    }

    /// Takes away the feeds of formats that the config does not ask for any more, and the pages likewise: nobody
    /// would keep them up to date.
    fn drop_unwanted_forms(&mut self, published: &[Published]) -> Result<(), CatalogError> {
        let settings = &self.config.feeds;
        let off = feeds::Format::ALL
            .into_iter()
            .filter(|format| !settings.formats.contains(format));
        let off: Vec<feeds::Format> = off.collect();
        let mut unwanted: BTreeSet<String> = BTreeSet::new();
        let mut take = |follow: &Follow| {
            unwanted.extend(
                off.iter()
                    .map(|format| self.reader.shape.addresses.file(follow, *format)),
            );
            // The site's page is the index, which is always there.
            if !settings.pages && *follow != Follow::Site {
                unwanted.insert(self.reader.shape.addresses.page_file(follow));
            }
        };
        for follow in self.catalog.follows()? {
            if let Follow::Label(label) = &follow {
                let aliases = self.reader.shape.labels.aliases_of(label);
                aliases.for_each(|old| take(&Follow::Label(old.clone())));
            }
            take(&follow);
        }
        let paths = published.iter().map(|file| file.path.clone());
        let gone = paths.filter(|path| unwanted.contains(path)).collect();
        self.unpublish(gone, &mut Round::default())
    }

    /// Everything besides the posts that shapes the bytes of feeds.
    fn feed_shape(&self) -> String {
        format!(
            "{}|{:?}|{:?}|{:?}|{:?}|{:?}|{}",
            env!("CARGO_PKG_VERSION"),
            self.reader.shape.site,
            self.config.feeds,
            self.config.labels,
            self.config.telegram.bot,
            self.config.publish.compress,
            self.folder.dir().display()
        )
    }

    /// Renders what is dirty a batch at a time, and puts it in place many batches at a time: bytes in
    /// memory stay few, and the disk is synced seldom.
    pub(super) fn publish_dirty(&mut self, round: &mut Round) -> Result<(), CatalogError> {
        // Feeds are written from the entries while the index is asked for the next ones.
        let mut entries = self.entries.take();
        let done = self.publish_from(&mut entries, round);
        self.tag_names.clear();
        self.entries = entries;
        done
    }

    fn publish_from(
        &mut self,
        entries: &mut Entries,
        round: &mut Round,
    ) -> Result<(), CatalogError> {
        let (retired, dirty): (Vec<Follow>, Vec<Follow>) = self
            .catalog
            .dirty()?
            .into_iter()
            .partition(|follow| self.shape().labels.is_retired(follow));
        self.retire(&retired, round)?;
        let mut relisted = false;
        let total = dirty.len() as u64;
        let mut done = 0;
        let shape = self.reader.shape.clone();
        let shelf = self.shelf.clone();
        let known = |path: &str| shelf.get(path);
        let mut batches = dirty.chunks(BATCH);
        let mut ready = self.prepare(entries, batches.next())?;
        for group in dirty.chunks(GROUP) {
            let folder = self.folder.clone();
            let mut staging = folder.stage();
            let mut complete = Vec::with_capacity(group.len());
            let mut listed = None;
            let paths = |batch: &[Follow]| batch.iter().map(|follow| shape.paths(follow)).collect();
            let first = group.get(..BATCH.min(group.len())).unwrap_or_default();
            let mut spots = staging.halves().0.find(paths(first), &known);
            for (number, batch) in group.chunks(BATCH).enumerate() {
                for (outline, slots) in ready.outlines.iter().zip(&ready.slots) {
                    relisted |= self.relist(&outline.follow, !slots.is_empty());
                }
                // What was remembered when this batch was made ready may have left the memory since.
                self.load(entries, &mut ready)?;
                done += batch.len() as u64;
                // A crash, or a write that failed, may have left the page behind the feeds that it lists.
                let is_listing = done == total && (relisted || self.listed.is_none());
                // After the last of a group it is empty: the next group is another staging's.
                let next = group.chunks(BATCH).nth(number + 1).unwrap_or_default();
                let (finder, writer) = staging.halves();
                let (_, (coming, found)) = rayon::join(
                    || ready.write(&shape, entries, std::mem::take(&mut spots), writer),
                    || {
                        rayon::join(
                            || {
                                let coming = self.prepare(entries, batches.next())?;
                                let listing =
                                    is_listing.then(|| self.take_listing()).transpose()?;
                                let listing =
                                    listing.map(|listing| (self.directory(&listing), listing));
                                Ok::<_, CatalogError>((coming, listing))
                            },
                            || finder.find(paths(next), &known),
                        )
                    },
                );
                let (coming, listing) = coming?;
                spots = found;
                complete.extend(ready.complete().cloned());
                let written = std::mem::replace(&mut ready, coming);
                written.into_memory(entries);
                if let Some((rendered, listing)) = listing {
                    staging.add(rendered, &known);
                    listed = Some(listing);
                }
                self.tell("writing feeds", done, total);
            }
            // Nobody reads the file again, so it need not reach the disk with what is synced now.
            if done == total && !shape.settings.archives.any() {
                entries.end_round();
            }
            self.put_in_place(staging, &complete, listed, round)?;
        }
        if dirty.is_empty() && self.listed.is_none() {
            let listing = self.take_listing()?;
            let outcome = self.folder.publish(self.directory(&listing), &known);
            self.record_with(outcome, &[], Some(listing), round)?;
        }
        Ok(())
    }

    /// The feeds of a batch with all that they show; of none, when there is no batch.
    fn prepare(
        &mut self,
        entries: &Entries,
        batch: Option<&[Follow]>,
    ) -> Result<Ready, CatalogError> {
        let batch = batch.unwrap_or_default();
        self.learn(batch)?;
        let (limit, hours) = (self.config.feeds.limit, self.config.feeds.min_age_hours);
        let mut ready = Ready {
            slots: self.catalog.newest_slots(batch, limit, hours)?,
            ..Ready::default()
        };
        for (follow, slots) in batch.iter().zip(&ready.slots) {
            ready.outlines.push(Outline {
                follow: follow.clone(),
                title: self.title(follow),
                history: self.newest_archive(follow, slots)?,
                page: None,
            });
        }
        self.load(entries, &mut ready)?;
        Ok(ready)
    }

    pub(super) fn shape(&self) -> &Shape {
        &self.reader.shape
    }

    /// What the lists of feeds hold: every label that has posts, and every topic.
    fn listing(&self) -> Result<Listing, CatalogError> {
        let labels = self.catalog.listing()?;
        let shown = labels
            .into_iter()
            .filter(|label| self.is_listed(&label.follow, label.has_posts));
        Ok(shown
            .map(|label| {
                let title = self.title(&label.follow);
                (place(&label.follow), (label.follow, title))
            })
            .collect())
    }

    fn is_listed(&self, follow: &Follow, has_posts: bool) -> bool {
        let by_config = match follow {
            Follow::Site => true,
            Follow::Label(label) => label.kind == LabelKind::Topic,
        };
        (has_posts || by_config) && !self.reader.shape.labels.is_retired(follow)
    }

    /// Takes a feed into the list, or out of it; true when that makes it another list.
    fn relist(&mut self, follow: &Follow, has_posts: bool) -> bool {
        let is_listed = self.is_listed(follow, has_posts);
        let title = self.title(follow);
        let Some(listed) = &mut self.listed else {
            return false;
        };
        if !is_listed {
            return listed.remove(&place(follow)).is_some();
        }
        let entry = (follow.clone(), title);
        listed.insert(place(follow), entry.clone()) != Some(entry)
    }

    fn take_listing(&mut self) -> Result<Listing, CatalogError> {
        match self.listed.take() {
            Some(listing) => Ok(listing),
            None => self.listing(),
        }
    }

    /// The OPML file and the page for people: they change when a label appears, goes or is renamed.
    fn directory(&self, listing: &Listing) -> Vec<Rendered> {
        let feeds: Vec<(Follow, String)> = listing.values().cloned().collect();
        let Shape {
            site,
            addresses,
            settings,
            ..
        } = self.shape();
        let file = |address: &str| address.trim_start_matches('/').to_owned();
        let bot = self.config.telegram.bot.as_deref();
        let (opml, (index, readings)) = rayon::join(
            || feeds::opml(site, addresses, settings, &feeds),
            || {
                rayon::join(
                    || feeds::index_page(site, addresses, settings, bot, &feeds),
                    || settings.pages.then(|| feeds::readings(&feeds)),
                )
            },
        );
        let lists = [(file(&settings.opml), opml), (file(&settings.index), index)];
        let readings = readings.map(|bytes| (feeds::READINGS.to_owned(), bytes));
        let mut rendered: Vec<Rendered> = { lists.into_iter().chain(readings) }
            .map(|(path, bytes)| Rendered { path, bytes })
            .collect();
        rendered.extend(feeds::assets(site).map(|(path, text)| Rendered {
            path: path.to_owned(),
            bytes: text.into_bytes(),
        }));
        rendered
    }

    /// Gives what was written its place. The index notes it meanwhile, and takes that back if something fails: the
    /// disk is waited for anyway.
    fn put_in_place(
        &mut self,
        staging: Staging<'_>,
        follows: &[Follow],
        listing: Option<Listing>,
        round: &mut Round,
    ) -> Result<(), CatalogError> {
        let Some(hoped) = staging.hoped() else {
            self.catalog.commit()?;
            return self.record_with(staging.commit(), follows, listing, round);
        };
        let news = self.news(hoped.written.into_iter().chain(hoped.unchanged));
        let owed = self.owed_for(&news);
        let catalog = &mut self.catalog;
        let (outcome, noted) = rayon::join(
            || staging.commit(),
            || {
                // What was read stays, whatever becomes of the files.
                catalog.commit()?;
                catalog.begin()?;
                catalog.mark_published(follows, &news, &owed)
            },
        );
        if noted.is_err() || !outcome.failed.is_empty() {
            self.catalog.roll_back();
            noted?;
            return self.record_with(outcome, follows, listing, round);
        }
        // The files are there, whatever becomes of the index.
        self.shelf.put_all(&news);
        self.catalog.commit()?;
        round.written += outcome.written.len();
        round.unchanged += outcome.unchanged.len();
        self.listed = listing.or(self.listed.take());
        Ok(())
    }

    /// Those of these files that are not known to be so.
    fn news(&self, files: impl Iterator<Item = Published>) -> Vec<Published> {
        files
            .filter(|file| self.shelf.get(&file.path).as_ref() != Some(file))
            .collect()
    }

    /// Records what was written of feeds and, where there is one, of the list of them; the one does not wait for
    /// the other.
    fn record_with(
        &mut self,
        mut outcome: Outcome,
        follows: &[Follow],
        listing: Option<Listing>,
        round: &mut Round,
    ) -> Result<(), CatalogError> {
        if let Some(listing) = listing {
            let paths: HashSet<String> = { self.directory_files().into_iter() }.collect();
            let (lists, feeds) = { std::mem::take(&mut outcome.failed) }
                .into_iter()
                .partition::<Vec<_>, _>(|(path, _)| paths.contains(path));
            outcome.failed = feeds;
            let is_whole = lists.is_empty();
            let told = lists.into_iter();
            { &mut round.failed }.extend(told.map(|(path, error)| (path, error.to_string())));
            self.listed = is_whole.then_some(listing);
        }
        self.record(outcome, follows, round).map(|_| ())
    }

    fn directory_files(&self) -> Vec<String> {
        let addresses = &self.shape().addresses;
        let mut files = vec![
            addresses.opml_file().to_owned(),
            addresses.index_file().to_owned(),
            feeds::READINGS.to_owned(),
        ];
        let assets = feeds::assets(self.site()).into_iter();
        files.extend(assets.map(|(path, _)| path.to_owned()));
        files
    }

    /// Takes the feeds of retired labels away.
    fn retire(&mut self, follows: &[Follow], round: &mut Round) -> Result<(), CatalogError> {
        for follow in follows {
            let files = self
                .reader
                .shape
                .addresses
                .files(&self.config.feeds, follow);
            self.unpublish(files, round)?;
        }
        self.catalog.mark_published(follows, &[], &[])
    }

    /// Asks the oldest posts of categories what they call them.
    fn learn(&mut self, follows: &[Follow]) -> Result<(), CatalogError> {
        let mut news = Vec::new();
        for follow in follows {
            let Follow::Label(label) = follow else {
                continue;
            };
            if !self.reader.shape.labels.learns(follow) {
                continue;
            }
            let tags = self
                .catalog
                .oldest_tags(follow, TEACHERS, &mut self.tag_names)?;
            let learnt = feeds::learnt_name(&label.name, &tags);
            if self.learnt.get(follow) == learnt.as_ref() {
                continue;
            }
            match &learnt {
                Some(name) => self.learnt.insert(follow.clone(), name.clone()),
                None => self.learnt.remove(follow),
            };
            news.push((follow.clone(), learnt));
        }
        match news.is_empty() {
            true => Ok(()),
            false => self.catalog.keep_learnt(&news),
        }
    }

    /// Records what was written, and that these feeds are up to date; false when a file failed: then
    /// they stay dirty and are rendered again.
    pub(super) fn record(
        &mut self,
        outcome: Outcome,
        follows: &[Follow],
        round: &mut Round,
    ) -> Result<bool, CatalogError> {
        round.written += outcome.written.len();
        round.unchanged += outcome.unchanged.len();
        let complete = outcome.failed.is_empty();
        for (path, error) in outcome.failed {
            round.failed.push((path, error.to_string()));
        }
        let news = self.news(outcome.written.into_iter().chain(outcome.unchanged));
        let owed = self.owed_for(&news);
        self.shelf.put_all(&news);
        let done = if complete { follows } else { &[] };
        self.catalog.mark_published(done, &news, &owed)?;
        Ok(complete)
    }

    /// Reads the posts that are shown and not remembered.
    pub(super) fn load(&self, entries: &Entries, ready: &mut Ready) -> Result<(), CatalogError> {
        let keys = ready.slots.iter().flatten().map(|slot| slot.key);
        let mut unknown: Vec<PostKey> = keys
            .filter(|key| !entries.has(key) && !ready.news.contains_key(key))
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        if unknown.is_empty() {
            return Ok(());
        }
        let rows = self.catalog.fill(&unknown)?;
        if rows.len() < unknown.len() {
            // A label's row without its post: only a damaged page leaves one.
            let there: HashSet<PostKey> = rows.iter().map(|(key, _)| *key).collect();
            let is_there = |slot: &Slot| there.contains(&slot.key) || !unknown.contains(&slot.key);
            ready
                .slots
                .iter_mut()
                .for_each(|slots| slots.retain(is_there));
        }
        let reader = &self.reader;
        let loaded: Vec<(Record, bool)> = rows
            .par_iter()
            .map(|(_, row)| match reader.load_one(row) {
                Some(record) => (record, true),
                None => (reader.stand_in(row), false),
            })
            .collect();
        for ((key, _), (record, is_read)) in rows.into_iter().zip(loaded) {
            if !is_read {
                ready.unread.insert(key);
            }
            ready.news.insert(key, record);
        }
        Ok(())
    }

    /// What people call a feed.
    pub fn title(&self, follow: &Follow) -> String {
        match follow {
            Follow::Site => self.reader.shape.site.title.clone(),
            Follow::Label(label) if label.kind == LabelKind::Topic => self
                .reader
                .matcher
                .title_of(&label.name)
                .unwrap_or(&label.name)
                .to_owned(),
            Follow::Label(label) => {
                let known = self.reader.shape.labels.name_of(label);
                let learnt = || self.learnt.get(follow).map(String::as_str);
                known.or_else(learnt).unwrap_or(&label.name).to_owned()
            }
        }
    }

    /// The same without what was learnt from posts: a page of a history hangs on the posts of its own period.
    pub(super) fn settled_title(&self, follow: &Follow) -> String {
        match follow {
            Follow::Label(label) if self.learnt.contains_key(follow) => label.name.clone(),
            follow => self.title(follow),
        }
    }
}

/// Where a feed stands in the lists of feeds: the site, topics, categories, tags.
fn place(follow: &Follow) -> Place {
    match follow {
        Follow::Site => (0, String::new()),
        Follow::Label(label) => {
            let rank = match label.kind {
                LabelKind::Topic | LabelKind::Words => 1,
                LabelKind::Category => 2,
                LabelKind::Tag => 3,
            };
            (rank, label.name.clone())
        }
    }
}
