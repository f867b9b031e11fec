//! Front matter as most is written: a key and a plain value on each line.
//! In: YAML. Out: its entries, or nothing when a line is anything else: then libyaml reads it.
//! Nothing is guessed here: a property test holds every answer against libyaml's.

use serde_yaml::Value;

/// The entries of a front matter, in order, when each line is `key: value` with a word, a text, a text in quotes, a
/// date or a list in brackets of such words for a value.
pub(super) fn entries(yaml: &str) -> Option<Vec<(String, Value)>> {
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
            Some(value) => self::value(value.trim_matches(' '))?,
            None if value.is_empty() => Value::Null,
            None => return None,
        };
        entries.push((key.to_owned(), value));
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
    let is_ascii = |byte: u8| matches!(byte, b' '..=b'~');
    if !text.bytes().all(is_ascii) && !text.chars().all(is_printed) {
        return None;
    }
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
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || !c.is_ascii());
    let ends_key = |part: &str| part.is_empty() || part.starts_with(' ');
    let has_key = find(text, b':').is_some() && text.split(':').skip(1).any(ends_key);
    let has_comment = find(text, b'#').is_some() && text.contains(" #");
    (starts && !has_key && !has_comment && !is_word_of_yaml(text))
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
    let is_part =
        |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.');
    let items = inner.split(',').map(|item| {
        let item = item.trim_matches(' ');
        item.chars().all(is_part).then(|| plain(item)).flatten()
    });
    items.collect::<Option<Vec<Value>>>().map(Value::Sequence)
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

/// What stands for itself in every YAML: no tab, control character, line end of Unicode or byte order mark.
fn is_printed(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{A0}'..='\u{2027}' | '\u{202A}'..='\u{D7FF}' | '\u{E000}'..='\u{FEFE}'
        | '\u{FF00}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::super::front_matter::Entries;
    use super::*;
    use proptest::prelude::*;

    /// What libyaml reads.
    fn libyaml(yaml: &str) -> Option<Vec<(String, Value)>> {
        serde_yaml::from_str(yaml)
            .ok()
            .map(|Entries(entries)| entries)
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
