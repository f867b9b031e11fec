//! Inline keyboards: what Telegram refuses about buttons.

use serde_json::Value;

use super::{links, refusal::Refusal};

const MOST_BUTTONS: usize = 100;
const MOST_IN_A_ROW: usize = 8;
const LONGEST_DATA: usize = 64;
const ACTIONS: &[&str] = &[
    "url",
    "callback_data",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
];

/// Checks a `reply_markup`; an inline keyboard without a button counts as none.
pub fn check(markup: &Value, allow_local: bool) -> Result<Option<Value>, Refusal> {
    let Some(rows) = markup["inline_keyboard"].as_array() else {
        return Ok(Some(markup.clone()));
    };
    let rows: Vec<&Vec<Value>> = rows.iter().filter_map(Value::as_array).collect();
    let count: usize = rows.iter().map(|row| row.len()).sum();
    if count > MOST_BUTTONS || rows.iter().any(|row| row.len() > MOST_IN_A_ROW) {
        return Err(Refusal::bad("reply markup is too long"));
    }
    for button in rows.into_iter().flatten() {
        check_button(button, allow_local)?;
    }
    Ok((count > 0).then(|| markup.clone()))
}

fn check_button(button: &Value, allow_local: bool) -> Result<(), Refusal> {
    let text = button["text"].as_str().unwrap_or_default();
    if text.trim().is_empty() {
        return Err(cant_parse(
            "Text buttons are unallowed in the inline keyboard",
        ));
    }
    let actions = ACTIONS.iter().filter(|name| button.get(**name).is_some());
    if actions.count() != 1 {
        return Err(cant_parse("exactly one action is needed in a button"));
    }
    if let Some(data) = button["callback_data"].as_str()
        && !(1..=LONGEST_DATA).contains(&data.len())
    {
        return Err(Refusal::bad("BUTTON_DATA_INVALID"));
    }
    if let Some(url) = button["url"].as_str() {
        links::check(url, true, allow_local).map_err(|why| {
            Refusal::bad(format!(
                "inline keyboard button URL '{url}' is invalid: {why}"
            ))
        })?;
    }
    Ok(())
}

fn cant_parse(why: &str) -> Refusal {
    Refusal::bad(format!("can't parse inline keyboard button: {why}"))
}
