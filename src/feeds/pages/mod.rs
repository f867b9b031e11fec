//! Pages for people: one for each feed, an index with search, and the look of feeds in browsers.
//! In: feeds and what can be followed, with display names. Out: HTML, CSS and one small script;
//! the same input gives the same bytes. Pages carry no inline style or script, so a strict
//! Content-Security-Policy holds.

mod article;
mod assets;
mod feed;
mod index;
mod words;

use std::fmt;

use super::text::{clean, push_escaped};
use super::{Addresses, Format, Settings};
use crate::model::{Follow, Site};

pub use article::Article;
pub use assets::Asset;
pub use feed::feed_page;
pub use index::index_page;

/// A feed in one format.
struct FeedLink {
    format: &'static str,
    media_type: &'static str,
    url: String,
}

fn links(addresses: &Addresses, settings: &Settings, follow: &Follow) -> Vec<FeedLink> {
    let link = |format: &Format| FeedLink {
        format: format.title(),
        media_type: format.content_type(),
        url: addresses.url(follow, *format),
    };
    settings.formats.iter().map(link).collect()
}

/// `../` for each folder that `file` lies in: pages work wherever the folder is served.
fn root_of(file: &str) -> String {
    "../".repeat(file.matches('/').count())
}

/// The address of `to`, as a page at `from` names it. Both are below `publish.dir`.
fn relative(from: &str, to: &str) -> String {
    let mut address = String::new();
    // Writing into memory cannot fail.
    let _ = push_relative(&mut address, &in_link(from), &in_link(to));
    address
}

/// The same of files that are `in_link`, both of them or neither as HTML.
fn push_relative(out: &mut impl fmt::Write, from: &str, to: &str) -> fmt::Result {
    let (dir, _) = from.rsplit_once('/').unwrap_or_default();
    let depth = dir.split('/').filter(|part| !part.is_empty());
    let shared = depth
        .zip(to.split('/'))
        .take_while(|(a, b)| a == b)
        .map(|(part, _)| part.len() + 1)
        .sum::<usize>();
    for _ in from[shared.min(from.len())..].matches('/') {
        out.write_str("../")?;
    }
    out.write_str(&to[shared.min(to.len())..])
}

/// A file below `publish.dir` as a link on a page names it from there.
fn in_link(file: &str) -> String {
    let mut address = String::with_capacity(file.len());
    for c in file.chars() {
        match c {
            // What a browser would misread. Chinese stays: HTML takes it (an IRI).
            '\0'..=' ' | '"' | '#' | '%' | '<' | '>' | '?' | '\\' | '^' | '`' | '{' | '|' | '}' => {
                push_escaped(&mut address, c as u8);
            }
            other => address.push(other),
        }
    }
    address
}

/// Where a click on a label leads: its page, or its first feed when there are no pages.
fn target(addresses: &Addresses, settings: &Settings, label: &Follow) -> String {
    match settings.pages {
        true => addresses.label_page(label),
        false => {
            let format = settings.formats.first().copied().unwrap_or(Format::Atom);
            addresses.file(label, format)
        }
    }
}

/// Opens Telegram with the bot, which then follows exactly this label. `None` without a bot.
fn telegram(bot: Option<&str>, follow: &Follow) -> Option<String> {
    let bot = bot?.trim_start_matches('@');
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_name = !bot.is_empty() && bot.chars().all(plain);
    is_name.then(|| format!("https://t.me/{bot}?start={}", follow.key()))
}

fn site_title(site: &Site, addresses: &Addresses) -> String {
    match clean(&site.title) {
        blank if blank.trim().is_empty() => addresses.base().to_owned(),
        title => title.into_owned(),
    }
}

#[cfg(test)]
mod tests;
