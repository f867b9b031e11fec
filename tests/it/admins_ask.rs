//! What admins ask and do, in both languages, and what others get who try.

use crate::fake_telegram::FakeTelegram;
use crate::talk::{LI, ask, meet, says};
use crate::world::{Daemon, World, today};

const TOPIC: &str = "title: 市场监管\nthreshold: 1\nany:\n  title: [市场监管]\n";
const CHEN: i64 = 98;
const BOB: i64 = 99;

fn world() -> World {
    let world = World::new()
        .with_telegram()
        .topic("market", TOPIC)
        .config(&format!("telegram: {{admins: [{CHEN}, {BOB}]}}\n"));
    world.post(
        "2026-11-20-a.md",
        &today("市场监管要闻", "first", "食品", "正文。"),
    );
    world
}

fn start(world: &World) -> (Daemon, &FakeTelegram) {
    let daemon = world.start();
    let telegram = world.telegram();
    meet(
        telegram,
        &[
            (CHEN, "陈", "zh-hans"),
            (BOB, "Bob", "en"),
            (LI, "李", "zh"),
        ],
    );
    (daemon, telegram)
}

#[test]
fn others_are_refused() {
    let world = world();
    let (daemon, telegram) = start(&world);
    for command in ["/topic", "/chat 7", "/broadcast 大家好", "/audit"] {
        says(&ask(telegram, LI, command), "仅供管理员");
    }
    assert!(daemon.terminate().success());
}

#[test]
fn topics_are_listed_and_tried_on_the_newest_posts() {
    let world = world();
    let (daemon, telegram) = start(&world);
    for (user, listed, button, tried, unknown) in [
        (
            CHEN,
            "市场监管（market）：共 1 篇",
            "🔎 测试 市场监管",
            "最近 1 篇中命中 1 篇",
            "没有这个主题",
        ),
        (
            BOB,
            "市场监管 (market): 1 post, ",
            "🔎 Test 市场监管",
            "Of the newest 1 posts 1 match",
            "There is no such topic",
        ),
    ] {
        let list = ask(telegram, user, "/topic");
        says(&list, listed);
        telegram.user_presses(user, &list, button);
        let found = telegram.next_message(user);
        says(&found, tried);
        says(&found, "• 市场监管要闻 · 市场监管");
        says(&ask(telegram, user, "/topic test market"), tried);
        says(&ask(telegram, user, "/topic weather"), unknown);
    }
    assert!(daemon.terminate().success());
}

#[test]
fn a_chat_is_shown_with_what_it_follows_and_got() {
    let world = world();
    let (daemon, telegram) = start(&world);
    ask(telegram, LI, "/follow 食品");
    world.post(
        "2026-11-20-b.md",
        &today("新公告", "first", "食品", "正文。"),
    );
    says(&telegram.next_message(LI), "新公告");
    ask(telegram, LI, "/help");
    for (user, follows, unknown) in [
        (CHEN, "关注 1 · 标签 · 食品", "没有这个会话"),
        (BOB, "Follows 1 · Tag · 食品", "No such chat is known"),
    ] {
        let shown = ask(telegram, user, "/chat 7");
        says(&shown, follows);
        says(&shown, "新公告");
        says(&ask(telegram, user, "/chat 123456"), unknown);
        says(&ask(telegram, user, "/chat"), unknown);
    }
    assert!(daemon.terminate().success());
}

#[test]
fn a_word_to_everybody_is_seen_first_goes_once_and_is_written_down() {
    let world = world();
    let (daemon, telegram) = start(&world);
    says(&ask(telegram, CHEN, "/audit"), "还没有记录");
    says(&ask(telegram, BOB, "/audit"), "Nothing is recorded yet");
    says(&ask(telegram, CHEN, "/broadcast"), "用法：/broadcast");
    says(
        &ask(telegram, BOB, &format!("/broadcast {}", "长".repeat(3_600))),
        "Use: /broadcast",
    );
    let preview = ask(telegram, BOB, "/broadcast Moved to a new house");
    says(&preview, "This goes to 3 chats");
    telegram.user_presses(BOB, &preview, "Cancel");
    says(&telegram.next_edit(&preview), "Nothing was sent");
    let preview = ask(telegram, CHEN, "/broadcast 写错了");
    telegram.user_presses(CHEN, &preview, "取消");
    says(&telegram.next_edit(&preview), "没有发送");
    let preview = ask(telegram, BOB, "/broadcast We are back");
    telegram.user_presses(BOB, &preview, "📣 Send");
    says(&telegram.next_edit(&preview), "On its way to 3 chats");
    for user in [CHEN, BOB, LI] {
        assert_eq!(telegram.next_message(user).text, "We are back");
    }
    let preview = ask(telegram, CHEN, "/broadcast 今晚维护\n请谅解");
    says(&preview, "将发给 3 个会话");
    telegram.user_presses(CHEN, &preview, "📣 发送");
    says(&telegram.next_edit(&preview), "正在发给 3 个会话");
    for user in [CHEN, BOB, LI] {
        assert_eq!(telegram.next_message(user).text, "今晚维护\n请谅解");
    }
    // The old message still has its button in some clients.
    let query = telegram.user_presses(CHEN, &preview, "📣 发送");
    let answer = telegram.answer_to(&query);
    assert_eq!(answer["text"], "", "it is on its way already: {answer}");
    for (user, words) in [(CHEN, "操作记录"), (BOB, "What admins did")] {
        let book = ask(telegram, user, "/audit");
        says(&book, words);
        says(&book, &format!("{CHEN} · broadcast · 今晚维护"));
    }
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
}
