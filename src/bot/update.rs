//! Updates as we understand them.
//! In: raw JSON of `getUpdates`; only the fields that we need are looked at, so that new kinds, fields and
//! entities of Telegram never cost a command. Out: `Incoming`.

use serde_json::Value;

use crate::model::ChatId;

/// What an update means to us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// Somebody wrote.
    Text {
        /// Where.
        place: Place,
        /// Who; `None` for channel posts and anonymous admins.
        person: Option<Person>,
        /// True when it was written in the name of the chat itself (anonymous admin, channel post).
        as_chat: bool,
        /// What.
        text: String,
    },
    /// Somebody pressed a button.
    Press {
        /// To answer it.
        query: String,
        /// Where the button is.
        place: Place,
        /// The message with the button.
        message_id: i64,
        /// Who.
        person: Person,
        /// What the button carries. Anybody can forge it.
        data: String,
    },
    /// What the bot is in a chat has changed (`my_chat_member`).
    Membership {
        /// Where.
        place: Place,
        /// The new status: `member`, `administrator`, `kicked`, `left`, …
        status: String,
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

/// A chat as an update names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The chat.
    pub chat: ChatId,
    /// `private`, `group`, `supergroup`, `channel`.
    pub kind: String,
    /// Title, or the person's name.
    pub title: String,
}

/// A person as an update names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Telegram's user id.
    pub id: i64,
    /// `language_code` of their client, for example `zh-hans`.
    pub language: Option<String>,
}

impl Incoming {
    /// Reads one update.
    pub fn read(update: &Value) -> Incoming {
        let message = &update["message"];
        let channel_post = &update["channel_post"];
        let press = &update["callback_query"];
        let member = &update["my_chat_member"];
        let read = match () {
            () if message.is_object() => text(message, false),
            () if channel_post.is_object() => text(channel_post, true),
            () if press.is_object() => pressed(press),
            () if member.is_object() => membership(member),
            () => return Incoming::Unknown,
        };
        read.unwrap_or(Incoming::Nothing)
    }
}

fn text(message: &Value, channel: bool) -> Option<Incoming> {
    let place = place(&message["chat"])?;
    if let Some(to) = message["migrate_to_chat_id"].as_i64() {
        return Some(Incoming::Moved {
            from: place.chat,
            to: to.into(),
        });
    }
    let sender_chat = message["sender_chat"]["id"].as_i64().map(ChatId::Id);
    let as_chat = channel || sender_chat.as_ref() == Some(&place.chat);
    Some(Incoming::Text {
        person: person(&message["from"]).filter(|_| !as_chat),
        as_chat,
        text: message["text"].as_str()?.to_owned(),
        place,
    })
}

fn pressed(press: &Value) -> Option<Incoming> {
    Some(Incoming::Press {
        query: press["id"].as_str()?.to_owned(),
        place: place(&press["message"]["chat"])?,
        message_id: press["message"]["message_id"].as_i64()?,
        person: person(&press["from"])?,
        data: press["data"].as_str()?.to_owned(),
    })
}

fn membership(member: &Value) -> Option<Incoming> {
    Some(Incoming::Membership {
        place: place(&member["chat"])?,
        status: member["new_chat_member"]["status"].as_str()?.to_owned(),
    })
}

fn place(chat: &Value) -> Option<Place> {
    let name = chat["title"].as_str().or(chat["first_name"].as_str());
    Some(Place {
        chat: chat["id"].as_i64().filter(|id| *id != 0)?.into(),
        kind: chat["type"].as_str().unwrap_or("private").to_owned(),
        title: name.unwrap_or_default().to_owned(),
    })
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
        let sticker = json!({"update_id": 1, "message": {"chat": {"id": 1}, "sticker": {}}});
        assert_eq!(Incoming::read(&sticker), Incoming::Nothing);
    }
}
