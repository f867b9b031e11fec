//! `parse_mode=HTML`, read as strictly as Telegram reads it.
//!
//! In: marked-up text. Out: plain text and entities in UTF-16 units, or the words of
//! refusal that go after "can't parse entities: ".

use serde_json::{Value, json};

use super::{entities::Formatted, links};

const TAGS: &[&str] = &[
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "span",
    "tg-spoiler",
    "a",
    "code",
    "pre",
    "blockquote",
];

struct Open {
    tag: String,
    attributes: Vec<(String, String)>,
    /// Where it opened in the plain text, in UTF-16 units and in bytes.
    units: usize,
    bytes: usize,
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
    text: String,
    open: Vec<Open>,
    entities: Vec<Value>,
    allow_local: bool,
}

/// Parses HTML as Telegram's server does.
pub fn parse(source: &str, allow_local: bool) -> Result<Formatted, String> {
    let mut reader = Reader {
        source,
        at: 0,
        text: String::new(),
        open: Vec::new(),
        entities: Vec::new(),
        allow_local,
    };
    while let Some(next) = reader.rest().chars().next() {
        match next {
            '<' if reader.rest().starts_with("</") => reader.end_tag()?,
            '<' => reader.start_tag()?,
            '&' => reader.reference(),
            other => {
                reader.text.push(other);
                reader.at += other.len_utf8();
            }
        }
    }
    if let Some(left) = reader.open.last() {
        return Err(format!(
            "Can't find end tag corresponding to start tag \"{}\"",
            left.tag
        ));
    }
    reader.entities.sort_by_key(|entity| {
        let number = |field: &str| entity[field].as_i64().unwrap_or(0);
        (number("offset"), -number("length"))
    });
    Ok(Formatted {
        text: reader.text,
        entities: reader.entities,
    })
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn start_tag(&mut self) -> Result<(), String> {
        let begin = self.at;
        let close = tag_end(self.rest())
            .ok_or_else(|| format!("Unclosed start tag at byte offset {begin}"))?;
        let inside = self.source[begin + 1..begin + close].to_owned();
        self.at = begin + close + 1;
        let name_end = inside
            .find(|c: char| c.is_ascii_whitespace())
            .unwrap_or(inside.len());
        let tag = inside[..name_end].to_ascii_lowercase();
        if !TAGS.contains(&tag.as_str()) {
            return Err(format!(
                "Unsupported start tag \"{tag}\" at byte offset {begin}"
            ));
        }
        let attributes = attributes(&inside[name_end..])
            .map_err(|why| format!("{why} of the tag \"{tag}\" at byte offset {begin}"))?;
        allowed(&tag, &attributes)
            .map_err(|why| format!("Tag \"{tag}\" {why} at byte offset {begin}"))?;
        self.open.push(Open {
            tag,
            attributes,
            units: self.text.encode_utf16().count(),
            bytes: self.text.len(),
        });
        Ok(())
    }

    fn end_tag(&mut self) -> Result<(), String> {
        let begin = self.at;
        let close = self
            .rest()
            .find('>')
            .ok_or_else(|| format!("Unclosed end tag at byte offset {begin}"))?;
        let name = self.rest()[2..close].trim_end().to_ascii_lowercase();
        self.at = begin + close + 1;
        let Some(open) = self.open.pop() else {
            return Err(format!("Unexpected end tag at byte offset {begin}"));
        };
        if !name.is_empty() && name != open.tag {
            return Err(format!(
                "Unmatched end tag at byte offset {begin}, expected \"</{}>\", found \"</{name}>\"",
                open.tag
            ));
        }
        let length = self.text.encode_utf16().count() - open.units;
        if length > 0 {
            let entity = entity(&open, length, &self.text[open.bytes..], self.allow_local)?;
            self.entities.extend(entity);
        }
        Ok(())
    }

    /// Only four names and numbers are references; anything else stays as it is written.
    fn reference(&mut self) {
        let (text, taken) = decode(self.rest()).unwrap_or(('&', 1));
        self.text.push(text);
        self.at += taken;
    }
}

/// Where the start tag ends, minding quoted attribute values.
fn tag_end(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

fn attributes(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| c == '=' || c.is_ascii_whitespace())
            .unwrap_or(rest.len());
        let name = rest[..end].to_ascii_lowercase();
        if name.is_empty() {
            return Err("Empty attribute name in the declaration".to_owned());
        }
        rest = rest[end..].trim_start();
        let Some(after) = rest.strip_prefix('=') else {
            found.push((name, String::new()));
            continue;
        };
        let (value, left) = quoted(after.trim_start())?;
        found.push((name, unescape(value)));
        rest = left.trim_start();
    }
    Ok(found)
}

fn quoted(text: &str) -> Result<(&str, &str), String> {
    match text.chars().next() {
        Some(quote @ ('"' | '\'')) => text[1..]
            .split_once(quote)
            .ok_or_else(|| "Unclosed attribute value in the declaration".to_owned()),
        _ => {
            let end = text
                .find(|c: char| c.is_ascii_whitespace())
                .unwrap_or(text.len());
            Ok(text.split_at(end))
        }
    }
}

/// Which attributes a tag may carry, and which it must.
fn allowed(tag: &str, attributes: &[(String, String)]) -> Result<(), String> {
    for (name, value) in attributes {
        let right = match (tag, name.as_str()) {
            // Which class it must be is asked below.
            ("span", "class") => true,
            ("a", "href") => true,
            ("code", "class") => value.starts_with("language-"),
            ("blockquote", "expandable") => true,
            _ => false,
        };
        if !right {
            return Err(format!("may not have attribute \"{name}\""));
        }
    }
    let spoiler = attributes
        .iter()
        .any(|(name, value)| name == "class" && value == "tg-spoiler");
    if tag == "span" && !spoiler {
        return Err("must have class \"tg-spoiler\"".to_owned());
    }
    Ok(())
}

fn entity(open: &Open, length: usize, inner: &str, local: bool) -> Result<Option<Value>, String> {
    let attribute = |name: &str| {
        let found = open.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    let mut entity = json!({ "type": "", "offset": open.units, "length": length });
    let kind = match open.tag.as_str() {
        "b" | "strong" => "bold",
        "i" | "em" => "italic",
        "u" | "ins" => "underline",
        "s" | "strike" | "del" => "strikethrough",
        "span" | "tg-spoiler" => "spoiler",
        "code" => "code",
        "pre" => "pre",
        "blockquote" if attribute("expandable").is_some() => "expandable_blockquote",
        "blockquote" => "blockquote",
        _ => {
            let link = attribute("href").unwrap_or(inner);
            match links::check(link, false, local) {
                Ok(()) => entity["url"] = json!(link),
                // Telegram shows the text without its link and says nothing.
                Err(_) if links::check(link, false, true).is_ok() => return Ok(None),
                // Here we are stricter than Telegram: a bad scheme never leaves our house.
                Err(why) => return Err(format!("link \"{link}\" is invalid: {why}")),
            }
            "text_link"
        }
    };
    entity["type"] = json!(kind);
    Ok(Some(entity))
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let (c, taken) = decode(&text[at..]).unwrap_or((c, c.len_utf8()));
        plain.push(c);
        at += taken;
    }
    plain
}

/// The character that a reference at the start of `text` stands for, and its length.
fn decode(text: &str) -> Option<(char, usize)> {
    let body = text.strip_prefix('&')?;
    for (name, c) in [("lt", '<'), ("gt", '>'), ("amp", '&'), ("quot", '"')] {
        if let Some(after) = body.strip_prefix(name) {
            return Some((c, 1 + name.len() + usize::from(after.starts_with(';'))));
        }
    }
    let number = body.strip_prefix('#')?;
    let (digits, radix, lead) = match number.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16, 3),
        None => (number, 10, 2),
    };
    let end = digits
        .find(|c: char| !c.is_digit(radix))
        .unwrap_or(digits.len());
    let c = char::from_u32(u32::from_str_radix(&digits[..end], radix).ok()?)?;
    (c != '\0').then(|| (c, lead + end + usize::from(digits[end..].starts_with(';'))))
}
