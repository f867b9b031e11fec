//! The world behind the fake: users, chats, messages, updates, and what was asked so far.
//!
//! In: world actions and Bot API calls, one at a time under one lock. Out: the nouns that
//! tests read ([`Sent`], [`Entry`]) and the JSON objects that the bot reads.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use super::faults::Planned;
use super::pace::Pace;

pub const BOT_ID: i64 = 123_456_789;
pub const BOT_NAME: &str = "tagwire_test_bot";
/// Updates that Telegram leaves out unless they are asked for by name.
const ONLY_WHEN_ASKED: &[&str] = &["chat_member", "message_reaction", "message_reaction_count"];

/// A message of the bot, as its reader sees it now.
#[derive(Clone, Debug)]
pub struct Sent {
    pub chat: i64,
    pub message_id: i64,
    pub text: String,
    pub entities: Vec<Value>,
    pub reply_markup: Option<Value>,
    pub thread: Option<i64>,
    pub at: Instant,
    pub date: i64,
    pub silent: bool,
    pub link_preview: Option<Value>,
    pub reply_to: Option<i64>,
    /// The file's name and content; then the text is its caption.
    pub document: Option<(String, String)>,
    /// What it was before each edit, oldest first.
    pub edits: Vec<Version>,
    pub deleted: bool,
    pub read: bool,
}

/// A former content of an edited message.
#[derive(Clone, Debug)]
pub struct Version {
    pub text: String,
    pub entities: Vec<Value>,
    pub reply_markup: Option<Value>,
}

impl Sent {
    /// All buttons in reading order.
    pub fn buttons(&self) -> Vec<Value> {
        let rows = self
            .reply_markup
            .as_ref()
            .and_then(|m| m["inline_keyboard"].as_array());
        let rows = rows.into_iter().flatten().filter_map(Value::as_array);
        rows.flatten().cloned().collect()
    }

    /// The button with this text; panics with the texts that there are.
    pub fn button(&self, text: &str) -> Value {
        let buttons = self.buttons();
        let found = buttons.iter().find(|button| button["text"] == text);
        found.cloned().unwrap_or_else(|| {
            let texts: Vec<&Value> = buttons.iter().map(|button| &button["text"]).collect();
            panic!(
                "no button \"{text}\" under {:?}; there are {texts:?}",
                self.text
            )
        })
    }
}

/// One request and what became of it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub method: String,
    pub params: Value,
    pub at: Instant,
    /// `None` while it hangs or when the connection was cut.
    pub answer: Option<Value>,
    pub fault: Option<String>,
}

impl Entry {
    pub fn is_ok(&self) -> bool {
        self.answer
            .as_ref()
            .is_some_and(|answer| answer["ok"] == true)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Private,
    Group,
    Supergroup,
    Channel,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Group => "group",
            Self::Supergroup => "supergroup",
            Self::Channel => "channel",
        }
    }
}

#[derive(Clone, Debug)]
pub struct User {
    pub id: i64,
    pub name: String,
    pub language: String,
    pub started: bool,
    pub met: bool,
    pub blocked: bool,
}

impl User {
    pub fn json(&self) -> Value {
        json!({ "id": self.id, "is_bot": false, "first_name": self.name, "language_code": self.language })
    }
}

#[derive(Debug)]
pub struct Chat {
    pub id: i64,
    pub kind: Kind,
    pub title: String,
    pub username: Option<String>,
    pub members: BTreeMap<i64, String>,
    pub messages: Vec<Sent>,
    pub incoming: BTreeSet<i64>,
    pub last_message_id: i64,
    pub migrated_to: Option<i64>,
    /// Forum topics, and whether each is open.
    pub threads: BTreeMap<i64, bool>,
}

impl Chat {
    pub fn new(id: i64, kind: Kind, title: &str) -> Self {
        let bot = if kind == Kind::Channel {
            "administrator"
        } else {
            "member"
        };
        Self {
            id,
            kind,
            title: title.to_owned(),
            username: None,
            members: BTreeMap::from([(BOT_ID, bot.to_owned())]),
            messages: Vec::new(),
            incoming: BTreeSet::new(),
            last_message_id: 0,
            migrated_to: None,
            threads: BTreeMap::new(),
        }
    }

    pub fn next_message_id(&mut self) -> i64 {
        self.last_message_id += 1;
        self.last_message_id
    }

    pub fn json(&self) -> Value {
        let mut chat = json!({ "id": self.id, "type": self.kind.word() });
        let name = if self.kind == Kind::Private {
            "first_name"
        } else {
            "title"
        };
        chat[name] = json!(self.title);
        if let Some(username) = &self.username {
            chat["username"] = json!(username);
        }
        if !self.threads.is_empty() {
            chat["is_forum"] = json!(true);
        }
        chat
    }

    /// A message of the bot as the Bot API shows it.
    pub fn message_json(&self, sent: &Sent) -> Value {
        let mut message = json!({
            "message_id": sent.message_id,
            "date": sent.date,
            "chat": self.json(),
            "text": sent.text,
        });
        if let Some((name, content)) = &sent.document {
            message["document"] = json!({
                "file_id": format!("file-{}", sent.message_id),
                "file_unique_id": format!("unique-{}", sent.message_id),
                "file_name": name, "mime_type": "application/json", "file_size": content.len(),
            });
            message["caption"] = message["text"].take();
            message.as_object_mut().expect("an object").remove("text");
        }
        if self.kind == Kind::Channel {
            message["sender_chat"] = self.json();
        } else {
            message["from"] = bot_json();
        }
        if !sent.entities.is_empty() {
            message["entities"] = json!(sent.entities);
        }
        if let Some(markup) = sent
            .reply_markup
            .as_ref()
            .filter(|m| m["inline_keyboard"].is_array())
        {
            message["reply_markup"] = markup.clone();
        }
        if let Some(preview) = &sent.link_preview {
            message["link_preview_options"] = preview.clone();
        }
        if let Some(thread) = sent.thread {
            message["message_thread_id"] = json!(thread);
            message["is_topic_message"] = json!(true);
        }
        if !sent.edits.is_empty() {
            message["edit_date"] = json!(unix_now());
        }
        message
    }
}

#[derive(Debug, Default)]
pub struct Query {
    pub answer: Option<Value>,
}

#[derive(Default)]
pub struct State {
    pub token: String,
    pub users: BTreeMap<i64, User>,
    pub chats: BTreeMap<i64, Chat>,
    pub updates: VecDeque<Value>,
    pub last_update_id: i64,
    pub allowed_updates: Vec<String>,
    /// Counts polls: a later one ends the one before it with 409.
    pub poll: u64,
    pub webhook: Option<Map<String, Value>>,
    pub queries: BTreeMap<String, Query>,
    /// Words in inline mode, by their number, and the answers to them.
    pub inline: BTreeMap<String, Query>,
    /// Bot commands by scope and language.
    pub commands: BTreeMap<(String, String), Value>,
    pub pace: Pace,
    pub faults: Vec<Planned>,
    pub journal: Vec<Entry>,
    pub violations: Vec<String>,
    pub forgive_unread: bool,
    pub allow_local_links: bool,
    /// How far this world is ahead of the machine's clock.
    pub ahead: Duration,
}

impl State {
    /// The time of this world.
    pub fn now(&self) -> Instant {
        Instant::now() + self.ahead
    }

    /// Queues an update of this kind, unless the bot said it does not want the kind.
    pub fn queue(&mut self, kind: &str, body: Value) {
        let wanted = if self.allowed_updates.is_empty() {
            !ONLY_WHEN_ASKED.contains(&kind)
        } else {
            self.allowed_updates.iter().any(|known| known == kind)
        };
        if wanted {
            self.push(json!({ kind: body }));
        }
    }

    /// Queues an update as it is; `update_id` is added when it has none.
    pub fn push(&mut self, mut update: Value) {
        if let Some(id) = update["update_id"].as_i64() {
            self.last_update_id = self.last_update_id.max(id);
        } else {
            self.last_update_id += 1;
            update["update_id"] = json!(self.last_update_id);
        }
        self.updates.push_back(update);
    }

    /// The chat that an id or an @name stands for.
    pub fn resolve(&self, chat: &Value) -> Option<i64> {
        if let Some(id) = chat.as_i64() {
            return self.chats.contains_key(&id).then_some(id);
        }
        let name = chat.as_str()?.strip_prefix('@')?;
        self.chats
            .values()
            .find(|chat| {
                chat.username
                    .as_deref()
                    .is_some_and(|known| known.eq_ignore_ascii_case(name))
            })
            .map(|chat| chat.id)
    }
}

pub fn bot_json() -> Value {
    json!({ "id": BOT_ID, "is_bot": true, "first_name": "tagwire", "username": BOT_NAME })
}

pub fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(0))
}
