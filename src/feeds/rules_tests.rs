//! The rules of a right feed that no other test holds: what stands in each document, element by element.
//! `tests/it/feed_rules.rs` has the whole list with the test of each.

use roxmltree::{Document, Node};

use super::golden_tests::{at, entry, feed, post, site};
use super::*;

const ATOM: &str = "http://www.w3.org/2005/Atom";
const DC: &str = "http://purl.org/dc/elements/1.1/";
const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";
const MEDIA: &str = "http://search.yahoo.com/mrss/";

fn settings() -> Settings {
    Settings {
        rights: Some("© 2022 示例 & 朋友".to_owned()),
        icon: Some("https://x.test/icon.png".to_owned()),
        logo: Some("https://x.test/标志.png".to_owned()),
        image: Some("https://x.test/small.png".to_owned()),
        contact: Some("news@x.test (新闻编辑部)".to_owned()),
        ..Settings::default()
    }
}

fn rendered(format: Format) -> String {
    let mut plain = post();
    plain.author = None;
    plain.updated = None;
    plain.id = crate::model::PostId::new("/plain");
    plain.published = at(-1);
    let settings = settings();
    let addresses = Addresses::new(&settings, &site()).unwrap();
    let feed = feed(vec![entry(post()), entry(plain)]);
    String::from_utf8(render(&site(), &addresses, &settings, &feed, format)).unwrap()
}

fn child<'a>(
    under: Node<'a, 'a>,
    name: impl Into<roxmltree::ExpandedName<'a, 'a>>,
) -> Node<'a, 'a> {
    let name = name.into();
    let mut found = under.children().filter(|node| node.tag_name() == name);
    let one = found.next().unwrap_or_else(|| panic!("no {name:?}"));
    assert_eq!(found.next(), None, "two {name:?}");
    one
}

fn text<'a>(under: Node<'a, 'a>, name: impl Into<roxmltree::ExpandedName<'a, 'a>>) -> &'a str {
    child(under, name).text().unwrap_or_default()
}

fn has(under: Node<'_, '_>, name: &str) -> bool {
    under.children().any(|node| node.tag_name().name() == name)
}

#[test]
fn an_rss_channel_has_what_readers_need() {
    let xml = rendered(Format::Rss);
    let document = Document::parse(&xml).unwrap();
    let channel = child(document.root_element(), "channel");
    assert_eq!(text(channel, "title"), "C# | 财经 & 新闻");
    assert_eq!(
        text(channel, "link"),
        "https://x.test/news/feed/by_tag/C%23.html"
    );
    assert_eq!(text(channel, "description"), "财经 & 新闻 · 标签：C#");
    assert_eq!(text(channel, "language"), "zh-cn");
    assert_eq!(text(channel, "ttl"), "30");
    assert!(text(channel, "docs").starts_with("https://www.rssboard.org/"));
    let itself = child(channel, (ATOM, "link"));
    assert_eq!(itself.attribute("rel"), Some("self"));
    assert_eq!(itself.attribute("type"), Some("application/rss+xml"));
    assert_eq!(
        itself.attribute("href"),
        Some("https://x.test/news/feed/by_tag/C%23.rss")
    );
    for absent in ["skipHours", "skipDays", "cloud"] {
        assert!(!has(channel, absent));
    }
}

#[test]
fn an_rss_channel_says_who_made_it_and_whose_it_is() {
    let xml = rendered(Format::Rss);
    let document = Document::parse(&xml).unwrap();
    let channel = child(document.root_element(), "channel");
    let generator = format!("tagwire {}", env!("CARGO_PKG_VERSION"));
    assert!(text(channel, "generator").starts_with(&generator));
    assert!(text(channel, "generator").ends_with(generator_uri().map_or("", |_| ")")));
    assert_eq!(text(channel, "copyright"), "© 2022 示例 & 朋友");
    let image = child(channel, "image");
    assert_eq!(text(image, "url"), "https://x.test/small.png");
    assert_eq!(text(image, "title"), text(channel, "title"));
    assert_eq!(text(image, "link"), text(channel, "link"));
    for role in ["managingEditor", "webMaster"] {
        assert_eq!(text(channel, role), "news@x.test (新闻编辑部)");
    }
    let bare = super::golden_tests::rendered(&Settings::default(), &feed(vec![]), Format::Rss);
    for absent in ["managingEditor", "webMaster", "copyright", "image"] {
        assert!(!bare.contains(&format!("<{absent}>")));
    }
}

#[test]
fn an_rss_item_is_known_by_its_guid_and_credits_people_rightly() {
    let xml = rendered(Format::Rss);
    let document = Document::parse(&xml).unwrap();
    let channel = child(document.root_element(), "channel");
    let items: Vec<Node<'_, '_>> = channel
        .children()
        .filter(|node| node.has_tag_name("item"))
        .collect();
    for item in &items {
        assert_eq!(text(*item, "title"), "A&B <市场> 监管");
        assert!(
            text(*item, "link").starts_with("https://x.test/news/")
                && text(*item, "link").is_ascii()
        );
        assert_eq!(child(*item, "guid").attribute("isPermaLink"), Some("false"));
        assert_eq!(
            text(*item, "pubDate").len(),
            "Fri, 18 Feb 2022 10:01:41 +0800".len()
        );
        // A name without an address is no `author`.
        assert!(!has(*item, "author") && !has(*item, "enclosure"));
    }
    assert_eq!(text(items[0], (DC, "creator")), "记者");
    assert_eq!(text(items[1], (DC, "creator")), "ZNing");
}

#[test]
fn an_rss_item_tells_kinds_of_labels_apart_and_puts_the_summary_first() {
    let xml = rendered(Format::Rss);
    let document = Document::parse(&xml).unwrap();
    let channel = child(document.root_element(), "channel");
    let item = channel
        .children()
        .find(|node| node.has_tag_name("item"))
        .unwrap();
    let labels: Vec<(Option<&str>, Option<&str>)> = item
        .children()
        .filter(|node| node.has_tag_name("category"))
        .map(|node| (node.attribute("domain"), node.text()))
        .collect();
    let domain = |kind| {
        Some(match kind {
            0 => "https://x.test/news/categories",
            1 => "https://x.test/news/tags",
            _ => "https://x.test/news/topics",
        })
    };
    let wanted = [
        (domain(0), Some("东方财富")),
        (domain(1), Some("C#")),
        (domain(2), Some("市场监管")),
    ];
    assert_eq!(labels, wanted);
    let place = |name: &str| {
        let mut children = item.children().filter(Node::is_element);
        children
            .position(|node| node.tag_name().name() == name)
            .unwrap()
    };
    assert!(place("description") < place("encoded"));
    assert_eq!(
        text(item, (CONTENT, "encoded")),
        "<p>正文 ]]> &amp; 1 &lt; 2</p>"
    );
    let picture = child(item, (MEDIA, "content"));
    assert_eq!(picture.attribute("medium"), Some("image"));
    assert_eq!(picture.attribute("type"), Some("image/png"));
    assert_eq!(picture.attribute("url"), Some("https://x.test/a.png"));
}

#[test]
fn an_edit_is_dated_in_rss_too_and_the_publication_stays() {
    let xml = rendered(Format::Rss);
    let document = Document::parse(&xml).unwrap();
    let channel = child(document.root_element(), "channel");
    let items: Vec<Node<'_, '_>> = channel
        .children()
        .filter(|node| node.has_tag_name("item"))
        .collect();
    assert_eq!(text(items[0], (ATOM, "updated")), at(5).rfc3339());
    assert_eq!(text(items[0], "pubDate"), at(0).rfc2822());
    assert!(!has(items[1], "updated"));
}

#[test]
fn an_atom_feed_has_each_element_once() {
    let xml = rendered(Format::Atom);
    let document = Document::parse(&xml).unwrap();
    let root = document.root_element();
    let itself = "https://x.test/news/feed/by_tag/C%23.xml";
    assert_eq!(text(root, (ATOM, "id")), itself);
    assert_eq!(text(root, (ATOM, "title")), "C# | 财经 & 新闻");
    assert_eq!(text(root, (ATOM, "subtitle")), "财经 & 新闻 · 标签：C#");
    assert_eq!(text(root, (ATOM, "updated")), at(5).rfc3339());
    assert_eq!(text(child(root, (ATOM, "author")), (ATOM, "name")), "ZNing");
    assert_eq!(text(root, (ATOM, "rights")), "© 2022 示例 & 朋友");
    assert_eq!(text(root, (ATOM, "icon")), "https://x.test/icon.png");
    assert_eq!(
        text(root, (ATOM, "logo")),
        "https://x.test/%E6%A0%87%E5%BF%97.png"
    );
    let generator = child(root, (ATOM, "generator"));
    assert_eq!(generator.text(), Some("tagwire"));
    assert_eq!(
        generator.attribute("version"),
        Some(env!("CARGO_PKG_VERSION"))
    );
    assert_eq!(generator.attribute("uri"), generator_uri());
    let lang = ("http://www.w3.org/XML/1998/namespace", "lang");
    assert_eq!(root.attribute(lang), Some("zh-CN"));
    let links: Vec<(Option<&str>, Option<&str>, Option<&str>)> = root
        .children()
        .filter(|node| node.has_tag_name((ATOM, "link")))
        .map(|node| {
            (
                node.attribute("rel"),
                node.attribute("href"),
                node.attribute("hreflang"),
            )
        })
        .collect();
    let page = "https://x.test/news/feed/by_tag/C%23.html";
    let wanted = [
        (Some("self"), Some(itself), None),
        (Some("alternate"), Some(page), Some("zh-CN")),
    ];
    // The writer leaves the default `rel`, alternate, unsaid.
    let said: Vec<_> = links
        .into_iter()
        .map(|(rel, href, lang)| (rel.or(Some("alternate")), href, lang))
        .collect();
    assert_eq!(said, wanted);
}

#[test]
fn an_atom_entry_has_what_rfc_4287_asks_for() {
    let xml = rendered(Format::Atom);
    let document = Document::parse(&xml).unwrap();
    let root = document.root_element();
    let entries: Vec<Node<'_, '_>> = root
        .children()
        .filter(|node| node.has_tag_name((ATOM, "entry")))
        .collect();
    let entry = entries[0];
    let id = text(entry, (ATOM, "id"));
    assert_eq!(
        id,
        "https://x.test/news/emnews/2022/02/18/%E5%BC%80%E7%AB%99%20%E5%A4%A7%E5%90%89"
    );
    assert_eq!(text(entry, (ATOM, "title")), "A&B <市场> 监管");
    assert_eq!(
        text(entry, (ATOM, "published")),
        "2022-02-18T10:01:41+08:00"
    );
    assert_eq!(text(entry, (ATOM, "updated")), at(5).rfc3339());
    assert_eq!(
        text(entries[1], (ATOM, "updated")),
        text(entries[1], (ATOM, "published"))
    );
    let labels: Vec<[Option<&str>; 3]> = entry
        .children()
        .filter(|node| node.has_tag_name((ATOM, "category")))
        .map(|node| ["term", "scheme", "label"].map(|name| node.attribute(name)))
        .collect();
    let wanted = [
        [
            Some("emnews"),
            Some("https://x.test/news/categories"),
            Some("东方财富"),
        ],
        [Some("C#"), Some("https://x.test/news/tags"), None],
        [
            Some("market"),
            Some("https://x.test/news/topics"),
            Some("市场监管"),
        ],
    ];
    assert_eq!(labels, wanted);
    let content = child(entry, (ATOM, "content"));
    assert_eq!(content.attribute("type"), Some("html"));
    let base = ("http://www.w3.org/XML/1998/namespace", "base");
    assert!(content.attribute(base).unwrap().ends_with("%89.html"));
    assert_eq!(text(entry, (ATOM, "summary")), "摘要 1 < 2 & 3");
    assert!(xml.contains("rel=\"via\""));
}

#[test]
fn a_json_feed_has_what_version_1_1_asks_for() {
    let json: serde_json::Value = serde_json::from_str(&rendered(Format::Json)).unwrap();
    assert_eq!(json["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(json["title"], "C# | 财经 & 新闻");
    assert_eq!(
        json["home_page_url"],
        "https://x.test/news/feed/by_tag/C%23.html"
    );
    assert_eq!(
        json["feed_url"],
        "https://x.test/news/feed/by_tag/C%23.json"
    );
    assert_eq!(json["language"], "zh-CN");
    assert_eq!(json["authors"][0]["name"], "ZNing");
    assert_eq!(json["icon"], "https://x.test/icon.png");
    assert_eq!(json["favicon"], "https://x.test/icon.png");
    assert_eq!(json["description"], "财经 & 新闻 · 标签：C#");
    // A news feed never ends, and one without pages names none.
    assert!(json.get("expired").is_none() && json.get("next_url").is_none());
}

#[test]
fn a_json_item_has_an_id_and_a_content() {
    let json: serde_json::Value = serde_json::from_str(&rendered(Format::Json)).unwrap();
    let item = &json["items"][0];
    for field in ["id", "url", "title", "content_html", "summary", "image"] {
        assert!(
            item[field].as_str().is_some_and(|text| !text.is_empty()),
            "{field}"
        );
    }
    assert_eq!(item["date_published"], at(0).rfc3339());
    assert_eq!(item["date_modified"], at(5).rfc3339());
    assert_eq!(
        item["tags"],
        serde_json::json!(["东方财富", "C#", "市场监管"])
    );
    assert_eq!(item["authors"][0]["name"], "记者");
    assert_eq!(item["external_url"], "http://e.cn/a?b=1&c=%E6%96%B0");
    assert!(
        json["items"][1].get("authors").is_none(),
        "the feed's author counts"
    );
}

#[test]
fn feeds_that_browsers_open_name_a_style_sheet() {
    for format in [Format::Atom, Format::Rss] {
        let xml = rendered(format);
        assert!(
            xml.contains("<?xml-stylesheet type=\"text/css\" href=\"/news/feeds.css\"?>"),
            "{xml}"
        );
        assert!(!xml.contains("text/xsl"));
    }
}

#[test]
fn the_three_formats_agree_on_ids_and_their_order() {
    let read = |format| feed_rs::parser::parse(rendered(format).as_bytes()).unwrap();
    let ids = |format| {
        read(format)
            .entries
            .into_iter()
            .map(|entry| entry.id)
            .collect::<Vec<_>>()
    };
    let atom = ids(Format::Atom);
    assert_eq!(atom.len(), 2);
    assert_ne!(atom[0], atom[1]);
    assert_eq!(atom, ids(Format::Rss));
    assert_eq!(atom, ids(Format::Json));
}
