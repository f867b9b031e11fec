//! Updates: how long polls wait, acknowledge and exclude each other, and what people do.

use serde_json::{Value, json};
use teloxide::payloads::GetUpdatesSetters;
use teloxide::prelude::{Request, Requester};
use teloxide::types::{ChatId, ChatMemberStatus, UpdateKind, UserId};
use tokio::task::{JoinHandle, block_in_place};

use super::{Answer, Client, teloxide_for, world};
use crate::fake_telegram::FakeTelegram;

async fn updates(client: &Client, params: Value) -> Vec<Value> {
    let result = client.call("getUpdates", params).await.result();
    result.as_array().unwrap().clone()
}

fn ids(updates: &[Value]) -> Vec<i64> {
    let ids = updates.iter().map(|update| &update["update_id"]);
    ids.map(|id| id.as_i64().unwrap()).collect()
}

/// Begins a long poll and returns when the fake has it.
fn long_poll(fake: &FakeTelegram, offset: i64) -> JoinHandle<Answer> {
    let before = fake.wait_for("now", |state| Some(state.poll));
    let client = Client::new(fake);
    let params = json!({ "offset": offset, "timeout": 50 });
    let poll = tokio::spawn(async move { client.call("getUpdates", params).await });
    block_in_place(|| {
        fake.wait_for("the poll", |state| (state.poll > before).then_some(()));
    });
    poll
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_ends_as_soon_as_there_is_something_to_tell() {
    let (fake, client) = world();
    assert_eq!(ids(&updates(&client, json!({})).await), [1]);
    let poll = long_poll(&fake, 2);
    assert!(!poll.is_finished());
    fake.user_says(7, "/help");
    let told = poll.await.unwrap().result();
    assert_eq!(told[0]["update_id"], 2);
    assert_eq!(told[0]["message"]["text"], "/help");
    assert_eq!(told.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_poll_in_vain_gives_an_empty_list() {
    let (_fake, client) = world();
    assert!(updates(&client, json!({ "offset": 2 })).await.is_empty());
    let waited = std::time::Instant::now();
    let told = updates(&client, json!({ "offset": 2, "timeout": 1 })).await;
    assert!(told.is_empty());
    assert!(waited.elapsed().as_secs() >= 1);
}

#[tokio::test]
async fn an_offset_acknowledges_what_is_before_it() {
    let (fake, client) = world();
    for _ in 2..=5 {
        fake.user_says(7, "x");
    }
    assert_eq!(ids(&updates(&client, json!({})).await), [1, 2, 3, 4, 5]);
    let first = updates(&client, json!({ "limit": 2 })).await;
    assert_eq!(ids(&first), [1, 2], "nothing was acknowledged");
    let rest = updates(&client, json!({ "offset": 3 })).await;
    assert_eq!(ids(&rest), [3, 4, 5]);
    assert_eq!(
        ids(&updates(&client, json!({ "offset": 1 })).await),
        [3, 4, 5]
    );
    assert_eq!(ids(&updates(&client, json!({ "offset": -1 })).await), [5]);
    assert!(updates(&client, json!({ "offset": 6 })).await.is_empty());
    fake.wait_until_updates_are_taken();
    assert!(fake.take_updates().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_poll_ends_the_first_with_a_conflict() {
    let (fake, client) = world();
    let first = long_poll(&fake, 2);
    let second = long_poll(&fake, 2);
    first.await.unwrap().refusal(
        409,
        "Conflict: terminated by other getUpdates request; \
         make sure that only one bot instance is running",
    );
    fake.user_says(7, "for the second");
    assert_eq!(
        second.await.unwrap().result()[0]["message"]["text"],
        "for the second"
    );
    assert_eq!(updates(&client, json!({})).await.len(), 1);
    assert!(fake.take_violations().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_excludes_polls_and_takes_only_what_telegram_takes() {
    let (fake, client) = world();
    let set = |params: Value| client.call("setWebhook", params);
    let url = "https://example.org/hook";
    for (params, words) in [
        (
            json!({ "url": "http://example.org/" }),
            "bad webhook: An HTTPS URL must be provided for webhook",
        ),
        (
            json!({ "url": "https://example.org:8080/" }),
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
        ),
        (json!({ "url": "example" }), "bad webhook: URL is invalid"),
        (
            json!({ "url": url, "secret_token": "a b" }),
            "secret token contains unallowed characters",
        ),
        (
            json!({ "url": url, "max_connections": 101 }),
            "max_connections must be 1-100",
        ),
    ] {
        set(params)
            .await
            .refusal(400, &format!("Bad Request: {words}"));
    }
    let poll = long_poll(&fake, 2);
    set(json!({ "url": url, "secret_token": "a-B_9" }))
        .await
        .result();
    let conflict = "Conflict: can't use getUpdates method while webhook is active; \
                    use deleteWebhook to delete the webhook first";
    poll.await.unwrap().refusal(409, conflict);
    client
        .call("getUpdates", json!({}))
        .await
        .refusal(409, conflict);
    fake.user_says(7, "x");
    let info = client.call("getWebhookInfo", json!({})).await.result();
    assert_eq!(
        (&info["url"], &info["pending_update_count"]),
        (&json!(url), &json!(1))
    );
    assert_eq!(fake.webhook().unwrap()["secret_token"], "a-B_9");
    let drop = json!({ "drop_pending_updates": true });
    client.call("deleteWebhook", drop).await.result();
    assert_eq!(fake.webhook(), None);
    assert!(updates(&client, json!({})).await.is_empty());
}

#[tokio::test]
async fn unwanted_kinds_of_updates_are_left_out() {
    let (fake, client) = world();
    let only_presses = json!({ "allowed_updates": ["callback_query"], "offset": 2 });
    updates(&client, only_presses).await;
    fake.user_says(7, "x");
    fake.user_blocks(7);
    assert!(
        updates(&client, json!({})).await.is_empty(),
        "the list is kept"
    );
    updates(&client, json!({ "allowed_updates": [] })).await;
    fake.user_says(7, "y");
    let told = updates(&client, json!({})).await;
    assert_eq!(told.len(), 2, "back, and a word: {told:?}");
}

#[tokio::test]
async fn any_update_can_be_pushed_again_and_out_of_order() {
    let (fake, client) = world();
    fake.push_update(json!({ "update_id": 9, "from_the_future": {} }));
    fake.push_update(json!({ "update_id": 1, "message": {} }));
    fake.push_update(json!({ "poll": {} }));
    assert_eq!(ids(&updates(&client, json!({})).await), [1, 9, 1, 10]);
    assert_eq!(
        ids(&updates(&client, json!({ "offset": 2 })).await),
        [9, 10]
    );
}

#[tokio::test]
async fn words_of_people_reach_teloxide() {
    let (fake, _) = world();
    fake.add_supergroup(-1_000_000_000_005, "Reading circle");
    fake.set_topic(-1_000_000_000_005, 3, true);
    fake.user_says(7, "/help@Tagwire_Test_Bot now");
    fake.user_says(7, "/ and /市 are no commands");
    fake.user_says_in(-1_000_000_000_005, 7, "hello");
    fake.user_says_in_topic(-1_000_000_000_005, 3, 7, "in the topic");
    let told = teloxide_for(&fake).get_updates().send().await.unwrap();
    let messages: Vec<_> = told
        .iter()
        .map(|update| match &update.kind {
            UpdateKind::Message(message) => message,
            other => panic!("{other:?}"),
        })
        .collect();
    let texts: Vec<_> = messages
        .iter()
        .filter_map(|message| message.text())
        .collect();
    assert_eq!(
        texts,
        [
            "/start",
            "/help@Tagwire_Test_Bot now",
            "/ and /市 are no commands",
            "hello",
            "in the topic"
        ]
    );
    let command = &messages[1].entities().unwrap()[0];
    assert_eq!((command.offset, command.length), (0, 22));
    assert!(messages[2].entities().is_none_or(<[_]>::is_empty));
    assert!(messages[1].chat.is_private() && messages[3].chat.is_supergroup());
    assert!(
        messages
            .iter()
            .all(|message| message.from.as_ref().unwrap().id == UserId(7))
    );
    assert!(messages[4].is_topic_message && messages[4].thread_id.is_some());
    assert_eq!(
        messages[0].from.as_ref().unwrap().language_code.as_deref(),
        Some("zh")
    );
}

#[tokio::test]
async fn a_pressed_button_reaches_teloxide_with_its_message_and_is_answered_once() {
    let (fake, client) = world();
    let keyboard = json!({ "inline_keyboard": [[{ "text": "Stop", "callback_data": "stop:1" }]] });
    let params = json!({ "chat_id": 7, "text": "pick", "reply_markup": keyboard });
    client.call("sendMessage", params).await.result();
    let sent = fake.next_message(7);
    let id = fake.user_presses(7, &sent, "Stop");
    let other = fake.user_sends_data(7, &sent, "forged");
    assert_ne!(id, other);
    let bot = teloxide_for(&fake);
    let told = bot.get_updates().offset(2).send().await.unwrap();
    let UpdateKind::CallbackQuery(query) = &told[0].kind else {
        panic!("{told:?}");
    };
    assert_eq!(
        (query.id.0.as_str(), query.data.as_deref()),
        (&*id, Some("stop:1"))
    );
    let message = query
        .message
        .as_ref()
        .and_then(|message| message.regular_message());
    assert_eq!(message.unwrap().text(), Some("pick"));
    let answer = json!({ "callback_query_id": id, "text": "stopped" });
    client
        .call("answerCallbackQuery", answer.clone())
        .await
        .result();
    assert_eq!(fake.answer_to(&id), answer);
    let words = "Bad Request: query is too old and response timeout expired or query ID is invalid";
    client
        .call("answerCallbackQuery", answer)
        .await
        .refusal(400, words);
    let unknown = json!({ "callback_query_id": "5" });
    client
        .call("answerCallbackQuery", unknown)
        .await
        .refusal(400, words);
    let long = json!({ "callback_query_id": other, "text": "x".repeat(201) });
    client
        .call("answerCallbackQuery", long)
        .await
        .refusal(400, "Bad Request: MESSAGE_TOO_LONG");
    let empty = json!({ "callback_query_id": other });
    client.call("answerCallbackQuery", empty).await.result();
}

#[tokio::test]
async fn a_user_who_blocks_the_bot_is_out_of_reach_until_they_come_back() {
    let (fake, client) = world();
    let blocked = "Forbidden: bot was blocked by the user";
    let changes = [
        (ChatMemberStatus::Member, ChatMemberStatus::Banned),
        (ChatMemberStatus::Banned, ChatMemberStatus::Member),
    ];
    fake.user_blocks(7);
    client.say(7, "x").await.refusal(403, blocked);
    fake.user_unblocks(7);
    client.say(7, "x").await.result();
    fake.user_blocks(7);
    client.say(7, "x").await.refusal(403, blocked);
    fake.user_starts(7);
    client.say(7, "y").await.result();
    assert_eq!(
        (fake.next_message(7).text, fake.next_message(7).text),
        ("x".into(), "y".into())
    );
    let told = teloxide_for(&fake)
        .get_updates()
        .offset(2)
        .send()
        .await
        .unwrap();
    let seen = told.iter().filter_map(|update| match &update.kind {
        UpdateKind::MyChatMember(change) => {
            assert_eq!((change.chat.id, change.from.id), (ChatId(7), UserId(7)));
            Some((
                change.old_chat_member.status(),
                change.new_chat_member.status(),
            ))
        }
        _ => None,
    });
    assert_eq!(seen.collect::<Vec<_>>(), [changes, changes].concat());
    assert!(
        matches!(&told.last().unwrap().kind, UpdateKind::Message(m) if m.text() == Some("/start"))
    );
}

#[tokio::test]
async fn a_migrated_group_tells_both_ids_and_moves_its_members() {
    let (fake, client) = world();
    let (old, new) = (-5, -1_000_000_000_005);
    fake.add_group(old, "Reading circle");
    fake.set_member(old, 7, "administrator");
    client.say(old, "before").await.result();
    fake.next_message(old);
    fake.migrate_group(old, new);
    let words = "Bad Request: group chat was upgraded to a supergroup chat";
    let body = client.say(old, "x").await.refusal(400, words);
    assert_eq!(body["parameters"], json!({ "migrate_to_chat_id": new }));
    client.say(new, "after").await.result();
    assert_eq!(fake.next_message(new).text, "after");
    let bot = teloxide_for(&fake);
    let told = bot.get_updates().offset(2).send().await.unwrap();
    let ids = told.iter().map(|update| match &update.kind {
        UpdateKind::Message(m) => (m.chat.id, m.migrate_to_chat_id(), m.migrate_from_chat_id()),
        other => panic!("{other:?}"),
    });
    let (from, to) = (ChatId(old), ChatId(new));
    let expected = [(from, Some(to), None), (to, None, Some(from))];
    let ids: Vec<_> = ids
        .map(|(chat, to, from)| (chat, to.copied(), from.copied()))
        .collect();
    assert_eq!(ids, expected);
    let member = bot.get_chat_member(to, UserId(7)).send().await.unwrap();
    assert_eq!(member.status(), ChatMemberStatus::Administrator);
}

#[tokio::test]
async fn every_standing_can_be_read_by_teloxide() {
    let (fake, _) = world();
    let chat = -1_000_000_000_005;
    fake.add_supergroup(chat, "Reading circle");
    let bot = teloxide_for(&fake);
    for (word, status) in [
        ("creator", ChatMemberStatus::Owner),
        ("administrator", ChatMemberStatus::Administrator),
        ("member", ChatMemberStatus::Member),
        ("restricted", ChatMemberStatus::Restricted),
        ("left", ChatMemberStatus::Left),
        ("kicked", ChatMemberStatus::Banned),
    ] {
        fake.set_member(chat, 7, word);
        let member = bot
            .get_chat_member(ChatId(chat), UserId(7))
            .send()
            .await
            .unwrap();
        assert_eq!(member.status(), status);
        fake.set_bot_status(chat, 7, word);
        let told = bot.get_updates().offset(-1).send().await.unwrap();
        let UpdateKind::MyChatMember(change) = &told[0].kind else {
            panic!("{told:?}");
        };
        assert_eq!(change.new_chat_member.status(), status);
        fake.set_bot_status(chat, 7, "member");
    }
    fake.set_member(chat, 7, "creator");
    let heads = bot
        .get_chat_administrators(ChatId(chat))
        .send()
        .await
        .unwrap();
    assert_eq!(heads.len(), 1);
    let full = bot.get_chat(ChatId(chat)).send().await.unwrap();
    assert_eq!(full.title(), Some("Reading circle"));
    assert!(full.is_supergroup());
}
