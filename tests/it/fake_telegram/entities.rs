//! Message text with entities: what Telegram accepts, counted as Telegram counts.
//!
//! In: text and entities as given or as parsed from HTML. Out: what readers see (trimmed
//! text, shifted entities), or Telegram's words of refusal. Entities are measured in
//! UTF-16 units, the length of the text in code points.

use serde_json::{Value, json};

use super::{links, refusal::Refusal};

/// Kinds that a bot may ask for; those that Telegram finds by itself are ignored.
const GIVEN: &[&str] = &[
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "spoiler",
    "blockquote",
    "expandable_blockquote",
    "code",
    "pre",
    "text_link",
    "custom_emoji",
    "date_time",
];
const FOUND_BY_TELEGRAM: &[&str] = &[
    "mention",
    "hashtag",
    "cashtag",
    "bot_command",
    "url",
    "email",
    "phone_number",
];
const MOST_ENTITIES: usize = 100;
const LONGEST_TEXT: usize = 4096;

/// Text as it will be shown, with its entities.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Formatted {
    pub text: String,
    pub entities: Vec<Value>,
}

/// Checks entities that came as a parameter.
pub fn check(text: &str, entities: &[Value], allow_local: bool) -> Result<Vec<Value>, Refusal> {
    if entities.len() > MOST_ENTITIES {
        return Err(Refusal::bad("ENTITIES_TOO_LONG"));
    }
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut kept = Vec::new();
    for entity in entities {
        let kind = entity["type"].as_str().unwrap_or_default();
        if !GIVEN.contains(&kind) && !FOUND_BY_TELEGRAM.contains(&kind) {
            return Err(Refusal::bad(
                "can't parse MessageEntity: Unsupported type specified",
            ));
        }
        bounds(&units, entity)?;
        belongings(kind, entity, allow_local)?;
        if GIVEN.contains(&kind) {
            kept.push(entity.clone());
        }
    }
    Ok(kept)
}

fn bounds(units: &[u16], entity: &Value) -> Result<(), Refusal> {
    let (offset, length) = span(entity);
    if offset < 0 || length <= 0 {
        return Err(Refusal::bad(format!(
            "entity has a wrong offset {offset} or length {length}"
        )));
    }
    for (edge, verb) in [(offset, "begins"), (offset.saturating_add(length), "ends")] {
        let at = usize::try_from(edge).unwrap_or(usize::MAX);
        if at > units.len() || (verb == "begins" && at == units.len()) {
            return Err(Refusal::bad(format!(
                "entity {verb} after the end of the text at UTF-16 offset {edge}"
            )));
        }
        if units
            .get(at)
            .is_some_and(|unit| (0xDC00..=0xDFFF).contains(unit))
        {
            return Err(Refusal::bad(format!(
                "entity {verb} in a middle of a UTF-16 symbol at UTF-16 offset {edge}"
            )));
        }
    }
    Ok(())
}

/// A field that belongs to one kind must be there, and nowhere else.
fn belongings(kind: &str, entity: &Value, allow_local: bool) -> Result<(), Refusal> {
    for (field, owner) in [
        ("url", "text_link"),
        ("language", "pre"),
        ("custom_emoji_id", "custom_emoji"),
        ("unix_time", "date_time"),
        ("date_time_format", "date_time"),
    ] {
        let given = entity.get(field).is_some();
        let needed = kind == owner && !["language", "date_time_format"].contains(&field);
        if needed && !given {
            return Err(Refusal::bad(format!(
                "can't parse MessageEntity: Can't find field \"{field}\""
            )));
        }
        if given && kind != owner {
            return Err(Refusal::bad(format!(
                "can't parse MessageEntity: field \"{field}\" does not belong to {kind}"
            )));
        }
    }
    if let Some(link) = entity["url"].as_str() {
        links::check(link, false, allow_local)
            .map_err(|why| Refusal::bad(format!("entity URL '{link}' is invalid: {why}")))?;
    }
    Ok(())
}

/// Trims the text as Telegram does and measures it.
pub fn settle(formatted: Formatted) -> Result<Formatted, Refusal> {
    let Formatted { text, entities } = formatted;
    let shown = text.trim_start();
    let cut = text.len() - shown.len();
    let shift = i64::try_from(text[..cut].encode_utf16().count()).unwrap_or(0);
    let shown = shown.trim_end();
    if shown.is_empty() {
        return Err(Refusal::bad("message text is empty"));
    }
    if shown.chars().count() > LONGEST_TEXT {
        return Err(Refusal::bad("message is too long"));
    }
    let end = i64::try_from(shown.encode_utf16().count()).unwrap_or(0);
    let entities = entities
        .into_iter()
        .filter_map(|entity| clip(entity, shift, end))
        .collect();
    Ok(Formatted {
        text: shown.to_owned(),
        entities,
    })
}

fn clip(mut entity: Value, shift: i64, end: i64) -> Option<Value> {
    let (offset, length) = span(&entity);
    let from = (offset - shift).max(0);
    let to = (offset + length - shift).min(end);
    entity["offset"] = json!(from);
    entity["length"] = json!(to - from);
    (to > from).then_some(entity)
}

fn span(entity: &Value) -> (i64, i64) {
    let number = |field: &str| entity[field].as_i64().unwrap_or(-1);
    (number("offset"), number("length"))
}
