//! By its first characters: what a sentence cannot be.
//! In: a sentence. Out: false when a pattern of `patterns`, or a list of words, does not fit its beginning.
//! Cheap, and true more often than need be: patterns and lists have the last word.

use std::sync::LazyLock;

use super::chars::Classes;
use super::{digest, leans, patterns};

/// The first character of a credit ...
const CREDIT: u8 = 1;
/// ... and what its second one may be.
const CREDIT_SECOND: u8 = 2;
const LEARNT: u8 = 4;
/// The first character of a connective ...
const CONNECTIVE: u8 = 8;
/// ... and its second one.
const CONNECTIVE_SECOND: u8 = 16;
/// The first character of a word that points back ...
const BACK: u8 = 32;
/// ... its second one ...
const BACK_SECOND: u8 = 64;
/// ... and its only one.
const BACK_ALONE: u8 = 128;

/// What a credit begins with. Latin ones are told by their being Latin.
const CREDITS: &str = "（(【[图圖文资資数本稿素题題头封来來源自摄攝视配制责責编編校审作记記撰监策出译选翻排供值主原免风風特郑版声投温延相关推深往更想欲请敬欢歡点點扫掃长關关订訂下阅閱查返展未新举联商合聯广上左右";

static CLASSES: LazyLock<Classes> = LazyLock::new(|| {
    let mut classes = Classes::none();
    classes.add(CREDIT, CREDITS.chars());
    // Whatever Chinese character stands second stands somewhere in the pattern.
    classes.add(CREDIT_SECOND, patterns::CREDIT_PATTERN.chars());
    classes.add(LEARNT, "本近记記据據另".chars());
    classes.add(CONNECTIVE, nth(0, digest::CONNECTIVES));
    classes.add(CONNECTIVE_SECOND, nth(1, digest::CONNECTIVES));
    classes.add(BACK, nth(0, leans::BACK));
    classes.add(BACK_SECOND, nth(1, leans::BACK));
    let alone = leans::BACK.iter().filter_map(|word| only(word));
    classes.add(BACK_ALONE, alone);
    classes
});

pub(super) fn warm_up() {
    LazyLock::force(&CLASSES);
}

fn nth(at: usize, words: &[&'static str]) -> impl Iterator<Item = char> {
    words.iter().filter_map(move |word| word.chars().nth(at))
}

/// The character of a word that has no other.
fn only(word: &str) -> Option<char> {
    let mut chars = word.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// The classes of the first two characters.
fn first_two(sentence: &str) -> (u8, u8) {
    let mut chars = sentence.chars();
    let mut next = || chars.next().map_or(0, |c| CLASSES.of(c));
    (next(), next())
}

fn begins_with(sentence: &str, class: u8) -> bool {
    let first = sentence.chars().next();
    first.is_some_and(|c| CLASSES.of(c) & class > 0)
}

/// True for whatever may be a credit.
pub(super) fn may_be_credit(sentence: &str) -> bool {
    let is_common = |c: char| matches!(c, '\u{4000}'..='\u{9FFF}');
    let mut chars = sentence.chars();
    let Some(first) = chars.next() else {
        return false;
    };
    if CLASSES.of(first) & CREDIT == 0 {
        return !is_common(first) && !"“《".contains(first);
    }
    chars
        .next()
        .is_some_and(|c| !is_common(c) || CLASSES.of(c) & CREDIT_SECOND > 0)
}

/// True for whatever may begin with a dateline.
pub(super) fn may_be_dateline(sentence: &str) -> bool {
    // A name of at most 16 characters, month and day, `日电`; or a paper's name and `讯` before a gap.
    const FARTHEST: usize = 24;
    let mut before = ' ';
    let mut near = sentence.chars().take(FARTHEST);
    sentence.starts_with('本')
        || near.any(|c| match std::mem::replace(&mut before, c) {
            '日' => matches!(c, '电' | '讯' | '消'),
            '讯' => matches!(c, '（' | '(') || c.is_whitespace(),
            _ => false,
        })
}

/// True for whatever may begin with a byline.
pub(super) fn may_be_byline(sentence: &str) -> bool {
    let name = sentence
        .trim_start_matches(|c: char| "□■◎●▲△".contains(c) || c.is_whitespace())
        .char_indices()
        .take(LONGEST_NAME + 1)
        .any(|(_, c)| matches!(c, '记' | '通'));
    name && (sentence.contains("报道") || sentence.contains("发自"))
}

/// A paper's name has no more characters.
const LONGEST_NAME: usize = 8;

/// True for whatever may begin with `记者获悉，` and the like.
pub(super) fn may_be_learnt(sentence: &str) -> bool {
    let mut before = ' ';
    let mut near = sentence.chars().take(LONGEST_NAME);
    begins_with(sentence, LEARNT)
        || near.any(|c| (std::mem::replace(&mut before, c), c) == ('快', '讯'))
}

/// True for whatever may begin with a connective.
pub(super) fn may_be_connective(sentence: &str) -> bool {
    let (first, second) = first_two(sentence);
    first & CONNECTIVE > 0 && second & CONNECTIVE_SECOND > 0
}

/// True for whatever may begin with a word that points back.
pub(super) fn may_point_back(sentence: &str) -> bool {
    let (first, second) = first_two(sentence);
    first & BACK_ALONE > 0
        || (first & BACK > 0 && second & BACK_SECOND > 0)
        || sentence.starts_with(|c: char| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;
    use regex::Regex;

    use super::super::patterns::{BYLINE, CREDIT, DATELINE, LEARNT};
    use super::*;

    /// Parts of what the patterns match.
    const PARTS: &[&str] = &[
        "本报",
        "本网",
        "综合",
        "讯",
        "消息",
        "海岱日报",
        "甲社",
        "1",
        "11月",
        "3日",
        "电",
        "（",
        "(",
        "）",
        "记者",
        "記者",
        "通讯员",
        "林可",
        "周宁、",
        " ",
        "　",
        "济南",
        "发自",
        "报道",
        "摄影",
        "□",
        "●",
        "从市局",
        "自",
        "获悉",
        "，",
        "：",
        ":",
        "据悉",
        "据了解",
        "另据了解",
        "近日，",
        "甲乙快讯",
        "快讯",
        "完",
        "图",
        "图片",
        "图1",
        "图５",
        "来源",
        "源自",
        "责编",
        "编辑",
        "文",
        "/",
        "原标题",
        "免责声明",
        "编者按",
        "相关",
        "阅读",
        "更多",
        "请",
        "点击",
        "关注",
        "欢迎",
        "查看",
        "阅读原文",
        "商务",
        "邮箱",
        "上图",
        "K图 ",
        "https://a.b",
        "#",
        "www.",
        "via ",
        "Photo",
        "PHOTO by",
        "ſource",
        "source",
        "Read more",
        "©",
        "Follow us",
        "甲",
        "某",
        "。",
        "[",
        "【",
        "联系我们",
        "QQ",
        "往期",
        "敬请",
    ];

    fn matches(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
        pattern.as_ref().is_some_and(|regex| regex.is_match(text))
    }

    proptest! {
        #[test]
        fn what_a_pattern_matches_may_begin_as_it_does(
            parts in proptest::collection::vec(proptest::sample::select(PARTS), 1..7)
        ) {
            let text = parts.concat();
            prop_assert!(may_be_credit(&text) || !matches(&CREDIT, &text));
            prop_assert!(may_be_dateline(&text) || !matches(&DATELINE, &text));
            prop_assert!(may_be_byline(&text) || !matches(&BYLINE, &text));
            prop_assert!(may_be_learnt(&text) || !matches(&LEARNT, &text));
        }
    }

    #[test]
    fn every_word_may_stand_at_the_beginning() {
        for word in leans::BACK {
            assert!(may_point_back(word), "{word}");
        }
        for word in digest::CONNECTIVES {
            assert!(may_be_connective(word), "{word}");
        }
        assert!(!may_point_back("上市公司") && may_point_back("上述公司"));
    }

    #[test]
    fn every_first_character_of_a_credit_is_known() {
        // Any two characters of the pattern, with what follows them in it or not.
        let parts = patterns::CREDIT_PATTERN
            .split(|c: char| "(|?:)[]".contains(c) || c.is_ascii_whitespace());
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        for (first, second) in parts.iter().flat_map(|a| parts.iter().map(move |b| (a, b))) {
            for end in ["", "：", " "] {
                let text = format!("{first}{second}{end}");
                assert!(may_be_credit(&text) || !matches(&CREDIT, &text), "{text}");
            }
        }
    }
}
