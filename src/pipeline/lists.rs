//! The lists of all feeds: the OPML file, the page for people, and what belongs to it.
//! In: labels that have posts. Out: those files, when a label appears, goes or is renamed.

use std::collections::BTreeMap;

use super::shape::Shape;
use super::{Derived, Round};
use crate::catalog::CatalogError;
use crate::feeds::{self, Asset};
use crate::model::{Follow, LabelKind};
use crate::publish::Rendered;

/// Orders the lists of feeds.
type Place = (u8, String);
/// What the lists of feeds hold, with display names.
pub(super) type Listing = BTreeMap<Place, (Follow, String)>;

impl Derived {
    /// Writes the lists alone, since no feed changed.
    pub(super) fn publish_lists(&mut self, round: &mut Round) -> Result<(), CatalogError> {
        let listing = self.listing()?;
        let files = directory(self.shape(), &listing);
        let shelf = self.shelf.clone();
        let outcome = self.folder.publish(files, &|path| shelf.get(path));
        self.record_with(outcome, &[], Some(listing), round)
    }

    /// What the lists of feeds hold: every label that has posts, and every topic.
    pub(super) fn listing(&self) -> Result<Listing, CatalogError> {
        if !self.shape().has_lists() {
            return Ok(Listing::new());
        }
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
        let shape = self.shape();
        (has_posts || by_config) && shape.has_lists() && !shape.labels.is_retired(follow)
    }

    /// Takes a feed into the list, or out of it; true when that makes it another list.
    pub(super) fn relist(&self, listed: &mut Listing, follow: &Follow, has_posts: bool) -> bool {
        if !self.is_listed(follow, has_posts) {
            return listed.remove(&place(follow)).is_some();
        }
        let entry = (follow.clone(), self.title(follow));
        listed.insert(place(follow), entry.clone()) != Some(entry)
    }

    pub(super) fn directory_files(&self) -> Vec<String> {
        let Shape {
            addresses,
            settings,
            ..
        } = self.shape();
        let lists = [addresses.opml_file(), addresses.index_file()].into_iter();
        let mut files: Vec<String> = lists.flatten().map(str::to_owned).collect();
        files.extend(Asset::needed(settings).map(|asset| asset.file().to_owned()));
        files
    }
}

/// The OPML file and the page for people: they change when a label appears, goes or is renamed.
pub(super) fn directory(shape: &Shape, listing: &Listing) -> Vec<Rendered> {
    let feeds: Vec<(Follow, String)> = listing.values().cloned().collect();
    let Shape {
        site,
        addresses,
        settings,
        bot,
        ..
    } = shape;
    let opml = |at| (at, feeds::opml(site, addresses, settings, &feeds));
    let index = |at| {
        let page = feeds::index_page(site, addresses, settings, bot.as_deref(), at, &feeds);
        (at, page)
    };
    let assets = || -> Vec<(&str, Vec<u8>)> {
        Asset::needed(settings)
            .map(|asset| (asset.file(), asset.bytes(site, &feeds)))
            .collect()
    };
    let (opml, (index, assets)) = rayon::join(
        || addresses.opml_file().map(opml),
        || rayon::join(|| addresses.index_file().map(index), assets),
    );
    { opml.into_iter().chain(index).chain(assets) }
        .map(|(path, bytes)| Rendered {
            path: path.to_owned(),
            bytes,
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
