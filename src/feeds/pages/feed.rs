//! The page of one feed, for people.
//! In: a feed with its entries, newest first. Out: HTML with titles, summaries, dates in the
//! site's zone, the feed's addresses, and links into feed readers and Telegram.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::words::Words;
use super::{FeedLink, links, relative, root_of, site_title, target, telegram};
use crate::feeds::text::clean;
use crate::feeds::view::{EntryView, FeedView};
use crate::feeds::{Addresses, Entry, Feed, Format, Frame, Gist, Settings};
use crate::model::{Follow, Label, Site};

#[derive(Template)]
#[template(path = "feed.html")]
struct Page<'a> {
    language: &'a str,
    title: String,
    site_title: String,
    kind: &'static str,
    name: String,
    root: String,
    home: String,
    index: Option<String>,
    formats: Vec<FeedLink>,
    readers: Vec<(&'static str, String)>,
    telegram: Option<String>,
    entries: Vec<Item>,
    words: &'static Words,
}

struct Item {
    title: String,
    url: String,
    /// RFC 3339.
    instant: String,
    /// On the site's clock.
    clock: String,
    source: Option<String>,
    summary: String,
    /// Address and name.
    labels: Vec<(String, String)>,
}

/// The page of `feed`. `bot` is the Telegram bot's user name.
pub fn feed_page(
    site: &Site,
    addresses: &Addresses,
    settings: &Settings,
    bot: Option<&str>,
    feed: &Feed,
) -> Vec<u8> {
    let words = Words::of(site);
    let here = addresses.label_page(&feed.follow);
    let format = settings.formats.first().copied().unwrap_or(Format::Atom);
    let frame = Frame {
        follow: &feed.follow,
        title: &feed.title,
        gist: Gist::default(),
        history: None,
        page: None,
    };
    let view = FeedView::new(site, addresses, settings, &frame, format);
    let item = |entry: &std::sync::Arc<Entry>| {
        let seen = EntryView::new(addresses, settings, entry);
        Item {
            title: seen.title.into_owned(),
            url: seen.url,
            instant: seen.published.rfc3339(),
            clock: seen.published.clock_with_offset(site.timezone),
            source: seen.source.map(|source| source.into_owned()),
            summary: seen.summary.into_owned(),
            labels: labels(entry, &feed.follow)
                .map(|(follow, name)| {
                    let to = target(addresses, settings, &follow);
                    (relative(&here, &to), name)
                })
                .collect(),
        }
    };
    let page = Page {
        language: &site.language,
        site_title: site_title(site, addresses),
        kind: words.kind(&feed.follow),
        name: clean(&feed.title).into_owned(),
        root: root_of(&here),
        home: addresses.alternate(&Follow::Site),
        index: { addresses.index_file() }.map(|file| relative(&here, file)),
        formats: links(addresses, settings, &feed.follow),
        readers: readers(&view.url, words),
        telegram: telegram(bot, &feed.follow),
        title: view.title.into_owned(),
        entries: feed.entries.iter().map(item).collect(),
        words,
    };
    // Writing into memory cannot fail; the template was checked when this was compiled.
    page.render().unwrap_or_default().into_bytes()
}

/// Addresses that open a reader with this feed.
fn readers(url: &str, words: &Words) -> Vec<(&'static str, String)> {
    let encoded = utf8_percent_encode(url, NON_ALPHANUMERIC);
    vec![
        (
            "Feedly",
            format!("https://feedly.com/i/subscription/feed%2F{encoded}"),
        ),
        (
            "Inoreader",
            format!("https://www.inoreader.com/?add_feed={encoded}"),
        ),
        (
            "NewsBlur",
            format!("https://www.newsblur.com/?url={encoded}"),
        ),
        (words.reader_app, format!("feed:{url}")),
    ]
}

/// The entry's labels besides the one that the page is about: topics, categories, tags.
fn labels<'a>(entry: &'a Entry, about: &'a Follow) -> impl Iterator<Item = (Follow, String)> + 'a {
    let topics = entry.topics.iter().map(|(id, title)| {
        let shown = if title.trim().is_empty() { id } else { title };
        (Follow::Label(Label::topic(id)), clean(shown).into_owned())
    });
    let own = entry.post.labels().map(|label| {
        let shown = clean(&label.name).into_owned();
        (Follow::Label(label), shown)
    });
    topics
        .chain(own)
        .filter(move |(follow, name)| follow != about && !name.trim().is_empty())
}
