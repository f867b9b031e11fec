//! What sentences are compared by: pairs of Chinese characters, and Latin words.
//! In: a sentence. Out: its terms as sorted numbers, each once.
//! No dictionary: a pair is nearly a word in Chinese, simplified or traditional.

/// Characters that hold sentences together and tell nothing about their matter.
pub(super) const FUNCTION: &str = "的了是在和与与及等为对将以也之其于而并或就都把被让由从到向这那此該该個个們们我你他她它很更最與為對將從這來来上下中有不可以一";

/// English words without matter.
const STOP_WORDS: &[&str] = &[
    "about", "after", "all", "also", "and", "any", "are", "been", "but", "can", "for", "from",
    "had", "has", "have", "how", "into", "its", "more", "new", "not", "now", "one", "other", "our",
    "out", "over", "some", "such", "than", "that", "the", "their", "them", "then", "there",
    "these", "they", "this", "using", "was", "were", "what", "when", "which", "who", "will",
    "with", "would", "you", "your",
];

/// A pair of characters, or a hash of a word with the top bit set.
pub(super) type Term = u64;

/// Characters of a sentence that are looked at; a longer one is no prose.
pub(super) const LONGEST: usize = 400;

/// What of a sentence is looked at.
pub(super) fn looked_at(text: &str) -> &str {
    let end = text.char_indices().nth(LONGEST);
    end.map_or(text, |(at, _)| &text[..at])
}

/// The term of two characters of matter beside each other.
pub(super) fn pair(first: u32, second: u32) -> Term {
    u64::from(first) << 32 | u64::from(second)
}

/// A Chinese character that is no function character.
pub(super) fn has_matter(c: char) -> bool {
    is_han(c) && !FUNCTION.contains(c)
}

/// The term of an ASCII word, if it is one: numbers, and words of three letters or more: `fed`, `gdp`, but not
/// `a`, `of`.
pub(super) fn of_word(word: &[u8]) -> Option<Term> {
    let number = word.first()?.is_ascii_digit();
    if word.len() < if number { 2 } else { 3 } || (!number && is_stop_word(word)) {
        return None;
    }
    // Plural and singular are one: `prices`, `price`.
    let stem = match word {
        [stem @ .., b's' | b'S'] if stem.len() > 3 => stem,
        _ => word,
    };
    // FNV-1a: the same on every machine and in every version.
    let hash = stem.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
    });
    Some(hash | 1 << 63)
}

fn is_stop_word(word: &[u8]) -> bool {
    const LONGEST: usize = 5;
    let mut small = [0; LONGEST];
    let Some(small) = small.get_mut(..word.len()) else {
        return false;
    };
    small.copy_from_slice(word);
    small.make_ascii_lowercase();
    let same = |stop: &&str| stop.as_bytes().cmp(small);
    STOP_WORDS.binary_search_by(same).is_ok()
}

/// A Chinese character.
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' | '〇' | '々')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_sorted_for_the_search() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn every_function_character_is_found() {
        assert!(!FUNCTION.chars().any(has_matter));
        assert!("市场监管𠮷".chars().all(has_matter));
        assert!(!"😀a，".chars().any(has_matter));
    }

    #[test]
    fn numbers_and_words_are_terms_and_stop_words_are_not() {
        for word in ["a", "of", "the", "The", "5"] {
            assert_eq!(of_word(word.as_bytes()), None, "{word}");
        }
        assert_eq!(of_word(b"Prices"), of_word(b"price"));
        assert_ne!(of_word(b"12"), of_word(b"123"));
    }
}
