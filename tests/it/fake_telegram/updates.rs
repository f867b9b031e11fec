//! How updates reach the bot: long polling and the webhook's settings.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use super::check::Params;
use super::refusal::{Refusal, Reply};
use super::server::Shared;
use super::state::State;

const LONGEST_POLL: u64 = 50;

/// getUpdates: waits for something to tell, unless a later poll takes its place.
pub async fn poll(shared: &Shared, params: &Params) -> Reply {
    let number = |name: &str| params.get(name).and_then(Value::as_i64);
    let limit = number("limit").unwrap_or(100);
    if !(1..=100).contains(&limit) {
        // Telegram takes 100 in silence; a wrong number is a bug all the same.
        return Err(Refusal::violation(
            400,
            format!("Bad Request: limit {limit} is not 1-100"),
        ));
    }
    let limit = usize::try_from(limit).unwrap_or(100);
    let seconds = u64::try_from(number("timeout").unwrap_or(0)).unwrap_or(0);
    let deadline = Instant::now() + Duration::from_secs(seconds.min(LONGEST_POLL));
    let turn = begin(&mut shared.lock(), params)?;
    shared.ring();
    loop {
        let bell = shared.wake.notified();
        tokio::pin!(bell);
        bell.as_mut().enable();
        if let Some(reply) = look(&shared.lock(), turn, limit) {
            return reply;
        }
        if timeout_at(deadline, bell).await.is_err() {
            return look(&shared.lock(), turn, limit).unwrap_or_else(|| Ok(json!([])));
        }
    }
}

/// Acknowledges what is before the offset and notes which kinds are wanted.
fn begin(state: &mut State, params: &Params) -> Result<u64, Refusal> {
    if state.webhook.is_some() {
        return Err(webhook_is_set());
    }
    match params.get("offset").and_then(Value::as_i64).unwrap_or(0) {
        offset if offset < 0 => {
            let keep = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            let gone = state.updates.len().saturating_sub(keep);
            state.updates.drain(..gone);
        }
        offset => state
            .updates
            .retain(|update| update["update_id"].as_i64().is_none_or(|id| id >= offset)),
    }
    allow(state, params);
    state.poll += 1;
    Ok(state.poll)
}

fn look(state: &State, turn: u64, limit: usize) -> Option<Reply> {
    if state.webhook.is_some() {
        return Some(Err(webhook_is_set()));
    }
    if state.poll != turn {
        return Some(Err(Refusal::new(
            409,
            "Conflict: terminated by other getUpdates request; \
             make sure that only one bot instance is running",
        )));
    }
    let batch: Vec<&Value> = state.updates.iter().take(limit).collect();
    (!batch.is_empty()).then(|| Ok(json!(batch)))
}

fn webhook_is_set() -> Refusal {
    Refusal::new(
        409,
        "Conflict: can't use getUpdates method while webhook is active; \
         use deleteWebhook to delete the webhook first",
    )
}

/// An omitted list keeps the one before it; an empty list means the default.
fn allow(state: &mut State, params: &Params) {
    if let Some(kinds) = params.get("allowed_updates").and_then(Value::as_array) {
        let kinds = kinds.iter().filter_map(Value::as_str);
        state.allowed_updates = kinds.map(str::to_owned).collect();
    }
}

pub fn set_webhook(state: &mut State, params: &Params) -> Reply {
    let link = params
        .get("url")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if link.is_empty() {
        return delete_webhook(state, params);
    }
    let bad = |why: &str| Refusal::bad(format!("bad webhook: {why}"));
    let url = url::Url::parse(link).map_err(|_| bad("URL is invalid"))?;
    if url.scheme() != "https" {
        return Err(bad("An HTTPS URL must be provided for webhook"));
    }
    if ![443, 80, 88, 8443].contains(&url.port().unwrap_or(443)) {
        return Err(bad(
            "Webhook can be set up only on ports 80, 88, 443 or 8443",
        ));
    }
    if let Some(secret) = params.get("secret_token").and_then(Value::as_str) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if secret.is_empty() || secret.len() > 256 || !secret.chars().all(allowed) {
            return Err(Refusal::bad("secret token contains unallowed characters"));
        }
    }
    let most = params.get("max_connections").and_then(Value::as_i64);
    if most.is_some_and(|most| !(1..=100).contains(&most)) {
        return Err(Refusal::bad("max_connections must be 1-100"));
    }
    allow(state, params);
    drop_pending(state, params);
    state.webhook = Some(params.clone());
    Ok(json!(true))
}

pub fn delete_webhook(state: &mut State, params: &Params) -> Reply {
    drop_pending(state, params);
    state.webhook = None;
    Ok(json!(true))
}

fn drop_pending(state: &mut State, params: &Params) {
    if params.get("drop_pending_updates") == Some(&Value::Bool(true)) {
        state.updates.clear();
    }
}

pub fn webhook_info(state: &State) -> Value {
    let url = state.webhook.as_ref().and_then(|hook| hook.get("url"));
    json!({
        "url": url.cloned().unwrap_or_else(|| json!("")),
        "has_custom_certificate": false,
        "pending_update_count": state.updates.len(),
    })
}
