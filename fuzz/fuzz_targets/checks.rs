//! What must hold for every post, whatever bytes it was read from.
//! In: bytes. Out: nothing, or a panic that names what does not hold.

use std::sync::LazyLock;

use chrono::DateTime;
use scraper::{Html, Node};
use tagwire::model::Site;
use tagwire::posts::{NaiveDates, Rules, Settings, parse};

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let site = Site {
        title: "Example".into(),
        url: "https://news.example".into(),
        description: None,
        author: None,
        language: "zh-CN".into(),
        timezone: "Asia/Shanghai".parse().expect("a zone"),
    };
    Rules::new(&Settings::default(), &site, NaiveDates::SiteTime).expect("default rules")
});

pub fn check(path: &str, bytes: &[u8]) {
    let first_seen = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
    let (post, problems) = parse(path, bytes, first_seen, &RULES);
    for problem in &problems {
        assert!(!problem.message.is_empty() && !problem.help.is_empty());
    }
    let Some(post) = post else {
        assert!(!problems.is_empty(), "skipped in silence");
        return;
    };
    assert!(!post.title.trim().is_empty(), "no title");
    let labels = post.categories.iter().chain(&post.tags);
    for text in labels.chain([&post.title, &post.url]) {
        assert!(!text.contains(char::is_control), "control: {text:?}");
    }
    assert!(!post.id.as_str().is_empty() && post.url.starts_with('/'));
    assert!(post.published.rfc3339().len() >= 25);
    harmless(&post.html);
}

/// Read as a browser reads it: no element that runs, no handler, no address that runs.
fn harmless(html: &str) {
    let document = Html::parse_fragment(html);
    for node in document.tree.values() {
        let Node::Element(element) = node else {
            continue;
        };
        let name = element.name();
        let runs = ["script", "style", "iframe", "form", "object", "embed", "svg", "math", "base", "meta", "link"];
        assert!(!runs.contains(&name), "<{name}> in {html:?}");
        for (attribute, value) in element.attrs() {
            assert!(!attribute.starts_with("on") && attribute != "style", "{attribute} in {html:?}");
            // Browsers pass over control characters and blanks in a scheme.
            let value: String = value.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
            let value = value.to_ascii_lowercase();
            for scheme in ["javascript:", "vbscript:", "data:"] {
                let address = matches!(attribute, "href" | "src" | "cite");
                assert!(!(address && value.starts_with(scheme)), "{scheme} in {html:?}");
            }
        }
    }
}
