//! An article in few words: its editor's digest, or its leading sentences.
//! In: a post and a budget in characters. Out: whole sentences, in order, that fit.
//! Offline and deterministic; scoring of sentences joins here when it comes.

mod boilerplate;
mod cut;
mod pairs;
mod sentences;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::model::Post;

pub use sentences::sentences;

/// The `summary` section of the config.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The longest summary, in characters.
    pub budget: usize,
}

impl Default for Settings {
    fn default() -> Self {
        // Three lines on a phone, and far below Telegram's 4096.
        Settings { budget: 200 }
    }
}

/// What the author chose, else the digest, else the leading sentences, within `budget` characters. Cuts
/// inside a sentence only when none of the first ones fits. Never empty for a post with a title.
pub fn summarise(post: &Post, budget: usize) -> String {
    let budget = budget.max(1);
    let chosen = post.excerpt.as_deref().or(post.digest.as_deref());
    let digest = chosen.map(one_line).unwrap_or_default();
    if !digest.is_empty() {
        return match digest.chars().count() {
            length if length <= budget => digest,
            _ => fit(&sentences(&digest), budget),
        };
    }
    let all = sentences(&post.text);
    let telling = boilerplate::remove(&all, &post.title);
    if !telling.is_empty() {
        return fit(&telling, budget);
    }
    if !all.is_empty() {
        return fit(&all, budget);
    }
    cut::cut(&one_line(&post.title), budget)
}

/// White space of all kinds, line ends too, becomes one space.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// Sentences near the start that may stand in for a first one that is longer than the whole budget:
/// party and government papers open with sentences of 300 characters.
const LEAD: usize = 12;

/// Whole sentences in order, from the first one that fits, as many as fit. Only a text without any
/// sentence short enough near its start is cut inside one.
fn fit(sentences: &[&str], budget: usize) -> String {
    let fits = |sentence: &&str| one_line(sentence).chars().count() <= budget;
    let first = sentences.iter().take(LEAD).position(fits);
    let Some(first) = first else {
        let longest = sentences.first().copied().unwrap_or_default();
        return cut::cut(&one_line(longest), budget);
    };
    let mut summary = String::new();
    let mut length = 0;
    for sentence in &sentences[first..] {
        let sentence = one_line(sentence);
        let gap = gap(&summary, &sentence);
        let more = gap.len() + sentence.chars().count();
        if length + more > budget {
            break;
        }
        summary.push_str(gap);
        summary.push_str(&sentence);
        length += more;
    }
    summary
}

/// Chinese sentences follow each other without a space; others, and headings, need one.
fn gap(before: &str, after: &str) -> &'static str {
    let chinese_end = |c: char| "。！？；…”’」』）】".contains(c);
    if before.is_empty() || after.is_empty() || before.ends_with(chinese_end) {
        ""
    } else {
        " "
    }
}
