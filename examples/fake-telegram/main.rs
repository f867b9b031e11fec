//! `cargo run --example fake-telegram`: the strict Bot API of our stories, for clients of others.
//! In: lines on standard input, each an act: `say USER TEXT`, `press USER TEXT`, `inline USER TEXT`, `fail KIND`,
//! `block USER`, `messages CHAT`, `end`. Out: the address and the token, then a line of JSON for each act.
//! At the end it says what was asked against the rules of the Bot API; then its exit code is 1.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "the fake belongs to the stories, which use all of it"
)]
#[path = "../../tests/it/fake_telegram/mod.rs"]
mod fake_telegram;

use std::io::{BufRead, Write};
use std::process::ExitCode;

use fake_telegram::{FakeTelegram, Fault, Only};
use serde_json::{Value, json};

/// Whoever drives the fake writes as this person.
const PERSON: i64 = 42;
const GROUP: i64 = -1_001_111_111_111;

fn main() -> ExitCode {
    let fake = FakeTelegram::start();
    fake.forgive_unread();
    fake.add_user(PERSON, "Li", "zh-hans");
    fake.add_supergroup(GROUP, "Group");
    fake.set_member(GROUP, PERSON, "creator");
    tell(&json!({"url": fake.url(), "token": fake.token(), "person": PERSON, "group": GROUP}));
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        if line == "end" {
            break;
        }
        tell(&act(&fake, &line));
    }
    let violations = fake.take_violations();
    tell(&json!({ "violations": violations }));
    match violations.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn act(fake: &FakeTelegram, line: &str) -> Value {
    let (what, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (who, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let number = || who.parse::<i64>().expect("the number of a user or chat");
    match what {
        "say" => json!(fake.user_says(number(), text)),
        "press" => {
            let messages = fake.messages(number());
            let message = messages.last().expect("a message with the button");
            json!(fake.user_presses(number(), message, text))
        }
        "inline" => fake.user_asks_inline(number(), text, ""),
        "block" => {
            fake.user_blocks(number());
            json!(true)
        }
        "fail" => {
            fake.fail_next(fault(who), Only::method("sendMessage"), 1);
            json!(true)
        }
        "messages" => {
            let messages = fake.messages(number());
            let shown = messages.iter().map(|sent| {
                json!({"text": sent.text, "entities": sent.entities, "edits": sent.edits.len(), "thread": sent.thread})
            });
            shown.collect()
        }
        other => panic!("no act {other}"),
    }
}

fn fault(kind: &str) -> Fault {
    match kind {
        "429" => Fault::TooManyRequests {
            retry_after: 3,
            parameters: true,
        },
        "403" => Fault::Forbidden("bot was blocked by the user".to_owned()),
        "400" => Fault::BadRequest("chat not found".to_owned()),
        "migrate" => Fault::Migrate(-1_009_999_999_999),
        "500" => Fault::ServerError {
            code: 500,
            html: None,
        },
        other => panic!("no fault {other}"),
    }
}

fn tell(value: &Value) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")
        .and_then(|()| out.flush())
        .expect("somebody who listens");
}
