use super::*;
use crate::feeds::EntryView;
use crate::feeds::golden_tests::{entry, feed, post, site};
use crate::model::{Label, Post};

/// What pages show of a post, with links to those labels that `are_there`.
fn article(
    settings: &Settings,
    post: Post,
    are_there: impl Fn(&Follow) -> bool,
) -> Article<String> {
    let (site, entry) = (site(), entry(post));
    let addresses = Addresses::new(settings, &site).unwrap();
    let view = EntryView::new(&addresses, settings, &entry);
    Article::of(&site, &addresses, settings, &view, are_there)
}

/// The page of a feed that shows one article.
fn page_of(
    settings: &Settings,
    bot: Option<&str>,
    about: &Follow,
    shown: &Article<String>,
) -> String {
    let addresses = Addresses::new(settings, &site()).unwrap();
    let articles = [shown.borrowed()];
    let page = feed_page(&site(), &addresses, settings, bot, (about, "x"), &articles);
    String::from_utf8(page).unwrap()
}

fn page(bot: Option<&str>) -> String {
    let settings = Settings::default();
    let about = feed(vec![]).follow;
    page_of(
        &settings,
        bot,
        &about,
        &article(&settings, post(), |_| true),
    )
}

#[test]
fn addresses_are_relative_to_the_page() {
    assert_eq!(relative("index.html", "feed/新闻.html"), "feed/新闻.html");
    assert_eq!(relative("feed/by_tag/a.html", "feed/b.html"), "../b.html");
    assert_eq!(
        relative("feed/by_tag/a.html", "index.html"),
        "../../index.html"
    );
    assert_eq!(
        relative("feed/a.html", "feed/%2E#?.html"),
        "%252E%23%3F.html"
    );
    assert_eq!(
        relative("feed/a.html", "feed/by_tag/C.html"),
        "by_tag/C.html"
    );
    assert_eq!(root_of("feed/by_tag/a.html"), "../../");
}

#[test]
fn a_feed_page_escapes_texts_and_offers_every_format() {
    let page = page(None);
    assert!(page.contains("A&#38;B &#60;市场&#62; 监管"), "{page}");
    assert!(page.contains("2022-02-18 10:01 +08:00"));
    for kind in ["atom+xml", "rss+xml", "feed+json"] {
        let link = format!("<link rel=\"alternate\" type=\"application/{kind}\"");
        assert!(page.contains(&link), "{kind}");
    }
    assert!(
        page.contains("href=\"../emnews.html\">emnews</a>"),
        "{page}"
    );
    assert!(!page.contains("t.me"));
    assert!(!page.contains("<style") && !page.contains("<script") && !page.contains("style="));
}

#[test]
fn an_article_links_to_the_pages_that_are_there_but_the_one_it_is_on() {
    let settings = Settings::default();
    let mut labeled = post();
    labeled.categories = vec!["a".to_owned()];
    labeled.tags = ["a", "R&D's", "gone"].map(str::to_owned).to_vec();
    let is_there = |follow: &Follow| *follow != Follow::Label(Label::tag("gone"));
    let shown = article(&settings, labeled, is_there);
    let labels = |about: Label| {
        let page = page_of(&settings, None, &Follow::Label(about), &shown);
        let items = page.lines().filter_map(|line| line.strip_prefix("<li>"));
        items.map(str::to_owned).collect::<Vec<_>>()
    };
    let topic = |up: &str| format!("<a href=\"{up}by_topic/market.html\">市场监管</a>");
    let research = |href: &str| format!("<a href=\"{href}\">R&#38;D&#39;s</a>");
    let by_category = labels(Label::category("a"));
    assert_eq!(
        by_category,
        [
            topic(""),
            "<a href=\"by_tag/a.html\">a</a>".to_owned(),
            research("by_tag/R&#38;D&#39;s.html")
        ]
    );
    let by_tag = labels(Label::tag("a"));
    assert_eq!(
        by_tag,
        [
            topic("../"),
            "<a href=\"../a.html\">a</a>".to_owned(),
            research("R&#38;D&#39;s.html")
        ]
    );
    let none = article(&settings, post(), |_| false);
    let page = page_of(&settings, None, &Follow::Site, &none);
    assert!(!page.contains("class=\"tags\""));
}

#[test]
fn pages_of_one_folder_name_each_other_without_it_whatever_it_is_called() {
    let mut settings = Settings::default();
    settings.paths.tag = "/R&D's/:name".to_owned();
    let mut tagged = post();
    tagged.tags = vec!["a".to_owned(), "b".to_owned()];
    let about = Follow::Label(Label::tag("a"));
    let page = page_of(
        &settings,
        None,
        &about,
        &article(&settings, tagged, |_| true),
    );
    assert!(page.contains("<li><a href=\"b.html\">b</a>"), "{page}");
}

#[test]
fn telegram_opens_the_bot_with_exactly_this_label() {
    let key = Follow::Label(Label::tag("C#")).key();
    assert_eq!(key.len(), 16);
    assert!(page(Some("@wire_bot")).contains(&format!("https://t.me/wire_bot?start={key}\"")));
    assert!(!page(Some("evil/..\"")).contains("t.me"));
}

#[test]
fn the_bytes_of_the_index_depend_on_labels_alone() {
    let settings = Settings::default();
    let addresses = Addresses::new(&settings, &site()).unwrap();
    let tag = |name: &str| (Follow::Label(Label::tag(name)), name.to_owned());
    let follows = [(Follow::Site, "x".to_owned()), tag("新闻"), tag("C#")];
    let index = || {
        String::from_utf8(index_page(
            &site(),
            &addresses,
            &settings,
            None,
            "index.html",
            &follows,
        ))
    };
    let page = index().unwrap();
    assert_eq!(page, index().unwrap());
    assert!(page.contains("<a href=\"feed/by_tag/新闻.html\">新闻</a>"));
    assert!(
        page.contains("<a href=\"feed/by_tag/C%23.html\">C#</a>"),
        "{page}"
    );
    assert!(page.contains("<script src=\"pages.js\" defer></script>"));
}

#[test]
fn the_search_gets_every_reading_of_every_character_once() {
    let tag = |name: &str| (Follow::Label(Label::tag(name)), name.to_owned());
    let table = Asset::Readings.bytes(
        &site(),
        &[tag("银行"), tag("行情"), tag("C# 女足"), tag("２１财经")],
    );
    let table = String::from_utf8(table).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    for line in ["hang行", "xing行", "yin银", "nv女", "cai财"] {
        assert!(lines.contains(&line), "{line} in {table}");
    }
    assert!(!table.contains('C') && !table.contains('2'), "{table}");
    assert!(Asset::Readings.bytes(&site(), &[tag("TechWeb")]).is_empty());
}

#[test]
fn feeds_in_browsers_say_what_they_are_in_the_sites_language() {
    let style = |language: &str| {
        let mut site = site();
        site.language = language.to_owned();
        String::from_utf8(Asset::FeedStyle.bytes(&site, &[])).unwrap()
    };
    assert!(style("zh-Hans").contains("content:\"这是订阅源"));
    assert!(style("en-GB").contains("content:\"This is a feed"));
    assert!(!style("en").contains("HINT"));
}
