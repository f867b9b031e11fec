//! Updates as we understand them.
//! In: raw JSON of `getUpdates` or the webhook; only the fields that we need are looked at, so that new kinds,
//! fields and entities of Telegram never cost a command. Out: `Incoming`.

use serde_json::Value;

use crate::model::ChatId;

/// Characters of a message that are looked at: as many as Telegram lets people write.
const LONGEST_TEXT: usize = 4096;

/// What an update means to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// Somebody wrote: a message's text, or the caption of a picture or file.
    Text {
        /// Where.
        place: Place,
        /// Who; `None` for anonymous admins.
        person: Option<Person>,
        /// True when it was written in the name of the group itself (anonymous admin).
        as_chat: bool,
        /// What.
        text: String,
        /// The message that it answers.
        reply_to: Option<i64>,
    },
    /// Somebody pressed a button.
    Press {
        /// To answer it.
        query: String,
        /// Where the button is.
        place: Place,
        /// The message with the button.
        message_id: i64,
        /// Who; never anonymous, also when the person writes anonymously.
        person: Person,
        /// What the button carries. Anybody can forge it.
        data: String,
    },
    /// Somebody types the bot's name and a word in any chat (inline mode).
    Inline {
        /// To answer it.
        query: String,
        /// Who.
        person: Person,
        /// The word.
        text: String,
        /// Where the next page begins, as our last answer said; anybody can forge it.
        offset: String,
    },
    /// What the bot is in a chat has changed (`my_chat_member`).
    Membership {
        /// Where.
        place: Place,
        /// By whose hand.
        person: Option<Person>,
        /// What it was.
        old: Standing,
        /// What it is.
        new: Standing,
    },
    /// A group got a new id.
    Moved {
        /// The old id.
        from: ChatId,
        /// The new id.
        to: ChatId,
    },
    /// Nothing for us.
    Nothing,
    /// A kind that this version does not know.
    Unknown,
}

/// What the bot may do in a chat (Bot API, type ChatMember).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not there: `left`, `kicked`, or restricted and gone.
    Out,
    /// There, but it may not write.
    Mute,
    /// There, and it may write.
    Writes,
    /// An administrator who may write.
    Leads,
}

/// A chat as an update names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The chat.
    pub chat: ChatId,
    /// `private`, `group`, `supergroup`, `channel`.
    pub kind: String,
    /// Title, or the person's name.
    pub title: String,
    /// The forum topic (`message_thread_id`), if any but the general one.
    pub thread: Option<i64>,
}

/// A person as an update names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Telegram's user id.
    pub id: i64,
    /// `language_code` of their client, for example `zh-hans`.
    pub language: Option<String>,
}

impl Place {
    /// True for the chat of one person with the bot.
    pub fn is_private(&self) -> bool {
        self.kind == "private"
    }
}

impl Incoming {
    /// Reads one update. Posts in channels and edits of messages are nothing for us: channels are managed from
    /// a private chat, and a command counts as it was first written.
    pub fn read(update: &Value) -> Incoming {
        let known = |kind: &str| update.get(kind).filter(|body| body.is_object());
        let passed_over = [
            "channel_post",
            "edited_message",
            "edited_channel_post",
            "chosen_inline_result",
        ];
        let read = match () {
            () if known("message").is_some() => text(&update["message"]),
            () if known("callback_query").is_some() => pressed(&update["callback_query"]),
            () if known("inline_query").is_some() => asked(&update["inline_query"]),
            () if known("my_chat_member").is_some() => membership(&update["my_chat_member"]),
            () if passed_over.iter().any(|kind| known(kind).is_some()) => None,
            () => return Incoming::Unknown,
        };
        read.unwrap_or(Incoming::Nothing)
    }
}

fn text(message: &Value) -> Option<Incoming> {
    let mut place = place(&message["chat"])?;
    if let Some(to) = chat_id(&message["migrate_to_chat_id"]) {
        return moved(place.chat, to);
    }
    if let Some(from) = chat_id(&message["migrate_from_chat_id"]) {
        return moved(from, place.chat);
    }
    // What people sent with our own inline mode is no command to us.
    if place.kind == "channel" || message["via_bot"].is_object() {
        return None;
    }
    if message["is_topic_message"] == true {
        place.thread = message["message_thread_id"].as_i64();
    }
    let sender_chat = message["sender_chat"]["id"].as_i64().map(ChatId::Id);
    let as_chat = sender_chat.as_ref() == Some(&place.chat);
    let text = message["text"].as_str().or(message["caption"].as_str())?;
    Some(Incoming::Text {
        // Whoever writes in the name of another chat is nobody that we could check.
        person: person(&message["from"]).filter(|_| sender_chat.is_none()),
        as_chat: as_chat && !place.is_private(),
        reply_to: message["reply_to_message"]["message_id"].as_i64(),
        text: text.chars().take(LONGEST_TEXT).collect(),
        place,
    })
}

fn moved(from: ChatId, to: ChatId) -> Option<Incoming> {
    Some(Incoming::Moved { from, to })
}

fn pressed(press: &Value) -> Option<Incoming> {
    let message = &press["message"];
    let mut place = place(&message["chat"])?;
    if message["is_topic_message"] == true {
        place.thread = message["message_thread_id"].as_i64();
    }
    Some(Incoming::Press {
        query: press["id"].as_str()?.to_owned(),
        place,
        message_id: message["message_id"].as_i64()?,
        person: person(&press["from"])?,
        data: press["data"].as_str()?.to_owned(),
    })
}

fn asked(inline: &Value) -> Option<Incoming> {
    let words = inline["query"].as_str().unwrap_or_default();
    Some(Incoming::Inline {
        query: inline["id"].as_str()?.to_owned(),
        person: person(&inline["from"])?,
        text: words.chars().take(LONGEST_TEXT).collect(),
        offset: inline["offset"].as_str().unwrap_or_default().to_owned(),
    })
}

fn membership(member: &Value) -> Option<Incoming> {
    let place = place(&member["chat"])?;
    let is_channel = place.kind == "channel";
    Some(Incoming::Membership {
        person: person(&member["from"]),
        old: standing(&member["old_chat_member"], is_channel),
        new: Some(&member["new_chat_member"])
            .filter(|new| new["status"].is_string())
            .map(|new| standing(new, is_channel))?,
        place,
    })
}

/// What a `ChatMember` may do. Rights that are not told are there: basic groups tell none.
pub fn standing(member: &Value, is_channel: bool) -> Standing {
    let refused = |right: &str| member[right] == false;
    match member["status"].as_str().unwrap_or("left") {
        "creator" => Standing::Leads,
        "administrator" if is_channel && refused("can_post_messages") => Standing::Mute,
        "administrator" => Standing::Leads,
        "member" if is_channel => Standing::Mute,
        "member" => Standing::Writes,
        "restricted" if refused("is_member") => Standing::Out,
        "restricted" if refused("can_send_messages") => Standing::Mute,
        "restricted" => Standing::Writes,
        _ => Standing::Out,
    }
}

fn place(chat: &Value) -> Option<Place> {
    let chat_id = chat_id(&chat["id"])?;
    let id = chat["id"].as_i64()?;
    let name = chat["title"].as_str().or(chat["first_name"].as_str());
    // Only people's ids are positive; what is said of the kind must not make a group somebody's own chat.
    let kind = match chat["type"].as_str() {
        _ if id > 0 => "private",
        Some(kind @ ("group" | "channel")) => kind,
        _ => "supergroup",
    };
    Some(Place {
        chat: chat_id,
        kind: kind.to_owned(),
        title: name.unwrap_or_default().to_owned(),
        thread: None,
    })
}

/// An id that Telegram can hold; what the store keeps is read back by the same rule.
fn chat_id(id: &Value) -> Option<ChatId> {
    id.as_i64()?.to_string().parse().ok()
}

fn person(from: &Value) -> Option<Person> {
    Some(Person {
        id: from["id"].as_i64()?,
        language: from["language_code"].as_str().map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_command_survives_entities_and_fields_that_nobody_knows() {
        let update = json!({"update_id": 1, "message": {
            "message_id": 5, "date": 0, "brand_new": {"a": [1]},
            "chat": {"id": 42, "type": "private", "first_name": "Li"},
            "from": {"id": 42, "is_bot": false, "first_name": "Li", "language_code": "zh-hans"},
            "text": "/help", "entities": [{"type": "hologram", "offset": 0, "length": 5}]}});
        let Incoming::Text {
            place,
            person,
            text,
            as_chat,
            ..
        } = Incoming::read(&update)
        else {
            panic!("not read as text");
        };
        assert_eq!(
            (place.chat, text.as_str(), as_chat),
            (ChatId::Id(42), "/help", false)
        );
        assert_eq!(person.unwrap().language.as_deref(), Some("zh-hans"));
    }

    #[test]
    fn an_anonymous_admin_writes_as_the_chat() {
        let update = json!({"update_id": 1, "message": {
            "chat": {"id": -100123, "type": "supergroup", "title": "g"},
            "from": {"id": 1087968824}, "sender_chat": {"id": -100123}, "text": "/following"}});
        assert!(matches!(
            Incoming::read(&update),
            Incoming::Text {
                as_chat: true,
                person: None,
                ..
            }
        ));
    }

    #[test]
    fn unknown_kinds_are_told_from_updates_without_anything_for_us() {
        assert_eq!(
            Incoming::read(&json!({"update_id": 1, "telepathy": {}})),
            Incoming::Unknown
        );
        let edited =
            json!({"update_id": 1, "edited_message": {"chat": {"id": 1}, "text": "/forget"}});
        assert_eq!(Incoming::read(&edited), Incoming::Nothing);
        let sticker = json!({"update_id": 1, "message": {"chat": {"id": 1}, "sticker": {}}});
        assert_eq!(Incoming::read(&sticker), Incoming::Nothing);
    }

    #[test]
    fn a_group_is_never_taken_for_somebodys_own_chat() {
        for kind in [json!(null), json!("private"), json!(7)] {
            let chat = json!({"id": -5, "type": kind});
            assert!(!place(&chat).unwrap().is_private(), "{chat}");
        }
    }

    #[test]
    fn captions_are_read_and_long_texts_are_cut() {
        let update = json!({"update_id": 1, "message": {"chat": {"id": 1}, "from": {"id": 1},
            "photo": [], "caption": format!("/follow {}", "长".repeat(5000))}});
        let Incoming::Text { text, .. } = Incoming::read(&update) else {
            panic!("not read as text");
        };
        assert_eq!(text.chars().count(), LONGEST_TEXT);
    }

    #[test]
    fn who_writes_as_another_chat_is_nobody() {
        let update = json!({"update_id": 1, "message": {"chat": {"id": -1001, "type": "supergroup"},
            "from": {"id": 136817688}, "sender_chat": {"id": -1002}, "text": "/follow x"}});
        assert!(matches!(
            Incoming::read(&update),
            Incoming::Text {
                as_chat: false,
                person: None,
                ..
            }
        ));
    }

    #[test]
    fn rights_are_read_from_what_is_told() {
        let of = |member: Value, channel| standing(&member, channel);
        assert_eq!(
            of(
                json!({"status": "administrator", "can_post_messages": false}),
                true
            ),
            Standing::Mute
        );
        assert_eq!(
            of(json!({"status": "administrator"}), false),
            Standing::Leads
        );
        assert_eq!(
            of(
                json!({"status": "restricted", "is_member": true, "can_send_messages": false}),
                false
            ),
            Standing::Mute
        );
        assert_eq!(of(json!({"status": "hologram"}), false), Standing::Out);
    }

    proptest::proptest! {
        #[test]
        fn no_update_whatsoever_makes_it_panic(text in ".{0,300}", id in proptest::prelude::any::<i64>()) {
            let shapes = [
                json!({"message": {"chat": {"id": id}, "text": text, "from": {"id": text}}}),
                json!({"callback_query": {"id": id, "data": text, "message": {"chat": {"id": id}}}}),
                json!({"my_chat_member": {"chat": {"id": id, "title": id}, "new_chat_member": text}}),
                json!({"inline_query": {"id": text, "query": id, "offset": text, "from": {"id": id}}}),
                json!({"message": text}), json!(text), json!([id]),
            ];
            for shape in shapes {
                Incoming::read(&shape);
            }
        }
    }
}
