//! No update is handled twice, whatever is killed when, and none is lost.

use std::collections::HashMap;

use super::{LI, ask, greeted, says, world};
use crate::fake_telegram::{Fault, Only};
use crate::world::today;

#[test]
fn a_kill_while_the_answer_is_under_way_gives_no_second_answer() {
    let world = world("");
    let daemon = world.start();
    let telegram = greeted(&world);
    telegram.fail_next(Fault::Hang, Only::method("sendMessage"), 1);
    telegram.user_says(LI, "/follow 演示");
    says(&telegram.next_message(LI), "✅ 已关注");
    daemon.kill9();
    let daemon = world.start();
    says(&ask(telegram, LI, "/following"), "已关注 1 项");
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
}

#[test]
fn kills_in_the_middle_of_many_commands_lose_none_and_answer_none_twice() {
    const COMMANDS: usize = 24;
    let world = world("");
    let tags: Vec<String> = (0..COMMANDS).map(|n| format!("标{n:02}号")).collect();
    world.post(
        "2026-11-20-tags.md",
        &today(
            "很多标签",
            "demo",
            &format!("[{}]", tags.join(", ")),
            "正文。",
        ),
    );
    let mut daemon = world.start();
    let telegram = greeted(&world);
    let before = telegram.messages(LI).len();
    for tag in &tags {
        telegram.user_says(LI, &format!("/follow tag:{tag}"));
    }
    for kill in 1..=5 {
        // Somewhere after so many answers: before, between or after a command's steps.
        telegram.wait_for("some answers", |state| {
            (state.chats[&LI].messages.len() >= before + kill * 4).then_some(())
        });
        daemon.kill9();
        daemon = world.start();
    }
    telegram.wait_until_updates_are_taken();
    let mut answers: HashMap<String, usize> = HashMap::new();
    for sent in telegram.messages(LI).into_iter().skip(before) {
        *answers.entry(sent.text).or_default() += 1;
    }
    assert!(answers.values().all(|count| *count == 1), "{answers:#?}");
    telegram.forgive_unread();
    // The answer to a command that was under way when the program died may be lost; its effect is not.
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    let sql = "select count(*) from subscriptions where kind = 'tag'";
    let follows: i64 = store.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(follows, COMMANDS as i64);
    assert!(answers.len() >= COMMANDS - 5, "{answers:#?}");
    assert!(daemon.terminate().success());
}

/// A program that dies at a named place in its second command is started again: the subscription is there, and
/// the person has `answers` answers to `/follow`.
fn dies_at(place: &str, answers: usize) {
    let world = world("");
    world.start().kill9();
    let telegram = world.telegram();
    telegram.add_user(LI, "李", "zh-hans");
    telegram.user_starts(LI);
    telegram.user_says(LI, "/follow 演示");
    let mut command = world.command(&["run"]);
    command.env("TAGWIRE_CRASH_AT", format!("{place}:2"));
    let ended = command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
    assert_eq!(ended.unwrap().code(), None, "it ends by a signal");
    let daemon = world.start();
    telegram.user_says(LI, "/following");
    telegram.wait_until_updates_are_taken();
    let said: Vec<String> = telegram
        .messages(LI)
        .into_iter()
        .map(|sent| sent.text)
        .collect();
    let followed = said
        .iter()
        .filter(|text| text.contains("你会收到") || text.contains("收到摘要"));
    assert_eq!(followed.count(), answers, "{place}: {said:#?}");
    assert!(
        said.last().unwrap().contains("已关注 1 项"),
        "{place}: {said:#?}"
    );
    telegram.forgive_unread();
    assert!(daemon.terminate().success());
}

#[test]
fn a_death_between_effect_answer_and_mark_repeats_no_answer_and_loses_no_effect() {
    dies_at("before-handled-mark", 1);
    dies_at("after-handled-mark", 0);
    dies_at("after-command", 1);
}
