//! What stands in an article and tells nothing: datelines, bylines, credits, headings, its title.
//! In: the sentences of a post and its title. Out: the telling ones, datelines cut off.
//! The parser has cut source line and footer before; this is what papers write into the text.

use std::sync::LazyLock;

use regex::Regex;

/// A line without an end mark up to this width is a heading; a Chinese character is 2 wide.
const HEADING_WIDTH: usize = 48;

/// How much of two texts must be the same for one to echo the other.
const ECHO: f64 = 0.8;

/// What papers put before the first word: `本报讯（记者 某某）`, `某社北京11月3日电`.
static DATELINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(
        r"^(?:(?:本报|本网|本刊|本台)(?:综合)?(?:讯|消息)|[\p{Han}A-Za-z·]{2,16}(?:\d{1,2}月)?\d{1,2}日(?:电|讯|消息)|[\p{Han}]{2,8}讯[\s　（(])[\s　]*(?:[（(][^（）()]{0,12}(?:记者|通讯员|编辑|实习生)[^（）()]{0,60}[）)])?[\s　，,：:—-]*",
    )
});

/// `本报记者 某某 济南报道`, `□记者 某某 报道`.
static BYLINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(
        r"^[□■◎●▲△\s　]*(?:[\p{Han}]{2,8}|本报)?(?:记者|通讯员)[\s　:：]*[\p{Han}·]{2,4}(?:[\s　、]+[\p{Han}·]{2,6}){0,6}(?:发自[\p{Han}]{2,6}|[\s　]*(?:综合|摄影)?报道)[\s　：:，,]*",
    )
});

/// Whole sentences that tell nothing.
static CREDIT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(
        r"^(?:[（(【\[](?:完|记者|通讯员|编辑|责任编辑|责编|作者|来源|文章来源)[^（）()]*[）)】\]]|(?:图片|文章|资料|数据|本文)?来源[：:]|(?:图|图片|摄影|资料图片?)[：:/／]|(?:责任编辑|责编|编辑|校对|审核|作者|记者|撰文|文|监制|策划)[\s　]*[：:/／|｜]|原标题[：:]|(?:免责声明|风险提示|特别声明)[：:]|(?:延伸|相关|推荐)阅读|(?:点击|扫码|长按).{0,20}(?:查看|关注|阅读|下载)|阅读原文|本文不构成)",
    )
});

/// A pattern above that did not compile would leave its boilerplate in; a test compiles them all.
fn compile(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

/// The sentences that tell something, in order.
pub(super) fn remove<'a>(sentences: &[&'a str], title: &str) -> Vec<&'a str> {
    let title = plain(title);
    let told = sentences
        .iter()
        .map(|sentence| strip_lead(sentence, &title));
    told.filter(|sentence| tells(sentence, &title)).collect()
}

fn tells(sentence: &str, title: &str) -> bool {
    !sentence.is_empty()
        && !matches(&CREDIT, sentence)
        && !is_heading(sentence)
        && !echoes(&plain(sentence), title)
}

fn matches(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// Cuts a headline in 【】 and dateline or byline off the beginning.
fn strip_lead<'a>(sentence: &'a str, title: &str) -> &'a str {
    let mut rest = sentence;
    if let Some((headline, after)) = rest.strip_prefix('【').and_then(|r| r.split_once('】'))
        && (echoes(&plain(headline), title) || !after.trim().is_empty())
    {
        rest = after;
    }
    for pattern in [&DATELINE, &BYLINE] {
        if let Some(found) = pattern.as_ref().and_then(|regex| regex.find(rest)) {
            rest = &rest[found.end()..];
        }
    }
    rest.trim_start()
}

/// A short line that no mark ends: a heading, a table cell, a caption.
fn is_heading(sentence: &str) -> bool {
    let closing = |c: char| "”’」』）)】》\"' ".contains(c);
    let ended = sentence
        .trim_end_matches(closing)
        .ends_with(['。', '！', '？', '；', '!', '?', ';', '.', '…']);
    let width: usize = sentence
        .chars()
        .map(|c| if c.is_ascii() { 1 } else { 2 })
        .sum();
    !ended && width <= HEADING_WIDTH
}

/// Letters and digits alone, so that quotes and spaces make no difference.
fn plain(text: &str) -> String {
    let kept = text.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// True when one of two plain texts is the other, or most of it.
fn echoes(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    // A bound in f64 is exact here: lengths of lines are far below 2^53.
    !short.is_empty() && long.contains(short) && short.len() as f64 >= ECHO * long.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        for pattern in [&DATELINE, &BYLINE, &CREDIT] {
            assert!(pattern.is_some());
        }
    }

    #[test]
    fn datelines_and_bylines_are_cut_off() {
        for (line, rest) in [
            ("本报讯（记者 林可）抽检结果公布。", "抽检结果公布。"),
            ("海岱日报济南11月3日讯 抽检结果公布。", "抽检结果公布。"),
            ("沪江社北京11月3日电（记者林可、周宁）抽检。", "抽检。"),
            ("本报记者 林可 周宁 济南报道 抽检。", "抽检。"),
            ("【抽检结果公布】市局11日公布结果。", "市局11日公布结果。"),
            (
                "记者从市局获悉，抽检结果公布。",
                "记者从市局获悉，抽检结果公布。",
            ),
            ("11月3日，抽检结果公布。", "11月3日，抽检结果公布。"),
            ("电费今日上调。", "电费今日上调。"),
        ] {
            assert_eq!(strip_lead(line, ""), rest, "{line}");
        }
    }

    #[test]
    fn echoes_headings_and_credits_tell_nothing() {
        let title = "我省开展“守护消费”行动";
        let lines = [
            "我省开展守护消费行动。",
            "一、总体要求",
            "打造“三个样板”",
            "图片来源：海岱日报",
            "（记者 林可）",
            "责任编辑：周宁",
            "行动自11月起持续三个月。",
        ];
        assert_eq!(remove(&lines, title), ["行动自11月起持续三个月。"]);
    }
}
