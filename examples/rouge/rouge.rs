//! Character ROUGE: how many characters, pairs of characters, and characters in order two texts share.
//! In: a summary and its reference. Out: F1 of ROUGE-1, ROUGE-2 and ROUGE-L (Lin, 2004), 0 to 1.

use std::collections::HashMap;
use std::hash::Hash;

/// F1 of the three measures.
#[derive(Debug, Default, Clone, Copy)]
pub struct Scores {
    pub one: f64,
    pub two: f64,
    pub longest: f64,
}

/// Letters, digits and Chinese characters count, in lower case; marks and spaces do not.
pub fn characters(text: &str) -> Vec<char> {
    let kept = text.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// Scores a summary.
pub fn score(summary: &str, reference: &str) -> Scores {
    let (a, b) = (characters(summary), characters(reference));
    let pairs = |text: &[char]| text.windows(2).map(|w| (w[0], w[1])).collect::<Vec<_>>();
    Scores {
        one: f1(shared(&a, &b), a.len(), b.len()),
        two: f1(
            shared(&pairs(&a), &pairs(&b)),
            a.len().saturating_sub(1),
            b.len().saturating_sub(1),
        ),
        longest: f1(common_subsequence(&a, &b), a.len(), b.len()),
    }
}

fn f1(shared: usize, ours: usize, theirs: usize) -> f64 {
    if shared == 0 {
        return 0.0;
    }
    2.0 * shared as f64 / (ours + theirs) as f64
}

fn shared<T: Hash + Eq + Copy>(a: &[T], b: &[T]) -> usize {
    let mut counts: HashMap<T, usize> = HashMap::new();
    b.iter()
        .for_each(|item| *counts.entry(*item).or_default() += 1);
    let taken = a.iter().filter(|item| match counts.get_mut(item) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    });
    taken.count()
}

fn common_subsequence(a: &[char], b: &[char]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for x in a {
        let mut diagonal = 0;
        for (at, y) in b.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if x == y {
                diagonal + 1
            } else {
                above.max(row[at])
            };
            diagonal = above;
        }
    }
    row[b.len()]
}
