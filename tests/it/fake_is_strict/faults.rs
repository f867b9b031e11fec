//! Planned faults: each one strikes as it says, as often as it says, and where it says.

use std::error::Error;
use std::io;
use std::time::Duration;

use serde_json::{Value, json};
use teloxide::prelude::{Request, Requester};
use teloxide::types::{ChatId, Seconds};
use teloxide::{ApiError, RequestError};

use super::{Client, teloxide_for, world};
use crate::fake_telegram::{Entry, FakeTelegram, Fault, Only};

fn fail(fake: &FakeTelegram, fault: Fault) {
    fake.fail_next(fault, Only::method("sendMessage"), 1);
}

/// The fault is over: the next message goes through, as the only one.
async fn recovers(fake: &FakeTelegram, client: &Client) {
    client.say(7, "after").await.result();
    assert_eq!(fake.next_message(7).text, "after");
    fake.expect_no_more_messages();
    assert!(fake.violations().is_empty());
}

fn params(text: &str) -> Value {
    json!({ "chat_id": 7, "text": text })
}

fn is_reset(error: &reqwest::Error) -> bool {
    let mut next = error.source();
    while let Some(cause) = next {
        let io = cause.downcast_ref::<io::Error>();
        if io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionReset) {
            return true;
        }
        next = cause.source();
    }
    false
}

#[tokio::test]
async fn too_many_requests_come_with_and_without_parameters() {
    let (fake, client) = world();
    for parameters in [true, false] {
        let retry_after = 10_072;
        fail(
            &fake,
            Fault::TooManyRequests {
                retry_after,
                parameters,
            },
        );
        let body = client.say(7, "x").await;
        let body = body.refusal(429, "Too Many Requests: retry after 10072");
        assert_eq!(body.get("parameters").is_some(), parameters);
        if parameters {
            assert_eq!(body["parameters"], json!({ "retry_after": 10_072 }));
        }
    }
    let fault = Fault::TooManyRequests {
        retry_after: 35,
        parameters: true,
    };
    fail(&fake, fault);
    let refused = teloxide_for(&fake)
        .send_message(ChatId(7), "x")
        .send()
        .await;
    let wait = Seconds::from_seconds(35);
    assert!(matches!(refused, Err(RequestError::RetryAfter(seconds)) if seconds == wait));
    recovers(&fake, &client).await;
}

#[tokio::test]
async fn refusals_come_in_the_words_of_the_test() {
    let (fake, client) = world();
    for (fault, code, words) in [
        (
            Fault::Forbidden("user is deactivated".into()),
            403,
            "Forbidden: user is deactivated",
        ),
        (
            Fault::BadRequest("PEER_ID_INVALID".into()),
            400,
            "Bad Request: PEER_ID_INVALID",
        ),
        (
            Fault::Refused {
                code: 401,
                description: "Unauthorized".into(),
            },
            401,
            "Unauthorized",
        ),
    ] {
        fail(&fake, fault);
        let body = client.say(7, "x").await.refusal(code, words);
        assert_eq!(body.get("parameters"), None);
        assert_eq!(fake.journal().last().unwrap().answer, Some(body));
    }
    fail(
        &fake,
        Fault::Forbidden("bot was blocked by the user".into()),
    );
    let refused = teloxide_for(&fake)
        .send_message(ChatId(7), "x")
        .send()
        .await;
    assert!(matches!(
        refused,
        Err(RequestError::Api(ApiError::BotBlocked))
    ));
    recovers(&fake, &client).await;
}

#[tokio::test]
async fn a_server_error_is_an_html_page_or_json() {
    let (fake, client) = world();
    let page = "<html><h1>502 Bad Gateway</h1></html>";
    fail(
        &fake,
        Fault::ServerError {
            code: 502,
            html: Some(page.into()),
        },
    );
    let answer = client.say(7, "x").await;
    assert_eq!(
        (answer.code, answer.kind.as_str(), answer.text.as_str()),
        (502, "text/html", page)
    );
    assert_eq!(fake.journal().last().unwrap().answer, Some(json!(page)));
    for (code, words) in [
        (500, "Internal Server Error"),
        (502, "Bad Gateway"),
        (504, "Gateway Timeout"),
    ] {
        fail(&fake, Fault::ServerError { code, html: None });
        let answer = client.say(7, "x").await;
        answer.refusal(code, words);
        assert_eq!(answer.kind, "application/json");
    }
    recovers(&fake, &client).await;
}

#[tokio::test]
async fn a_hanging_request_is_accepted_and_never_answered() {
    let (fake, client) = world();
    fail(&fake, Fault::Hang);
    let impatient = client.http.post(format!("{}/sendMessage", client.base));
    let impatient = impatient
        .header("content-type", "application/json")
        .body(params("x").to_string());
    let error = impatient
        .timeout(Duration::from_secs(3))
        .send()
        .await
        .unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!(fake.next_message(7).text, "x");
    assert_eq!(fake.journal().last().unwrap().answer, None);
    recovers(&fake, &client).await;
}

#[tokio::test]
async fn a_connection_cut_before_acceptance_leaves_no_message() {
    let (fake, client) = world();
    fail(&fake, Fault::CutBeforeAccept);
    let error = client
        .try_call("sendMessage", &params("x"))
        .await
        .err()
        .unwrap();
    assert!(is_reset(&error), "{error:?}");
    assert!(fake.messages(7).is_empty());
    let last = fake.journal().pop().unwrap();
    assert_eq!(
        (last.answer, last.fault.as_deref()),
        (None, Some("CutBeforeAccept"))
    );
    recovers(&fake, &client).await;
}

#[tokio::test]
async fn a_connection_cut_after_acceptance_leaves_the_message() {
    let (fake, client) = world();
    fail(&fake, Fault::CutAfterAccept);
    let error = client
        .try_call("sendMessage", &params("x"))
        .await
        .err()
        .unwrap();
    assert!(is_reset(&error), "{error:?}");
    assert_eq!(fake.next_message(7).text, "x");
    assert_eq!(fake.journal().last().unwrap().answer, None);
    recovers(&fake, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_ends_one_connection_and_no_other() {
    let (fake, client) = world();
    fail(&fake, Fault::CutAfterAccept);
    let poller = Client::new(&fake);
    let waiting = tokio::spawn(async move {
        poller
            .call("getUpdates", json!({ "timeout": 50, "offset": 2 }))
            .await
            .result()
    });
    let polls = |entry: &Entry| entry.method == "getUpdates";
    tokio::task::block_in_place(|| fake.wait_for_request("a poll", polls));
    client
        .try_call("sendMessage", &params("x"))
        .await
        .err()
        .unwrap();
    fake.user_says(7, "still there?");
    let updates = waiting.await.unwrap();
    assert_eq!(updates[0]["message"]["text"], "still there?");
    fake.next_message(7);
}

#[tokio::test]
async fn teloxide_takes_a_cut_connection_for_a_network_error() {
    let (fake, client) = world();
    for fault in [Fault::CutBeforeAccept, Fault::CutAfterAccept] {
        fail(&fake, fault);
        let cut = teloxide_for(&fake)
            .send_message(ChatId(7), "x")
            .send()
            .await;
        assert!(matches!(cut, Err(RequestError::Network(_))), "{cut:?}");
    }
    assert_eq!(fake.next_message(7).text, "x");
    recovers(&fake, &client).await;
}

#[tokio::test]
async fn a_migration_tells_the_new_id_and_the_old_one_is_dead() {
    let (fake, client) = world();
    fake.add_group(-5, "Reading circle");
    let words = "Bad Request: group chat was upgraded to a supergroup chat";
    fake.fail_next(Fault::Migrate(-1_000_000_000_005), Only::chat(-5), 1);
    let to = json!({ "migrate_to_chat_id": -1_000_000_000_005_i64 });
    for _ in 0..2 {
        let body = client.say(-5, "x").await.refusal(400, words);
        assert_eq!(body["parameters"], to);
    }
    let refused = teloxide_for(&fake)
        .send_message(ChatId(-5), "x")
        .send()
        .await;
    let Err(RequestError::MigrateToChatId(new)) = refused else {
        panic!("{refused:?}");
    };
    client.say(new.0, "moved").await.result();
    assert_eq!(fake.next_message(new.0).text, "moved");
    assert!(fake.messages(-5).is_empty());
    let chat = client
        .call("getChat", json!({ "chat_id": new.0 }))
        .await
        .result();
    assert_eq!(
        (&chat["type"], &chat["title"]),
        (&json!("supergroup"), &json!("Reading circle"))
    );
}

#[tokio::test]
async fn strange_answers_follow_accepted_messages() {
    let (fake, client) = world();
    fail(&fake, Fault::UnknownEntityInReply);
    let result = client.say(7, "x").await.result();
    assert_eq!(result["entities"][0]["type"], "from_the_future");
    assert_eq!(result["from_the_future"], json!({ "level": [1, "two"] }));
    assert!(fake.next_message(7).entities.is_empty());

    fail(&fake, Fault::OkWithoutResult);
    let answer = client.say(7, "x").await;
    assert_eq!((answer.code, &*answer.text), (200, "{\"ok\":true}"));
    assert_eq!(fake.next_message(7).text, "x");

    fail(&fake, Fault::BrokenJson);
    let answer = client.say(7, "市场").await;
    assert_eq!(answer.code, 200);
    assert!(answer.text.starts_with('{'), "{}", answer.text);
    assert!(serde_json::from_str::<Value>(&answer.text).is_err());
    assert_eq!(fake.next_message(7).text, "市场");
    recovers(&fake, &client).await;
}

#[tokio::test]
async fn teloxide_cannot_make_sense_of_strange_answers() {
    let (fake, client) = world();
    let bot = teloxide_for(&fake);
    for fault in [Fault::OkWithoutResult, Fault::BrokenJson] {
        fail(&fake, fault);
        let sent = bot.send_message(ChatId(7), "x").send().await;
        assert!(
            matches!(sent, Err(RequestError::InvalidJson { .. })),
            "{sent:?}"
        );
        assert_eq!(fake.next_message(7).text, "x");
    }
    // teloxide 0.17 takes a message with an unknown entity for one without content.
    fail(&fake, Fault::UnknownEntityInReply);
    let sent = bot.send_message(ChatId(7), "x").send().await.unwrap();
    assert_eq!(sent.text(), None);
    assert_eq!(fake.next_message(7).text, "x");
    recovers(&fake, &client).await;
}

#[tokio::test]
async fn a_fault_strikes_only_where_and_as_often_as_it_is_meant_to() {
    let (fake, client) = world();
    fake.add_group(-5, "Reading circle");
    let fault = || Fault::BadRequest("planned".into());
    let only = Only::chat(-5).and_method("sendmessage");
    fake.fail_next(fault(), only, 2);
    client.say(7, "elsewhere").await.result();
    client
        .call("getChat", json!({ "chat_id": -5 }))
        .await
        .result();
    for _ in 0..2 {
        client
            .say(-5, "here")
            .await
            .refusal(400, "Bad Request: planned");
    }
    client.say(-5, "here").await.result();
    assert_eq!(
        (fake.next_message(7).text, fake.next_message(-5).text),
        ("elsewhere".into(), "here".into())
    );

    fake.fail_next(fault(), Only::chat(99), 1);
    client
        .say(99, "nobody")
        .await
        .refusal(400, "Bad Request: planned");
    client
        .say(99, "nobody")
        .await
        .refusal(400, "Bad Request: chat not found");

    fake.fail_next(fault(), Only::any(), 1);
    fake.fail_next(Fault::Forbidden("second".into()), Only::any(), 1);
    client
        .call("getMe", json!({}))
        .await
        .refusal(400, "Bad Request: planned");
    client
        .call("getMe", json!({}))
        .await
        .refusal(403, "Forbidden: second");
    client.call("getMe", json!({})).await.result();
}

#[tokio::test]
async fn a_refused_request_stays_refused_under_a_fault_that_would_accept() {
    let (fake, client) = world();
    fail(&fake, Fault::CutAfterAccept);
    client
        .say(99, "x")
        .await
        .refusal(400, "Bad Request: chat not found");
    recovers(&fake, &client).await;
}
