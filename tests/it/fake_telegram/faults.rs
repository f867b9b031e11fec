//! Faults that a test plans: what goes wrong, for which requests, how often.
//!
//! In: `fail_next(fault, filter, count)`. Out: for each request the first fault that fits.

use serde_json::Value;

use super::refusal::Refusal;

/// What goes wrong. "Accepted" means that the reader has got the message.
#[derive(Clone, Debug)]
pub enum Fault {
    /// 429, not accepted; `parameters` says whether the seconds are given as a number too.
    TooManyRequests { retry_after: u64, parameters: bool },
    /// 403 with this description after "Forbidden: ", not accepted.
    Forbidden(String),
    /// 400 with this description after "Bad Request: ", not accepted.
    BadRequest(String),
    /// Any other refusal in Telegram's JSON, such as 401 or 409, not accepted.
    Refused { code: u16, description: String },
    /// 5xx, not accepted; an HTML page when given, else Telegram's JSON.
    ServerError { code: u16, html: Option<String> },
    /// Accepted, answered never.
    Hang,
    /// Connection reset, not accepted.
    CutBeforeAccept,
    /// Accepted, then the connection is reset.
    CutAfterAccept,
    /// The group becomes a supergroup with this id; not accepted, now nor later.
    Migrate(i64),
    /// Accepted; the answer holds an entity kind and fields that no library knows.
    UnknownEntityInReply,
    /// Accepted; the answer is `{"ok":true}` alone.
    OkWithoutResult,
    /// Accepted; the answer is half a JSON object.
    BrokenJson,
}

impl Fault {
    /// Telegram is down. It may last: whoever fails so has sent nothing, which uses up no second copy.
    pub const DOWN: Self = Self::ServerError {
        code: 500,
        html: None,
    };
}

/// Which requests a fault is meant for; empty means every one.
#[derive(Clone, Debug, Default)]
pub struct Only {
    chat: Option<i64>,
    method: Option<String>,
}

impl Only {
    pub fn any() -> Self {
        Self::default()
    }

    pub fn method(method: &str) -> Self {
        Self::any().and_method(method)
    }

    pub fn chat(chat: i64) -> Self {
        Self {
            chat: Some(chat),
            method: None,
        }
    }

    pub fn and_method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    fn fits(&self, method: &str, chat: Option<i64>) -> bool {
        let chat_fits = self.chat.is_none_or(|wanted| chat == Some(wanted));
        let wanted = self.method.as_deref();
        chat_fits && wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
    }
}

pub struct Planned {
    pub fault: Fault,
    pub only: Only,
    pub left: usize,
}

/// Takes the first planned fault that fits this request.
pub fn take(planned: &mut Vec<Planned>, method: &str, chat: Option<i64>) -> Option<Fault> {
    let at = planned.iter().position(|p| p.only.fits(method, chat))?;
    let fault = planned[at].fault.clone();
    planned[at].left -= 1;
    if planned[at].left == 0 {
        planned.remove(at);
    }
    Some(fault)
}

/// What leaves the server.
pub enum Outcome {
    Json(u16, Value),
    Raw(u16, &'static str, String),
    Hang,
    Cut,
}

impl Outcome {
    /// What the journal keeps of it: nothing when nothing was answered.
    pub fn written(&self) -> Option<Value> {
        match self {
            Self::Json(_, body) => Some(body.clone()),
            Self::Raw(_, _, body) => Some(Value::String(body.clone())),
            Self::Hang | Self::Cut => None,
        }
    }
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        Self::Json(refusal.code, refusal.body())
    }
}

impl Fault {
    /// The answer of a fault that strikes before anything is accepted.
    pub fn before(&self) -> Option<Outcome> {
        let refusal = match self {
            Self::TooManyRequests {
                retry_after,
                parameters,
            } => {
                let mut refusal = Refusal::too_many(*retry_after);
                refusal.parameters = refusal.parameters.filter(|_| *parameters);
                refusal
            }
            Self::Forbidden(text) => Refusal::forbidden(text),
            Self::BadRequest(text) => Refusal::bad(text),
            Self::Refused { code, description } => Refusal::new(*code, description),
            Self::ServerError { code, html: None } => Refusal::new(*code, words_of(*code)),
            Self::ServerError {
                code,
                html: Some(html),
            } => {
                return Some(Outcome::Raw(*code, "text/html", html.clone()));
            }
            Self::Migrate(to) => Refusal::migrated(*to),
            Self::CutBeforeAccept => return Some(Outcome::Cut),
            _ => return None,
        };
        Some(refusal.into())
    }

    /// What a fault makes of the answer after the request was carried out.
    pub fn after(&self, body: Value) -> Outcome {
        match self {
            Self::Hang => Outcome::Hang,
            Self::CutAfterAccept => Outcome::Cut,
            Self::OkWithoutResult => Outcome::Json(200, serde_json::json!({ "ok": true })),
            Self::BrokenJson => {
                let half: String = body.to_string();
                let end = half.floor_char_boundary(half.len() / 2);
                Outcome::Raw(200, "application/json", half[..end].to_owned())
            }
            Self::UnknownEntityInReply => Outcome::Json(200, with_unknowns(body)),
            _ => Outcome::Json(200, body),
        }
    }
}

/// Telegram's servers use the words of HTTP.
fn words_of(code: u16) -> &'static str {
    let status = axum::http::StatusCode::from_u16(code);
    let words = status.ok().and_then(|status| status.canonical_reason());
    words.unwrap_or("Internal Server Error")
}

fn with_unknowns(mut body: Value) -> Value {
    let Some(result) = body["result"].as_object_mut() else {
        return body;
    };
    let unknown = serde_json::json!({
        "type": "from_the_future", "offset": 0, "length": 1, "shade": { "depth": 3 },
    });
    let entities = result
        .entry("entities")
        .or_insert_with(|| serde_json::json!([]));
    if let Some(entities) = entities.as_array_mut() {
        entities.push(unknown);
    }
    result.insert(
        "from_the_future".into(),
        serde_json::json!({ "level": [1, "two"] }),
    );
    body
}
