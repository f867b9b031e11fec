//! Much that is kept, old names, late buttons: what people meet only after a while, in both languages.

use crate::fake_telegram::{FakeTelegram, Fault, Only};
use crate::talk::{ANN, LI, ask, meet, says};
use crate::world::{Daemon, World, today};

const ADMIN: i64 = 99;
const GROUP: i64 = -1_003_333_333_333;
/// As many as somebody follows who follows a lot.
const MANY: usize = 200;

fn world() -> World {
    let world = World::new()
        .with_telegram()
        .config(&format!("telegram: {{admins: [{ADMIN}]}}\n"));
    world.post(
        "2026-11-20-old.md",
        &today("旧闻", "first", "旧名 新名", "正文。"),
    );
    world
}

fn start(world: &World) -> (Daemon, &FakeTelegram) {
    let daemon = world.start();
    let telegram = world.telegram();
    telegram.without_limits(true);
    meet(
        telegram,
        &[
            (LI, "李", "zh-hans"),
            (ANN, "Ann", "en"),
            (ADMIN, "管", "zh"),
        ],
    );
    (daemon, telegram)
}

/// Writes subscriptions as the bot would have, one by one, over months.
fn follow_many(world: &World, chat: i64) {
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    for number in 0..MANY {
        let name = format!("第{number:03}个标签\u{202e}👩‍👩‍👧‍👦 {}", "很长的名字".repeat(4));
        store
            .execute(
                "insert into subscriptions (chat, kind, name, origin, created_at) values (?1, 'tag', ?2, 'person', ?3)",
                (chat.to_string(), name, i64::try_from(number).unwrap()),
            )
            .unwrap();
    }
}

#[test]
fn two_hundred_subscriptions_are_paged_counted_and_exported_as_a_file() {
    let world = world();
    let (daemon, telegram) = start(&world);
    telegram.add_supergroup(GROUP, "群");
    telegram.set_member(GROUP, LI, "administrator");
    telegram.user_says_in(GROUP, LI, "/follow tag:旧名");
    telegram.next_message(GROUP);
    assert!(daemon.terminate().success());
    for chat in [LI, ANN, GROUP] {
        follow_many(&world, chat);
    }
    let world = world.config(&format!(
        "telegram: {{admins: [{ADMIN}], most_follows: {MANY}}}\n"
    ));
    let daemon = world.start();
    let telegram = world.telegram();
    let pages = [
        (
            LI,
            "已关注 200 项",
            "下一页 ›",
            "‹ 上一页",
            "最多关注 200 项",
            "全部数据",
        ),
        (
            ANN,
            "200 followed",
            "More ›",
            "‹ Back",
            "200 is the most",
            "All that is kept",
        ),
    ];
    for (user, count, more, back, most, caption) in pages {
        let mut list = ask(telegram, user, "/following");
        says(&list, count);
        for _ in 0..24 {
            telegram.user_presses(user, &list, more);
            list = telegram.next_edit(&list);
        }
        let last = list.buttons();
        assert!(last.iter().any(|button| button["text"] == back), "{last:?}");
        assert!(last.iter().all(|button| button["text"] != more), "{last:?}");
        says(&ask(telegram, user, "/follow tag:旧名"), most);
        let file = ask(telegram, user, "/export");
        says(&file, caption);
        let (name, content) = file.document.expect("a file");
        assert_eq!(name, format!("tagwire-{user}.json"));
        let export: serde_json::Value = serde_json::from_str(&content).unwrap();
        assert_eq!(export["follows"].as_array().unwrap().len(), MANY);
    }
    // Where nobody may send files, it comes in pieces.
    let refusal = Fault::BadRequest("not enough rights to send documents to the chat".into());
    telegram.fail_next(refusal, Only::method("sendDocument"), 1);
    telegram.user_says_in(GROUP, LI, "/export");
    let mut json = String::new();
    while serde_json::from_str::<serde_json::Value>(&json).is_err() {
        json += &telegram.next_message(GROUP).text;
    }
    assert!(daemon.terminate().success());
}

#[test]
fn who_follows_an_old_name_follows_the_new_one_as_loud_as_before() {
    let world = world();
    let (daemon, telegram) = start(&world);
    ask(telegram, LI, "/follow tag:旧名");
    let list = ask(telegram, LI, "/following");
    telegram.user_presses(LI, &list, "🔔");
    telegram.next_edit(&list);
    for name in ["旧名", "新名"] {
        ask(telegram, ANN, &format!("/follow tag:{name}"));
    }
    assert!(daemon.terminate().success());
    let world = world.config(&format!(
        "telegram: {{admins: [{ADMIN}]}}\nlabels: {{aliases: {{'tag:旧名': 新名}}}}\n"
    ));
    let daemon = world.start();
    let telegram = world.telegram();
    for (user, count) in [(LI, "已关注 1 项"), (ANN, "1 followed")] {
        let list = ask(telegram, user, "/following");
        says(&list, count);
        let first = list.buttons()[0]["text"].as_str().unwrap().to_owned();
        assert!(first.ends_with("新名"), "{first}");
    }
    world.post(
        "2026-11-21-b.md",
        &today("新闻一条", "first", "旧名", "正文。"),
    );
    for (user, is_silent) in [(LI, true), (ANN, false)] {
        let alert = telegram.next_message(user);
        says(&alert, "新闻一条");
        assert_eq!(alert.silent, is_silent, "{user}");
    }
    assert!(daemon.terminate().success());
    telegram.expect_no_more_messages();
}

#[test]
fn a_button_below_a_message_that_cannot_be_changed_is_answered_by_a_new_message() {
    let world = world();
    let (daemon, telegram) = start(&world);
    let why = [
        "message can't be edited",
        "message to edit not found",
        "MESSAGE_ID_INVALID",
    ];
    for (user, button, undone) in [
        (LI, "取消关注", "已取消关注"),
        (ANN, "Unfollow", "No longer following"),
    ] {
        for why in why {
            let followed = ask(telegram, user, "/follow tag:旧名");
            let fault = Fault::BadRequest(why.to_owned());
            telegram.fail_next(fault, Only::method("editMessageText"), 1);
            let query = telegram.user_presses(user, &followed, button);
            says(&telegram.next_message(user), undone);
            assert_eq!(
                telegram.answer_to(&query)["text"]
                    .as_str()
                    .unwrap_or_default(),
                ""
            );
        }
        // Two fingers at once: what changes nothing is no error.
        let list = ask(telegram, user, "/settings");
        let fault = Fault::BadRequest(
            "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message".to_owned(),
        );
        telegram.fail_next(fault, Only::method("editMessageText"), 1);
        let query = telegram.user_presses(user, &list, if user == LI { "即时" } else { "At once" });
        let saved = if user == LI { "已保存" } else { "Saved" };
        assert_eq!(telegram.answer_to(&query)["text"], saved);
    }
    assert!(daemon.terminate().success());
}

#[test]
fn two_admins_who_press_at_once_do_it_once() {
    let world = world().config(&format!("telegram: {{admins: [{ADMIN}, {ANN}]}}\n"));
    let (daemon, telegram) = start(&world);
    ask(telegram, LI, "/follow site");
    world.post(
        "2022-02-18-old.md",
        "---\ntitle: 很旧的文章\ndate: 2022-02-18 10:01:41 +0800\n---\n正文。\n",
    );
    for admin in [ADMIN, ANN] {
        telegram.next_message(admin);
    }
    let (his, hers) = (ask(telegram, ADMIN, "/held"), ask(telegram, ANN, "/held"));
    telegram.user_presses(ADMIN, &his, "逐篇推送");
    telegram.user_presses(ANN, &hers, "Announce each");
    says(&telegram.next_edit(&his), "1");
    says(&telegram.next_edit(&hers), "0");
    says(&telegram.next_message(LI), "很旧的文章");
    assert!(daemon.terminate().success());
    telegram.expect_no_more_messages();
}

#[test]
fn followers_by_words_of_their_own_are_counted_and_explained() {
    let world = world();
    let (daemon, telegram) = start(&world);
    for (user, button) in [(LI, "✅ 关注"), (ANN, "✅ Follow")] {
        let preview = ask(telegram, user, "/follow 垄断 -电梯");
        telegram.user_presses(user, &preview, button);
        telegram.next_edit(&preview);
        says(
            &ask(telegram, user, "/why 旧闻"),
            if user == LI {
                "没有关注"
            } else {
                "follows none"
            },
        );
    }
    says(&ask(telegram, ADMIN, "/stats"), "订阅 2（自定关键词 2）");
    world.post(
        "2026-11-21-a.md",
        &today("平台企业垄断案开庭", "first", "市场", "正文。"),
    );
    for (user, because) in [(LI, "关键词 · 垄断 -电梯"), (ANN, "Words · 垄断 -电梯")] {
        telegram.next_message(user);
        world.settled(2);
        says(&ask(telegram, user, "/why"), because);
    }
    assert!(daemon.terminate().success());
    let told = world.run(&["explain", "垄断案"], 0);
    assert_eq!(
        told.matches("follows words:垄断 -电梯").count(),
        2,
        "{told}"
    );
}
