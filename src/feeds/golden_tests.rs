//! Whole feeds, byte by byte, and the sample data that other tests here share.

use std::sync::Arc;

use super::*;
use crate::model::time::PostTime;
use crate::model::zone::zone;
use crate::model::{DateSource, Label, PostId};

/// A site below a folder, with an author.
pub fn site() -> Site {
    Site {
        title: "财经 & 新闻".to_owned(),
        url: "https://x.test/news".to_owned(),
        description: Some("每日 <财经> 新闻".to_owned()),
        author: Some("ZNing".to_owned()),
        language: "zh-CN".to_owned(),
        timezone: zone("Asia/Shanghai"),
    }
}

/// 2022-02-18 10:01:41 +0800 and some minutes.
pub fn at(minutes: i64) -> PostTime {
    PostTime::from_parts(1_645_149_701 + 60 * minutes, 8 * 3600).unwrap()
}

/// A post with everything that a feed can show.
pub fn post() -> Post {
    Post {
        id: PostId::new("/emnews/2022/02/18/开站 大吉"),
        path: "emnews/_posts/2022-02-18-开站 大吉.md".to_owned(),
        title: "A&B <市场> 监管".to_owned(),
        published: at(0),
        date_source: DateSource::FrontMatter,
        updated: Some(at(5)),
        url: "/emnews/2022/02/18/%E5%BC%80%E7%AB%99-%E5%A4%A7%E5%90%89.html".to_owned(),
        categories: vec!["emnews".to_owned()],
        tags: vec!["C#".to_owned()],
        author: Some("记者".to_owned()),
        source: Some("大众日报".to_owned()),
        via: Some("http://e.cn/a?b=1&c=新".to_owned()),
        digest: None,
        excerpt: None,
        match_text: None,
        image: Some("https://x.test/a.png".to_owned()),
        html: "<p>正文 ]]> &amp; 1 &lt; 2</p>".to_owned(),
        text: "正文".to_owned(),
        withdrawn: false,
    }
}

/// One entry around `post`.
pub fn entry(post: Post) -> Arc<Entry> {
    Arc::new(Entry {
        post: Arc::new(post),
        summary: "摘要 1 < 2 & 3".to_owned(),
        topics: vec![("market".to_owned(), "市场监管".to_owned())],
        names: vec![(Label::category("emnews"), "东方财富".to_owned())],
    })
}

/// The feed of tag `C#` with these entries.
pub fn feed(entries: Vec<Arc<Entry>>) -> Feed {
    Feed {
        follow: Follow::Label(Label::tag("C#")),
        title: "C#".to_owned(),
        entries,
        history: None,
    }
}

/// `feed` as text.
pub fn rendered(settings: &Settings, feed: &Feed, format: Format) -> String {
    let addresses = Addresses::new(settings, &site()).unwrap();
    String::from_utf8(render(&site(), &addresses, settings, feed, format)).unwrap()
}

/// Compares with the stored file; `TAGWIRE_BLESS=1` stores what is.
fn check(name: &str, actual: &str) {
    let path = format!("{}/src/feeds/golden/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("TAGWIRE_BLESS").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    assert_eq!(actual, std::fs::read_to_string(&path).unwrap(), "{path}");
}

#[test]
fn feeds_are_these_bytes() {
    let settings = Settings::default();
    let feed = feed(vec![entry(post())]);
    check("tag.xml", &rendered(&settings, &feed, Format::Atom));
    check("tag.rss", &rendered(&settings, &feed, Format::Rss));
    check("tag.json", &rendered(&settings, &feed, Format::Json));
}

#[test]
fn empty_feeds_are_these_bytes() {
    let settings = Settings::default();
    let feed = Feed {
        follow: Follow::Site,
        title: site().title,
        entries: vec![],
        history: None,
    };
    check("empty.xml", &rendered(&settings, &feed, Format::Atom));
    check("empty.rss", &rendered(&settings, &feed, Format::Rss));
    check("empty.json", &rendered(&settings, &feed, Format::Json));
}

#[test]
fn lists_of_feeds_are_these_bytes() {
    let settings = Settings::default();
    let addresses = Addresses::new(&settings, &site()).unwrap();
    let follows = [
        (Follow::Site, site().title),
        (
            Follow::Label(Label::tag("新闻\u{8}")),
            "新闻\u{8} <b>".to_owned(),
        ),
        (Follow::Label(Label::topic("market")), "市场监管".to_owned()),
        (Follow::Label(Label::category("..")), "..".to_owned()),
    ];
    let list = opml(&site(), &addresses, &settings, &follows);
    let list = String::from_utf8(list).unwrap();
    roxmltree::Document::parse(&list).unwrap();
    check("feeds.opml", &list);
    let page = index_page(&site(), &addresses, &settings, None, "index.html", &follows);
    check("index.html", &String::from_utf8(page).unwrap());
}
