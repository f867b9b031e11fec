//! Inline mode: what a user types after the bot's name, and the results that the bot offers.
//!
//! In: a word, an offset, checked parameters. Out: the answer, refused where Telegram refuses it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::FakeTelegram;
use super::check::Params;
use super::refusal::{Refusal, Reply};
use super::state::{Query, State};
use super::{entities, keyboard};

const MOST_RESULTS: usize = 50;

impl FakeTelegram {
    /// Types `@bot text` in some chat; the parameters of the bot's answer.
    pub fn user_asks_inline(&self, user: i64, text: &str, offset: &str) -> Value {
        let id = {
            let mut state = self.shared.lock();
            let id = format!(
                "{}",
                5_000_000_000_000_000_000_u64 + state.inline.len() as u64
            );
            state.inline.insert(id.clone(), Query::default());
            let from = state.users[&user].json();
            state.queue(
                "inline_query",
                json!({ "id": id, "from": from, "query": text, "offset": offset, "chat_type": "sender" }),
            );
            id
        };
        self.shared.ring();
        self.wait_for(&format!("results for {text}"), |state| {
            state.inline.get(&id)?.answer.clone()
        })
    }
}

pub fn answer(state: &mut State, params: &Params) -> Reply {
    let results = params["results"].as_array().map_or(&[][..], Vec::as_slice);
    if results.len() > MOST_RESULTS {
        return Err(Refusal::bad("RESULTS_TOO_MUCH"));
    }
    let mut ids = BTreeSet::new();
    for result in results {
        let id = result["id"].as_str().unwrap_or_default();
        if id.is_empty() || id.len() > 64 {
            return Err(Refusal::bad("RESULT_ID_INVALID"));
        }
        if !ids.insert(id) {
            return Err(Refusal::bad("RESULT_ID_DUPLICATE"));
        }
        if result["type"] != "article" {
            return Err(Refusal::violation(
                400,
                "Bad Request: the fake takes articles only",
            ));
        }
        if result["title"].as_str().is_none_or(str::is_empty) {
            return Err(Refusal::bad("ARTICLE_TITLE_EMPTY"));
        }
        let content = &result["input_message_content"];
        let text = content["message_text"].as_str().unwrap_or_default();
        let given = content["entities"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let entities = entities::check(text, given, state.allow_local_links)?;
        entities::settle(entities::Formatted {
            text: text.to_owned(),
            entities,
        })?;
        if let Some(markup) = result.get("reply_markup") {
            keyboard::check(markup, state.allow_local_links)?;
        }
    }
    let offset = params.get("next_offset").and_then(Value::as_str);
    if offset.is_some_and(|offset| offset.len() > 64) {
        return Err(Refusal::bad("NEXT_OFFSET_INVALID"));
    }
    if let Some(button) = params.get("button") {
        let start = button["start_parameter"].as_str().unwrap_or_default();
        let right = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if start.is_empty() || start.len() > 64 || !start.chars().all(right) {
            return Err(Refusal::bad("START_PARAM_INVALID"));
        }
    }
    let id = params["inline_query_id"].as_str().unwrap_or_default();
    match state.inline.get_mut(id) {
        Some(query) if query.answer.is_none() => {
            query.answer = Some(Value::Object(params.clone()));
            Ok(json!(true))
        }
        _ => Err(Refusal::bad(
            "query is too old and response timeout expired or query ID is invalid",
        )),
    }
}
