//! Text into sentences, Chinese and English.
//! In: plain text, a line for each block. Out: trimmed slices of it, in order, none empty.
//! A line end always ends a sentence, so that a heading stands alone.

use super::pairs::{self, Depths};

/// Words after which a dot ends nothing, in lower case.
const ABBREVIATIONS: &[&str] = &[
    "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "inc", "co", "corp", "ltd", "llc", "plc",
    "vs", "etc", "eg", "ie", "approx", "est", "dept", "gov", "gen", "sen", "rep", "jan", "feb",
    "mar", "apr", "jun", "jul", "aug", "sept", "oct", "nov", "dec",
];

/// Splits at 。！？；and their ASCII forms and at line ends; never inside quotes, brackets and book
/// titles, never in a number, never after an abbreviation.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in lines(text) {
        of_line(line, &mut found);
    }
    found
}

/// The lines of a text; line and paragraph separators (U+2028, U+2029) end one too.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    // The separators are E2 80 A8 and E2 80 A9, and rare: looked for as bytes, many at a time.
    let is_rare = memchr::memmem::find(text.as_bytes(), "\u{2028}".as_bytes()).is_some()
        || memchr::memmem::find(text.as_bytes(), "\u{2029}".as_bytes()).is_some();
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = match is_rare {
            true => text.find(['\n', '\r', '\u{2028}', '\u{2029}']),
            false => memchr::memchr2(b'\n', b'\r', text.as_bytes()),
        };
        let Some(end) = end else {
            rest = None;
            return Some(text);
        };
        let length = text[end..].chars().next().map_or(1, char::len_utf8);
        rest = Some(&text[end + length..]);
        Some(&text[..end])
    })
}

/// The sentences of one line.
pub(super) fn of_line<'a>(line: &'a str, found: &mut Vec<&'a str>) {
    let depths = pairs::depths(line);
    let mut start = 0;
    for (at, c) in pairs::marks(line) {
        if at < start || !ends_here(line, &depths, at, c) {
            continue;
        }
        let after = at + c.len_utf8();
        let end = after + trailing(line, after, &depths);
        push(&line[start..end], found);
        start = end;
    }
    push(&line[start..], found);
}

fn push<'a>(sentence: &'a str, found: &mut Vec<&'a str>) {
    let sentence = sentence.trim();
    if !sentence.is_empty() {
        found.push(sentence);
    }
}

fn ends_here(line: &str, depths: &Depths, at: usize, c: char) -> bool {
    if !matches!(c, '。' | '！' | '？' | '；' | '!' | '?' | ';' | '.') {
        return false;
    }
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
