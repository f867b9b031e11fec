//! Sentences and summaries, told on made texts.

use proptest::prelude::*;

use super::*;
use crate::model::time::PostTime;
use crate::model::{DateSource, PostId};

fn post(title: &str, digest: Option<&str>, text: &str) -> Post {
    Post {
        id: PostId::new("/2026/11/03/a"),
        path: "posts/2026-11-03-a.md".to_owned(),
        title: title.to_owned(),
        published: PostTime::from_parts(1_793_000_000, 28_800).unwrap(),
        date_source: DateSource::FrontMatter,
        updated: None,
        url: "/2026/11/03/a.html".to_owned(),
        categories: Vec::new(),
        tags: Vec::new(),
        author: None,
        source: None,
        via: None,
        digest: digest.map(str::to_owned),
        excerpt: None,
        match_text: None,
        image: None,
        html: String::new(),
        text: text.to_owned(),
        withdrawn: false,
    }
}

#[test]
fn chinese_sentences_end_at_their_marks() {
    for (text, parts) in [
        (
            "甲。乙！丙？丁；戊",
            &["甲。", "乙！", "丙？", "丁；", "戊"][..],
        ),
        ("真的吗？！好。", &["真的吗？！", "好。"]),
        (
            "他说“好。很好。”又说“行。”，走了。",
            &["他说“好。很好。”", "又说“行。”，走了。"],
        ),
        ("“好！”他说。", &["“好！”他说。"]),
        (
            "读《怎么办？》一书。完。",
            &["读《怎么办？》一书。", "完。"],
        ),
        ("甲（乙。丙）丁。戊。", &["甲（乙。丙）丁。", "戊。"]),
        ("「好。」下一句。", &["「好。」", "下一句。"]),
        ("他说“好。没有后引号。", &["他说“好。", "没有后引号。"]),
        ("上涨3.5%，报1.2元。", &["上涨3.5%，报1.2元。"]),
        ("一、总体要求\n正文。", &["一、总体要求", "正文。"]),
        (" \n\r\n 　 \n", &[]),
    ] {
        assert_eq!(sentences(text), parts, "{text}");
    }
}

#[test]
fn english_dots_end_sentences_only_where_they_do() {
    for (text, parts) in [
        (
            "Mr. Li of Acme Inc. Shanghai rose 3.5%. Shares fell. ok",
            &["Mr. Li of Acme Inc. Shanghai rose 3.5%.", "Shares fell. ok"][..],
        ),
        (
            "The U.S. Fed met. It held.",
            &["The U.S. Fed met.", "It held."],
        ),
        (
            "Rule No. 5 stands. They said no. Prices rose.",
            &["Rule No. 5 stands.", "They said no.", "Prices rose."],
        ),
        (
            "He said \"Stop. Now.\" Then left.",
            &["He said \"Stop. Now.\" Then left."],
        ),
        ("1. First item. Second.", &["1. First item.", "Second."]),
        (
            "See https://a.example/b?c=d;e. Then go!",
            &["See https://a.example/b?c=d;e.", "Then go!"],
        ),
    ] {
        assert_eq!(sentences(text), parts, "{text}");
    }
}

#[test]
fn a_digest_is_taken_whole_or_by_sentences() {
    let digest = "第一句说了一件事。第二句说了另一件事。";
    let post = post("标题", Some(digest), "正文。");
    assert_eq!(summarise(&post, 200), digest);
    assert_eq!(summarise(&post, 12), "第一句说了一件事。");
}

#[test]
fn the_authors_own_words_come_before_the_digest() {
    let mut post = post("标题", Some("导语。"), "正文。");
    post.excerpt = Some("作者的\n 摘要。".to_owned());
    assert_eq!(summarise(&post, 200), "作者的 摘要。");
}

#[test]
fn without_a_digest_the_leading_sentences_are_taken() {
    let text = "开展守护消费行动\n一、背景\n本报讯（记者 林可）市场监管部门启动行动。行动为期三个月。后面还有很长的一句话放不下了。";
    let post = post("开展守护消费行动", None, text);
    assert_eq!(
        summarise(&post, 24),
        "市场监管部门启动行动。行动为期三个月。"
    );
}

#[test]
fn a_first_sentence_beyond_the_budget_is_cut_at_a_clause() {
    let text = "市场监管部门启动行动，为期三个月，覆盖全省所有县区的农贸市场与网络平台。";
    assert_eq!(
        summarise(&post("标题", None, text), 20),
        "市场监管部门启动行动，为期三个月…"
    );
}

#[test]
fn a_digest_that_is_a_motto_the_title_or_broken_off_is_not_taken() {
    let text = "市场监管部门启动守护消费行动，为期三个月。";
    for digest in [
        "“凡事预则立，不预则废，此之谓也。”——某人",
        "守护消费行动在全省范围内启动",
        "市场监管部门启动守护消费行动，为期……",
    ] {
        let post = post("守护消费行动在全省范围内启动", Some(digest), text);
        assert_eq!(summarise(&post, 200), text, "{digest}");
    }
}

#[test]
fn the_telling_sentences_are_taken_in_their_order() {
    let text = "海岱省市场监管局3日公布食品抽检结果。\n天气渐冷，街上行人不多，小店依旧热闹。\n\
        “味道不错。”有顾客说。\n此次抽检食品样品4万批次，不合格样品611批次。\n“今天生意还行。”店主说。";
    let summary = summarise(&post("食品抽检611批次不合格", None, text), 60);
    assert_eq!(
        summary,
        "海岱省市场监管局3日公布食品抽检结果。此次抽检食品样品4万批次，不合格样品611批次。"
    );
}

#[test]
fn nothing_is_said_twice() {
    let text = "某市启动电梯安全评估，覆盖1.2万台住宅电梯。\n该市电梯安全评估启动，住宅电梯1.2万台全覆盖。\n评估费用由市区两级财政分担，年底前完成。";
    let summary = summarise(&post("电梯安全评估", None, text), 80);
    assert_eq!(
        summary,
        "某市启动电梯安全评估，覆盖1.2万台住宅电梯。评估费用由市区两级财政分担，年底前完成。"
    );
}

#[test]
fn a_list_is_joined_and_a_table_is_left_out() {
    let text = "市局要求平台做到：\n明码标价\n公平促销\n不得强制二选一\n地区 批次 合格率\n临海市 3,120 99.4%\n青屿市 2,860 99.3%";
    let summary = summarise(&post("促销新规", None, text), 80);
    assert_eq!(
        summary,
        "市局要求平台做到：明码标价；公平促销；不得强制二选一。"
    );
}

#[test]
fn traditional_chinese_is_read_like_simplified() {
    let text = "【本報訊】港灣集團九日公布，五年期債券錄得逾六倍超額認購。\n責任編輯：林可\n所得款項用於新綫前期工程。";
    let summary = summarise(&post("債券超額認購", None, text), 60);
    assert!(summary.starts_with("港灣集團九日公布"), "{summary}");
    assert!(!summary.contains("責任編輯"));
}

#[test]
fn hostile_texts_take_no_longer_than_their_length() {
    let one_sentence = "甲乙丙丁戊，".repeat(20_000);
    assert!(
        summarise(&post("标题", None, &one_sentence), 200)
            .chars()
            .count()
            <= 200
    );
    let lines = "短行。\n".repeat(50_000);
    assert!(!summarise(&post("标题", None, &lines), 200).is_empty());
    let open = "（《“".repeat(30_000);
    assert!(!summarise(&post("标题", None, &open), 200).is_empty());
    let colons = "如下：\n".repeat(50_000);
    assert!(!summarise(&post("标题", None, &colons), 200).is_empty());
}

#[test]
fn there_is_always_something_to_say() {
    assert_eq!(summarise(&post("标题", None, ""), 10), "标题");
    assert_eq!(
        summarise(&post("一、背景", None, "一、背景"), 10),
        "一、背景"
    );
    assert_eq!(
        summarise(&post("标题", Some(" \n "), "正文。"), 10),
        "正文。"
    );
    assert_eq!(summarise(&post("标题", None, "正文很长。"), 0), "正");
}

#[test]
fn english_sentences_keep_their_space() {
    let text = "Prices rose in November. The central bank held rates.";
    let summary = summarise(&post("Title", None, text), 100);
    assert_eq!(summary, text);
}

/// Text as far from prose as it may come.
const SOUP: &str =
    "[甲乙丙。！？；，“”‘’「」《》（）()\"'.,!?;:0-9a-zA-Z \n…\u{301}\u{200b}]{0,120}";

proptest! {
    #[test]
    fn sentences_are_the_text_in_order_and_lose_only_white_space(text in SOUP) {
        let bare = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let parts = sentences(&text);
        prop_assert_eq!(bare(&parts.concat()), bare(&text));
        for part in parts {
            prop_assert!(!part.is_empty() && part == part.trim() && !part.contains('\n'));
        }
    }

    #[test]
    fn a_summary_fits_and_is_never_empty(title in "[甲乙a]{1,8}", digest in proptest::option::of(SOUP), text in SOUP, budget in 0_usize..80) {
        let post = post(&title, digest.as_deref(), &text);
        let summary = summarise(&post, budget);
        prop_assert!(summary.chars().count() <= budget.max(1));
        prop_assert!(!summary.is_empty());
        prop_assert!(!summary.contains('\n'));
        prop_assert_eq!(summarise(&post, budget), summary);
    }
}
