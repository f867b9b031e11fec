//! What people seldom see: refusals, empty states, fates of messages; in both languages.
//! With `words_said` this makes sure that no word of the bot was never read by anybody.

use crate::fake_telegram::FakeTelegram;
use crate::talk::{ANN, LI, ask, meet, says};
use crate::world::{DEADLINE, Daemon, World, today};

const CHEN: i64 = 98;
const BOB: i64 = 99;
const GROUP: i64 = -1_003_333_333_333;
const CHANNEL: i64 = -1_001_234_567_890;

fn world(config: &str) -> World {
    let world = World::new().with_telegram().config(config);
    world.post(
        "2026-11-20-old.md",
        &today("旧闻", "first", "食品", "正文。"),
    );
    world
}

fn admins() -> String {
    format!("telegram: {{admins: [{CHEN}, {BOB}]}}\n")
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
            (CHEN, "陈", "zh-hans"),
            (BOB, "Bob", "en"),
        ],
    );
    (daemon, telegram)
}

/// A command, and what it is answered in Chinese and in English.
type Row = (&'static str, &'static str, &'static str);

const REFUSED: &[Row] = &[
    (
        "/follow -食品",
        "不带 - 的关键词",
        "must be without a minus",
    ),
    (
        "/follow 反垄断 -反",
        "至少两个字",
        "two characters at least",
    ),
    (
        "/follow 垄断 价格 广告 食品 药品 专利 商标 标准 -计量",
        "最多 8 个关键词",
        "At most 8 words of at most 40 characters",
    ),
    (
        "/follow 反垄断 -反垄断",
        "既要又不要",
        "cannot be wanted and excluded",
    ),
    (
        "/follow -食品",
        "例如：/follow",
        "For example: /follow antitrust",
    ),
    ("/quiet 25-99", "没看懂。例如：/quiet", "Those are no hours"),
    ("/digest 99", "没看懂。例如：/digest", "That is no hour"),
    (
        "/settings 火星/基地",
        "没有这个时区",
        "There is no such time zone",
    ),
    ("/dance", "不认识这个命令", "Unknown command"),
    ("/stats", "仅供管理员", "for admins only"),
    ("/follow", "想关注什么", "What would you like to follow?"),
    ("/latest", "还没有文章", "No posts yet"),
    ("/channel", "管理你的频道", "To manage a channel of yours"),
];

#[test]
fn what_cannot_be_done_is_refused_with_an_example_in_both_languages() {
    let world = world("").config("labels: {aliases: {}}\n");
    world.delete("posts/2026-11-20-old.md");
    let (daemon, telegram) = start(&world);
    for (command, zh, en) in REFUSED {
        says(&ask(telegram, LI, command), zh);
        says(&ask(telegram, ANN, command), en);
    }
    assert!(daemon.terminate().success());
}

#[test]
fn long_lists_old_labels_and_the_whole_site_are_shown_in_both_languages() {
    let world = world("");
    let long = "很长的标签名字".repeat(5);
    let tags: Vec<String> = (10..40).map(|number| format!("{long}{number}")).collect();
    for (number, tags) in tags.chunks(10).enumerate() {
        let post = today("许多标签", "first", &tags.join(" "), "正文。");
        world.post(&format!("2026-11-19-many{number}.md"), &post);
    }
    world.post(
        "2024-01-01-last-year.md",
        "---\ntitle: 前年\ndate: 2024-01-01 08:00:00 +0800\ntags: 前年的事\n---\n正文。\n",
    );
    let (daemon, telegram) = start(&world);
    for (user, site, never, narrow, zone) in [
        (LI, "全站", "近期没有", "多写几个字", "网站时区"),
        (ANN, "Site", "none lately", "Write more", "The site’s"),
    ] {
        ask(telegram, user, "/follow site");
        let list = ask(telegram, user, "/following");
        let buttons = serde_json::Value::from(list.buttons()).to_string();
        assert!(buttons.contains(site), "{buttons}");
        says(&ask(telegram, user, "/follow tag:前年的事"), never);
        says(&ask(telegram, user, &format!("/follow {long}")), narrow);
        let found = ask(telegram, user, "/follow 很长");
        let more = if user == LI {
            "下一页 ›"
        } else {
            "More ›"
        };
        telegram.user_presses(user, &found, more);
        let pages = if user == LI { "第" } else { "these are" };
        says(&telegram.next_edit(&found), pages);
        let settings = ask(telegram, user, "/settings");
        let zones = if user == LI {
            "时区…"
        } else {
            "Time zone…"
        };
        telegram.user_presses(user, &settings, zones);
        let page = telegram.next_edit(&settings);
        assert!(page.buttons().iter().any(|button| button["text"] == zone));
    }
    assert!(daemon.terminate().success());
}

#[test]
fn the_address_of_each_feed_is_told_until_they_are_too_many() {
    let world = world("");
    let tags: Vec<String> = (10..40).map(|number| format!("标签{number}")).collect();
    let post = today("许多标签", "first", &tags.join(" "), "正文。");
    world.post("2026-11-19-many.md", &post);
    let (daemon, telegram) = start(&world);
    for (user, rest) in [(LI, "（另有"), (ANN, "(and")] {
        for tag in &tags {
            ask(telegram, user, &format!("/follow tag:{tag}"));
        }
        says(&ask(telegram, user, "/feeds"), rest);
    }
    assert!(daemon.terminate().success());
}

#[test]
fn who_floods_and_who_leaves_is_told_so_in_both_languages() {
    let world = world("telegram: {commands_per_minute: 3}\n");
    let (daemon, telegram) = start(&world);
    for (user, slow) in [(LI, "太频繁"), (ANN, "too many commands at once")] {
        for _ in 0..20 {
            telegram.user_says(user, "/help");
        }
        while !telegram.next_message(user).text.contains(slow) {}
    }
    telegram.wait_until_updates_are_taken();
    telegram.forgive_unread();
    assert!(daemon.terminate().success());
}

#[test]
fn forgetting_can_be_called_off_and_is_confirmed_in_both_languages() {
    let world = world("");
    let (daemon, telegram) = start(&world);
    for (user, keep, kept, delete, gone) in [
        (LI, "取消", "没有删除", "🗑 全部删除", "已全部删除"),
        (
            ANN,
            "Cancel",
            "Nothing was deleted",
            "🗑 Delete all",
            "All is deleted",
        ),
    ] {
        let question = ask(telegram, user, "/forget");
        telegram.user_presses(user, &question, keep);
        says(&telegram.next_edit(&question), kept);
        let question = ask(telegram, user, "/forget");
        telegram.user_presses(user, &question, delete);
        says(&telegram.next_edit(&question), gone);
    }
    assert!(daemon.terminate().success());
}

#[test]
fn channels_are_refused_to_strangers_and_explained_in_both_languages() {
    let world = world("");
    let (daemon, telegram) = start(&world);
    telegram.add_channel(CHANNEL, Some("news"), "快讯");
    telegram.add_supergroup(GROUP, "群");
    for (user, stranger, private, cannot) in [
        (
            LI,
            "只有该频道中",
            "请在与我的私聊中",
            "还没有在该频道发布消息的权限",
        ),
        (
            ANN,
            "Only administrators of that channel",
            "in a private chat with me",
            "I may not post in that channel yet",
        ),
    ] {
        // Somebody else made the bot an administrator.
        telegram.set_bot_status(CHANNEL, BOB, "administrator");
        says(&telegram.next_message(BOB), "administrator of the channel");
        says(&ask(telegram, user, "/channel @news"), stranger);
        telegram.set_member(GROUP, user, "administrator");
        if user == ANN {
            telegram.user_says_in(GROUP, user, "/settings");
            let settings = telegram.next_message(GROUP);
            telegram.user_presses(user, &settings, "English");
            telegram.next_edit(&settings);
        }
        telegram.user_says_in(GROUP, user, "/channel");
        says(&telegram.next_message(GROUP), private);
        telegram.set_member(CHANNEL, user, "creator");
        telegram.set_bot_status(CHANNEL, BOB, "mute administrator");
        says(&telegram.next_message(BOB), "may no longer post");
        says(&ask(telegram, user, "/channel @news"), cannot);
        ask(telegram, user, "/channel off");
    }
    assert!(daemon.terminate().success());
}

#[test]
fn admins_settle_what_is_held_by_digest_or_not_at_all_in_both_languages() {
    let world = world(&admins());
    let (daemon, telegram) = start(&world);
    ask(telegram, LI, "/follow site");
    for (user, none, fine) in [
        (CHEN, "没有等待", "没有问题"),
        (BOB, "No posts are waiting", "No problems"),
    ] {
        says(&ask(telegram, user, "/held"), none);
        says(&ask(telegram, user, "/problems"), fine);
    }
    let rounds = [
        (CHEN, "合并推送", "正在合并推送 1 篇"),
        (BOB, "One digest", "Announcing 1 post in digests"),
        (CHEN, "全部忽略", "已忽略 1 篇"),
        (BOB, "Dismiss all", "1 post dismissed"),
    ];
    for (number, (user, button, done)) in rounds.into_iter().enumerate() {
        world.post(
            &format!("2022-02-18-old{number}.md"),
            &format!("---\ntitle: 旧文{number}\ndate: 2022-02-18 10:01:41 +0800\n---\n正文。\n"),
        );
        for admin in [CHEN, BOB] {
            telegram.next_message(admin);
        }
        let held = ask(telegram, user, "/held");
        telegram.user_presses(user, &held, button);
        says(&telegram.next_edit(&held), done);
        if number < 2 {
            says(&telegram.next_message(LI), &format!("旧文{number}"));
        }
    }
    says(&ask(telegram, BOB, "/help"), "Admins:");
    assert!(daemon.terminate().success());
}

#[test]
fn a_button_below_what_is_held_says_what_came_since_and_leaves_it_held() {
    let world = world(&admins());
    let (daemon, telegram) = start(&world);
    ask(telegram, LI, "/follow site");
    let hold = |name: &str| {
        world.post(
            &format!("2022-02-18-{name}.md"),
            &format!("---\ntitle: 旧文{name}\ndate: 2022-02-18 10:01:41 +0800\n---\n正文。\n"),
        );
        for admin in [CHEN, BOB] {
            telegram.next_message(admin);
        }
    };
    hold("a");
    let presses = [
        (CHEN, "逐篇推送", "b", "旧文a", "另有 1 篇等待确认：/held"),
        (
            BOB,
            "Announce each",
            "c",
            "旧文b",
            "Still waiting for you: 1 post.",
        ),
    ];
    for (user, button, since, released, left) in presses {
        let held = ask(telegram, user, "/held");
        hold(since);
        telegram.user_presses(user, &held, button);
        says(&telegram.next_edit(&held), left);
        says(&telegram.next_message(LI), released);
    }
    says(&ask(telegram, CHEN, "/held"), "旧文c");
    assert!(daemon.terminate().success());
}

#[test]
fn an_admin_sees_a_suspended_chat_and_a_site_without_topics() {
    let world = world(&admins());
    let (daemon, telegram) = start(&world);
    telegram.user_blocks(LI);
    telegram.wait_until_updates_are_taken();
    for (user, suspended, none) in [
        (CHEN, "已停用：", "还没有主题"),
        (BOB, "Suspended: ", "There are no topics"),
    ] {
        says(&ask(telegram, user, &format!("/chat {LI}")), suspended);
        says(&ask(telegram, user, "/topic"), none);
    }
    assert!(daemon.terminate().success());
}

#[test]
fn a_fault_of_ours_is_owned_up_to_in_both_languages() {
    let world = world(&admins());
    let (daemon, telegram) = start(&world);
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    store.busy_timeout(DEADLINE).unwrap();
    store
        .execute_batch("alter table actions rename to lost")
        .unwrap();
    for (user, sorry) in [(CHEN, "出了点问题"), (BOB, "Something went wrong")] {
        says(&ask(telegram, user, "/audit"), sorry);
    }
    store
        .execute_batch("alter table lost rename to actions")
        .unwrap();
    says(&ask(telegram, BOB, "/audit"), "Nothing is recorded yet");
    assert!(daemon.terminate().success());
}

/// State and reason of a row, and how they are told.
const FATES: &[(&str, &str, &str, &str)] = &[
    ("sending", "", "正在排队", "waits for its turn"),
    ("held", "", "放进了合并推送", "part of a digest"),
    ("unknown", "", "可能已送达", "it may have arrived"),
    (
        "failed",
        "Bad Request: message is too odd",
        "不接受这条消息：Bad Request: message is too odd",
        "refused the message: Bad Request",
    ),
    (
        "skipped",
        "the chat does not follow any label of the post",
        "推送前取消了关注",
        "had stopped following",
    ),
    (
        "skipped",
        "it waited longer than delivery.expire_after_hours",
        "等待太久，已过期",
        "it waited too long",
    ),
    (
        "skipped",
        "same story as x",
        "另一来源推送",
        "came from another source",
    ),
];

#[test]
fn every_fate_of_a_message_is_told_in_both_languages() {
    let world = world("");
    let (daemon, telegram) = start(&world);
    for user in [LI, ANN] {
        ask(telegram, user, "/follow 食品");
    }
    world.post(
        "2026-11-20-a.md",
        &today("抽检公布", "first", "食品", "正文。"),
    );
    for user in [LI, ANN] {
        telegram.next_message(user);
    }
    world.settled(2);
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    store.busy_timeout(DEADLINE).unwrap();
    for (state, reason, zh, en) in FATES {
        let sql = "update outbox set state = ?1, reason = ?2 where kind = 'alert'";
        assert_eq!(store.execute(sql, [state, reason]).unwrap(), 2);
        says(&ask(telegram, LI, "/why 抽检公布"), zh);
        says(&ask(telegram, ANN, "/why 抽检公布"), en);
    }
    for (decision, zh, en) in [
        ("held", "正在等管理员确认", "waits for an admin"),
        ("dismissed", "管理员忽略了它", "an admin dismissed it"),
        ("announced", "发布时这里还没有关注", "did not follow it yet"),
        ("", "还没有处理到", "not decided about yet"),
    ] {
        store.execute("delete from outbox", []).unwrap();
        let sql = match decision {
            "" => "delete from announcements where ?1 = ''",
            _ => "update announcements set decision = ?1",
        };
        assert!(store.execute(sql, [decision]).unwrap() > 0);
        says(&ask(telegram, LI, "/why 抽检公布"), zh);
        says(&ask(telegram, ANN, "/why 抽检公布"), en);
    }
    assert!(daemon.terminate().success());
}
