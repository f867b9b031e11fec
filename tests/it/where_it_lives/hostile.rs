//! Those who mean it harm: forged buttons, floods, weird and huge updates. Nobody else notices.

use serde_json::json;

use super::{ANN, GROUP, LI, ask, greeted, says, world};

#[test]
fn forged_buttons_do_nothing_in_both_languages() {
    let world = world(&format!("telegram: {{admins: [{ANN}]}}\n"));
    let daemon = world.start();
    let telegram = greeted(&world);
    let followed = ask(telegram, LI, "/follow 演示");
    let data = followed.button("取消关注")["callback_data"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(data.len() <= 64 && data.contains('~'), "{data}");
    let (plain, seal) = data.rsplit_once('~').unwrap();
    let other = format!("f:0123456789abcdef~{seal}");
    let about_a_group = format!("{plain}@{GROUP}~{seal}");
    let hers = ask(telegram, ANN, "/follow 演示");
    for (user, under, words) in [(LI, &followed, "已失效"), (ANN, &hers, "no longer works")] {
        for forged in [
            plain,
            &other,
            &about_a_group,
            "",
            "~",
            "h:announce",
            "h:announce~AAAAAAAA",
            "u:\u{0}~~~~~~~~~",
            "\u{202e}u:site~AAAAAAAA",
            &"x".repeat(64),
        ] {
            let query = telegram.user_sends_data(user, under, forged);
            let answer = telegram.answer_to(&query);
            assert!(
                answer["text"].as_str().unwrap().contains(words),
                "{forged:?}: {answer}"
            );
        }
    }
    says(&ask(telegram, LI, "/following"), "已关注 1 项");
    says(&ask(telegram, ANN, "/stats"), "forged 20");
    assert!(daemon.terminate().success());
}

#[test]
fn a_flood_is_told_once_and_touches_nobody_else() {
    let world = world("telegram: {commands_per_minute: 6}\n");
    let daemon = world.start();
    let telegram = greeted(&world);
    let group_talk = |text: &str| telegram.user_says_in(GROUP, LI, text);
    telegram.add_supergroup(GROUP, "群");
    let flood = 60;
    for _ in 0..flood {
        telegram.user_says(LI, "/help");
    }
    // Talk in a group costs nothing.
    for _ in 0..10 {
        group_talk("大家好");
    }
    says(&ask(telegram, ANN, "/help"), "How to use");
    telegram.wait_until_updates_are_taken();
    let told: Vec<String> = telegram
        .messages(LI)
        .into_iter()
        .map(|sent| sent.text)
        .collect();
    let slowed = told.iter().filter(|text| text.contains("太频繁")).count();
    assert_eq!(slowed, 1, "{told:#?}");
    // Six at once, /start among them, and what a slow machine's seconds bring.
    assert!(told.len() < flood / 4, "{}", told.len());
    telegram.forgive_unread();
    assert!(daemon.terminate().success());
}

#[test]
fn weird_and_huge_updates_cost_nobody_a_command() {
    let world = world("");
    let daemon = world.start();
    let telegram = greeted(&world);
    let chat = json!({"id": LI, "type": "private", "first_name": "李"});
    let from = json!({"id": LI, "is_bot": false, "first_name": "李"});
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    for update in [
        json!({}),
        json!({"message": null}),
        json!({"message": [1, 2]}),
        json!({"message": {"chat": {"id": "text"}, "text": 7}}),
        json!({"message": {"chat": {"id": i64::MAX}, "text": "大"}}),
        json!({"message": {"chat": {"id": i64::MIN, "type": "channel"}, "migrate_to_chat_id": i64::MIN}}),
        json!({"message": {"chat": chat, "from": {"id": i64::MIN}, "text": "\u{0}\u{feff}"}}),
        json!({"message": {"chat": chat, "from": from, "entities": deep, "new_chat_members": "x".repeat(200_000)}}),
        json!({"callback_query": {"id": 7, "from": from}}),
        json!({"callback_query": {"id": "7", "from": from, "data": "f:x", "message": {"chat": {"id": 0}}}}),
        json!({"my_chat_member": {"chat": chat}}),
        json!({"my_chat_member": {"chat": {"id": -9, "type": "group"}, "new_chat_member": {"status": "hologram"}}}),
        json!({"inline_query": {"id": "1", "from": from, "query": "x".repeat(10_000), "offset": "-1"}}),
        json!({"purchased_paid_media": {}, "message_of_the_future": {"text": "/help"}}),
    ] {
        telegram.push_update(update);
    }
    says(&ask(telegram, ANN, "/help"), "How to use");
    telegram.forgive_unread();
    let output = daemon.output();
    assert!(
        !output.contains("panicked") && !output.contains("a fault in tagwire"),
        "{output}"
    );
    assert!(daemon.terminate().success());
}
