//! Rules of one's own: a few words that must occur in an article, and some that must not; pure.
//! In: what somebody wrote, `反垄断 -证监会`. Out: the rule in one spelling; of many rules, those that an article meets.
//! All rules are looked for in one pass, however many there are.

use std::collections::{BTreeSet, HashSet};

use super::article::Article;
use super::fold::fold;
use super::matcher::Matcher;

/// More words than this are no wish but an article.
const MOST_WORDS: usize = 8;
/// Longest word (characters).
const LONGEST: usize = 40;

/// A rule of one's own, in its one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnWords {
    include: BTreeSet<String>,
    exclude: BTreeSet<String>,
}

/// Why something is no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRule {
    /// Nothing must occur.
    #[error("a rule needs a word that must occur")]
    Empty,
    /// One letter, digit or sign occurs everywhere.
    #[error("a word of one character is too short")]
    Short,
    /// Too many or too long words.
    #[error("a rule has at most 8 words of at most 40 characters")]
    Long,
    /// A word must occur and must not.
    #[error("a word cannot be asked for and excluded")]
    Both,
}

impl OwnWords {
    /// Reads words parted by white space; `-` or `－` before a word excludes it. Case, width and order do not
    /// matter.
    ///
    /// # Errors
    /// It says what keeps it from being a rule.
    pub fn parse(text: &str) -> Result<OwnWords, NoRule> {
        let (mut include, mut exclude) = (BTreeSet::new(), BTreeSet::new());
        // Folded before it is parted: folding makes white space of some signs (`´` becomes a space and an accent).
        for folded in fold(text).split_whitespace() {
            let word = folded.trim_start_matches(['-', '−']);
            let words = match word.len() < folded.len() {
                true => &mut exclude,
                false => &mut include,
            };
            match word.chars().count() {
                0 => continue,
                1 => return Err(NoRule::Short),
                2..=LONGEST => words.insert(word.to_owned()),
                _ => return Err(NoRule::Long),
            };
        }
        match () {
            () if include.is_empty() => Err(NoRule::Empty),
            () if include.len() + exclude.len() > MOST_WORDS => Err(NoRule::Long),
            () if !include.is_disjoint(&exclude) => Err(NoRule::Both),
            () => Ok(OwnWords { include, exclude }),
        }
    }

    /// Whether somebody excluded a word in what they wrote: then they mean a rule and no name.
    pub fn is_meant(text: &str) -> bool {
        let mut words = text.split_whitespace();
        words.any(|word| word.chars().count() > 1 && word.starts_with(['-', '－', '−']))
    }

    /// What must occur, as the matcher takes it.
    fn wanted(&self) -> String {
        let words: Vec<&str> = self.include.iter().map(String::as_str).collect();
        words.join(" ")
    }
}

impl std::fmt::Display for OwnWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.wanted())?;
        for word in &self.exclude {
            write!(f, " -{word}")?;
        }
        Ok(())
    }
}

/// Many rules, ready to be looked for at once.
#[derive(Debug)]
pub struct OwnRules {
    rules: Vec<(String, OwnWords)>,
    matcher: Matcher,
}

impl OwnRules {
    /// Takes rules in their spelling; what is none is left out.
    ///
    /// # Errors
    /// The words are too many for memory.
    pub fn new(spellings: &[String]) -> Result<OwnRules, String> {
        let read = spellings.iter();
        let rules: Vec<(String, OwnWords)> = read
            .filter_map(|text| Some((text.clone(), OwnWords::parse(text).ok()?)))
            .collect();
        let mut keywords: BTreeSet<String> = BTreeSet::new();
        for (_, rule) in &rules {
            keywords.insert(rule.wanted());
            keywords.extend(rule.exclude.iter().cloned());
        }
        let keywords = keywords.into_iter().collect();
        Ok(OwnRules {
            matcher: Matcher::with_keywords(Vec::new(), keywords)?,
            rules,
        })
    }

    /// The rules that an article meets, in their spelling and in the order in which they were given.
    pub fn met(&self, article: &Article) -> Vec<String> {
        let found = self.matcher.read(article).keywords;
        let found: HashSet<&str> = found.into_iter().collect();
        let met = self.rules.iter().filter(|(_, rule)| {
            let excluded = rule
                .exclude
                .iter()
                .any(|word| found.contains(word.as_str()));
            found.contains(rule.wanted().as_str()) && !excluded
        });
        met.map(|(text, _)| text.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn article<'a>(title: &'a str, text: &'a str) -> Article<'a> {
        Article {
            title,
            text,
            categories: &[],
            tags: &[],
            source: None,
        }
    }

    fn met(rules: &[&str], title: &str, text: &str) -> Vec<String> {
        let rules: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
        OwnRules::new(&rules).unwrap().met(&article(title, text))
    }

    #[test]
    fn all_wanted_words_must_occur_and_no_excluded_one() {
        let rules = [
            "反垄断",
            "反垄断 -证监会",
            "反垄断 平台",
            "平台 -游戏",
            "FDA",
        ];
        assert_eq!(met(&rules, "反垄断调查", "证监会称。"), ["反垄断"]);
        assert_eq!(
            met(&rules, "平台被查", "涉嫌反垄断。"),
            ["反垄断", "反垄断 -证监会", "反垄断 平台", "平台 -游戏"]
        );
        assert_eq!(met(&rules, "游戏平台", "x"), Vec::<String>::new());
        assert_eq!(met(&rules, "向ＦＤＡ申请", ""), ["FDA"]);
        assert_eq!(met(&rules, "FDAX", ""), Vec::<String>::new());
    }

    #[test]
    fn a_rule_has_one_spelling_and_says_what_is_wrong() {
        let spelled = |text: &str| OwnWords::parse(text).map(|rule| rule.to_string());
        assert_eq!(
            spelled(" －证监会  反垄断 ＡＩ 反垄断").as_deref(),
            Ok("ai 反垄断 -证监会")
        );
        assert_eq!(spelled("-证监会"), Err(NoRule::Empty));
        assert_eq!(spelled("- "), Err(NoRule::Empty));
        assert_eq!(spelled("反"), Err(NoRule::Short));
        assert_eq!(spelled("k´"), Err(NoRule::Short));
        assert_eq!(spelled("平台 -平台"), Err(NoRule::Both));
        assert_eq!(spelled(&"长".repeat(41)), Err(NoRule::Long));
        assert_eq!(spelled("aa bb cc dd ee ff gg hh ii"), Err(NoRule::Long));
        assert!(OwnWords::is_meant("反垄断 -证监会") && !OwnWords::is_meant("C - D"));
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused_and_reads_back(text in any::<String>(), title in any::<String>()) {
            if let Ok(rule) = OwnWords::parse(&text) {
                let spelled = rule.to_string();
                prop_assert_eq!(OwnWords::parse(&spelled), Ok(rule));
                met(&[&spelled], &title, &text);
            }
        }

        #[test]
        fn a_text_of_the_wanted_words_is_met_until_an_excluded_one_is_in_it(
            wanted in proptest::collection::vec("[\\u{4e00}-\\u{4e20}]{2,4}", 1..4), excluded in "[\\u{5000}-\\u{5020}]{2,4}",
        ) {
            let rule = format!("{} -{excluded}", wanted.join(" "));
            let text = wanted.join("，");
            prop_assert_eq!(met(&[&rule], "题", &text).len(), 1);
            let spoilt = format!("{text}，{excluded}");
            prop_assert_eq!(met(&[&rule], "题", &spoilt).len(), 0);
        }
    }
}
