//! Groups: greeted once, managed by their administrators, remembered while the bot is away.

use serde_json::json;

use super::{ANN, GROUP, LI, ask, greeted, says, world};
use crate::world::today;

const GROUP_2: i64 = -1_003_333_333_333;
const ANONYMOUS: i64 = 1_087_968_824;

#[test]
fn a_group_is_greeted_once_in_the_language_of_whoever_added_the_bot() {
    let world = world("");
    let daemon = world.start();
    let telegram = greeted(&world);
    for (group, user, words) in [(GROUP, LI, "大家好"), (GROUP_2, ANN, "Hello!")] {
        telegram.add_supergroup(group, "群");
        telegram.set_member(group, user, "creator");
        telegram.set_bot_status(group, user, "member");
        says(&telegram.next_message(group), words);
        // Made administrator, and taken back: nothing to say.
        telegram.set_bot_status(group, user, "administrator");
        telegram.set_bot_status(group, user, "member");
    }
    telegram.user_says_in(GROUP, LI, "/follow@tagwire_test_bot 演示");
    says(&telegram.next_message(GROUP), "已关注");
    ask(telegram, ANN, "/follow 演示");
    telegram.set_bot_status(GROUP, LI, "kicked");
    telegram.wait_until_updates_are_taken();
    world.post(
        "2026-11-20-b.md",
        &today("错过的", "demo", "演示", "正文。"),
    );
    // Who else follows has it: it is planned, and the group was away.
    says(&telegram.next_message(ANN), "错过的");
    telegram.set_bot_status(GROUP, LI, "member");
    says(&telegram.next_message(GROUP), "继续推送已关注的 1 项");
    world.post(
        "2026-11-20-c.md",
        &today("新来的", "demo", "演示", "正文。"),
    );
    says(&telegram.next_message(GROUP), "新来的");
    says(&telegram.next_message(ANN), "新来的");
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
}

#[test]
fn a_person_who_blocked_and_comes_back_is_welcomed_in_both_languages() {
    let world = world("");
    let daemon = world.start();
    let telegram = greeted(&world);
    for (user, words) in [(LI, "我回来了"), (ANN, "Back again")] {
        ask(telegram, user, "/follow 演示");
        telegram.user_blocks(user);
        telegram.user_unblocks(user);
        says(&telegram.next_message(user), words);
    }
    assert!(daemon.terminate().success());
}

#[test]
fn whoever_mutes_the_bot_is_told_and_settings_are_kept() {
    let world = world("");
    let daemon = world.start();
    let telegram = greeted(&world);
    for (group, user, words) in [
        (GROUP, LI, "没有发消息的权限"),
        (GROUP_2, ANN, "may no longer post"),
    ] {
        telegram.add_supergroup(group, "群");
        telegram.set_member(group, user, "creator");
        telegram.user_says_in(group, user, "/follow 演示");
        telegram.next_message(group);
        telegram.set_bot_status(group, user, "restricted");
        says(&telegram.next_message(user), words);
        telegram.set_bot_status(group, user, "member");
        telegram.next_message(group);
    }
    assert!(daemon.terminate().success());
}

#[test]
fn anonymous_administrators_may_and_those_who_write_as_another_chat_may_not() {
    let world = world("");
    let daemon = world.start();
    let telegram = greeted(&world);
    telegram.add_supergroup(GROUP, "群");
    let written_as = |sender_chat: i64, text: &str| {
        telegram.push_update(json!({"message": {"message_id": 5000, "date": 1,
            "chat": {"id": GROUP, "type": "supergroup", "title": "群"},
            "from": {"id": ANONYMOUS, "is_bot": true, "first_name": "Group", "username": "GroupAnonymousBot"},
            "sender_chat": {"id": sender_chat, "type": "supergroup", "title": "群"}, "text": text}}));
    };
    written_as(GROUP, "/follow@tagwire_test_bot 演示");
    let followed = telegram.next_message(GROUP);
    says(&followed, "已关注");
    written_as(GROUP_2, "/unfollow@tagwire_test_bot 演示");
    says(&telegram.next_message(GROUP), "只有本群管理员");
    // A button is pressed by a person, who is no administrator here.
    let query = telegram.user_presses(LI, &followed, "取消关注");
    let answer = telegram.answer_to(&query);
    assert!(
        answer["text"].as_str().unwrap().contains("只有本群管理员"),
        "{answer}"
    );
    assert!(daemon.terminate().success());
}

#[test]
fn a_group_that_becomes_a_supergroup_keeps_what_it_follows() {
    let world = world("");
    let daemon = world.start();
    let telegram = greeted(&world);
    telegram.add_group(-55, "小群");
    telegram.set_member(-55, ANN, "creator");
    telegram.user_says_in(-55, ANN, "/follow 演示");
    says(&telegram.next_message(-55), "Following");
    telegram.migrate_group(-55, GROUP);
    telegram.user_says_in(GROUP, ANN, "/following");
    says(&telegram.next_message(GROUP), "1 followed");
    world.post(
        "2026-11-20-b.md",
        &today("新来的", "demo", "演示", "正文。"),
    );
    says(&telegram.next_message(GROUP), "新来的");
    assert!(daemon.terminate().success());
}

#[test]
fn a_chat_follows_no_more_than_it_may() {
    let world = world("telegram: {most_follows: 1}\n");
    let daemon = world.start();
    let telegram = greeted(&world);
    for (user, words) in [(LI, "最多关注 1 项"), (ANN, "1 is the most")] {
        ask(telegram, user, "/follow tag:演示");
        says(&ask(telegram, user, "/follow category:demo"), words);
        says(&ask(telegram, user, "/following"), "1");
    }
    assert!(daemon.terminate().success());
}

#[test]
fn captions_are_commands_and_edits_and_forgotten_words_are_not() {
    let world = world("");
    let daemon = world.start();
    let telegram = greeted(&world);
    let chat = json!({"id": LI, "type": "private", "first_name": "李"});
    let from = json!({"id": LI, "is_bot": false, "first_name": "李", "language_code": "zh-hans"});
    telegram.push_update(
        json!({"message": {"message_id": 5001, "date": 1, "chat": chat, "from": from,
        "photo": [{"file_id": "x"}], "caption": "/follow 演示"}}),
    );
    says(&telegram.next_message(LI), "已关注");
    telegram.push_update(
        json!({"edited_message": {"message_id": 5001, "date": 1, "edit_date": 2,
        "chat": chat, "from": from, "text": "/unfollow 演示"}}),
    );
    telegram.push_update(
        json!({"message": {"message_id": 5002, "date": 1, "chat": chat, "from": from,
        "via_bot": {"id": 1, "is_bot": true, "first_name": "x"}, "text": "分类 · demo"}}),
    );
    says(
        &ask(telegram, LI, &format!("/follow {}", "长".repeat(4000))),
        "没有找到",
    );
    says(&ask(telegram, LI, "/following"), "已关注 1 项");
    assert!(daemon.terminate().success());
}
