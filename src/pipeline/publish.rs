//! Dirty feeds become files.
//! In: labels that the catalog marked. Out: files in the publish folder, marks taken back, the shelf restocked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::{Derived, Round};
use crate::catalog::{Catalog, CatalogError, Row};
use crate::feeds::{self, Addresses, Entry, Feed};
use crate::model::{Follow, LabelKind, PostId, Site};
use crate::publish::{Outcome, Published, Rendered};

/// Feeds rendered at a time: bounds memory, keeps two cores busy.
const BATCH: usize = 32;
/// Feeds put in place at a time: bounds how long new bytes wait for their names.
const GROUP: usize = 4096;

impl Derived {
    /// Fills the shelf with what was published before, and marks everything dirty when a file was changed
    /// or removed by somebody else.
    pub(super) fn stock_shelf(&mut self) -> Result<(), CatalogError> {
        let published = self.catalog.published()?;
        let intact = published.iter().all(|file| self.folder.is_intact(file));
        self.shelf.put_all(&published);
        let shape = self.feed_shape();
        if !intact || self.catalog.noted("feed_shape")?.as_deref() != Some(&shape) {
            self.catalog.mark_all_dirty()?;
            self.catalog.note("feed_shape", &shape)?;
        }
        Ok(())
    }

    /// Everything besides the posts that shapes the bytes of feeds.
    fn feed_shape(&self) -> String {
        format!(
            "{}|{:?}|{:?}|{:?}|{}",
            env!("CARGO_PKG_VERSION"),
            self.site,
            self.config.feeds,
            self.config.telegram.bot,
            self.folder.dir().display()
        )
    }

    /// Renders what is dirty a batch at a time, and puts it in place many batches at a time: bytes in
    /// memory stay few, and the disk is synced seldom.
    pub(super) fn publish_dirty(&mut self, round: &mut Round) -> Result<(), CatalogError> {
        let dirty = self.catalog.dirty()?;
        let total = dirty.len() as u64;
        let mut done = 0;
        for group in dirty.chunks(GROUP) {
            let (folder, shelf) = (self.folder.clone(), self.shelf.clone());
            let mut staging = folder.stage();
            let mut complete = Vec::with_capacity(group.len());
            let mut rows = Vec::new();
            // While one batch is rendered on all cores, the index is asked for the next.
            for (batch, next) in pairs(group.chunks(BATCH)) {
                if rows.is_empty() {
                    rows = newest(&mut self.catalog, batch, &self.config.feeds)?;
                }
                let (entries, unread) = self.load(&rows);
                complete.extend(readable(batch, &rows, &unread));
                let titled: Vec<Feed> = batch
                    .iter()
                    .zip(&rows)
                    .map(|(follow, rows)| self.feed(follow, rows, &entries))
                    .collect();
                let (site, addresses, settings) = (&self.site, &self.addresses, &self.config.feeds);
                let bot = self.config.telegram.bot.as_deref();
                let catalog = &mut self.catalog;
                let (_, coming) = rayon::join(
                    || {
                        staging.add(render(site, addresses, settings, bot, &titled), &|path| {
                            shelf.get(path)
                        })
                    },
                    || newest(catalog, next, settings),
                );
                rows = coming?;
                done += batch.len() as u64;
                self.tell("writing feeds", done, total);
            }
            self.record(staging.commit(), &complete, round)?;
        }
        // A crash, or a write that failed, may have left the page behind the feeds that it lists.
        if !dirty.is_empty() || self.listed.is_empty() {
            self.publish_directory(round)?;
        }
        Ok(())
    }

    /// The OPML file and the page for people: they change when a label appears.
    fn publish_directory(&mut self, round: &mut Round) -> Result<(), CatalogError> {
        let follows = self.catalog.follows()?;
        if self.listed == follows {
            return Ok(());
        }
        let feeds: Vec<(Follow, String)> = follows
            .iter()
            .cloned()
            .map(|follow| {
                let title = self.title(&follow);
                (follow, title)
            })
            .collect();
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
        self.listed = match self.record(outcome, &[], round)? {
            true => follows,
            false => Vec::new(),
        };
        Ok(())
    }

    /// Records what was written, and that these feeds are up to date; false when a file failed: then
    /// they stay dirty and are rendered again.
    fn record(
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
        self.shelf.put_all(&news);
        let done = if complete { follows } else { &[] };
        self.catalog.mark_published(done, &news)?;
        Ok(complete)
    }

    fn feed(&self, follow: &Follow, rows: &[Row], entries: &BTreeMap<PostId, Arc<Entry>>) -> Feed {
        Feed {
            follow: follow.clone(),
            title: self.title(follow),
            entries: rows
                .iter()
                .filter_map(|row| entries.get(&row.id).cloned())
                .collect(),
        }
    }

    /// The entries of these rows, from memory or from the files, and the posts whose files could not be
    /// read just now: their stand-ins are not remembered.
    fn load(&mut self, rows: &[Vec<Row>]) -> (BTreeMap<PostId, Arc<Entry>>, BTreeSet<PostId>) {
        let wanted: BTreeMap<&PostId, &Row> =
            rows.iter().flatten().map(|row| (&row.id, row)).collect();
        let wanted: Vec<&Row> = wanted.into_values().collect();
        let (reader, remembered) = (&self.reader, &self.entries);
        // Two files may claim one id; what is remembered may be the other one's.
        let own = |row: &Row| {
            let entry = remembered.get(&row.id);
            entry.filter(|entry| entry.post.path == row.path)
        };
        let loaded: Vec<Result<Arc<Entry>, Option<Entry>>> = wanted
            .par_iter()
            .map(|row| own(row).ok_or_else(|| reader.load_one(row)))
            .collect();
        let (mut entries, mut unread) = (BTreeMap::new(), BTreeSet::new());
        for (row, loaded) in wanted.into_iter().zip(loaded) {
            let entry = match loaded {
                Ok(remembered) => remembered,
                Err(Some(read)) => {
                    self.entries.put(read.clone());
                    Arc::new(read)
                }
                Err(None) => {
                    unread.insert(row.id.clone());
                    Arc::new(self.reader.stand_in(row))
                }
            };
            entries.insert(row.id.clone(), entry);
        }
        (entries, unread)
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
            Follow::Label(label) => label.name.clone(),
        }
    }
}

/// Each batch with the one after it; with nothing after the last.
fn pairs<'a>(
    batches: impl Iterator<Item = &'a [Follow]>,
) -> impl Iterator<Item = (&'a [Follow], &'a [Follow])> {
    let mut batches = batches.peekable();
    std::iter::from_fn(move || {
        let batch = batches.next()?;
        Some((batch, batches.peek().copied().unwrap_or_default()))
    })
}

/// The rows of these feeds. The catalog is borrowed alone, as a connection serves one thread at a time.
fn newest(
    catalog: &mut Catalog,
    follows: &[Follow],
    settings: &feeds::Settings,
) -> Result<Vec<Vec<Row>>, CatalogError> {
    follows
        .iter()
        .map(|follow| catalog.newest(follow, settings.limit, settings.min_age_hours))
        .collect()
}

/// The feeds whose every post could be read; the others stay dirty.
fn readable(follows: &[Follow], rows: &[Vec<Row>], unread: &BTreeSet<PostId>) -> Vec<Follow> {
    let whole = |rows: &[Row]| !rows.iter().any(|row| unread.contains(&row.id));
    let feeds = follows.iter().zip(rows);
    feeds
        .filter(|(_, rows)| whole(rows))
        .map(|(follow, _)| follow.clone())
        .collect()
}

/// All formats of these feeds and their pages, on all cores.
fn render(
    site: &Site,
    addresses: &Addresses,
    settings: &feeds::Settings,
    bot: Option<&str>,
    feeds: &[Feed],
) -> Vec<Rendered> {
    let is_paged = |feed: &Feed| settings.pages && feed.follow != Follow::Site;
    let jobs: Vec<(&Feed, Option<feeds::Format>)> = feeds
        .iter()
        .flat_map(|feed| {
            let formats = settings.formats.iter().map(|format| Some(*format));
            let page = is_paged(feed).then_some(None);
            formats.chain(page).map(move |format| (feed, format))
        })
        .collect();
    jobs.into_par_iter()
        .map(|(feed, format)| match format {
            Some(format) => Rendered {
                path: addresses.file(&feed.follow, format),
                bytes: feeds::render(site, addresses, settings, feed, format),
            },
            None => Rendered {
                path: addresses.page_file(&feed.follow),
                bytes: feeds::feed_page(site, addresses, settings, bot, feed),
            },
        })
        .collect()
}
