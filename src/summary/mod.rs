//! An article in few words: its editor's digest, or the sentences that tell most.
//! In: a post and a budget in characters. Out: whole sentences, in order, that fit.
//! Offline and deterministic, and linear in the length of the text.

mod begins;
mod boilerplate;
mod centrality;
mod chars;
mod cut;
mod digest;
mod leans;
mod pairs;
mod patterns;
mod postings;
mod scan;
mod score;
mod select;
mod sentences;
mod terms;
mod units;
mod words;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cell::Cell;

use serde::{Deserialize, Serialize};

use crate::model::Post;
use postings::{MOST, ONLY, Sentences};
use select::Candidates;
use units::{Scan, Unit};

pub use sentences::sentences;

/// Makes what the first article would wait for.
pub fn warm_up() {
    scan::warm_up();
    words::warm_up();
    begins::warm_up();
    patterns::warm_up();
}

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

/// What the author chose, else the digest where there is a good one, else the sentences that tell most, within
/// `budget` characters. Cuts inside a sentence only when none fits. Never empty for a post with a title.
pub fn summarise(post: &Post, budget: usize) -> String {
    let budget = budget.max(1);
    let own = post.excerpt.as_deref().map(one_line).unwrap_or_default();
    let digest = if own.is_empty() {
        post.digest.as_deref().map(one_line).unwrap_or_default()
    } else {
        own.clone()
    };
    if !own.is_empty() || digest::is_good(&digest, &post.title) {
        return match digest.chars().count() {
            length if length <= budget => digest.into_owned(),
            _ => extract(&digest, "", budget).unwrap_or_else(|| cut::cut(&digest, budget)),
        };
    }
    extract(&post.text, &post.title, budget).unwrap_or_else(|| {
        let last = match digest.is_empty() {
            true => one_line(&post.title),
            false => digest,
        };
        cut::cut(&last, budget)
    })
}

thread_local! {
    /// Memory for one text after the other: taken anew, it would cost as much as it serves for.
    static SCAN: Cell<Scan> = Cell::default();
}

/// More terms than any article has: what a giant left is given back.
const KEPT: usize = 1 << 16;

/// The summary of a plain text, a line for each block, that no editor wrote a digest for.
/// `None` for a text without any words.
pub fn extract(text: &str, title: &str, budget: usize) -> Option<String> {
    let mut scan = SCAN.take();
    let summary = extract_with(text, title, budget, &mut scan);
    if scan.terms.room() <= KEPT {
        SCAN.set(scan);
    }
    summary
}

fn extract_with(text: &str, title: &str, budget: usize, scan: &mut Scan) -> Option<String> {
    let units = units::of(text, title, scan);
    if units.is_empty() {
        // Nothing but headings, captions and echoes: better than nothing.
        let line = text.lines().map(one_line).find(|line| !line.is_empty())?;
        return Some(cut::cut(&line, budget));
    }
    let (title_terms, ..) = scan.read(title);
    let Scan { terms, shared, .. } = scan;
    let sentences = units.iter().map(|unit| terms.of(&unit.terms));
    shared.compare(sentences, terms.of(&title_terms));
    let scores = score::of(&units, shared);
    let mut lead = line(&units[0]);
    let mut lengths = [0; MOST];
    for (length, unit) in lengths.iter_mut().zip(&units) {
        let chars = match unit.has_odd_space {
            true => line(unit).chars().count(),
            false => unit.chars,
        };
        // One more for the space between two of them.
        *length = chars + 1;
    }
    let elided = lengths[0] > budget + 1 && elide_lead(&mut lead, budget);
    if elided {
        lengths[0] = lead.chars().count() + 1;
    }
    let candidates = Candidates {
        units: &units,
        alike: shared,
        scores: &scores[..units.len()],
        lengths: &lengths[..units.len()],
    };
    let chosen = candidates.choose(elided.then_some(0), budget + 1);
    if chosen == 0 || (lengths[0] > budget + 1 && chosen & NEAR == 0) {
        return Some(cut::cut(&lead, budget));
    }
    Some(join(&units, lead, chosen))
}

/// A unit as it stands in a summary.
fn line<'a>(unit: &'a Unit<'_>) -> Cow<'a, str> {
    match unit.has_odd_space {
        true => one_line(&unit.text),
        false => Cow::Borrowed(&unit.text),
    }
}

/// A lead that only enumerates aims keeps its subject and its end, and leaves room for a fact.
fn elide_lead(lead: &mut Cow<'_, str>, budget: usize) -> bool {
    let short = cut::elide(lead, budget.min(LEAD.max(budget * 3 / 5)));
    let Some(short) = short.or_else(|| cut::elide(lead, budget)) else {
        return false;
    };
    *lead = Cow::Owned(short);
    true
}

/// A lead of this many characters is never shortened further.
const LEAD: usize = 120;

/// A lead that is longer than the budget is cut unless a sentence so near to it fits whole: the
/// first three.
const NEAR: Sentences = 0b111;

/// The chosen units as one line.
fn join(units: &[Unit<'_>], lead: Cow<'_, str>, chosen: Sentences) -> String {
    let has = |at: usize| chosen & ONLY[at] > 0;
    let bytes = postings::members(chosen).map(|at| units[at].text.len() + 1);
    let mut summary = String::with_capacity(bytes.sum());
    for at in postings::members(chosen) {
        let other = || line(&units[at]);
        let whole = if at == 0 {
            Cow::Borrowed(&*lead)
        } else {
            other()
        };
        let alone = at == 0 || !has(at - 1);
        let line = if alone {
            digest::without_connective(&whole)
        } else {
            &whole
        };
        summary.push_str(gap(&summary, line));
        summary.push_str(line);
        // What followed the semicolon is not here.
        let next = at + 1 < units.len() && has(at + 1) && units[at + 1].line == units[at].line;
        if !next && let Some(open) = summary.strip_suffix('；') {
            summary.truncate(open.len());
            summary.push('。');
        }
    }
    summary
}

/// True for other white space than blanks. What it begins with is looked for many bytes at a time, and begins
/// few other characters of an article.
fn has_odd_space(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_space = |at: usize| {
        let c = text[at..].chars().next();
        c.is_some_and(char::is_whitespace)
    };
    let ascii = |part: &[u8]| {
        part.iter()
            .fold(false, |any, byte| any | matches!(byte, b'\t'..=b'\r'))
    };
    bytes.chunks(64).any(ascii)
        || memchr::memchr3_iter(0xC2, 0xE1, 0xE2, bytes).any(is_space)
        || memchr::memmem::find(bytes, "\u{3000}".as_bytes()).is_some()
}

/// White space of all kinds, line ends too, becomes one space.
fn one_line(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if !text.contains("  ") && !has_odd_space(text) {
        return Cow::Borrowed(text);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    Cow::Owned(words.join(" "))
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
