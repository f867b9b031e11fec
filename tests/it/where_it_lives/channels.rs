//! Channels: managed from a private chat by those who lead them, and one chat under name and number.

use super::{ANN, CHANNEL, LI, ask, greeted, says, world};
use crate::world::today;

#[test]
fn a_channel_is_managed_from_the_private_chat_of_its_administrator() {
    let world = world("");
    let daemon = world.start();
    let telegram = greeted(&world);
    telegram.add_channel(CHANNEL, Some("market_news"), "快讯");
    telegram.set_member(CHANNEL, LI, "creator");
    telegram.set_bot_status(CHANNEL, LI, "administrator");
    let hello = telegram.next_message(LI);
    says(&hello, "频道「快讯」的管理员");
    telegram.user_presses(LI, &hello, "管理这个频道");
    let managing = telegram.next_message(LI);
    says(&managing, "📣 频道：快讯");
    let followed = ask(telegram, LI, "/follow 演示");
    says(&followed, "📣 频道：快讯\n✅ 已关注");
    world.post(
        "2026-11-20-b.md",
        &today("给频道的", "demo", "演示", "正文。"),
    );
    says(&telegram.next_message(CHANNEL), "给频道的");
    telegram.user_presses(LI, &managing, "结束管理");
    says(&telegram.next_message(LI), "私聊");
    says(&ask(telegram, LI, "/following"), "还没有关注任何内容");
    // The old message is still about the channel, and pressing its button too.
    telegram.user_presses(LI, &followed, "取消关注");
    says(&telegram.next_edit(&followed), "📣 频道：快讯\n已取消关注");
    says(
        &ask(telegram, LI, "/channel https://t.me/market_news"),
        "还没有关注任何内容",
    );
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
}

#[test]
fn others_cannot_manage_it_nor_use_its_buttons() {
    let world = world("");
    let daemon = world.start();
    let telegram = greeted(&world);
    telegram.add_channel(CHANNEL, Some("market_news"), "快讯");
    telegram.set_member(CHANNEL, LI, "administrator");
    for (user, words) in [
        (ANN, "Only administrators of that channel"),
        (LI, "📣 频道"),
    ] {
        says(&ask(telegram, user, "/channel @market_news"), words);
    }
    says(
        &ask(telegram, ANN, "/channel @no_such_name"),
        "cannot see @no_such_name",
    );
    says(
        &ask(telegram, LI, "/channel @no_such_name"),
        "看不到 @no_such_name",
    );
    says(&ask(telegram, ANN, "/channel"), "To manage a channel");
    says(&ask(telegram, ANN, "/channel 8"), "cannot see 8");
    says(&ask(telegram, ANN, "/channel off"), "about this chat again");
    // Ann presses a button of Li's message, as a changed client can; the seal is right, she is not.
    let followed = ask(telegram, LI, "/follow 演示");
    let data = followed.button("取消关注")["callback_data"]
        .as_str()
        .unwrap()
        .to_owned();
    let hers = ask(telegram, ANN, "/follow demo");
    let query = telegram.user_sends_data(ANN, &hers, &data);
    let answer = telegram.answer_to(&query);
    assert!(
        answer["text"]
            .as_str()
            .unwrap()
            .contains("Only administrators"),
        "{answer}"
    );
    assert!(daemon.terminate().success());
}

#[test]
fn lost_rights_stop_the_channel_and_are_said_and_returned_rights_go_on() {
    let world = world("");
    let daemon = world.start();
    let telegram = greeted(&world);
    telegram.add_channel(CHANNEL, Some("market_news"), "快讯");
    telegram.set_member(CHANNEL, ANN, "creator");
    ask(telegram, ANN, "/channel @market_news");
    ask(telegram, ANN, "/follow 演示");
    telegram.set_bot_status(CHANNEL, ANN, "member");
    says(&telegram.next_message(ANN), "may no longer post");
    // Members of a channel cannot be seen by a bot that does not lead it.
    says(&ask(telegram, ANN, "/channel @market_news"), "cannot see");
    telegram.set_bot_status(CHANNEL, ANN, "administrator");
    says(&telegram.next_message(ANN), "administrator of the channel");
    world.post(
        "2026-11-20-b.md",
        &today("给频道的", "demo", "演示", "正文。"),
    );
    says(&telegram.next_message(CHANNEL), "给频道的");
    assert!(daemon.terminate().success());
}

#[test]
fn name_and_number_of_a_channel_are_one_chat() {
    let config = format!(
        "telegram: {{channels: [{{chat: '@Market_News', follow: ['topic:market']}}, {{chat: {CHANNEL}, follow: ['tag:演示']}}]}}\n"
    );
    let world = world(&config);
    let telegram = world.telegram();
    telegram.add_channel(CHANNEL, Some("market_news"), "快讯");
    telegram.set_member(CHANNEL, LI, "creator");
    let daemon = world.start();
    let telegram = greeted(&world);
    let managing = ask(telegram, LI, "/channel @market_news");
    says(&managing, "已关注 2 项");
    says(&ask(telegram, LI, "/follow demo"), "✅ 已关注");
    world.post(
        "2026-11-20-b.md",
        &today("市场监管通报", "demo", "演示", "正文。"),
    );
    says(&telegram.next_message(CHANNEL), "市场监管通报");
    ask(telegram, LI, "/help");
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
    // After a restart too, while Telegram does not tell names.
    let daemon = world.start();
    world.post(
        "2026-11-20-c.md",
        &today("市场监管再通报", "demo", "演示", "正文。"),
    );
    says(&telegram.next_message(CHANNEL), "再通报");
    ask(telegram, LI, "/help");
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
}

#[test]
fn what_is_posted_in_a_channel_is_no_command() {
    let world = world("");
    let daemon = world.start();
    let telegram = greeted(&world);
    telegram.add_channel(CHANNEL, Some("market_news"), "快讯");
    telegram.push_update(
        serde_json::json!({"channel_post": {"message_id": 5, "date": 1,
        "chat": {"id": CHANNEL, "type": "channel", "title": "快讯"}, "text": "/follow 演示"}}),
    );
    ask(telegram, LI, "/help");
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
}

#[test]
fn while_a_chat_speaks_for_a_channel_people_ask_for_their_own_data_and_who_lost_it_sees_it_no_more()
{
    let world = world("");
    let daemon = world.start();
    let telegram = greeted(&world);
    telegram.add_channel(CHANNEL, Some("market_news"), "快讯");
    telegram.set_member(CHANNEL, LI, "creator");
    ask(telegram, LI, "/channel @market_news");
    says(&ask(telegram, LI, "/follow 演示"), "📣 频道：快讯");
    let list = ask(telegram, LI, "/following");
    says(&list, "📣 频道：快讯");
    let export = |words: &str| {
        let text = ask(telegram, LI, words).text;
        let json = &text[text.find('{').expect(words)..];
        let all: serde_json::Value = serde_json::from_str(json).expect(words);
        all["chat"].as_str().expect(words).to_owned()
    };
    assert_eq!(export("/export"), LI.to_string());
    assert_eq!(export("/export 频道"), CHANNEL.to_string());
    assert!(!ask(telegram, LI, "/forget").text.contains("快讯"));
    says(&ask(telegram, LI, "/forget 频道"), "📣 频道：快讯");
    telegram.set_member(CHANNEL, LI, "member");
    // What is known of members is forgotten after a minute, or with a restart.
    assert!(daemon.terminate().success());
    let daemon = world.start();
    let query = telegram.user_presses(LI, &list, "🔔");
    let answer = telegram.answer_to(&query)["text"].to_string();
    assert!(answer.contains("管理员"), "{answer}");
    let told = ask(telegram, LI, "/following");
    says(&told, "只有该频道中可以发布消息的管理员才能管理它");
    says(&told, "命令重新针对我们的私聊");
    let own = ask(telegram, LI, "/following");
    assert!(!own.text.contains("频道"), "{}", own.text);
    assert!(daemon.terminate().success());
}
