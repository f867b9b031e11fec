//! The bot: each command and each button, in Chinese and English, for people and admins.

use serde_json::json;

use crate::fake_telegram::FakeTelegram;
use crate::talk::ask;
use crate::world::{Daemon, World, today};

const TOPIC: &str = "title: 市场监管\nthreshold: 1\nany:\n  title: [市场监管]\n";
const ADMIN: i64 = 99;

fn world() -> World {
    let world = World::new()
        .with_telegram()
        .topic("market", TOPIC)
        .config(&format!("telegram: {{admins: [{ADMIN}]}}\n"));
    world.post(
        "2026-11-20-a.md",
        &today("市场监管要闻", "haidairibao", "海岱日报新闻", "正文。"),
    );
    world.post(
        "2026-11-20-b.md",
        &today("财经要闻", "hujiang", "沪江财经新闻", "正文。"),
    );
    world
}

fn start(world: &World) -> (Daemon, &FakeTelegram) {
    let daemon = world.start();
    let telegram = world.telegram();
    telegram.add_user(7, "李", "zh-hans");
    telegram.add_user(8, "Ann", "en");
    telegram.user_starts(7);
    telegram.user_starts(8);
    let zh = telegram.next_message(7);
    assert!(zh.text.starts_with("欢迎"), "{}", zh.text);
    assert!(
        zh.buttons()[0]["text"]
            .as_str()
            .unwrap()
            .contains("主题 · 市场监管")
    );
    assert!(telegram.next_message(8).text.starts_with("Welcome"));
    (daemon, telegram)
}

#[test]
fn people_find_follow_list_and_unfollow_in_both_languages() {
    let world = world();
    let (daemon, telegram) = start(&world);
    let found = ask(telegram, 7, "/follow 新闻");
    assert!(found.text.contains("找到 3 个"), "{}", found.text);
    telegram.user_presses(7, &found, "标签 · 海岱日报新闻（四周 1 篇）");
    let followed = telegram.next_edit(&found);
    assert!(followed.text.contains("已关注 标签 · 海岱日报新闻"));
    // The site is among them, because its title has the word too.
    // A bare word in a private chat is a search; an exact name is followed at once.
    assert!(
        ask(telegram, 8, "hujiang")
            .text
            .starts_with("✅ Following Category · hujiang")
    );
    let list = ask(telegram, 8, "/following");
    assert!(list.text.starts_with("1 followed"), "{}", list.text);
    telegram.user_presses(8, &list, "✕ Category · hujiang");
    assert!(
        telegram
            .next_edit(&list)
            .text
            .starts_with("No longer following")
    );
    assert!(
        ask(telegram, 7, "/unfollow 海岱")
            .text
            .contains("已取消关注")
    );
    assert!(
        ask(telegram, 7, "/following")
            .text
            .contains("还没有关注任何内容")
    );
    assert!(
        ask(telegram, 7, "/follow 不存在的词")
            .text
            .contains("没有找到")
    );
    assert!(ask(telegram, 7, "/follow").text.contains("想关注什么"));
    assert!(ask(telegram, 7, "/help").text.contains("/latest"));
    assert!(ask(telegram, 8, "/dance").text.contains("Unknown command"));
    assert!(daemon.terminate().success());
}

#[test]
fn latest_shows_posts_with_links_and_local_time() {
    let world = world();
    let (daemon, telegram) = start(&world);
    assert!(ask(telegram, 7, "/latest").text.contains("还没有文章"));
    ask(telegram, 7, "/follow topic:market");
    let latest = ask(telegram, 7, "/latest");
    assert!(
        latest.text.contains("市场监管要闻") && !latest.text.contains("财经要闻"),
        "{}",
        latest.text
    );
    assert!(
        latest
            .entities
            .iter()
            .any(|entity| entity["type"] == "text_link")
    );
    assert!(ask(telegram, 8, "/latest 沪江").text.contains("财经要闻"));
    assert!(daemon.terminate().success());
}

#[test]
fn stats_problems_and_held_are_for_admins_only() {
    let world = world();
    world.post(
        "2026-11-20-empty.md",
        &today("\"\"", "demo", "演示", "第一句。"),
    );
    let (daemon, telegram) = start(&world);
    // A young file with a problem is looked at again before the problem counts.
    daemon.wait_for("/feed/demo.xml", |answer| answer.text().contains("第一句"));
    telegram.add_user(ADMIN, "管", "zh");
    telegram.user_starts(ADMIN);
    telegram.next_message(ADMIN);
    for command in ["/stats", "/problems", "/held"] {
        assert!(
            ask(telegram, 7, command).text.contains("仅供管理员"),
            "{command}"
        );
    }
    assert!(ask(telegram, ADMIN, "/stats").text.contains("文章 3"));
    assert!(
        ask(telegram, ADMIN, "/problems")
            .text
            .contains("empty-title")
    );
    assert!(ask(telegram, ADMIN, "/held").text.contains("没有等待"));
    assert!(ask(telegram, ADMIN, "/help").text.contains("/stats"));
    ask(telegram, 7, "/follow site");
    world.post(
        "2022-02-18-old.md",
        "---\ntitle: 旧文\ndate: 2022-02-18 10:01:41 +0800\n---\n正文。\n",
    );
    // The admins are asked once.
    assert!(telegram.next_message(ADMIN).text.contains("等待确认"));
    let held = ask(telegram, ADMIN, "/held");
    assert!(held.text.contains("旧文"), "{}", held.text);
    // A forged press by somebody else has no effect.
    let query = telegram.user_presses(7, &held, "逐篇推送");
    assert!(
        telegram.answer_to(&query)["text"]
            .as_str()
            .unwrap()
            .contains("仅供管理员")
    );
    telegram.user_presses(ADMIN, &held, "逐篇推送");
    assert!(telegram.next_edit(&held).text.contains("已推送 1"));
    assert!(telegram.next_message(7).text.contains("旧文"));
    assert!(daemon.terminate().success());
}

#[test]
fn in_groups_only_administrators_change_settings() {
    let group = -1_001_111_111_111;
    let world = world();
    let (daemon, telegram) = start(&world);
    telegram.add_supergroup(group, "群");
    telegram.set_member(group, 7, "administrator");
    telegram.set_member(group, 8, "member");
    telegram.user_says_in(group, 8, "/follow@tagwire_test_bot hujiang");
    assert!(telegram.next_message(group).text.contains("administrators"));
    telegram.user_says_in(group, 7, "/follow@tagwire_test_bot hujiang");
    let followed = telegram.next_message(group);
    assert!(followed.text.contains("hujiang"), "{}", followed.text);
    let query = telegram.user_presses(
        8,
        &followed,
        followed.buttons()[0]["text"].as_str().unwrap(),
    );
    assert!(
        telegram.answer_to(&query)["text"]
            .as_str()
            .unwrap()
            .contains("dministrators")
    );
    // Talk and other bots' commands are none of ours.
    telegram.user_says_in(group, 7, "大家好");
    telegram.user_says_in(group, 7, "/dance@other_bot");
    telegram.wait_until_updates_are_taken();
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
}

#[test]
fn strange_updates_cost_no_command_and_no_command_is_lost_by_a_kill() {
    let world = world();
    let (daemon, telegram) = start(&world);
    telegram.push_update(json!({"telepathy": {"from": 7}}));
    telegram.push_update(json!({"message": {"message_id": 900, "date": 1, "chat": {"id": 7, "type": "private", "first_name": "李"},
        "from": {"id": 7, "is_bot": false, "first_name": "李"}, "text": "/help",
        "entities": [{"type": "hologram", "offset": 0, "length": 5}], "aura": "blue"}}));
    assert!(telegram.next_message(7).text.contains("使用说明"));
    daemon.kill9();
    telegram.user_says(7, "/follow hujiang");
    let daemon = world.start();
    assert!(telegram.next_message(7).text.contains("已关注"));
    assert!(daemon.terminate().success());
}

#[test]
fn the_command_menu_is_set_for_both_languages() {
    let world = world();
    let (daemon, telegram) = start(&world);
    assert!(ask(telegram, 7, "/help").text.contains("使用说明"));
    let menu = |scope: &str, language: &str| -> Vec<String> {
        let menu = telegram.commands(scope, language).unwrap();
        let menu = menu.as_array().unwrap().iter();
        menu.map(|command| format!("{} {}", command["command"], command["description"]))
            .collect()
    };
    for (language, words) in [("", "关注主题、分类或标签"), ("en", "Follow a topic")] {
        assert!(menu("all_private_chats", language)[0].contains(words));
        assert!(menu("all_chat_administrators", language)[0].contains(words));
        let members = menu("all_group_chats", language);
        assert!(members.iter().all(|line| !line.contains("\"follow\"")));
    }
    let own = telegram.requests("setMyCommands").into_iter();
    let own: Vec<_> = own
        .filter(|request| request.params["scope"]["chat_id"] == ADMIN)
        .collect();
    assert_eq!(own.len(), 2, "a language each");
    assert!(own[1].params["commands"].to_string().contains("broadcast"));
    assert!(daemon.terminate().success());
}

#[test]
fn the_link_on_a_page_follows_exactly_that_label() {
    let world = world();
    world.run(&["--set", "telegram.bot=wire_bot", "build"], 0);
    let page = world.read("public/feed/by_tag/海岱日报新闻.html");
    let (_, rest) = page.split_once("https://t.me/wire_bot?start=").unwrap();
    let (key, _) = rest.split_once('"').unwrap();
    let (_daemon, telegram) = start(&world);
    let followed = ask(telegram, 7, &format!("/start {key}"));
    assert!(followed.text.contains("已关注 标签 · 海岱日报新闻"));
    let list = ask(telegram, 7, "/following");
    assert!(list.text.contains('1'), "{}", list.text);
    // A key of nothing is a greeting, no error.
    assert!(
        ask(telegram, 8, "/start 0123456789abcdef")
            .text
            .starts_with("Welcome")
    );
}
