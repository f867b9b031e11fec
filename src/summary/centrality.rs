//! Which sentences say what the others say: the terms they share, and a random walk between them.
//! In: the terms of each sentence, and of the title. Out: a number from 0 to 1 for each; likenesses of two.
//! TextRank's idea (Mihalcea and Tarau, 2004) without its square of sentences: each step costs as much
//! as there are terms in the text.

use super::postings::{self, MOST, Postings, Sentences};
use super::terms::Term;

/// After so many steps the order of sentences hardly changes: four more move no score by 0.002.
const STEPS: usize = 2;

/// So many sentences are summed up side by side: their sums do not wait for each other.
const ABREAST: usize = 4;

/// The terms that several sentences have. Those that the same sentences have weigh the same and are a kind: in
/// Chinese, all pairs of a longer word. The memory serves the next text again.
#[derive(Debug, Default)]
pub(super) struct Shared {
    postings: Postings,
    lists: [List; MOST],
    /// How many sentences there are.
    sentences: usize,
    /// How many terms the title has.
    title_terms: usize,
    /// For each sentence the kinds of its terms, in the order of terms; of `ABREAST` sentences the first ones, then
    /// the second ones, and so on. Where one has no more, 0 stands.
    kinds: Vec<u16>,
    /// The sentences that have the terms of each kind; of kind 0, none.
    sets: Vec<Sentences>,
    /// How many terms are of each kind.
    counts: Vec<u16>,
    /// The kind of each set of sentences, or 0: 128 KB, of which a text touches few lines.
    numbers: Vec<u16>,
    weights: Vec<f64>,
}

/// Of one sentence.
#[derive(Debug, Default, Clone, Copy)]
struct List {
    /// Where its first kind stands.
    start: usize,
    /// How many shared terms it has.
    length: usize,
    /// How many terms it has, shared or not.
    terms: usize,
    /// How many of them the title has too.
    in_title: usize,
}

impl Shared {
    /// Compares at most `MOST` sentences with each other and with the title, all by their terms; one may stand there
    /// twice.
    pub fn compare<'a>(
        &mut self,
        sentences: impl Iterator<Item = &'a [Term]> + Clone,
        title: &[Term],
    ) {
        let all: usize = sentences.clone().map(<[Term]>::len).sum();
        self.postings.clear(all + title.len());
        self.postings.add(title, 0);
        self.title_terms = self.postings.used();
        self.lists = Default::default();
        self.sentences = 0;
        for (list, terms) in self.lists.iter_mut().zip(sentences) {
            list.terms = self.postings.add(terms, postings::only(self.sentences));
            self.sentences += 1;
        }
        for set in self.postings.of_first(self.title_terms) {
            postings::members(set).for_each(|at| self.lists[at].in_title += 1);
        }
        let mut length = 0;
        for together in self.lists.chunks_mut(ABREAST) {
            let longest = together.iter().map(|list| list.terms).max();
            for (at, list) in together.iter_mut().enumerate() {
                list.start = length + at;
            }
            length += longest.unwrap_or(0) * ABREAST;
        }
        self.kinds.clear();
        self.kinds.resize(length, 0);
        self.find_kinds();
    }

    fn find_kinds(&mut self) {
        self.numbers.resize(1 << MOST, 0);
        for set in self.sets.drain(..) {
            self.numbers[usize::from(set)] = 0;
        }
        self.sets.push(0);
        self.counts.clear();
        self.counts.push(0);
        for set in self.postings.shared() {
            let mut kind = self.numbers[usize::from(set)];
            if kind == 0 {
                kind = self.sets.len() as u16;
                self.numbers[usize::from(set)] = kind;
                self.sets.push(set);
                self.counts.push(0);
            }
            self.counts[usize::from(kind)] += 1;
            for at in postings::members(set) {
                let list = &mut self.lists[at];
                self.kinds[list.start + list.length * ABREAST] = kind;
                list.length += 1;
            }
        }
    }

    /// How many terms the title has.
    pub fn title_terms(&self) -> usize {
        self.title_terms
    }

    /// For each sentence the number of the title's terms in it.
    pub fn in_title(&self) -> impl Iterator<Item = usize> + '_ {
        let lists = self.lists[..self.sentences].iter();
        lists.map(|list| list.in_title)
    }

    /// How central each sentence is.
    pub fn ranks(&mut self) -> [f64; MOST] {
        // The square root keeps long sentences from winning by length, and short ones by shortness.
        let lengths = self.lists.map(|list| (list.length.max(1) as f64).sqrt());
        let mut weights = std::mem::take(&mut self.weights);
        weights.resize(self.sets.len(), 0.0);
        let mut ranks = [1.0; MOST];
        for _ in 0..STEPS {
            let mut shares = [0.0; MOST];
            for ((share, length), rank) in shares.iter_mut().zip(&lengths).zip(&ranks) {
                *share = rank / length;
            }
            for (weight, set) in weights.iter_mut().zip(&self.sets) {
                *weight = postings::members(*set).fold(0.0, |sum, at| sum + shares[at]);
            }
            let together = self.lists.chunks(ABREAST).zip(lengths.chunks(ABREAST));
            for ((lists, lengths), ranks) in together.zip(ranks.chunks_mut(ABREAST)) {
                let sums = self.sums(lists, &weights);
                for ((rank, length), sum) in ranks.iter_mut().zip(lengths).zip(sums) {
                    *rank = sum / length;
                }
            }
            let top = ranks.iter().copied().fold(0.0, f64::max);
            if top > 0.0 {
                ranks.iter_mut().for_each(|rank| *rank /= top);
            }
        }
        self.weights = weights;
        ranks
    }

    /// For sentences beside each other the sums of their terms' weights.
    fn sums(&self, lists: &[List], weights: &[f64]) -> [f64; ABREAST] {
        let longest = lists.iter().map(|list| list.length).max().unwrap_or(0);
        let start = lists.first().map_or(0, |list| list.start);
        let kinds = &self.kinds[start..start + longest * ABREAST];
        let mut sums = [0.0; ABREAST];
        for together in kinds.as_chunks::<ABREAST>().0 {
            for (sum, kind) in sums.iter_mut().zip(together) {
                *sum += weights[usize::from(*kind)];
            }
        }
        sums
    }

    /// For each sentence how much of the shorter one of it and `other` is in both, 0 to 1.
    pub fn likenesses(&self, other: usize) -> [f64; MOST] {
        const ONLY: [Sentences; MOST] = {
            let mut only = [1; MOST];
            let mut at = 1;
            while at < MOST {
                only[at] = only[at - 1] << 1;
                at += 1;
            }
            only
        };
        let mut both = [0_u16; MOST];
        for (set, count) in self.sets.iter().zip(&self.counts) {
            let count = if set & ONLY[other] > 0 { *count } else { 0 };
            // Compared so, the processor takes eight at a time.
            for (both, only) in both.iter_mut().zip(ONLY) {
                *both += if set & only == only { count } else { 0 };
            }
        }
        let mut likenesses = [0.0; MOST];
        for ((likeness, both), list) in likenesses.iter_mut().zip(both).zip(&self.lists) {
            let smaller = list.terms.min(self.lists[other].terms);
            *likeness = f64::from(both) / smaller.max(1) as f64;
        }
        likenesses
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::terms::Term;
    use super::super::units::Scan;
    use super::{MOST, Shared};

    fn shared(texts: &[&str], title: &str) -> Shared {
        let mut scan = Scan::default();
        let mut of = |text: &&str| {
            let (terms, ..) = scan.read(text);
            scan.terms.of(&terms).to_vec()
        };
        let lists: Vec<Vec<Term>> = texts.iter().map(&mut of).collect();
        let mut shared = Shared::default();
        shared.compare(lists.iter().map(Vec::as_slice), &of(&title));
        shared
    }

    #[test]
    fn the_sentence_that_the_others_share_is_most_central() {
        let texts = [
            "抽检食品样品",
            "天气晴朗",
            "食品样品抽检不合格",
            "不合格食品下架",
        ];
        let mut all = shared(&texts, "食品样品");
        let ranks = all.ranks();
        assert_eq!(ranks[2], 1.0);
        assert_eq!(ranks[1], 0.0);
        assert!(ranks[0] > 0.0 && ranks[3] > 0.0);
        assert_eq!(all.in_title().collect::<Vec<_>>(), [3, 0, 3, 1]);
        assert_eq!(all.title_terms(), 3);
        assert_eq!(shared(&[], "").in_title().count(), 0);
    }

    #[test]
    fn likeness_is_the_part_of_the_shorter_one_that_the_other_has() {
        let all = shared(&["市场监管局", "市场监管", "天气", ""], "");
        assert_eq!(all.likenesses(0)[1], 1.0);
        assert_eq!(all.likenesses(0)[2], 0.0);
        assert_eq!(all.likenesses(0)[3], 0.0);
    }

    /// What `ranks` shortens: sums by terms and by sentences, in the same order.
    fn plain_ranks(lists: &[Vec<Term>]) -> Vec<f64> {
        let having = |term: &Term| lists.iter().filter(|list| list.contains(term)).count();
        let shared = |list: &Vec<Term>| -> Vec<Term> {
            let all = list.iter().copied();
            all.filter(|term| having(term) > 1).collect()
        };
        let lists: Vec<Vec<Term>> = lists.iter().map(shared).collect();
        let length = |list: &Vec<Term>| (list.len().max(1) as f64).sqrt();
        let mut ranks = vec![1.0; lists.len()];
        for _ in 0..super::STEPS {
            let weight = |term: &Term| {
                let all = lists.iter().zip(&ranks);
                let those = all.filter(|(list, _)| list.contains(term));
                those.fold(0.0, |sum, (list, rank)| sum + rank / length(list))
            };
            let sum = |list: &Vec<Term>| list.iter().map(weight).fold(0.0, |a, b| a + b);
            let next: Vec<f64> = lists.iter().map(|list| sum(list) / length(list)).collect();
            let top = next.iter().copied().fold(0.0, f64::max);
            ranks = next;
            if top > 0.0 {
                ranks.iter_mut().for_each(|rank| *rank /= top);
            }
        }
        ranks
    }

    proptest! {
        #[test]
        fn ranks_and_likeness_are_those_of_the_plain_sums(
            lists in proptest::collection::vec(proptest::collection::btree_set((0_u64..6, 0_u64..6, any::<bool>()), 0..12), 0..=MOST)
        ) {
            let term = |(a, b, is_word): (u64, u64, bool)| match is_word {
                true => 1 << 63 | a << 8 | b,
                false => (a + 0x4E00) << 32 | (b + 0x4E00),
            };
            let lists: Vec<Vec<Term>> = lists
                .into_iter()
                .map(|list| {
                    let mut list: Vec<Term> = list.into_iter().map(term).collect();
                    list.sort_unstable();
                    list
                })
                .collect();
            // In any order, and some of them twice.
            let given: Vec<Vec<Term>> = lists
                .iter()
                .map(|list| list.iter().rev().chain(list.first()).copied().collect())
                .collect();
            let mut shared = Shared::default();
            // What was compared before leaves nothing behind.
            shared.compare(given.iter().rev().map(Vec::as_slice), &lists.concat());
            shared.compare(given.iter().map(Vec::as_slice), &[]);
            prop_assert_eq!(&shared.ranks()[..lists.len()], plain_ranks(&lists));
            for (at, list) in lists.iter().enumerate() {
                for (other, others) in lists.iter().enumerate().filter(|(other, _)| *other != at) {
                    let both = list.iter().filter(|term| others.contains(term)).count();
                    let smaller = list.len().min(others.len());
                    let plain = if smaller == 0 { 0.0 } else { both as f64 / smaller as f64 };
                    prop_assert_eq!(shared.likenesses(other)[at], plain);
                }
            }
        }
    }
}
