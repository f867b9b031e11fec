//! What was written gets its place, and the index learns of it.
//! In: files beside their places, the feeds that they are of. Out: files in place, marks taken back; what failed is told
//! and stays dirty.

use std::collections::HashSet;

use super::entries::Entries;
use super::lists::{Listing, directory};
use super::{Derived, Round};
use crate::catalog::CatalogError;
use crate::http::Stock;
use crate::model::Follow;
use crate::publish::{Outcome, Published, Staging};

/// What gets its place.
pub(super) struct Placed<'a> {
    /// Feeds of which every file was written, or had not changed.
    pub follows: &'a [Follow],
    /// So many of the written files are noted already, in the transaction that goes on.
    pub noted: usize,
    /// The lists that are written as well.
    pub listing: Option<Listing>,
}

impl Derived {
    /// Gives what was written its place, and the lists with it. The index notes it meanwhile, and takes that back
    /// if something fails: the disk is waited for anyway. `entries`, where nobody reads them again in this round: their
    /// file need not reach the disk with what is synced.
    pub(super) fn put_in_place(
        &mut self,
        mut staging: Staging<'_>,
        placed: Placed<'_>,
        entries: Option<&mut Entries>,
        round: &mut Round,
    ) -> Result<(), CatalogError> {
        let Placed {
            follows,
            noted,
            listing,
        } = placed;
        if noted == 0 {
            // What was read stays, whatever becomes of the files, and is there before anybody sees them.
            self.catalog.commit()?;
        }
        let (shape, shelf) = (self.reader.shape.clone(), self.shelf.clone());
        let add_lists = |staging: &mut Staging<'_>| {
            if let Some(listing) = &listing {
                staging.add(directory(&shape, listing), &|path| shelf.get(path));
            }
        };
        let Some(hoped) = staging.hoped(noted) else {
            self.take_back(noted)?;
            add_lists(&mut staging);
            return self.record_with(staging.commit(), follows, listing, round);
        };
        let (written, unchanged) = (noted + hoped.written.len(), hoped.unchanged.len());
        let feeds = self.news(hoped.written.into_iter().chain(hoped.unchanged));
        let owed = self.owed_for(&feeds);
        self.catalog.begin()?;
        let catalog = &mut self.catalog;
        let (outcome, marked) = rayon::join(
            || {
                if let Some(entries) = entries {
                    entries.end_round();
                }
                add_lists(&mut staging);
                staging.commit()
            },
            || catalog.mark_published(follows, &feeds, &owed),
        );
        crate::crash::point("after-placing");
        if !outcome.failed.is_empty() {
            self.take_back(noted)?;
            return self.record_with(outcome, follows, listing, round);
        }
        // They were added last.
        let lists = outcome.written.iter().skip(written);
        let lists = lists.chain(outcome.unchanged.iter().skip(unchanged));
        let lists = self.news(lists.cloned());
        let owed = self.owed_for(&lists);
        marked?;
        self.catalog.mark_published(&[], &lists, &owed)?;
        round.written += outcome.written.len();
        round.unchanged += outcome.unchanged.len();
        let all = outcome.written.into_iter().chain(outcome.unchanged);
        let catalog = &mut self.catalog;
        let (committed, stock) = rayon::join(|| catalog.commit(), || Stock::of(all));
        committed?;
        // Only now: what the index could not note is still news to the next round.
        self.shelf.put(stock);
        self.listed = listing.or(self.listed.take());
        Ok(())
    }

    /// Notes files that were written and do not have their names yet, in the transaction that goes on while feeds are
    /// written: it ends once they have them. False where none goes on.
    pub(super) fn note_ahead(&mut self, written: &[Published]) -> Result<bool, CatalogError> {
        if !self.catalog.is_within() {
            return Ok(false);
        }
        let news = self.news(written.iter().cloned());
        let owed = self.owed_for(&news);
        self.catalog.mark_published(&[], &news, &owed)?;
        Ok(true)
    }

    /// Takes back what was noted of files, of which some stay away. What was learnt while some were noted ahead stays.
    fn take_back(&mut self, noted: usize) -> Result<(), CatalogError> {
        self.catalog.roll_back();
        if noted == 0 {
            return Ok(());
        }
        let labels = &self.reader.shape.labels;
        let listing = self.catalog.listing()?.into_iter();
        let listing = listing.filter(|label| labels.learns(&label.follow));
        let news = listing.filter_map(|label| {
            let learnt = self.learnt.get(&label.follow).cloned();
            (learnt != label.learnt).then_some((label.follow, learnt))
        });
        let news: Vec<_> = news.collect();
        self.catalog.keep_learnt(&news)
    }

    /// Those of these files that are not known to be so.
    fn news(&self, files: impl Iterator<Item = Published>) -> Vec<Published> {
        files
            .filter(|file| self.shelf.get(&file.path).as_ref() != Some(file))
            .collect()
    }

    /// Records what was written of feeds and, where there is one, of the list of them; the one does not wait for
    /// the other.
    pub(super) fn record_with(
        &mut self,
        mut outcome: Outcome,
        follows: &[Follow],
        listing: Option<Listing>,
        round: &mut Round,
    ) -> Result<(), CatalogError> {
        let mut listed = None;
        if let Some(listing) = listing {
            let paths: HashSet<String> = { self.directory_files().into_iter() }.collect();
            let (lists, feeds) = { std::mem::take(&mut outcome.failed) }
                .into_iter()
                .partition::<Vec<_>, _>(|(path, _)| paths.contains(path));
            outcome.failed = feeds;
            let is_whole = lists.is_empty();
            let told = lists.into_iter();
            { &mut round.failed }.extend(told.map(|(path, error)| (path, error.to_string())));
            listed = is_whole.then_some(listing);
        }
        self.record(outcome, follows, round)?;
        // What the index could not note is written again.
        self.listed = listed.or(self.listed.take());
        Ok(())
    }

    /// Records what was written, and that these feeds are up to date, but for those of which a file failed: they stay dirty
    /// and are rendered again. False when any did.
    pub(super) fn record(
        &mut self,
        outcome: Outcome,
        follows: &[Follow],
        round: &mut Round,
    ) -> Result<bool, CatalogError> {
        round.written += outcome.written.len();
        round.unchanged += outcome.unchanged.len();
        let failed: HashSet<&str> = { outcome.failed.iter() }
            .map(|(path, _)| path.as_str())
            .collect();
        let is_whole = |follow: &Follow| {
            let paths = self.shape().paths(follow);
            !paths.iter().any(|path| failed.contains(path.as_str()))
        };
        let done = { follows.iter() }.filter(|follow| failed.is_empty() || is_whole(follow));
        let done: Vec<Follow> = done.cloned().collect();
        let complete = failed.is_empty();
        for (path, error) in outcome.failed {
            round.failed.push((path, error.to_string()));
        }
        let news = self.news(outcome.written.into_iter().chain(outcome.unchanged));
        let owed = self.owed_for(&news);
        self.catalog.mark_published(&done, &news, &owed)?;
        self.shelf.put_all(news);
        Ok(complete)
    }
}
