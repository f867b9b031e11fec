//! Which sentences say what the others say: a random walk between sentences and the terms they share.
//! In: the terms of each sentence. Out: a number from 0 to 1 for each.
//! TextRank's idea (Mihalcea and Tarau, 2004) without its square of sentences: each step costs as much
//! as there are terms in the text.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use super::terms::Term;

/// After so many steps the order of sentences no longer changes.
const STEPS: usize = 6;

/// How central each sentence is.
pub(super) fn of(sentences: &[&[Term]]) -> Vec<f64> {
    let shared = shared_terms(sentences);
    let count = shared.iter().flatten().max().map_or(0, |last| last + 1);
    let mut ranks = vec![1.0; sentences.len()];
    for _ in 0..STEPS {
        let mut weights = vec![0.0; count];
        for (terms, rank) in shared.iter().zip(&ranks) {
            let share = rank / length(terms);
            terms.iter().for_each(|term| weights[*term] += share);
        }
        for (terms, rank) in shared.iter().zip(&mut ranks) {
            let sum: f64 = terms.iter().map(|term| weights[*term]).sum();
            *rank = sum / length(terms);
        }
        let top = ranks.iter().copied().fold(0.0, f64::max);
        if top > 0.0 {
            ranks.iter_mut().for_each(|rank| *rank /= top);
        }
    }
    ranks
}

/// The square root keeps long sentences from winning by length, and short ones by shortness.
fn length(terms: &[usize]) -> f64 {
    (terms.len().max(1) as f64).sqrt()
}

/// For each sentence the terms that another one has too, numbered from 0.
fn shared_terms(sentences: &[&[Term]]) -> Vec<Vec<usize>> {
    let mut table = Table::new(sentences.iter().map(|terms| terms.len()).sum());
    for term in sentences.iter().copied().flatten() {
        table.slot(*term).sentences += 1;
    }
    let mut count = 0;
    let mut number = |term: &Term| {
        let slot = table.slot(*term);
        if slot.sentences > 1 && slot.number == usize::MAX {
            slot.number = count;
            count += 1;
        }
        (slot.sentences > 1).then_some(slot.number)
    };
    let shared = sentences.iter().copied();
    shared
        .map(|terms| terms.iter().filter_map(&mut number).collect())
        .collect()
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

#[derive(Clone, Copy)]
struct Slot {
    term: Option<Term>,
    sentences: usize,
    number: usize,
}

impl Table {
    fn new(terms: usize) -> Table {
        let bits = (terms * 2).max(16).next_power_of_two().trailing_zeros();
        let free = Slot {
            term: None,
            sentences: 0,
            number: usize::MAX,
        };
        Table {
            slots: vec![free; 1 << bits],
            shift: 64 - bits,
        }
    }

    /// The slot of a term; at least half of all are free, so the search ends.
    fn slot(&mut self, term: Term) -> &mut Slot {
        // Multiply-shift hashing (Dietzfelbinger and others, 1997).
        let mut at = (term.wrapping_mul(*FACTOR) >> self.shift) as usize;
        while self.slots[at].term.is_some_and(|other| other != term) {
            at = (at + 1) % self.slots.len();
        }
        self.slots[at].term = Some(term);
        &mut self.slots[at]
    }
}

#[cfg(test)]
mod tests {
    use super::super::terms;

    #[test]
    fn the_sentence_that_the_others_share_is_most_central() {
        let texts = [
            "抽检食品样品",
            "天气晴朗",
            "食品样品抽检不合格",
            "不合格食品下架",
        ];
        let all: Vec<_> = texts.iter().map(|text| terms::of(text)).collect();
        let slices: Vec<_> = all.iter().map(Vec::as_slice).collect();
        let ranks = super::of(&slices);
        assert_eq!(ranks[2], 1.0);
        assert_eq!(ranks[1], 0.0);
        assert!(ranks[0] > 0.0 && ranks[3] > 0.0);
        assert!(super::of(&[]).is_empty());
    }
}
