//! What must hold for every post, whatever bytes it was read from.
//! In: bytes. Out: nothing, or a panic that names what does not hold.

use std::sync::LazyLock;

use chrono::DateTime;
use tagwire::model::Site;
use tagwire::posts::{NaiveDates, Rules, Settings, parse};

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let site = Site {
        title: "Example".into(),
        url: "https://news.example".into(),
        description: None,
        author: None,
        language: "zh-CN".into(),
        timezone: chrono_tz::Asia::Shanghai,
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

/// The sanitiser writes every attribute as ` name="value"`, and escapes `<` and quotes in text.
fn harmless(html: &str) {
    let lower = html.to_ascii_lowercase();
    for tag in ["<script", "<style", "<iframe", "<form", "<object", "<svg"] {
        assert!(!lower.contains(tag), "{tag} in {html:?}");
    }
    for tag in lower.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        for attribute in ["href=\"javascript:", "src=\"javascript:", "src=\"data:text"] {
            assert!(!tag.contains(attribute), "{attribute} in {html:?}");
        }
        // Outside of values: every second part between quotes.
        for outside in tag.split('"').step_by(2) {
            let handler = outside
                .split_ascii_whitespace()
                .any(|name| name.starts_with("on") && name.ends_with('='));
            assert!(!handler, "a handler in {html:?}");
        }
    }
}
