//! Histories that are out of date become files.
//! In: labels, and where in time their posts changed. Out: the pages of just those periods; pages whose
//! period is no longer cut so small are taken away.
//!
//! A page holds at most `feeds.archive_entries` posts, and the questions that find it look at no more than
//! that, so a new post costs the same however long the history is.

use std::collections::BTreeSet;

use super::publish::Ready;
use super::shape::Outline;
use super::{Derived, Round};
use crate::catalog::{Catalog, CatalogError, Outdated, Slot, Span};
use crate::feeds::{self, Addresses, Format, Period};
use crate::http::Shelf;
use crate::model::{Follow, Zone};

/// Pages rendered at a time: bounds memory, keeps two cores busy.
const BATCH: usize = 8;
/// Pages put in place at a time: bounds how long new bytes wait for their names.
const GROUP: usize = 4096;

/// A page that has to be made.
struct Page {
    follow: Follow,
    period: Period,
    /// The newest of the smaller periods that hold its posts; `None` when the page holds them itself.
    inside: Option<Period>,
    previous: Option<Period>,
}

/// What becomes of a label's history.
#[derive(Default)]
struct Plan {
    pages: Vec<Page>,
    /// Beginnings of the paths of files that have to go.
    stale: Vec<String>,
}

impl Derived {
    /// The newest page of a feed's history; `None` when the feed itself shows every post, or offers none.
    pub(super) fn newest_archive(
        &self,
        follow: &Follow,
        rows: &[Slot],
    ) -> Result<Option<Period>, CatalogError> {
        let Some(newest) = rows.first().filter(|_| self.is_archived(follow)) else {
            return Ok(None);
        };
        let walk = self.walk(follow);
        if !walk.is_needed()? {
            return Ok(None);
        }
        let seconds = newest.published;
        let mut period = Period::year_of(seconds, walk.zone);
        // Down to the page that holds the newest posts: its address changes as time goes on, so that a
        // reader who knows it from its last visit has indeed seen most of it.
        while let Some(inside) = walk.inside(&period)? {
            period = inside;
        }
        Ok(Some(period))
    }

    /// Makes the pages of all histories that are out of date.
    pub(super) fn publish_archives(&mut self, round: &mut Round) -> Result<(), CatalogError> {
        // Pages of posts that are out of sight stay, and what is out of date is asked for again.
        let is_wanted = self.may_be_wanted(round)?;
        let mut failed = is_wanted;
        let mut waiting: Vec<Page> = Vec::new();
        let mut finished = Vec::new();
        let mut stale = Vec::new();
        for outdated in self.catalog.outdated(&self.archived_kinds())? {
            let plan = self.walk(&outdated.follow).plan(&outdated)?;
            waiting.extend(plan.pages);
            stale.extend(plan.stale.into_iter().filter(|_| !is_wanted));
            finished.push(outdated.follow);
            if waiting.len() >= GROUP {
                failed |= !self.write_pages(std::mem::take(&mut waiting), &mut finished, round)?;
                self.remove_pages(std::mem::take(&mut stale), round)?;
                self.close(&mut finished, failed)?;
            }
        }
        if !finished.is_empty() {
            failed |= !self.write_pages(waiting, &mut finished, round)?;
            self.remove_pages(stale, round)?;
            self.close(&mut finished, failed)?;
        }
        Ok(())
    }

    /// Takes the marks back, unless something failed: then the next round tries again.
    fn close(&mut self, finished: &mut Vec<Follow>, failed: bool) -> Result<(), CatalogError> {
        match failed {
            true => finished.clear(),
            false => self.catalog.mark_archived(&std::mem::take(finished))?,
        }
        Ok(())
    }

    /// Renders pages and puts them in place; false when a file failed. Labels with a post that could not be
    /// read just now are not finished.
    fn write_pages(
        &mut self,
        mut pages: Vec<Page>,
        finished: &mut Vec<Follow>,
        round: &mut Round,
    ) -> Result<bool, CatalogError> {
        // Pages of one time want the same posts, whatever their label, and a build has just read the newest: so
        // most are still remembered, and few files are read again.
        pages.sort_by(|a, b| (&b.period, &b.follow).cmp(&(&a.period, &a.follow)));
        let mut complete = true;
        let total = pages.len() as u64;
        let mut done = 0;
        let mut again = BTreeSet::new();
        let shape = self.reader.shape.clone();
        for group in pages.chunks(GROUP) {
            let (folder, shelf) = (self.folder.clone(), self.shelf.clone());
            let known = |path: &str| shelf.get(path);
            let mut staging = folder.stage(self.lag.is_first());
            for batch in group.chunks(BATCH) {
                let mut ready = self.pages_of(batch)?;
                self.load(&self.entries, &mut ready)?;
                let (finder, writer) = staging.halves();
                let paths = |page: usize| {
                    let page = &batch[page];
                    shape.page_paths(&page.follow, &page.period)
                };
                let places = finder.places(batch.len(), &paths, &known);
                ready.write(&shape, &self.entries, (&places, 0), writer);
                drop(places);
                let whole: BTreeSet<&Follow> = ready.complete().collect();
                let follows = ready.outlines.iter().map(|outline| &outline.follow);
                again.extend(follows.filter(|follow| !whole.contains(follow)).cloned());
                ready.into_memory(&mut self.entries);
                done += batch.len() as u64;
                if total > BATCH as u64 {
                    self.tell("writing the history", done, total);
                }
            }
            complete &= self.record(staging.commit(), &[], round)?;
        }
        finished.retain(|follow| !again.contains(follow));
        Ok(complete)
    }

    fn pages_of(&self, pages: &[Page]) -> Result<Ready, CatalogError> {
        let zone = self.shape().site.timezone;
        let mut ready = Ready::default();
        for page in pages {
            ready.slots.push(match page.inside {
                Some(_) => Vec::new(),
                None => self
                    .catalog
                    .in_span(&page.follow, &span(&page.period, zone))?,
            });
            let previous = page.inside.as_ref().or(page.previous.as_ref()).cloned();
            ready.outlines.push(Outline {
                follow: page.follow.clone(),
                title: self.settled_title(&page.follow),
                history: None,
                page: Some((page.period.clone(), previous)),
            });
        }
        Ok(ready)
    }

    /// Takes published files away whose paths begin so.
    fn remove_pages(&mut self, stale: Vec<String>, round: &mut Round) -> Result<(), CatalogError> {
        let mut paths = Vec::new();
        for beginning in stale {
            paths.extend(self.catalog.published_below(&beginning)?);
        }
        self.unpublish(paths, round)
    }

    fn archived_kinds(&self) -> Vec<&'static str> {
        let archives = &self.config.feeds.archives;
        feeds::Archived::ALL
            .into_iter()
            .filter(|kind| archives.has(*kind))
            .map(feeds::Archived::as_str)
            .collect()
    }

    pub(super) fn is_archived(&self, follow: &Follow) -> bool {
        self.config.feeds.archives.include(follow) && !self.reader.shape.labels.is_retired(follow)
    }

    fn walk<'a>(&'a self, follow: &'a Follow) -> Walk<'a> {
        Walk {
            catalog: &self.catalog,
            shelf: &self.shelf,
            addresses: &self.reader.shape.addresses,
            format: self.config.feeds.archive_formats().first().copied(),
            follow,
            is_offered: self.is_archived(follow),
            shown: self.config.feeds.limit,
            most: self.config.feeds.archive_entries,
            zone: self.reader.shape.site.timezone,
        }
    }
}

/// One walk over the periods of a label.
struct Walk<'a> {
    catalog: &'a Catalog,
    shelf: &'a Shelf,
    addresses: &'a Addresses,
    /// The format that tells whether a page exists.
    format: Option<Format>,
    follow: &'a Follow,
    /// False for a label that has no feeds any more.
    is_offered: bool,
    /// Posts that the feed itself shows in any case.
    shown: usize,
    /// Posts that a page may hold.
    most: usize,
    zone: Zone,
}

impl Walk<'_> {
    /// A feed that shows every post is its own history.
    fn is_needed(&self) -> Result<bool, CatalogError> {
        self.catalog
            .has_more(self.follow, &everything(), self.shown)
    }

    /// Where a period's page leads when its posts are too many: the newest of the smaller periods.
    fn inside(&self, period: &Period) -> Result<Option<Period>, CatalogError> {
        let span = span(period, self.zone);
        if !self.catalog.has_more(self.follow, &span, self.most)? {
            return Ok(None);
        }
        let mut children = period.children(self.zone);
        // Pieces by hash are all there: each may get a post at any time.
        if children
            .first()
            .is_some_and(|child| child.bounds(self.zone) == span.seconds)
        {
            return Ok(children.pop());
        }
        let newest = self
            .catalog
            .ends(self.follow, &span)?
            .map(|(_, newest)| newest);
        let newest = newest.unwrap_or(span.seconds.start);
        let begun = |child: &Period| child.bounds(self.zone).start <= newest;
        Ok(children.into_iter().rev().find(begun))
    }

    fn plan(&self, outdated: &Outdated) -> Result<Plan, CatalogError> {
        let mut plan = Plan::default();
        let ends = match self.is_offered && self.is_needed()? {
            true => self.catalog.ends(self.follow, &everything())?,
            false => None,
        };
        let Some((oldest, newest)) = ends else {
            plan.stale.push(self.addresses.archive_folder(self.follow));
            return Ok(plan);
        };
        let (first, last) = (
            Period::year_of(oldest, self.zone),
            Period::year_of(newest, self.zone),
        );
        let relinked = self.relinked(&first, &last);
        let places = outdated.places.as_deref();
        let mut year = first.clone();
        while year <= last {
            let is_relinked = relinked.as_ref() == Some(&year);
            if is_relinked || !self.is_shown(&year) || self.is_touched(&year, places) {
                self.visit(&year, &first, places, is_relinked, &mut plan)?;
            }
            year = year.year_after();
        }
        while self.is_left(&year) {
            plan.stale.extend(self.family(&year));
            year = year.year_after();
        }
        let mut before = first.year_before();
        while let Some(year) = before.filter(|year| self.is_left(year)) {
            plan.stale.extend(self.family(&year));
            before = year.year_before();
        }
        Ok(plan)
    }

    /// The year whose link to the year before has to come or go, because the history begins earlier or later
    /// than it did.
    fn relinked(&self, first: &Period, last: &Period) -> Option<Period> {
        if self.is_shown(first) {
            let began_earlier = first.year_before().is_some_and(|year| self.is_shown(&year));
            return began_earlier.then(|| first.clone());
        }
        let mut year = first.year_after();
        while year <= *last {
            if self.is_shown(&year) {
                return Some(year);
            }
            year = year.year_after();
        }
        None
    }

    /// Plans a period's page, and those inside it that are touched or not there yet. `relink`: the link that
    /// leads out of the period into the past has changed.
    fn visit(
        &self,
        period: &Period,
        first: &Period,
        places: Option<&[(i64, i64)]>,
        relink: bool,
        plan: &mut Plan,
    ) -> Result<(), CatalogError> {
        let inside = self.inside(period)?;
        let mut children = period.children(self.zone).into_iter().peekable();
        plan.pages.push(Page {
            follow: self.follow.clone(),
            period: period.clone(),
            inside: inside.clone(),
            previous: period.previous(first),
        });
        let Some(inside) = inside else {
            if children.peek().is_some_and(|child| self.is_left(child)) {
                plan.stale.push(self.file(period, "-"));
            }
            return Ok(());
        };
        let mut is_first = relink;
        for child in children {
            if child > inside {
                if self.is_left(&child) {
                    plan.stale.extend(self.family(&child));
                }
            } else if is_first || !self.is_shown(&child) || self.is_touched(&child, places) {
                self.visit(&child, first, places, is_first, plan)?;
            }
            is_first = false;
        }
        Ok(())
    }

    fn is_touched(&self, period: &Period, places: Option<&[(i64, i64)]>) -> bool {
        let Some(places) = places else {
            return true;
        };
        let span = span(period, self.zone);
        // Sorted by time, so the search is short however many there are.
        let from = places.partition_point(|(seconds, _)| *seconds < span.seconds.start);
        let inside = places[from..]
            .iter()
            .take_while(|(seconds, _)| *seconds < span.seconds.end);
        let mut ties = inside.map(|(_, tie)| (span.ties.0..=span.ties.1).contains(tie));
        ties.any(|is_here| is_here)
    }

    fn is_shown(&self, period: &Period) -> bool {
        let path = |format| self.addresses.archive_file(self.follow, period, format);
        self.format
            .is_some_and(|format| self.shelf.get(&path(format)).is_some())
    }

    /// Whether there is a page in any format: a format that is new has none of a page that is to go.
    fn is_left(&self, period: &Period) -> bool {
        let path = |format| self.addresses.archive_file(self.follow, period, format);
        { feeds::Format::ALL.into_iter() }.any(|format| self.shelf.get(&path(format)).is_some())
    }

    /// Beginnings of the paths of a period's page and of the pages inside it.
    fn family(&self, period: &Period) -> [String; 2] {
        [self.file(period, "."), self.file(period, "-")]
    }

    fn file(&self, period: &Period, ending: &str) -> String {
        format!(
            "{}{period}{ending}",
            self.addresses.archive_folder(self.follow)
        )
    }
}

fn everything() -> Span {
    Span {
        seconds: i64::MIN..i64::MAX,
        ties: (i64::MIN, i64::MAX),
    }
}

fn span(period: &Period, zone: Zone) -> Span {
    Span {
        seconds: period.bounds(zone),
        ties: period.ties(),
    }
}
