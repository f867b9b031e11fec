//! Settings by commands and buttons, and what is kept about a chat: shown, exported, deleted.

use crate::fake_telegram::FakeTelegram;
use crate::talk::{ANN, LI, LI_AND_ANN, ask, meet, says};
use crate::world::{World, today};

const GROUP: i64 = -1_001_111_111_111;

fn world() -> World {
    let world = World::new()
        .with_telegram()
        .config("telegram: {commands_per_minute: 300}\n");
    world.post("2026-11-20-a.md", &today("要闻", "demo", "演示", "正文。"));
    world
}

fn people(world: &World) -> &FakeTelegram {
    let telegram = world.telegram();
    meet(telegram, LI_AND_ANN);
    telegram
}

/// What is said, by whom, and what the answer holds.
const COMMANDS: &[(i64, &str, &str)] = &[
    (LI, "/settings", "推送：即时"),
    (ANN, "/settings", "Delivery: each post at once"),
    (LI, "/digest", "推送：即时"),
    (LI, "/digest 8，18", "推送：每天合并推送（8,18 点）"),
    (
        LI,
        "/digest\u{3000}７　１９",
        "推送：每天合并推送（7,19 点）",
    ),
    (LI, "/digest\n9", "推送：每天合并推送（9 点）"),
    (ANN, "/digest hourly", "Delivery: a digest an hour"),
    (LI, "/digest 每小时", "推送：每小时合并一次"),
    (LI, "/digest 即时", "推送：即时"),
    (LI, "/digest 25", "没看懂。例如：/digest"),
    (ANN, "/digest noon", "That is no hour."),
    (LI, "/quiet 22:00-7:30", "免打扰：22:00-07:30"),
    (LI, "/quiet ２１：３０～７：１５", "免打扰：21:30-07:15"),
    (LI, "/quiet 22点到7点", "没看懂"),
    (LI, "/quiet 20:00——8:00", "免打扰：20:00-08:00"),
    (LI, "/quiet 关", "免打扰：无"),
    (ANN, "/quiet OFF", "Quiet hours: none"),
    (ANN, "/quiet 23-8", "Quiet hours: 23:00-08:00"),
    (ANN, "/quiet always", "Those are no hours."),
    (ANN, "/settings Europe/Berlin", "Time zone: Europe/Berlin"),
    (LI, "/settings Mars/Base", "没有这个时区"),
    (LI, "/pause", "已暂停"),
    (LI, "/resume", "推送：即时"),
    (ANN, "/pause", "paused; /resume ends it"),
    (ANN, "/resume", "Delivery: a digest an hour"),
    (LI, "/privacy", "不保存您发来的消息"),
    (ANN, "/privacy", "What you write"),
    (LI, "/forget", "要删除这个会话的全部数据吗"),
    (ANN, "/forget", "Delete all that is kept"),
    (ANN, "/help", "/settings — hours"),
];

#[test]
fn every_command_of_settings_is_answered_in_both_languages() {
    let world = world();
    let daemon = world.start();
    let telegram = people(&world);
    for (user, command, answer) in COMMANDS {
        let reply = ask(telegram, *user, command);
        assert!(reply.text.contains(answer), "{command}: {}", reply.text);
    }
    assert!(daemon.terminate().success());
}

#[test]
fn buttons_of_settings_edit_their_own_message_and_survive_a_restart() {
    let world = world();
    let daemon = world.start();
    let telegram = people(&world);
    let mut page = ask(telegram, LI, "/settings");
    for (button, after) in [
        ("每小时", "推送：每小时合并一次"),
        ("免打扰 22–7 点", "免打扰：22:00-07:00"),
        ("🔕 静音", "静音：开"),
        ("只要标题", "篇幅：只有标题"),
        ("链接预览", "链接预览：开"),
        ("⏸ 暂停", "已暂停"),
        ("▶️ 恢复", "静音：开"),
        ("时区…", "选择时区"),
        ("Europe/London", "时区：Europe/London"),
        ("English", "Settings\nDelivery: a digest an hour"),
        ("🔔 Sound", "Silent: off"),
    ] {
        telegram.user_presses(LI, &page, button);
        page = telegram.next_edit(&page);
        says(&page, after);
    }
    assert!(daemon.terminate().success());
    let daemon = world.start();
    let page = ask(telegram, LI, "/settings");
    for kept in ["Quiet hours: 22:00-07:00", "title only", "Europe/London"] {
        says(&page, kept);
    }
    assert!(daemon.terminate().success());
}

#[test]
fn a_paused_chat_gets_nothing_until_it_resumes() {
    let world = world();
    let daemon = world.start();
    let telegram = people(&world);
    ask(telegram, LI, "/follow tag:演示");
    ask(telegram, ANN, "/follow tag:演示");
    ask(telegram, LI, "/pause");
    world.post(
        "2026-11-21-b.md",
        &today("暂停期间", "demo", "演示", "正文。"),
    );
    says(&telegram.next_message(ANN), "暂停期间");
    telegram.user_says(LI, "/resume");
    // The answer and what waited leave at the same moment.
    let mut told = [telegram.next_message(LI), telegram.next_message(LI)];
    told.sort_by_key(|sent| sent.text.contains("暂停期间"));
    says(&told[0], "推送：即时");
    says(&told[1], "暂停期间");
    assert!(daemon.terminate().success());
}

#[test]
fn what_is_kept_is_exported_and_deleted_for_good() {
    let world = world();
    let daemon = world.start();
    let telegram = people(&world);
    ask(telegram, LI, "/follow tag:演示");
    ask(telegram, LI, "/quiet 22-7");
    let export: serde_json::Value =
        serde_json::from_str(&ask(telegram, LI, "/export").text).unwrap();
    assert_eq!(export["chat"], "7");
    assert_eq!(export["follows"][0], "tag:演示");
    assert_eq!(export["settings"]["quiet"], "22:00-07:00");
    let question = ask(telegram, LI, "/forget");
    telegram.user_presses(LI, &question, "取消");
    says(&telegram.next_edit(&question), "没有删除任何内容");
    says(&ask(telegram, LI, "/following"), "已关注 1 项");
    let question = ask(telegram, LI, "/forget");
    telegram.user_presses(LI, &question, "🗑 全部删除");
    says(&telegram.next_edit(&question), "已全部删除");
    assert!(daemon.terminate().success());
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    for table in ["chats", "subscriptions", "outbox", "threads", "managing"] {
        let sql = format!("select count(*) from {table} where chat = '7'");
        let left: i64 = store.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{table}");
    }
    let others = "select count(*) from chats where chat = '8'";
    let left: i64 = store.query_row(others, [], |row| row.get(0)).unwrap();
    assert_eq!(left, 1);
}

#[test]
fn in_a_group_only_administrators_change_settings_export_and_forget() {
    let world = world();
    let daemon = world.start();
    let telegram = people(&world);
    telegram.add_supergroup(GROUP, "群");
    telegram.set_member(GROUP, ANN, "member");
    telegram.set_member(GROUP, LI, "administrator");
    for command in ["/digest 8", "/quiet 22-7", "/pause", "/export", "/forget"] {
        telegram.user_says_in(GROUP, ANN, command);
        let reply = telegram.next_message(GROUP);
        assert!(
            reply.text.contains("dministrators"),
            "{command}: {}",
            reply.text
        );
    }
    telegram.user_says_in(GROUP, LI, "/digest 8");
    says(&telegram.next_message(GROUP), "digests at 8");
    assert!(daemon.terminate().success());
}
