//! TOML front matter, as Hugo and Zola write it between two lines `+++`.
//! In: the text between the marks. Out: the same fields that YAML gives, under Jekyll's names.
//! Nothing is lost to one bad line: every entry is tried by itself.

use serde_yaml::{Mapping, Value};
use toml::Table;

use super::findings::{At, Findings};

/// Reads the fields. `first_line` is the line of the file at which `text` begins.
pub(super) fn read(text: &str, first_line: u32, findings: &mut Findings) -> Vec<(String, Value)> {
    let table = match text.parse::<Table>() {
        Ok(table) => table,
        Err(error) => {
            let table = entry_by_entry(text);
            let names: Vec<&str> = table.keys().map(String::as_str).collect();
            findings.recovered(
                "broken-toml",
                place(text, first_line, error.span().map_or(0, |span| span.start)),
                format!(
                    "the front matter is no valid TOML ({}); read entry by entry: {}",
                    error.message().lines().next().unwrap_or_default(),
                    names.join(", ")
                ),
                "put texts into double quotes, and write \\\" for a double quote inside them",
            );
            table
        }
    };
    under_jekylls_names(table)
}

fn place(text: &str, first_line: u32, at: usize) -> At {
    let before = text.get(..at).unwrap_or(text);
    let row = before.bytes().filter(|b| *b == b'\n').count();
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    At {
        line: first_line.saturating_add(u32::try_from(row).unwrap_or(0)),
        column: u32::try_from(column).unwrap_or(0),
    }
}

/// What of a broken text can be read: each entry with the table that it stands in.
fn entry_by_entry(text: &str) -> Table {
    let mut read = Table::new();
    let mut header = "";
    let mut entry = String::new();
    for line in text.lines().chain(["[end]"]) {
        let starts = line.starts_with('[') || key_of(line).is_some();
        if starts && !entry.is_empty() {
            take(&mut read, header, &entry);
            entry.clear();
        }
        if line.starts_with('[') {
            header = line.trim();
        } else if starts || !entry.is_empty() {
            entry.push_str(line);
            entry.push('\n');
        }
    }
    read
}

fn take(read: &mut Table, header: &str, entry: &str) {
    let parsed = format!("{header}\n{entry}").parse::<Table>();
    let parsed = parsed.unwrap_or_else(|_| by_hand(entry).into_iter().collect());
    for (key, value) in parsed {
        match (read.get_mut(&key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new)) => old.extend(new),
            (_, value) => {
                read.insert(key, value);
            }
        }
    }
}

/// The text between the outer quotes, or the whole rest of the line.
fn by_hand(entry: &str) -> Option<(String, toml::Value)> {
    let (key, value) = key_of(entry.lines().next()?)?;
    let value = value.trim();
    let inner = |mark| value.strip_prefix(mark)?.strip_suffix(mark);
    let value = inner('"').or_else(|| inner('\'')).unwrap_or(value);
    Some((key.to_owned(), toml::Value::String(value.to_owned())))
}

/// `key` and the rest of a line that starts an entry.
pub(super) fn key_of(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim().trim_matches(['"', '\'']);
    let bare = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    (!key.is_empty() && key.chars().all(bare)).then_some((key, value))
}

/// Zola's `[taxonomies]` and both programs' `draft` and `lastmod`; what stands under Jekyll's name wins.
fn under_jekylls_names(mut table: Table) -> Vec<(String, Value)> {
    let mut more = Table::new();
    if let Some(toml::Value::Table(taxonomies)) = table.remove("taxonomies") {
        more.extend(taxonomies);
    }
    if let Some(changed) = table.remove("lastmod") {
        more.insert("updated".to_owned(), changed);
    }
    if table.get("draft").and_then(toml::Value::as_bool) == Some(true) {
        table.insert("published".to_owned(), toml::Value::Boolean(false));
    }
    for (key, value) in more {
        if !table.contains_key(&key) {
            table.insert(key, value);
        }
    }
    let fields = table.into_iter();
    fields.map(|(key, value)| (key, as_yaml(value))).collect()
}

fn as_yaml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => Value::Number(number.into()),
        toml::Value::Float(number) => Value::Number(number.into()),
        toml::Value::Boolean(flag) => Value::Bool(flag),
        toml::Value::Datetime(time) => Value::String(time.to_string()),
        toml::Value::Array(items) => Value::Sequence(items.into_iter().map(as_yaml).collect()),
        toml::Value::Table(table) => {
            let pairs = table.into_iter();
            let pairs = pairs.map(|(key, value)| (Value::String(key), as_yaml(value)));
            Value::Mapping(pairs.collect::<Mapping>())
        }
    }
}
