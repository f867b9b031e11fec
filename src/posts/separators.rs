//! Labels with a comma or the like in them, which Jekyll takes for a part of the name.
//! In: the names of a field. Out: a note with the list to write; the names themselves stay as they are.

use std::borrow::Cow;

use serde_yaml::Value;

use super::decode::one_line;
use super::findings::Findings;
use super::front_matter::{Fields, Syntax};
use super::plain_yaml;
use super::recover::shortened;

/// What people put between names.
const MARKS: [char; 7] = [',', '，', '、', ';', '；', '|', '｜'];

/// Within these a mark belongs to the name.
const OPENING: [char; 9] = ['(', '（', '[', '【', '《', '〈', '「', '『', '“'];
const CLOSING: [char; 9] = [')', '）', ']', '】', '》', '〉', '」', '』', '”'];

/// Longer lists are not written out as a mend.
const LONGEST_MEND: usize = 120;

/// Tells of the first such name of a field.
pub(super) fn note(names: &[Cow<'_, str>], fields: &Fields, key: &str, findings: &mut Findings) {
    // Hardly any name has any; Chinese ones begin with these two bytes.
    let may_have = |byte: u8| matches!(byte, b',' | b';' | b'|' | 0xE3 | 0xEF);
    if !names.iter().any(|name| name.bytes().any(may_have)) {
        return;
    }
    let names: Vec<String> = names.iter().map(|name| one_line(name)).collect();
    let is_list = matches!(fields.get(key), Some(Value::Sequence(_)));
    let found = { names.iter() }.find_map(|name| Some((name, parted(name, is_list)?.mark)));
    // What the config's defaults say is in no line of this file.
    let Some((name, mark)) = found.filter(|_| fields.written(key).is_some()) else {
        return;
    };
    let kind = match key {
        "tag" | "tags" => "tag",
        _ => "category",
    };
    let mark = match mark {
        ',' | '，' => "a comma",
        ';' | '；' => "a semicolon",
        '|' | '｜' => "a bar",
        _ => "a `、`",
    };
    findings.note(
        "separator-in-label",
        fields.at(key),
        format!(
            "the {kind} `{}` has {mark} in it, which Jekyll takes for a part of the name",
            shortened(name)
        ),
        &mend(&names, is_list, fields, key),
    );
}

/// A name that is plainly several, or has a mark at its edge.
struct Parted<'n> {
    parts: Vec<&'n str>,
    /// The first of the marks.
    mark: char,
}

fn parted(name: &str, is_list: bool) -> Option<Parted<'_>> {
    let mut parts = Vec::new();
    let mut first = None;
    let (mut from, mut depth) = (0, 0_usize);
    for (at, c) in name.char_indices() {
        let after = at + c.len_utf8();
        if OPENING.contains(&c) {
            depth += 1;
        } else if CLOSING.contains(&c) {
            depth = depth.saturating_sub(1);
        } else if MARKS.contains(&c)
            && depth == 0
            && !is_meant(&name[from..at], c, &name[after..], is_list)
        {
            first.get_or_insert(c);
            parts.push(name[from..at].trim());
            from = after;
        }
    }
    let mark = first?;
    parts.push(name[from..].trim());
    parts.retain(|part| !part.is_empty());
    // `;)` is no list of names.
    let is_name = |part: &&str| part.contains(char::is_alphanumeric);
    parts.iter().all(is_name).then_some(Parted { parts, mark })
}

/// `1,000`, `R&amp;D`, and `Washington, D.C.` in a list: YAML parts lists at commas, so this one was kept on purpose.
fn is_meant(before: &str, mark: char, after: &str, is_list: bool) -> bool {
    if before.ends_with(char::is_numeric) && after.starts_with(char::is_numeric) {
        return true;
    }
    let is_of_entity = |c: char| c.is_ascii_alphanumeric() || c == '#';
    if mark == ';' && before.trim_end_matches(is_of_entity).ends_with('&') {
        return true;
    }
    let left = before.trim_end().chars().next_back();
    let right = after.trim_start().chars().next();
    let is_phrase = left
        .zip(right)
        .is_some_and(|(left, right)| left.is_ascii() && right.is_ascii());
    is_list && mark.is_ascii() && is_phrase
}

/// The field with each name by itself.
fn mend(names: &[String], is_list: bool, fields: &Fields, key: &str) -> String {
    let syntax = fields.syntax();
    let each = { names.iter() }.flat_map(|name| match parted(name, is_list) {
        Some(parted) => parted.parts,
        None => vec![name.as_str()],
    });
    let mut written: Vec<String> = Vec::new();
    let mut length = 0;
    for name in each.map(|name| quoted(name, syntax)) {
        length += name.chars().count() + 2;
        if length > LONGEST_MEND {
            return "write each name by itself, without the mark".to_owned();
        }
        if !written.contains(&name) {
            written.push(name);
        }
    }
    // The usual key, unless the post has it as well: it would stand twice.
    let usual = match key {
        "tag" | "tags" => "tags",
        _ => "categories",
    };
    let key = if fields.get(usual).is_some() {
        key
    } else {
        usual
    };
    let list = format!("[{}]", written.join(", "));
    format!("write {}", fields.line(key, &list))
}

fn quoted(name: &str, syntax: Syntax) -> String {
    match syntax {
        Syntax::Yaml if plain_yaml::is_item(name) => name.to_owned(),
        Syntax::Yaml => format!("'{}'", name.replace('\'', "''")),
        Syntax::Toml => format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::front_matter;
    use super::super::labels;
    use super::super::rules::example_rules;
    use super::*;
    use crate::model::Severity;

    /// Each note's message and mend.
    fn notes(syntax: Syntax, text: &str) -> Vec<(String, String)> {
        let mut findings = Findings::new("x.md");
        let fields = front_matter::read(syntax, text, 2, &mut findings);
        labels::read(&fields, "x.md", &example_rules(), &mut findings);
        let notes = findings.into_list().into_iter();
        notes
            .map(|note| {
                assert_eq!(
                    (note.kind, note.severity, note.line),
                    ("separator-in-label", Severity::Note, 2)
                );
                (note.message, note.help)
            })
            .collect()
    }

    fn yaml(text: &str) -> Vec<(String, String)> {
        notes(Syntax::Yaml, text)
    }

    #[test]
    fn several_names_in_one_are_told_with_the_list_to_write() {
        for (text, name, mend) in [
            (
                "tags: \"美食, 老字号\"",
                "tag `美食,` has a comma",
                "tags: [美食, 老字号]",
            ),
            (
                "tags: 美食,老字号",
                "tag `美食,老字号` has a comma",
                "tags: [美食, 老字号]",
            ),
            (
                "tags: [美食，老字号]",
                "tag `美食，老字号` has a comma",
                "tags: [美食, 老字号]",
            ),
            (
                "tags: 美食、老字号",
                "tag `美食、老字号` has a `、`",
                "tags: [美食, 老字号]",
            ),
            (
                "tags: 甲 乙；丙 甲",
                "tag `乙；丙` has a semicolon",
                "tags: [甲, 乙, 丙]",
            ),
            ("tag: a, b", "tag `a, b` has a comma", "tags: [a, b]"),
            (
                "category: a|b",
                "category `a|b` has a bar",
                "categories: [a, b]",
            ),
            (
                "categories: news, 2022, it's",
                "category `news,` has",
                "categories: [news, '2022', 'it''s']",
            ),
            (
                "tags:\n- RPMLint, \n- 甲",
                "tag `RPMLint,",
                "tags: [RPMLint, 甲]",
            ),
            ("tags:\n- 甲,乙", "tag `甲,乙`", "tags: [甲, 乙]"),
            ("tags: 甲 , 乙", "tag `,` has a comma", "tags: [甲, 乙]"),
            (
                "tags: 甲（一、二）、乙",
                "tag `甲（一、二）、乙`",
                "tags: [甲（一、二）, 乙]",
            ),
        ] {
            let told = yaml(text);
            assert_eq!(told.len(), 1, "{text}: {told:?}");
            assert!(told[0].0.contains(name), "{text}: {told:?}");
            assert_eq!(told[0].1, format!("write {mend}"), "{text}");
        }
        let toml = notes(Syntax::Toml, "tags = [\"甲、乙\"]");
        assert_eq!(toml[0].1, "write tags = [\"甲\", \"乙\"]");
        let many = yaml(&format!("tags: {}", "长长长长、".repeat(40)));
        assert_eq!(many[0].1, "write each name by itself, without the mark");
        assert_eq!(yaml("tags: ','")[0].1, "write tags: []");
    }

    #[test]
    fn marks_that_belong_to_a_name_are_not_told() {
        for text in [
            "tags: 1,000",
            "tags: 赔偿1，000元",
            "tags: ['Washington, D.C.', C++]",
            "tags:\n- r&amp;d",
            "tags: R&#38;D",
            "tags: ;)",
            "tags: 🍎、🍌",
            "tags: 《甲、乙》 丙（丁，戊）",
            "tags: C/C++ a-b 甲·乙 12:30 甲：乙",
            "tags: [\"甲\u{3000}乙\"]",
        ] {
            assert_eq!(yaml(text), [], "{text}");
        }
    }
}
