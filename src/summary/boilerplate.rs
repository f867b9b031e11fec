//! What stands in an article and tells nothing: datelines, bylines, credits, headings, its title.
//! In: the sentences of a post and its title. Out: the telling ones, datelines cut off.
//! The parser has cut source line and footer before; this is what papers write into the text.

use super::begins;
use super::patterns::{BYLINE, CREDIT, DATELINE, END, LEARNT, NOISE, find, matches};
use super::words::Kinds;

/// A line without an end mark up to this width is a heading; a Chinese character is 2 wide.
const HEADING_WIDTH: usize = 48;

/// How much of two texts must be the same for one to echo the other.
const ECHO: f64 = 0.8;

/// What must not be said of a source that was cut off: these point back at it.
const POINTERS: &[&str] = &[
    "该", "該", "其", "全市", "全省", "全县", "全區", "全区", "本市", "本省", "我省", "我市",
    "当地", "當地", "此", "这", "這", "他", "她", "上述", "公司", "双方", "两",
];

/// True for a heading after which only links, credits and disclaimers follow.
pub(super) fn ends_article(line: &str) -> bool {
    // No such heading ends with a full stop, as nearly all lines do.
    !line.ends_with('。') && matches(&END, line)
}

/// A title as sentences are compared with it.
pub(super) struct Title(String);

impl Title {
    /// The title of a post.
    pub fn new(title: &str) -> Title {
        Title(plain(title))
    }
}

/// True for a sentence (lead cut off) that says something that the title does not say.
pub(super) fn tells(told: &Told<'_>, title: &Title) -> bool {
    let sentence = told.text;
    let is_link = told.has_slash && is_address(sentence);
    !sentence.is_empty()
        && !is_link
        && !is_credit(sentence)
        && !is_noise(sentence, told.words)
        && !is_heading(told)
        && has_letter(sentence)
        && !is_bare_quote(sentence)
        && !is_echo(told, title)
}

/// A sentence without its lead, and what is known of it.
pub(super) struct Told<'a> {
    pub text: &'a str,
    /// Words of interest in it.
    pub words: Kinds,
    /// A mark ends it.
    pub ended: bool,
    /// Characters of U+4000 to U+9FFF in it, three bytes each, all letters but for 64 signs of an oracle.
    pub han: usize,
    pub has_slash: bool,
}

/// Everyday Chinese, which all is letters.
fn is_common(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}')
}

fn has_letter(sentence: &str) -> bool {
    sentence.chars().any(|c| is_common(c) || c.is_alphabetic())
}

/// `echoes` for a sentence that is not plain yet; nearly all are too long or too short for it.
fn is_echo(told: &Told<'_>, title: &Title) -> bool {
    let Title(title) = title;
    let least = 3 * told.han;
    // A lower-case letter, or two in place of one, may take more bytes than the capital did.
    let most = least + 3 * (told.text.len() - least);
    (title.len() as f64) >= ECHO * least as f64
        && most as f64 >= ECHO * title.len() as f64
        && echoes(&plain(told.text), title)
}

fn is_credit(sentence: &str) -> bool {
    begins::may_be_credit(sentence) && matches(&CREDIT, sentence)
}

fn is_noise(sentence: &str, words: Kinds) -> bool {
    words.has(Kinds::NOISE) && matches(&NOISE, sentence)
}

/// What somebody said, with nobody who says it.
fn is_bare_quote(sentence: &str) -> bool {
    if !sentence.starts_with(['“', '「', '"']) {
        return false;
    }
    [('“', '”'), ('「', '」'), ('"', '"')]
        .iter()
        .any(|(open, close)| {
            let inner = sentence
                .strip_prefix(*open)
                .and_then(|rest| rest.strip_suffix(*close));
            inner.is_some_and(|inner| !inner.contains([*open, *close]))
        })
}

/// Mostly an address of the web.
fn is_address(sentence: &str) -> bool {
    if !sentence.contains("://") {
        return false;
    }
    let link = sentence
        .split_whitespace()
        .find(|word| word.contains("://"));
    link.is_some_and(|link| link.len() * 2 > sentence.len())
}

/// Cuts a headline in 【】, dateline, byline and `记者从……获悉` off the beginning. `words` are those in the sentence.
pub(super) fn strip_lead<'a>(sentence: &'a str, title: &Title, words: Kinds) -> &'a str {
    let mut rest = sentence;
    if let Some((headline, after)) = rest.strip_prefix('【').and_then(|r| r.split_once('】'))
        && (echoes(&plain(headline), &title.0) || !after.trim().is_empty())
    {
        rest = after;
    }
    if words.has(Kinds::DATELINE) && begins::may_be_dateline(rest) {
        rest = find(&DATELINE, rest).map_or(rest, |found| &rest[found.end()..]);
    }
    if words.has(Kinds::BYLINE) && begins::may_be_byline(rest) {
        rest = find(&BYLINE, rest).map_or(rest, |found| &rest[found.end()..]);
    }
    rest = rest.trim_start();
    if words.has(Kinds::LEARNT)
        && begins::may_be_learnt(rest)
        && let Some(found) = find(&LEARNT, rest)
    {
        let after = &rest[found.end()..];
        if !POINTERS.iter().any(|word| after.starts_with(word)) {
            rest = after.trim_start();
        }
    }
    rest
}

/// A short line that no mark ends: a heading, a table cell, a caption.
fn is_heading(told: &Told<'_>) -> bool {
    let width = || -> usize {
        let widths = told.text.chars().map(|c| if c.is_ascii() { 1 } else { 2 });
        widths.sum()
    };
    !told.ended && width() <= HEADING_WIDTH
}

/// Letters and digits alone, so that quotes and spaces make no difference.
pub(super) fn plain(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    // Nearly all of a text is kept as it stands: from here on, and not yet taken over.
    let mut start = 0;
    for (at, c) in text.char_indices() {
        if is_common(c) || c.is_ascii_digit() {
            continue;
        }
        kept.push_str(&text[start..at]);
        start = at + c.len_utf8();
        if c.is_alphanumeric() {
            kept.extend(c.to_lowercase());
        }
    }
    kept.push_str(&text[start..]);
    kept
}

/// True when one of two plain texts is the other, or most of it.
fn echoes(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    // A bound in f64 is exact here: lengths of lines are far below 2^53.
    !short.is_empty() && long.contains(short) && short.len() as f64 >= ECHO * long.len() as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::units::{self, Scan};
    use super::*;

    fn kinds(text: &str) -> Kinds {
        Scan::default().read(text).1
    }

    fn told(text: &str) -> Told<'_> {
        let (_, words, facts) = Scan::default().read(text);
        Told {
            text,
            words,
            ended: units::is_ended(text),
            han: facts.han,
            has_slash: facts.has_slash,
        }
    }

    proptest! {
        #[test]
        fn only_what_echoes_is_an_echo(a in "[甲乙丙İKa1。 ]{0,12}", b in "[甲乙丙İKa1。 ]{0,12}") {
            let title = Title::new(&b);
            prop_assert_eq!(is_echo(&told(&a), &title), echoes(&plain(&a), &title.0));
        }

        #[test]
        fn plain_text_is_its_letters_and_digits_in_lower_case(text in "\\PC{0,20}|[甲Aé1１İ。 㐀]{0,9}") {
            let kept = text.chars().filter(|c| c.is_alphanumeric());
            prop_assert_eq!(plain(&text), kept.flat_map(char::to_lowercase).collect::<String>());
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
            ("记者从市局获悉，抽检结果公布。", "抽检结果公布。"),
            (
                "记者从市局获悉，该市将启动抽检。",
                "记者从市局获悉，该市将启动抽检。",
            ),
            (
                "记者4日从市局获悉，抽检结果公布。",
                "记者4日从市局获悉，抽检结果公布。",
            ),
            ("据悉，抽检结果公布。", "抽检结果公布。"),
            ("11月3日，抽检结果公布。", "11月3日，抽检结果公布。"),
            ("电费今日上调。", "电费今日上调。"),
        ] {
            assert_eq!(
                strip_lead(line, &Title::new(""), kinds(line)),
                rest,
                "{line}"
            );
        }
    }

    #[test]
    fn echoes_headings_and_credits_tell_nothing() {
        let title = Title::new("我省开展“守护消费”行动");
        for line in [
            "我省开展守护消费行动。",
            "一、总体要求",
            "打造“三个样板”",
            "图片来源：海岱日报",
            "（记者 林可）",
            "责任编辑：周宁",
            "責任編輯：周寧",
            "风险提示：基金有风险，投资需谨慎。",
            "本文仅代表作者个人观点。",
            "点击查看更多精彩内容。",
            "欢迎关注公众号“海岱日报”，获取更多资讯。",
            "转载请注明出处。",
            "https://news.example.cn/a/b/c",
            "编者按：本报今起推出系列报道。",
            "“今天生意还行。”",
            "店主说。",
            "各市情况如下（数据来自省局）。",
            "图1：抽检现场。",
            "Reporting by Lin Ke; editing by Zhou Ning.",
            "Click here to subscribe to our newsletter.",
        ] {
            assert!(!tells(&told(line), &title), "{line}");
        }
        for line in [
            "行动自11月起持续三个月。",
            "图书市场规模增长一成。",
            "编辑出版法规修订草案公布。",
            "来源可查、去向可追的制度建成。",
            "“双随机、一公开”抽查与“证照分离”改革同步推进。",
            "The source said prices would rise.",
        ] {
            assert!(tells(&told(line), &title), "{line}");
        }
        assert!(ends_article("免责声明"));
        assert!(!ends_article("免责声明制度改革启动。"));
    }
}
