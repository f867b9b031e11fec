//! Inline mode: labels found from any chat, page by page, in both languages.

use super::{ANN, LI, ask, greeted, says, world};
use crate::world::today;

#[test]
fn labels_are_found_in_pages_and_followed_by_their_link() {
    let world = world("");
    let tags: Vec<String> = (0..40).map(|n| format!("板块{n:02}")).collect();
    world.post(
        "2026-11-20-tags.md",
        &today("板块", "demo", &format!("[{}]", tags.join(", ")), "正文。"),
    );
    let daemon = world.start();
    let telegram = greeted(&world);
    let mut seen = Vec::new();
    let mut offset = String::new();
    for length in [25, 15] {
        let answer = telegram.user_asks_inline(LI, "板块", &offset);
        let results = answer["results"].as_array().unwrap().clone();
        assert_eq!(results.len(), length, "{answer}");
        offset = answer["next_offset"].as_str().unwrap().to_owned();
        seen.extend(
            results
                .iter()
                .map(|result| result["title"].as_str().unwrap().to_owned()),
        );
    }
    assert_eq!(offset, "");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 40);
    for (user, words, button, unknown) in [
        (LI, "标签 · 板块07", "在机器人中关注", "没有找到"),
        (ANN, "Tag · 板块07", "Follow with the bot", "Nothing found"),
    ] {
        let answer = telegram.user_asks_inline(user, "板块07", "");
        let first = &answer["results"][0];
        assert_eq!(first["title"], words);
        let row = &first["reply_markup"]["inline_keyboard"][0][0];
        assert_eq!(row["text"], button);
        let key = row["url"].as_str().unwrap().split("start=").nth(1).unwrap();
        says(&ask(telegram, user, &format!("/start {key}")), words);
        // Nothing, and a page that nobody was offered.
        for (text, offset) in [
            ("不存在的词", ""),
            ("板块", "99999999999999999999"),
            ("板块", "-1"),
        ] {
            let answer = telegram.user_asks_inline(user, text, offset);
            assert!(answer["results"].is_array());
        }
        let answer = telegram.user_asks_inline(user, "不存在的词", "");
        assert!(
            answer["button"]["text"]
                .as_str()
                .unwrap()
                .starts_with(unknown),
            "{answer}"
        );
        let topics = telegram.user_asks_inline(user, "", "");
        assert_eq!(topics["results"].as_array().unwrap().len(), 1);
    }
    assert!(daemon.terminate().success());
}
