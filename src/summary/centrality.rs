//! Which sentences say what the others say: the terms they share, and a random walk between them.
//! In: the terms of each sentence, and of the title. Out: a number from 0 to 1 for each; likenesses of two.
//! TextRank's idea (Mihalcea and Tarau, 2004) without its square of sentences: each step costs as much
//! as there are terms in the text.

use super::postings::{MOST, ONLY, Postings, Sentences};
use super::terms::Term;

/// After so many steps the order of sentences hardly changes: four more move no score by 0.002.
const STEPS: usize = 2;

/// A number for each sentence. The rows of a matrix: all numbers of one are worked on at once, whether they are 0
/// or not, for which are is hard to foretell.
type Row = [f64; MOST];

/// 1 for each sentence of a set, 0 for others: by four, for which are in it is hard to foretell.
fn members(set: Sentences) -> Row {
    const FOUR: [[f64; 4]; 16] = {
        let mut rows = [[0.0; 4]; 16];
        let mut at = 0;
        while at < 64 {
            rows[at / 4][at % 4] = (((at / 4) >> (at % 4)) & 1) as f64;
            at += 1;
        }
        rows
    };
    let mut row = [0.0; MOST];
    for (at, four) in row.as_chunks_mut().0.iter_mut().enumerate() {
        *four = FOUR[usize::from((set >> (4 * at)) & 15)];
    }
    row
}

/// The terms that several sentences have. Those that the same sentences have weigh the same and are a kind: in
/// Chinese, all pairs of a longer word. The memory serves the next text again.
#[derive(Debug, Default)]
pub(super) struct Shared {
    postings: Postings,
    /// For each sentence how many terms it has, shared or not.
    terms: [usize; MOST],
    /// For each sentence how many of them the title has too.
    in_title: [u16; MOST],
    /// How many terms the title has.
    title_terms: usize,
    /// The sets of several sentences that have the same terms, and how many terms each has. What comes after those that
    /// are used is of texts before.
    sets: Vec<Sentences>,
    counts: Vec<u16>,
    used: usize,
    /// For each shared term the sentences that have it, and memory for as many as there are terms.
    shared: Vec<Sentences>,
    /// The number of each set of sentences, and one more; or 0. 128 KB, of which a text touches few lines.
    numbers: Vec<u16>,
    /// The same sets.
    kinds: Vec<Kind>,
}

/// Terms that the same sentences have.
#[derive(Debug)]
struct Kind {
    /// How many terms there are.
    terms: f64,
    /// 1 for each of the sentences.
    members: Row,
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
        self.terms = [0; MOST];
        let all = self.terms.iter_mut().zip(ONLY);
        for ((different, only), terms) in all.zip(sentences) {
            *different = self.postings.add(terms, only);
        }
        self.in_title = [0; MOST];
        for set in self.postings.of_first(self.title_terms) {
            for (count, only) in self.in_title.iter_mut().zip(ONLY) {
                *count += u16::from(set & only == only);
            }
        }
        self.numbers.resize(1 << MOST, 0);
        for set in &self.sets[..self.used] {
            self.numbers[usize::from(*set)] = 0;
        }
        let most = self.postings.used() + 1;
        if self.sets.len() < most {
            self.sets.resize(most, 0);
            self.counts.resize(most, 0);
            self.shared.resize(most, 0);
        }
        let (numbers, sets, counts, shared) = (
            &mut self.numbers[..],
            &mut self.sets[..],
            &mut self.counts[..],
            &mut self.shared[..],
        );
        // Most terms are in one sentence alone, and which are is hard to foretell: each is written, and the next one over
        // it unless it is shared.
        let mut terms = 0;
        for set in self.postings.of_first(self.postings.used()) {
            shared[terms] = set;
            terms += usize::from(set & set.wrapping_sub(1) != 0);
        }
        let mut used = 0;
        for set in &shared[..terms] {
            let set = *set;
            // Whether a set is a new one is hard to foretell: it is written in any case.
            (sets[used], counts[used]) = (set, 0);
            let number = &mut numbers[usize::from(set)];
            let is_new = u16::from(*number == 0);
            used += usize::from(is_new);
            *number += is_new * used as u16;
            counts[usize::from(*number - 1)] += 1;
        }
        self.used = used;
        let both = sets[..used].iter().zip(counts);
        self.kinds.clear();
        self.kinds.extend(both.map(|(set, count)| Kind {
            terms: f64::from(*count),
            members: members(*set),
        }));
    }

    /// How many terms the title has.
    pub fn title_terms(&self) -> usize {
        self.title_terms
    }

    /// For each sentence the number of the title's terms in it.
    pub fn in_title(&self) -> [u16; MOST] {
        self.in_title
    }

    /// How central each sentence is.
    pub fn ranks(&self) -> Row {
        let mut lengths = [0.0; MOST];
        for kind in &self.kinds {
            for (length, member) in lengths.iter_mut().zip(kind.members) {
                *length += member * kind.terms;
            }
        }
        // The square root keeps long sentences from winning by length, and short ones by shortness.
        let lengths = lengths.map(|length| length.max(1.0).sqrt());
        let mut ranks = [1.0; MOST];
        for _ in 0..STEPS {
            let mut shares = ranks;
            for (share, length) in shares.iter_mut().zip(lengths) {
                *share /= length;
            }
            let mut sums = [0.0; MOST];
            for kind in &self.kinds {
                let shares = kind.members.iter().zip(shares);
                let weight = shares.fold(0.0, |sum, (member, share)| sum + member * share);
                for (sum, member) in sums.iter_mut().zip(kind.members) {
                    *sum += member * (weight * kind.terms);
                }
            }
            for ((rank, sum), length) in ranks.iter_mut().zip(sums).zip(lengths) {
                *rank = sum / length;
            }
            let top = ranks.iter().copied().fold(0.0, f64::max);
            if top > 0.0 {
                ranks.iter_mut().for_each(|rank| *rank /= top);
            }
        }
        ranks
    }

    /// For each sentence how much of the shorter one of it and `other` is in both, 0 to 1.
    pub fn likenesses(&self, other: usize) -> Row {
        let mut likenesses = [0.0; MOST];
        for kind in &self.kinds {
            let terms = kind.terms * kind.members[other];
            for (both, member) in likenesses.iter_mut().zip(kind.members) {
                *both += member * terms;
            }
        }
        for (likeness, terms) in likenesses.iter_mut().zip(self.terms) {
            *likeness /= terms.min(self.terms[other]).max(1) as f64;
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
        let all = shared(&texts, "食品样品");
        let ranks = all.ranks();
        assert_eq!(ranks[2], 1.0);
        assert_eq!(ranks[1], 0.0);
        assert!(ranks[0] > 0.0 && ranks[3] > 0.0);
        assert_eq!(all.in_title()[..4], [3, 0, 3, 1]);
        assert_eq!(all.title_terms(), 3);
        assert_eq!(shared(&[], "").ranks(), [0.0; MOST]);
    }

    #[test]
    fn likeness_is_the_part_of_the_shorter_one_that_the_other_has() {
        let all = shared(&["市场监管局", "市场监管", "天气", ""], "");
        assert_eq!(all.likenesses(0)[1], 1.0);
        assert_eq!(all.likenesses(0)[2], 0.0);
        assert_eq!(all.likenesses(0)[3], 0.0);
    }

    /// What `ranks` shortens: sums by terms and by sentences.
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
            for (rank, plain) in shared.ranks().iter().zip(plain_ranks(&lists)) {
                prop_assert!((rank - plain).abs() < 1e-12);
            }
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
