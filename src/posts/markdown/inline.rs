//! Within a paragraph: what kramdown reads in another way than CommonMark.
//! In: a line outside of code blocks. Out: the same for comrak; mathematics wait aside.

use super::super::tree::escape;
use super::addresses::Brackets;
use super::lines::marker;
use super::{Kept, html};

/// Mathematics in a line; longer ones are no mathematics.
const LONGEST_MATH: usize = 2_000;
/// Attribute lists and addresses; what closes them is not looked for any farther.
const LONGEST: usize = 500;
/// What closes a tag or a comment of a paragraph is not looked for any farther.
const LONGEST_PARAGRAPH: usize = 10_000;
/// Brackets without an end in one line; of more none is a tag.
const MOST_ENDLESS: usize = 100;

/// The beginning of a text.
fn near(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Prepares a line; `beyond` is what follows it in the same block, and more.
pub(super) fn line(text: &str, beyond: &str, kept: &mut Kept, out: &mut String) {
    let long_dashes = has_long_dashes(text);
    let links = text.contains("](");
    let is_special = |byte: u8| matches!(byte, b'~' | b'$' | b'{' | b'\\' | b'<');
    if !text.bytes().any(is_special) && !long_dashes && !links {
        out.push_str(text);
        return;
    }
    let bytes = text.as_bytes();
    let mut from = 0;
    let mut at = 0;
    let mut seen = Angles::default();
    let mut brackets = Brackets::default();
    while at < bytes.len() {
        let step = match bytes[at] {
            b'\\' => {
                at += 1 + usize::from(bytes.get(at + 1).is_some_and(u8::is_ascii));
                continue;
            }
            b'`' => {
                at = code_end(text, at);
                continue;
            }
            b'~' => tilde(bytes, at),
            b'$' => math(text, at, kept),
            b'{' => attributes(text, at),
            b'<' => match angle(text, at, beyond, kept, &mut seen) {
                Angle::Replaced(end, replaced) => Some((end, replaced)),
                Angle::Kept(end) => {
                    at = end;
                    continue;
                }
            },
            b'[' if links => {
                brackets.open(text, at);
                None
            }
            b']' if links => { brackets.close(near(&text[at..], LONGEST)) }
                .map(|(length, written)| (at + length, written)),
            b'-' if long_dashes => Some(dashes(text, at)),
            _ => None,
        };
        let Some((end, replaced)) = step else {
            at += 1;
            continue;
        };
        out.push_str(&text[from..at]);
        out.push_str(&replaced);
        from = end;
        at = end;
    }
    out.push_str(&text[from..]);
}

/// What an angle bracket begins, up to a byte.
enum Angle {
    Replaced(usize, String),
    Kept(usize),
}

/// What is known of a line's angle brackets, so that a line of many is not looked through for each of them.
#[derive(Default)]
struct Angles {
    /// A comment or an element is not closed in this line: the next one is not tried.
    unclosed: bool,
    /// How many have no end.
    endless: usize,
}

/// A comment, an element whose inside is no Markdown, a tag, or the bracket alone. What has no end would take all the
/// rest of the body with it: it is text.
fn angle(text: &str, at: usize, beyond: &str, kept: &mut Kept, seen: &mut Angles) -> Angle {
    let rest = &text[at..];
    if rest.starts_with("<!--") {
        let end = (!seen.unclosed).then(|| rest.find("-->")).flatten();
        if let Some(end) = end {
            return Angle::Kept(at + end + 3);
        }
        seen.unclosed = true;
    } else if !seen.unclosed
        && let Some((end, replaced)) = raw(text, at, kept)
    {
        return Angle::Replaced(end, replaced);
    }
    // What stands in a tag is no Markdown either.
    let tag = html::tag(rest);
    if seen.endless >= MOST_ENDLESS || is_endless(text, at, beyond, tag.as_ref()) {
        seen.endless += 1;
        return Angle::Replaced(at + 1, "&lt;".to_owned());
    }
    if let Some(tag) = tag.as_ref().filter(|tag| tag.closed && tag.swallows()) {
        return Angle::Replaced(at + tag.whole.len(), tag.closed_whole());
    }
    seen.unclosed |= tag.as_ref().is_some_and(html::Tag::is_raw_span);
    Angle::Kept(at + tag.map_or(1, |tag| tag.whole.len()))
}

/// Whether what begins here takes the rest of the body with it.
fn is_endless(text: &str, at: usize, beyond: &str, tag: Option<&html::Tag>) -> bool {
    let rest = near(&text[at..], LONGEST_PARAGRAPH);
    if rest.starts_with("<!--") {
        // At the beginning of an item of a list it goes on over blank lines.
        let beyond = match text[..at].trim().is_empty() {
            true => item(beyond),
            false => paragraph(beyond),
        };
        return !rest.contains("-->") && !beyond.contains("-->");
    }
    match tag {
        Some(tag) if tag.swallows() && !tag.closed => {
            let rest = near(&text[at + tag.whole.len()..], LONGEST_PARAGRAPH);
            !html::closes(rest, tag.name) && !html::closes(paragraph(beyond), tag.name)
        }
        Some(_) => false,
        None => html::is_endless(rest) && html::is_endless(&format!("{rest}{}", paragraph(beyond))),
    }
}

/// What follows the first line of an item of a list up to its end, or a little less.
fn item(beyond: &str) -> &str {
    let mut after_blank = false;
    lines_while(beyond, |line| {
        let is_blank = line.trim().is_empty();
        let is_inside = is_blank || line.starts_with([' ', '\t']);
        let goes_on = is_inside || !(after_blank || marker(line).is_some());
        after_blank |= is_blank;
        goes_on
    })
}

/// What follows a line up to the end of its paragraph, or a little less.
fn paragraph(beyond: &str) -> &str {
    lines_while(beyond, |line| !line.trim().is_empty())
}

fn lines_while(beyond: &str, goes_on: impl FnMut(&&str) -> bool) -> &str {
    let lines = near(beyond, LONGEST_PARAGRAPH).split_inclusive('\n');
    let length: usize = lines.take_while(goes_on).map(str::len).sum();
    &beyond[..length]
}

/// The byte after a code span, or after the backticks if they open none.
pub(super) fn code_end(text: &str, at: usize) -> usize {
    let run = |from: usize| {
        text.as_bytes()[from..]
            .iter()
            .take_while(|b| **b == b'`')
            .count()
    };
    let length = run(at);
    let mut search = at + length;
    while let Some(next) = text[search..].find('`').map(|next| next + search) {
        let found = run(next);
        search = next + found;
        if found == length {
            return search;
        }
    }
    at + length
}

/// `3~5元` is no deletion: that takes two.
fn tilde(bytes: &[u8], at: usize) -> Option<(usize, String)> {
    let length = bytes[at..].iter().take_while(|b| **b == b'~').count();
    match length {
        2 => Some((at + 2, "~~".to_owned())),
        _ => Some((at + length, "\\~".repeat(length))),
    }
}

/// True for a line whose long dashes are kramdown's: three at a time. A line of nothing else is a heading or
/// a rule, and an address keeps its dashes.
fn has_long_dashes(text: &str) -> bool {
    let ruled = |c: char| matches!(c, '-' | '|' | ':' | '+' | ' ' | '\t' | '\n' | '\r');
    text.contains("----") && !text.contains("](") && !text.chars().all(ruled)
}

fn dashes(text: &str, at: usize) -> (usize, String) {
    let length = text.as_bytes()[at..]
        .iter()
        .take_while(|b| **b == b'-')
        .count();
    let shown = match length {
        4.. => "—".repeat(length / 3) + ["", "-", "–"][length % 3],
        _ => "-".repeat(length),
    };
    (at + length, shown)
}

/// `$$x$$` is mathematics, which kramdown leaves to the page's script.
fn math(text: &str, at: usize, kept: &mut Kept) -> Option<(usize, String)> {
    let inner = near(text[at..].strip_prefix("$$")?, LONGEST_MATH);
    let end = inner.find("$$").filter(|end| *end > 0)?;
    let mut html = "\\(".to_owned();
    escape(inner[..end].trim(), &mut html);
    html.push_str("\\)");
    Some((at + end + 4, kept.mark(html)))
}

/// `<code>a *b*</code>`
fn raw(text: &str, at: usize, kept: &mut Kept) -> Option<(usize, String)> {
    if let Some(address) = near(&text[at..], LONGEST).strip_prefix("<mailto:") {
        // kramdown shows the address alone, and CommonMark does so where there is no scheme.
        let end = address
            .find('>')
            .filter(|end| !address[..*end].contains([' ', '<', '?']))?;
        return Some((at + 8, "<".to_owned())).filter(|_| address[..end].contains('@'));
    }
    let tag = html::tag(&text[at..]).filter(html::Tag::is_raw_span)?;
    let inner = at + tag.whole.len();
    let (close, end) = html::close(&text[inner..], tag.name);
    let closed = close < text[inner..].len();
    closed.then(|| (inner + end, kept.mark(text[at..inner + end].to_owned())))
}

/// `{:.class}` right after a span, `{::comment}x{:/comment}`.
fn attributes(text: &str, at: usize) -> Option<(usize, String)> {
    let rest = near(&text[at..], LONGEST);
    if let Some(comment) = rest.strip_prefix("{::comment}") {
        let end = comment.find("{:/")?;
        let close = comment[end..].find('}')?;
        return Some((at + 11 + end + close + 1, String::new()));
    }
    if rest.starts_with("{::") || !rest.starts_with("{:") {
        return None;
    }
    let before = &text[..at];
    let after_span = before.ends_with([')', ']', '*', '_', '`', '>', '~']);
    let close = rest.find('}')?;
    after_span.then(|| (at + close + 1, String::new()))
}
