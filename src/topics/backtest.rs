//! What a change of rules would have done to posts that are there: tried before it is made.
//! In: the rules as they would be, posts, and whether each belongs to the topic today. Out: what matches,
//! what is new, what would be lost, each with the deciding words. One function for command, bot and web.

use std::collections::BTreeMap;

use super::article::Article;
use super::matcher::Matcher;
use super::verdict::Verdict;

/// A post of which the new rules have something to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its file or id, as the caller named it.
    pub post: String,
    /// Its title.
    pub title: String,
    /// Whether it belongs to the topic today.
    pub before: bool,
    /// What the new rules say, with the deciding words.
    pub verdict: Verdict,
}

/// What a change would have done.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Backtest {
    /// How many posts were looked at.
    pub looked: usize,
    /// What matches, in the order in which it was looked at.
    pub matched: Vec<Found>,
    /// What belongs to the topic today and would no longer.
    pub lost: Vec<Found>,
    /// What only lacks some weight.
    pub near: Vec<Found>,
    /// Other topics, which ask for this one, and what they would gain and lose by it.
    pub others: BTreeMap<String, Shift>,
}

/// Posts that a topic would gain and lose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shift {
    /// Posts that would belong to it.
    pub new: usize,
    /// Posts that would no longer.
    pub lost: usize,
}

impl Backtest {
    /// Looks at one post. `before` says whether it belongs to the topic `id` today. Nothing happens
    /// when the rules do not know the topic.
    pub fn look(&mut self, rules: &Matcher, id: &str, post: &str, article: &Article, before: bool) {
        let Some(verdict) = rules.verdict(id, article) else {
            return;
        };
        self.looked += 1;
        let list = if verdict.matched {
            &mut self.matched
        } else if before {
            &mut self.lost
        } else if verdict.near_miss().is_some() {
            &mut self.near
        } else {
            return;
        };
        list.push(Found {
            post: post.to_owned(),
            title: article.title.to_owned(),
            before,
            verdict,
        });
    }

    /// Looks at what becomes of the topics beside `id`, to which the post belongs today as `before` says.
    pub fn look_beside(&mut self, rules: &Matcher, id: &str, article: &Article, before: &[String]) {
        let matches = rules.matches(article);
        let after: Vec<&String> = matches.iter().map(|found| &found.topic).collect();
        let is_other = |topic: &&String| *topic != id;
        for topic in after.iter().copied().filter(is_other) {
            if !before.contains(topic) {
                self.others.entry(topic.clone()).or_default().new += 1;
            }
        }
        for topic in before.iter().filter(is_other) {
            if !after.contains(&topic) {
                self.others.entry(topic.clone()).or_default().lost += 1;
            }
        }
    }

    /// What would be added.
    pub fn new_ones(&self) -> impl Iterator<Item = &Found> {
        self.matched.iter().filter(|found| !found.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topics::parse;

    #[test]
    fn a_change_is_told_by_what_it_adds_and_takes() {
        let yaml = "title: A\nthreshold: 2\nany: {text: [抽检, 召回]}";
        let rules = Matcher::new(vec![parse("a.yaml", "a", yaml).unwrap()]).unwrap();
        let mut tried = Backtest::default();
        for (post, title, before) in [
            ("1", "抽检", true),
            ("2", "召回", false),
            ("3", "认证", true),
            ("4", "认证", false),
        ] {
            let article = Article {
                title,
                text: "",
                categories: &[],
                tags: &[],
                source: None,
            };
            tried.look(&rules, "a", post, &article, before);
        }
        let body = Article {
            title: "",
            text: "召回",
            categories: &[],
            tags: &[],
            source: None,
        };
        tried.look(&rules, "a", "5", &body, false);
        tried.look(&rules, "unknown", "6", &body, false);
        let names = |list: &[Found]| list.iter().map(|f| f.post.clone()).collect::<Vec<_>>();
        assert_eq!(tried.looked, 5);
        assert_eq!(names(&tried.matched), ["1", "2"]);
        assert_eq!(names(&tried.lost), ["3"]);
        assert_eq!(names(&tried.near), ["5"]);
        assert_eq!(tried.new_ones().count(), 1);
        assert_eq!(tried.matched[0].verdict.hits[0].word, "抽检");
    }
}
