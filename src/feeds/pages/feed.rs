//! The page of one feed, for people.
//! In: a feed's name and its articles, newest first. Out: HTML with titles, summaries, dates in the
//! site's zone, the feed's addresses, and links into feed readers and Telegram.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::article::{Article, Articles, escaped};
use super::words::Words;
use super::{FeedLink, in_link, links, relative, root_of, site_title, telegram};
use crate::feeds::text::clean;
use crate::feeds::view::FeedView;
use crate::feeds::written::room;
use crate::feeds::{Addresses, Format, Frame, Gist, Settings};
use crate::model::{Follow, Site};

/// About the bytes of a page without its articles.
const FRAME: usize = 4 << 10;

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
    articles: Articles<'a>,
    words: &'static Words,
}

/// The page of a feed with its title and articles, newest first. `bot` is the Telegram bot's user name.
pub fn feed_page(
    site: &Site,
    addresses: &Addresses,
    settings: &Settings,
    bot: Option<&str>,
    (follow, name): (&Follow, &str),
    articles: &[Article<&str>],
) -> Vec<u8> {
    let words = Words::of(site);
    let here = addresses.label_page(follow);
    let format = settings.formats.first().copied().unwrap_or(Format::Atom);
    let frame = Frame {
        follow,
        title: name,
        gist: Gist::default(),
        history: None,
        page: None,
    };
    let view = FeedView::new(site, addresses, settings, &frame, format);
    let page = Page {
        language: &site.language,
        site_title: site_title(site, addresses),
        kind: words.kind(follow),
        name: clean(name).into_owned(),
        root: root_of(&here),
        home: addresses.alternate(&Follow::Site),
        index: { addresses.index_file() }.map(|file| relative(&here, file)),
        formats: links(addresses, settings, follow),
        readers: readers(&view.url, words),
        telegram: telegram(bot, follow),
        title: view.title.into_owned(),
        articles: Articles {
            articles,
            about: follow,
            here: escaped(&in_link(&here)),
            words,
        },
        words,
    };
    let mut html = String::with_capacity(room(page.articles.length() + FRAME));
    // Writing into memory cannot fail; the template was checked when this was compiled.
    match page.render_into(&mut html) {
        Ok(()) => html.into_bytes(),
        Err(_) => Vec::new(),
    }
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
