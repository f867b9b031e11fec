//! Which words of interest stand in a sentence: one look for all of them.
//! In: a sentence. Out: the kinds of words that are in it.
//! Most sentences have none of most kinds, and looking costs less than the patterns that need them.

use std::sync::LazyLock;

use super::scan::Hook;
use super::terms::{self, Term};
use super::{patterns, score};

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
        (Kinds::DATELINE, patterns::DATELINE_WORDS),
        (Kinds::BYLINE, patterns::BYLINE_WORDS),
        (Kinds::LEARNT, patterns::LEARNT_WORDS),
        (Kinds::NOISE, patterns::NOISE_WORDS),
        (Kinds::CUE, score::CUES),
        (Kinds::ASIDE, score::ASIDES),
    ];

    /// The kinds of words in a text, which stands at `start` of a line and has those hooks.
    pub fn of(text: &str, start: usize, hooks: &[Hook]) -> Kinds {
        let finder = &*FINDER;
        hooks.iter().fold(Kinds::default(), |kinds, hook| {
            let at = hook.at.checked_sub(start);
            Kinds(kinds.0 | at.map_or(0, |at| finder.at(text, at, hook.two)))
        })
    }

    /// True when a word of this kind is there.
    pub fn has(self, kind: Kinds) -> bool {
        self.0 & kind.0 != 0
    }
}

/// All words of interest.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    let lists = Kinds::LISTS.iter();
    lists.flat_map(|(_, words)| words.iter().copied())
}

/// Words by their second or only character, for of the first ones many begin no word at all.
struct Finder {
    /// Where in `words` those of a bucket begin, and where they end.
    buckets: Vec<usize>,
    words: Vec<Word>,
}

struct Word {
    /// Its hook and the character before, as in a term of two ...
    two: Term,
    /// ... and the bits of them that count.
    mask: Term,
    /// Bytes before the hook, and in it.
    before: usize,
    hook: usize,
    /// What comes after the hook.
    rest: &'static str,
    kind: Kinds,
}

/// So many that few words share one with others.
const BUCKETS: usize = 256;

fn bucket(two: Term) -> usize {
    two as usize % BUCKETS
}

impl Finder {
    /// The kinds of words whose second or only character stands at `at` of a text and is the latter of `two`.
    fn at(&self, text: &str, at: usize, two: Term) -> u8 {
        let bucket = bucket(two);
        let near = &self.words[self.buckets[bucket]..self.buckets[bucket + 1]];
        let found = near.iter().filter(|word| {
            two & word.mask == word.two && at >= word.before && {
                let rest = text.as_bytes().get(at + word.hook..);
                // Most words have no third character: no call for nothing.
                rest.is_some_and(|rest| {
                    word.rest.is_empty() || rest.starts_with(word.rest.as_bytes())
                })
            }
        });
        found.fold(0, |kinds, word| kinds | word.kind.0)
    }
}

pub(super) fn warm_up() {
    LazyLock::force(&FINDER);
}

static FINDER: LazyLock<Finder> = LazyLock::new(|| {
    let lists = Kinds::LISTS.into_iter();
    let all = lists.flat_map(|(kind, words)| words.iter().map(move |text| (kind, *text)));
    let mut words: Vec<Word> = all
        .filter_map(|(kind, text)| {
            let mut chars = text.chars();
            let (first, second) = (chars.next()?, chars.next());
            let (before, hook) = second.map_or((None, first), |second| (Some(first), second));
            let code = |c: char| u32::from(c);
            Some(Word {
                two: terms::pair(before.map_or(0, code), code(hook)),
                mask: before.map_or(terms::pair(0, u32::MAX), |_| Term::MAX),
                before: before.map_or(0, char::len_utf8),
                hook: hook.len_utf8(),
                rest: chars.as_str(),
                kind,
            })
        })
        .collect();
    words.sort_by_key(|word| bucket(word.two));
    let buckets = 0..=BUCKETS;
    Finder {
        buckets: buckets
            .map(|start| words.partition_point(|word| bucket(word.two) < start))
            .collect(),
        words,
    }
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::units::Scan;
    use super::Kinds;

    fn kinds(text: &str) -> Kinds {
        let (_, kinds, _) = Scan::default().read(text);
        kinds
    }

    #[test]
    fn every_word_is_found_alone_and_among_others() {
        let all: String = Kinds::LISTS
            .iter()
            .flat_map(|(_, words)| words.iter())
            .map(|word| format!("甲{word}"))
            .collect();
        for (kind, words) in Kinds::LISTS {
            assert!(kinds(&all).has(kind));
            for word in words {
                assert!(kinds(word).has(kind), "{word}");
                assert!(kinds(&format!("甲{word}乙")).has(kind), "{word}");
            }
        }
        assert_eq!(kinds("甲乙"), Kinds::default());
    }

    proptest! {
        #[test]
        fn a_kind_is_found_when_one_of_its_words_is_there(
            parts in proptest::collection::vec(
                prop_oneof![proptest::sample::select(super::all().collect::<Vec<_>>()).prop_map(str::to_owned), "[甲公布说。 a]{0,2}"],
                0..6,
            ),
            cut in 0_usize..9,
        ) {
            let text: String = parts.concat().chars().skip(cut).collect();
            for (kind, words) in Kinds::LISTS {
                prop_assert_eq!(kinds(&text).has(kind), words.iter().any(|word| text.contains(word)));
            }
        }
    }
}
