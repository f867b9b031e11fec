//! Files that pages and feeds need beside them.
//! In: the settings of feeds, the site, what can be followed. Out: which of them there are, and their bytes.

use super::index::readings;
use super::words::Words;
use crate::feeds::Settings;
use crate::model::{Follow, Site};

/// A file beside pages and feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asset {
    /// The icon of pages.
    Icon,
    /// The style of pages.
    PageStyle,
    /// The search of the index.
    Search,
    /// The style of Atom and RSS that a browser shows.
    FeedStyle,
    /// The readings of names that the index searches in.
    Readings,
}

impl Asset {
    /// Every asset.
    pub const ALL: [Asset; 5] = [
        Asset::Icon,
        Asset::PageStyle,
        Asset::Search,
        Asset::FeedStyle,
        Asset::Readings,
    ];

    /// Its path below `publish.dir`.
    pub fn file(self) -> &'static str {
        match self {
            Asset::Icon => "icon.svg",
            Asset::PageStyle => "pages.css",
            Asset::Search => "pages.js",
            Asset::FeedStyle => "feeds.css",
            Asset::Readings => "pinyin.txt",
        }
    }

    /// Those that something needs.
    pub fn needed(settings: &Settings) -> impl Iterator<Item = Asset> {
        Asset::ALL
            .into_iter()
            .filter(|asset| asset.is_needed(settings))
    }

    /// Whether something needs it.
    pub fn is_needed(self, settings: &Settings) -> bool {
        let has_index = settings.index.address().is_some();
        match self {
            Asset::Icon | Asset::PageStyle => settings.pages || has_index,
            Asset::Search => has_index,
            Asset::FeedStyle => settings.pages,
            // Without pages the index searches in names alone.
            Asset::Readings => settings.pages && has_index,
        }
    }

    /// Its content, for a site with these feeds.
    pub fn bytes(self, site: &Site, follows: &[(Follow, String)]) -> Vec<u8> {
        match self {
            Asset::Icon => include_bytes!("icon.svg").to_vec(),
            Asset::PageStyle => include_bytes!("pages.css").to_vec(),
            Asset::Search => include_bytes!("pages.js").to_vec(),
            Asset::FeedStyle => {
                let hint = Words::of(site).this_is_a_feed;
                include_str!("feeds.css").replace("HINT", hint).into_bytes()
            }
            Asset::Readings => readings(follows),
        }
    }
}
