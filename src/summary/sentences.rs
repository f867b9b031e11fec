//! Text into sentences, Chinese and English.
//! In: plain text, a line for each block. Out: trimmed slices of it, in order, none empty.
//! A line end always ends a sentence, so that a heading stands alone.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::pairs::{self, Depths};
use super::scan::{Facts, Line, Terms};

/// Words after which a dot ends nothing, in lower case.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "inc", "co", "corp", "ltd", "llc", "plc",
    "vs", "etc", "eg", "ie", "approx", "est", "dept", "gov", "gen", "sen", "rep", "jan", "feb",
    "mar", "apr", "jun", "jul", "aug", "sept", "oct", "nov", "dec",
];

/// Splits at 。！？；and their ASCII forms and at line ends; never inside quotes, brackets and book
/// titles, never in a number, never after an abbreviation.
pub fn sentences(text: &str) -> Vec<&str> {
    let (mut read, mut terms, mut depths) = (Line::default(), Terms::default(), Depths::default());
    let mut found = Vec::new();
    for line in lines(text) {
        terms.clear();
        read.read(line, &mut terms);
        depths.find(read.pairs.iter().copied());
        found.extend(of_line(line, &read, &depths).map(|sentence| sentence.text));
    }
    found
}

/// The lines of a text; line and paragraph separators (U+2028, U+2029) end one too.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> + Clone {
    let mut rest = Some(text);
    // The separators are rare: looked for up to the end of a line, many bytes at a time.
    let mut near = "";
    std::iter::from_fn(move || {
        if near.is_empty() {
            let text = rest?;
            let end = memchr::memchr2(b'\n', b'\r', text.as_bytes());
            near = &text[..end.unwrap_or(text.len())];
            rest = end.map(|end| &text[end + 1..]);
        }
        let bytes = near.as_bytes();
        let end = BEGINS.find(bytes).and_then(|_| {
            let found = SEPARATORS.iter().map(|separator| separator.find(bytes));
            found.flatten().min()
        });
        let (line, after) = match end {
            Some(end) => (&near[..end], &near[end + '\u{2028}'.len_utf8()..]),
            None => (near, ""),
        };
        near = after;
        Some(line)
    })
}

static SEPARATORS: LazyLock<[Finder<'static>; 2]> =
    LazyLock::new(|| ["\u{2028}", "\u{2029}"].map(Finder::new));

/// What both begin with, and little else but quotation marks.
static BEGINS: LazyLock<Finder<'static>> =
    LazyLock::new(|| Finder::new(&"\u{2028}".as_bytes()[..2]));

/// A sentence as it stands in its line, without the white space around it.
#[derive(Debug, Clone)]
pub(super) struct Sentence<'a> {
    pub text: &'a str,
    /// Where it begins in its line.
    pub start: usize,
    /// Its terms in the scan.
    pub terms: Range<usize>,
    /// Its hooks in the line.
    pub hooks: Range<usize>,
    pub chars: usize,
    /// What is known of it; the counts are those of its line.
    pub facts: Facts,
    /// Characters of U+4000 to U+9FFF in it.
    pub han: usize,
}

/// The sentences of one line that was read.
pub(super) fn of_line<'a>(
    line: &'a str,
    read: &Line,
    depths: &Depths,
) -> impl Iterator<Item = Sentence<'a>> {
    let mut ends = read.ends.iter();
    let mut start = 0;
    // What is known of the line up to `start`.
    let mut before = Facts {
        terms: read.start,
        ..Facts::default()
    };
    std::iter::from_fn(move || {
        while start < line.len() {
            let mut facts = Facts::default();
            let end = ends.by_ref().find_map(|end| {
                facts = facts.with(&end.before);
                if end.at < start || !ends_here(line, depths, end.at, end.mark) {
                    return None;
                }
                let after = end.at + end.mark.len_utf8();
                let tail = trailing(line, after, depths);
                facts.chars += 1 + line[after..after + tail].chars().count();
                Some(after + tail)
            });
            if end.is_none() {
                facts = facts.with(&read.rest);
            }
            let (from, last) = (start, before);
            let end = end.unwrap_or(line.len());
            (start, before) = (end, facts);
            let sentence = trimmed(&line[from..end], from, &last, facts);
            if !sentence.text.is_empty() {
                return Some(sentence);
            }
        }
        None
    })
}

/// A sentence between two places of a line and what is known there.
fn trimmed<'a>(all: &'a str, from: usize, before: &Facts, facts: Facts) -> Sentence<'a> {
    let late = all.trim_start();
    let text = late.trim_end();
    let spaces = match text.len() == all.len() {
        true => 0,
        false => all.chars().count() - text.chars().count(),
    };
    Sentence {
        text,
        start: from + all.len() - late.len(),
        terms: before.terms..facts.terms,
        hooks: before.hooks..facts.hooks,
        chars: facts.chars - before.chars - spaces,
        facts,
        han: facts.han - before.han,
    }
}

/// True when the mark `c` at `at`, one of those that may, ends a sentence.
fn ends_here(line: &str, depths: &Depths, at: usize, c: char) -> bool {
    let depth = depths.at(at);
    let rest = &line[at + c.len_utf8()..];
    // “好。”下一句 ends with its quote: the mark is the last thing in it, and a full stop, since
    // after ！ and ？ the speaker is often still to be named (“好！”他说。).
    if c == '。' && depth == 1 {
        let mut next = rest.chars();
        let closed = next
            .next()
            .is_some_and(|q| matches!(q, '”' | '’' | '」' | '』'));
        return closed && !matches!(next.next(), Some('，' | '、' | '；' | '：' | '。' | '）'));
    }
    if depth > 0 {
        return false;
    }
    match c {
        '。' | '！' | '？' | '；' => true,
        '!' | '?' | ';' => {
            !rest.starts_with(|n: char| n.is_ascii_alphanumeric() || "=&/".contains(n))
        }
        '.' => dot_ends(&line[..at], rest),
        _ => false,
    }
}

/// A dot ends a sentence before white space or at the end, unless it abbreviates.
fn dot_ends(before: &str, rest: &str) -> bool {
    let rest = rest.trim_start_matches(pairs::closes);
    if rest.is_empty() {
        return true;
    }
    let next = rest.trim_start();
    if next.len() == rest.len() || next.starts_with(char::is_lowercase) {
        return false;
    }
    let letters = |c: char| c.is_ascii_alphabetic() || c == '.';
    let word = &before[before.trim_end_matches(letters).len()..];
    // Initials, `U.S.` and `a.m.`; a number that opens the line or a clause counts items.
    let initials = word.contains('.') || (word.len() == 1 && word.starts_with(char::is_uppercase));
    let item = before.trim_end_matches(|c: char| c.is_ascii_digit());
    let counter = item.len() < before.len()
        && item
            .trim_end()
            .chars()
            .next_back()
            .is_none_or(|c| "。！？；：，".contains(c));
    !initials && !counter && !abbreviates(word, next)
}

fn abbreviates(word: &str, next: &str) -> bool {
    let word = word.to_ascii_lowercase();
    match word.as_str() {
        // `No. 5`, but `The answer is no. Prices rose.`
        "no" | "nos" => next.starts_with(|c: char| c.is_ascii_digit()),
        word => ABBREVIATIONS.contains(&word),
    }
}

/// Bytes of further end marks and of closing quotes that belong to the sentence before `after`.
fn trailing(line: &str, after: usize, depths: &Depths) -> usize {
    let mut length = 0;
    for (at, c) in line[after..].char_indices() {
        let mark = matches!(c, '。' | '！' | '？' | '；' | '!' | '?' | '…');
        // A quote that opens here belongs to the next sentence: its own depth begins with it.
        let quote = || {
            let end = after + at + c.len_utf8();
            pairs::closes(c) && (end >= line.len() || depths.at(end) < depths.at(after + at))
        };
        if !(mark || quote()) {
            break;
        }
        length = at + c.len_utf8();
    }
    length
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_known_of_a_sentence_is_what_its_text_alone_tells(line in "[市场监管。！？；“”（）\"'.;a-z0-9 \t\u{3000}/…]{0,60}") {
            let (mut read, mut terms, mut depths) = (Line::default(), Terms::default(), Depths::default());
            let (mut alone, mut own) = (Line::default(), Terms::default());
            read.read(&line, &mut terms);
            depths.find(read.pairs.iter().copied());
            for sentence in of_line(&line, &read, &depths) {
                own.clear();
                alone.read(sentence.text, &mut own);
                let facts = alone.whole();
                prop_assert_eq!(terms.of(&sentence.terms), own.of(&(0..facts.terms)));
                prop_assert_eq!(sentence.chars, facts.chars);
                prop_assert_eq!(sentence.han, facts.han);
                prop_assert_eq!(sentence.facts.has_digit, facts.has_digit);
                prop_assert_eq!(sentence.facts.has_slash, facts.has_slash);
                prop_assert!(sentence.facts.has_odd_space || !facts.has_odd_space);
                prop_assert!(line[sentence.start..].starts_with(sentence.text));
            }
        }
    }
}
