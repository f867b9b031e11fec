//! Front matter: found, cut out, read.
//! In: a file's text. Out: its fields with their places, and where the body starts.
//! Everyday lines take a short way; what is no YAML goes to `recover`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_yaml::Value;

use super::defaults::{self, Values};
use super::findings::{At, FILE, Findings, line};
use super::{plain_yaml, recover, slips, toml_front_matter};

/// Beyond this the YAML parser's quadratic cases would be felt.
const MAX_BYTES: usize = 16 * 1024;

/// How a file begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Split<'a> {
    /// A mark, fields, a mark, body.
    Found {
        /// What the mark announces.
        syntax: Syntax,
        /// False where the first mark is missing.
        is_opened: bool,
        /// What stands between the marks.
        fields: &'a str,
        /// Line of the first byte of `fields`.
        fields_line: u32,
        /// What follows.
        body: &'a str,
        /// Line of the first byte of `body`.
        body_line: u32,
    },
    /// A mark and fields, but no closing mark.
    Unclosed(Syntax),
    /// The whole file is body.
    Absent,
}

/// The two languages of front matter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Between lines `---`, as Jekyll has it.
    #[default]
    Yaml,
    /// Between lines `+++`, as Hugo and Zola write it.
    Toml,
}

impl Syntax {
    /// The mark that opens it.
    pub fn mark(self) -> &'static str {
        match self {
            Syntax::Yaml => "---",
            Syntax::Toml => "+++",
        }
    }

    fn closes(self, text: &str) -> bool {
        let after = match self {
            Syntax::Yaml => text
                .strip_prefix("---")
                .or_else(|| text.strip_prefix("...")),
            Syntax::Toml => text.strip_prefix("+++"),
        };
        after.is_some_and(|after| after.trim().is_empty())
    }

    /// False for a line that cannot start an entry of this key, seen by its first byte.
    fn may_be_key(self, text: &str, key: &str) -> bool {
        let first = text.as_bytes().first();
        match self {
            Syntax::Yaml => first == key.as_bytes().first() || matches!(first, Some(b'"' | b'\'')),
            Syntax::Toml => true,
        }
    }

    /// `key` and the rest of a line that starts an entry.
    fn key_of(self, text: &str) -> Option<(&str, &str)> {
        match self {
            Syntax::Yaml => key_of(text),
            Syntax::Toml => toml_front_matter::key_of(text),
        }
    }
}

/// Finds the front matter. Blank lines before it are allowed, which Jekyll does not.
pub(super) fn split(text: &str) -> Split<'_> {
    let start = text.trim_start_matches([' ', '\t', '\n']);
    let lead = &text[..text.len() - start.len()];
    // An indented mark is Markdown's rule.
    if !(lead.is_empty() || lead.ends_with('\n')) {
        return Split::Absent;
    }
    let Some((first, rest)) = start.split_once('\n') else {
        return Split::Absent;
    };
    let opens = |syntax: &Syntax| {
        let after = first.strip_prefix(syntax.mark());
        after.is_some_and(|after| after.trim().is_empty())
    };
    let Some(syntax) = [Syntax::Yaml, Syntax::Toml].into_iter().find(opens) else {
        return unopened(start, count_lines(lead) + 1);
    };
    let fields_line = count_lines(lead) + 2;
    let mut at = 0;
    while at < rest.len() {
        let end = memchr::memchr(b'\n', &rest.as_bytes()[at..]);
        let each = &rest[at..end.map_or(rest.len(), |end| at + end + 1)];
        if syntax.closes(each) {
            let fields = &rest[..at];
            return Split::Found {
                syntax,
                is_opened: true,
                fields,
                fields_line,
                body: &rest[at + each.len()..],
                body_line: fields_line + count_lines(fields) + 1,
            };
        }
        at += each.len();
    }
    let first = rest.lines().find(|l| !l.trim().is_empty());
    if first.and_then(|text| syntax.key_of(text)).is_some() {
        Split::Unclosed(syntax)
    } else {
        Split::Absent
    }
}

/// Fields and a mark behind them: somebody has deleted the mark before them. Two fields of a post at least, and no line that
/// belongs to none, or it is a text with a heading in it.
fn unopened(text: &str, fields_line: u32) -> Split<'_> {
    let is_known = |line: &str| key_of(line).is_some_and(|(key, _)| recover::KEYS.contains(&key));
    let belongs = |line: &str| {
        let is_bare = line.is_empty() || line.starts_with([' ', '\t', '-', '#']);
        is_bare || key_of(line).is_some()
    };
    if !text.lines().next().is_some_and(is_known) {
        return Split::Absent;
    }
    let mut at = 0;
    for whole in text.split_inclusive('\n') {
        let (fields, line) = (&text[..at], whole.trim_end());
        if line == Syntax::Yaml.mark() {
            return match fields.lines().filter(|line| is_known(line)).count() {
                0 | 1 => Split::Absent,
                _ => Split::Found {
                    syntax: Syntax::Yaml,
                    is_opened: false,
                    fields,
                    fields_line,
                    body: &text[at + whole.len()..],
                    body_line: fields_line + count_lines(fields) + 1,
                },
            };
        }
        if !belongs(line) || at > MAX_BYTES {
            break;
        }
        at += whole.len();
    }
    Split::Absent
}

fn count_lines(text: &str) -> u32 {
    let lines = memchr::memchr_iter(b'\n', text.as_bytes()).count();
    u32::try_from(lines).unwrap_or(u32::MAX - 2)
}

/// Keys and values, in order, duplicates kept.
pub(super) type Entries<'t> = Vec<(Cow<'t, str>, Value)>;

/// The fields of one front matter.
#[derive(Debug, Default)]
pub(super) struct Fields<'t> {
    entries: Entries<'t>,
    syntax: Syntax,
    written: &'t str,
    first_line: u32,
}

impl Fields<'_> {
    /// The value of a key; of duplicates the last, as in Ruby. Null is absent.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let found = self.entries.iter().rev().find(|(name, _)| name == key);
        found
            .map(|(_, value)| value)
            .filter(|value| !value.is_null())
    }

    /// The value of a key as text, if it is a scalar that is not blank.
    pub fn text(&self, key: &str) -> Option<String> {
        let text = shown(self.get(key)?)?;
        (!text.trim().is_empty()).then(|| text.into_owned())
    }

    /// The language it is written in.
    pub fn syntax(&self) -> Syntax {
        self.syntax
    }

    /// A line that gives a field; `value` is written as its language wants it.
    pub fn line(&self, key: &str, value: &str) -> String {
        match self.syntax {
            Syntax::Yaml => format!("{key}: {value}"),
            Syntax::Toml => format!("{key} = {value}"),
        }
    }

    /// How a date is written in its language.
    pub fn date_shape(&self) -> &'static str {
        match self.syntax {
            Syntax::Yaml => "2022-02-18 10:01:41 +0800",
            Syntax::Toml => "2022-02-18T10:01:41+08:00",
        }
    }

    /// Lays the fields over these.
    pub fn set_defaults(&mut self, values: Values) {
        let own = std::mem::take(&mut self.entries).into_iter();
        let own = own.map(|(key, value)| (key.into_owned(), value)).collect();
        self.entries = owned(defaults::over(values, own));
    }

    /// All keys and values, in order; a later duplicate comes later.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, value)| (&**key, value))
    }

    /// True when the front matter has the key, whatever its value.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name == key)
    }

    /// True for YAML's false, not for the text "false".
    pub fn is_false(&self, key: &str) -> bool {
        match self.get(key) {
            Some(Value::Bool(flag)) => !flag,
            Some(Value::String(text)) => {
                let no = matches!(text.to_ascii_lowercase().as_str(), "no" | "off");
                no && !self.quoted(key)
            }
            _ => false,
        }
    }

    /// The place of a key's value in the file; of the key itself, if nothing stands behind it.
    pub fn at(&self, key: &str) -> At {
        self.raw(key).map_or(FILE, |raw| At {
            line: self.first_line + raw.row,
            column: raw.column,
        })
    }

    /// The place of a key in the file.
    pub fn at_key(&self, key: &str) -> At {
        let column = 1;
        self.raw(key).map_or(FILE, |raw| At {
            line: self.first_line + raw.row,
            column,
        })
    }

    /// True when the value stands in quotes, which YAML crates do not tell.
    pub fn quoted(&self, key: &str) -> bool {
        // Hardly any front matter has any.
        memchr::memchr2(b'"', b'\'', self.written.as_bytes()).is_some()
            && self
                .raw(key)
                .is_some_and(|raw| raw.value.starts_with(['"', '\'']))
    }

    /// What stands behind the key on its line, as it is written.
    pub fn written(&self, key: &str) -> Option<&str> {
        self.raw(key).map(|raw| raw.value)
    }

    fn raw(&self, key: &str) -> Option<Raw<'_>> {
        let mut found = None;
        for (row, text) in (0..).zip(self.written.lines()) {
            if !self.syntax.may_be_key(text, key) {
                continue;
            }
            if let Some((name, value)) = self.syntax.key_of(text)
                && name == key
            {
                let before = text.len() - value.trim_start().len();
                let value = value.trim();
                let column = match value {
                    "" => 0,
                    _ => text[..before].chars().count(),
                };
                found = Some(Raw {
                    row,
                    column: u32::try_from(column).unwrap_or(0) + 1,
                    value,
                });
            }
        }
        found
    }
}

/// A key's line.
struct Raw<'a> {
    /// From 0, within the front matter.
    row: u32,
    /// In characters, from 1.
    column: u32,
    value: &'a str,
}

/// A scalar as its author wrote it.
pub(super) fn scalar(value: &Value) -> Option<String> {
    shown(value).map(Cow::into_owned)
}

/// The same without a copy of a text.
pub(super) fn shown(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(flag) => Some(Cow::Owned(flag.to_string())),
        Value::Tagged(tagged) => shown(&tagged.value),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => None,
    }
}

/// Reads what `split` found.
pub(super) fn read<'t>(
    syntax: Syntax,
    text: &'t str,
    first_line: u32,
    findings: &mut Findings,
) -> Fields<'t> {
    let text = capped(text, first_line, findings);
    let entries = match syntax {
        Syntax::Yaml => read_yaml(text, first_line, findings),
        Syntax::Toml => owned(toml_front_matter::read(text, first_line, findings)),
    };
    let fields = Fields {
        entries,
        syntax,
        written: text,
        first_line,
    };
    note_duplicates(&fields, findings);
    slips::note(&fields, findings);
    fields
}

fn read_yaml<'t>(yaml: &'t str, first_line: u32, findings: &mut Findings) -> Entries<'t> {
    if let Some(entries) = plain_yaml::entries(yaml) {
        return entries;
    }
    owned(match serde_yaml::from_str::<Top>(yaml) {
        Ok(Top(entries)) => merged(entries),
        Err(error) => recover::entries(yaml, first_line, &error, findings),
    })
}

/// Carries out merge keys, `<<: *other` (yaml.org/type/merge.html): what stands here itself stays.
fn merged(entries: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let (merges, mut own): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(key, value)| {
        key == "<<" && matches!(value, Value::Mapping(_) | Value::Sequence(_))
    });
    for (_, value) in merges {
        let parts = match value {
            Value::Sequence(parts) => parts,
            part => vec![part],
        };
        for part in parts {
            let Value::Mapping(part) = part else { continue };
            for (key, value) in part {
                let key = scalar(&key).unwrap_or_default();
                if !own.iter().any(|(known, _)| *known == key) {
                    own.push((key, value));
                }
            }
        }
    }
    own
}

fn owned<'t>(entries: Vec<(String, Value)>) -> Entries<'t> {
    let owned = |(key, value)| (Cow::Owned(key), value);
    entries.into_iter().map(owned).collect()
}

/// Ruby keeps the last of several lines with one key in silence; its author hardly meant that.
fn note_duplicates(fields: &Fields, findings: &mut Findings) {
    let mut told: Vec<&str> = Vec::new();
    for (index, (key, _)) in fields.entries.iter().enumerate() {
        let again = fields.entries[..index].iter().any(|(name, _)| name == key);
        if again && !told.contains(&&**key) {
            told.push(key);
            findings.note(
                "duplicate-key",
                fields.at_key(key),
                format!("`{key}` stands here a second time; the last one is used"),
                "delete the lines that are not meant",
            );
        }
    }
}

fn capped<'a>(text: &'a str, first_line: u32, findings: &mut Findings) -> &'a str {
    if text.len() <= MAX_BYTES {
        return text;
    }
    let mut end = MAX_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let end = text[..end].rfind('\n').map_or(end, |at| at + 1);
    findings.recovered(
        "front-matter-too-long",
        line(first_line),
        format!(
            "the front matter has {} bytes; only the first {end} are read",
            text.len()
        ),
        "keep front matter below 16 KiB",
    );
    &text[..end]
}

/// The top level of a front matter, duplicates kept.
pub(super) struct Top(pub Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Top {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lines;
        impl<'de> Visitor<'de> for Lines {
            type Value = Top;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("`key: value` lines")
            }

            // An empty front matter, which yaml_serde calls none.
            fn visit_none<E>(self) -> Result<Top, E> {
                Ok(Top(Vec::new()))
            }

            fn visit_unit<E>(self) -> Result<Top, E> {
                Ok(Top(Vec::new()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Top, A::Error> {
                let mut entries = Vec::with_capacity(8);
                while let Some((key, value)) = map.next_entry::<Value, Value>()? {
                    entries.push((scalar(&key).unwrap_or_default(), value));
                }
                Ok(Top(entries))
            }
        }
        deserializer.deserialize_any(Lines)
    }
}

/// `key` and the rest of a line that starts an entry.
pub(super) fn key_of(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once(':')?;
    let starts = key.chars().next()?;
    if starts.is_whitespace() || matches!(starts, '#' | '-' | '[' | '{' | '%') || key.len() > 64 {
        return None;
    }
    if !(value.is_empty() || value.starts_with([' ', '\t'])) {
        return None;
    }
    Some((key.trim().trim_matches(['"', '\'']), value))
}

#[cfg(test)]
#[path = "front_matter_tests.rs"]
mod tests;
