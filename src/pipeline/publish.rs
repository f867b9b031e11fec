//! Dirty feeds become files.
//! In: labels that the catalog marked. Out: files in the publish folder, marks taken back, the shelf restocked.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rayon::prelude::*;

use super::entries::Packed;
use super::{Derived, Round};
use crate::catalog::{Catalog, CatalogError, Row, Slot};
use crate::feeds::{self, Addresses, Entry, Feed, Labels};
use crate::model::{Follow, LabelKind, PostId, Site};
use crate::publish::{Outcome, Published, Rendered};

/// Feeds rendered at a time: bounds memory, keeps two cores busy.
const BATCH: usize = 32;
/// The oldest posts of a category that say what it is called: few, so that it is settled soon.
const TEACHERS: usize = 20;
/// Feeds put in place at a time: bounds how long new bytes wait for their names.
const GROUP: usize = 4096;

/// Orders the lists of feeds.
type Place = (u8, String);
/// Entries by their posts, and the posts whose files could not be read.
pub(super) type Loaded = (HashMap<PostId, Arc<Entry>>, BTreeSet<PostId>);
/// What the lists of feeds hold, with display names.
pub(super) type Listing = BTreeMap<Place, (Follow, String)>;

/// A batch of feeds, ready to be rendered.
#[derive(Default)]
struct Ready {
    feeds: Vec<Feed>,
    /// For each feed.
    has_posts: Vec<bool>,
    /// The feeds whose every post could be read.
    complete: Vec<Follow>,
}

/// What shapes feeds besides their posts.
struct Shape {
    site: Site,
    addresses: Addresses,
    settings: feeds::Settings,
    bot: Option<String>,
    labels: Labels,
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
                    .map(|format| self.addresses.file(follow, *format)),
            );
            // The site's page is the index, which is always there.
            if !settings.pages && *follow != Follow::Site {
                unwanted.insert(self.addresses.page_file(follow));
            }
        };
        for follow in self.catalog.follows()? {
            if let Follow::Label(label) = &follow {
                let aliases = self.reader.labels.aliases_of(label);
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
            self.site,
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
        let (retired, dirty): (Vec<Follow>, Vec<Follow>) = self
            .catalog
            .dirty()?
            .into_iter()
            .partition(|follow| self.reader.labels.is_retired(follow));
        self.retire(&retired, round)?;
        let mut relisted = false;
        let total = dirty.len() as u64;
        let mut done = 0;
        let shape = self.shape();
        let shelf = self.shelf.clone();
        let mut batches = dirty.chunks(BATCH);
        let mut ready = self.prepare(batches.next())?;
        for group in dirty.chunks(GROUP) {
            let folder = self.folder.clone();
            let mut staging = folder.stage();
            let mut complete = Vec::with_capacity(group.len());
            for batch in group.chunks(BATCH) {
                for (follow, has_posts) in batch.iter().zip(&ready.has_posts) {
                    relisted |= self.relist(follow, *has_posts);
                }
                // While one batch is rendered and written, the next is made ready.
                let (_, coming) = rayon::join(
                    || staging.add(render(&shape, &ready.feeds), &|path| shelf.get(path)),
                    || self.prepare(batches.next()),
                );
                complete.append(&mut ready.complete);
                ready = coming?;
                done += batch.len() as u64;
                self.tell("writing feeds", done, total);
            }
            self.record(staging.commit(), &complete, round)?;
        }
        // A crash, or a write that failed, may have left the page behind the feeds that it lists.
        if relisted || self.listed.is_none() {
            self.publish_directory(round)?;
        }
        Ok(())
    }

    /// The feeds of a batch with all that they show; of none, when there is no batch.
    fn prepare(&mut self, batch: Option<&[Follow]>) -> Result<Ready, CatalogError> {
        let batch = batch.unwrap_or_default();
        self.learn(batch)?;
        let rows = newest(&mut self.catalog, batch, &self.config.feeds)?;
        let (entries, unread) = self.load(&rows)?;
        let mut ready = Ready {
            complete: readable(batch, &rows, &unread),
            ..Ready::default()
        };
        for (follow, rows) in batch.iter().zip(&rows) {
            let mut feed = self.feed(follow, rows, &entries);
            feed.history = self.newest_archive(follow, rows)?;
            ready.feeds.push(feed);
            ready.has_posts.push(!rows.is_empty());
        }
        Ok(ready)
    }

    /// What all feeds are rendered by, apart from the index, which is asked for the next batch meanwhile.
    fn shape(&self) -> Shape {
        Shape {
            site: self.site.clone(),
            addresses: self.addresses.clone(),
            settings: self.config.feeds.clone(),
            bot: self.config.telegram.bot.clone(),
            labels: self.reader.labels.clone(),
        }
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
        (has_posts || by_config) && !self.reader.labels.is_retired(follow)
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

    /// The OPML file and the page for people: they change when a label appears, goes or is renamed.
    fn publish_directory(&mut self, round: &mut Round) -> Result<(), CatalogError> {
        let listing = match self.listed.take() {
            Some(listing) => listing,
            None => self.listing()?,
        };
        let feeds: Vec<(Follow, String)> = listing.values().cloned().collect();
        let settings = &self.config.feeds;
        let file = |address: &str| address.trim_start_matches('/').to_owned();
        let bot = self.config.telegram.bot.as_deref();
        let mut rendered = vec![
            Rendered {
                path: file(&settings.opml),
                bytes: feeds::opml(&self.site, &self.addresses, settings, &feeds),
            },
            Rendered {
                path: file(&settings.index),
                bytes: feeds::index_page(&self.site, &self.addresses, settings, bot, &feeds),
            },
        ];
        if settings.pages {
            rendered.push(Rendered {
                path: feeds::READINGS.to_owned(),
                bytes: feeds::readings(&feeds),
            });
        }
        rendered.extend(feeds::assets(&self.site).map(|(path, text)| Rendered {
            path: path.to_owned(),
            bytes: text.into_bytes(),
        }));
        let shelf = self.shelf.clone();
        let outcome = self.folder.publish(rendered, &|path| shelf.get(path));
        if self.record(outcome, &[], round)? {
            self.listed = Some(listing);
        }
        Ok(())
    }

    /// Takes the feeds of retired labels away.
    fn retire(&mut self, follows: &[Follow], round: &mut Round) -> Result<(), CatalogError> {
        for follow in follows {
            let files = self.addresses.files(&self.config.feeds, follow);
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
            if !self.reader.labels.learns(follow) {
                continue;
            }
            let tags = self.catalog.oldest_tags(follow, TEACHERS)?;
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
        let files: Vec<Published> = outcome
            .written
            .into_iter()
            .chain(outcome.unchanged)
            .collect();
        let news: Vec<Published> = files
            .into_iter()
            .filter(|file| self.shelf.get(&file.path).as_ref() != Some(file))
            .collect();
        let owed = self.owed_for(&news);
        self.shelf.put_all(&news);
        let done = if complete { follows } else { &[] };
        self.catalog.mark_published(done, &news, &owed)?;
        Ok(complete)
    }

    pub(super) fn feed(
        &self,
        follow: &Follow,
        rows: &[Slot],
        entries: &HashMap<PostId, Arc<Entry>>,
    ) -> Feed {
        Feed {
            follow: follow.clone(),
            title: self.title(follow),
            entries: rows
                .iter()
                .filter_map(|row| entries.get(&row.id).cloned())
                .collect(),
            history: None,
        }
    }

    /// The entries of these rows, from memory or from the files, and the posts whose files could not be
    /// read just now: their stand-ins are not remembered.
    pub(super) fn load(&mut self, rows: &[Vec<Slot>]) -> Result<Loaded, CatalogError> {
        let wanted: BTreeSet<&Slot> = rows.iter().flatten().collect();
        let wanted: Vec<&Slot> = wanted.into_iter().collect();
        let remembered = &self.entries;
        // Two files may claim one id; what is remembered may be the other one's.
        let known = |slot: &&Slot| {
            let entry = remembered.get(&slot.id);
            entry.filter(|entry| entry.post.path == slot.path)
        };
        let known: Vec<Option<Entry>> = wanted.par_iter().map(known).collect();
        let (mut entries, mut unread) = (HashMap::with_capacity(wanted.len()), BTreeSet::new());
        let mut unknown = Vec::new();
        for (slot, known) in wanted.into_iter().zip(known) {
            match known {
                Some(entry) => {
                    entries.insert(slot.id.clone(), Arc::new(entry));
                }
                None => unknown.push(slot.clone()),
            }
        }
        let unknown = self.catalog.fill(&unknown)?;
        let reader = &self.reader;
        let load = |row: &Row| {
            let entry = reader.load_one(row)?;
            Some((Packed::new(&entry), entry))
        };
        let loaded: Vec<Option<(Packed, Entry)>> = unknown.par_iter().map(load).collect();
        for (row, loaded) in unknown.into_iter().zip(loaded) {
            let entry = match loaded {
                Some((packed, entry)) => {
                    self.entries.put(&packed);
                    entry
                }
                None => {
                    unread.insert(row.id.clone());
                    self.reader.stand_in(&row)
                }
            };
            entries.insert(row.id, Arc::new(entry));
        }
        Ok((entries, unread))
    }

    /// What people call a feed.
    pub fn title(&self, follow: &Follow) -> String {
        match follow {
            Follow::Site => self.site.title.clone(),
            Follow::Label(label) if label.kind == LabelKind::Topic => self
                .reader
                .matcher
                .title_of(&label.name)
                .unwrap_or(&label.name)
                .to_owned(),
            Follow::Label(label) => {
                let known = self.reader.labels.name_of(label);
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

/// The rows of these feeds.
fn newest(
    catalog: &mut Catalog,
    follows: &[Follow],
    settings: &feeds::Settings,
) -> Result<Vec<Vec<Slot>>, CatalogError> {
    follows
        .iter()
        .map(|follow| catalog.newest_slots(follow, settings.limit, settings.min_age_hours))
        .collect()
}

/// The feeds whose every post could be read; the others stay dirty.
fn readable(follows: &[Follow], rows: &[Vec<Slot>], unread: &BTreeSet<PostId>) -> Vec<Follow> {
    let whole = |rows: &[Slot]| !rows.iter().any(|row| unread.contains(&row.id));
    let feeds = follows.iter().zip(rows);
    feeds
        .filter(|(_, rows)| whole(rows))
        .map(|(follow, _)| follow.clone())
        .collect()
}

/// All formats of these feeds and their pages, on all cores.
fn render(shape: &Shape, feeds: &[Feed]) -> Vec<Rendered> {
    let Shape {
        site,
        addresses,
        settings,
        labels,
        ..
    } = shape;
    let bot = shape.bot.as_deref();
    let is_paged = |feed: &Feed| settings.pages && feed.follow != Follow::Site;
    let jobs: Vec<(&Feed, Option<feeds::Format>)> = feeds
        .iter()
        .flat_map(|feed| {
            let formats = settings.formats.iter().map(|format| Some(*format));
            let page = is_paged(feed).then_some(None);
            formats.chain(page).map(move |format| (feed, format))
        })
        .collect();
    let file = |follow: &Follow, format: Option<feeds::Format>| match format {
        Some(format) => addresses.file(follow, format),
        None => addresses.page_file(follow),
    };
    jobs.into_par_iter()
        .flat_map_iter(|(feed, format)| {
            let bytes = match format {
                Some(format) => feeds::render(site, addresses, settings, feed, format),
                None => feeds::feed_page(site, addresses, settings, bot, feed),
            };
            // The old addresses of a label give the same bytes, which say where it is now: that works on every
            // web server, unlike a redirection.
            let mut files: Vec<Rendered> = Vec::new();
            if let Follow::Label(label) = &feed.follow {
                files.extend(labels.aliases_of(label).map(|old| Rendered {
                    path: file(&Follow::Label(old.clone()), format),
                    bytes: bytes.clone(),
                }));
            }
            files.push(Rendered {
                path: file(&feed.follow, format),
                bytes,
            });
            files
        })
        .collect()
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
