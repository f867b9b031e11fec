//! Which sentences say what the others say: the terms they share, and a random walk between them.
//! In: the terms of each sentence, and of the title. Out: a number from 0 to 1 for each; likenesses of two.
//! TextRank's idea (Mihalcea and Tarau, 2004) without its square of sentences: each step costs as much
//! as there are terms in the text.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use super::terms::{self, Term};

/// After so many steps the order of sentences hardly changes: four more move no score by 0.002.
const STEPS: usize = 2;

/// So many sentences are summed up side by side: their sums do not wait for each other.
const ABREAST: usize = 4;

/// Some of at most 192 sentences, a bit for each.
type Sentences = [u64; 3];

fn bit(sentence: usize) -> u64 {
    1 << (sentence % 64)
}

/// Does something with each sentence of a set, in order.
fn for_each_member(set: &Sentences, mut act: impl FnMut(usize)) {
    for (at, word) in set.iter().enumerate() {
        let mut left = *word;
        while left != 0 {
            act(at * 64 + left.trailing_zeros() as usize);
            left &= left - 1;
        }
    }
}

fn has_several(set: &Sentences) -> bool {
    let used = set.iter().filter(|word| **word != 0).count();
    used > 1 || set.iter().any(|word| word & word.wrapping_sub(1) != 0)
}

/// The terms that several sentences have. Those that the same sentences have weigh the same and are a kind: in
/// Chinese, all pairs of a longer word.
pub(super) struct Shared {
    /// For each sentence the kinds of its terms, in the order of terms; of `ABREAST` sentences the first ones, then
    /// the second ones, and so on. Where one has no more, the number of kinds stands.
    kinds: Vec<u16>,
    lists: Vec<List>,
    /// The sentences that have the terms of each kind.
    sets: Vec<Sentences>,
    /// How many terms the title has.
    title_terms: usize,
}

/// Of one sentence.
#[derive(Default)]
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
    /// Compares at most 192 sentences with each other and with the title, all by their terms; one may stand there
    /// twice.
    pub fn new<'a>(sentences: impl Iterator<Item = &'a [Term]> + Clone, title: &[Term]) -> Shared {
        let all: usize = sentences.clone().map(<[Term]>::len).sum();
        let mut table = Table::new(all + title.len());
        let title_terms = table.add_title(title);
        let mut lists: Vec<List> = sentences
            .enumerate()
            .map(|(at, terms)| table.add(terms, at))
            .collect();
        for entry in &table.entries[..title_terms] {
            for_each_member(&entry.sentences, |at| lists[at].in_title += 1);
        }
        let mut length = 0;
        for together in lists.chunks_mut(ABREAST) {
            let longest = together.iter().map(|list| list.terms).max();
            for (at, list) in together.iter_mut().enumerate() {
                list.start = length + at;
            }
            length += longest.unwrap_or(0) * ABREAST;
        }
        let (terms, sets) = table.kinds();
        let mut kinds = vec![sets.len() as u16; length];
        for kind in terms {
            for_each_member(&sets[usize::from(kind)], |at| {
                let list = &mut lists[at];
                kinds[list.start + list.length * ABREAST] = kind;
                list.length += 1;
            });
        }
        Shared {
            kinds,
            lists,
            sets,
            title_terms,
        }
    }

    /// How many terms the title has.
    pub fn title_terms(&self) -> usize {
        self.title_terms
    }

    /// For each sentence the number of the title's terms in it.
    pub fn in_title(&self) -> impl Iterator<Item = usize> + '_ {
        self.lists.iter().map(|list| list.in_title)
    }

    /// How central each sentence is.
    pub fn ranks(&self) -> Vec<f64> {
        // The square root keeps long sentences from winning by length, and short ones by shortness.
        let length = |list: &List| (list.length.max(1) as f64).sqrt();
        let lengths: Vec<f64> = self.lists.iter().map(length).collect();
        let mut having: Vec<usize> = Vec::with_capacity(4 * self.sets.len());
        let mut ends = Vec::with_capacity(self.sets.len());
        for set in &self.sets {
            for_each_member(set, |at| having.push(at));
            ends.push(having.len());
        }
        let mut ranks = vec![1.0; self.lists.len()];
        let mut shares = vec![0.0; self.lists.len()];
        // The last one is for what stands where a sentence has no more terms, and weighs nothing.
        let mut weights = vec![0.0; self.sets.len() + 1];
        for _ in 0..STEPS {
            for ((share, length), rank) in shares.iter_mut().zip(&lengths).zip(&ranks) {
                *share = rank / length;
            }
            let mut start = 0;
            for (weight, end) in weights.iter_mut().zip(&ends) {
                let mut sum = 0.0;
                for at in &having[start..*end] {
                    sum += shares[*at];
                }
                *weight = sum;
                start = *end;
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

    /// How much of the shorter of two sentences is in the other, 0 to 1.
    pub fn likeness(&self, at: usize, other: usize) -> f64 {
        let list = &self.lists[at];
        let smaller = list.terms.min(self.lists[other].terms);
        if smaller == 0 {
            return 0.0;
        }
        let kinds = self.kinds.get(list.start..).unwrap_or_default();
        let kinds = kinds.iter().step_by(ABREAST).take(list.length);
        let (word, shift) = (other / 64, other % 64);
        let both = kinds.map(|kind| self.sets[usize::from(*kind)][word] >> shift & 1);
        both.sum::<u64>() as f64 / smaller as f64
    }
}

/// Terms and the sentences that have them. One multiplication spreads numbers in a fraction of the time of the
/// standard library's hashes; its factor is random, so that nobody can write a text whose terms all meet. The
/// answer does not hang on it.
struct Table {
    /// The number of the entry that has a place, or `FREE`.
    slots: Vec<u16>,
    /// The top bits of a product that are an index.
    shift: u32,
    /// Those of the terms so far, and more that the next terms may have.
    entries: Vec<Entry>,
    used: usize,
}

static FACTOR: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0) | 1);

/// More than any number of an entry.
const FREE: u16 = u16::MAX;

#[derive(Clone, Default)]
struct Entry {
    term: Term,
    sentences: Sentences,
}

/// How far a product is shifted to be an index of a table, at least half of which stays free for so many.
fn shift_for(entries: usize) -> u32 {
    64 - (entries * 2).max(16).next_power_of_two().trailing_zeros()
}

impl Table {
    /// Room for so many terms.
    fn new(terms: usize) -> Table {
        let shift = shift_for(terms);
        Table {
            slots: vec![FREE; 1 << (64 - shift)],
            shift,
            entries: Vec::with_capacity(terms.min(1 << 9)),
            used: 0,
        }
    }

    /// Adds the title's terms, before any others: so many they are.
    fn add_title(&mut self, terms: &[Term]) -> usize {
        self.add(terms, 0);
        // The title is no sentence.
        let titles = self.entries.iter_mut();
        titles.for_each(|entry| entry.sentences = Sentences::default());
        self.used
    }

    /// Adds a sentence's terms.
    fn add(&mut self, terms: &[Term], sentence: usize) -> List {
        let most = self.used + terms.len() + 1;
        if self.entries.len() < most {
            self.entries.resize(most, Entry::default());
        }
        let (factor, shift) = (*FACTOR, self.shift);
        let (slots, entries) = (&mut self.slots[..], &mut self.entries[..]);
        let (word, bit) = (sentence / 64, bit(sentence));
        let mut used = self.used;
        let mut list = List::default();
        for term in terms {
            // Multiply-shift hashing (Dietzfelbinger and others, 1997). At least half of all places are free, so
            // the search ends.
            let mut at = (term.wrapping_mul(factor) >> shift) as usize;
            // Whether a term is a new one is hard to foretell: a free place is taken as if it held the next
            // entry, and that one has the term.
            entries[used].term = *term;
            let (entry, having) = loop {
                let slot = usize::from(slots[at]);
                let entry = std::hint::select_unpredictable(slot < used, slot, used);
                if entries[entry].term == *term {
                    // 160 sentences and a title, of 400 characters each, have fewer terms than u16 has numbers.
                    slots[at] = entry as u16;
                    break (entry, &mut entries[entry].sentences[word]);
                }
                at = (at + 1) % slots.len();
            };
            used += usize::from(entry == used);
            let is_new = *having & bit == 0;
            *having |= bit;
            list.terms += usize::from(is_new);
        }
        self.used = used;
        list
    }

    /// The kinds of all shared terms, in the order of terms, and the sentences of each kind.
    fn kinds(&self) -> (Vec<u16>, Vec<Sentences>) {
        let entries = (0_u16..).zip(&self.entries[..self.used]);
        let shared = entries.filter(|(_, entry)| has_several(&entry.sentences));
        // Numbers alone are sorted faster than numbers with others at their side: a pair leaves room for the entry.
        let mut pairs: Vec<u64> = Vec::with_capacity(self.used);
        let mut words: Vec<(Term, u16)> = Vec::new();
        for (at, entry) in shared {
            match terms::packed(entry.term) {
                Some(pair) => pairs.push(pair << 16 | u64::from(at)),
                None => words.push((entry.term, at)),
            }
        }
        pairs.sort_unstable();
        words.sort_unstable();
        let mut sets = Sets::new(pairs.len() + words.len());
        let pairs = pairs.iter().map(|pair| *pair as u16);
        let words = words.iter().map(|(_, entry)| *entry);
        let sentences = pairs
            .chain(words)
            .map(|entry| &self.entries[usize::from(entry)].sentences);
        let kinds = sentences.map(|set| sets.find(set)).collect();
        (kinds, sets.sets)
    }
}

/// Different sets of sentences.
struct Sets {
    /// The number of the set that has a place, or `FREE`.
    slots: Vec<u16>,
    shift: u32,
    factor: u64,
    sets: Vec<Sentences>,
}

impl Sets {
    /// Room for so many.
    fn new(most: usize) -> Sets {
        let shift = shift_for(most);
        Sets {
            slots: vec![FREE; 1 << (64 - shift)],
            shift,
            factor: *FACTOR,
            sets: Vec::with_capacity(most),
        }
    }

    /// The number of a set.
    fn find(&mut self, set: &Sentences) -> u16 {
        let mixed = set.iter().fold(0, |mixed: u64, word| {
            (mixed.rotate_left(32) ^ word).wrapping_mul(self.factor)
        });
        let mut at = (mixed >> self.shift) as usize;
        loop {
            match self.sets.get(usize::from(self.slots[at])) {
                Some(known) if known == set => return self.slots[at],
                Some(_) => at = (at + 1) % self.slots.len(),
                None => {
                    self.slots[at] = self.sets.len() as u16;
                    self.sets.push(*set);
                    return self.slots[at];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::terms::Term;
    use super::super::units::Scan;
    use super::Shared;

    fn shared(texts: &[&str], title: &str) -> Shared {
        let mut scan = Scan::default();
        let mut of = |text: &&str| {
            let (terms, ..) = scan.read(text);
            scan.terms.of(&terms).to_vec()
        };
        let lists: Vec<Vec<Term>> = texts.iter().map(&mut of).collect();
        Shared::new(lists.iter().map(Vec::as_slice), &of(&title))
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
        assert_eq!(all.in_title().collect::<Vec<_>>(), [3, 0, 3, 1]);
        assert_eq!(all.title_terms(), 3);
        assert!(shared(&[], "").ranks().is_empty());
    }

    #[test]
    fn likeness_is_the_part_of_the_shorter_one_that_the_other_has() {
        let all = shared(&["市场监管局", "市场监管", "天气", ""], "");
        assert_eq!(all.likeness(0, 1), 1.0);
        assert_eq!(all.likeness(0, 2), 0.0);
        assert_eq!(all.likeness(0, 3), 0.0);
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
            lists in proptest::collection::vec(proptest::collection::btree_set((0_u64..6, 0_u64..6, any::<bool>()), 0..12), 0..80)
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
            let shared = Shared::new(given.iter().map(Vec::as_slice), &[]);
            prop_assert_eq!(shared.ranks(), plain_ranks(&lists));
            for (at, list) in lists.iter().enumerate() {
                for (other, others) in lists.iter().enumerate().filter(|(other, _)| *other != at) {
                    let both = list.iter().filter(|term| others.contains(term)).count();
                    let smaller = list.len().min(others.len());
                    let plain = if smaller == 0 { 0.0 } else { both as f64 / smaller as f64 };
                    prop_assert_eq!(shared.likeness(at, other), plain);
                }
            }
        }
    }
}
