//! One spelling for words that people take for the same.
//! In: a rule's word or an article's text. Out: width, case, and traditional characters folded.
//! Character by character and never by the words around, so that a word folds alike wherever it stands.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

/// Pairs of characters, see `scripts/simplified.py`.
const PAIRS: &str = include_str!("simplified.txt");
const FIRST: u32 = 0x4E00;
const LAST: u32 = 0x9FFF;

/// The simplified form of each character from `FIRST` to `LAST`; most are their own.
static SIMPLIFIED: LazyLock<Vec<char>> = LazyLock::new(|| {
    let mut table: Vec<char> = (FIRST..=LAST).filter_map(char::from_u32).collect();
    let lines = PAIRS.lines().filter(|line| !line.starts_with('#'));
    let chars: Vec<char> = lines.flat_map(str::chars).collect();
    for pair in chars.chunks_exact(2) {
        if let Some(slot) = place(pair[0]).and_then(|at| table.get_mut(at)) {
            *slot = pair[1];
        }
    }
    table
});

fn place(c: char) -> Option<usize> {
    let code = u32::from(c);
    (FIRST..=LAST)
        .contains(&code)
        .then(|| (code - FIRST) as usize)
}

fn simplified(c: char) -> char {
    place(c)
        .and_then(|at| SIMPLIFIED.get(at))
        .copied()
        .unwrap_or(c)
}

/// Width (NFKC), case, simplified and traditional folded, invisible characters dropped. Folding
/// twice changes nothing more.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut chars = text.char_indices().peekable();
    // Where the last plain character began, in the text and in the folded text.
    let mut last = (0, 0);
    while let Some((at, c)) = chars.next() {
        if let Some(plain) = plain(c) {
            last = (at, folded.len());
            folded.push(plain);
            continue;
        }
        // The character before goes along: an accent may join it.
        let mut end = at + c.len_utf8();
        while let Some((at, c)) = chars.next_if(|(_, c)| self::plain(*c).is_none()) {
            end = at + c.len_utf8();
        }
        folded.truncate(last.1);
        let start = last.0;
        let piece = fold_thoroughly(&text[start..end]);
        folded.push_str(&piece);
        last = (end, folded.len());
    }
    folded
}

/// What nearly every character of an article becomes; `None` where its neighbours may matter.
fn plain(c: char) -> Option<char> {
    match c {
        '\u{0}'..='\u{7f}' => Some(c.to_ascii_lowercase()),
        '\u{4e00}'..='\u{9fff}' => Some(simplified(c)),
        '\u{3000}' => Some(' '),
        // Full-width forms stand as far behind ASCII as all others of their kind.
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c) - 0xfee0).map(|c| c.to_ascii_lowercase())
        }
        '、' | '。' | '〈'..='】' | '‘' | '’' | '“' | '”' | '—' => Some(c),
        _ => None,
    }
}

fn fold_thoroughly(text: &str) -> String {
    // The second NFKC mends what lower case decomposes, as in `İ`.
    text.chars()
        .filter(|c| !is_invisible(*c))
        .nfkc()
        .flat_map(char::to_lowercase)
        .nfkc()
        .map(simplified)
        .collect()
}

/// Zero-width characters that copying from web pages leaves inside words.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::{PAIRS, fold, fold_thoroughly};
    use proptest::prelude::*;

    #[test]
    fn width_case_and_invisible_characters_do_not_matter() {
        assert_eq!(fold("ＦＤＡ"), fold("fda"));
        assert_eq!(fold("市场\u{200b}监管"), "市场监管");
        assert_eq!(fold("１２３１５　热线"), "12315 热线");
        assert_eq!(fold("cafe\u{301}"), fold("CAFÉ"));
    }

    #[test]
    fn simplified_and_traditional_are_one() {
        assert_eq!(
            fold("國家市場監督管理總局發佈藥品檢驗標準"),
            "国家市场监督管理总局发布药品检验标准"
        );
        assert_eq!(fold("為／爲／衛／衞／裡／裏"), "为/为/卫/卫/里/里");
        assert_eq!(fold("食品价格市场"), "食品价格市场");
        assert_eq!(
            fold("遊樂設施、食品標籤、商業祕密、糉子"),
            "游乐设施、食品标签、商业秘密、粽子"
        );
    }

    #[test]
    fn the_table_leads_to_its_ends() {
        let pairs: String = PAIRS
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        let pairs: Vec<char> = pairs.chars().collect();
        assert!(pairs.len() > 6000 && pairs.len().is_multiple_of(2));
        let traditional: String = pairs.iter().step_by(2).collect();
        let simplified: String = pairs.iter().skip(1).step_by(2).collect();
        assert_eq!(fold(&traditional), simplified);
        assert_eq!(fold(&simplified), simplified);
    }

    proptest! {
        #[test]
        fn folding_is_done_at_once(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn the_short_way_is_the_long_way(text in "([a-zA-Z市場０Ａ。\u{301}\u{200b}é가ᄀ\u{1161}ｶﾞ　\n]|\\PC){0,40}") {
            prop_assert_eq!(fold(&text), fold_thoroughly(&text));
        }
    }
}
