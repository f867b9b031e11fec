//! One story from several sources: told once to a chat, over restarts, and never at the cost of another story.

use crate::fake_telegram::{FakeTelegram, Sent};
use crate::world::{Daemon, World, today};

const ALL: i64 = -1_001_234_567_890;
const SECOND: i64 = -1_001_234_567_891;
const NOTICE: &str = "市场监管总局今天公布第三批食品抽检结果，共抽检三千二百批次，合格率为百分之九十八点六。\
                      抽检发现的主要问题是农药残留超标和微生物污染，有关企业已经停止销售并召回产品。\
                      消费者可以登录网站查询不合格产品的名单，也可以拨打热线投诉举报。";

/// One channel follows the site, one the second source alone.
fn world(config: &str) -> World {
    let world = World::new().with_telegram().config(&format!(
        "{config}telegram: {{channels: [{{chat: {ALL}, follow: [site]}}, {{chat: {SECOND}, follow: ['category:second']}}]}}\n"
    ));
    let telegram = world.telegram();
    telegram.add_channel(ALL, Some("all_news"), "全部");
    telegram.add_channel(SECOND, Some("second_news"), "第二来源");
    world
}

fn post(world: &World, name: &str, title: &str, category: &str, body: &str) {
    world.post(
        &format!("2026-11-20-{name}.md"),
        &today(title, category, "食品", body),
    );
}

fn next(telegram: &FakeTelegram, chat: i64) -> String {
    let text = telegram.next_message(chat).text;
    text.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_same_article_number_is_one_story_also_after_a_restart() {
    let world = world("");
    let telegram = world.telegram();
    let daemon = world.start();
    post(
        &world,
        "202611202398034850",
        "抽检结果公布",
        "first",
        "第一家的正文。",
    );
    assert_eq!(next(telegram, ALL), "抽检结果公布");
    post(
        &world,
        "NW202611202398034850",
        "转载：抽检结果",
        "second",
        "第二家的正文。",
    );
    assert_eq!(
        next(telegram, SECOND),
        "转载：抽检结果",
        "who has it from nobody gets it"
    );
    assert!(daemon.terminate().success());
    let daemon = world.start();
    post(
        &world,
        "X202611202398034850",
        "再转：抽检结果",
        "third",
        "第三家的正文。",
    );
    post(
        &world,
        "202611202398034851",
        "另一篇文章",
        "third",
        "第四篇的正文。",
    );
    assert_eq!(next(telegram, ALL), "另一篇文章");
    assert!(daemon.terminate().success());
    assert_eq!(telegram.messages(ALL).len(), 2);
    let rows = world.run(&["deliveries", "--state", "skipped"], 0);
    assert!(rows.contains("same story as"), "{rows}");
}

#[test]
fn a_retold_text_is_one_story_and_one_with_another_number_is_not() {
    let world = world("");
    let telegram = world.telegram();
    let daemon = world.start();
    post(&world, "a", "食品抽检结果公布", "first", NOTICE);
    assert_eq!(next(telegram, ALL), "食品抽检结果公布");
    let retold = format!("{NOTICE}\n\n专家提醒，购买时应当查看标签。");
    post(
        &world,
        "b",
        "三千多批次食品抽检：这些不合格",
        "third",
        &retold,
    );
    let other = NOTICE
        .replace("第三批", "第四批")
        .replace("九十八点六", "九十七点一");
    post(&world, "c", "食品抽检结果公布", "first", &other);
    assert_eq!(next(telegram, ALL), "食品抽检结果公布");
    assert!(daemon.terminate().success());
    assert_eq!(telegram.messages(ALL).len(), 2);
    let why = world.run(&["explain", "posts/2026-11-20-b.md"], 0);
    assert!(why.contains("same story as"), "{why}");
}

#[test]
fn one_source_that_repeats_its_closing_words_tells_many_stories() {
    let world = world("");
    let telegram = world.telegram();
    let daemon = world.start();
    for (name, title) in [("a", "电梯困人怎么办"), ("b", "一杯牛奶的旅程")] {
        let body = format!("今天的节目说{title}。\n\n{NOTICE}");
        post(&world, name, title, "diary", &body);
        assert_eq!(next(telegram, ALL), title);
    }
    // Not even the same words are one story while the file of the first is there: it may be another film.
    let body = format!("今天的节目说电梯困人怎么办。\n\n{NOTICE}");
    post(&world, "c", "电梯困人怎么办", "diary", &body);
    assert_eq!(next(telegram, ALL), "电梯困人怎么办");
    assert!(daemon.terminate().success());
}

#[test]
fn a_window_of_nothing_joins_nothing() {
    let world = world("stories: {window_hours: 0}\n");
    let telegram = world.telegram();
    let daemon = world.start();
    post(&world, "a", "食品抽检结果公布", "first", NOTICE);
    post(&world, "b", "食品抽检结果公布了", "first", NOTICE);
    next(telegram, ALL);
    next(telegram, ALL);
    assert!(daemon.terminate().success());
}

/// Waits until a message of this chat has such a line, after however many edits.
fn wait_for_line(telegram: &FakeTelegram, chat: i64, line: &str) {
    telegram.wait_for(&format!("a message with the line {line}"), |state| {
        let mut messages = state.chats.get(&chat)?.messages.iter();
        messages.find(|sent| sent.text.lines().any(|other| other == line))?;
        Some(())
    });
}

#[test]
fn who_was_told_sees_the_other_sources_in_the_message_that_is_there() {
    let world = world("delivery: {correct_after_seconds: 0}\n");
    let telegram = world.telegram();
    let daemon = world.start();
    post(&world, "a", "抽检结果公布", "first", NOTICE);
    assert_eq!(next(telegram, ALL), "抽检结果公布");
    post(&world, "b", "转载：抽检结果", "second", NOTICE);
    assert_eq!(next(telegram, SECOND), "转载：抽检结果");
    wait_for_line(telegram, ALL, "同一报道另见：转载：抽检结果");
    post(&world, "c", "再转：抽检结果", "third", NOTICE);
    wait_for_line(
        telegram,
        ALL,
        "同一报道另见：转载：抽检结果、再转：抽检结果",
    );
    wait_for_line(
        telegram,
        SECOND,
        "同一报道另见：抽检结果公布、再转：抽检结果",
    );
    let withdrawn = today("再转：抽检结果", "third", "食品", NOTICE);
    world.post(
        "2026-11-20-c.md",
        &withdrawn.replacen("---\n", "---\npublished: false\n", 1),
    );
    wait_for_line(telegram, ALL, "同一报道另见：转载：抽检结果");
    assert!(daemon.terminate().success());
    assert_eq!(telegram.messages(ALL).len(), 1);
    assert_eq!(telegram.messages(SECOND).len(), 1);
}

/// A world in which files leave and messages follow at once, and a post that everybody was told of.
fn told_at_once() -> (World, Daemon, Sent) {
    let world = world("delivery: {correct_after_seconds: 0}\nposts: {delete_grace_seconds: 1}\n");
    let daemon = world.start();
    post(&world, "a", "抽检结果公布", "first", NOTICE);
    let sent = world.telegram().next_message(ALL);
    world.settled(1);
    (world, daemon, sent)
}

#[test]
fn a_post_that_gets_another_category_is_told_once_and_its_message_leads_to_where_it_is() {
    let (world, daemon, sent) = told_at_once();
    let telegram = world.telegram();
    post(&world, "a", "抽检结果公布", "third", NOTICE);
    let edited = telegram.next_edit(&sent);
    let address = edited.button("阅读全文").to_string();
    assert!(address.contains("/third/"), "{address}");
    // With other words, too: the file is the same.
    post(
        &world,
        "a",
        "另一个标题",
        "fourth",
        "今天说别的，与先前不同。",
    );
    let edited = telegram.next_edit(&edited);
    assert!(edited.text.starts_with("另一个标题"), "{}", edited.text);
    let address = edited.button("阅读全文").to_string();
    assert!(address.contains("/fourth/"), "{address}");
    assert!(!edited.text.contains("另见"), "{}", edited.text);
    world.post(
        "2026-11-20-b.md",
        &today("另一篇文章", "third", "食品", "另一篇。"),
    );
    assert_eq!(next(telegram, ALL), "另一篇文章");
    assert!(daemon.terminate().success());
    assert_eq!(telegram.messages(ALL).len(), 2);
}

#[test]
fn a_file_that_gets_another_name_is_told_once_and_its_message_leads_to_where_it_is() {
    let (world, daemon, sent) = told_at_once();
    let telegram = world.telegram();
    world.rename("posts/2026-11-20-a.md", "posts/2026-11-20-b.md");
    let edited = telegram.next_edit(&sent);
    let address = edited.button("阅读全文").to_string();
    assert!(address.contains("/b"), "{address}");
    assert!(!edited.text.contains("另见"), "{}", edited.text);
    // What becomes of the file there becomes of the message.
    let content = world.read("posts/2026-11-20-b.md");
    world.post(
        "2026-11-20-b.md",
        &content.replace("抽检结果公布", "抽检结果公布（更正）"),
    );
    let edited = telegram.next_edit(&edited);
    assert!(
        edited.text.starts_with("抽检结果公布（更正）"),
        "{}",
        edited.text
    );
    world.post(
        "2026-11-20-b.md",
        &content.replacen("---\n", "---\npublished: false\n", 1),
    );
    let struck = telegram.next_edit(&edited);
    assert!(struck.text.contains("原文已撤回"), "{}", struck.text);
    post(&world, "c", "另一篇文章", "first", "另一篇。");
    assert_eq!(next(telegram, ALL), "另一篇文章");
    assert!(daemon.terminate().success());
    assert_eq!(telegram.messages(ALL).len(), 2);
}
