//! The HTTP side: bytes in, a checked call carried out, an answer or a planned fault out.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State as Extract};
use axum::http::{Method, Request, Response, Uri};
use serde_json::{Value, json};

use super::check::{self, Params};
use super::faults::{self, Fault, Outcome};
use super::listener::Scissors;
use super::refusal::{Refusal, Reply};
use super::state::{Chat, Entry, Kind, State};
use super::{chats, inline, messages, multipart, table, updates};

const LARGEST_BODY: usize = 1 << 20;

/// The world and its two bells: one for tests (threads), one for long polls (tasks).
#[derive(Default)]
pub struct Shared {
    state: Mutex<State>,
    pub changed: Condvar,
    pub wake: tokio::sync::Notify,
}

impl Shared {
    /// A test that panics while it reads must not hide what the fake knows.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn ring(&self) {
        self.changed.notify_all();
        self.wake.notify_waiters();
    }
}

/// Every request comes here.
pub async fn serve(
    Extract(shared): Extract<Arc<Shared>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request<Body>,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LARGEST_BODY).await;
    let kind = head.headers.get("content-type");
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let outcome = match (method_of(&shared, &head.uri), body) {
        (Err((what, refusal)), _) => refused(&shared, &what, &refusal),
        (Ok(name), Err(why)) => {
            let refusal = Refusal::violation(413, format!("Request Entity Too Large: {why}"));
            refused(&shared, &name, &refusal)
        }
        (Ok(name), Ok(body)) => match decode(&name, &head.method, &head.uri, kind, &body) {
            Err(refusal) => refused(&shared, &name, &refusal),
            Ok((name, params)) => carry_out(&shared, name, params).await,
        },
    };
    shared.ring();
    match outcome {
        Outcome::Json(code, body) => response(code, "application/json", body.to_string()),
        Outcome::Raw(code, kind, body) => response(code, kind, body),
        Outcome::Hang => std::future::pending().await,
        Outcome::Cut => scissors.cut(),
    }
}

fn response(code: u16, kind: &str, body: String) -> Response<Body> {
    let built = Response::builder()
        .status(code)
        .header("content-type", kind);
    built.body(Body::from(body)).expect("a valid response")
}

/// The method's name, when the address holds the right token; else what to write down.
/// A wrong token may be a real one that was mistyped: it has no place in a journal.
fn method_of(shared: &Shared, uri: &Uri) -> Result<String, (String, Refusal)> {
    let call = uri.path().strip_prefix("/bot");
    let Some((token, name)) = call.and_then(|call| call.split_once('/')) else {
        let what = "an address without token and method".to_owned();
        return Err((what, Refusal::violation(404, "Not Found")));
    };
    if token == shared.lock().token {
        return Ok(name.to_owned());
    }
    let known = table::method(name).map_or("an unknown method", |(known, _)| known);
    Err((known.to_owned(), Refusal::new(401, "Unauthorized")))
}

/// Query, form or JSON becomes checked parameters.
fn decode(
    name: &str,
    verb: &Method,
    uri: &Uri,
    kind: &str,
    body: &Bytes,
) -> Result<(&'static str, Params), Refusal> {
    let (name, fields) = table::method(name).ok_or_else(|| Refusal::violation(404, "Not Found"))?;
    let broken = |why: String| Refusal::violation(400, format!("Bad Request: {why}"));
    if !matches!(*verb, Method::GET | Method::POST) {
        return Err(Refusal::violation(405, "Method Not Allowed"));
    }
    let form = |bytes: &[u8]| -> Params {
        let pairs = url::form_urlencoded::parse(bytes);
        pairs
            .map(|(k, v)| (k.into_owned(), Value::String(v.into_owned())))
            .collect()
    };
    let query = form(uri.query().unwrap_or_default().as_bytes());
    let mut params = check::params(&without_need(&fields), query, true).map_err(broken)?;
    let given = if body.is_empty() {
        Params::new()
    } else if kind.starts_with("application/json") {
        let body = serde_json::from_slice::<Params>(body);
        let body = body.map_err(|why| broken(format!("can't parse request JSON object: {why}")))?;
        check::params(&without_need(&fields), body, false).map_err(broken)?
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        check::params(&without_need(&fields), form(body), true).map_err(broken)?
    } else if let Some((_, boundary)) = kind.split_once("multipart/form-data; boundary=") {
        let parts = multipart::read(body, boundary.trim_matches('"'));
        let parts = parts.ok_or_else(|| broken("wrong multipart form".to_owned()))?;
        check::params(&without_need(&fields), parts, true).map_err(broken)?
    } else {
        return Err(broken(format!(
            "content type \"{kind}\" is not spoken here"
        )));
    };
    params.extend(given);
    check::params(&fields, params, false)
        .map_err(broken)
        .map(|params| (name, params))
}

/// A parameter may come by either way, so each way alone requires none.
fn without_need(fields: &[table::Field]) -> Vec<table::Field> {
    let optional = |field: &table::Field| table::Field {
        required: false,
        ..*field
    };
    fields.iter().map(optional).collect()
}

/// Writes down a request that never reached its method.
fn refused(shared: &Shared, what: &str, refusal: &Refusal) -> Outcome {
    let mut state = shared.lock();
    if refusal.violation {
        let line = format!("{what}: {}", refusal.description);
        state.violations.push(line);
    }
    state.journal.push(Entry {
        method: what.to_owned(),
        params: Value::Null,
        at: Instant::now(),
        answer: Some(refusal.body()),
        fault: None,
    });
    refusal.clone().into()
}

/// Runs a checked call, with the fault that waits for it.
async fn carry_out(shared: &Shared, name: &'static str, params: Params) -> Outcome {
    let (number, fault) = begin(shared, name, &params);
    if let Some(outcome) = fault.as_ref().and_then(Fault::before) {
        shared.lock().journal[number].answer = outcome.written();
        return outcome;
    }
    let reply = if name == "getUpdates" {
        updates::poll(shared, &params).await
    } else {
        call(&mut shared.lock(), name, &params)
    };
    let outcome = match (reply, fault) {
        (Err(refusal), _) => {
            if refusal.violation {
                let line = format!("{name}: {}", refusal.description);
                shared.lock().violations.push(line);
            }
            refusal.into()
        }
        (Ok(result), None) => Outcome::Json(200, json!({ "ok": true, "result": result })),
        (Ok(result), Some(fault)) => fault.after(json!({ "ok": true, "result": result })),
    };
    shared.lock().journal[number].answer = outcome.written();
    outcome
}

fn begin(shared: &Shared, name: &str, params: &Params) -> (usize, Option<Fault>) {
    let mut state = shared.lock();
    let chat = params.get("chat_id");
    // A fault may be meant for a chat that nobody knows.
    let chat = chat.and_then(|chat| state.resolve(chat).or_else(|| chat.as_i64()));
    let fault = faults::take(&mut state.faults, name, chat);
    if let (Some(Fault::Migrate(to)), Some(from)) = (&fault, chat) {
        migrate(&mut state, from, *to);
    }
    let at = state.now();
    state.journal.push(Entry {
        method: name.to_owned(),
        params: Value::Object(params.clone()),
        at,
        answer: None,
        fault: fault.as_ref().map(|fault| format!("{fault:?}")),
    });
    (state.journal.len() - 1, fault)
}

/// A group becomes a supergroup: same title and members, new id, new message numbers.
pub fn migrate(state: &mut State, from: i64, to: i64) {
    let Some(old) = state.chats.get_mut(&from) else {
        return;
    };
    old.migrated_to = Some(to);
    let (title, members) = (old.title.clone(), old.members.clone());
    let new = state.chats.entry(to);
    let new = new.or_insert_with(|| Chat::new(to, Kind::Supergroup, &title));
    new.members = members;
}

fn call(state: &mut State, name: &str, params: &Params) -> Reply {
    match name {
        "sendMessage" => messages::send(state, params),
        "sendDocument" => messages::send_document(state, params),
        "editMessageText" => messages::edit_text(state, params),
        "editMessageReplyMarkup" => messages::edit_markup(state, params),
        "deleteMessage" => messages::delete(state, params),
        "answerCallbackQuery" => messages::answer_query(state, params),
        "answerInlineQuery" => inline::answer(state, params),
        "setWebhook" => updates::set_webhook(state, params),
        "deleteWebhook" => updates::delete_webhook(state, params),
        "getWebhookInfo" => Ok(updates::webhook_info(state)),
        other => chats::call(state, other, params),
    }
}
