//! The choice: best units first, none that repeats, back in order, within a budget.
//! In: units, their terms and scores, a budget in characters. Out: the indexes of the chosen, in order.
//! Maximal marginal relevance (Carbonell and Goldstein, 1998), with units that lean taking along
//! what they lean on.

use std::ops::Range;

use super::centrality::Likenesses;
use super::units::Unit;

/// How much a likeness to what is chosen costs.
const REPETITION: f64 = 0.9;
/// Units that are this much alike are never chosen both.
const SAME: f64 = 0.65;
/// What continues a chosen unit reads better than what comes from elsewhere.
const FLOW: f64 = 0.12;
/// A unit that tells less than this share of the best is left out, though it would fit ...
const ENOUGH: f64 = 0.25;
/// ... and the share rises with every hundred characters that are chosen: nobody misses a fourth sentence.
const RISE: f64 = 0.25;
/// A unit that leans on more than so many before it is left.
const LONGEST_CHAIN: usize = 3;

/// What is chosen from.
pub(super) struct Candidates<'a> {
    pub units: &'a [Unit<'a>],
    pub alike: &'a Likenesses<'a>,
    pub scores: &'a [f64],
    /// Characters of each as they would stand in the summary, the space before included.
    pub lengths: &'a [usize],
}

/// How much of each unit is said by the chosen ones, as far as anybody asked.
struct Likeness {
    /// In the order in which they were chosen.
    chosen: Vec<usize>,
    /// The most that one of those says which were looked at.
    most: Vec<f64>,
    /// How many of the chosen were looked at.
    seen: Vec<usize>,
}

impl Likeness {
    fn new(units: usize) -> Self {
        Likeness {
            chosen: Vec::new(),
            most: vec![0.0; units],
            seen: vec![0; units],
        }
    }

    /// Looks at the chosen ones that were not looked at.
    fn learn(&mut self, at: usize, alike: &Likenesses<'_>) {
        for other in &self.chosen[self.seen[at]..] {
            self.most[at] = self.most[at].max(alike.of(at, *other));
        }
        self.seen[at] = self.chosen.len();
    }
}

impl Candidates<'_> {
    /// Indexes of the chosen units, in order; `first` is chosen already. Never more than `budget`
    /// characters together.
    pub fn choose(&self, first: Option<usize>, budget: usize) -> Vec<usize> {
        let mut likeness = Likeness::new(self.units.len());
        let mut chosen: Vec<usize> = Vec::new();
        if let Some(first) = first {
            chosen.push(first);
            likeness.chosen.push(first);
        }
        let mut left = budget - first.map_or(0, |at| self.lengths[at].min(budget));
        let best = self.scores.iter().copied().fold(0.0, f64::max);
        while let Some((gain, group)) = self.best_group(&chosen, left, &mut likeness) {
            let enough = ENOUGH + RISE * (budget - left) as f64 / 100.0;
            if !chosen.is_empty() && gain < enough * best {
                break;
            }
            left -= self.lengths[group.clone()].iter().sum::<usize>();
            likeness.chosen.extend(group.clone());
            chosen.extend(group);
            chosen.sort_unstable();
        }
        chosen
    }

    /// The unit that adds most, with those that it leans on.
    fn best_group(
        &self,
        chosen: &[usize],
        left: usize,
        likeness: &mut Likeness,
    ) -> Option<(f64, Range<usize>)> {
        let mut best: Option<(f64, Range<usize>)> = None;
        for at in 0..self.units.len() {
            if chosen.binary_search(&at).is_ok() || self.lengths[at] > left {
                continue;
            }
            let Some(group) = self.group(at, chosen) else {
                continue;
            };
            let length: usize = self.lengths[group.clone()].iter().sum();
            if length > left {
                continue;
            }
            let members = || group.clone().rev();
            // The first of equals stays.
            let is_better = |gain: &f64| best.as_ref().is_none_or(|(most, _)| gain > most);
            let gain = |likeness: &Likeness| -> Option<f64> {
                let gains = members().map(|at| self.gain(at, chosen, likeness));
                let sum: Option<f64> = gains.sum();
                sum.map(|sum| sum / group.len() as f64).filter(is_better)
            };
            // Likeness only grows, so most units are out by what is known of them already.
            if gain(likeness).is_none() {
                continue;
            }
            members().for_each(|at| likeness.learn(at, self.alike));
            if let Some(gain) = gain(likeness) {
                best = Some((gain, group));
            }
        }
        best
    }

    /// A unit and what it leans on, as far as that is not chosen yet.
    fn group(&self, at: usize, chosen: &[usize]) -> Option<Range<usize>> {
        let mut first = at;
        let mut top = at;
        while self.units[top].leans {
            if top == 0 || at - first >= LONGEST_CHAIN {
                return None;
            }
            top -= 1;
            if chosen.binary_search(&top).is_ok() {
                break;
            }
            first = top;
        }
        Some(first..at + 1)
    }

    /// What a unit adds to the chosen ones; `None` when it says the same.
    fn gain(&self, at: usize, chosen: &[usize], likeness: &Likeness) -> Option<f64> {
        let most = likeness.most[at];
        if most > SAME {
            return None;
        }
        let flow = at > 0 && chosen.binary_search(&(at - 1)).is_ok();
        Some(self.scores[at] - REPETITION * most + if flow { FLOW } else { 0.0 })
    }
}
