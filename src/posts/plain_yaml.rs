//! Front matter as most is written: a key and a plain value on each line.
//! In: YAML. Out: its entries, or nothing when a line is anything else: then libyaml reads it.
//! Nothing is guessed here: a property test holds every answer against libyaml's.

use std::borrow::Cow;

use serde_yaml::Value;

use super::decode::any_of_three;
use super::front_matter::Entries;

/// The entries of a front matter, in order, when each line is `key: value` with a word, a text, a text in quotes, a
/// date or a list in brackets of such words for a value.
pub(super) fn entries(yaml: &str) -> Option<Entries<'_>> {
    let may_be_unprinted = may_be_unprinted(yaml);
    let mut entries = Vec::with_capacity(8);
    let mut rest = yaml;
    while !rest.is_empty() {
        let end = find(rest, b'\n').unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or("");
        let colon = find(line, b':')?;
        let (key, value) = (&line[..colon], &line[colon + 1..]);
        if !is_key(key) {
            return None;
        }
        let value = match value.strip_prefix(' ') {
            Some(value) if may_be_unprinted && !value.chars().all(is_printed) => return None,
            Some(value) => self::value(value.trim_matches(' '))?,
            None if value.is_empty() => Value::Null,
            None => return None,
        };
        entries.push((Cow::Borrowed(key), value));
    }
    // An empty document has other rules.
    (!entries.is_empty()).then_some(entries)
}

fn find(text: &str, byte: u8) -> Option<usize> {
    memchr::memchr(byte, text.as_bytes())
}

fn is_key(key: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.len() <= 64
        && key.bytes().all(is_part)
        && !is_word_of_yaml(key)
}

fn value(text: &str) -> Option<Value> {
    match text.as_bytes().first() {
        None => Some(Value::Null),
        Some(b'[') => list(text),
        Some(quote @ (b'"' | b'\'')) => quoted(text, char::from(*quote)),
        Some(b'0'..=b'9') => is_date(text).then(|| Value::String(text.to_owned())),
        Some(_) => plain(text),
    }
}

/// A text without quotes that nothing in YAML has a meaning for.
fn plain(text: &str) -> Option<Value> {
    let ends_key = |part: &str| part.is_empty() || part.starts_with(' ');
    let has_key = find(text, b':').is_some() && text.split(':').skip(1).any(ends_key);
    let has_comment = find(text, b'#').is_some() && text.contains(" #");
    (begins_text(text) && !has_key && !has_comment && !is_word_of_yaml(text))
        .then(|| Value::String(text.to_owned()))
}

fn quoted(text: &str, quote: char) -> Option<Value> {
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.contains([quote, '\\'])).then(|| Value::String(inner.to_owned()))
}

/// `[a, b]`.
fn list(text: &str) -> Option<Value> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    if inner.trim_matches(' ').is_empty() {
        return Some(Value::Sequence(Vec::new()));
    }
    let mut items = Vec::with_capacity(4);
    let mut rest = Some(inner);
    while let Some(text) = rest {
        let end = find(text, b',');
        rest = end.map(|end| &text[end + 1..]);
        items.push(item(text[..end.unwrap_or(text.len())].trim_matches(' '))?);
    }
    Some(Value::Sequence(items))
}

/// A word or several, without any mark that has a meaning somewhere.
fn item(text: &str) -> Option<Value> {
    is_item(text).then(|| Value::String(text.to_owned()))
}

/// True for what may stand in a list in brackets without quotes.
pub(super) fn is_item(text: &str) -> bool {
    let is_part = |byte: u8| {
        byte.is_ascii_alphanumeric() || byte >= 0x80 || matches!(byte, b' ' | b'_' | b'-' | b'.')
    };
    begins_text(text) && text.bytes().all(is_part) && !is_word_of_yaml(text)
}

fn begins_text(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || !c.is_ascii())
}

/// `2022-02-18 10:01:41 +0800`, with or without offset and time: neither a number nor anything else to YAML.
fn is_date(text: &str) -> bool {
    let has_shape = |shape: &str| {
        text.len() == shape.len()
            && text
                .bytes()
                .zip(shape.bytes())
                .all(|(byte, shape)| match shape {
                    b'0' => byte.is_ascii_digit(),
                    b'+' => matches!(byte, b'+' | b'-'),
                    shape => byte == shape,
                })
    };
    [
        "0000-00-00 00:00:00 +0000",
        "0000-00-00 00:00:00",
        "0000-00-00 00:00",
        "0000-00-00",
    ]
    .into_iter()
    .any(has_shape)
}

/// The words that are no text without quotes.
fn is_word_of_yaml(text: &str) -> bool {
    let is_it = |word: &str| text.eq_ignore_ascii_case(word);
    ["null", "true", "false"].into_iter().any(is_it)
}

/// False when all of a text but its line feeds is sure to be `is_printed`.
fn may_be_unprinted(text: &str) -> bool {
    any_of_three(text.as_bytes(), |byte, second, third| {
        let control = u8::from(byte < b' ') & u8::from(byte != b'\n');
        let ascii = control | u8::from(byte == 0x7F);
        // U+0080 to U+009F and some more, U+2028 and U+2029 and some more, and what begins with EF BB or EF BF.
        let line = u8::from(byte == 0xE2) & u8::from(second == 0x80) & u8::from(third >= 0xA8);
        let mark = u8::from(byte == 0xEF) & u8::from(second | 4 == 0xBF);
        ascii | u8::from(byte == 0xC2) | line | mark
    })
}

/// What stands for itself in every YAML: no tab, control character, line end of Unicode or byte order mark.
fn is_printed(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{A0}'..='\u{2027}' | '\u{202A}'..='\u{D7FF}' | '\u{E000}'..='\u{FEFE}'
        | '\u{FF00}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::super::front_matter::Top;
    use super::*;
    use proptest::prelude::*;

    /// What libyaml reads.
    fn libyaml(yaml: &str) -> Option<Entries<'_>> {
        let Top(entries) = serde_yaml::from_str(yaml).ok()?;
        let entries = entries.into_iter();
        Some(
            entries
                .map(|(key, value)| (Cow::Owned(key), value))
                .collect(),
        )
    }

    #[test]
    fn everyday_front_matter_is_read() {
        let yaml = "layout: post\ntitle: 抽检结果公布（第1期）：3批次不合格\ndate: 2022-02-18 10:01:41 +0800\n\
                    categories: daZhong\ntags: [食品, 抽检 结果, a-b]\nauthor: \"林可\"\nurl: http://a.cn/b?c=1#d\n\
                    image:\nempty: ''\nnone: []\n";
        let read = entries(yaml).unwrap();
        assert_eq!(read.len(), 10);
        assert_eq!(Some(read), libyaml(yaml));
    }

    #[test]
    fn what_yaml_may_read_otherwise_is_left_to_it() {
        for yaml in [
            "",
            "\n",
            "# a: b\n",
            "a: b\n  c\n",
            "a:\n  - b\n",
            "a:\n- b\n",
            "a: 1\n",
            "a: 2022-02-18T10:01:41\n",
            "a: true\n",
            "True: b\n",
            "a: NULL\n",
            "a: ~\n",
            "a: b: c\n",
            "a: b:\n",
            "a: b #c\n",
            "a: &b c\n",
            "a: *b\n",
            "a: !b c\n",
            "a: |\n",
            "a: {b: c}\n",
            "a: [b, [c]]\n",
            "a: [b,]\n",
            "a: [b, 1]\n",
            "a: [b\n",
            "a: \"b\\n\"\n",
            "a: 'b'' c'\n",
            "a: \"b\n",
            "a: \"b\" c\n",
            "a:b\n",
            "a : b\n",
            "a: b\tc\n",
            "a: b\u{2028}c\n",
            "a: \u{FEFF}b\n",
            "? a\n",
            "- a: b\n",
            "--- a: b\n",
        ] {
            assert_eq!(entries(yaml), None, "{yaml:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn every_answer_is_libyamls(
            lines in prop::collection::vec(
                "[a-c-_]{1,3}:[ ]{0,2}([a-c0-2甲，：\"'\\[\\]{},:#&*!|>%@`~.+_ -]{0,8}|\\[[a甲, .1:#-]{0,8}\\]|[\"'][a甲: #\\\\]{0,6}[\"']|20[0-2]{2}-[0-2]{2}-[0-2]{2}[ 0-2:+-]{0,12}|null|True|\\PC{0,6})[ ]{0,1}",
                1..4,
            )
        ) {
            let yaml = lines.join("\n");
            if let Some(read) = entries(&yaml) {
                prop_assert_eq!(Some(read), libyaml(&yaml));
            }
        }
    }
}
