//! YAML that is none, read entry by entry.
//! In: the text between the marks. Out: what can be read of it, and for each bad entry a problem with the
//! place of the mistake and the line to write instead. One bad entry never costs the others.

use serde_yaml::Value;

use super::findings::{At, Findings};
use super::front_matter::{Top, key_of};

/// More bad entries than this are one mistake, such as a body between the marks.
const MOST_PROBLEMS: usize = 8;
/// Longer lines are not written out as a mend.
const LONGEST_MEND: usize = 120;
const GENERAL_MEND: &str =
    "put the value into single quotes and double every single quote inside it";
/// Keys whose values are lists: a bracket begins a list there, and a part of a text elsewhere.
const LISTS: &[&str] = &["categories", "category", "tags", "tag", "authors"];

/// Fields of posts.
pub(super) const KEYS: &[&str] = &[
    "title",
    "date",
    "categories",
    "category",
    "tags",
    "tag",
    "author",
    "authors",
    "layout",
    "permalink",
    "published",
    "slug",
    "image",
    "excerpt",
    "description",
    "updated",
    "last_modified_at",
    "id",
    "guid",
];

/// Reads what can be read. `whole` is what the YAML parser said of all of it.
pub(super) fn entries(
    yaml: &str,
    first_line: u32,
    whole: &serde_yaml::Error,
    findings: &mut Findings,
) -> Vec<(String, Value)> {
    let mut entries = Vec::new();
    let mut bad = 0;
    for (row, entry) in chunks(yaml) {
        let line = first_line.saturating_add(row);
        if let Some(slip) = bad_colon(entry) {
            let read = with_colon(entry, &slip, line, findings);
            // A key where keys stand was hardly meant to be replaced.
            let is_there = |key: &str| slip.is_shifted() && entries.iter().any(|(k, _)| k == key);
            let news: Vec<_> = read.into_iter().filter(|(key, _)| !is_there(key)).collect();
            entries.extend(news);
            bad += 1;
            continue;
        }
        let error = match serde_yaml::from_str::<Top>(entry) {
            Ok(Top(read)) => {
                entries.extend(read);
                continue;
            }
            Err(error) => error,
        };
        let Some((key, value)) = by_hand(entry) else {
            continue;
        };
        bad += 1;
        if bad <= MOST_PROBLEMS {
            report(entry, &key, &value, line, &error, findings);
        }
        entries.push((key, value));
    }
    if bad == 0 {
        findings.recovered(
            "broken-yaml",
            place(whole, first_line),
            format!(
                "the front matter is no valid YAML ({}); its fields are read one by one",
                reason(whole)
            ),
            "delete this line, or write it as `key: value`",
        );
    }
    entries
}

/// The entries with the row at which each begins; lines before the first key belong to none.
fn chunks(yaml: &str) -> Vec<(u32, &str)> {
    let mut starts = Vec::new();
    let mut at = 0;
    // What is indented deeper than a key alone, or the head of a text over several lines, belongs to it.
    let mut open: Option<usize> = None;
    for (row, text) in (0u32..).zip(yaml.split_inclusive('\n')) {
        let key = key_of(text.trim_end());
        let slip = bad_colon(text);
        let indent = text.len() - text.trim_start_matches([' ', '\t']).len();
        let is_inside = text.trim().is_empty() || open.is_some_and(|open| indent > open);
        if key.is_some() || (slip.is_some() && !is_inside) {
            starts.push((row, at));
        }
        if !is_inside {
            let value = key.map(|(_, value)| value).or(slip.map(|slip| slip.value));
            let is_head = |value: &str| value.is_empty() || value.starts_with(['|', '>']);
            // What belongs to an item of a list is no field of the post.
            let item = text.trim_start().strip_prefix("- ");
            open = match item.is_some_and(|item| key_of(item.trim()).is_some()) {
                true => Some(indent),
                false => {
                    { value.map(str::trim) }.and_then(|value| is_head(value).then_some(indent))
                }
            };
        }
        at += text.len();
    }
    let ends = starts.iter().skip(1).map(|(_, at)| *at).chain([yaml.len()]);
    let each = starts.iter().zip(ends);
    each.map(|((row, at), end)| (*row, &yaml[*at..end]))
        .collect()
}

/// A colon that YAML does not take for one, or a key that it does not.
struct Slip<'a> {
    key: &'a str,
    value: &'a str,
    why: &'static str,
    /// From 1.
    column: usize,
}

impl Slip<'_> {
    /// Whether it stands behind a tab or blanks instead of where keys stand.
    fn is_shifted(&self) -> bool {
        self.column == 1
    }
}

/// `title：某事`, `title:某事`, and `title: 某事` behind a tab or blanks, of keys that posts have; elsewhere such a text may
/// be meant.
fn bad_colon(entry: &str) -> Option<Slip<'_>> {
    let line = entry.lines().next()?;
    let end = line.find([':', '：'])?;
    let unindented = line[..end].trim_start_matches([' ', '\t']);
    let before = &line[..end - unindented.len()];
    // With another colon it may be the second line of a text.
    let is_field = line[end..] == *":" || line[end..].starts_with(": ");
    let is_shifted = before.contains('\t') || (!before.is_empty() && is_field);
    let key = match is_shifted {
        true => unindented.trim_end(),
        false => line[..end].trim_end(),
    };
    if !KEYS.contains(&key) {
        return None;
    }
    let slip = |value, why| {
        let column = if is_shifted {
            1
        } else {
            key.chars().count() + 1
        };
        Some(Slip {
            key,
            value,
            why,
            column,
        })
    };
    if is_shifted {
        let value = line[end..].trim_start_matches([':', '：']);
        return slip(
            value,
            match before.contains('\t') {
                true => "a tab stands before it",
                false => "blanks stand before it",
            },
        );
    }
    match line[end..].strip_prefix('：') {
        Some(value) => slip(value, "the colon after it is a full-width one"),
        None => {
            let value = &line[end + 1..];
            let joined = !value.is_empty() && !value.starts_with([' ', '\t']);
            joined
                .then_some(value)
                .and_then(|value| slip(value, "a blank is missing after the colon"))
        }
    }
}

fn with_colon(
    entry: &str,
    slip: &Slip,
    line: u32,
    findings: &mut Findings,
) -> Vec<(String, Value)> {
    let rest = entry.split_once('\n').map_or("", |(_, rest)| rest);
    let mended = format!("{}: {}\n{rest}", slip.key, slip.value.trim());
    let read = match serde_yaml::from_str::<Top>(&mended) {
        Ok(Top(read)) => read,
        Err(_) => by_hand(&mended).into_iter().collect(),
    };
    let value = read.first().map_or(&Value::Null, |(_, value)| value);
    let quoted = written(slip.key, value);
    let mend = quoted.unwrap_or_else(|| format!("{}: {}", slip.key, slip.value.trim()));
    let help = match slip.is_shifted() && slip.value.trim().is_empty() {
        true => {
            "write it without the tab or blanks before it, and indent what belongs to it with blanks"
                .to_owned()
        }
        false => format!("write it as: {mend}"),
    };
    findings.recovered(
        "bad-colon",
        At {
            line,
            column: u32::try_from(slip.column).unwrap_or(0),
        },
        format!("`{}` is no field to YAML: {}", slip.key, slip.why),
        &help,
    );
    read
}

fn report(
    entry: &str,
    key: &str,
    value: &Value,
    first_line: u32,
    error: &serde_yaml::Error,
    findings: &mut Findings,
) {
    if let Some(row) = stray(entry) {
        findings.recovered(
            "broken-yaml",
            At {
                line: first_line.saturating_add(row),
                column: 1,
            },
            format!("this line is no field, and belongs to none; `{key}` is read without it"),
            "delete it, or write it as `key: value`",
        );
        return;
    }
    let (at, why) = match mistake(entry) {
        Some((column, why)) => (
            At {
                line: first_line,
                column,
            },
            why.to_owned(),
        ),
        None => {
            // The parser may see it only behind the entry, and the mend is for a line of the entry.
            let rows = u32::try_from(entry.trim_end().lines().count()).unwrap_or(1);
            let at = place(error, first_line);
            let is_within = at.line < first_line.saturating_add(rows);
            let line = if is_within { at.line } else { first_line };
            (At { line, ..at }, reason(error))
        }
    };
    let read = match value {
        Value::String(text) => format!("`{}`", shortened(text)),
        Value::Sequence(items) => format!("a list of {}", items.len()),
        _ => "nothing".to_owned(),
    };
    let mend = written(key, value).map_or_else(
        || GENERAL_MEND.to_owned(),
        |line| match entry.trim_end().contains('\n') {
            false => format!("write it as: {line}"),
            true => format!("write it in one line as: {line}"),
        },
    );
    findings.recovered(
        "broken-yaml",
        at,
        format!("`{key}` is no valid YAML: {why}; it is read as {read}"),
        &mend,
    );
}

/// The row of a line that makes a good entry bad: a text that got between the fields.
fn stray(entry: &str) -> Option<u32> {
    let (first, rest) = entry.split_once('\n')?;
    let (_, value) = key_of(first)?;
    if value.trim().is_empty() || serde_yaml::from_str::<Top>(first).is_err() {
        return None;
    }
    let says = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let row = rest.lines().position(says)?;
    u32::try_from(row + 1).ok()
}

fn place(error: &serde_yaml::Error, first_line: u32) -> At {
    let small = |n: usize| u32::try_from(n).unwrap_or(0);
    error.location().map_or(
        At {
            line: first_line,
            column: 0,
        },
        |place| At {
            line: first_line.saturating_add(small(place.line().saturating_sub(1))),
            column: small(place.column()),
        },
    )
}

fn reason(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    text.split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// The column, from 1, of a mistake that people and generators make in the first line of an entry, in their words.
fn mistake(entry: &str) -> Option<(u32, &'static str)> {
    let line = entry.lines().next()?;
    let (_, value) = key_of(line)?;
    let start = line.len() - value.trim_start().len();
    let value = value.trim();
    let column = |at: usize| {
        let before = line.get(..start + at).unwrap_or(line).chars().count();
        u32::try_from(before + 1).unwrap_or(0)
    };
    let first = value.chars().next()?;
    match first {
        '"' | '\'' => in_quotes(value, first).map(|(at, why)| (column(at), why)),
        '@' | '`' | '%' | '&' | '*' | '!' | '|' | '>' => Some((
            column(0),
            "a text that begins with this character must stand in quotes",
        )),
        '[' | '{' => {
            let close = if first == '[' { ']' } else { '}' };
            match closing(value, first, close) {
                None => Some((column(0), "this bracket is never closed")),
                Some(at) if at + 1 < value.len() => Some((
                    column(at + 1),
                    "nothing may follow the closing bracket; a text with brackets must stand in quotes",
                )),
                Some(_) => None,
            }
        }
        _ => value
            .find(": ")
            .or_else(|| value.ends_with(':').then(|| value.len() - 1))
            .map(|at| (column(at), "a colon inside a text without quotes")),
    }
}

/// The byte at which the first bracket is closed. What stands in quotes closes nothing.
fn closing(value: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0;
    let mut quote = None;
    let mut before = open;
    for (at, c) in value.char_indices() {
        let is_first = matches!(before, '[' | '{' | ',' | ':');
        if !c.is_whitespace() {
            before = c;
        }
        match quote {
            Some(mark) if mark == c => quote = None,
            None if is_first && matches!(c, '"' | '\'') => {
                quote = Some(c);
                continue;
            }
            _ => {}
        }
        if quote.is_some() {
            continue;
        }
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

fn in_quotes(value: &str, mark: char) -> Option<(usize, &'static str)> {
    let mut chars = value.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && mark == '"' {
            let escape = chars.next().map_or(' ', |(_, c)| c);
            if !"0abtnvfre \"/\\N_LPxuU\t".contains(escape) {
                return Some((at, "a backslash in double quotes begins an escape"));
            }
        } else if c == mark {
            let doubled = mark == '\'' && chars.next_if(|(_, next)| *next == mark).is_some();
            let rest = value[at + 1..].trim_start();
            if !(doubled || rest.is_empty() || rest.starts_with('#')) {
                return Some((at, "this quote ends the text early"));
            }
            if !doubled {
                return None;
            }
        }
    }
    Some((0, "this quote is never closed"))
}

/// An entry that is no YAML: the text after the colon, or the items below it.
fn by_hand(entry: &str) -> Option<(String, Value)> {
    let mut lines = entry.lines();
    let (key, value) = key_of(lines.next()?)?;
    let value = value.trim();
    let items = |parts: Vec<&str>| {
        let texts = parts.into_iter().map(|part| Value::String(unquoted(part)));
        Value::Sequence(texts.collect())
    };
    let in_brackets = value.strip_prefix('[').filter(|_| LISTS.contains(&key));
    let value = if value.is_empty() {
        let below = lines.filter_map(|text| text.trim().strip_prefix('-'));
        items(below.collect())
    } else if let Some(inner) = in_brackets {
        let inner = inner.strip_suffix(']').unwrap_or(inner);
        items(inner.split(',').collect())
    } else if LISTS.contains(&key) && are_quoted(value) {
        items(value.split(',').collect())
    } else {
        Value::String(unquoted(value))
    };
    Some((key.to_owned(), value))
}

/// `"甲", "乙"`: a list without its brackets.
fn are_quoted(value: &str) -> bool {
    let mut parts = value.split(',').map(str::trim);
    let is_quoted = |part: &str| {
        ['"', '\''].iter().any(|mark| {
            let inner = part
                .strip_prefix(*mark)
                .and_then(|rest| rest.strip_suffix(*mark));
            inner.is_some_and(|inner| !inner.is_empty() && !inner.contains(*mark))
        })
    };
    value.contains(',') && parts.all(is_quoted)
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    for mark in ['"', '\''] {
        let Some(rest) = text.strip_prefix(mark) else {
            continue;
        };
        let inner = match rest.strip_suffix(mark) {
            Some(inner) => inner,
            // A quote that is never closed is no part of the text; `"甲"乙` is one as it stands.
            None if !rest.contains(mark) => rest,
            None => return text.to_owned(),
        };
        return match mark {
            '"' => inner.replace("\\\"", "\"").replace("\\\\", "\\"),
            _ => inner.replace("''", "'"),
        };
    }
    text.to_owned()
}

/// The entry as it should have been written, if that is short enough to be shown.
fn written(key: &str, value: &Value) -> Option<String> {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let text = match value {
        Value::String(text) => quoted(text),
        Value::Sequence(items) => {
            let items: Vec<String> = items.iter().filter_map(Value::as_str).map(quoted).collect();
            format!("[{}]", items.join(", "))
        }
        _ => return None,
    };
    (text.chars().count() <= LONGEST_MEND).then(|| format!("{key}: {text}"))
}

/// Enough of a text to know it by.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
