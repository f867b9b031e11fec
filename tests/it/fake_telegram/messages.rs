//! Messages out: send, edit, delete, and the answers to pressed buttons.
//!
//! In: checked parameters. Out: Message objects; what readers see is kept in their chat.

use serde_json::{Value, json};

use super::check::Params;
use super::entities::{self, Formatted};
use super::refusal::{Refusal, Reply};
use super::state::{BOT_ID, Kind, Sent, State, Version, unix_now};
use super::{html, keyboard};

/// The chat that a request may write to, by the bot's rights there.
fn writable(state: &State, params: &Params) -> Result<i64, Refusal> {
    let asked = params.get("chat_id").unwrap_or(&Value::Null);
    if asked.as_i64() == Some(0) || asked.as_str() == Some("") {
        return Err(Refusal::bad("chat_id is empty"));
    }
    let Some(id) = state.resolve(asked) else {
        let user = asked.as_i64().and_then(|id| state.users.get(&id));
        return Err(match user {
            Some(user) if user.met => {
                Refusal::forbidden("bot can't initiate conversation with a user")
            }
            _ => Refusal::bad("chat not found"),
        });
    };
    let chat = &state.chats[&id];
    if let Some(to) = chat.migrated_to {
        return Err(Refusal::migrated(to));
    }
    if chat.kind == Kind::Private {
        return match state.users.get(&id) {
            Some(user) if user.blocked => Err(Refusal::forbidden("bot was blocked by the user")),
            _ => Ok(id),
        };
    }
    let place = chat.kind.word();
    match chat.members.get(&BOT_ID).map_or("left", String::as_str) {
        "left" => Err(Refusal::forbidden(&format!(
            "bot is not a member of the {place} chat"
        ))),
        "kicked" => Err(Refusal::forbidden(&format!(
            "bot was kicked from the {place} chat"
        ))),
        "restricted" => Err(Refusal::bad(
            "not enough rights to send text messages to the chat",
        )),
        "member" if chat.kind == Kind::Channel => Err(Refusal::bad(
            "need administrator rights in the channel chat",
        )),
        _ => Ok(id),
    }
}

/// Text and entities as readers will see them.
fn formatted(state: &State, params: &Params) -> Result<Formatted, Refusal> {
    let text = params
        .get("text")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let given = params.get("entities").and_then(Value::as_array);
    let local = state.allow_local_links;
    let mode = params.get("parse_mode").and_then(Value::as_str);
    if mode.is_some() && given.is_some() {
        return Err(Refusal::violation(
            400,
            "Bad Request: parse_mode and entities exclude each other",
        ));
    }
    let formatted = match mode.map(str::to_ascii_lowercase).as_deref() {
        None | Some("") => Formatted {
            text: text.to_owned(),
            entities: entities::check(text, given.map_or(&[], Vec::as_slice), local)?,
        },
        Some("html") => html::parse(text, local)
            .map_err(|why| Refusal::bad(format!("can't parse entities: {why}")))?,
        Some(_) => {
            let why = "Bad Request: unsupported parse_mode (the fake reads HTML only)";
            return Err(Refusal::violation(400, why));
        }
    };
    entities::settle(formatted)
}

fn markup(state: &State, params: &Params) -> Result<Option<Value>, Refusal> {
    match params.get("reply_markup") {
        Some(markup) => keyboard::check(markup, state.allow_local_links),
        None => Ok(None),
    }
}

pub fn send(state: &mut State, params: &Params) -> Reply {
    let id = writable(state, params)?;
    let shown = formatted(state, params)?;
    let reply_markup = markup(state, params)?;
    let thread = params.get("message_thread_id").and_then(Value::as_i64);
    let reply_to = replied(state, id, params)?;
    thread_is_open(state, id, thread)?;
    let now = state.now();
    let private = state.chats[&id].kind == Kind::Private;
    state
        .pace
        .message(id, private, now)
        .map_err(Refusal::too_many)?;
    let chat = state.chats.get_mut(&id).expect("resolved above");
    let sent = Sent {
        chat: id,
        message_id: chat.next_message_id(),
        text: shown.text,
        entities: shown.entities,
        reply_markup,
        thread,
        at: now,
        date: unix_now(),
        silent: params.get("disable_notification") == Some(&Value::Bool(true)),
        link_preview: params.get("link_preview_options").cloned(),
        reply_to,
        document: None,
        edits: Vec::new(),
        deleted: false,
        read: false,
    };
    let json = chat.message_json(&sent);
    chat.messages.push(sent);
    Ok(json)
}

/// A file, by upload alone: an address or a known file is nothing that the program sends.
pub fn send_document(state: &mut State, params: &Params) -> Reply {
    let given = params.get("document").and_then(Value::as_str);
    let (name, content) = given
        .and_then(|document| document.split_once('\n'))
        .ok_or_else(|| Refusal::bad("wrong file identifier/HTTP URL specified"))?;
    if content.is_empty() {
        return Err(Refusal::bad("file must be non-empty"));
    }
    let caption = params.get("caption").and_then(Value::as_str);
    let caption = caption.unwrap_or_default();
    if caption.chars().count() > 1024 {
        return Err(Refusal::bad("message caption is too long"));
    }
    let mut message = params.clone();
    // The rules of places, topics and pace are those of messages.
    message.insert(
        "text".to_owned(),
        Value::from(if caption.is_empty() { name } else { caption }),
    );
    let sent = send(state, &message)?;
    let id = state.resolve(&params["chat_id"]);
    let chat = id
        .and_then(|id| state.chats.get_mut(&id))
        .expect("it was sent there");
    let last = chat.messages.last_mut().expect("it was sent");
    assert_eq!(sent["message_id"], last.message_id);
    last.document = Some((name.to_owned(), content.to_owned()));
    let last = last.clone();
    Ok(chat.message_json(&last))
}

fn thread_is_open(state: &State, chat: i64, thread: Option<i64>) -> Result<(), Refusal> {
    match thread.map(|thread| state.chats[&chat].threads.get(&thread)) {
        Some(None) => Err(Refusal::bad("message thread not found")),
        Some(Some(false)) => Err(Refusal::bad("TOPIC_CLOSED")),
        _ => Ok(()),
    }
}

fn replied(state: &State, chat: i64, params: &Params) -> Result<Option<i64>, Refusal> {
    let Some(reply) = params.get("reply_parameters") else {
        return Ok(None);
    };
    let chat = &state.chats[&chat];
    let to = reply["message_id"].as_i64().unwrap_or(0);
    let there = chat.incoming.contains(&to)
        || chat
            .messages
            .iter()
            .any(|sent| sent.message_id == to && !sent.deleted);
    match there {
        true => Ok(Some(to)),
        false if reply["allow_sending_without_reply"] == true => Ok(None),
        false => Err(Refusal::bad("message to be replied not found")),
    }
}

pub fn edit_text(state: &mut State, params: &Params) -> Reply {
    if !params.contains_key("text") {
        return Err(Refusal::bad("message text is empty"));
    }
    let shown = formatted(state, params)?;
    edit(state, params, Some(shown))
}

pub fn edit_markup(state: &mut State, params: &Params) -> Reply {
    edit(state, params, None)
}

fn edit(state: &mut State, params: &Params, shown: Option<Formatted>) -> Reply {
    for needed in ["chat_id", "message_id"] {
        if !params.contains_key(needed) {
            return Err(Refusal::violation(
                400,
                format!("Bad Request: {needed} is required"),
            ));
        }
    }
    let id = writable(state, params)?;
    let reply_markup = markup(state, params)?;
    let number = params["message_id"].as_i64().unwrap_or(0);
    let chat = &state.chats[&id];
    if chat.incoming.contains(&number) {
        return Err(Refusal::bad("message can't be edited"));
    }
    let at = chat
        .messages
        .iter()
        .position(|sent| sent.message_id == number && !sent.deleted);
    let at = at.ok_or_else(|| Refusal::bad("message to edit not found"))?;
    let old = &chat.messages[at];
    let shown = shown.unwrap_or_else(|| Formatted {
        text: old.text.clone(),
        entities: old.entities.clone(),
    });
    if (&shown.text, &shown.entities, &reply_markup)
        == (&old.text, &old.entities, &old.reply_markup)
    {
        return Err(Refusal::bad(
            "message is not modified: specified new message content and reply markup \
             are exactly the same as a current content and reply markup of the message",
        ));
    }
    let private = chat.kind == Kind::Private;
    let now = state.now();
    state
        .pace
        .edit(id, private, now)
        .map_err(Refusal::too_many)?;
    let chat = state.chats.get_mut(&id).expect("resolved above");
    let sent = &mut chat.messages[at];
    if params.contains_key("text") {
        sent.link_preview = params.get("link_preview_options").cloned();
    }
    sent.edits.push(Version {
        text: std::mem::replace(&mut sent.text, shown.text),
        entities: std::mem::replace(&mut sent.entities, shown.entities),
        reply_markup: std::mem::replace(&mut sent.reply_markup, reply_markup),
    });
    Ok(chat.message_json(&chat.messages[at]))
}

pub fn delete(state: &mut State, params: &Params) -> Reply {
    let id = writable(state, params)?;
    let number = params["message_id"].as_i64().unwrap_or(0);
    let chat = state.chats.get_mut(&id).expect("resolved above");
    if chat.incoming.contains(&number) {
        let bot = chat.members.get(&BOT_ID).map_or("", String::as_str);
        if chat.kind != Kind::Private && bot != "administrator" {
            return Err(Refusal::bad("message can't be deleted"));
        }
        chat.incoming.remove(&number);
        return Ok(json!(true));
    }
    let found = chat
        .messages
        .iter_mut()
        .find(|sent| sent.message_id == number && !sent.deleted);
    found
        .ok_or_else(|| Refusal::bad("message to delete not found"))?
        .deleted = true;
    Ok(json!(true))
}

pub fn answer_query(state: &mut State, params: &Params) -> Reply {
    let text = params
        .get("text")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if text.chars().count() > 200 {
        return Err(Refusal::bad("MESSAGE_TOO_LONG"));
    }
    let id = params["callback_query_id"].as_str().unwrap_or_default();
    match state.queries.get_mut(id) {
        Some(query) if query.answer.is_none() => {
            query.answer = Some(Value::Object(params.clone()));
            Ok(json!(true))
        }
        _ => Err(Refusal::bad(
            "query is too old and response timeout expired or query ID is invalid",
        )),
    }
}
