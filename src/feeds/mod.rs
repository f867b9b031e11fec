//! Posts become bytes: Atom, RSS 2.0 and JSON Feed 1.1, an OPML list and pages for people.
//! In: the site, the settings and the entries of a feed, already chosen and sorted.
//! Out: bytes and the addresses at which they belong. Pure: no file, no network, no clock.

mod addresses;
mod archives;
mod atom;
mod heads;
mod json;
mod labels;
mod list_at;
mod names;
mod opml;
mod pages;
mod rss;
mod settings;
mod template;
mod text;
mod view;
mod written;
mod xml;

#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod rules_tests;
#[cfg(test)]
mod strict_tests;

use std::sync::Arc;

use crate::model::{Follow, Label, Post, Site};

pub use addresses::{ARCHIVE_FOLDER, Addresses};
pub use archives::{Archive, Period, render_archive};
pub use heads::Heads;
pub use labels::{LabelSettings, Labels, learnt_name};
pub use list_at::ListAt;
pub use opml::opml;
pub use pages::{Article, Asset, feed_page, index_page};
pub use settings::{Archived, Archives, Content, Format, Hubs, PathTemplates, Settings};
pub use text::title_text;
pub use view::EntryView;
pub use written::{Frame, Gist, Press, Traits, Written, document, write_entry};

/// One post as a feed shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The post itself.
    pub post: Arc<Post>,
    /// A few sentences, plain text.
    pub summary: String,
    /// Topics that the post earned: id and title.
    pub topics: Vec<(String, String)>,
    /// What people call those of its categories and tags that the config gives a name.
    pub names: Vec<(Label, String)>,
}

/// One feed: what it follows, and its entries, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    /// The site, or one label.
    pub follow: Follow,
    /// The label's display name; for the site feed the site's title.
    pub title: String,
    /// Newest first; each post once.
    pub entries: Vec<Arc<Entry>>,
    /// The newest page of its history, if it has one. The history holds every post, those of `entries` too,
    /// so that none is lost between the two.
    pub history: Option<Period>,
}

/// The bytes of `feed` in one format. The same input gives the same bytes.
pub fn render(
    site: &Site,
    addresses: &Addresses,
    settings: &Settings,
    feed: &Feed,
    format: Format,
) -> Vec<u8> {
    let (frame, items) = opened(site, addresses, settings, feed, format);
    closed(site, addresses, settings, &frame, format, &items)
}

/// The document of a frame and the bytes of its entries.
fn closed(
    site: &Site,
    addresses: &Addresses,
    settings: &Settings,
    frame: &Frame<'_>,
    format: Format,
    items: &[Vec<u8>],
) -> Vec<u8> {
    let items: Vec<&[u8]> = items.iter().map(Vec::as_slice).collect();
    let press = Press {
        site,
        addresses,
        settings,
        heads: &Heads::default(),
    };
    document(&press, frame, format, &items)
}

/// A feed as its frame and the bytes of its entries.
fn opened<'a>(
    site: &Site,
    addresses: &Addresses,
    settings: &Settings,
    feed: &'a Feed,
    format: Format,
) -> (Frame<'a>, Vec<Vec<u8>>) {
    let mut gist = Gist::default();
    let mut items = Vec::with_capacity(feed.entries.len());
    for entry in &feed.entries {
        let mut item = Vec::new();
        let view = EntryView::new(addresses, settings, entry);
        let written = write_entry(site, &view, &[format], &mut item);
        gist.add(&written.traits);
        items.push(item);
    }
    let frame = Frame {
        follow: &feed.follow,
        title: &feed.title,
        gist,
        history: feed.history.as_ref(),
        page: None,
    };
    (frame, items)
}

/// Name of this program as feeds credit it.
const GENERATOR: &str = "tagwire";
/// Where to read about it: `homepage` of Cargo.toml; nothing while there is none.
fn generator_uri() -> Option<&'static str> {
    let homepage = env!("CARGO_PKG_HOMEPAGE");
    (!homepage.is_empty()).then_some(homepage)
}
/// Its version. A new version may change bytes: that is the one thing besides posts that may.
const GENERATOR_VERSION: &str = env!("CARGO_PKG_VERSION");
