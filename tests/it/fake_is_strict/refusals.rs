//! Refusals: what the program may never ask, and what Telegram says about the rest.

use serde_json::{Value, json};

use super::{Answer, Client, answer, world};
use crate::fake_telegram::FakeTelegram;

/// Sends a message with these extra parameters to user 7.
async fn send(client: &Client, text: &str, extra: Value) -> Answer {
    let mut params = json!({ "chat_id": 7, "text": text });
    let extra = extra.as_object().unwrap().clone();
    params.as_object_mut().unwrap().extend(extra);
    client.call("sendMessage", params).await
}

async fn refuses(client: &Client, text: &str, extra: Value, words: &str) {
    let words = format!("Bad Request: {words}");
    send(client, text, extra).await.refusal(400, &words);
}

/// Asks for something that only a bug can ask for.
async fn violates(fake: &FakeTelegram, client: &Client, method: &str, params: Value, words: &str) {
    let refusal = client.call(method, params).await;
    refusal.refusal(400, &format!("Bad Request: {words}"));
    let expected = format!("{method}: Bad Request: {words}");
    assert_eq!(fake.take_violations(), [expected]);
}

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
    let violates = |method, params, words| violates(&fake, &client, method, params, words);
    for (params, words) in [
        (
            json!({ "chat_id": 7, "text": "x", "silent": true }),
            "unknown parameter \"silent\"",
        ),
        (json!({ "chat_id": 7 }), "parameter \"text\" is required"),
        (json!({ "text": "x" }), "parameter \"chat_id\" is required"),
        (
            json!({ "chat_id": 7, "text": 5 }),
            "parameter \"text\" must be of type String, not 5",
        ),
        (
            json!({ "chat_id": 7, "text": null }),
            "parameter \"text\" must be of type String, not null",
        ),
        (
            json!({ "chat_id": [7], "text": "x" }),
            "parameter \"chat_id\" must be of type Integer, not [7]",
        ),
        (
            json!({ "chat_id": 7, "text": "x", "protect_content": "true" }),
            "parameter \"protect_content\" must be of type Boolean, not \"true\"",
        ),
        (
            json!({ "chat_id": 7, "text": "x", "entities": {} }),
            "parameter \"entities\" must be of type Array of MessageEntity, not {}",
        ),
        (
            json!({ "chat_id": 7, "text": "x", "entities": [{ "type": "bold", "offset": 0 }] }),
            "parameter \"entities\" field of MessageEntity \"length\" is required",
        ),
        (
            json!({ "chat_id": 7, "text": "x", "link_preview_options": { "disabled": true } }),
            "parameter \"link_preview_options\" unknown field of LinkPreviewOptions \"disabled\"",
        ),
        (
            json!({ "chat_id": 7, "text": "x", "reply_markup": { "inline_keyboard": [{ "text": "a" }] } }),
            "parameter \"reply_markup\" field \"inline_keyboard\" of InlineKeyboardMarkup must be of type Array of InlineKeyboardButton, not {\"text\":\"a\"}",
        ),
        (
            json!({ "chat_id": 7, "text": "x", "parse_mode": "HTML", "entities": [] }),
            "parse_mode and entities exclude each other",
        ),
        (
            json!({ "chat_id": 7, "text": "x", "parse_mode": "MarkdownV2" }),
            "unsupported parse_mode (the fake reads HTML only)",
        ),
    ] {
        violates("sendMessage", params, words).await;
    }
    violates(
        "getUpdates",
        json!({ "limit": 101 }),
        "limit 101 is not 1-100",
    )
    .await;
    violates(
        "editMessageText",
        json!({ "text": "x" }),
        "chat_id is required",
    )
    .await;
    let scope = json!({ "commands": [], "scope": { "type": "everybody" } });
    violates(
        "setMyCommands",
        scope,
        "parameter \"scope\" has no scope type \"everybody\"",
    )
    .await;
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

#[tokio::test]
async fn a_text_has_between_one_and_4096_characters_once_it_is_trimmed() {
    let (fake, client) = world();
    for nothing in ["", " \n\t ", "\u{3000}"] {
        refuses(&client, nothing, json!({}), "message text is empty").await;
    }
    let empty = json!({ "parse_mode": "HTML" });
    refuses(&client, "<b> </b>", empty, "message text is empty").await;
    for letter in ["x", "市", "😀"] {
        client.say(7, &letter.repeat(4096)).await.result();
        assert_eq!(fake.next_message(7).text.chars().count(), 4096);
        refuses(
            &client,
            &letter.repeat(4097),
            json!({}),
            "message is too long",
        )
        .await;
    }
    client
        .say(7, &format!("  {}\n", "x".repeat(4096)))
        .await
        .result();
    assert_eq!(fake.next_message(7).text.len(), 4096);
    assert!(fake.take_violations().is_empty());
}

#[tokio::test]
async fn an_entity_lies_inside_the_text_and_is_whole() {
    let (fake, client) = world();
    let entity = |kind: &str, offset: i64, length: i64| json!({ "type": kind, "offset": offset, "length": length });
    let with = |entity: &Value, field: &str, value: &str| {
        let mut entity = entity.clone();
        entity[field] = json!(value);
        entity
    };
    let bold = entity("bold", 0, 1);
    let link = entity("text_link", 0, 1);
    // "a😀b" has four UTF-16 units.
    for (entity, words) in [
        (
            entity("bold", 0, 5),
            "entity ends after the end of the text at UTF-16 offset 5",
        ),
        (
            entity("bold", 4, 1),
            "entity begins after the end of the text at UTF-16 offset 4",
        ),
        (
            entity("bold", -1, 2),
            "entity has a wrong offset -1 or length 2",
        ),
        (
            entity("bold", 0, 0),
            "entity has a wrong offset 0 or length 0",
        ),
        (
            entity("bold", 1, i64::MAX),
            &*format!(
                "entity ends after the end of the text at UTF-16 offset {}",
                i64::MAX
            ),
        ),
        (
            entity("bold", 2, 2),
            "entity begins in a middle of a UTF-16 symbol at UTF-16 offset 2",
        ),
        (
            entity("bold", 0, 2),
            "entity ends in a middle of a UTF-16 symbol at UTF-16 offset 2",
        ),
        (
            entity("bald", 0, 1),
            "can't parse MessageEntity: Unsupported type specified",
        ),
        (
            link.clone(),
            "can't parse MessageEntity: Can't find field \"url\"",
        ),
        (
            with(&bold, "url", "https://example.org/"),
            "can't parse MessageEntity: field \"url\" does not belong to bold",
        ),
        (
            with(&bold, "date_time_format", "r"),
            "can't parse MessageEntity: field \"date_time_format\" does not belong to bold",
        ),
        (
            with(&link, "url", "javascript:alert(1)"),
            "entity URL 'javascript:alert(1)' is invalid: Wrong HTTP URL",
        ),
        (
            with(&link, "url", "tg://user?id=7"),
            "entity URL 'tg://user?id=7' is invalid: Unsupported URL protocol",
        ),
        (
            with(&link, "url", ""),
            "entity URL '' is invalid: Wrong HTTP URL",
        ),
    ] {
        refuses(&client, "a😀b", json!({ "entities": [entity] }), words).await;
    }
    let many = vec![bold; 101];
    refuses(
        &client,
        "x",
        json!({ "entities": many }),
        "ENTITIES_TOO_LONG",
    )
    .await;
    let good = json!([
        entity("bold", 3, 2),
        with(&entity("text_link", 5, 1), "url", "https://example.org/"),
        entity("hashtag", 2, 1)
    ]);
    send(&client, "  a😀b ", json!({ "entities": good }))
        .await
        .result();
    let shown = json!([
        entity("bold", 1, 2),
        with(&entity("text_link", 3, 1), "url", "https://example.org/")
    ]);
    assert_eq!(json!(fake.next_message(7).entities), shown);
}

#[tokio::test]
async fn html_is_read_as_strictly_as_telegram_reads_it() {
    let (fake, client) = world();
    let html = json!({ "parse_mode": "HTML" });
    for (text, why) in [
        (
            "<b>x",
            "Can't find end tag corresponding to start tag \"b\"",
        ),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        (
            "<b><i>x</b></i>",
            "Unmatched end tag at byte offset 7, expected \"</i>\", found \"</b>\"",
        ),
        ("a<br>b", "Unsupported start tag \"br\" at byte offset 1"),
        ("<p>x</p>", "Unsupported start tag \"p\" at byte offset 0"),
        ("1 < 2", "Unclosed start tag at byte offset 2"),
        ("1 < 2 > 0", "Unsupported start tag \"\" at byte offset 2"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        (
            "<span>x</span>",
            "Tag \"span\" must have class \"tg-spoiler\" at byte offset 0",
        ),
        (
            "<span onclick=\"x\" class=\"tg-spoiler\">x</span>",
            "Tag \"span\" may not have attribute \"onclick\" at byte offset 0",
        ),
        (
            "<b onclick=\"x\">x</b>",
            "Tag \"b\" may not have attribute \"onclick\" at byte offset 0",
        ),
        (
            "<a href=\"javascript:x\">x</a>",
            "link \"javascript:x\" is invalid: Wrong HTTP URL",
        ),
        (
            "<a href=\"https://example.org>x</a>",
            "Unclosed start tag at byte offset 0",
        ),
    ] {
        refuses(
            &client,
            text,
            html.clone(),
            &format!("can't parse entities: {why}"),
        )
        .await;
    }
    let text = "😀<B>a&lt;<i>b</i></b> &amp;&quot;&#x5E02;&nbsp;<a href='https://example.org/?a=1&amp;b=2'>c</a>";
    send(&client, text, html).await.result();
    let sent = fake.next_message(7);
    assert_eq!(sent.text, "😀a<b &\"市&nbsp;c");
    let entities = json!([
        { "type": "bold", "offset": 2, "length": 3 },
        { "type": "italic", "offset": 4, "length": 1 },
        { "type": "text_link", "offset": 15, "length": 1, "url": "https://example.org/?a=1&b=2" },
    ]);
    assert_eq!(json!(sent.entities), entities);
}
