//! People find what to follow: by sound, part and typing error, page by page, and in words of their own.

use crate::fake_telegram::{FakeTelegram, Sent};
use crate::talk::{ANN, LI, LI_AND_ANN, ask, meet, says};
use crate::world::{World, today};

fn world(config: &str) -> World {
    let world = World::new().with_telegram().config(config);
    world.post(
        "2026-11-20-a.md",
        &today("海岱要闻", "haidairibao", "海岱日报新闻", "正文。"),
    );
    world
}

fn people(world: &World) -> &FakeTelegram {
    let telegram = world.telegram();
    meet(telegram, LI_AND_ANN);
    telegram
}

fn buttons(sent: &Sent) -> Vec<String> {
    let all = sent.buttons();
    let texts = all.iter().map(|button| button["text"].as_str());
    texts
        .map(|text| text.unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn labels_are_found_by_sound_and_typing_error_and_shown_by_their_names() {
    let world = world(
        "labels: {names: {'tag:海岱日报新闻': 海岱新闻网}, aliases: {oldpaper: haidairibao}}\n",
    );
    let daemon = world.start();
    let telegram = people(&world);
    // The category has its posts' name, the tag that of the config.
    for query in ["hdrb", "haidairib", "海带日报", "oldpaper"] {
        let found = ask(telegram, LI, &format!("/follow {query}"));
        let shown = format!("{} {:?}", found.text, buttons(&found));
        assert!(shown.contains("分类 · 海岱日报"), "{query}: {shown}");
    }
    let found = ask(telegram, ANN, "haidaixinwenwang");
    assert_eq!(buttons(&found)[0], "Tag · 海岱新闻网（1 in four weeks）");
    telegram.user_presses(ANN, &found, "Tag · 海岱新闻网（1 in four weeks）");
    says(
        &telegram.next_edit(&found),
        "Following Tag · 海岱新闻网 (1 in four weeks)",
    );
    says(&ask(telegram, ANN, "/following"), "1 followed");
    let none = ask(telegram, ANN, "quantumlab");
    says(&none, "Nothing matches “quantumlab”");
    assert!(daemon.terminate().success());
}

#[test]
fn long_lists_are_turned_page_by_page_in_their_own_message() {
    let world = world("telegram: {commands_per_minute: 120}\n");
    for number in 10..30 {
        let tag = format!("地方频道{number}");
        world.post(
            &format!("2026-11-20-{number}.md"),
            &today("要闻", "news", &tag, "正文。"),
        );
    }
    let daemon = world.start();
    let telegram = people(&world);
    let found = ask(telegram, LI, "/follow 地方频道");
    says(&found, "找到 20 个，这是第 1–8 个");
    telegram.user_presses(LI, &found, "下一页 ›");
    let second = telegram.next_edit(&found);
    says(&second, "这是第 9–16 个");
    telegram.user_presses(LI, &second, "下一页 ›");
    let third = telegram.next_edit(&second);
    says(&third, "这是第 17–20 个");
    assert!(!buttons(&third).contains(&"下一页 ›".to_owned()));
    telegram.user_presses(LI, &third, "‹ 上一页");
    says(&telegram.next_edit(&third), "这是第 9–16 个");
    for number in 10..20 {
        ask(telegram, ANN, &format!("/follow tag:地方频道{number}"));
    }
    let list = ask(telegram, ANN, "/following");
    says(&list, "10 followed");
    assert_eq!(
        buttons(&list).len(),
        17,
        "two for each of eight, and one to the next page"
    );
    telegram.user_presses(ANN, &list, "More ›");
    let rest = telegram.next_edit(&list);
    assert_eq!(
        buttons(&rest),
        [
            "✕ Tag · 地方频道18",
            "🔔",
            "✕ Tag · 地方频道19",
            "🔔",
            "‹ Back"
        ]
    );
    assert!(daemon.terminate().success());
}

#[test]
fn a_rule_of_ones_own_is_previewed_followed_obeyed_and_removed() {
    let world = world("");
    world.post(
        "2026-11-20-b.md",
        &today("平台反垄断调查", "news", "要闻", "一家公司被查。"),
    );
    world.post(
        "2026-11-20-c.md",
        &today("反垄断处罚", "news", "要闻", "证监会通报。"),
    );
    // Its digest is the summary, and does not say it.
    world.post(
        "2026-11-20-d.md",
        &today(
            "机场旅客增长",
            "news",
            "要闻",
            "> 机场公布三季度旅客数，同比增长百分之六。\n\n机场29日公布三季度旅客数。\n\n最后一段谈到反垄断。",
        ),
    );
    let daemon = world.start();
    let telegram = people(&world);
    let preview = ask(telegram, LI, "/follow 反垄断 -证监会");
    says(&preview, "关键词 反垄断 -证监会");
    says(&preview, "最近 4 篇中，符合的有 2 篇");
    says(&preview, "平台反垄断调查");
    telegram.user_presses(LI, &preview, "✅ 关注");
    says(
        &telegram.next_edit(&preview),
        "已关注 关键词 · 反垄断 -证监会",
    );
    // Words that are no label are offered as a rule.
    let offer = ask(telegram, ANN, "antitrust");
    telegram.user_presses(ANN, &offer, "🔎 The words: antitrust");
    let preview = telegram.next_edit(&offer);
    says(&preview, "Of the newest 4 posts, 0 match");
    telegram.user_presses(ANN, &preview, "✅ Follow");
    says(&telegram.next_edit(&preview), "Following Words · antitrust");
    for (command, why) in [
        ("/follow -证监会", "不带 -"),
        ("/follow 反 -证监会", "至少两个字"),
        ("/follow 平台 -平台", "不能既要又不要"),
    ] {
        says(&ask(telegram, LI, command), why);
    }
    // The body decides, not only title and summary; what is excluded is not sent.
    let long = format!("{}最后一段提到反垄断。", "今天天气很好。".repeat(60));
    world.post(
        "2026-11-21-no.md",
        &today("反垄断通报", "news", "要闻", "证监会通报。"),
    );
    world.post(
        "2026-11-21-yes.md",
        &today("深夜发布", "news", "要闻", &long),
    );
    says(&telegram.next_message(LI), "深夜发布");
    let list = ask(telegram, LI, "/following");
    telegram.user_presses(LI, &list, "✕ 关键词 · 反垄断 -证监会");
    let removed = telegram.next_edit(&list);
    says(&removed, "已取消关注 关键词 · 反垄断 -证监会");
    telegram.user_presses(LI, &removed, "撤销");
    says(
        &telegram.next_edit(&removed),
        "已关注 关键词 · 反垄断 -证监会",
    );
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
}
