//! One spelling for words that people take for the same.
//! In: a rule's word or an article's text. Out: the text with width and case folded.
//! Simplified and traditional characters join here when they do.

use unicode_normalization::UnicodeNormalization;

/// Width (NFKC) and case folded, invisible characters dropped. Folding twice changes nothing more.
pub(super) fn fold(text: &str) -> String {
    // The second NFKC mends what lower case decomposes, as in `İ`.
    text.chars()
        .filter(|c| !is_invisible(*c))
        .nfkc()
        .flat_map(char::to_lowercase)
        .nfkc()
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
    use super::fold;
    use proptest::prelude::*;

    #[test]
    fn width_case_and_invisible_characters_do_not_matter() {
        assert_eq!(fold("ＦＤＡ"), fold("fda"));
        assert_eq!(fold("市场\u{200b}监管"), "市场监管");
        assert_eq!(fold("１２３１５　热线"), "12315 热线");
    }

    proptest! {
        #[test]
        fn folding_is_done_at_once(text in "\\PC{0,40}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
