//! Messages as people see them.

use super::*;
use crate::model::zone::zone;
use crate::model::{PostId, PostTime};
use proptest::prelude::*;

fn card(title: &str, summary: &str) -> Card {
    Card {
        post: PostId::new("/haidai/2026/11/20/a"),
        title: title.into(),
        url: "http://news.example.cn/haidai/2026/11/20/a.html".into(),
        summary: summary.into(),
        source: Some("海岱日报".into()),
        published: PostTime::from_parts(1_790_000_000, 8 * 3600).unwrap(),
        categories: vec!["haidai".into()],
        tags: vec!["海岱日报新闻".into(), "C++ 语言".into(), "2026".into()],
        topics: vec![("market-supervision".into(), "市场监管".into())],
        rules: Vec::new(),
        also: Vec::new(),
    }
}

#[test]
fn sentences_that_are_cut_off_leave_the_line_ends_of_the_others() {
    let text = "第一条。\n第二条。\n\n第三条很长很长很长。";
    assert_eq!(cut_sentences(text, 12), "第一条。\n第二条。");
    assert_eq!(cut_sentences(text, 100), text);
    assert_eq!(utf16_len(&cut_sentences(text, 3)), 3);
}

#[test]
fn an_announcement_has_title_summary_source_time_hashtags_and_a_button() {
    let message = alert(
        &card("食品抽检结果公布", "抽检三千批次。"),
        "zh",
        zone("Asia/Shanghai"),
        Form::Full,
    );
    assert_eq!(
        message.text,
        "食品抽检结果公布\n\n抽检三千批次。\n\n海岱日报 · 2026-09-21 22:13\n#市场监管 #海岱日报新闻 #C_语言"
    );
    assert_eq!(message.entities.len(), 2);
    assert_eq!(message.buttons[0][0].text, "阅读全文");
}

#[test]
fn abroad_the_offset_is_told() {
    let zones = Zones {
        chat: zone("Europe/Berlin"),
        site: zone("Asia/Shanghai"),
    };
    let message = alert(&card("标题", "摘要。"), "en", zones, Form::Full);
    assert!(
        message.text.contains("2026-09-21 16:13 +02:00"),
        "{}",
        message.text
    );
    // The same clock by another name.
    let zones = Zones {
        chat: zone("Asia/Singapore"),
        site: zone("Asia/Shanghai"),
    };
    let message = alert(&card("标题", "摘要。"), "en", zones, Form::Full);
    assert!(
        message.text.contains("2026-09-21 22:13\n"),
        "{}",
        message.text
    );
}

#[test]
fn the_last_fallback_is_title_and_address() {
    let message = alert(
        &card("标题", "摘要。"),
        "zh",
        zone("Asia/Shanghai"),
        Form::Bare,
    );
    assert_eq!(
        message.text,
        "标题\nhttp://news.example.cn/haidai/2026/11/20/a.html"
    );
    assert!(message.entities.is_empty() && message.buttons.is_empty());
}

#[test]
fn an_address_that_telegram_would_refuse_as_a_link_stays_text() {
    let mut card = card("标题", "摘要。");
    card.url = "http://localhost:8080/a.html".into();
    let message = alert(&card, "zh", zone("Asia/Shanghai"), Form::Full);
    assert!(
        message.text.ends_with("\nhttp://localhost:8080/a.html"),
        "{}",
        message.text
    );
    assert!(message.buttons.is_empty());
    assert_eq!(message.entities.len(), 1);
}

#[test]
fn a_digest_has_a_line_for_each_post() {
    let mut cards = vec![
        card("食品抽检结果公布", "抽检三千批次。"),
        card("价格提醒", ""),
    ];
    cards[1].source = None;
    let message = digest(&cards, "zh", zone("Asia/Shanghai"), Form::Full);
    assert_eq!(
        message.text,
        "2 篇文章 · 2026-09-21\n\n1. 食品抽检结果公布 · 海岱日报\n2. 价格提醒"
    );
    assert_eq!(message.entities.len(), 3);
    let thirty = vec![card(&"长".repeat(400), ""); crate::store::DIGEST_POSTS];
    let message = digest(&thirty, "en", zone("Asia/Shanghai"), Form::Full);
    assert!(utf16_len(&message.text) <= TEXT_LIMIT);
    assert_eq!(message.text.lines().count(), 32);
    assert!(message.entities.len() <= 100);
}

proptest! {
    // A case builds three messages of thousands of characters: in debug a few dozen take seconds.
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_input_stays_within_telegrams_limits(
        title in "\\PC{0,600}", summary in "(\\PC|。|😀|\u{200d}){0,6000}", source in "\\PC{0,200}", tag in "\\PC{0,300}",
    ) {
        let mut card = card(&title, &summary);
        card.source = Some(source);
        card.tags = vec![tag; 12];
        for form in [Form::Full, Form::Plain, Form::Bare] {
            let message = alert(&card, "zh", zone("Asia/Shanghai"), form);
            let length = utf16_len(&message.text);
            prop_assert!(length <= 4096 && !message.text.trim().is_empty());
            for entity in &message.entities {
                prop_assert!(entity.length > 0 && entity.offset + entity.length <= length);
            }
            let message = digest(&vec![card.clone(); 30], "zh", zone("Asia/Shanghai"), form);
            let length = utf16_len(&message.text);
            prop_assert!(length <= 4096 && message.entities.len() <= 100);
            for entity in &message.entities {
                prop_assert!(entity.length > 0 && entity.offset + entity.length <= length);
            }
        }
    }
}
