//! One look at an article: which words stand where.
//! In: an article and what is looked for. Out: every sighting, for `tally` and for keywords to judge.
//! Each text is folded once and read once, however many topics there are.

use std::collections::{BTreeMap, BTreeSet};

use super::article::Article;
use super::compile::{Compiled, Part, Use};
use super::fold::fold;
use super::rule::Topic;
use super::tally::Seen;
use super::verdict::Field;

/// Sightings of one word in one text beyond this change no score, and would let a hostile text
/// fill the memory.
const MAX_SIGHTINGS: u16 = 256;

/// The same for a pattern. Finding all places of a pattern may take quadratic time, of a few linear.
const MAX_PATTERN_SIGHTINGS: usize = 8;

/// Everything that was seen.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    /// By topic, of those of which anything was seen.
    pub topics: BTreeMap<usize, Vec<Seen>>,
    pub parts: BTreeSet<Part>,
}

impl Sightings {
    pub fn add(&mut self, used: Use, field: Field, start: usize, end: usize) {
        self.topics.entry(used.topic).or_default().push(Seen {
            field,
            start,
            end,
            rule: used.rule,
        });
    }
}

/// Looks at all fields of an article.
pub(super) fn look(compiled: &Compiled, topics: &[Topic], article: &Article) -> Sightings {
    let mut seen = Sightings::default();
    if compiled.is_empty() {
        return seen;
    }
    for (field, text) in [(Field::Title, article.title), (Field::Body, article.text)] {
        let text = fold(text);
        find_words(compiled, topics, &text, field, &mut seen);
        find_patterns(compiled, topics, &text, field, &mut seen);
    }
    let categories = article
        .categories
        .iter()
        .map(|c| (Field::Category, c.as_str()));
    let tags = article.tags.iter().map(|t| (Field::Tag, t.as_str()));
    let source = article.source.iter().map(|s| (Field::Source, *s));
    for (field, label) in categories.chain(tags).chain(source) {
        if compiled.labels.is_empty() && compiled.patterns.is_empty() {
            break;
        }
        let key = (field, fold(label.trim()));
        for used in compiled.labels.get(&key).into_iter().flatten() {
            seen.add(*used, field, 0, 0);
        }
        find_patterns(compiled, topics, &key.1, field, &mut seen);
    }
    seen
}

fn find_words(
    compiled: &Compiled,
    topics: &[Topic],
    text: &str,
    field: Field,
    seen: &mut Sightings,
) {
    let Some(automaton) = &compiled.automaton else {
        return;
    };
    let mut counts = vec![0u16; compiled.words.len()];
    for found in automaton.find_overlapping_iter(text) {
        let (start, end) = (found.start(), found.end());
        let pattern = found.pattern().as_usize();
        if counts[pattern] == MAX_SIGHTINGS || !stands_alone(text, start, end) {
            continue;
        }
        counts[pattern] += 1;
        let word = &compiled.words[pattern];
        if counts[pattern] == 1 {
            seen.parts.extend(word.parts.iter().copied());
        }
        for used in &word.rules {
            if topics[used.topic].rules[used.rule].place.covers(field) {
                seen.add(*used, field, start, end);
            }
        }
    }
}

fn find_patterns(
    compiled: &Compiled,
    topics: &[Topic],
    text: &str,
    field: Field,
    seen: &mut Sightings,
) {
    let is_label = !matches!(field, Field::Title | Field::Body);
    for patterns in &compiled.patterns {
        for at in patterns.set.matches(text) {
            let (regex, used) = &patterns.each[at];
            if !topics[used.topic].rules[used.rule].place.covers(field) {
                continue;
            }
            if is_label {
                seen.add(*used, field, 0, 0);
                continue;
            }
            let found = regex.find_iter(text).filter(|found| !found.is_empty());
            for found in found.take(MAX_PATTERN_SIGHTINGS) {
                seen.add(*used, field, found.start(), found.end());
            }
        }
    }
}

/// Latin words end where letters and digits end: `ip` is not in `shipping`, `FDA` is in `向FDA申请`.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    // Letters with accents, Greek and Cyrillic too; Chinese begins behind them.
    let is_letter = |c: char| c.is_alphanumeric() && c < '\u{2e80}';
    let joined = |at: usize| {
        let before = text[..at].chars().next_back().is_some_and(is_letter);
        before && text[at..].chars().next().is_some_and(is_letter)
    };
    !joined(start) && !joined(end)
}
