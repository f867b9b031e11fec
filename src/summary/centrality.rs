//! Which sentences say what the others say: the terms they share, and a random walk between them.
//! In: the terms of each sentence, and of the title. Out: a number from 0 to 1 for each; likenesses of two.
//! TextRank's idea (Mihalcea and Tarau, 2004) without its square of sentences: each step costs as much
//! as there are terms in the text.

use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::sync::LazyLock;

use super::terms::{Lists, Term};

/// After so many steps the order of sentences no longer changes.
const STEPS: usize = 6;

/// The terms that several sentences have, numbered from 0.
pub(super) struct Shared {
    /// Those of each sentence, one list after the other.
    numbers: Vec<u32>,
    /// Where each sentence's numbers stand.
    ranges: Vec<Range<usize>>,
    /// How many there are.
    count: usize,
    /// How many terms each sentence has, shared or not.
    terms: Vec<usize>,
    /// How many of them the title has too.
    in_title: Vec<usize>,
}

impl Shared {
    /// Compares sentences with each other and with the title's terms.
    pub fn new(lists: &Lists, title: &[Term]) -> Shared {
        let mut table = Table::new(lists.all().len() + title.len());
        let mut slots = Vec::with_capacity(lists.all().len());
        for term in lists.all() {
            let at = table.find(*term);
            table.slots[at].sentences += 1;
            slots.push(at);
        }
        for term in title {
            let at = table.find(*term);
            table.slots[at].is_in_title = true;
        }
        let mut shared = Shared {
            numbers: Vec::with_capacity(slots.len()),
            ranges: Vec::new(),
            count: 0,
            terms: Vec::new(),
            in_title: Vec::new(),
        };
        for range in lists.ranges() {
            let start = shared.numbers.len();
            let mut in_title = 0;
            shared.terms.push(range.len());
            for at in &slots[range] {
                let slot = &mut table.slots[*at];
                in_title += usize::from(slot.is_in_title);
                if slot.sentences < 2 {
                    continue;
                }
                if slot.number == u32::MAX {
                    // Fewer than 160 sentences of 400 characters have fewer terms than that.
                    slot.number = shared.count as u32;
                    shared.count += 1;
                }
                shared.numbers.push(slot.number);
            }
            shared.ranges.push(start..shared.numbers.len());
            shared.in_title.push(in_title);
        }
        shared
    }

    /// For each sentence the number of the title's terms in it.
    pub fn in_title(&self) -> &[usize] {
        &self.in_title
    }

    /// How central each sentence is.
    pub fn ranks(&self) -> Vec<f64> {
        // The square root keeps long sentences from winning by length, and short ones by shortness.
        let length = |range: &Range<usize>| (range.len().max(1) as f64).sqrt();
        let lengths: Vec<f64> = self.ranges.iter().map(length).collect();
        let mut ranks = vec![1.0; self.ranges.len()];
        let mut weights = vec![0.0; self.count];
        for _ in 0..STEPS {
            weights.fill(0.0);
            for ((range, length), rank) in self.ranges.iter().zip(&lengths).zip(&ranks) {
                let share = rank / length;
                for number in &self.numbers[range.clone()] {
                    weights[*number as usize] += share;
                }
            }
            for ((range, length), rank) in self.ranges.iter().zip(&lengths).zip(&mut ranks) {
                let numbers = self.numbers[range.clone()].iter();
                let sum: f64 = numbers.map(|number| weights[*number as usize]).sum();
                *rank = sum / length;
            }
            let top = ranks.iter().copied().fold(0.0, f64::max);
            if top > 0.0 {
                ranks.iter_mut().for_each(|rank| *rank /= top);
            }
        }
        ranks
    }

    /// Makes ready to compare sentences.
    pub fn likenesses(&self) -> Likenesses<'_> {
        let width = self.count.div_ceil(64);
        let mut bits = vec![0_u64; width * self.ranges.len()];
        for (at, range) in self.ranges.iter().enumerate() {
            for number in &self.numbers[range.clone()] {
                bits[at * width + *number as usize / 64] |= 1 << (number % 64);
            }
        }
        Likenesses {
            bits,
            width,
            terms: &self.terms,
        }
    }
}

/// Sentences as sets of shared terms. A term that two of them have is shared.
pub(super) struct Likenesses<'a> {
    /// A row of `width` numbers for each sentence, a bit for each term.
    bits: Vec<u64>,
    width: usize,
    terms: &'a [usize],
}

impl Likenesses<'_> {
    /// How much of the shorter of two sentences is in the other, 0 to 1.
    pub fn of(&self, a: usize, b: usize) -> f64 {
        let smaller = self.terms[a].min(self.terms[b]);
        if smaller == 0 {
            return 0.0;
        }
        let row = |at: usize| &self.bits[at * self.width..(at + 1) * self.width];
        let both = row(a).iter().zip(row(b)).map(|(a, b)| (a & b).count_ones());
        f64::from(both.sum::<u32>()) / smaller as f64
    }
}

/// Terms and how many sentences have them. One multiplication spreads numbers in a fraction of the time of the
/// standard library's hashes; its factor is random, so that nobody can write a text whose terms all meet. The
/// answer does not hang on it.
struct Table {
    slots: Vec<Slot>,
    /// The top bits of a product that are an index.
    shift: u32,
}

static FACTOR: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0) | 1);

/// What a free slot holds in place of a term: a pair has two characters, a word the top bit.
const FREE: Term = 0;

#[derive(Clone, Copy)]
struct Slot {
    term: Term,
    number: u32,
    sentences: u16,
    is_in_title: bool,
}

impl Table {
    fn new(terms: usize) -> Table {
        let bits = (terms * 2).max(16).next_power_of_two().trailing_zeros();
        let free = Slot {
            term: FREE,
            number: u32::MAX,
            sentences: 0,
            is_in_title: false,
        };
        Table {
            slots: vec![free; 1 << bits],
            shift: 64 - bits,
        }
    }

    /// The place of a term; at least half of all are free, so the search ends.
    fn find(&mut self, term: Term) -> usize {
        // Multiply-shift hashing (Dietzfelbinger and others, 1997).
        let mut at = (term.wrapping_mul(*FACTOR) >> self.shift) as usize;
        while self.slots[at].term != term {
            if self.slots[at].term == FREE {
                self.slots[at].term = term;
                break;
            }
            at = (at + 1) % self.slots.len();
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::super::terms::{self, Lists};
    use super::Shared;

    fn lists(texts: &[&str]) -> Lists {
        let mut lists = Lists::default();
        texts.iter().for_each(|text| lists.push(text));
        lists
    }

    #[test]
    fn the_sentence_that_the_others_share_is_most_central() {
        let texts = [
            "抽检食品样品",
            "天气晴朗",
            "食品样品抽检不合格",
            "不合格食品下架",
        ];
        let shared = Shared::new(&lists(&texts), &terms::of("食品样品"));
        let ranks = shared.ranks();
        assert_eq!(ranks[2], 1.0);
        assert_eq!(ranks[1], 0.0);
        assert!(ranks[0] > 0.0 && ranks[3] > 0.0);
        assert_eq!(shared.in_title(), [3, 0, 3, 1]);
        assert!(Shared::new(&lists(&[]), &[]).ranks().is_empty());
    }

    #[test]
    fn likeness_is_the_part_of_the_shorter_one_that_the_other_has() {
        let shared = Shared::new(&lists(&["市场监管局", "市场监管", "天气", ""]), &[]);
        let likenesses = shared.likenesses();
        assert_eq!(likenesses.of(0, 1), 1.0);
        assert_eq!(likenesses.of(0, 2), 0.0);
        assert_eq!(likenesses.of(0, 3), 0.0);
    }
}
