//! Why did this come, where is that post, where is the feed, and less noise please: in both languages.

use crate::fake_telegram::FakeTelegram;
use crate::talk::{ANN, LI, LI_AND_ANN, ask, meet, says};
use crate::world::{Daemon, World, today};

const GROUP: i64 = -1_002_222_222_222;
const NOTICE: &str = "市场监管总局今天公布第三批食品抽检结果，共抽检三千二百批次，合格率为百分之九十八点六。\
                      抽检发现的主要问题是农药残留超标和微生物污染，有关企业已经停止销售并召回产品。";

fn start(world: &World) -> (Daemon, &FakeTelegram) {
    let daemon = world.start();
    let telegram = world.telegram();
    meet(telegram, LI_AND_ANN);
    (daemon, telegram)
}

fn world() -> World {
    let world = World::new().with_telegram();
    world.post(
        "2026-11-20-old.md",
        &today(
            "旧闻：电梯抽检",
            "first",
            "电梯 食品",
            "全省抽检电梯三百台。",
        ),
    );
    world
}

#[test]
fn why_tells_by_what_a_post_came_and_why_another_did_not() {
    let world = world();
    let (daemon, telegram) = start(&world);
    says(&ask(telegram, LI, "/why"), "不知道指的是哪篇文章");
    says(&ask(telegram, ANN, "/why"), "Which post do you mean?");
    for (user, known) in [(LI, "首次启动之前"), (ANN, "before the first start")] {
        says(&ask(telegram, user, "/why 旧闻"), known);
        ask(telegram, user, "/follow 食品");
    }
    world.post(
        "2026-11-20-a.md",
        &today("抽检公布", "first", "食品", NOTICE),
    );
    for (user, because, sent) in [
        (LI, "因为这里关注了：标签 · 食品", "推送。"),
        (ANN, "Because this chat follows: Tag · 食品", "Sent at"),
    ] {
        let alert = telegram.next_message(user);
        world.settled(2);
        telegram.user_answers(user, &alert, "/why");
        let why = telegram.next_message(user);
        says(&why, because);
        says(&why, sent);
        // The same by the address, by a part of the title, and about the newest without words.
        let address = alert.buttons()[0]["url"].as_str().unwrap().to_owned();
        let address = format!("/why {address}");
        for words in [address.as_str(), "/why 抽检公布", "/why"] {
            says(&ask(telegram, user, words), because);
        }
        let query = telegram.user_presses(user, &alert, why_button(user));
        let answer = telegram.answer_to(&query);
        assert_eq!(answer["show_alert"], true);
        assert!(
            answer["text"].as_str().unwrap().contains(because),
            "{answer}"
        );
        ask(telegram, user, "/unfollow");
    }
    // Another source tells the same: nobody is told twice, and may ask why.
    world.post(
        "2026-11-20-b.md",
        &today("转载：抽检", "second", "食品", NOTICE),
    );
    world.post(
        "2026-11-20-c.md",
        &today("另一条", "second", "食品", "与此无关的另一条消息。"),
    );
    for (user, skipped) in [
        (LI, "同一报道已由另一来源推送"),
        (ANN, "came from another source"),
    ] {
        says(&telegram.next_message(user), "另一条");
        says(&ask(telegram, user, "/why 转载"), skipped);
        let list = ask(telegram, user, "/following");
        telegram.user_presses(user, &list, unfollow_button(user));
        telegram.next_edit(&list);
        let (zh, en) = ("没有关注它的任何标签", "follows none of its labels");
        says(
            &ask(telegram, user, "/why 另一条"),
            if user == LI { zh } else { en },
        );
    }
    assert!(daemon.terminate().success());
}

fn why_button(user: i64) -> &'static str {
    if user == LI {
        "❔ 为什么"
    } else {
        "❔ Why"
    }
}

fn unfollow_button(user: i64) -> &'static str {
    if user == LI {
        "✕ 标签 · 食品"
    } else {
        "✕ Tag · 食品"
    }
}

#[test]
fn what_is_muted_comes_without_a_sound_until_it_is_unmuted() {
    let world = world();
    let (daemon, telegram) = start(&world);
    for user in [LI, ANN] {
        ask(telegram, user, "/follow 电梯");
    }
    world.post(
        "2026-11-20-a.md",
        &today("第一条", "first", "电梯", "正文。"),
    );
    for (user, mute, menu, item, muted, back) in [
        (
            LI,
            "🔕 静音",
            "来自以下关注",
            "🔕 标签 · 电梯",
            "已静音 标签 · 电梯",
            "🔔 恢复响铃",
        ),
        (
            ANN,
            "🔕 Mute",
            "came by these",
            "🔕 Tag · 电梯",
            "Muted Tag · 电梯",
            "🔔 Unmute",
        ),
    ] {
        let alert = telegram.next_message(user);
        assert!(!alert.silent);
        telegram.user_presses(user, &alert, mute);
        let asked = telegram.next_message(user);
        says(&asked, menu);
        telegram.user_presses(user, &asked, item);
        let done = telegram.next_edit(&asked);
        says(&done, muted);
        done.button(back);
        let list = ask(telegram, user, "/following");
        list.button("🔕");
    }
    world.post(
        "2026-11-20-b.md",
        &today("第二条", "first", "电梯", "正文。"),
    );
    for (user, loud) in [(LI, "已恢复响铃"), (ANN, "With sound again")] {
        assert!(telegram.next_message(user).silent);
        let list = ask(telegram, user, "/following");
        telegram.user_presses(user, &list, "🔕");
        says(&telegram.next_edit(&list), loud);
    }
    world.post(
        "2026-11-20-c.md",
        &today("第三条", "first", "电梯", "正文。"),
    );
    for user in [LI, ANN] {
        assert!(!telegram.next_message(user).silent);
    }
    assert!(daemon.terminate().success());
}

#[test]
fn in_a_group_everybody_may_ask_why_and_only_administrators_mute() {
    let world = world();
    let (daemon, telegram) = start(&world);
    telegram.add_supergroup(GROUP, "群");
    telegram.set_member(GROUP, LI, "creator");
    telegram.set_bot_status(GROUP, LI, "member");
    telegram.next_message(GROUP);
    telegram.user_says_in(GROUP, LI, "/follow@tagwire_test_bot 电梯");
    telegram.next_message(GROUP);
    world.post(
        "2026-11-20-a.md",
        &today("第一条", "first", "电梯", "正文。"),
    );
    let alert = telegram.next_message(GROUP);
    let query = telegram.user_presses(ANN, &alert, "❔ 为什么");
    let answer = telegram.answer_to(&query);
    assert!(
        answer["text"].as_str().unwrap().contains("电梯"),
        "{answer}"
    );
    let query = telegram.user_presses(ANN, &alert, "🔕 静音");
    let answer = telegram.answer_to(&query);
    assert!(
        answer["text"].as_str().unwrap().contains("只有本群管理员"),
        "{answer}"
    );
    telegram.user_presses(LI, &alert, "🔕 静音");
    says(&telegram.next_message(GROUP), "来自以下关注");
    assert!(daemon.terminate().success());
}

#[test]
fn posts_are_found_by_their_words_and_feeds_by_what_is_followed() {
    let world = World::new().with_telegram();
    for number in 0..7 {
        let title = format!("反垄断第{number}案");
        let body = if number == 3 {
            "证监会参加。"
        } else {
            "正文一句。"
        };
        world.post(
            &format!("2026-11-20-{number}.md"),
            &today(&title, "first", "电梯", body),
        );
    }
    let (daemon, telegram) = start(&world);
    for (user, usage, none, more, follow) in [
        (
            LI,
            "用法：/search",
            "没有文章的标题或摘要含有",
            "下一页 ›",
            "✅ 关注这些词",
        ),
        (
            ANN,
            "Use: /search",
            "No title or summary has",
            "More ›",
            "✅ Follow these words",
        ),
    ] {
        says(&ask(telegram, user, "/search"), usage);
        says(&ask(telegram, user, "/search 不存在的词"), none);
        let found = ask(telegram, user, "/search 反壟斷 -证监会");
        assert_eq!(found.text.matches("反垄断第").count(), 5, "{}", found.text);
        assert!(!found.text.contains("反垄断第3案"));
        telegram.user_presses(user, &found, more);
        let rest = telegram.next_edit(&found);
        assert_eq!(rest.text.matches("反垄断第").count(), 1, "{}", rest.text);
        telegram.user_presses(user, &rest, follow);
        says(&telegram.next_edit(&rest), "反垄断");
        let (zh, en) = (
            "没有关注任何有订阅源的内容",
            "Nothing is followed that has a feed",
        );
        says(
            &ask(telegram, user, "/feeds"),
            if user == LI { zh } else { en },
        );
        says(&ask(telegram, user, "/follow tag:电梯"), "· 电梯");
        let feeds = ask(telegram, user, "/feeds");
        says(&feeds, "/feed/by_tag/%E7%94%B5%E6%A2%AF.xml");
        says(
            &feeds,
            if user == LI {
                "全部订阅源"
            } else {
                "All feeds"
            },
        );
    }
    assert!(daemon.terminate().success());
}
