//! Feeds as strict parsers see them: what went in comes out, whatever it was.

use proptest::prelude::*;
use roxmltree::{Document, Node};

use super::golden_tests::{at, entry, feed, post, rendered};
use super::text::{clean, title_text};
use super::*;

const ATOM: &str = "http://www.w3.org/2005/Atom";
const DC: &str = "http://purl.org/dc/elements/1.1/";
const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";

fn text<'a>(under: Node<'a, 'a>, name: impl Into<roxmltree::ExpandedName<'a, 'a>>) -> String {
    let name = name.into();
    let found = under
        .descendants()
        .find(|node| node.tag_name() == name)
        .expect("no element");
    found
        .descendants()
        .filter(|node| node.is_text())
        .filter_map(|node| node.text())
        .collect()
}

fn find<'a>(document: &'a Document<'a>, name: &str) -> Node<'a, 'a> {
    document
        .descendants()
        .find(|node| node.tag_name().name() == name)
        .expect("no element")
}

/// An entry with `text` wherever a text can stand.
fn entry_of(text: &str) -> Arc<Entry> {
    let mut post = post();
    post.title = text.to_owned();
    post.html = text.to_owned();
    post.author = Some(text.to_owned());
    post.source = Some(text.to_owned());
    post.categories = vec![text.to_owned()];
    let entry = Arc::unwrap_or_clone(entry(post));
    Arc::new(Entry {
        summary: text.to_owned(),
        ..entry
    })
}

/// Every text of the item or entry comes back as it was, less what XML forbids.
fn assert_comes_back(input: &str) {
    let settings = Settings::default();
    let feed = feed(vec![entry_of(input)]);
    let wanted = clean(input);
    let atom = rendered(&settings, &feed, Format::Atom);
    let document = Document::parse(&atom).unwrap_or_else(|error| panic!("{error}: {atom}"));
    let node = find(&document, "entry");
    assert_eq!(text(node, (ATOM, "title")), title_text(input));
    for name in ["content", "name"] {
        assert_eq!(text(node, (ATOM, name)), wanted, "{name} of {input:?}");
    }
    assert_eq!(text(node, (ATOM, "summary")), clean(input.trim()));
    assert_eq!(text(node, (DC, "source")), wanted);
    feed_rs::parser::parse(atom.as_bytes()).unwrap();

    let rss = rendered(&settings, &feed, Format::Rss);
    let document = Document::parse(&rss).unwrap_or_else(|error| panic!("{error}: {rss}"));
    let node = find(&document, "item");
    assert_eq!(text(node, "title"), title_text(input));
    assert_eq!(text(node, "category"), wanted);
    assert_eq!(text(node, (CONTENT, "encoded")), wanted);
    assert_eq!(text(node, (DC, "creator")), wanted);
    let description = text(node, "description");
    let plain = description
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    assert_eq!(plain, clean(input.trim()));
    feed_rs::parser::parse(rss.as_bytes()).unwrap();

    let json: serde_json::Value =
        serde_json::from_str(&rendered(&settings, &feed, Format::Json)).unwrap();
    assert_eq!(json["items"][0]["content_html"], wanted.as_ref());
    assert_eq!(json["items"][0]["title"], title_text(input).as_ref());
}

#[test]
fn cdata_ends_and_forbidden_characters_survive_or_vanish() {
    for nasty in [
        "]]>",
        "a]]>b]]]>c]]",
        "]]]]>>",
        "<![CDATA[x]]>",
        "]]\u{0}>",
        "a\u{0}b\u{8}c\u{b}d\u{1f}e\u{fffe}f\u{ffff}g",
        "&amp; &nbsp; &#0; &bogus; <p>\"'</p>",
        "<!-- -- --> <?xml?> \u{2028}\u{85}\u{7f}",
        "😀 \u{10FFFF} 新",
    ] {
        assert_comes_back(nasty);
    }
}

proptest! {
    #[test]
    fn any_text_comes_back(text in "[\\]>&<a\u{0}\u{8}\u{fffe}\r\n新😀]{0,12}x") {
        assert_comes_back(&text);
    }
}

#[test]
fn an_independent_reader_agrees_on_ids_times_and_links() {
    let settings = Settings::default();
    let feed = feed(vec![entry(post())]);
    let id = "https://x.test/news/emnews/2022/02/18/%E5%BC%80%E7%AB%99%20%E5%A4%A7%E5%90%89";
    for format in Format::ALL {
        let bytes = rendered(&settings, &feed, format);
        let read = feed_rs::parser::parse(bytes.as_bytes()).unwrap();
        assert_eq!(read.entries.len(), 1);
        let entry = &read.entries[0];
        assert_eq!(entry.id, id, "{format:?}");
        let published = entry.published.unwrap();
        assert_eq!(published.timestamp(), at(0).seconds(), "{format:?}");
        assert_eq!(entry.title.as_ref().unwrap().content, "A&B <市场> 监管");
        assert!(
            entry
                .links
                .iter()
                .any(|link| link.href.ends_with("%89.html"))
        );
        assert!(bytes.contains("10:01:41+08:00") || bytes.contains("10:01:41 +0800"));
    }
}

#[test]
fn the_address_of_an_image_comes_back_from_every_format() {
    let mut post = post();
    let address = "https://quote.example.com/pic.aspx?nid=1.600519&imageType=k&token=a";
    post.image = Some(address.to_owned());
    let feed = feed(vec![entry(post)]);
    for format in [Format::Atom, Format::Rss] {
        let xml = rendered(&Settings::default(), &feed, format);
        let document = Document::parse(&xml).unwrap();
        let content = document
            .descendants()
            .find(|node| node.tag_name().name() == "thumbnail")
            .unwrap();
        assert_eq!(content.attribute("url"), Some(address), "{format:?}");
    }
}

#[test]
fn the_newest_change_dates_the_feed() {
    let mut early = post();
    early.updated = None;
    early.published = at(-60);
    let feed = feed(vec![entry(post()), entry(early)]);
    let atom = rendered(&Settings::default(), &feed, Format::Atom);
    let document = Document::parse(&atom).unwrap();
    let updated = text(document.root_element(), (ATOM, "updated"));
    assert_eq!(updated, at(5).rfc3339());
    let rss = rendered(&Settings::default(), &feed, Format::Rss);
    assert!(rss.contains(&format!(
        "<lastBuildDate>{}</lastBuildDate>",
        at(5).rfc2822()
    )));
}

#[test]
fn summaries_leave_the_article_out() {
    let settings = Settings {
        content: Content::Summary,
        ..Settings::default()
    };
    for format in Format::ALL {
        let bytes = rendered(&settings, &feed(vec![entry(post())]), format);
        assert!(!bytes.contains("正文"), "{format:?}");
        assert!(bytes.contains("摘要"), "{format:?}");
    }
}

#[test]
fn a_cut_name_stands_whole_in_its_feed() {
    let name = "新闻".repeat(60);
    let feed = Feed {
        follow: Follow::Label(crate::model::Label::tag(name.clone())),
        title: "短".to_owned(),
        entries: vec![],
        history: None,
    };
    for format in Format::ALL {
        assert!(rendered(&Settings::default(), &feed, format).contains(&name));
    }
}
