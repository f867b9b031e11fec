//! How papers write what tells nothing: patterns, and words without which they cannot match.
//! In: a sentence or a line. Out: whether a pattern matches it, and how far.
//! Words are found all at once by `words`, which costs less than one pattern does.

use std::sync::LazyLock;

use regex::Regex;

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
pub(super) static NOISE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(
        r"(?:^[^，。；]{0,12}(?:说|說|笑道|坦言|感叹|感慨|表示|告诉记者|告訴記者|回忆道)。$|如下(?:[：:。]|（[^（）]*）[。：]?)$|不构成(?:任何)?(?:投资|实质性)|不構成.{0,4}投資|据此(?:操作|入市|投资)|據此操作|风险自担|風險自負|入市需谨慎|投资需谨慎|仅代表(?:作者|其)?个人(?:观点)?|仅供参考|僅供參考|转载请|轉載請|未经.{0,12}(?:授权|许可|允许).{0,8}(?:不得|禁止|严禁)|侵权.{0,6}删|侵删|版权归.{0,10}所有|本(?:文|稿)(?:系|为|来自|首发于|转自|转载自|译自|授权)|[\p{Han}]{2,4}[\s　]*(?:摄|攝)$|(?:供图|供圖)[）)]?$|感[谢謝].{0,12}(?:关注|订阅|訂閱|收看|阅读|支持)|添加微信|加微信|小红书|点赞|點贊|一键三连|按讚)",
    )
});

/// Headings after which nothing of the article itself follows.
pub(super) static END: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(
        r"^[\s　#*【（(]*(?:免责声明|免責聲明|风险提示|風險提示|特别声明|版权声明|延伸阅读|相关阅读|相關閱讀|推荐阅读|往期精彩|参考(?:资料|文献|链接)|參考資料|作者简介|关于作者|相关链接|(?i:disclaimer|related\s+articles?|references|about\s+the\s+author))[\s　】）)：:]*$",
    )
});

/// Compiles the one that every line which is no sentence is asked about; others wait for a word that is rare.
pub(super) fn warm_up() {
    LazyLock::force(&END);
}

/// A pattern above that did not compile would leave its boilerplate in; a test compiles them all.
fn compile(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
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

pub(super) fn matches(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// Words of which one stands in whatever the patterns match.
pub(super) const DATELINE_WORDS: &[&str] = &["讯", "消息", "电"];
pub(super) const BYLINE_WORDS: &[&str] = &["记者", "通讯员"];
pub(super) const LEARNT_WORDS: &[&str] = &["悉", "了解", "得知", "据介绍", "注意到", "快讯"];

pub(super) fn find<'a>(
    pattern: &LazyLock<Option<Regex>>,
    text: &'a str,
) -> Option<regex::Match<'a>> {
    pattern.as_ref()?.find(text)
}

#[cfg(test)]
mod tests {
    use super::super::units::Scan;
    use super::super::words::Kinds;
    use super::*;

    fn kinds(text: &str) -> Kinds {
        Scan::default().read(text).1
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
}
