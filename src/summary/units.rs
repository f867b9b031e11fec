//! What a summary may be made of: sentences that tell something, lists joined to what introduces them.
//! In: an article's text, a line for each block, and its title. Out: units in order.
//! Captions, credits, tables, code, headings and echoes of the title are no units.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::boilerplate;
use super::sentences;
use super::terms::is_han;
use super::words::Kinds;

/// Units that are looked at; what stands further down is seldom the news, and cost stays bounded.
const MOST: usize = 160;

/// The widest joined list, in characters.
const LIST: usize = 160;

/// The longest line, in characters, that may be an item of a list.
const ITEM: usize = 90;

/// A sentence, or a list in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit<'a> {
    /// What would stand in the summary.
    pub text: Cow<'a, str>,
    /// The line it is from.
    pub line: usize,
    /// It stands first on its line.
    pub opens: bool,
    /// A mark ends it.
    pub ended: bool,
    /// It only makes sense after the unit before it.
    pub leans: bool,
    /// Words of interest in it.
    pub words: Kinds,
}

/// The units of a text, in order.
pub(super) fn of<'a>(text: &'a str, title: &str) -> Vec<Unit<'a>> {
    let plain_title = boilerplate::plain(title);
    let chinese = is_chinese(text);
    let lines: Vec<&str> = sentences::lines(text)
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let mut units: Vec<Unit<'a>> = Vec::new();
    let mut at = 0;
    while at < lines.len() && units.len() < MOST {
        let line = lines[at];
        if boilerplate::ends_article(line) && !units.is_empty() {
            break;
        }
        if let Some((list, taken)) = list(&lines[at..]) {
            units.extend(list.map(|text| Unit {
                words: Kinds::of(&text),
                text: Cow::Owned(text),
                line: at,
                opens: true,
                ended: true,
                leans: false,
            }));
            at += taken;
            continue;
        }
        if !is_table_row(line) && (!is_foreign(line, chinese)) {
            push_line(line, at, &plain_title, &mut units);
        }
        at += 1;
    }
    units.truncate(MOST);
    units
}

fn push_line<'a>(line: &'a str, at: usize, title: &str, units: &mut Vec<Unit<'a>>) {
    let mut opens = true;
    let mut previous = "";
    let mut kept_previous = false;
    let mut all = Vec::new();
    sentences::of_line(line, &mut all);
    for sentence in all {
        let mut words = Kinds::of(sentence);
        let told = boilerplate::strip_lead(sentence, title, words);
        if told.len() < sentence.len() {
            words = Kinds::of(told);
        }
        let part = previous.ends_with(['；', ';']);
        let fine = boilerplate::tells(told, title, words);
        if fine {
            units.push(Unit {
                leans: (part && kept_previous) || leans(super::digest::without_connective(told)),
                ended: is_ended(told),
                text: Cow::Borrowed(told),
                line: at,
                opens,
                words,
            });
        }
        kept_previous = fine;
        previous = sentence;
        opens = false;
    }
}

/// A line that introduces (`要求如下：`) with its items becomes one unit; so many lines were used up.
/// `None` when no list begins here; a list that is too long is used up without a unit.
fn list(lines: &[&str]) -> Option<(Option<String>, usize)> {
    let (intro, rest) = lines.split_first()?;
    if !intro.ends_with(['：', ':']) || intro.chars().count() > ITEM {
        return None;
    }
    let items: Vec<&str> = rest
        .iter()
        .copied()
        .take_while(|line| is_item(line) && !is_table_row(line))
        .collect();
    if items.len() < 2 {
        // An introduction without its list tells nothing: what follows is prose and stands for itself.
        return Some((None, 1));
    }
    let total: usize = items.iter().map(|item| item.chars().count() + 1).sum();
    let used = 1 + items.len();
    if total + intro.chars().count() > LIST {
        return Some((None, 1));
    }
    let chinese = intro.ends_with('：') || intro.chars().any(is_han);
    let (mark, end) = if chinese { ("；", "。") } else { ("; ", ".") };
    let bare = |item: &&str| {
        let item = item.trim_start_matches(['-', '*', '•', '·', '●', '■', '◆', '○']);
        item.trim()
            .trim_end_matches(['；', ';', '。', '.', '，', ','])
            .to_owned()
    };
    let items: Vec<String> = items.iter().map(bare).collect();
    let gap = if chinese { "" } else { " " };
    Some((Some(format!("{intro}{gap}{}{end}", items.join(mark))), used))
}

/// A short line that no full stop ends, or only one at its very end.
fn is_item(line: &str) -> bool {
    let inner = line.trim_end_matches(['。', '；', ';', '.', '！', '？']);
    line.chars().count() <= ITEM
        && !inner.contains(['。', '！', '？'])
        && !line.ends_with(['：', ':'])
}

/// Cells beside each other: words without a mark between them, most of them short.
fn is_table_row(line: &str) -> bool {
    if is_ended(line) || line.contains(['。', '，', '；']) {
        return false;
    }
    let cells: Vec<&str> = line.split_whitespace().collect();
    let numbers = cells
        .iter()
        .filter(|cell| cell.chars().any(|c| c.is_ascii_digit()) && !cell.chars().any(is_han))
        .count();
    cells.len() >= 3
        && (numbers * 3 >= cells.len()
            || cells
                .iter()
                .all(|cell| cell.chars().count() <= 12 && cell.chars().any(is_han)))
}

/// How many bytes are of a kind: counted in bytes, the processor takes many at a time.
fn count(bytes: &[u8], is_it: impl Fn(u8) -> bool) -> usize {
    let some = |part: &[u8]| {
        part.iter()
            .fold(0_u8, |sum, byte| sum + u8::from(is_it(*byte)))
    };
    bytes.chunks(255).map(|part| usize::from(some(part))).sum()
}

/// Characters of U+4000 to U+9FFF, which nearly all Chinese ones are, by the bytes that begin them.
fn common_han(text: &[u8]) -> usize {
    count(text, |byte| matches!(byte, 0xE4..=0xE9))
}

/// More Chinese characters than Latin words: the text is Chinese.
fn is_chinese(text: &str) -> bool {
    const LOOKED_AT: usize = 4000;
    // At least so many Chinese characters, and at most so many letters, are among the first 4000.
    let bytes = text.as_bytes();
    let han = common_han(&bytes[..bytes.len().min(LOOKED_AT)]);
    let letters = &bytes[..bytes.len().min(4 * LOOKED_AT)];
    if han * 4 >= count(letters, |byte| byte.is_ascii_alphabetic()) {
        return true;
    }
    let (mut han, mut letters) = (0, 0);
    for c in text.chars().take(LOOKED_AT) {
        han += usize::from(is_han(c));
        letters += usize::from(c.is_ascii_alphabetic());
    }
    han * 4 >= letters
}

/// Code and commands, and in a Chinese text also lines without any Chinese.
fn is_foreign(line: &str, chinese: bool) -> bool {
    // At least so many Chinese characters make the answer certain.
    let han = common_han(line.as_bytes());
    if han > 0 && han * 5 >= line.chars().count() {
        return false;
    }
    let (mut han, mut odd, mut all) = (0, 0, 0);
    for c in line.chars() {
        all += 1;
        han += usize::from(is_han(c));
        odd += usize::from(c.is_ascii() && "{}<>=$#|\\/_~^*@&;`[]".contains(c));
    }
    if chinese && han == 0 {
        return true;
    }
    han * 5 < all && (odd * 8 > all || line.starts_with("$ ") || line.starts_with("# "))
}

/// A mark ends the sentence, perhaps before closing quotes.
pub(super) fn is_ended(sentence: &str) -> bool {
    let closing = |c: char| {
        matches!(
            c,
            '”' | '’' | '」' | '』' | '）' | ')' | '】' | '》' | '"' | '\'' | ' '
        )
    };
    sentence
        .trim_end_matches(closing)
        .ends_with(['。', '！', '？', '；', '!', '?', ';', '.', '…'])
}

/// Words that point back at what was said before.
const BACK: &[&str] = &[
    "该",
    "其中",
    "其",
    "他",
    "她",
    "它",
    "这",
    "此",
    "对此",
    "上述",
    "同时",
    "因此",
    "所以",
    "因而",
    "于是",
    "从而",
    "然而",
    "但",
    "不过",
    "可是",
    "而",
    "否则",
    "而且",
    "并",
    "则",
    "另一方面",
    "相比之下",
    "反之",
    "也",
    "还",
    "又",
    "第二，",
    "第三，",
    "第四，",
    "第五，",
    "第二是",
    "第三是",
    "至此",
    "之所以",
    "二是",
    "三是",
    "四是",
    "五是",
    "二、",
    "三、",
    "其次",
    "再次",
    "最后",
    "例如",
    "比如",
    "譬如",
    "接着",
    "然后",
    "随后",
    "之后",
    "為此",
    "該",
    "這",
    "對此",
    "同時",
    "但是",
    "不過",
    "她",
    "兩者",
    "两者",
    "前者",
    "后者",
    "如下",
    "以下",
    "以上",
    "那",
    "与之",
    "为此",
    "即",
    "更",
    "除此",
    "由此",
    "据此",
];

/// The first characters of these words.
static BACK_BEGINS: LazyLock<BTreeSet<char>> =
    LazyLock::new(|| BACK.iter().filter_map(|word| word.chars().next()).collect());

/// The same in English, followed by a space or a comma.
const BACK_ENGLISH: &[&str] = &[
    "he",
    "she",
    "it",
    "they",
    "this",
    "that",
    "these",
    "those",
    "his",
    "her",
    "its",
    "their",
    "but",
    "however",
    "so",
    "therefore",
    "and",
    "then",
    "such",
    "also",
    "thus",
    "second",
    "third",
    "finally",
    "instead",
    "yet",
    "or",
    "nor",
    "for example",
    "for instance",
    "as such",
    "in that",
];

fn leans(sentence: &str) -> bool {
    // 该省、该市 and the like point back; 其他、其实、这里 lean too, so that the prefix is enough.
    // 并购、更新、即将、还原、也门、其实 begin with such a character and do not point back.
    const FREE: &[&str] = &[
        "并购",
        "更新",
        "即将",
        "即日",
        "还原",
        "也门",
        "还款",
        "还本",
        "又一",
        "此次",
        "这是",
        "而今",
        "更多",
        "即使",
        "最后期限",
        "其他",
    ];
    let Some(first) = sentence.chars().next() else {
        return false;
    };
    if !first.is_ascii_alphabetic() && !BACK_BEGINS.contains(&first) {
        return false;
    }
    if FREE.iter().any(|word| sentence.starts_with(word)) {
        return sentence.starts_with("这是") || sentence.starts_with("其他");
    }
    if BACK.iter().any(|word| sentence.starts_with(word)) {
        return true;
    }
    let first = sentence
        .split([' ', ','])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    BACK_ENGLISH.contains(&first.as_str())
        || ["for example", "for instance"]
            .iter()
            .any(|words| sentence.to_ascii_lowercase().starts_with(words))
}
