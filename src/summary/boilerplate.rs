//! What stands in an article and tells nothing: datelines, bylines, credits, headings, its title.
//! In: the sentences of a post and its title. Out: the telling ones, datelines cut off.
//! The parser has cut source line and footer before; this is what papers write into the text.

use std::sync::LazyLock;

use regex::Regex;

use super::begins;
use super::words::Kinds;

/// A line without an end mark up to this width is a heading; a Chinese character is 2 wide.
const HEADING_WIDTH: usize = 48;

/// How much of two texts must be the same for one to echo the other.
const ECHO: f64 = 0.8;

/// What papers put before the first word: `本报讯（记者 某某）`, `某社北京11月3日电`.
pub(super) static DATELINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(
        r"^(?:(?:本报|本网|本刊|本台)(?:综合)?(?:讯|消息)|[\p{Han}A-Za-z·]{2,16}(?:\d{1,2}月)?\d{1,2}日(?:电|讯|消息)|[\p{Han}]{2,8}讯[\s　（(])[\s　]*(?:[（(][^（）()]{0,12}(?:记者|通讯员|编辑|实习生)[^（）()]{0,60}[）)])?[\s　，,：:—-]*",
    )
});

/// `本报记者 某某 济南报道`, `□记者 某某 报道`.
pub(super) static BYLINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(
        r"^[□■◎●▲△\s　]*(?:[\p{Han}]{2,8}|本报)?(?:记者|通讯员)[\s　:：]*[\p{Han}·]{2,4}(?:[\s　、]+[\p{Han}·]{2,6}){0,6}(?:发自[\p{Han}]{2,6}|[\s　]*(?:综合|摄影)?报道)[\s　：:，,]*",
    )
});

/// `记者从市局获悉，`, with the day or hour in it left alone: that is news.
pub(super) static LEARNT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(
        r"^(?:(?:本报|本网|近日，?)?(?:记者|記者)(?:从|從|自)[^，。,0-9]{2,24}(?:获悉|獲悉|了解到|得知|處獲悉)[，,：:]|(?:据悉|据了解|据介绍|另据了解|據悉|據了解|记者(?:获悉|了解到|注意到))[，,：:]|[\p{Han}]{2,6}快讯[：:，])",
    )
});

/// What must not be said of a source that was cut off: these point back at it.
const POINTERS: &[&str] = &[
    "该", "該", "其", "全市", "全省", "全县", "全區", "全区", "本市", "本省", "我省", "我市",
    "当地", "當地", "此", "这", "這", "他", "她", "上述", "公司", "双方", "两",
];

/// Whole sentences that tell nothing.
pub(super) static CREDIT: LazyLock<Option<Regex>> = LazyLock::new(|| compile(CREDIT_PATTERN));

pub(super) const CREDIT_PATTERN: &str = r"(?x)^(?:
          [（(【\[](?:完|記者|记者|通讯员|编辑|編輯|责任编辑|责编|作者|来源|來源|文章来源|原标题|图|文)[^（）()]*[）)】\]]
        | (?:图片|圖片|文章|资料|数据|資料|本文|稿件|素材|题图|头图|封面)?(?:来源|來源|来自|源自)[\s　]*[：:]
        | (?:图|图片|圖片|摄影|攝影|资料图片?|视频|題圖|配图|制图)[\s　]*[：:/／|]
        | (?:责任编辑|責任編輯|责编|编辑|編輯|校对|校對|校译|审核|作者|记者|記者|撰文|文|监制|策划|出品|译者|选题|翻译|排版|供稿|值班|主编)[\s　]*[：:/／|｜]
        | 原(?:标题|標題|文标题|题|文链接|文|載|载)[\s　]*[：:]
        | (?:免责声明|免責聲明|风险提示|風險提示|特别声明|郑重声明|版权声明|声明|投资提示|温馨提示)[\s　]*[：:，]
        | (?:编辑按|编者按|编按|編者按|译者按|译注|編按)[\s　]*[：:]
        | (?:延伸|相关|推荐|相關|推薦|深度|往期)(?:阅读|閱讀|链接|报道|精彩)
        | (?:更多|想看更多|欲了解更多).{0,24}(?:请|敬请|尽在|关注|點擊|点击|下载|搜索|内容|资讯)
        | (?:请|敬请|欢迎|歡迎)?(?:点击|點擊|扫码|扫描|掃描|长按|關注|关注|订阅|訂閱|下载).{0,24}(?:查看|关注|關注|阅读|閱讀|下载|二维码|公众号|频道|全文|頻道|订阅|訂閱|APP|app|客户端)
        | 阅读原文|閱讀原文|查看原文|返回搜狐|展开全文|未经授权|未經授權|版权所有|版權所有|本版图片|新闻热线|举报邮箱|联系我们
        | (?:商务|商務|合作|联系|聯繫|投稿|广告)(?:合作)?(?:邮箱|郵箱|微信|电话|方式|QQ|联系)
        | (?:上图|下图|左图|右图|图为|圖為|图[一二三四五1-9０-９]+|圖[一二三1-9]+|配图)[\s　：:，、]
        | K图[\s　]
        | (?:https?://|www\.|\#)\S*\s*$
        | via[:：\s]
        | (?i:photo(?:\s+by)?|image(?:\s+by)?|source|credit|disclaimer|reporting\s+by|editing\s+by|edited\s+by|translated\s+by)\s*[:：]
        | (?i:(?:click|tap)\s+here|read\s+more|read\s+the\s+full|subscribe|sign\s+up|follow\s+us|share\s+this|all\s+rights\s+reserved|©|copyright\s|advertisement|reporting\s+by\s|editing\s+by\s)
        )";

/// The same, wherever in a sentence it stands.
static NOISE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(
        r"(?:^[^，。；]{0,12}(?:说|說|笑道|坦言|感叹|感慨|表示|告诉记者|告訴記者|回忆道)。$|如下(?:[：:。]|（[^（）]*）[。：]?)$|不构成(?:任何)?(?:投资|实质性)|不構成.{0,4}投資|据此(?:操作|入市|投资)|據此操作|风险自担|風險自負|入市需谨慎|投资需谨慎|仅代表(?:作者|其)?个人(?:观点)?|仅供参考|僅供參考|转载请|轉載請|未经.{0,12}(?:授权|许可|允许).{0,8}(?:不得|禁止|严禁)|侵权.{0,6}删|侵删|版权归.{0,10}所有|本(?:文|稿)(?:系|为|来自|首发于|转自|转载自|译自|授权)|[\p{Han}]{2,4}[\s　]*(?:摄|攝)$|(?:供图|供圖)[）)]?$|感[谢謝].{0,12}(?:关注|订阅|訂閱|收看|阅读|支持)|添加微信|加微信|小红书|点赞|點贊|一键三连|按讚)",
    )
});

/// Headings after which nothing of the article itself follows.
static END: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(
        r"^[\s　#*【（(]*(?:免责声明|免責聲明|风险提示|風險提示|特别声明|版权声明|延伸阅读|相关阅读|相關閱讀|推荐阅读|往期精彩|参考(?:资料|文献|链接)|參考資料|作者简介|关于作者|相关链接|(?i:disclaimer|related\s+articles?|references|about\s+the\s+author))[\s　】）)：:]*$",
    )
});

/// True for a heading after which only links, credits and disclaimers follow.
pub(super) fn ends_article(line: &str) -> bool {
    // No such heading ends with a full stop, as nearly all lines do.
    !line.ends_with('。') && matches(&END, line)
}

/// A pattern above that did not compile would leave its boilerplate in; a test compiles them all.
fn compile(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
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

/// Words of which one stands in whatever `NOISE` matches.
pub(super) const NOISE_WORDS: &[&str] = &[
    "说。",
    "說。",
    "笑道。",
    "坦言。",
    "感叹。",
    "感慨。",
    "表示。",
    "记者。",
    "記者。",
    "回忆道。",
    "如下",
    "不构成",
    "不構成",
    "据此",
    "據此",
    "风险自担",
    "風險自負",
    "需谨慎",
    "仅代表",
    "仅供参考",
    "僅供參考",
    "转载请",
    "轉載請",
    "未经",
    "侵权",
    "侵删",
    "版权归",
    "本文",
    "本稿",
    "摄",
    "攝",
    "供图",
    "供圖",
    "感谢",
    "感謝",
    "加微信",
    "小红书",
    "点赞",
    "點贊",
    "一键三连",
    "按讚",
];

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

fn matches(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// Words of which one stands in whatever the patterns match.
pub(super) const DATELINE_WORDS: &[&str] = &["讯", "消息", "电"];
pub(super) const BYLINE_WORDS: &[&str] = &["记者", "通讯员"];
pub(super) const LEARNT_WORDS: &[&str] = &["悉", "了解", "得知", "据介绍", "注意到", "快讯"];

fn find<'a>(pattern: &LazyLock<Option<Regex>>, text: &'a str) -> Option<regex::Match<'a>> {
    pattern.as_ref()?.find(text)
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
    fn every_pattern_compiles() {
        for pattern in [&DATELINE, &BYLINE, &LEARNT, &CREDIT, &NOISE, &END] {
            assert!(pattern.is_some());
        }
    }

    #[test]
    fn no_noise_is_without_its_words() {
        for line in [
            "店主说。",
            "店主說。",
            "他笑道。",
            "他坦言。",
            "他感叹。",
            "他感慨。",
            "他表示。",
            "他告诉记者。",
            "他告訴記者。",
            "他回忆道。",
            "情况如下。",
            "情况如下：",
            "情况如下（见表）。",
            "不构成投资建议",
            "不构成任何实质性承诺",
            "不構成任何投資建議",
            "据此操作",
            "據此操作",
            "风险自担",
            "風險自負",
            "入市需谨慎",
            "投资需谨慎",
            "仅代表作者个人观点",
            "仅供参考",
            "僅供參考",
            "转载请注明",
            "轉載請註明",
            "未经授权不得使用",
            "侵权必删",
            "侵删",
            "版权归原作者所有",
            "本文系原创",
            "本稿转自甲",
            "林可 摄",
            "林可 攝",
            "甲局供图",
            "甲局供圖）",
            "感谢您的关注",
            "感謝您的收看",
            "添加微信",
            "加微信",
            "小红书",
            "点赞",
            "點贊",
            "一键三连",
            "按讚",
        ] {
            assert!(
                matches(&NOISE, line) && kinds(line).has(Kinds::NOISE),
                "{line}"
            );
        }
        assert!(!kinds("市局公布抽检结果。").has(Kinds::NOISE));
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
