//! What is published when a run begins, and what of it goes.
//! In: what the catalog knows to be published, the config. Out: the shelf, marks where somebody changed a file; files that
//! the config no longer wants taken away, as those are that a round no longer wants.

use std::collections::{BTreeSet, HashSet};

use rayon::prelude::*;

use super::look::folder;
use super::{Derived, Round};
use crate::catalog::{CatalogError, LEFTOVERS};
use crate::feeds::{self, Asset};
use crate::model::Follow;
use crate::publish::{Coding, Published};

impl Derived {
    /// Fills the shelf with what was published before, and marks everything dirty when a file was changed
    /// or removed by somebody else.
    pub(super) fn stock_shelf(&mut self) -> Result<(), CatalogError> {
        let mut published = self.catalog.published()?;
        self.catch_up(&mut published)?;
        let folder = &self.folder;
        let intact = published.par_iter().all(|file| folder.is_intact(file));
        self.shelf.put_all(published.iter().cloned());
        let shape = self.feed_shape();
        if !intact || self.catalog.noted("feed_shape")?.as_deref() != Some(&shape) {
            self.catalog.mark_all_dirty()?;
            // A new index does not know yet whose histories there are.
            if !self.catalog.knows_no_file()? {
                self.drop_foreign_archives(&published)?;
            }
            self.drop_unwanted_copies(&published)?;
            self.drop_unwanted_forms(&published)?;
            if !published.is_empty() {
                self.catalog.note(LEFTOVERS, "other shape")?;
            }
            self.catalog.note("feed_shape", &shape)?;
        }
        Ok(())
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
            // The site's page is the index, which has a key of its own.
            if !settings.pages && *follow != Follow::Site {
                unwanted.insert(self.reader.shape.addresses.label_page(follow));
            }
        };
        for follow in self.catalog.follows()? {
            let names = self.reader.shape.labels.with_aliases(&follow);
            names.iter().for_each(&mut take);
        }
        let assets = Asset::ALL.into_iter();
        let idle = assets.filter(|asset| !asset.is_needed(settings));
        unwanted.extend(idle.map(|asset| asset.file().to_owned()));
        let paths = published.iter().map(|file| file.path.to_string());
        let gone = paths.filter(|path| unwanted.contains(path)).collect();
        self.unpublish(gone, &mut Round::default())
    }

    /// Takes away what nothing writes any more, once all feeds are out: those of labels that no post has, at addresses that
    /// the config had before. Not while posts may only be out of sight.
    pub(super) fn drop_leftovers(&mut self, round: &mut Round) -> Result<(), CatalogError> {
        if self.catalog.noted(LEFTOVERS)?.is_none() || !round.failed.is_empty() {
            return Ok(());
        }
        if self.is_unsure(round)? || !self.catalog.dirty()?.is_empty() {
            return Ok(());
        }
        let shape = self.reader.shape.clone();
        let follows = self.catalog.follows()?;
        let shown = { follows.iter() }.filter(|follow| !shape.labels.is_retired(follow));
        let mut wanted: HashSet<String> = shown.flat_map(|follow| shape.paths(follow)).collect();
        wanted.extend(self.directory_files());
        let histories = self.histories(&follows);
        let is_left = |path: &str| {
            let path = Coding::original_of(path);
            !wanted.contains(path) && !histories.have(path)
        };
        let paths = self
            .catalog
            .published()?
            .into_iter()
            .map(|file| file.path.to_string());
        let left = paths.filter(|path| is_left(path)).collect();
        self.unpublish(left, round)?;
        match round.failed.is_empty() {
            true => self.catalog.forget_note(LEFTOVERS),
            false => Ok(()),
        }
    }

    /// Whether posts may only be out of sight, in an index that has not seen them yet: a folder that is not mounted, a file
    /// that cannot be read or is being written.
    fn is_unsure(&self, round: &Round) -> Result<bool, CatalogError> {
        let is_away = !(self.away.is_empty() && self.vanished.is_empty() && self.held.is_empty());
        if is_away || !round.unsettled.is_empty() {
            return Ok(true);
        }
        // An empty folder may be one in which nothing is mounted.
        for root in &self.roots {
            if !self.catalog.has_post_below(&folder(root))? {
                return Ok(true);
            }
        }
        self.catalog.has_unseen()
    }

    /// The same while files may be left of an index before this one: what it does not know of may be wanted.
    pub(super) fn may_be_wanted(&self, round: &Round) -> Result<bool, CatalogError> {
        Ok(self.catalog.noted(LEFTOVERS)?.is_some() && self.is_unsure(round)?)
    }

    /// Takes away the compressed copies that the config does not ask for.
    pub(super) fn drop_unwanted_copies(
        &mut self,
        published: &[Published],
    ) -> Result<(), CatalogError> {
        let wanted = &self.config.publish.compress;
        let is_unwanted =
            |path: &str| Coding::of_copy(path).is_some_and(|coding| !wanted.contains(&coding));
        let paths = published.iter().map(|file| file.path.to_string());
        let unwanted = paths.filter(|path| is_unwanted(path)).collect();
        self.unpublish(unwanted, &mut Round::default())
    }

    /// Takes away the pages of histories that the config asks for no longer, or asks for elsewhere.
    pub(super) fn drop_foreign_archives(
        &mut self,
        published: &[Published],
    ) -> Result<(), CatalogError> {
        let follows = self.catalog.follows()?;
        let histories = self.histories(&follows);
        let is_foreign = |path: &str| {
            let path = Coding::original_of(path);
            folder_of(path).ends_with(feeds::ARCHIVE_FOLDER) && !histories.have(path)
        };
        let paths = published.iter().map(|file| file.path.to_string());
        let foreign = paths.filter(|path| is_foreign(path)).collect();
        self.unpublish(foreign, &mut Round::default())
    }

    /// Where the pages of histories lie that the config asks for.
    fn histories(&self, follows: &[Follow]) -> Histories {
        let archived = follows.iter().filter(|follow| self.is_archived(follow));
        let formats = self.config.feeds.archive_formats().into_iter();
        Histories {
            folders: archived
                .map(|follow| self.shape().addresses.archive_folder(follow))
                .collect(),
            endings: formats.map(|format| format.extension()).collect(),
        }
    }

    /// Takes published files away, and nobody else's that lie in their places. What cannot be removed is told, and stays
    /// known.
    pub(super) fn unpublish(
        &mut self,
        paths: Vec<String>,
        round: &mut Round,
    ) -> Result<(), CatalogError> {
        let mut gone = Vec::with_capacity(paths.len());
        let mut foreign = Vec::new();
        for path in self.copies_first(paths) {
            let is_strangers = match self.shelf.get(&path) {
                Some(known) => self.folder.was_replaced(&known),
                None => self.folder.holds_a_strangers(&path),
            };
            if is_strangers {
                // Somebody else writes there now.
                foreign.push(path);
                continue;
            }
            match self.folder.remove(&path) {
                Ok(()) => gone.push(path),
                Err(error) => round.failed.push((path, error.to_string())),
            }
        }
        if !foreign.is_empty() {
            self.shelf.remove_all(&foreign);
            self.catalog.forget_published(&foreign, &[])?;
        }
        if !gone.is_empty() {
            self.shelf.remove_all(&gone);
            let owed = self.owed_for_gone(&gone);
            self.catalog.forget_published(&gone, &owed)?;
        }
        Ok(())
    }

    /// These files and their compressed copies, which some servers send even when the file is gone.
    fn copies_first(&self, paths: Vec<String>) -> Vec<String> {
        let copies = paths
            .iter()
            .flat_map(|path| Coding::ALL.map(|coding| coding.copy_of(path)))
            .filter(|copy| self.shelf.get(copy).is_some());
        let mut all: Vec<String> = copies.collect();
        all.extend(paths);
        let mut seen = BTreeSet::new();
        all.retain(|path| seen.insert(path.clone()));
        all.sort_by_key(|path| Coding::of_copy(path).is_none());
        all
    }
}

/// Folders of histories, each with its slash, and the endings of the pages in them.
struct Histories {
    folders: HashSet<String>,
    endings: Vec<&'static str>,
}

impl Histories {
    /// Whether a page of one of them lies at a path.
    fn have(&self, path: &str) -> bool {
        let ending = path.rsplit('.').next().unwrap_or_default();
        self.folders.contains(folder_of(path)) && self.endings.contains(&ending)
    }
}

/// The folder of a published file, with its slash.
fn folder_of(path: &str) -> &str {
    &path[..path.rfind('/').map_or(0, |at| at + 1)]
}
