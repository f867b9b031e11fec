//! The whole history of a feed (RFC 5005, section 4): a page for each period, linked from new to old.
//! In: a period's entries, chosen and sorted. Out: bytes that depend on the posts of that period
//! alone, so that a new post leaves every other page as it is. Pure, like the rest of `feeds`.

mod period;

use super::settings::{Format, Settings};
use super::{Addresses, Feed, Frame};
use crate::model::Site;

pub use period::Period;

/// One page of a feed's history.
#[derive(Debug, Clone, PartialEq)]
pub struct Archive {
    /// What it follows, and the posts of the period, newest first; none when smaller periods hold them.
    pub feed: Feed,
    /// The period.
    pub period: Period,
    /// The page that a reader should read next: the newest of the smaller periods, or the period before.
    pub previous: Option<Period>,
}

/// The bytes of one page in one format. There is no link to the page after it: that one would have to
/// change whenever a new period begins.
pub fn render_archive(
    site: &Site,
    addresses: &Addresses,
    settings: &Settings,
    archive: &Archive,
    format: Format,
) -> Vec<u8> {
    let (frame, items) = super::opened(site, addresses, settings, &archive.feed, format);
    let frame = Frame {
        page: Some((&archive.period, archive.previous.as_ref())),
        ..frame
    };
    super::closed(site, addresses, settings, &frame, format, &items)
}

#[cfg(test)]
mod tests;
