//! People's words for numbers of things, and for what serde says of a wrong value.
//! In: a number, or serde's message. Out: what is wanted and what was found, without names of Rust's types; pure.

use std::borrow::Cow;

/// `1 file`, `2 files`.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// What serde calls things, and people.
const FOUND: &[(&str, &str)] = &[
    ("sequence", "a list"),
    ("map", "keys with values"),
    ("unit value", "nothing"),
];
const WANTED: &[(&str, &str)] = &[
    ("a boolean", "`true` or `false`"),
    ("a sequence", "a list"),
    ("a map", "keys with values"),
    ("a string", "a text"),
    ("f32", "a number"),
    ("f64", "a number"),
    ("path string", "a path"),
    ("unit", "nothing"),
];

/// A message of serde's as it is told to people; one that is plain already stays.
pub fn in_words(message: &str) -> Cow<'_, str> {
    wrong_value(message)
        .or_else(|| unknown_variant(message))
        .map_or(Cow::Borrowed(message), Cow::Owned)
}

/// ``threshold: invalid type: string "x", expected f64``
fn wrong_value(message: &str) -> Option<String> {
    let (before, rest) = ["invalid type: ", "invalid value: "]
        .into_iter()
        .find_map(|kind| message.split_once(kind))?;
    let (found, wanted) = rest.rsplit_once(", expected ")?;
    Some(format!(
        "{before}this must be {}, not {}",
        self::wanted(wanted),
        self::found(found)
    ))
}

/// ``unknown variant `rsss`, expected one of `atom`, `rss` ``
fn unknown_variant(message: &str) -> Option<String> {
    let (before, rest) = message.split_once("unknown variant ")?;
    let (found, known) = rest.split_once(", expected ")?;
    let known = known.strip_prefix("one of ").unwrap_or(known);
    Some(format!("{before}{found} is none of {known}"))
}

fn named(table: &[(&str, &'static str)], text: &str) -> Option<&'static str> {
    let found = table.iter().find(|(serde, _)| *serde == text);
    found.map(|(_, people)| *people)
}

fn found(text: &str) -> &str {
    // ``integer `5` ``, `string "abc"`: the value tells its kind.
    let value = || text.find(['`', '"']).map(|at| &text[at..]);
    named(FOUND, text).or_else(value).unwrap_or(text)
}

fn wanted(text: &str) -> &str {
    let is_number = |sign: char| {
        let bits = text.strip_prefix(sign);
        bits.is_some_and(|bits| matches!(bits, "8" | "16" | "32" | "64" | "128" | "size"))
    };
    if is_number('u') {
        "a whole number from 0 on"
    } else if is_number('i') {
        "a whole number"
    } else if text.starts_with("struct ") {
        "keys with values"
    } else {
        named(WANTED, text).unwrap_or(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_type_of_rust_is_named() {
        for (serde, people) in [
            (
                "invalid type: string \"abc\", expected u64",
                "this must be a whole number from 0 on, not \"abc\"",
            ),
            (
                "feeds.limit: invalid value: integer `-3`, expected usize",
                "feeds.limit: this must be a whole number from 0 on, not `-3`",
            ),
            (
                "invalid type: map, expected a sequence",
                "this must be a list, not keys with values",
            ),
            (
                "invalid type: unit value, expected struct Settings",
                "this must be keys with values, not nothing",
            ),
            (
                "unknown variant `rsss`, expected one of `atom`, `rss`",
                "`rsss` is none of `atom`, `rss`",
            ),
            (
                "unknown variant `x`, expected `a` or `b`",
                "`x` is none of `a` or `b`",
            ),
            (
                "invalid type: integer `1`, expected a folder, or a list of folders",
                "this must be a folder, or a list of folders, not `1`",
            ),
            ("write at least 1", "write at least 1"),
        ] {
            assert_eq!(in_words(serde), people);
        }
    }
}
