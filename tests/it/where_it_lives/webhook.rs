//! The webhook: for whoever has the secret, each update once, and given back when polling is wished.

use serde_json::Value;

use super::{ANN, LI, ask, greeted, says, world};
use crate::fake_telegram::{FakeTelegram, Fault, Only};
use crate::world::Daemon;

const WEBHOOK: &str = "telegram: {webhook: {url: 'https://bot.example.org/telegram/in'}}\n";
const PATH: &str = "/telegram/in";
const HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";

/// Posts all waiting updates as Telegram does, one after the other.
fn deliver(telegram: &FakeTelegram, daemon: &Daemon, secret: &str) {
    for update in telegram.take_updates() {
        let answer = daemon.post(PATH, &[(HEADER, secret)], update.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{update}");
    }
}

fn secret(telegram: &FakeTelegram) -> String {
    let set = telegram.wait_for_request("setWebhook", |entry| entry.method == "setWebhook");
    assert_eq!(set.params["max_connections"], 1);
    assert_eq!(set.params["url"], "https://bot.example.org/telegram/in");
    set.params["secret_token"].as_str().unwrap().to_owned()
}

#[test]
fn updates_that_are_posted_are_answered_once_and_only_with_the_secret() {
    let world = world(WEBHOOK);
    let daemon = world.start();
    let telegram = world.telegram();
    let secret = secret(telegram);
    assert!(secret.len() >= 32, "{secret}");
    telegram.add_user(LI, "李", "zh-hans");
    telegram.user_starts(LI);
    deliver(telegram, &daemon, &secret);
    says(&telegram.next_message(LI), "欢迎");
    telegram.user_says(LI, "/help");
    let update = telegram.take_updates().remove(0);
    let body = update.to_string();
    let post = |headers: &[(&str, &str)], body: &[u8]| daemon.post(PATH, headers, body).status;
    let wrong = format!("{}x", &secret[1..]);
    for headers in [&[][..], &[(HEADER, "")], &[(HEADER, wrong.as_str())]] {
        assert_eq!(post(headers, body.as_bytes()), 401, "{headers:?}");
    }
    let with_secret = [(HEADER, secret.as_str())];
    // Telegram brings an update again when our answer is lost.
    for _ in 0..3 {
        assert_eq!(post(&with_secret, body.as_bytes()), 200);
    }
    says(&telegram.next_message(LI), "使用说明");
    assert_eq!(post(&with_secret, b"no JSON"), 200);
    assert_eq!(post(&with_secret, &vec![b' '; 2 << 20]), 413);
    assert_eq!(daemon.get(PATH).status, 404);
    assert_eq!(daemon.post("/feed.xml", &with_secret, b"").status, 405);
    telegram.user_says(LI, "/following");
    deliver(telegram, &daemon, &secret);
    says(&telegram.next_message(LI), "还没有关注");
    assert!(telegram.requests("getUpdates").is_empty());
    assert!(!daemon.output().contains(&secret));
    assert!(daemon.terminate().success());
}

#[test]
fn the_secret_may_be_ones_own_and_polling_takes_the_webhook_back() {
    let own = "my-own_secret-0123456789";
    let world = world(WEBHOOK).with_env("TAGWIRE_TELEGRAM_WEBHOOK_SECRET", own);
    let daemon = world.start();
    assert_eq!(secret(world.telegram()), own);
    assert!(daemon.terminate().success());
    let world = world.config("");
    let daemon = world.start();
    let telegram = greeted(&world);
    assert_eq!(telegram.requests("deleteWebhook").len(), 1);
    assert_eq!(
        telegram.requests("deleteWebhook")[0].params["drop_pending_updates"],
        Value::Null
    );
    says(&ask(telegram, LI, "/help"), "使用说明");
    assert!(daemon.terminate().success());
}

#[test]
fn a_webhook_that_cannot_work_is_said_at_once() {
    for (config, words) in [
        (
            "webhook: {url: 'http://bot.example.org/x'}",
            "https://bot.example.org/telegram",
        ),
        (
            "webhook: {url: 'https://bot.example.org:8080/x'}",
            "https://bot.example.org/telegram",
        ),
        (
            "webhook: {url: 'https://bot.example.org'}",
            "telegram.webhook.path",
        ),
    ] {
        let world = world(&format!("telegram: {{{config}}}\n"));
        let said = world.run_err(&["run"], 2);
        assert!(said.contains(words), "{said}");
    }
    let world = world(WEBHOOK).with_env("TAGWIRE_TELEGRAM_WEBHOOK_SECRET", "short");
    assert!(world.run_err(&["run"], 2).contains("16 to 256"));
}

#[test]
fn another_poller_or_webhook_is_told_with_what_to_do() {
    let world = world("");
    let telegram = world.telegram();
    for (description, words) in [
        (
            "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
            "another program polls",
        ),
        (
            "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            "has set a webhook",
        ),
    ] {
        let fault = Fault::Refused {
            code: 409,
            description: description.to_owned(),
        };
        telegram.fail_next(fault, Only::method("getUpdates"), 1);
        let daemon = world.start();
        daemon.wait_for_output(words);
        // It goes on by itself.
        telegram.add_user(ANN, "Ann", "en");
        says(&ask(telegram, ANN, "/start"), "Welcome");
        assert!(daemon.terminate().success());
    }
}
