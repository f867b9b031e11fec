//! Which words of interest stand in a sentence: one look for all of them.
//! In: a sentence. Out: the kinds of words that are in it.
//! Most sentences have none of most kinds, and looking costs less than the patterns that need them.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

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

    /// The kinds of words in a text.
    pub fn of(text: &str) -> Kinds {
        let mut kinds = Kinds::default();
        let found = FINDER.finder.iter();
        for word in found.flat_map(|finder| finder.find_overlapping_iter(text)) {
            kinds.0 |= FINDER.kinds[word.pattern().as_usize()].0;
        }
        kinds
    }

    /// True when a word of this kind is there.
    pub fn has(self, kind: Kinds) -> bool {
        self.0 & kind.0 != 0
    }
}

struct Finder {
    /// `None` cannot be for so few words; a test holds it.
    finder: Option<AhoCorasick>,
    /// For each word its kind.
    kinds: Vec<Kinds>,
}

static FINDER: LazyLock<Finder> = LazyLock::new(|| {
    let words = || {
        let lists = Kinds::LISTS.into_iter();
        lists.flat_map(|(kind, words)| words.iter().map(move |word| (kind, *word)))
    };
    Finder {
        finder: AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .build(words().map(|(_, word)| word))
            .ok(),
        kinds: words().map(|(kind, _)| kind).collect(),
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
