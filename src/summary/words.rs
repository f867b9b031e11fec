//! Which words of interest stand in a sentence: one look for all of them.
//! In: a sentence. Out: the kinds of words that are in it.
//! Most sentences have none of most kinds, and looking costs less than the patterns that need them.

use std::sync::LazyLock;

use super::chars::CharSet;
use super::{boilerplate, score};

/// A set of kinds of words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    /// Without one, no dateline.
    pub const DATELINE: Kinds = Kinds(1);
    /// Without one, no byline.
    pub const BYLINE: Kinds = Kinds(2);
    /// Without one, nothing of the kind `记者获悉，`.
    pub const LEARNT: Kinds = Kinds(4);
    /// Without one, no noise.
    pub const NOISE: Kinds = Kinds(8);
    /// A sentence with one matters.
    pub const CUE: Kinds = Kinds(16);
    /// A sentence with one does not.
    pub const ASIDE: Kinds = Kinds(32);

    const LISTS: [(Kinds, &'static [&'static str]); 6] = [
        (Kinds::DATELINE, boilerplate::DATELINE_WORDS),
        (Kinds::BYLINE, boilerplate::BYLINE_WORDS),
        (Kinds::LEARNT, boilerplate::LEARNT_WORDS),
        (Kinds::NOISE, boilerplate::NOISE_WORDS),
        (Kinds::CUE, score::CUES),
        (Kinds::ASIDE, score::ASIDES),
    ];

    /// The kinds of words in a text. Nearly all characters begin no word, which one look tells: an automaton
    /// would look at each of their bytes.
    pub fn of(text: &str) -> Kinds {
        let mut kinds = Kinds::default();
        for (at, c) in text.char_indices() {
            if FINDER.begins.has(c) {
                kinds.0 |= FINDER.at(c, &text[at..]);
            }
        }
        kinds
    }

    /// True when a word of this kind is there.
    pub fn has(self, kind: Kinds) -> bool {
        self.0 & kind.0 != 0
    }
}

struct Finder {
    /// The first characters of all words.
    begins: CharSet,
    /// The words by their first characters.
    words: Vec<(char, &'static str, Kinds)>,
}

impl Finder {
    /// The kinds of words with which a text begins, whose first character is `c`.
    fn at(&self, c: char, text: &str) -> u8 {
        let first = self.words.partition_point(|(begin, ..)| *begin < c);
        let same = self.words[first..].iter();
        let same = same.take_while(|(begin, ..)| *begin == c);
        let found = same.filter(|(_, word, _)| text.starts_with(word));
        found.fold(0, |kinds, (.., kind)| kinds | kind.0)
    }
}

static FINDER: LazyLock<Finder> = LazyLock::new(|| {
    let lists = Kinds::LISTS.into_iter();
    let all = lists.flat_map(|(kind, words)| words.iter().map(move |word| (kind, *word)));
    let mut words: Vec<(char, &str, Kinds)> = all
        .filter_map(|(kind, word)| Some((word.chars().next()?, word, kind)))
        .collect();
    words.sort_by_key(|(begin, ..)| *begin);
    Finder {
        begins: words.iter().map(|(begin, ..)| *begin).collect(),
        words,
    }
});

#[cfg(test)]
mod tests {
    use super::Kinds;

    #[test]
    fn every_word_is_found_alone_and_among_others() {
        let all: String = Kinds::LISTS
            .iter()
            .flat_map(|(_, words)| words.iter())
            .map(|word| format!("甲{word}"))
            .collect();
        for (kind, words) in Kinds::LISTS {
            assert!(Kinds::of(&all).has(kind));
            for word in words {
                assert!(Kinds::of(&format!("甲{word}乙")).has(kind), "{word}");
            }
        }
        assert_eq!(Kinds::of("甲乙"), Kinds::default());
    }
}
