//! Finding labels by what people type; pure.
//! In: every label with its names. Out: those that match, the best first.
//! Chinese, pinyin, initials, parts, words in any order; typing errors only where nothing else matches.

use std::collections::HashMap;

use strsim::osa_distance;
use unicode_normalization::UnicodeNormalization;

use crate::model::{Follow, LabelKind, pinyin};

/// Longer questions are no names (characters).
const LONGEST: usize = 60;
/// More typing errors than this are another word; it also keeps nearly all names from being compared at all.
const MOST_ERRORS: usize = 2;

/// A label as people may know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What it is.
    pub follow: Follow,
    /// What people call it.
    pub title: String,
    /// Other names: as posts have it, and what it was called before.
    pub others: Vec<String>,
}

/// All labels, ready to be searched.
#[derive(Debug, Default)]
pub struct Finder {
    entries: Vec<Entry>,
    by_follow: HashMap<Follow, usize>,
}

#[derive(Debug)]
struct Entry {
    follow: Follow,
    title: String,
    names: Vec<Name>,
    spellings: Vec<Name>,
}

#[derive(Debug)]
struct Name {
    text: String,
    length: usize,
    /// A bit for each character that occurs, of 64: what it lacks cannot be in the text.
    mask: u64,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit<'f> {
    /// What it is.
    pub follow: &'f Follow,
    /// 0: it has exactly this name. Greater is further away.
    pub distance: u32,
}

impl Finder {
    /// Ready for searches.
    pub fn new(known: Vec<Known>) -> Self {
        let mut finder = Finder::default();
        for known in known {
            let mut names: Vec<Name> = Vec::new();
            let written = std::iter::once(&known.title).chain(&known.others);
            for name in written
                .map(|name| fold(name))
                .filter(|name| !name.is_empty())
            {
                if !names.iter().any(|known| known.text == name) {
                    names.push(Name::new(name));
                }
            }
            let spellings = names.iter().flat_map(|name| pinyin::spellings(&name.text));
            let entry = Entry {
                spellings: spellings.map(Name::new).collect(),
                follow: known.follow,
                title: known.title,
                names,
            };
            finder
                .by_follow
                .insert(entry.follow.clone(), finder.entries.len());
            finder.entries.push(entry);
        }
        finder
    }

    /// What people call it; `None` for what no post carries.
    pub fn title(&self, follow: &Follow) -> Option<&str> {
        let at = self.by_follow.get(follow)?;
        self.entries.get(*at).map(|entry| entry.title.as_str())
    }

    /// All that match, the best first; of two that match alike, topics first, then by title.
    pub fn find(&self, query: &str) -> Vec<Hit<'_>> {
        let Some(asked) = Asked::new(query) else {
            return Vec::new();
        };
        let mut hits = self.hits(|entry| asked.distance(entry));
        if hits.is_empty() {
            hits = self.hits(|entry| asked.mistyped(entry));
        }
        hits.sort_by(|(a, left), (b, right)| {
            let key = |entry: &Entry| {
                (
                    is_no_topic(&entry.follow),
                    entry.names.first().map_or(0, |n| n.length),
                )
            };
            (a, key(left), &left.follow).cmp(&(b, key(right), &right.follow))
        });
        let hits = hits.into_iter();
        hits.map(|(distance, entry)| Hit {
            follow: &entry.follow,
            distance,
        })
        .collect()
    }

    fn hits(&self, distance: impl Fn(&Entry) -> Option<u32>) -> Vec<(u32, &Entry)> {
        let found = self.entries.iter();
        found
            .filter_map(|entry| Some((distance(entry)?, entry)))
            .collect()
    }
}

fn is_no_topic(follow: &Follow) -> bool {
    !matches!(follow, Follow::Label(label) if label.kind == LabelKind::Topic)
}

impl Name {
    fn new(text: String) -> Self {
        Name {
            length: text.chars().count(),
            mask: text.chars().fold(0, |mask, c| mask | bit(c)),
            text,
        }
    }
}

fn bit(c: char) -> u64 {
    1 << (u32::from(c).wrapping_mul(0x9E37_79B1) >> 26)
}

/// A question in all the ways in which it is compared.
struct Asked {
    name: Name,
    words: Vec<String>,
    /// Its reading, when it is Chinese: people choose a wrong character of the right sound.
    spelled: Option<Name>,
    /// The follow that it names as configs do.
    named: Option<Follow>,
}

impl Asked {
    fn new(query: &str) -> Option<Asked> {
        let text = fold(query);
        let length = text.chars().count();
        if length == 0 || length > LONGEST {
            return None;
        }
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let spelled = pinyin::spellings(&text).into_iter().next();
        Some(Asked {
            words: if words.len() > 1 { words } else { Vec::new() },
            spelled: spelled.filter(|_| length > 1).map(Name::new),
            named: query.trim().parse().ok(),
            name: Name::new(text),
        })
    }

    fn distance(&self, entry: &Entry) -> Option<u32> {
        if self.named.as_ref() == Some(&entry.follow) {
            return Some(0);
        }
        let written = entry.names.iter().filter_map(|name| self.written(name));
        let heard = entry
            .spellings
            .iter()
            .filter_map(|spelling| self.heard(spelling));
        written.chain(heard).min()
    }

    fn written(&self, name: &Name) -> Option<u32> {
        let asked = &self.name;
        if self.words.is_empty() && (asked.mask & !name.mask) != 0 {
            return None;
        }
        let gap = name.length.saturating_sub(asked.length).min(9) as u32;
        match () {
            () if name.text == asked.text => Some(0),
            () if name.text.starts_with(&asked.text) => Some(10 + gap),
            () if name.text.contains(&asked.text) => Some(20 + gap),
            () if self.words.is_empty() => None,
            () => {
                let has_all = self.words.iter().all(|word| name.text.contains(word));
                has_all.then_some(30)
            }
        }
    }

    fn heard(&self, spelling: &Name) -> Option<u32> {
        let gap = |asked: &Name| spelling.length.saturating_sub(asked.length).min(9) as u32;
        let typed = |asked: &Name, base: u32| {
            if asked.mask & !spelling.mask != 0 {
                return None;
            }
            match () {
                () if spelling.text == asked.text => Some(base),
                () if asked.length > 1 && spelling.text.starts_with(&asked.text) => {
                    Some(base + 35 + gap(asked))
                }
                () if asked.length > 3 && spelling.text.contains(&asked.text) => {
                    Some(base + 45 + gap(asked))
                }
                () => None,
            }
        };
        let sounds = self.spelled.as_ref().and_then(|spelled| typed(spelled, 6));
        typed(&self.name, 5).or(sounds)
    }

    fn mistyped(&self, entry: &Entry) -> Option<u32> {
        let written = entry
            .names
            .iter()
            .filter_map(|name| errors(&self.name, name, 3));
        let typed = self.spelled.as_ref().unwrap_or(&self.name);
        let heard = entry.spellings.iter();
        let heard = heard.filter_map(|spelling| errors(typed, spelling, 4).map(|far| far + 10));
        written.chain(heard).min().map(|far| 100 + far)
    }
}

/// Typing errors, in tenths of the longer text, when they are at most one character in `one_in`; a single
/// one in a short name passes.
fn errors(asked: &Name, name: &Name, one_in: usize) -> Option<u32> {
    let longer = asked.length.max(name.length);
    let most = (longer / one_in).clamp(1, MOST_ERRORS);
    let lacking = (asked.mask & !name.mask)
        .count_ones()
        .max((name.mask & !asked.mask).count_ones());
    if asked.length < 2
        || longer > LONGEST
        || asked.length.abs_diff(name.length) > most
        || lacking as usize > most
    {
        return None;
    }
    let errors = osa_distance(&asked.text, &name.text);
    (errors <= most && errors < longer.min(asked.length)).then(|| (errors * 10 / longer) as u32)
}

/// Width and case do not matter to people.
fn fold(text: &str) -> String {
    let folded = text.nfkc().flat_map(char::to_lowercase);
    let folded: String = folded.collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finder() -> Finder {
        let known = |text: &str, title: &str, others: &[&str]| Known {
            follow: text.parse().unwrap(),
            title: title.into(),
            others: others.iter().map(|name| (*name).into()).collect(),
        };
        Finder::new(vec![
            known("site", "环海要闻", &[]),
            known(
                "category:haidairibao",
                "海岱日报",
                &["haidairibao", "old-haidai"],
            ),
            known("tag:海岱日报新闻", "海岱日报新闻", &[]),
            known("tag:沪江财经新闻", "沪江财经新闻", &[]),
            known("topic:market", "市场监管", &["market"]),
            known("tag:市场", "市场", &[]),
            known("tag:TechWeb", "TechWeb", &[]),
            known("tag:银行", "银行", &[]),
        ])
    }

    fn first(query: &str) -> Option<String> {
        let finder = finder();
        finder.find(query).first().map(|hit| hit.follow.to_string())
    }

    #[test]
    fn what_was_meant_comes_first() {
        for (query, meant) in [
            ("海岱日报", "category:haidairibao"),
            ("ＨａｉＤａｉ", "category:haidairibao"),
            ("old-haidai", "category:haidairibao"),
            ("hdrb", "category:haidairibao"),
            ("hdrbxw", "tag:海岱日报新闻"),
            ("海带日报", "category:haidairibao"),
            ("沪江", "tag:沪江财经新闻"),
            ("caijing", "tag:沪江财经新闻"),
            ("hujiangcaijin", "tag:沪江财经新闻"),
            ("新闻 沪江", "tag:沪江财经新闻"),
            ("市场监", "topic:market"),
            ("市场", "tag:市场"),
            ("techwb", "tag:TechWeb"),
            ("yinxing", "tag:银行"),
            ("yh", "tag:银行"),
            ("haidairiboa", "category:haidairibao"),
            ("tag:TechWeb", "tag:TechWeb"),
            ("市场坚管", "topic:market"),
        ] {
            assert_eq!(first(query).as_deref(), Some(meant), "{query}");
        }
        for nothing in ["", " ", "量子纠缠", "zzzz", "x"] {
            assert_eq!(first(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn only_a_whole_name_is_exact() {
        let finder = finder();
        let exact = |query: &str| {
            finder
                .find(query)
                .iter()
                .filter(|hit| hit.distance == 0)
                .count()
        };
        assert_eq!(exact("市场"), 1);
        assert_eq!(exact("haidairibao"), 1);
        assert_eq!(exact("hdrb"), 0);
        assert_eq!(exact("市"), 0);
        assert_eq!(
            finder.title(&"category:haidairibao".parse().unwrap()),
            Some("海岱日报")
        );
    }

    proptest! {
        #[test]
        fn every_name_and_every_spelling_finds_its_label(name in "[\\u{4e00}-\\u{9fa5}a-z]{2,12}", noise in any::<String>()) {
            let follow: Follow = format!("tag:{name}").parse().unwrap();
            let finder = Finder::new(vec![Known { follow, title: name.clone(), others: vec![noise.clone()] }]);
            prop_assert_eq!(finder.find(&name)[0].distance, 0);
            for spelling in pinyin::spellings(&name) {
                prop_assert!(!finder.find(&spelling).is_empty(), "{}", spelling);
            }
            finder.find(&noise);
        }
    }
}
