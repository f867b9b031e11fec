//! An entry as the formats of a site write it: made once, and shown by every feed that it is in.
//! In: an entry. Out: its bytes in each format, and what the documents around it have to know of it.
//! A document is its head, the bytes of its entries, and its end; `strict_tests` and `golden_tests` hold the whole.

use serde::{Deserialize, Serialize};

use super::view::{EntryView, FeedView, author_of};
use super::{Addresses, Format, Heads, Period, Settings, atom, json, rss, text};
use crate::model::time::PostTime;
use crate::model::{Follow, Site};

/// What a document has to know of an entry besides its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traits {
    /// The last change that the author dated.
    pub changed: PostTime,
    /// It names the paper that it came from.
    pub has_source: bool,
    /// It shows a picture.
    pub has_image: bool,
}

/// The same of all entries of a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gist {
    /// The newest change; `None` without any entry.
    pub updated: Option<PostTime>,
    /// One of them has a source.
    pub has_source: bool,
    /// One of them has a picture.
    pub has_image: bool,
}

impl Gist {
    /// Adds an entry.
    pub fn add(&mut self, traits: &Traits) {
        self.updated = self.updated.max(Some(traits.changed));
        self.has_source |= traits.has_source;
        self.has_image |= traits.has_image;
    }
}

/// An entry that was written in the formats of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What the documents around it have to know.
    pub traits: Traits,
    /// How many bytes each of the formats has that were asked for, in their order.
    pub lengths: Vec<usize>,
}

/// Writes an entry in these formats, one after the other, behind what is there.
pub fn write_entry(
    site: &Site,
    view: &EntryView<'_>,
    formats: &[Format],
    out: &mut Vec<u8>,
) -> Written {
    let author = author_of(site);
    let mut write = |format: &Format| {
        let start = out.len();
        match format {
            Format::Atom => atom::entry(view, out),
            Format::Rss => rss::item(view, author.as_deref(), out),
            Format::Json => json::item(view, out),
        }
        out.len() - start
    };
    Written {
        traits: Traits {
            changed: view.updated,
            has_source: view.source.is_some(),
            has_image: view.image.is_some(),
        },
        lengths: formats.iter().map(&mut write).collect(),
    }
}

/// A feed, or a page of its history, without its entries.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// What it follows.
    pub follow: &'a Follow,
    /// The label's display name; for the site feed the site's title.
    pub title: &'a str,
    /// What is to be known of its entries.
    pub gist: Gist,
    /// The newest page of the feed's history, if it has one.
    pub history: Option<&'a Period>,
    /// For a page of the history: its period, and the page that a reader should read next.
    pub page: Option<(&'a Period, Option<&'a Period>)>,
}

/// What shapes the documents of a site, and the heads that were written by it.
#[derive(Debug)]
pub struct Press<'a> {
    /// The site.
    pub site: &'a Site,
    /// Where its feeds lie.
    pub addresses: &'a Addresses,
    /// The `feeds` section of its config.
    pub settings: &'a Settings,
    /// Of this site, these addresses and these settings.
    pub heads: &'a Heads,
}

/// Documents of most lengths ask for one size of memory, so that each is written where the one before lay: a page of memory
/// that was never touched costs the system more than the bytes in it.
const ROOM: usize = 64 << 10;

/// What a document of so many bytes asks for.
pub(super) fn room(length: usize) -> usize {
    length.next_multiple_of(ROOM)
}

/// A whole document: `items` are the bytes of its entries in this format, newest first.
pub fn document(press: &Press<'_>, frame: &Frame<'_>, format: Format, items: &[&[u8]]) -> Vec<u8> {
    let Press {
        site,
        addresses,
        settings,
        heads,
    } = press;
    let view = FeedView::new(site, addresses, settings, frame, format);
    let (head, end) = heads.around(&view, format, |view| around(view, addresses, format));
    let between: &[u8] = if format == Format::Json { b"," } else { b"" };
    let length: usize = items.iter().map(|item| item.len() + between.len()).sum();
    let mut bytes = Vec::with_capacity(room(head.len() + length + end.len()));
    bytes.extend_from_slice(&head);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            bytes.extend_from_slice(between);
        }
        bytes.extend_from_slice(item);
    }
    bytes.extend_from_slice(end);
    bytes
}

/// What stands before and after the entries of a document.
pub(super) fn around(
    view: &FeedView<'_>,
    addresses: &Addresses,
    format: Format,
) -> (Vec<u8>, &'static [u8]) {
    let (head, end) = match format {
        Format::Atom => atom::around(view),
        Format::Rss => rss::around(view),
        Format::Json => json::around(view),
    };
    let head = match addresses.stylesheet().filter(|_| format != Format::Json) {
        Some(href) => text::with_stylesheet(head, &href),
        None => head,
    };
    (head, end)
}
