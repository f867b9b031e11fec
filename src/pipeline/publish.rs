//! Dirty feeds become files.
//! In: labels that the catalog marked. Out: files in the publish folder, marks taken back, the shelf restocked.

use std::collections::{HashMap, HashSet};
use std::io;

use rayon::prelude::*;

use super::entries::Entries;
use super::lists::Listing;
use super::place::Placed;
use super::record::{Record, Shown};
use super::shape::{Outline, Shape};
use super::{Derived, Round};
use crate::catalog::{CatalogError, PostKey, Slot};
use crate::feeds;
use crate::model::{Follow, LabelKind};
use crate::publish::{Places, Published, Writer};

/// Files of feeds rendered at a time: bounds memory, keeps two cores busy.
const FILES: usize = 64;
/// The oldest posts of a category that say what it is called: few, so that it is settled soon.
pub(super) const TEACHERS: usize = 20;
/// Feeds put in place at a time: bounds how long new bytes wait for their names.
const GROUP: usize = 4096;

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

/// How far a round has come with its feeds.
struct Run<'a> {
    entries: &'a mut Entries,
    /// What is written next.
    ready: Ready,
    lists: Lists,
    /// Feeds written, and being written.
    done: usize,
    total: usize,
}

/// The lists of feeds in a round.
struct Lists {
    /// A feed came into them, left them, or has another name; or a crash, or a write that failed, may have left them behind
    /// the feeds that they list.
    have_changed: bool,
    /// What they hold.
    listing: Option<Listing>,
}

impl Ready {
    /// Those whose every post could be read; the others stay dirty.
    pub fn complete(&self) -> impl Iterator<Item = &Follow> {
        let is_whole = |slots: &[Slot]| !slots.iter().any(|slot| self.unread.contains(&slot.key));
        let both = self.outlines.iter().zip(&self.slots);
        both.filter(move |(_, slots)| is_whole(slots))
            .map(|(outline, _)| &outline.follow)
    }

    /// Renders everything, and writes what has changed beside its place: the places of `first` and those after it. Gives
    /// the rows of what was written.
    pub fn write(
        &self,
        shape: &Shape,
        entries: &Entries,
        (places, first): (&Places<'_, '_>, usize),
        writer: &mut Writer<'_>,
    ) -> Vec<Published> {
        let jobs = self.outlines.iter().zip(&self.slots);
        writer.write(places, first, jobs.collect(), |(outline, slots)| {
            let shown: io::Result<Vec<Shown<'_>>> = { slots.iter() }
                .map(|slot| {
                    let new = self.news.get(&slot.key).and_then(Record::shown);
                    let shown = new.or_else(|| entries.get(&slot.key));
                    shown.ok_or_else(|| io::Error::other("an entry cannot be read again"))
                })
                .collect();
            Ok(shape.bytes(outline, &shown?))
        })
    }

    /// Leaves what was read to the next ones; stand-ins go.
    pub fn into_memory(self, entries: &mut Entries) {
        let read = self.news.into_iter();
        read.filter(|(key, _)| !self.unread.contains(key))
            .for_each(|(key, record)| entries.put(key, &record));
    }
}

impl Derived {
    /// Renders what is dirty a batch at a time, and puts it in place many batches at a time: bytes in
    /// memory stay few, and the disk is synced seldom.
    pub(super) fn publish_dirty(&mut self, round: &mut Round) -> Result<(), CatalogError> {
        // Somebody took all of it away; what cannot be made is told file by file.
        if self.is_taken_away() && self.folder.make().is_ok() {
            self.catalog.mark_all_dirty()?;
            self.listed = None;
        }
        if std::mem::replace(&mut self.has_broken_off, true) {
            // What was learnt then was taken back with the rest.
            self.recall_learnt()?;
        }
        // Feeds are written from the entries while the index is asked for the next ones.
        let mut entries = self.entries.take();
        let done = self.publish_from(&mut entries, round);
        self.has_broken_off = done.is_err();
        self.tag_names.clear();
        self.entries = entries;
        done
    }

    /// Whether the folder is gone, or the site's feed in it.
    fn is_taken_away(&self) -> bool {
        let dir = self.folder.dir();
        let feeds = self.shape().paths(&Follow::Site);
        let is_gone = |path: &String| self.shelf.get(path).is_some() && !dir.join(path).exists();
        !dir.is_dir() || feeds.iter().any(is_gone)
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
        let dirty = self.without_unseen(dirty)?;
        if dirty.is_empty() {
            return match self.listed {
                Some(_) => Ok(()),
                None => self.publish_lists(round),
            };
        }
        // Whoever writes the lists, or finds them as they were, gives it back.
        let listed = self.listed.take();
        let mut run = Run {
            ready: Ready::default(),
            entries,
            lists: Lists {
                have_changed: listed.is_none(),
                listing: listed,
            },
            done: 0,
            total: dirty.len(),
        };
        let mut groups = dirty.chunks(GROUP).peekable();
        while let Some(group) = groups.next() {
            let (after, _) = self.batch_of(groups.peek().copied().unwrap_or_default());
            self.publish_group(group, after, &mut run, round)?;
        }
        Ok(())
    }

    /// A label that no reader has seen yet tells nobody what its first post is about before that is out.
    fn without_unseen(&mut self, dirty: Vec<Follow>) -> Result<Vec<Follow>, CatalogError> {
        // In a new index each label has a post.
        if self.shelf.is_empty() && !self.catalog.has_hidden()? {
            return Ok(dirty);
        }
        let shape = self.reader.shape.clone();
        let targets = shape.labels.targets();
        // A file of an index before this one was seen, too.
        let is_there =
            |path: &String| self.shelf.get(path).is_some() || self.folder.dir().join(path).exists();
        let (mut seen, mut unseen) = (Vec::with_capacity(dirty.len()), Vec::new());
        for follow in dirty {
            let is_new = match &follow {
                Follow::Label(label) => {
                    matches!(label.kind, LabelKind::Category | LabelKind::Tag)
                        && !targets.contains(label)
                        && !shape.paths(&follow).iter().any(is_there)
                }
                Follow::Site => false,
            };
            match is_new && !self.catalog.has_live(&follow)? {
                true => unseen.push(follow),
                false => seen.push(follow),
            }
        }
        self.catalog.mark_published(&unseen, &[], &[])?;
        Ok(seen)
    }

    /// Writes feeds, of which those after the first group have a batch that is ready, and puts them in place. The batch
    /// after them is ready then.
    fn publish_group(
        &mut self,
        group: &[Follow],
        after: &[Follow],
        run: &mut Run<'_>,
        round: &mut Round,
    ) -> Result<(), CatalogError> {
        let (shape, shelf) = (self.reader.shape.clone(), self.shelf.clone());
        let folder = self.folder.clone();
        let known = |path: &str| shelf.get(path);
        let paths = |feed: usize| shape.paths(&group[feed]);
        let mut staging = folder.stage(self.lag.is_first());
        let (finder, writer) = staging.halves();
        let places = finder.places(group.len(), &paths, &known);
        let mut complete = Vec::with_capacity(group.len());
        // Rows of written files: those that are noted, all before the last batch, and those of the last batch.
        let (mut noted, mut before, mut written) = (0, 0, Vec::new());
        let done = rayon::in_place_scope(|cores| {
            let (mut batch, mut rest) = self.batch_of(group);
            places.run_ahead(cores);
            if run.done == 0 {
                self.make_first_ready(run, batch)?;
            }
            while !batch.is_empty() {
                places.run_ahead(cores);
                let is_first = run.done == 0;
                let begins = group.len() - rest.len() - batch.len();
                // What was remembered when this batch was made ready may have left the memory since.
                self.load(run.entries, &mut run.ready)?;
                run.done += batch.len();
                let (next, later) = self.batch_of(rest);
                let coming = if next.is_empty() { after } else { next };
                let (entries, ready, lists) = (&*run.entries, &run.ready, &mut run.lists);
                let last = std::mem::take(&mut written);
                let (rows, coming) = rayon::join(
                    || ready.write(&shape, entries, (&places, begins), writer),
                    || {
                        if is_first {
                            // What was read, while there is work for the other core.
                            self.catalog.commit_so_far()?;
                        } else if noted == before && self.note_ahead(&last)? {
                            noted += last.len();
                        }
                        self.make_ready(entries, coming, lists)
                    },
                );
                before += last.len();
                written = rows;
                complete.extend(run.ready.complete().cloned());
                std::mem::replace(&mut run.ready, coming?).into_memory(run.entries);
                self.tell("writing feeds", run.done as u64, run.total as u64);
                (batch, rest) = (next, later);
            }
            Ok::<_, CatalogError>(())
        });
        if done.is_err() && noted > 0 {
            // Those files get no names.
            self.catalog.roll_back();
        }
        done?;
        drop(places);
        let is_last = run.done == run.total;
        let mut listing = run.lists.listing.take_if(|_| is_last);
        if !run.lists.have_changed {
            self.listed = listing.take();
        }
        let is_over = is_last && !shape.settings.archives.any();
        let entries = is_over.then_some(&mut *run.entries);
        let placed = Placed {
            follows: &complete,
            noted,
            listing,
        };
        self.put_in_place(staging, placed, entries, round)
    }

    /// The next feeds that are rendered at a time, and those after them.
    fn batch_of<'a>(&self, feeds: &'a [Follow]) -> (&'a [Follow], &'a [Follow]) {
        let most = (FILES / self.shape().files().max(1)).max(1);
        feeds.split_at(most.min(feeds.len()))
    }

    /// What the lists hold, and the first batch.
    fn make_first_ready(
        &mut self,
        run: &mut Run<'_>,
        batch: &[Follow],
    ) -> Result<(), CatalogError> {
        if run.lists.listing.is_none() {
            run.lists.listing = Some(self.listing()?);
        }
        run.ready = self.make_ready(run.entries, batch, &mut run.lists)?;
        Ok(())
    }

    /// The next batch, which is listed.
    fn make_ready(
        &mut self,
        entries: &Entries,
        batch: &[Follow],
        lists: &mut Lists,
    ) -> Result<Ready, CatalogError> {
        let ready = self.prepare(entries, batch)?;
        if let Some(listing) = &mut lists.listing {
            for (outline, slots) in ready.outlines.iter().zip(&ready.slots) {
                lists.have_changed |= self.relist(listing, &outline.follow, !slots.is_empty());
            }
        }
        Ok(ready)
    }

    /// The feeds of a batch with all that they show.
    fn prepare(&mut self, entries: &Entries, batch: &[Follow]) -> Result<Ready, CatalogError> {
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

    /// Takes the feeds of retired labels away.
    fn retire(&mut self, follows: &[Follow], round: &mut Round) -> Result<(), CatalogError> {
        let shape = self.reader.shape.clone();
        for follow in follows {
            let names = shape.labels.with_aliases(follow).into_iter();
            let files = names.flat_map(|name| shape.addresses.files(&shape.settings, &name));
            self.unpublish(files.collect(), round)?;
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
