//! An inverted index of one text: for each term the sentences that have it.
//! In: the terms of a title and of at most 16 sentences. Out: for each term those sentences, in the order in which
//! terms came.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use super::terms::Term;

/// More sentences than these are not told apart.
pub(super) const MOST: usize = 16;

/// Some of the sentences, a bit for each.
pub(super) type Sentences = u16;

/// For each sentence the set of it alone.
pub(super) const ONLY: [Sentences; MOST] = {
    let mut only = [1; MOST];
    let mut at = 1;
    while at < MOST {
        only[at] = only[at - 1] << 1;
        at += 1;
    }
    only
};

/// The sentences of a set, in order.
pub(super) fn members(set: Sentences) -> impl Iterator<Item = usize> {
    let mut left = set;
    std::iter::from_fn(move || {
        let first = left.trailing_zeros() as usize;
        (left != 0).then(|| {
            left &= left - 1;
            first
        })
    })
}

/// Terms and the sentences that have them. One multiplication spreads numbers in a fraction of the time of the
/// standard library's hashes; its factor is random, so that nobody can write a text whose terms all meet. The
/// answer does not hang on it.
#[derive(Debug, Default)]
pub(super) struct Postings {
    /// The term of each place that is taken, and `FREE`.
    terms: Vec<Term>,
    /// The sentences that have the term of each place.
    sentences: Vec<Sentences>,
    /// The places that are taken, in the order in which they were. More than those, so that one can be written
    /// before it is known whether it counts.
    taken: Vec<u32>,
    used: usize,
    /// The top bits of a product that are a place.
    shift: u32,
}

static FACTOR: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0) | 1);

/// No term: the first character of a pair is not U+0000, and words have their top bit set.
const FREE: Term = 0;

impl Postings {
    /// Forgets all, and has room for so many terms: at least three of four places stay free.
    pub fn clear(&mut self, most: usize) {
        let (terms, sentences) = (&mut self.terms[..], &mut self.sentences[..]);
        for place in &self.taken[..self.used] {
            terms[*place as usize] = FREE;
            sentences[*place as usize] = 0;
        }
        self.used = 0;
        let places = (most * 4).max(16).next_power_of_two();
        self.shift = 64 - places.trailing_zeros();
        if self.terms.len() < places {
            self.terms.resize(places, FREE);
            self.sentences.resize(places, 0);
            self.taken.resize(places, 0);
        }
    }

    /// How many different terms there are.
    pub fn used(&self) -> usize {
        self.used
    }

    /// The sentences of the first different terms that were added, in the order in which they were.
    pub fn of_first(&self, terms: usize) -> impl Iterator<Item = Sentences> + '_ {
        let taken = self.taken[..terms].iter();
        taken.map(|place| self.sentences[*place as usize])
    }

    /// Adds the terms of one sentence, or of none. How many of them are different.
    pub fn add(&mut self, added: &[Term], sentence: Sentences) -> usize {
        let (factor, shift) = (*FACTOR, self.shift);
        let places = 1 << (64 - shift);
        let terms = &mut self.terms[..places];
        let sentences = &mut self.sentences[..places];
        let taken = &mut self.taken[..places];
        let mut used = self.used;
        let mut different = 0;
        for term in added {
            // Multiply-shift hashing (Dietzfelbinger and others, 1997). Most places are free, so the search
            // ends.
            let mut at = (term.wrapping_mul(factor) >> shift) as usize;
            // Whether a term is a new one is hard to foretell: a free place is taken as if it held the term, and it is
            // written in any case.
            while terms[at].min(terms[at] ^ *term) != FREE {
                at = (at + 1) % places;
            }
            taken[used] = at as u32;
            used += usize::from(terms[at] == FREE);
            terms[at] = *term;
            different += usize::from(sentences[at] & sentence == 0);
            sentences[at] |= sentence;
        }
        self.used = used;
        different
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn members_of_a_set_come_in_order() {
        assert_eq!(
            members(0b1000_0000_0000_0101).collect::<Vec<_>>(),
            [0, 2, 15]
        );
        assert_eq!(members(0).count(), 0);
    }

    proptest! {
        #[test]
        fn each_term_has_its_sentences_in_the_order_in_which_terms_came(
            texts in proptest::collection::vec(proptest::collection::vec((1_u64..9, any::<bool>()), 0..30), 0..=MOST)
        ) {
            let term = |(number, is_word): &(u64, bool)| match is_word {
                true => 1 << 63 | *number,
                false => (number + 0x4E00) << 32 | (0x9000 - number),
            };
            let texts: Vec<Vec<Term>> = texts.iter().map(|text| text.iter().map(term).collect()).collect();
            let mut postings = Postings::default();
            // What was there before leaves nothing behind.
            postings.clear(40);
            postings.add(&[1 << 63 | 3, 9], 1);
            postings.clear(texts.iter().map(Vec::len).sum());
            let mut order = Vec::new();
            let mut plain: HashMap<Term, Sentences> = HashMap::new();
            for (at, terms) in texts.iter().enumerate() {
                let mut different = terms.clone();
                different.sort_unstable();
                different.dedup();
                prop_assert_eq!(postings.add(terms, ONLY[at]), different.len());
                for term in terms {
                    if !plain.contains_key(term) {
                        order.push(*term);
                    }
                    *plain.entry(*term).or_default() |= ONLY[at];
                }
            }
            prop_assert_eq!(postings.used(), plain.len());
            let plain: Vec<Sentences> = order.iter().map(|term| plain[term]).collect();
            prop_assert_eq!(postings.of_first(plain.len()).collect::<Vec<_>>(), plain);
        }
    }
}
