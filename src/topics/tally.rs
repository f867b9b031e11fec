//! From places in a text to counts: which words of one topic really occur, and how often.
//! In: every place at which a word of the topic was seen. Out: counts for each rule and field.
//! At one place the longest word of a topic wins, so 证券市场监管 is no 市场监管.

use std::collections::{BTreeMap, BTreeSet};

use super::rule::{Group, Kind, Topic};
use super::verdict::{Field, Hit};

/// Repetition counts with its logarithm and no further than this, or long articles win by length.
const REPETITION_CAP: f64 = 3.0;

/// One place at which one rule's word was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    pub field: Field,
    pub start: usize,
    pub end: usize,
    /// Index into `Topic::rules`.
    pub rule: usize,
}

/// What one article has of one topic.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub hits: Vec<Hit>,
    pub score: f64,
    /// True when a word of `any` occurs.
    pub any: bool,
    /// The first rule of `all` that is missing.
    pub missing: Option<usize>,
    /// The first rule that vetoes, with the field of its word.
    pub veto: Option<(usize, Field)>,
}

/// Counts what `seen` leaves of `topic`.
pub(super) fn tally(topic: &Topic, seen: Vec<Seen>) -> Tally {
    let counts = count(topic, seen);
    let occurs: BTreeSet<usize> = counts.keys().map(|(rule, _)| *rule).collect();
    let missing = topic
        .rules
        .iter()
        .enumerate()
        .find(|(index, rule)| rule.group == Group::All && !occurs.contains(index))
        .map(|(index, _)| index);
    let mut tally = Tally {
        missing,
        ..Tally::default()
    };
    for ((index, field), count) in counts {
        let rule = &topic.rules[index];
        let weight = match rule.group {
            Group::All => 0.0,
            Group::None if rule.vetoes() => 0.0,
            Group::Any | Group::None => rule.points(field) * repetition(count),
        };
        tally.any |= rule.group == Group::Any;
        if rule.vetoes() && tally.veto.is_none() {
            tally.veto = Some((index, field));
        }
        tally.score += weight;
        tally.hits.push(Hit {
            word: rule.shown(),
            field,
            count,
            weight,
        });
    }
    tally
        .hits
        .sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    tally
}

/// 1, 2, 2.58, 3, 3, …
fn repetition(count: u32) -> f64 {
    (1.0 + f64::from(count).log2()).min(REPETITION_CAP)
}

/// Occurrences outside longer words. A word of `all` asks only whether it is there, so it
/// neither hides others nor is hidden.
fn count(topic: &Topic, mut seen: Vec<Seen>) -> BTreeMap<(usize, Field), u32> {
    seen.sort_by_key(|s| (s.field, s.start, usize::MAX - s.end, s.rule));
    let mut counts = BTreeMap::new();
    // The place that reaches farthest so far; what ends within it began no earlier, so lies inside.
    let mut cover: Option<Seen> = None;
    // The same of words alone: a pattern spans words that have nothing to do with it, so no veto is hidden by one.
    let mut words: Option<Seen> = None;
    for place in seen {
        let rule = &topic.rules[place.rule];
        let all = rule.group == Group::All;
        let hides = |cover: Option<Seen>| {
            cover.is_some_and(|c| {
                let same = (c.start, c.end) == (place.start, place.end);
                c.field == place.field && place.end <= c.end && !same
            })
        };
        let hidden = hides(if rule.vetoes() { words } else { cover });
        if !all && rule.kind == Kind::Word && !hides(words) {
            words = Some(place);
        }
        if all || !hidden {
            *counts.entry((place.rule, place.field)).or_insert(0) += 1;
        }
        if !all && !hidden {
            cover = Some(place);
        }
    }
    counts
}
