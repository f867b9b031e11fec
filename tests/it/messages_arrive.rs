//! Messages: to those who follow, each once, whatever happens in between.

use crate::fake_telegram::{FakeTelegram, Fault, Only, Sent};
use crate::world::{DEADLINE, World, today};

const TOPIC: &str = "title: 市场监管\nthreshold: 1\nany:\n  title: [市场监管]\n";
const CHANNEL: i64 = -1_001_234_567_890;

/// A channel that the config subscribes to a topic, and a person who follows a tag.
fn world() -> World {
    let channel =
        format!("telegram: {{channels: [{{chat: {CHANNEL}, follow: ['topic:market']}}]}}\n");
    let world = World::new()
        .with_telegram()
        .topic("market", TOPIC)
        .config(&channel);
    world
        .telegram()
        .add_channel(CHANNEL, Some("market_news"), "市场监管快讯");
    world.post(
        "2026-11-20-first.md",
        &today("早就有的", "demo", "演示", "正文。"),
    );
    world
}

/// Reader 7 follows the tag 演示.
fn follow(telegram: &FakeTelegram) {
    telegram.add_user(7, "Li", "zh-hans");
    telegram.user_starts(7);
    telegram.next_message(7);
    telegram.user_says(7, "/follow 演示");
    assert!(telegram.next_message(7).text.contains("已关注"));
}

fn is_about(sent: &Sent, title: &str) {
    assert!(sent.text.contains(title), "{title} in {}", sent.text);
}

#[test]
fn a_new_post_reaches_the_channel_of_its_topic_and_the_people_of_its_tag_once() {
    let world = world();
    let daemon = world.start();
    let telegram = world.telegram();
    follow(telegram);
    world.post(
        "2026-11-20-a.md",
        &today("市场监管总局通报", "demo", "演示", "抽检三千批次。"),
    );
    let sent = telegram.next_message(CHANNEL);
    is_about(&sent, "市场监管总局通报");
    is_about(&sent, "抽检三千批次。");
    is_about(&sent, "#市场监管");
    assert_eq!(
        sent.button("阅读全文")["url"]
            .as_str()
            .map(|url| url.starts_with("http://news.example.cn/demo/")),
        Some(true)
    );
    is_about(&telegram.next_message(7), "市场监管总局通报");
    world.post(
        "2026-11-20-b.md",
        &today("别的新闻", "demo", "演示", "正文。"),
    );
    is_about(&telegram.next_message(7), "别的新闻");
    // An edit, a rename to another folder and a touch are no news.
    world.post(
        "2026-11-20-b.md",
        &today("别的新闻", "demo", "演示", "正文改了。"),
    );
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("正文改了"));
    world.settled(3);
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
}

#[test]
fn killed_between_planning_and_sending_nothing_is_lost_and_nothing_doubled() {
    let world = world();
    let telegram = world.telegram();
    let daemon = world.start();
    follow(telegram);
    // Telegram is down while the post comes in: it is planned, but cannot be sent.
    telegram.fail_next(Fault::DOWN, Only::method("sendMessage"), 1000);
    world.post(
        "2026-11-20-a.md",
        &today("市场监管总局通报", "demo", "演示", "正文。"),
    );
    daemon.wait_for("/feed/demo.xml", |answer| {
        answer.text().contains("市场监管总局通报")
    });
    daemon.kill9();
    telegram.take_faults();
    let daemon = world.start();
    is_about(&telegram.next_message(CHANNEL), "市场监管总局通报");
    is_about(&telegram.next_message(7), "市场监管总局通报");
    world.settled(2);
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
}

#[test]
fn killed_while_a_request_is_under_way_the_message_comes_at_most_twice() {
    let world = world();
    let telegram = world.telegram();
    let daemon = world.start();
    telegram.fail_next(Fault::Hang, Only::chat(CHANNEL), 1);
    world.post(
        "2026-11-20-a.md",
        &today("市场监管总局通报", "demo", "演示", "正文。"),
    );
    is_about(&telegram.next_message(CHANNEL), "市场监管总局通报");
    daemon.kill9();
    let daemon = world.start();
    // Telegram cannot be asked whether it arrived: the row was `sending`, so it goes out once more.
    is_about(&telegram.next_message(CHANNEL), "市场监管总局通报");
    world.settled(1);
    let explained = world.run(&["explain", "市场监管总局通报"], 0);
    assert!(explained.contains("sent"), "{explained}");
    daemon.kill9();
    let daemon = world.start();
    world.settled(1);
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
}

#[test]
fn with_the_policy_hold_a_doubtful_message_is_not_sent_again() {
    let world = World::new()
        .with_telegram()
        .topic("market", TOPIC)
        .config(&format!("delivery: {{unknown: hold}}\ntelegram: {{channels: [{{chat: {CHANNEL}, follow: [site]}}]}}\n"));
    let telegram = world.telegram();
    telegram.add_channel(CHANNEL, None, "频道");
    let daemon = world.start();
    telegram.fail_next(Fault::CutAfterAccept, Only::chat(CHANNEL), 1);
    world.post(
        "2026-11-20-a.md",
        &today("第一篇", "demo", "演示", "正文。"),
    );
    is_about(&telegram.next_message(CHANNEL), "第一篇");
    world.post(
        "2026-11-20-b.md",
        &today("第二篇", "demo", "演示", "正文。"),
    );
    is_about(&telegram.next_message(CHANNEL), "第二篇");
    let explained = world.run(&["explain", "第一篇"], 0);
    assert!(explained.contains("unknown"), "{explained}");
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
}

#[test]
fn one_chat_that_has_to_wait_holds_nobody_else_up_and_the_wait_survives_a_restart() {
    let world = world();
    let telegram = world.telegram();
    let daemon = world.start();
    follow(telegram);
    let wait = Fault::TooManyRequests {
        retry_after: 43_837,
        parameters: true,
    };
    telegram.fail_next(wait, Only::chat(CHANNEL), 1);
    world.post(
        "2026-11-20-a.md",
        &today("市场监管总局通报", "demo", "演示", "正文。"),
    );
    is_about(&telegram.next_message(7), "市场监管总局通报");
    world.settled_but(1, 1);
    daemon.kill9();
    let daemon = world.start();
    world.post(
        "2026-11-20-b.md",
        &today("市场监管新规", "demo", "演示", "正文。"),
    );
    is_about(&telegram.next_message(7), "市场监管新规");
    let asked = telegram.requests("sendMessage");
    let to_channel = asked
        .iter()
        .filter(|entry| entry.params["chat_id"] == CHANNEL);
    assert_eq!(
        to_channel.count(),
        1,
        "the channel is left alone for twelve hours"
    );
    assert!(daemon.terminate().success());
}

#[test]
fn a_chat_that_is_gone_is_suspended_and_comes_back_with_its_settings() {
    let world = world();
    let telegram = world.telegram();
    let daemon = world.start();
    follow(telegram);
    telegram.user_blocks(7);
    daemon.wait_for_output("a chat is suspended");
    world.post(
        "2026-11-20-a.md",
        &today("没人要的", "demo", "演示", "正文。"),
    );
    daemon.wait_for_output("announced=1");
    telegram.user_unblocks(7);
    assert!(telegram.next_message(7).text.contains("已关注的 1 项"));
    telegram.user_starts(7);
    assert!(telegram.next_message(7).text.contains("欢迎"));
    world.post(
        "2026-11-20-b.md",
        &today("回来以后的", "demo", "演示", "正文。"),
    );
    is_about(&telegram.next_message(7), "回来以后的");
    world.settled(1);
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
}

#[test]
fn a_refused_message_falls_back_to_simpler_forms_and_never_blocks_the_next() {
    let world = world();
    let telegram = world.telegram();
    let daemon = world.start();
    let refusal = || Fault::BadRequest("can't parse entities: unsupported".into());
    telegram.fail_next(refusal(), Only::chat(CHANNEL), 2);
    world.post(
        "2026-11-20-a.md",
        &today("市场监管一", "demo", "演示", "正文。"),
    );
    let bare = telegram.next_message(CHANNEL);
    assert!(
        bare.entities.is_empty() && bare.text.starts_with("市场监管一\nhttp://news.example.cn/"),
        "{}",
        bare.text
    );
    telegram.fail_next(refusal(), Only::chat(CHANNEL), 3);
    world.post(
        "2026-11-20-b.md",
        &today("市场监管二", "demo", "演示", "正文。"),
    );
    daemon.wait_for_output("failed for good");
    world.post(
        "2026-11-20-c.md",
        &today("市场监管三", "demo", "演示", "正文。"),
    );
    is_about(&telegram.next_message(CHANNEL), "市场监管三");
    assert!(world.run(&["explain", "市场监管二"], 0).contains("failed"));
    assert!(daemon.terminate().success());
}

#[test]
fn a_group_that_becomes_a_supergroup_keeps_its_subscriptions() {
    let (old, new) = (-4711, -1_009_999_999_999);
    let world = World::new().with_telegram().config(&format!(
        "telegram: {{channels: [{{chat: {old}, follow: [site]}}]}}\n"
    ));
    let telegram = world.telegram();
    telegram.add_group(old, "群");
    let daemon = world.start();
    telegram.fail_next(Fault::Migrate(new), Only::chat(old), 1);
    world.post(
        "2026-11-20-a.md",
        &today("搬家以后", "demo", "演示", "正文。"),
    );
    is_about(&telegram.next_message(new), "搬家以后");
    telegram.expect_no_more_messages();
    world.settled(1);
    assert!(daemon.terminate().success());
    // The config still has the old id, and what waits for the new one waits on.
    let daemon = world.start();
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    let followers: String = store
        .query_row("select group_concat(chat) from subscriptions", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(followers, new.to_string());
    world.post(
        "2026-11-20-b.md",
        &today("重启以后", "demo", "演示", "正文。"),
    );
    is_about(&telegram.next_message(new), "重启以后");
    assert!(daemon.terminate().success());
    assert_eq!(telegram.messages(new).len(), 2);
}

#[test]
fn answers_that_no_library_knows_are_still_answers() {
    let world = world();
    let telegram = world.telegram();
    let daemon = world.start();
    telegram.fail_next(Fault::UnknownEntityInReply, Only::chat(CHANNEL), 1);
    world.post(
        "2026-11-20-a.md",
        &today("市场监管", "demo", "演示", "正文。"),
    );
    is_about(&telegram.next_message(CHANNEL), "市场监管");
    world.settled(1);
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
}

#[test]
fn a_store_of_a_bot_is_never_worked_off_on_the_terminal() {
    let world = world();
    let daemon = world.start();
    daemon.wait_for_output("bot: @tagwire_test_bot");
    assert!(daemon.terminate().success());
    world.post(
        "2026-11-20-a.md",
        &today("市场监管要闻", "demo", "演示", "正文。"),
    );
    let mut command = world.command(&["once"]);
    let output = command
        .env_remove("TAGWIRE_TELEGRAM_TOKEN")
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        out.contains("1 post announced in 1 message,") && !out.contains("message to"),
        "{out}"
    );
    assert!(err.contains("messages wait in the outbox"), "{err}");
    world.run(&["once"], 0);
    is_about(&world.telegram().next_message(CHANNEL), "市场监管要闻");
    world.telegram().expect_no_more_messages();
}

#[test]
fn a_burst_whose_first_page_alone_was_held_is_held_as_a_whole() {
    let world = World::new()
        .with_telegram()
        .config("telegram: {channels: [{chat: 7, follow: [site]}]}\n");
    world.run(&["once"], 0);
    // Two pages of 500, of which the second alone would not be too many.
    for number in 0..600 {
        let content = today(&format!("第{number}篇"), "demo", "演示", "正文。");
        world.post(&format!("2026-11-20-{number}.md"), &content);
    }
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    let broken = "create trigger broken before insert on announcements
         when (select count(*) from announcements where decision = 'held') >= 500
         begin select raise(fail, 'not now'); end";
    store.execute_batch(broken).unwrap();
    assert!(world.run_err(&["once"], 4).contains("not now"));
    store.execute_batch("drop trigger broken").unwrap();
    world.run(&["once"], 0);
    let count = |sql: &str| -> i64 { store.query_row(sql, [], |row| row.get(0)).unwrap() };
    let held = "select count(*) from announcements where decision = 'held'";
    assert_eq!(count(held), 600);
    // What comes by itself afterwards is news.
    let content = today("下一条", "demo", "演示", "正文。");
    world.post("2026-11-20-next.md", &content);
    world.run(&["once"], 0);
    assert_eq!(count("select count(*) from outbox where kind = 'alert'"), 1);
}

#[test]
fn what_the_first_start_reads_a_moment_later_is_no_news() {
    let world = World::new()
        .with_telegram()
        .config("telegram: {channels: [{chat: 7, follow: [site]}]}\n");
    world.telegram().add_user(7, "Li", "zh-hans");
    world.telegram().user_starts(7);
    world.telegram().take_updates();
    // Just written and without a title: it may be half of a file.
    for name in ["a", "b"] {
        let post = today("\"\"", "demo", "演示", &format!("第{name}篇。"));
        world.post(&format!("2026-11-20-{name}.md"), &post);
    }
    world.post("2026-11-20-c.md", &today("丙", "demo", "演示", "正文。"));
    let daemon = world.start();
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    store.busy_timeout(DEADLINE).unwrap();
    let end = std::time::Instant::now() + DEADLINE;
    let known = "select count(*) from announcements where decision = 'known'";
    while store
        .query_row(known, [], |row| row.get::<_, i64>(0))
        .unwrap()
        < 3
    {
        assert!(std::time::Instant::now() < end, "never taken note of");
        std::thread::yield_now();
    }
    world.post("2026-11-20-d.md", &today("丁", "demo", "演示", "正文。"));
    assert!(world.telegram().next_message(7).text.contains("丁"));
    assert!(daemon.terminate().success());
    assert_eq!(world.telegram().messages(7).len(), 1);
}
