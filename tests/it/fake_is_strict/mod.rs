//! The fake itself is judged: by the Bot API's description, by teloxide and by plain HTTP.

mod description;
mod faults;
mod pace;
mod refusals;
mod texts;
mod updates;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde_json::{Value, json};
use teloxide::prelude::{Request, Requester};

use crate::fake_telegram::FakeTelegram;

/// A plain HTTP client of the fake, which hides nothing of its answers.
struct Client {
    http: reqwest::Client,
    base: String,
}

/// What came back, as it came.
struct Answer {
    code: u16,
    kind: String,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The result of a granted request.
    fn result(&self) -> Value {
        let json = self.json();
        assert_eq!((self.code, &json["ok"]), (200, &json!(true)), "{json}");
        json["result"].clone()
    }

    /// The whole body of a refused request, whose code and words must be these.
    fn refusal(&self, code: u16, words: &str) -> Value {
        let json = self.json();
        assert_eq!(json["description"], words);
        assert_eq!((self.code, &json["ok"]), (code, &json!(false)), "{json}");
        assert_eq!(json["error_code"], code);
        json
    }
}

impl Client {
    fn new(fake: &FakeTelegram) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(60));
        let http = http.no_proxy().build().unwrap();
        let base = format!("{}/bot{}", fake.url(), fake.token());
        Self { http, base }
    }

    async fn try_call(&self, method: &str, params: &Value) -> reqwest::Result<Answer> {
        let url = format!("{}/{method}", self.base);
        let request = self.http.post(url).body(params.to_string());
        answer(request.header("content-type", "application/json")).await
    }

    async fn call(&self, method: &str, params: Value) -> Answer {
        self.try_call(method, &params).await.unwrap()
    }

    async fn say(&self, chat: i64, text: &str) -> Answer {
        let params = json!({ "chat_id": chat, "text": text });
        self.call("sendMessage", params).await
    }

    /// Sends a message to user 7; these parameters are added, or replace what they name.
    async fn send(&self, text: &str, extra: Value) -> Answer {
        let mut params = json!({ "chat_id": 7, "text": text });
        let extra = extra.as_object().unwrap().clone();
        params.as_object_mut().unwrap().extend(extra);
        self.call("sendMessage", params).await
    }

    async fn refuses(&self, text: &str, extra: Value, words: &str) {
        let words = format!("Bad Request: {words}");
        self.send(text, extra).await.refusal(400, &words);
    }
}

/// The lines "what is asked => what is answered" of a table.
fn table(lines: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = lines.trim().lines();
    lines.map(|line| line.split_once(" => ").unwrap())
}

async fn answer(request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
    let response = request.send().await?;
    let code = response.status().as_u16();
    let kind = response.headers().get("content-type");
    let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
    let text = String::from_utf8(response.bytes().await?.to_vec()).unwrap();
    Ok(Answer { code, kind, text })
}

/// A fake whose user 7 has started the bot and whose limits are off, and a client of it.
fn world() -> (FakeTelegram, Client) {
    let fake = FakeTelegram::start();
    fake.without_limits(true);
    fake.add_user(7, "Li", "zh");
    fake.user_starts(7);
    let client = Client::new(&fake);
    (fake, client)
}

fn teloxide_for(fake: &FakeTelegram) -> teloxide::Bot {
    let url = fake.url().parse().unwrap();
    teloxide::Bot::new(fake.token()).set_api_url(url)
}

/// The words of the panic with which a story ends, if it panics.
fn complaint_of(fake: FakeTelegram) -> Option<String> {
    let end = catch_unwind(AssertUnwindSafe(|| drop(fake)));
    end.err()
        .map(|words| words.downcast_ref::<String>().unwrap().clone())
}

#[tokio::test]
async fn a_message_left_unread_fails_the_story_unless_it_is_forgiven() {
    let (fake, client) = world();
    client.say(7, "nobody reads me").await.result();
    let words = complaint_of(fake).unwrap();
    assert!(words.contains("chat 7: nobody reads me"), "{words}");
    assert!(words.contains("sendMessage"), "no journal in {words}");

    let (fake, client) = world();
    client.say(7, "nobody reads me").await.result();
    fake.forgive_unread();
    assert_eq!(complaint_of(fake), None);

    let (fake, client) = world();
    client.say(7, "somebody reads me").await.result();
    assert_eq!(fake.next_message(7).text, "somebody reads me");
    fake.expect_no_more_messages();
    assert_eq!(complaint_of(fake), None);
}

#[tokio::test]
async fn a_violation_fails_the_story_even_when_unread_messages_are_forgiven() {
    let (fake, client) = world();
    fake.forgive_unread();
    client.call("sendMesage", json!({})).await;
    assert_eq!(fake.violations().len(), 1);
    let words = complaint_of(fake).unwrap();
    assert!(words.contains("sendMesage: Not Found"), "{words}");

    let (fake, client) = world();
    client.call("sendMesage", json!({})).await;
    assert_eq!(fake.take_violations(), ["sendMesage: Not Found"]);
    assert_eq!(complaint_of(fake), None);
}

#[tokio::test]
async fn an_unread_message_fails_the_expectation_of_silence() {
    let (fake, client) = world();
    client.say(7, "one too many").await.result();
    let end = catch_unwind(AssertUnwindSafe(|| fake.expect_no_more_messages()));
    let words = end.unwrap_err().downcast_ref::<String>().unwrap().clone();
    assert!(words.contains("one too many"), "{words}");
    fake.next_message(7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_reader_is_woken_by_the_message() {
    let (fake, client) = world();
    let (looked, has_looked) = tokio::sync::oneshot::channel();
    let sends = tokio::spawn(async move {
        has_looked.await.unwrap();
        client.say(7, "wake up").await.result()
    });
    let mut looked = Some(looked);
    tokio::task::block_in_place(|| {
        fake.wait_for("the message", |state| {
            // The lock is held from this look until the reader waits: no message slips between.
            let _ = looked.take().map(|looked| looked.send(()));
            (!state.chats[&7].messages.is_empty()).then_some(())
        });
    });
    sends.await.unwrap();
    assert_eq!(fake.next_message(7).text, "wake up");
}

#[test]
fn the_token_is_found_in_any_text_and_not_shown() {
    let fake = FakeTelegram::start();
    fake.assert_token_absent("nothing here");
    let secret = fake.token().split_once(':').unwrap().1;
    let text = format!("first line\nsecond with {secret}");
    let end = catch_unwind(AssertUnwindSafe(|| fake.assert_token_absent(&text)));
    let words = end.unwrap_err().downcast_ref::<String>().unwrap().clone();
    assert_eq!(words, "the bot token is in the output, line 2");
}

#[tokio::test]
async fn teloxide_meets_the_fake_and_sends_a_message() {
    let fake = FakeTelegram::start();
    fake.add_user(7, "Li", "zh");
    fake.user_starts(7);
    let bot = teloxide_for(&fake);
    let me = bot.get_me().send().await.unwrap();
    assert_eq!(me.user.id.0, 123_456_789);
    let chat = teloxide::types::ChatId(7);
    let sent = bot.send_message(chat, "市场监管").send().await.unwrap();
    assert_eq!(sent.text(), Some("市场监管"));
    assert_eq!(fake.next_message(7).text, "市场监管");
    let lost = bot
        .send_message(teloxide::types::ChatId(8), "x")
        .send()
        .await;
    assert!(lost.unwrap_err().to_string().contains("chat not found"));
}
