//! What people do: they join, talk, press buttons, block, and groups change.
//!
//! In: a test's words. Out: updates for the bot, and a changed world.

use serde_json::{Value, json};

use super::FakeTelegram;
use super::chats::member_json;
use super::server::migrate;
use super::state::{BOT_ID, Chat, Kind, Query, Sent, State, User, bot_json, unix_now};

impl FakeTelegram {
    /// A person whom the bot does not know yet.
    pub fn add_user(&self, id: i64, name: &str, language: &str) {
        let user = User {
            id,
            name: name.to_owned(),
            language: language.to_owned(),
            started: false,
            met: false,
            blocked: false,
        };
        self.act(|state| state.users.insert(id, user));
    }

    pub fn add_group(&self, id: i64, title: &str) {
        self.add_chat(Chat::new(id, Kind::Group, title));
    }

    pub fn add_supergroup(&self, id: i64, title: &str) {
        self.add_chat(Chat::new(id, Kind::Supergroup, title));
    }

    /// A channel with the bot as administrator; `name` without or with its `@`.
    pub fn add_channel(&self, id: i64, name: Option<&str>, title: &str) {
        let mut chat = Chat::new(id, Kind::Channel, title);
        chat.username = name.map(|name| name.trim_start_matches('@').to_owned());
        self.add_chat(chat);
    }

    fn add_chat(&self, chat: Chat) {
        self.act(|state| state.chats.insert(chat.id, chat));
    }

    /// A forum topic of a supergroup.
    pub fn set_topic(&self, chat: i64, thread: i64, open: bool) {
        self.act(|state| state.chat(chat).threads.insert(thread, open));
    }

    /// creator, administrator, mute administrator, member, restricted, left or kicked; says nothing to the bot.
    pub fn set_member(&self, chat: i64, user: i64, status: &str) {
        self.act(|state| state.chat(chat).members.insert(user, status.to_owned()));
    }

    /// The bot's own standing in a chat changes by this user's hand; the bot is told.
    pub fn set_bot_status(&self, chat: i64, by: i64, status: &str) {
        self.act(|state| {
            let members = &mut state.chat(chat).members;
            let old = members.insert(BOT_ID, status.to_owned());
            let old = old.unwrap_or_else(|| "left".to_owned());
            bot_standing(state, chat, by, &old, status);
        });
    }

    /// The user presses Start.
    pub fn user_starts(&self, user: i64) -> i64 {
        self.user_says(user, "/start")
    }

    /// The user writes to the bot in private; the first words open the chat.
    pub fn user_says(&self, user: i64, text: &str) -> i64 {
        self.act(|state| {
            let person = state.user(user);
            let (name, was_blocked) = (person.name.clone(), person.blocked);
            (person.started, person.met, person.blocked) = (true, true, false);
            state
                .chats
                .entry(user)
                .or_insert_with(|| Chat::new(user, Kind::Private, &name));
            if was_blocked {
                bot_standing(state, user, user, "kicked", "member");
            }
            say(state, user, user, text, None)
        })
    }

    /// The user answers a message of the bot.
    pub fn user_answers(&self, user: i64, message: &Sent, text: &str) -> i64 {
        self.act(|state| {
            let number = say(state, message.chat, user, text, None);
            let answered = state.chat(message.chat).message_json(message);
            if let Some(update) = state.updates.back_mut() {
                update["message"]["reply_to_message"] = answered;
            }
            number
        })
    }

    /// The user writes in a group.
    pub fn user_says_in(&self, chat: i64, user: i64, text: &str) -> i64 {
        self.act(|state| {
            state.user(user).met = true;
            let members = &mut state.chat(chat).members;
            members.entry(user).or_insert_with(|| "member".to_owned());
            say(state, chat, user, text, None)
        })
    }

    /// The user writes in a forum topic.
    pub fn user_says_in_topic(&self, chat: i64, thread: i64, user: i64, text: &str) -> i64 {
        self.act(|state| {
            state.user(user).met = true;
            say(state, chat, user, text, Some(thread))
        })
    }

    /// Presses a button under a message; gives the id of the callback query.
    pub fn user_presses(&self, user: i64, message: &Sent, button: &str) -> String {
        let button = message.button(button);
        let data = button["callback_data"].as_str();
        self.user_sends_data(
            user,
            message,
            data.unwrap_or_else(|| panic!("{button} sends no data")),
        )
    }

    /// A callback query with any data: an old button, or a forged one.
    pub fn user_sends_data(&self, user: i64, message: &Sent, data: &str) -> String {
        self.act(|state| {
            let id = format!("{}", 4_000_000_000_000_000_000_u64 + state.queries.len() as u64);
            state.queries.insert(id.clone(), Query::default());
            let from = state.user(user).json();
            let chat = state.chat(message.chat);
            let now = chat.messages.iter().find(|sent| sent.message_id == message.message_id);
            let message = chat.message_json(now.unwrap_or(message));
            let instance = format!("{}", chat.id.unsigned_abs());
            state.queue(
                "callback_query",
                json!({ "id": id, "from": from, "message": message, "chat_instance": instance, "data": data }),
            );
            id
        })
    }

    /// Blocks the bot: it is told, and whatever it sends is refused with 403.
    pub fn user_blocks(&self, user: i64) {
        self.act(|state| {
            state.user(user).blocked = true;
            bot_standing(state, user, user, "member", "kicked");
        });
    }

    pub fn user_unblocks(&self, user: i64) {
        self.act(|state| {
            state.user(user).blocked = false;
            bot_standing(state, user, user, "kicked", "member");
        });
    }

    /// The group becomes a supergroup, and both service messages tell of it.
    pub fn migrate_group(&self, from: i64, to: i64) {
        self.act(|state| {
            migrate(state, from, to);
            for (chat, other, key) in [
                (from, to, "migrate_to_chat_id"),
                (to, from, "migrate_from_chat_id"),
            ] {
                let chat = state.chat(chat);
                let number = chat.next_message_id();
                let body = json!({
                    "message_id": number, "date": unix_now(), "chat": chat.json(),
                    "from": bot_json(), key: other,
                });
                state.queue("message", body);
            }
        });
    }

    /// Queues any update; without `update_id` it gets the next one.
    pub fn push_update(&self, update: Value) {
        self.act(|state| state.push(update));
    }

    fn act<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let done = change(&mut self.shared.lock());
        self.shared.ring();
        done
    }
}

impl State {
    fn user(&mut self, id: i64) -> &mut User {
        self.users
            .get_mut(&id)
            .unwrap_or_else(|| panic!("add_user({id}, …) first"))
    }

    fn chat(&mut self, id: i64) -> &mut Chat {
        self.chats
            .get_mut(&id)
            .unwrap_or_else(|| panic!("no chat {id} yet"))
    }
}

fn say(state: &mut State, chat: i64, user: i64, text: &str, thread: Option<i64>) -> i64 {
    let from = state.user(user).json();
    let chat = state.chat(chat);
    let number = chat.next_message_id();
    chat.incoming.insert(number);
    let mut message = json!({
        "message_id": number, "date": unix_now(), "chat": chat.json(), "from": from, "text": text,
    });
    if let Some(thread) = thread {
        message["message_thread_id"] = json!(thread);
        message["is_topic_message"] = json!(true);
    }
    if let Some(length) = command_length(text) {
        message["entities"] = json!([{ "type": "bot_command", "offset": 0, "length": length }]);
    }
    state.queue("message", message);
    number
}

/// How much of a text is the command at its start, with the name of the bot it is for.
fn command_length(text: &str) -> Option<usize> {
    let word = |text: &str| {
        text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(text.len())
    };
    let command = text.strip_prefix('/')?;
    let name = word(command);
    let bot = command[name..].strip_prefix('@').map_or(0, word);
    let at_bot = if bot > 0 { bot + 1 } else { 0 };
    (name > 0).then_some(1 + name + at_bot)
}

/// Tells the bot that its own standing changed.
fn bot_standing(state: &mut State, chat: i64, by: i64, old: &str, new: &str) {
    let from = state.user(by).json();
    let place = state.chat(chat).json();
    let (old, new) = (
        member_json(state, BOT_ID, old),
        member_json(state, BOT_ID, new),
    );
    let change = json!({
        "chat": place, "from": from, "date": unix_now(),
        "old_chat_member": old, "new_chat_member": new,
    });
    state.queue("my_chat_member", change);
}
