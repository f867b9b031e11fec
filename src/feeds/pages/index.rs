//! The page of all feeds, for people.
//! In: what can be followed, with display names. Out: one HTML page: a list by kind that works
//! without script, and the readings that its search loads when somebody searches. Neither holds
//! numbers of posts, so that both change only when a label comes, goes or is renamed.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use unicode_normalization::UnicodeNormalization;

use super::words::Words;
use super::{FeedLink, links, relative, root_of, site_title, target, telegram};
use crate::feeds::opml::{Group, groups};
use crate::feeds::text::clean;
use crate::feeds::{Addresses, Settings};
use crate::model::{Follow, Site, pinyin};

#[derive(Template)]
#[template(path = "index.html")]
struct Page<'a> {
    language: &'a str,
    title: String,
    description: Option<String>,
    root: String,
    home: String,
    opml: Option<String>,
    formats: Vec<FeedLink>,
    telegram: Option<String>,
    sections: Vec<Section>,
    words: &'static Words,
}

struct Section {
    heading: &'static str,
    feeds: Vec<Row>,
}

struct Row {
    title: String,
    href: String,
    /// What the label is called in posts, where people call it otherwise: the search finds both.
    name: Option<String>,
}

/// How the characters of these names are read, a line for each reading: `wen文闻`. The search
/// takes it for pinyin and initials. Readings of names would be longer than the page itself.
pub fn readings(follows: &[(Follow, String)]) -> Vec<u8> {
    let names = follows.iter().flat_map(|(_, title)| title.nfkc());
    let chars: BTreeSet<char> = names.filter(|c| !c.is_ascii()).collect();
    let mut lines: BTreeMap<&str, String> = BTreeMap::new();
    for c in chars {
        for reading in pinyin::readings(c).unwrap_or_default() {
            lines.entry(reading).or_default().push(c);
        }
    }
    let lines = lines.into_iter();
    lines
        .map(|(reading, chars)| format!("{reading}{chars}\n"))
        .collect::<String>()
        .into_bytes()
}

/// The page of all feeds, at `here` below `publish.dir`. `bot` is the Telegram bot's user name.
pub fn index_page(
    site: &Site,
    addresses: &Addresses,
    settings: &Settings,
    bot: Option<&str>,
    here: &str,
    follows: &[(Follow, String)],
) -> Vec<u8> {
    let words = Words::of(site);
    let section = |(anchor, feeds): Group<'_>| {
        let at = match anchor {
            None => return None,
            Some("topics") => 1,
            Some("categories") => 2,
            Some(_) => 3,
        };
        let row = |(follow, title): &(Follow, String)| Row {
            href: relative(here, &target(addresses, settings, follow)),
            title: clean(title).into_owned(),
            name: match follow {
                Follow::Label(label) if label.name != *title => {
                    Some(clean(&label.name).into_owned())
                }
                _ => None,
            },
        };
        Some(Section {
            heading: words.headings[at],
            feeds: feeds.into_iter().map(row).collect(),
        })
    };
    let description = site.description.as_deref();
    let page = Page {
        language: &site.language,
        title: site_title(site, addresses),
        description: description.map(|text| clean(text).into_owned()),
        root: root_of(here),
        home: addresses.alternate(&Follow::Site),
        opml: { addresses.opml_file() }.map(|file| addresses.url_of_file(file)),
        formats: links(addresses, settings, &Follow::Site),
        telegram: telegram(bot, &Follow::Site),
        sections: groups(follows).into_iter().filter_map(section).collect(),
        words,
    };
    // Writing into memory cannot fail; the template was checked when this was compiled.
    page.render().unwrap_or_default().into_bytes()
}
