//! The Bot API's own description judges our table of it, and what the fake answers.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::world;
use crate::fake_telegram::table;

/// The description as JSON; without it there is nothing to judge by.
struct Api(Value);

impl Api {
    fn read() -> Option<Self> {
        let Some(path) = description() else {
            eprintln!("SKIPPED: no data/botapi.json in TAGWIRE_SHARED, ../shared or ../../shared");
            return None;
        };
        let text = std::fs::read(path).unwrap();
        Some(Self(serde_json::from_slice(&text).unwrap()))
    }

    /// The parameters of a method or the fields of a type.
    fn fields(&self, name: &str) -> Vec<Value> {
        let items = self.0["items"].as_array().unwrap().iter();
        let children = items.filter_map(|item| item["children"].as_array());
        let found = children.flatten().find(|child| child["name"] == name);
        let found = found.unwrap_or_else(|| panic!("the Bot API has no {name}"));
        found["annotations"].as_array().cloned().unwrap_or_default()
    }

    /// Panics when `value` is no `kind`; `place` says where it stands.
    fn judge(&self, kind: &str, value: &Value, place: &str) {
        if let Some(inner) = kind.strip_prefix("Array of ") {
            let items = value
                .as_array()
                .unwrap_or_else(|| panic!("{place}: {value}"));
            return items.iter().for_each(|item| self.judge(inner, item, place));
        }
        let right = match kind {
            "Integer" => value.is_i64(),
            "String" => value.is_string(),
            "Boolean" => value.is_boolean(),
            "True" => value == true,
            "ChatMember" => return self.object(member(value), value, place),
            "MaybeInaccessibleMessage" => return self.object("Message", value, place),
            object => return self.object(object, value, place),
        };
        assert!(right, "{place} is no {kind}: {value}");
    }

    fn object(&self, kind: &str, value: &Value, place: &str) {
        let fields = self.fields(kind);
        let given = value
            .as_object()
            .unwrap_or_else(|| panic!("{place}: {value}"));
        for (name, inner) in given {
            let field = fields.iter().find(|field| field["name"] == *name);
            let field = field.unwrap_or_else(|| panic!("{place}: {kind} has no {name}"));
            let place = format!("{place}.{name}");
            self.judge(field["type"].as_str().unwrap(), inner, &place);
        }
        for field in fields.iter().filter(|field| field["required"] == true) {
            let name = field["name"].as_str().unwrap();
            assert!(given.contains_key(name), "{place}: {kind} without {name}");
        }
    }
}

fn member(value: &Value) -> &'static str {
    match value["status"].as_str().unwrap() {
        "creator" => "ChatMemberOwner",
        "administrator" => "ChatMemberAdministrator",
        "member" => "ChatMemberMember",
        "restricted" => "ChatMemberRestricted",
        "left" => "ChatMemberLeft",
        "kicked" => "ChatMemberBanned",
        other => panic!("no status {other}"),
    }
}

#[test]
fn the_table_agrees_with_the_description_of_the_bot_api() {
    let Some(api) = Api::read() else { return };
    for (name, lines) in table::METHODS.iter().chain(table::TYPES) {
        let official = api.fields(name);
        let ours = table::fields(lines);
        for field in &ours {
            let theirs = official.iter().find(|one| one["name"] == field.name);
            let theirs = theirs.unwrap_or_else(|| panic!("{name} has no {}", field.name));
            assert_eq!(theirs["type"], field.kind, "{name}.{}", field.name);
            assert_eq!(theirs["required"], field.required, "{name}.{}", field.name);
        }
        for needed in official.iter().filter(|one| one["required"] == true) {
            let known = ours.iter().any(|field| needed["name"] == field.name);
            assert!(known, "our table misses {name}.{}", needed["name"]);
        }
    }
}

const CLUB: i64 = -1_000_000_000_005;
const NEWS: i64 = -1_000_000_000_006;

#[tokio::test]
async fn messages_agree_with_the_description_of_the_bot_api() {
    let Some(api) = Api::read() else { return };
    let (fake, client) = world();
    fake.forgive_unread();
    fake.add_supergroup(CLUB, "Club");
    fake.add_channel(NEWS, Some("tagwire_news"), "News");
    fake.set_topic(CLUB, 3, true);
    let keyboard = json!({ "inline_keyboard": [[{ "text": "a", "callback_data": "a" }]] });
    let all = json!({
        "parse_mode": "HTML", "reply_markup": keyboard, "message_thread_id": 3, "chat_id": CLUB,
        "link_preview_options": { "is_disabled": true },
    });
    let link = "<b>x</b> <a href=\"https://example.org/\">y</a>";
    for (text, extra) in [
        ("x", json!({})),
        (link, all),
        ("x", json!({ "chat_id": NEWS })),
    ] {
        let sent = client.send(text, extra).await.result();
        api.judge("Message", &sent, text);
        let edit =
            json!({ "chat_id": sent["chat"]["id"], "message_id": sent["message_id"], "text": "z" });
        let edited = client.call("editMessageText", edit).await.result();
        assert!(edited["edit_date"].is_i64());
        api.judge("Message", &edited, "the edited message");
    }
}

#[tokio::test]
async fn chats_and_members_agree_with_the_description_of_the_bot_api() {
    let Some(api) = Api::read() else { return };
    let (fake, client) = world();
    fake.add_group(-5, "Reading circle");
    fake.add_supergroup(CLUB, "Club");
    fake.add_channel(NEWS, Some("tagwire_news"), "News");
    for (method, kind) in [("getMe", "User"), ("getWebhookInfo", "WebhookInfo")] {
        let answer = client.call(method, json!({})).await.result();
        api.judge(kind, &answer, method);
    }
    for chat in [7, -5, CLUB, NEWS] {
        let full = client.call("getChat", json!({ "chat_id": chat })).await;
        api.judge("ChatFullInfo", &full.result(), "getChat");
    }
    for status in [
        "creator",
        "administrator",
        "member",
        "restricted",
        "left",
        "kicked",
    ] {
        fake.set_member(CLUB, 7, status);
        let params = json!({ "chat_id": CLUB, "user_id": 7 });
        let member = client.call("getChatMember", params).await.result();
        assert_eq!(member["status"], status);
        api.judge("ChatMember", &member, status);
    }
    fake.set_member(CLUB, 7, "creator");
    let heads = client
        .call("getChatAdministrators", json!({ "chat_id": CLUB }))
        .await;
    api.judge(
        "Array of ChatMember",
        &heads.result(),
        "getChatAdministrators",
    );
    let params = json!({ "chat_id": CLUB, "user_id": 99 });
    let stranger = client.call("getChatMember", params).await;
    stranger.refusal(400, "Bad Request: user not found");
    let nowhere = client.call("getChat", json!({ "chat_id": 99 })).await;
    nowhere.refusal(400, "Bad Request: chat not found");
}

#[tokio::test]
async fn updates_agree_with_the_description_of_the_bot_api() {
    let Some(api) = Api::read() else { return };
    let (fake, client) = world();
    fake.add_group(-5, "Reading circle");
    fake.add_supergroup(CLUB, "Club");
    fake.set_topic(CLUB, 3, true);
    fake.user_says(7, "/help now");
    fake.user_says_in(-5, 7, "hello");
    fake.user_says_in_topic(CLUB, 3, 7, "hello");
    let keyboard = json!({ "inline_keyboard": [[{ "text": "a", "callback_data": "a" }]] });
    client
        .send("x", json!({ "reply_markup": keyboard }))
        .await
        .result();
    fake.user_presses(7, &fake.next_message(7), "a");
    fake.user_blocks(7);
    fake.user_unblocks(7);
    fake.set_bot_status(-5, 7, "administrator");
    fake.migrate_group(-5, -1_000_000_000_007);
    let updates = client.call("getUpdates", json!({})).await.result();
    assert_eq!(updates.as_array().unwrap().len(), 10);
    api.judge("Array of Update", &updates, "getUpdates");
}

fn description() -> Option<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let named = std::env::var_os("TAGWIRE_SHARED").map(PathBuf::from);
    let places = [
        named,
        Some(here.join("../shared")),
        Some(here.join("../../shared")),
    ];
    let places = places.into_iter().flatten();
    places
        .map(|at| at.join("data/botapi.json"))
        .find(|at| at.exists())
}
