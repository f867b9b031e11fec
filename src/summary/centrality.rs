//! Which sentences say what the others say: a random walk between sentences and the terms they share.
//! In: the terms of each sentence. Out: a number from 0 to 1 for each.
//! TextRank's idea (Mihalcea and Tarau, 2004) without its square of sentences: each step costs as much
//! as there are terms in the text.

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
    let mut places: Vec<(Term, usize)> = Vec::new();
    for (at, terms) in sentences.iter().enumerate() {
        places.extend(terms.iter().map(|term| (*term, at)));
    }
    places.sort_unstable();
    let mut shared = vec![Vec::new(); sentences.len()];
    let same = places
        .chunk_by(|a, b| a.0 == b.0)
        .filter(|places| places.len() > 1);
    for (number, places) in same.enumerate() {
        places.iter().for_each(|(_, at)| shared[*at].push(number));
    }
    shared
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
