//! Which words of interest stand in a sentence: one look for all of them.
//! In: a sentence. Out: the kinds of words that are in it.
//! Most sentences have none of most kinds, and looking costs less than the patterns that need them.

use std::sync::LazyLock;

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

    /// The kinds of words in a text, which stands at `start` of a line and has those hooks.
    pub fn of(text: &str, start: usize, hooks: &[u32]) -> Kinds {
        let places = hooks.iter().map(|hook| (*hook as usize).checked_sub(start));
        places.flatten().fold(Kinds::default(), |kinds, hook| {
            Kinds(kinds.0 | FINDER.at(text, hook))
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
    hook: char,
    text: &'static str,
    /// Its first bytes as a number ...
    begins: u64,
    /// ... of which so many bits count.
    mask: u64,
    /// Bytes before the hook.
    offset: usize,
    kind: Kinds,
}

impl Word {
    /// True when a text begins with the word.
    fn begins(&self, text: &[u8]) -> bool {
        // Nearly all words are no longer, and a number is compared without a call.
        if self.text.len() <= WIDE
            && let Some(first) = text.first_chunk()
        {
            return (u64::from_le_bytes(*first) ^ self.begins) & self.mask == 0;
        }
        text.starts_with(self.text.as_bytes())
    }
}

/// The bytes of a number.
const WIDE: usize = size_of::<u64>();

/// So many that few words share one with others.
const BUCKETS: usize = 256;

fn bucket(hook: char) -> usize {
    hook as usize % BUCKETS
}

impl Finder {
    /// The kinds of words whose second or only character stands at `at` of a text.
    fn at(&self, text: &str, at: usize) -> u8 {
        let Some(hook) = text.get(at..).and_then(|rest| rest.chars().next()) else {
            return 0;
        };
        let bucket = bucket(hook);
        let near = &self.words[self.buckets[bucket]..self.buckets[bucket + 1]];
        let found = near.iter().filter(|word| {
            let start = at.checked_sub(word.offset);
            let rest = start.and_then(|start| text.as_bytes().get(start..));
            word.hook == hook && rest.is_some_and(|rest| word.begins(rest))
        });
        found.fold(0, |kinds, word| kinds | word.kind.0)
    }
}

static FINDER: LazyLock<Finder> = LazyLock::new(|| {
    let lists = Kinds::LISTS.into_iter();
    let all = lists.flat_map(|(kind, words)| words.iter().map(move |text| (kind, *text)));
    let mut words: Vec<Word> = all
        .filter_map(|(kind, text)| {
            let mut chars = text.char_indices();
            let (first, second) = (chars.next()?, chars.next());
            let (offset, hook) = second.unwrap_or(first);
            let (mut begins, mut mask) = ([0; WIDE], [0; WIDE]);
            for ((begins, mask), byte) in begins.iter_mut().zip(&mut mask).zip(text.bytes()) {
                (*begins, *mask) = (byte, u8::MAX);
            }
            Some(Word {
                hook,
                text,
                begins: u64::from_le_bytes(begins),
                mask: u64::from_le_bytes(mask),
                offset,
                kind,
            })
        })
        .collect();
    words.sort_by_key(|word| bucket(word.hook));
    let buckets = 0..=BUCKETS;
    Finder {
        buckets: buckets
            .map(|start| words.partition_point(|word| bucket(word.hook) < start))
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
