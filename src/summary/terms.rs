//! What sentences are compared by: pairs of Chinese characters, and Latin words.
//! In: a sentence. Out: its terms as sorted numbers, each once.
//! No dictionary: a pair is nearly a word in Chinese, simplified or traditional.

use std::sync::LazyLock;

use super::chars::CharSet;

/// Characters that hold sentences together and tell nothing about their matter.
const FUNCTION: &str = "的了是在和与与及等为对将以也之其于而并或就都把被让由从到向这那此該该個个們们我你他她它很更最與為對將從這來来上下中有不可以一";

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
const LONGEST: usize = 400;

/// The terms of a text, sorted, each once.
pub(super) fn of(text: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    push(text, &mut String::new(), &mut terms);
    terms
}

/// The terms of several sentences, one list after the other.
#[derive(Default)]
pub(super) struct Lists {
    all: Vec<Term>,
    ends: Vec<usize>,
    /// Room for the word that is read, kept from one sentence to the next.
    word: String,
}

impl Lists {
    /// Room for the terms of texts of so many bytes together.
    pub fn with_capacity(bytes: usize) -> Lists {
        Lists {
            all: Vec::with_capacity(bytes / 3),
            ..Lists::default()
        }
    }

    /// Adds the terms of a sentence.
    pub fn push(&mut self, text: &str) {
        push(text, &mut self.word, &mut self.all);
        self.ends.push(self.all.len());
    }

    /// All terms of all sentences.
    pub fn all(&self) -> &[Term] {
        &self.all
    }

    /// Where the terms of each sentence stand among all.
    pub fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| start..*end)
    }
}

/// Adds the terms of a text, sorted, each once.
fn push(text: &str, word: &mut String, terms: &mut Vec<Term>) {
    let start = terms.len();
    let mut previous: Option<char> = None;
    for c in text.chars().take(LONGEST) {
        if c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
            previous = None;
            continue;
        }
        if !word.is_empty() {
            push_word(word, terms);
        }
        let matter = has_matter(c);
        if let (Some(before), true) = (previous, matter) {
            terms.push((u64::from(u32::from(before)) << 32) | u64::from(u32::from(c)));
        }
        previous = matter.then_some(c);
    }
    push_word(word, terms);
    terms[start..].sort_unstable();
    let mut kept = start;
    for at in start..terms.len() {
        if kept == start || terms[kept - 1] != terms[at] {
            terms[kept] = terms[at];
            kept += 1;
        }
    }
    terms.truncate(kept);
}

/// A Chinese character that is no function character.
fn has_matter(c: char) -> bool {
    static MATTER: LazyLock<CharSet> = LazyLock::new(|| {
        let all = ('\0'..='\u{FFFF}').filter(|c| is_han(*c));
        all.filter(|c| !FUNCTION.contains(*c)).collect()
    });
    MATTER.has(c) || (c > '\u{FFFF}' && is_han(c))
}

/// Numbers, and words of three letters or more: `fed`, `gdp`, but not `a`, `of`.
fn push_word(word: &mut String, terms: &mut Vec<Term>) {
    let number = word.starts_with(|c: char| c.is_ascii_digit());
    let is_term = match number {
        true => word.len() > 1,
        false => word.len() > 2 && STOP_WORDS.binary_search(&word.as_str()).is_err(),
    };
    if is_term {
        // Plural and singular are one: `prices`, `price`.
        let stem = word
            .strip_suffix('s')
            .filter(|stem| stem.len() > 3)
            .unwrap_or(word);
        // FNV-1a: the same on every machine and in every version.
        let hash = stem.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        terms.push(hash | 1 << 63);
    }
    word.clear();
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
    fn pairs_and_words_are_terms_and_function_words_are_not() {
        assert_eq!(of("市场监管").len(), 3);
        assert_eq!(of("的了，。 a of the").len(), 0);
        assert_eq!(of("Prices price PRICE").len(), 1);
        let mut lists = Lists::with_capacity(0);
        for text in ["市场监管", "", "监管监管"] {
            lists.push(text);
        }
        assert_eq!(lists.ranges().collect::<Vec<_>>(), [0..3, 3..3, 3..5]);
        assert!(lists.all()[3..].is_sorted());
    }
}
