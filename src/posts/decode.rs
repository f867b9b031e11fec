//! Bytes become text that every later step can trust.
//! In: a file as it lies on the disk. Out: text in Unicode with LF line ends, without BOM and
//! without characters that XML 1.0 forbids; what was changed is noted.

use std::borrow::Cow;

use encoding_rs::{BIG5, Encoding, GB18030};

use super::findings::{At, FILE, Findings};

/// A file's text.
pub(super) struct Decoded<'b> {
    pub text: Cow<'b, str>,
    /// What `is_everyday` says of it.
    pub is_everyday: bool,
}

/// Decodes a file. Valid UTF-8 is UTF-8, and a byte order mark is believed; `known` is the encoding of all
/// other files, where the config names one.
pub(super) fn decode<'b>(
    bytes: &'b [u8],
    known: Option<&'static Encoding>,
    findings: &mut Findings,
) -> Decoded<'b> {
    let text = match Encoding::for_bom(bytes) {
        Some((encoding, mark)) if encoding != encoding_rs::UTF_8 => {
            let (text, _) = encoding.decode_without_bom_handling(&bytes[mark..]);
            noted(encoding.name(), findings);
            text
        }
        found => {
            let bytes = &bytes[found.map_or(0, |(_, mark)| mark)..];
            match simdutf8::basic::from_utf8(bytes) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => Cow::Owned(foreign(bytes, known, findings)),
            }
        }
    };
    if is_everyday(&text) {
        return Decoded {
            text,
            is_everyday: true,
        };
    }
    Decoded {
        text: without_forbidden(line_ends(text), findings),
        is_everyday: false,
    }
}

fn without_forbidden<'t>(text: Cow<'t, str>, findings: &mut Findings) -> Cow<'t, str> {
    let Some(at) = find_forbidden(&text) else {
        return text;
    };
    findings.note(
        "control-characters",
        place(&text[..at]),
        "control characters that no feed may hold were removed",
        "delete them in an editor that shows invisible characters",
    );
    Cow::Owned(text.replace(is_forbidden, ""))
}

fn foreign(bytes: &[u8], known: Option<&'static Encoding>, findings: &mut Findings) -> String {
    if let Some(encoding) = known {
        let (text, _, broken) = encoding.decode(bytes);
        if !broken {
            noted(encoding.name(), findings);
            return text.into_owned();
        }
    }
    // A UTF-8 file with a broken byte here and there is not GB18030, though it may decode as such.
    let (mut good, mut bad) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    if good <= bad * 2
        && let Some((text, name)) = chinese(bytes)
    {
        noted(name, findings);
        return text;
    }
    let at = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    findings.recovered(
        "invalid-utf8",
        place(&line_ends(String::from_utf8_lossy(&bytes[..at]))),
        format!("{bad} places are not valid UTF-8 and show as \u{FFFD}"),
        "save the file as UTF-8",
    );
    String::from_utf8_lossy(bytes).into_owned()
}

/// The place that follows a text.
fn place(before: &str) -> At {
    let small = |n: usize| u32::try_from(n + 1).unwrap_or(0);
    let own = before.rsplit('\n').next().unwrap_or(before);
    At {
        line: small(before.bytes().filter(|b| *b == b'\n').count()),
        column: small(own.chars().count()),
    }
}

fn noted(name: &str, findings: &mut Findings) {
    findings.note(
        "not-utf8",
        FILE,
        format!("the file is not UTF-8 and was read as {name}"),
        "save it as UTF-8",
    );
}

/// The text in the Chinese encoding in which it reads as Chinese. Most bytes of Big5 are GB18030 too, of
/// characters that hardly anybody writes: the encoding with more everyday characters is the right one.
fn chinese(bytes: &[u8]) -> Option<(String, &'static str)> {
    let read = |encoding: &'static Encoding| {
        encoding
            .decode_without_bom_handling_and_without_replacement(bytes)
            .map(Cow::into_owned)
    };
    let (simplified, traditional) = (read(GB18030), read(BIG5));
    match (simplified, traditional) {
        (Some(simplified), Some(traditional)) if everyday(&traditional) > everyday(&simplified) => {
            Some((traditional, "Big5"))
        }
        (Some(simplified), _) => Some((simplified, "GB18030 (GBK)")),
        (None, Some(traditional)) => Some((traditional, "Big5")),
        (None, None) => None,
    }
}

/// Thousandths of the characters beyond ASCII that Chinese texts are full of.
fn everyday(text: &str) -> usize {
    const ENOUGH: usize = 2_000;
    let foreign = text.chars().filter(|c| !c.is_ascii()).take(ENOUGH);
    let (mut all, mut common) = (0, 0);
    for c in foreign {
        all += 1;
        common += usize::from(EVERYDAY.contains(c));
    }
    common * 1000 / all.max(1)
}

/// The most frequent characters and marks of news in both scripts.
const EVERYDAY: &str = "，。、；：？！“”「」『』《》（）　…—的一是不了在有人我他这這中大来來上国國个個到说說们們为為\
子和你地出道也时時年得就那要下以生会會自着著去之过過家学學对對可她里裡后後小么麼心多天而能好都然没沒日于於起还還发發成事只作\
当當想看文无無开開手十用主行方又如前所本见見经經头頭面公同三已老从從动動两兩长長知民样樣现現分将將外但身些与與高意进進把法此\
实實回二理美点點月明其种種声聲全工己话話儿兒者向情部正名定女问問力机機给給等几幾很业業最间間新什打便位因重被走电電四第门門\
相次东東政海口使教西再平真听聽世气氣信北少关關并並内內加化由却卻代军軍产產入先山五太水万萬市眼体體别別处處总總才场場师師\
书書比住员員九笑性通目华華报報立马馬命张張活难難神数數件安表原车車白应應路期叫死常提感金何更反合放做系计計或司利受光王果亲\
親界及今京务務制解各任至清物台象记記边邊共风風战戰干接它许許八特觉覺望直服毛林题題建南度统統色字请請交爱愛让讓认認算论論\
百吃义義科怎元社术術结結六功指思非流每青管夫连連远遠资資队隊跟带帶花快条條院变變联聯言权權往展该該领領传傳近留红紅治决決\
周保达達办辦运運武半候七必城父强強步完革深区區即求品士转轉量空甚众眾技轻輕程告江语語英基派满滿式李息写寫呢识識极極令黄黃\
德收脸臉钱錢党黨倒未持取设設始版双雙历歷越史商千片容研像找友孩站广廣改议議形委早房音火际際则則首单單据據导導影失拿网網香\
似斯专專石若兵弟谁誰校读讀志飞飛观觀争爭究包组組造落视視济濟喜离離虽雖坏壞兴興监監督违違规規药藥食证證券股票银銀检檢抽\
查罚罰款价價格费費者消费质質标標准準商标专利企业業品牌货貨币幣涨漲跌增速亿億元财財投融";

fn line_ends(text: Cow<str>) -> Cow<str> {
    if !text.as_bytes().contains(&b'\r') {
        return text;
    }
    Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Where a text first holds what XML 1.0 forbids.
fn find_forbidden(text: &str) -> Option<usize> {
    if is_everyday(text) {
        return None;
    }
    text.find(is_forbidden)
}

/// True when a text is sure to hold neither what XML 1.0 forbids, nor a carriage return, nor a byte order mark.
pub(super) fn is_everyday(text: &str) -> bool {
    !any_of_three(text.as_bytes(), |byte, second, third| {
        let control = u8::from(byte < b' ') & u8::from(byte != b'\t') & u8::from(byte != b'\n');
        control | is_mark(byte, second, third)
    })
}

/// U+FFFE and U+FFFF are EF BF BE and EF BF BF, U+FEFF is EF BB BF.
fn is_mark(byte: u8, second: u8, third: u8) -> u8 {
    u8::from(byte == 0xEF) & u8::from(second | 4 == 0xBF) & u8::from(third >= 0xBE)
}

/// Whether any byte with the two after it, or letters beyond the end, is what is looked for; three letters are not.
/// Bytes are looked at many at a time, without a branch for each, since nearly no text holds any.
pub(super) fn any_of_three(bytes: &[u8], is_it: impl Fn(u8, u8, u8) -> u8) -> bool {
    const AT_ONCE: usize = 64;
    const FEW: usize = 4;
    let any_in = |block: &[u8; AT_ONCE + 2]| {
        let each = (0..AT_ONCE).map(|at| is_it(block[at], block[at + 1], block[at + 2]));
        each.fold(0, |any, it| any | it) != 0
    };
    let ends = |from: usize| {
        let next = |at: usize| bytes.get(at).copied().unwrap_or(b'a');
        (from..bytes.len()).any(|at| is_it(bytes[at], next(at + 1), next(at + 2)) != 0)
    };
    if bytes.len() <= FEW {
        return ends(0);
    }
    let mut rest = bytes;
    while let Some(block) = rest.first_chunk() {
        if any_in(block) {
            return true;
        }
        rest = &rest[AT_ONCE..];
    }
    // The last block goes over some bytes again, as each by itself would take longer.
    let last = match bytes.last_chunk() {
        Some(block) => any_in(block),
        None => {
            let mut block = [b'a'; AT_ONCE + 2];
            block[..bytes.len()].copy_from_slice(bytes);
            any_in(&block)
        }
    };
    last || ends(bytes.len() - 2)
}

/// True for what XML 1.0 forbids.
pub(super) fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// Takes out what XML 1.0 forbids: YAML escapes and HTML entities can bring it back in.
pub(super) fn scrub(text: String) -> String {
    match find_forbidden(&text) {
        Some(_) => text.replace(is_forbidden, ""),
        None => text,
    }
}

/// One line, trimmed: for titles, names and labels.
pub(super) fn one_line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    // What any of them begins with, and other characters that are seldom in a title.
    let may_break = any_of_three(text.as_bytes(), |byte, second, third| {
        let separator = u8::from(byte == 0xE2) & u8::from(second == 0x80) & u8::from(third >= 0xA8);
        let control = u8::from(byte < b' ') | u8::from(byte == 0x7F) | u8::from(byte == 0xC2);
        control | separator | is_mark(byte, second, third)
    });
    if !may_break || !text.contains(|c: char| breaks(c) || is_forbidden(c)) {
        return text.trim().to_owned();
    }
    let text = scrub(text.to_owned());
    let text = text.trim();
    if text.contains(breaks) {
        let parts: Vec<&str> = text.split(breaks).map(str::trim).collect();
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        return parts.join(" ");
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(bytes: &[u8]) -> (String, Vec<&'static str>) {
        let mut findings = Findings::new("x.md");
        let text = decode(bytes, None, &mut findings).text.into_owned();
        let kinds = findings.into_list().iter().map(|p| p.kind).collect();
        (text, kinds)
    }

    #[test]
    fn bom_and_line_ends_pass_in_silence() {
        assert_eq!(
            kinds("\u{FEFF}a\r\nb\rc".as_bytes()),
            ("a\nb\nc".into(), vec![])
        );
    }

    #[test]
    fn control_characters_go_and_are_noted() {
        let (text, kinds) = kinds(b"a\x00b\x08c\xEF\xBF\xBE\td");
        assert_eq!(
            (text.as_str(), kinds),
            ("abc\td", vec!["control-characters"])
        );
    }

    #[test]
    fn gbk_is_read_and_broken_utf8_is_not_taken_for_it() {
        let (bytes, _, _) = GB18030.encode("市场监管总局通报");
        assert_eq!(kinds(&bytes), ("市场监管总局通报".into(), vec!["not-utf8"]));
        let mut broken = "市场监管总局通报".as_bytes().to_vec();
        broken.push(0xFF);
        assert_eq!(kinds(&broken).1, ["invalid-utf8"]);
    }

    const SIMPLIFIED: [&str; 4] = [
        "---\ntitle: 公告\n---\n",
        "---\ntitle: 市场监管总局通报抽检结果\ntags: 要闻\n---\n",
        "国家药监局开展专项检查，重点整治网络销售违法行为。",
        "人民币汇率小幅走高，分析人士认为，短期内仍将双向波动。公司净利润同比增长百分之十二。",
    ];
    const TRADITIONAL: [&str; 4] = [
        "---\ntitle: 公告\n---\n",
        "---\ntitle: 消費者委員會公布檢測結果\ntags: 要聞\n---\n",
        "證券交易所發布新規定，強化上市公司資訊揭露。",
        "臺灣半導體業者表示，今年營收可望成長兩成；不過匯率變動仍是最大風險。",
    ];

    #[test]
    fn simplified_and_traditional_files_are_told_apart() {
        for (texts, encodings) in [
            (SIMPLIFIED, [encoding_rs::GBK, GB18030]),
            (TRADITIONAL, [BIG5, BIG5]),
        ] {
            for text in texts {
                for encoding in encodings {
                    let (bytes, _, lossy) = encoding.encode(text);
                    assert!(!lossy, "{text}");
                    let (read, kinds) = kinds(&bytes);
                    assert_eq!((read.as_str(), kinds), (text, vec!["not-utf8"]));
                }
            }
        }
    }

    #[test]
    fn a_byte_order_mark_is_believed() {
        let wide: Vec<u8> = "\u{FEFF}市场\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(kinds(&wide), ("市场\n".into(), vec!["not-utf8"]));
        let wide: Vec<u8> = "\u{FEFF}市场"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(kinds(&wide).0, "市场");
    }

    #[test]
    fn the_encoding_that_the_config_names_comes_first() {
        // These bytes are GBK for one text and Big5 for another.
        let (bytes, _, _) = GB18030.encode("市场");
        let read = |known| {
            let mut findings = Findings::new("x.md");
            decode(&bytes, known, &mut findings).text.into_owned()
        };
        assert_eq!(read(Some(GB18030)), "市场");
        assert_ne!(read(Some(BIG5)), "市场");
        let utf8 = "市场".as_bytes();
        let mut findings = Findings::new("x.md");
        assert_eq!(decode(utf8, Some(BIG5), &mut findings).text, "市场");
    }

    #[test]
    fn an_odd_character_is_seen_wherever_it_stands() {
        for odd in ["\r", "\0", "\u{1F}", "\u{FEFF}", "\u{FFFE}", "\u{FFFF}"] {
            for before in 0..1100 {
                let text = format!("{}{odd}", "\t".repeat(before));
                assert!(!is_everyday(&text), "{before} {odd:?}");
                assert!(!is_everyday(&format!("{text}，\n")), "{before} {odd:?}");
            }
        }
        assert!(is_everyday(&"a\t\n，、\u{FFFD}￥".repeat(200)));
    }

    #[test]
    fn a_title_is_one_line() {
        assert_eq!(one_line(" a\n b\u{2028}c\u{1F} "), "a b c");
        assert_eq!(one_line("a\u{8}b"), "ab");
    }
}
