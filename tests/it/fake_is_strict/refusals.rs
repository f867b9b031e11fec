//! Refusals: what the program may never ask, and what Telegram says about the rest.

use serde_json::json;

use super::{answer, table, world};

/// What only a bug can ask of sendMessage, besides its text and its chat.
const WRONG: &str = r#"
{ "silent": true } => unknown parameter "silent"
{ "chat_id": [7] } => parameter "chat_id" must be of type Integer, not [7]
{ "text": 5 } => parameter "text" must be of type String, not 5
{ "text": null } => parameter "text" must be of type String, not null
{ "protect_content": "true" } => parameter "protect_content" must be of type Boolean, not "true"
{ "message_thread_id": 1.5 } => parameter "message_thread_id" must be of type Integer, not 1.5
{ "entities": {} } => parameter "entities" must be of type Array of MessageEntity, not {}
{ "entities": [{ "type": "bold", "offset": 0 }] } => parameter "entities" field of MessageEntity "length" is required
{ "entities": [{ "type": "bold", "offset": "0", "length": 1 }] } => parameter "entities" field "offset" of MessageEntity must be of type Integer, not "0"
{ "link_preview_options": { "disabled": true } } => parameter "link_preview_options" unknown field of LinkPreviewOptions "disabled"
{ "reply_markup": { "inline_keyboard": [[{ "txt": "a" }]] } } => parameter "reply_markup" field "inline_keyboard" of InlineKeyboardMarkup unknown field of InlineKeyboardButton "txt"
{ "reply_markup": { "inline_keyboard": [{ "text": "a" }] } } => parameter "reply_markup" field "inline_keyboard" of InlineKeyboardMarkup must be of type Array of InlineKeyboardButton, not {"text":"a"}
{ "parse_mode": "HTML", "entities": [] } => parse_mode and entities exclude each other
{ "parse_mode": "MarkdownV2" } => unsupported parse_mode (the fake reads HTML only)
"#;

/// What only a bug can ask of other methods.
const WRONG_ELSEWHERE: &str = r#"
sendMessage { "chat_id": 7 } => parameter "text" is required
sendMessage { "text": "x" } => parameter "chat_id" is required
getMe { "chat_id": 7 } => unknown parameter "chat_id"
getUpdates { "limit": 101 } => limit 101 is not 1-100
getUpdates { "timeout": "5" } => parameter "timeout" must be of type Integer, not "5"
editMessageText { "text": "x", "message_id": 1 } => chat_id is required
editMessageText { "text": "x", "chat_id": 7 } => message_id is required
answerCallbackQuery {} => parameter "callback_query_id" is required
setMyCommands { "commands": [], "scope": { "type": "everybody" } } => parameter "scope" has no scope type "everybody"
setMyCommands { "commands": [], "scope": { "type": "chat" } } => parameter "scope" field of BotCommandScopeChat "chat_id" is required
"#;

#[tokio::test]
async fn a_wrong_token_is_unauthorized_and_written_down_nowhere() {
    let (fake, client) = world();
    for (path, code, words) in [
        ("bot1:wrong/getMe", 401, "Unauthorized"),
        ("bot1:wrong", 404, "Not Found"),
        ("1:wrong/getMe", 404, "Not Found"),
    ] {
        let request = client.http.get(format!("{}/{path}", fake.url()));
        answer(request).await.unwrap().refusal(code, words);
    }
    let violations = fake.take_violations();
    assert_eq!(violations.len(), 2, "{violations:?}");
    let known = format!("{violations:?} {:?}", fake.journal());
    assert!(!known.contains("wrong"), "{known}");
    assert_eq!(fake.requests("getMe").len(), 1);
}

#[tokio::test]
async fn a_method_is_known_by_its_name_in_any_case_and_no_other_is() {
    let (fake, client) = world();
    client.call("GETME", json!({})).await.result();
    assert_eq!(fake.requests("getMe").len(), 1);
    let unknown = client.call("sendMesage", json!({})).await;
    unknown.refusal(404, "Not Found");
    assert_eq!(fake.take_violations(), ["sendMesage: Not Found"]);
}

#[tokio::test]
async fn a_wrong_parameter_is_a_violation() {
    let (fake, client) = world();
    for (extra, words) in table(WRONG) {
        let extra = serde_json::from_str(extra).unwrap();
        client.refuses("x", extra, words).await;
        let violation = format!("sendMessage: Bad Request: {words}");
        assert_eq!(fake.take_violations(), [violation]);
    }
    for (call, words) in table(WRONG_ELSEWHERE) {
        let (method, params) = call.split_once(' ').unwrap();
        let params = serde_json::from_str(params).unwrap();
        let words = format!("Bad Request: {words}");
        client.call(method, params).await.refusal(400, &words);
        assert_eq!(fake.take_violations(), [format!("{method}: {words}")]);
    }
    assert!(fake.messages(7).is_empty());
}

#[tokio::test]
async fn a_request_that_is_no_call_at_all_is_a_violation() {
    let (fake, client) = world();
    let url = format!("{}/sendMessage", client.base);
    let post = |body: String, kind: &str| {
        client
            .http
            .post(&url)
            .body(body)
            .header("content-type", kind)
    };
    let broken = answer(post("{".into(), "application/json")).await.unwrap();
    let words = broken.json()["description"].to_string();
    assert!(words.contains("can't parse request JSON object"), "{words}");
    let strange = answer(post("x".into(), "text/plain")).await.unwrap();
    strange.refusal(
        400,
        "Bad Request: content type \"text/plain\" is not spoken here",
    );
    let put = answer(client.http.put(&url)).await.unwrap();
    put.refusal(405, "Method Not Allowed");
    let large = answer(post(" ".repeat((1 << 20) + 1), "application/json"))
        .await
        .unwrap();
    assert_eq!(large.code, 413);
    assert_eq!(fake.take_violations().len(), 4);
}

#[tokio::test]
async fn queries_and_forms_are_understood_as_well_as_json() {
    let (fake, client) = world();
    let url = format!("{}/sendMessage", client.base);
    let query = client.http.get(format!(
        "{url}?chat_id=7&text=one&disable_notification=true"
    ));
    answer(query).await.unwrap().result();
    assert!(fake.next_message(7).silent);
    let form = client.http.post(format!("{url}?chat_id=7"));
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let form = form.body(
        "text=5&entities=%5B%7B%22type%22%3A%22bold%22%2C%22offset%22%3A0%2C%22length%22%3A1%7D%5D",
    );
    answer(form).await.unwrap().result();
    let sent = fake.next_message(7);
    assert_eq!((sent.text.as_str(), sent.entities.len()), ("5", 1));
    let wrong = answer(
        client
            .http
            .get(format!("{url}?chat_id=7&text=x&protect_content=perhaps")),
    );
    wrong.await.unwrap().refusal(
        400,
        "Bad Request: parameter \"protect_content\" must be of type Boolean, not \"perhaps\"",
    );
    assert_eq!(fake.take_violations().len(), 1);
}

const NOT_MODIFIED: &str = "Bad Request: message is not modified: specified new message content and reply markup \
    are exactly the same as a current content and reply markup of the message";

#[tokio::test]
async fn an_edit_must_change_something() {
    let (fake, client) = world();
    let keyboard = json!({ "inline_keyboard": [[{ "text": "a", "callback_data": "a" }]] });
    let first = json!({ "chat_id": 7, "text": "old", "reply_markup": keyboard });
    client.call("sendMessage", first).await.result();
    let sent = fake.next_message(7);
    let edit = |text: &str, markup: bool| {
        let mut params = json!({ "chat_id": 7, "message_id": sent.message_id, "text": text });
        if markup {
            params["reply_markup"] = keyboard.clone();
        }
        client.call("editMessageText", params)
    };
    edit("old", true).await.refusal(400, NOT_MODIFIED);
    edit(" old ", true).await.refusal(400, NOT_MODIFIED);
    edit("new", true).await.result();
    let seen = fake.next_edit(&sent);
    assert_eq!((&*seen.text, &*seen.edits[0].text), ("new", "old"));
    edit("new", false).await.result();
    assert!(fake.next_edit(&seen).buttons().is_empty());
    let markup = json!({ "chat_id": 7, "message_id": sent.message_id, "reply_markup": keyboard });
    client
        .call("editMessageReplyMarkup", markup.clone())
        .await
        .result();
    client
        .call("editMessageReplyMarkup", markup)
        .await
        .refusal(400, NOT_MODIFIED);
    edit("", true)
        .await
        .refusal(400, "Bad Request: message text is empty");
    let shown = &fake.messages(7)[0];
    assert_eq!(
        (&*shown.text, shown.edits.len(), shown.buttons().len()),
        ("new", 3, 1)
    );
}

#[tokio::test]
async fn only_a_message_of_the_bot_that_is_there_can_be_edited_or_deleted() {
    let (fake, client) = world();
    fake.add_group(-5, "Reading circle");
    let theirs = fake.user_says(7, "mine");
    let in_group = fake.user_says_in(-5, 7, "mine");
    let at = |chat: i64, message: i64| json!({ "chat_id": chat, "message_id": message });
    let edit = |message: i64| {
        let params = json!({ "chat_id": 7, "message_id": message, "text": "new" });
        client.call("editMessageText", params)
    };
    let delete = |chat: i64, message: i64| client.call("deleteMessage", at(chat, message));
    edit(99)
        .await
        .refusal(400, "Bad Request: message to edit not found");
    edit(theirs)
        .await
        .refusal(400, "Bad Request: message can't be edited");
    delete(7, 99)
        .await
        .refusal(400, "Bad Request: message to delete not found");
    delete(-5, in_group)
        .await
        .refusal(400, "Bad Request: message can't be deleted");
    delete(7, theirs).await.result();
    client.say(7, "x").await.result();
    let sent = fake.next_message(7);
    delete(7, sent.message_id).await.result();
    fake.wait_until_deleted(&sent);
    delete(7, sent.message_id)
        .await
        .refusal(400, "Bad Request: message to delete not found");
    edit(sent.message_id)
        .await
        .refusal(400, "Bad Request: message to edit not found");
    assert!(fake.take_violations().is_empty());
}

#[tokio::test]
async fn the_list_of_commands_has_limits() {
    let (fake, client) = world();
    let set =
        |commands: serde_json::Value| client.call("setMyCommands", json!({ "commands": commands }));
    let one = |name: &str, about: &str| json!({ "command": name, "description": about });
    let many = |count: usize| -> serde_json::Value {
        (0..count).map(|n| one(&format!("c{n}"), "x")).collect()
    };
    set(many(101))
        .await
        .refusal(400, "Bad Request: BOT_COMMANDS_TOO_MUCH");
    for name in ["", "/", "Help", "he-lp", "帮助", &"x".repeat(33)] {
        set(json!([one(name, "x")]))
            .await
            .refusal(400, "Bad Request: BOT_COMMAND_INVALID");
    }
    for about in [String::new(), "介".repeat(257)] {
        let refused = set(json!([one("help", &about)])).await;
        refused.refusal(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID");
    }
    let in_language = |code: &str| json!({ "commands": [], "language_code": code });
    let refused = client.call("setMyCommands", in_language("zh-hans")).await;
    refused.refusal(400, "Bad Request: invalid language code specified");
    let nowhere = json!({ "commands": [], "scope": { "type": "chat", "chat_id": 99 } });
    client
        .call("setMyCommands", nowhere)
        .await
        .refusal(400, "Bad Request: chat not found");
    assert_eq!(fake.commands("default", ""), None);
    set(many(100)).await.result();
    assert_eq!(fake.commands("default", ""), Some(many(100)));
    let good = json!([one(&"x".repeat(32), &"介".repeat(256))]);
    let scoped = json!({ "commands": good, "scope": { "type": "all_private_chats" }, "language_code": "zh" });
    client.call("setMyCommands", scoped).await.result();
    assert_eq!(fake.commands("all_private_chats", "zh"), Some(good));
    client.call("deleteMyCommands", json!({})).await.result();
    assert_eq!(fake.commands("default", ""), None);
}

#[tokio::test]
async fn the_bot_may_write_only_where_it_stands() {
    let (fake, client) = world();
    fake.add_user(8, "Wang", "zh");
    fake.add_group(-5, "Reading circle");
    fake.add_supergroup(-1_000_000_000_005, "Club");
    fake.add_channel(-1_000_000_000_006, Some("@tagwire_news"), "News");
    client
        .say(8, "x")
        .await
        .refusal(400, "Bad Request: chat not found");
    fake.user_says_in(-5, 8, "hello");
    let words = "Forbidden: bot can't initiate conversation with a user";
    client.say(8, "x").await.refusal(403, words);
    client
        .say(0, "x")
        .await
        .refusal(400, "Bad Request: chat_id is empty");
    for (chat, place) in [
        (-5, "group"),
        (-1_000_000_000_005, "supergroup"),
        (-1_000_000_000_006, "channel"),
    ] {
        for (status, words) in [
            ("left", "is not a member of"),
            ("kicked", "was kicked from"),
        ] {
            fake.set_bot_status(chat, 7, status);
            let words = format!("Forbidden: bot {words} the {place} chat");
            client.say(chat, "x").await.refusal(403, &words);
        }
    }
    fake.set_bot_status(-5, 7, "restricted");
    let words = "Bad Request: not enough rights to send text messages to the chat";
    client.say(-5, "x").await.refusal(400, words);
    fake.set_bot_status(-1_000_000_000_006, 7, "member");
    let by_name = |text: &str| json!({ "chat_id": "@Tagwire_News", "text": text });
    let words = "Bad Request: need administrator rights in the channel chat";
    client
        .call("sendMessage", by_name("x"))
        .await
        .refusal(400, words);
    fake.set_bot_status(-1_000_000_000_006, 7, "administrator");
    let post = client.call("sendMessage", by_name("news")).await.result();
    assert_eq!(post["sender_chat"]["username"], "tagwire_news");
    assert_eq!(fake.next_message(-1_000_000_000_006).text, "news");
}

#[tokio::test]
async fn topics_are_open_and_answered_messages_are_there() {
    let (fake, client) = world();
    let chat = -1_000_000_000_005;
    fake.add_supergroup(chat, "Club");
    fake.set_topic(chat, 3, true);
    fake.set_topic(chat, 4, false);
    let to = |thread: i64| {
        let params = json!({ "chat_id": chat, "text": "x", "message_thread_id": thread });
        client.call("sendMessage", params)
    };
    to(5)
        .await
        .refusal(400, "Bad Request: message thread not found");
    to(4).await.refusal(400, "Bad Request: TOPIC_CLOSED");
    assert_eq!(to(3).await.result()["message_thread_id"], 3);
    assert_eq!(fake.next_message(chat).thread, Some(3));
    let asked = fake.user_says(7, "/help");
    let reply = |to: i64, anyway: bool| json!({ "reply_parameters": { "message_id": to, "allow_sending_without_reply": anyway } });
    client
        .refuses("x", reply(99, false), "message to be replied not found")
        .await;
    client.send("x", reply(99, true)).await.result();
    assert_eq!(fake.next_message(7).reply_to, None);
    client.send("x", reply(asked, false)).await.result();
    assert_eq!(fake.next_message(7).reply_to, Some(asked));
}
