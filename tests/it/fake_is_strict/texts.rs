//! Messages: which texts, entities, HTML, keyboards and links Telegram refuses.

use serde_json::{Value, json};

use super::{table, world};

/// Entities of "a😀b", which has four UTF-16 units.
const ENTITIES: &str = r#"
{ "type": "bold", "offset": 0, "length": 5 } => entity ends after the end of the text at UTF-16 offset 5
{ "type": "bold", "offset": 4, "length": 1 } => entity begins after the end of the text at UTF-16 offset 4
{ "type": "bold", "offset": -1, "length": 2 } => entity has a wrong offset -1 or length 2
{ "type": "bold", "offset": 0, "length": 0 } => entity has a wrong offset 0 or length 0
{ "type": "bold", "offset": 1, "length": 9223372036854775807 } => entity ends after the end of the text at UTF-16 offset 9223372036854775807
{ "type": "bold", "offset": 2, "length": 2 } => entity begins in a middle of a UTF-16 symbol at UTF-16 offset 2
{ "type": "bold", "offset": 0, "length": 2 } => entity ends in a middle of a UTF-16 symbol at UTF-16 offset 2
{ "type": "bald", "offset": 0, "length": 1 } => can't parse MessageEntity: Unsupported type specified
{ "type": "text_link", "offset": 0, "length": 1 } => can't parse MessageEntity: Can't find field "url"
{ "type": "date_time", "offset": 0, "length": 1 } => can't parse MessageEntity: Can't find field "unix_time"
{ "type": "bold", "offset": 0, "length": 1, "url": "https://example.org/" } => can't parse MessageEntity: field "url" does not belong to bold
{ "type": "bold", "offset": 0, "length": 1, "date_time_format": "r" } => can't parse MessageEntity: field "date_time_format" does not belong to bold
{ "type": "text_link", "offset": 0, "length": 1, "url": "" } => entity URL '' is invalid: Wrong HTTP URL
{ "type": "text_link", "offset": 0, "length": 1, "url": "javascript:alert(1)" } => entity URL 'javascript:alert(1)' is invalid: Wrong HTTP URL
{ "type": "text_link", "offset": 0, "length": 1, "url": "tg://user?id=7" } => entity URL 'tg://user?id=7' is invalid: Unsupported URL protocol
{ "type": "text_link", "offset": 0, "length": 1, "url": "http://localhost:8080/" } => entity URL 'http://localhost:8080/' is invalid: Wrong HTTP URL
"#;

const HTML: &str = r#"
<b>x => Can't find end tag corresponding to start tag "b"
x</b> => Unexpected end tag at byte offset 1
<b><i>x</b></i> => Unmatched end tag at byte offset 7, expected "</i>", found "</b>"
a<br>b => Unsupported start tag "br" at byte offset 1
<p>x</p> => Unsupported start tag "p" at byte offset 0
<script>x</script> => Unsupported start tag "script" at byte offset 0
1 < 2 => Unclosed start tag at byte offset 2
1 < 2 > 0 => Unsupported start tag "" at byte offset 2
<b>x</b => Unclosed end tag at byte offset 4
<span>x</span> => Tag "span" must have class "tg-spoiler" at byte offset 0
<span onclick="x" class="tg-spoiler">x</span> => Tag "span" may not have attribute "onclick" at byte offset 0
<b onclick="x">x</b> => Tag "b" may not have attribute "onclick" at byte offset 0
<a href="javascript:x">x</a> => link "javascript:x" is invalid: Wrong HTTP URL
<a href="https://example.org>x</a> => Unclosed start tag at byte offset 0
"#;

/// Buttons; DATA stands for 65 bytes in 23 characters.
const BUTTONS: &str = r#"
{ "text": "a", "url": "https://example.org/", "callback_data": "a" } => can't parse inline keyboard button: exactly one action is needed in a button
{ "text": "a" } => can't parse inline keyboard button: exactly one action is needed in a button
{ "text": " ", "callback_data": "a" } => can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard
{ "text": "a", "callback_data": "" } => BUTTON_DATA_INVALID
{ "text": "a", "callback_data": "DATA" } => BUTTON_DATA_INVALID
{ "text": "a", "url": "http://localhost:8080/" } => inline keyboard button URL 'http://localhost:8080/' is invalid: Wrong HTTP URL
{ "text": "a", "url": "ftp://example.org/" } => inline keyboard button URL 'ftp://example.org/' is invalid: Unsupported URL protocol
"#;

#[tokio::test]
async fn a_text_has_between_one_and_4096_characters_once_it_is_trimmed() {
    let (fake, client) = world();
    for nothing in ["", " \n\t ", "\u{3000}"] {
        client
            .refuses(nothing, json!({}), "message text is empty")
            .await;
    }
    let empty = json!({ "parse_mode": "HTML" });
    client
        .refuses("<b> </b>", empty, "message text is empty")
        .await;
    for letter in ["x", "市", "😀"] {
        client.say(7, &letter.repeat(4096)).await.result();
        assert_eq!(fake.next_message(7).text.chars().count(), 4096);
        client
            .refuses(&letter.repeat(4097), json!({}), "message is too long")
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
    for (entity, words) in table(ENTITIES) {
        let entity: Value = serde_json::from_str(entity).unwrap();
        client
            .refuses("a😀b", json!({ "entities": [entity] }), words)
            .await;
    }
    let bold = json!({ "type": "bold", "offset": 0, "length": 1 });
    let many = json!({ "entities": vec![bold; 101] });
    client.refuses("x", many, "ENTITIES_TOO_LONG").await;
    assert!(fake.messages(7).is_empty() && fake.violations().is_empty());
}

#[tokio::test]
async fn entities_move_with_the_trimmed_text() {
    let (fake, client) = world();
    let entities = json!([
        { "type": "bold", "offset": 0, "length": 5 },
        { "type": "text_link", "offset": 5, "length": 2, "url": "https://example.org/" },
        { "type": "italic", "offset": 6, "length": 1 },
        { "type": "hashtag", "offset": 2, "length": 1 },
    ]);
    client
        .send("  a😀b ", json!({ "entities": entities }))
        .await
        .result();
    let shown = json!([
        { "type": "bold", "offset": 0, "length": 3 },
        { "type": "text_link", "offset": 3, "length": 1, "url": "https://example.org/" },
    ]);
    let sent = fake.next_message(7);
    assert_eq!((&*sent.text, json!(sent.entities)), ("a😀b", shown));
}

#[tokio::test]
async fn html_is_read_as_strictly_as_telegram_reads_it() {
    let (fake, client) = world();
    let html = json!({ "parse_mode": "HTML" });
    for (text, why) in table(HTML) {
        let words = format!("can't parse entities: {why}");
        client.refuses(text, html.clone(), &words).await;
    }
    let text = "😀<B>a&lt;<i>b</i></b> &amp;&quot;&#x5E02;&nbsp;\
                <a href='https://example.org/?a=1&amp;b=2'>c</a>";
    client.send(text, html).await.result();
    let sent = fake.next_message(7);
    assert_eq!(sent.text, "😀a<b &\"市&nbsp;c");
    let entities = json!([
        { "type": "bold", "offset": 2, "length": 3 },
        { "type": "italic", "offset": 4, "length": 1 },
        { "type": "text_link", "offset": 15, "length": 1, "url": "https://example.org/?a=1&b=2" },
    ]);
    assert_eq!(json!(sent.entities), entities);
    assert!(fake.violations().is_empty());
}

fn under(rows: Value) -> Value {
    json!({ "reply_markup": { "inline_keyboard": rows } })
}

#[tokio::test]
async fn a_button_does_one_thing_and_carries_at_most_64_bytes() {
    let (fake, client) = world();
    let data = format!("{}xx", "市".repeat(21));
    for (button, words) in table(BUTTONS) {
        let button = button.replace("DATA", &data);
        let button: Value = serde_json::from_str(&button).unwrap();
        client.refuses("x", under(json!([[button]])), words).await;
    }
    let fits = json!({ "text": "a", "callback_data": &data[..64] });
    let row = |count: usize| json!(vec![&fits; count]);
    let rows = |count: usize| under(json!(vec![row(8); count]));
    client
        .refuses("x", under(json!([row(9)])), "reply markup is too long")
        .await;
    client
        .refuses("x", rows(13), "reply markup is too long")
        .await;
    client.send("x", rows(12)).await.result();
    assert_eq!(fake.next_message(7).buttons().len(), 96);
    let url = json!({ "text": "a", "url": "tg://resolve?domain=x" });
    client.send("x", under(json!([[url]]))).await.result();
    assert_eq!(
        fake.next_message(7).button("a")["url"],
        "tg://resolve?domain=x"
    );
    client.send("x", under(json!([[]]))).await.result();
    assert_eq!(fake.next_message(7).reply_markup, None);
    assert!(fake.violations().is_empty());
}

#[tokio::test]
async fn a_link_to_localhost_is_refused_unless_the_story_allows_it() {
    let (fake, client) = world();
    let link = "http://localhost:8080/";
    let button = under(json!([[{ "text": "a", "url": link }]]));
    let entity =
        json!({ "entities": [{ "type": "text_link", "offset": 0, "length": 1, "url": link }] });
    let html = format!("<a href=\"{link}\">x</a>");
    let mode = json!({ "parse_mode": "HTML" });
    let words = format!("inline keyboard button URL '{link}' is invalid: Wrong HTTP URL");
    client.refuses("x", button.clone(), &words).await;
    let words = format!("entity URL '{link}' is invalid: Wrong HTTP URL");
    client.refuses("x", entity.clone(), &words).await;
    client.send(&html, mode.clone()).await.result();
    assert!(
        fake.next_message(7).entities.is_empty(),
        "the link is dropped in silence"
    );

    fake.allow_local_links();
    client.send("x", button).await.result();
    assert_eq!(fake.next_message(7).button("a")["url"], link);
    client.send("x", entity).await.result();
    assert_eq!(fake.next_message(7).entities[0]["url"], link);
    client.send(&html, mode).await.result();
    assert_eq!(fake.next_message(7).entities[0]["url"], link);
}
