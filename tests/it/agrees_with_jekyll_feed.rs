//! A site that moves from jekyll-feed keeps its addresses and its entries.
//! In: our posts below `tests/golden/jekyll`, and what the real jekyll-feed 0.17.0 published of them
//! (`tests/golden/jekyll-feed/ask-jekyll-feed`). Out: the same feeds at the same addresses, each entry with
//! the same id, link, instant and title, but for those that are meant to differ.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::DateTime;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::world::World;

/// What makes an entry the same one to a reader, besides its id.
#[derive(Debug, PartialEq)]
struct Entry {
    link: String,
    published: i64,
    title: String,
}

type Feeds = BTreeMap<String, BTreeMap<String, Entry>>;

/// Addresses that jekyll-feed itself makes unusable: a folder out of a `/`, a hidden file. tagwire escapes what
/// such a name cannot hold.
const ELSEWHERE: [(&str, &str); 2] = [
    ("feed/a/b.xml", "feed/a%2Fb.xml"),
    ("feed/.net.xml", "feed/%2Enet.xml"),
];
/// An empty category is no label.
const NOWHERE: &str = "feed/.xml";
/// Posts that are meant to differ. Debian's Addressable 2.8.1 sends ids through NFKC, those since 2.8.2 (2023)
/// through NFC, and so do we; a title that is a list is written without Ruby's brackets and quotes; Jekyll
/// leaves out a file whose name holds no date, we give it the time at which it was first seen.
const ON_PURPOSE: [&str; 4] = ["/labels-07", "%E7%94%B2", "/title-06", "/2021-13-41"];

fn is_meant(id: &str) -> bool {
    ON_PURPOSE.iter().any(|ending| id.ends_with(ending))
}

fn instant(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp()
}

/// jekyll-feed's titles are HTML, with typographic quotes; ours are the author's text.
fn plain(title: &str) -> String {
    let quotes = [("’", "'"), ("‘", "'"), ("“", "\""), ("”", "\"")];
    let html = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&amp;", "&"),
    ];
    let both = quotes.into_iter().chain(html);
    both.fold(title.to_owned(), |title, (from, to)| {
        title.replace(from, to)
    })
}

fn published_by_jekyll_feed() -> BTreeMap<String, Feeds> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/jekyll-feed");
    let answers = std::fs::read_to_string(folder.join("answers.jsonl")).unwrap();
    let mut sites: BTreeMap<String, Feeds> = BTreeMap::new();
    for line in answers.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let feed = text("feed");
        let path = percent_decode_str(feed.trim_start_matches('/'))
            .decode_utf8()
            .unwrap();
        let entry = Entry {
            link: text("link"),
            published: instant(&text("published")),
            title: plain(&text("title")),
        };
        let feeds = sites.entry(text("site")).or_default();
        feeds
            .entry(path.into_owned())
            .or_default()
            .insert(text("id"), entry);
    }
    sites
}

fn read(atom: &str) -> BTreeMap<String, Entry> {
    let document = roxmltree::Document::parse(atom).unwrap();
    let entries = document
        .descendants()
        .filter(|node| node.has_tag_name(("http://www.w3.org/2005/Atom", "entry")));
    entries
        .map(|entry| {
            let child = |name: &str| {
                entry
                    .children()
                    .find(|node| node.tag_name().name() == name)
                    .unwrap()
            };
            let text = |name: &str| child(name).text().unwrap_or_default().to_owned();
            let found = Entry {
                link: child("link").attribute("href").unwrap().to_owned(),
                published: instant(&text("published")),
                title: plain(&text("title")),
            };
            (text("id"), found)
        })
        .collect()
}

#[test]
fn a_site_that_moves_from_jekyll_feed_keeps_addresses_ids_links_dates_and_titles() {
    let sites = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/jekyll");
    let (mut compared, mut feeds) = (0, 0);
    let mut wrong = Vec::new();
    for (site, theirs) in published_by_jekyll_feed() {
        let own = std::fs::read_to_string(sites.join(&site).join("_config.yml")).unwrap();
        let of = |key: &str| {
            let line = own.lines().find_map(|line| line.strip_prefix(key)).unwrap();
            line.trim_start_matches(':').trim().to_owned()
        };
        let world = World::new();
        let arguments = [
            "build".to_owned(),
            format!("--set=posts.dir={}", sites.join(&site).display()),
            format!("--set=posts.permalink={}", of("permalink")),
            format!("--set=site.timezone={}", of("timezone")),
            format!("--set=site.url={}", of("url")),
            "--set=dates.naive=utc".to_owned(),
            "--set=feeds.limit=1000".to_owned(),
            "--set=feeds.formats=[atom]".to_owned(),
        ];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        world.run(&arguments, 0);
        for (path, entries) in theirs.into_iter().filter(|(path, _)| path != NOWHERE) {
            let moved = ELSEWHERE.iter().find(|(from, _)| *from == path);
            let ours = moved.map_or(path.as_str(), |(_, to)| to);
            let ours = read(&world.read(&format!("public/{ours}")));
            feeds += 1;
            for (id, entry) in &entries {
                match ours.get(id) {
                    Some(own) if own == entry => compared += 1,
                    _ if is_meant(id) => {}
                    other => wrong.push(format!("{site} {path} {id}\n  {entry:?}\n  {other:?}")),
                }
            }
            let more: BTreeSet<_> = ours
                .keys()
                .filter(|id| !entries.contains_key(*id) && !is_meant(id))
                .collect();
            if !more.is_empty() {
                wrong.push(format!("{site} {path} only ours: {more:?}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {compared}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        compared > 300 && feeds > 60,
        "{compared} entries in {feeds} feeds"
    );
}
