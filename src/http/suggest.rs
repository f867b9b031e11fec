//! Which feeds somebody meant whose address does not exist.
//! In: the published paths, the address. Out: the nearest by name, pinyin and typing errors; pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use strsim::osa_distance;
use unicode_normalization::UnicodeNormalization;

use crate::model::pinyin;

/// Longer addresses are nobody's typing error (characters of the last part).
const LONGEST: usize = 60;
/// Endings that name a format, ours and other generators'.
const ENDINGS: [&str; 7] = [".xml", ".rss", ".json", ".html", ".htm", ".atom", ".rdf"];
/// Last parts that mean "the feed of what stands before", as WordPress and others have it.
const GENERIC: [&str; 6] = ["feed", "feeds", "rss", "atom", "index", "rss2"];

/// A feed that can be suggested.
#[derive(Debug)]
pub struct Name {
    /// Its path without an extension.
    pub stem: String,
    /// As people read it.
    pub shown: String,
    folded: Vec<char>,
    spellings: Vec<String>,
}

/// The feeds and pages among the published paths. Where there are pages, they alone count besides
/// the feeds at the root. Parts of a feed's history are never what somebody means.
pub fn names(paths: &[Arc<str>]) -> Vec<Name> {
    let is_paged = |path: &&Arc<str>| path.contains('/') && path.ends_with(".html");
    let has_pages = paths.iter().any(|path| is_paged(&path));
    let stems = paths.iter().filter_map(|path| {
        let ending = ENDINGS.iter().find(|ending| path.ends_with(**ending))?;
        let is_history = path.contains(".archive/");
        let counts = !has_pages || !path.contains('/') || *ending == ".html";
        (counts && !is_history).then(|| &path[..path.len() - ending.len()])
    });
    let stems: BTreeSet<&str> = stems.collect();
    stems.into_iter().map(Name::new).collect()
}

impl Name {
    fn new(stem: &str) -> Self {
        let last = stem.rsplit('/').next().unwrap_or(stem);
        let shown = percent_decode_str(last).decode_utf8_lossy().into_owned();
        Name {
            stem: stem.to_owned(),
            folded: fold(&shown),
            spellings: pinyin::spellings(&shown),
            shown,
        }
    }
}

/// At most `most` of `names` that look like the decoded `address`, the likeliest first.
pub fn nearest<'n>(names: &'n [Name], address: &str, most: usize) -> Vec<&'n Name> {
    let Some(asked) = Asked::new(address) else {
        return Vec::new();
    };
    let scored = names
        .iter()
        .filter_map(|name| Some((asked.score(name)?, name)));
    let mut scored: Vec<(u32, &Name)> = scored.collect();
    scored.sort_by(|a, b| (a.0, &a.1.stem).cmp(&(b.0, &b.1.stem)));
    scored.truncate(most);
    scored.into_iter().map(|(_, name)| name).collect()
}

struct Asked {
    folded: Vec<char>,
    typed: String,
    spellings: Vec<String>,
}

impl Asked {
    fn new(address: &str) -> Option<Asked> {
        let mut parts = address.rsplit('/').filter(|part| !part.is_empty());
        let mut last = without_ending(parts.next()?);
        if GENERIC.contains(&last.to_ascii_lowercase().as_str()) {
            last = parts.next().map_or(last, without_ending);
        }
        // People copy addresses that are escaped already.
        let last = percent_decode_str(last).decode_utf8().ok()?;
        if last.chars().count() > LONGEST {
            return None;
        }
        let folded = fold(&last);
        Some(Asked {
            typed: folded.iter().collect(),
            spellings: pinyin::spellings(&last),
            folded,
        })
    }

    /// How far away a name is, 0 being the same; `None` for what nobody can have meant.
    fn score(&self, name: &Name) -> Option<u32> {
        if self.folded.is_empty() || name.folded.is_empty() {
            return None;
        }
        if self.folded == name.folded {
            return Some(0);
        }
        let is_spelled =
            |spelling: &String| *spelling == self.typed || self.spellings.first() == Some(spelling);
        if name.spellings.iter().any(is_spelled) {
            return Some(10);
        }
        let is_generic = GENERIC.contains(&self.typed.as_str());
        if is_generic && !name.stem.contains('/') {
            return Some(15);
        }
        let (longer, shorter) = match self.folded.len() > name.folded.len() {
            true => (&self.folded, &name.folded),
            false => (&name.folded, &self.folded),
        };
        let apart = longer.len() - shorter.len();
        if shorter.len() > 1 && longer.windows(shorter.len()).any(|part| part == shorter) {
            return Some(20 + apart.min(9) as u32);
        }
        let begins = |spelling: &String| self.typed.len() > 2 && spelling.starts_with(&self.typed);
        if name.spellings.iter().any(begins) {
            return Some(30);
        }
        let written = mistyped(&self.folded, &name.folded, 2).map(|far| 40 + far);
        written.or_else(|| {
            let typed = self.spellings.first().unwrap_or(&self.typed);
            let typed: Vec<char> = typed.chars().collect();
            let spelled: Vec<char> = name.spellings.first()?.chars().collect();
            mistyped(&typed, &spelled, 3).map(|far| 60 + far)
        })
    }
}

/// Typing errors between two texts, in tenths of the longer, when they are less than one
/// character in `one_in`.
fn mistyped(one: &[char], two: &[char], one_in: usize) -> Option<u32> {
    let longer = one.len().max(two.len());
    if longer > LONGEST || one.len().abs_diff(two.len()) * one_in > longer {
        return None;
    }
    let (one, two): (String, String) = (one.iter().collect(), two.iter().collect());
    let errors = osa_distance(&one, &two);
    (errors * one_in <= longer && errors < longer).then(|| (errors * 10 / longer) as u32)
}

fn without_ending(part: &str) -> &str {
    let ending = ENDINGS.iter().find_map(|ending| part.strip_suffix(ending));
    ending.unwrap_or(part)
}

/// Width and case do not matter to people.
fn fold(name: &str) -> Vec<char> {
    let folded = name.nfkc().flat_map(char::to_lowercase);
    folded.filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn known() -> Vec<Name> {
        let paths = [
            "index.html",
            "feed.xml",
            "feed.rss",
            "feeds.opml",
            "pages.css",
            "feed/haidairibao.html",
            "feed/haidairibao.xml",
            "feed.archive/2026-11.xml",
            "feed/by_tag/新闻.html",
            "feed/by_tag/海岱日报新闻.html",
            "feed/by_tag/C%23.html",
            "feed/by_tag/TechWeb.html",
            "feed/by_topic/market-supervision.html",
        ];
        names(&paths.map(Arc::from))
    }

    fn first(address: &str) -> Option<String> {
        let names = known();
        nearest(&names, address, 5)
            .first()
            .map(|name| name.stem.clone())
    }

    #[test]
    fn what_was_meant_is_found() {
        for (address, meant) in [
            ("/feed/by_tag/新聞/", None),
            ("/feed/新闻.xml", Some("feed/by_tag/新闻")),
            ("/tag/新闻/feed/", Some("feed/by_tag/新闻")),
            ("/feed/by_tag/新文.xml", Some("feed/by_tag/新闻")),
            ("/feed/xinwen.xml", Some("feed/by_tag/新闻")),
            ("/feed/xw.rss", Some("feed/by_tag/新闻")),
            ("/feed/hdrbxw", Some("feed/by_tag/海岱日报新闻")),
            ("/feed/haidai", Some("feed/haidairibao")),
            ("/feed/haidairiboa.xml", Some("feed/haidairibao")),
            ("/feed/by_tag/%E6%96%B0%E9%97%BB", Some("feed/by_tag/新闻")),
            ("/feed/by_tag/techweb.json", Some("feed/by_tag/TechWeb")),
            ("/feed/by_tag/c#.xml", Some("feed/by_tag/C%23")),
            (
                "/topics/market_supervison",
                Some("feed/by_topic/market-supervision"),
            ),
            ("/rss.xml", Some("feed")),
            ("/feed", Some("feed")),
            ("/wp-login.php", None),
            ("/.env", None),
            ("/", None),
        ] {
            match meant {
                Some(meant) => assert_eq!(first(address).as_deref(), Some(meant), "{address}"),
                // Nothing, or at least nothing that it is not near to.
                None => assert!(nearest(&known(), address, 5).len() <= 1, "{address}"),
            }
        }
    }

    #[test]
    fn history_and_assets_are_not_suggested() {
        let stems: Vec<String> = known().into_iter().map(|name| name.stem).collect();
        assert!(
            !stems
                .iter()
                .any(|stem| stem.contains("archive") || stem == "pages")
        );
        let unpaged = ["feed/a.xml", "feed/a.rss", "feed/a.archive/2026-11.xml"];
        assert_eq!(names(&unpaged.map(Arc::from)).len(), 1);
    }

    proptest! {
        #[test]
        fn any_address_gets_an_answer(address in any::<String>()) {
            prop_assert!(nearest(&known(), &address, 5).len() <= 5);
        }
    }
}
