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
