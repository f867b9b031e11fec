//! The choice: best units first, none that repeats, back in order, within a budget.
//! In: units, their terms and scores, a budget in characters. Out: the indexes of the chosen, in order.
//! Maximal marginal relevance (Carbonell and Goldstein, 1998), with units that lean taking along
//! what they lean on.

use std::ops::Range;

use super::centrality::Shared;
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
    pub alike: &'a Shared,
    pub scores: &'a [f64],
    /// Characters of each as they would stand in the summary, the space before included.
    pub lengths: &'a [usize],
}

/// How much of each unit is said by the chosen ones, as far as anybody asked.
struct Likeness {
    /// For each unit whether it is chosen.
    is_chosen: Vec<bool>,
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
            is_chosen: vec![false; units],
            chosen: Vec::new(),
            most: vec![0.0; units],
            seen: vec![0; units],
        }
    }

    /// Chooses units.
    fn choose(&mut self, units: Range<usize>) {
        self.is_chosen[units.clone()].fill(true);
        self.chosen.extend(units);
    }

    /// Looks at the chosen ones that were not looked at.
    fn learn(&mut self, at: usize, alike: &Shared) {
        for other in &self.chosen[self.seen[at]..] {
            self.most[at] = self.most[at].max(alike.likeness(at, *other));
        }
        self.seen[at] = self.chosen.len();
    }
}

impl Candidates<'_> {
    /// Indexes of the chosen units, in order; `first` is chosen already. Never more than `budget`
    /// characters together.
    pub fn choose(&self, first: Option<usize>, budget: usize) -> Vec<usize> {
        let mut likeness = Likeness::new(self.units.len());
        if let Some(first) = first {
            likeness.choose(first..first + 1);
        }
        let mut left = budget - first.map_or(0, |at| self.lengths[at].min(budget));
        let best = self.scores.iter().copied().fold(0.0, f64::max);
        while let Some((gain, group)) = self.best_group(left, &mut likeness) {
            let enough = ENOUGH + RISE * (budget - left) as f64 / 100.0;
            if !likeness.chosen.is_empty() && gain < enough * best {
                break;
            }
            left -= self.lengths[group.clone()].iter().sum::<usize>();
            likeness.choose(group);
        }
        likeness.chosen.sort_unstable();
        likeness.chosen
    }

    /// The unit that adds most, with those that it leans on.
    fn best_group(&self, left: usize, likeness: &mut Likeness) -> Option<(f64, Range<usize>)> {
        let mut best: Option<(f64, Range<usize>)> = None;
        for at in 0..self.units.len() {
            if likeness.is_chosen[at] || self.lengths[at] > left {
                continue;
            }
            let Some(group) = self.group(at, likeness) else {
                continue;
            };
            let length: usize = self.lengths[group.clone()].iter().sum();
            if length > left {
                continue;
            }
            // The first of equals stays.
            let is_better = |gain: &f64| best.as_ref().is_none_or(|(most, _)| gain > most);
            // Likeness only grows, so most units are out by what is known of them already.
            let known = self.gain(&group, likeness).filter(is_better);
            if known.is_none() {
                continue;
            }
            group.clone().for_each(|at| likeness.learn(at, self.alike));
            let gain = self.gain(&group, likeness).filter(is_better);
            best = gain.map(|gain| (gain, group)).or(best);
        }
        best
    }

    /// A unit and what it leans on, as far as that is not chosen yet.
    fn group(&self, at: usize, likeness: &Likeness) -> Option<Range<usize>> {
        let mut first = at;
        let mut top = at;
        while self.units[top].leans {
            if top == 0 || at - first >= LONGEST_CHAIN {
                return None;
            }
            top -= 1;
            if likeness.is_chosen[top] {
                break;
            }
            first = top;
        }
        Some(first..at + 1)
    }

    /// What units add to the chosen ones, each; `None` when one says the same.
    fn gain(&self, group: &Range<usize>, likeness: &Likeness) -> Option<f64> {
        let mut sum = 0.0;
        // From the last one on: the order of additions decides between nearly equal sums.
        for at in group.clone().rev() {
            let most = likeness.most[at];
            if most > SAME {
                return None;
            }
            let flow = at > 0 && likeness.is_chosen[at - 1];
            sum += self.scores[at] - REPETITION * most + if flow { FLOW } else { 0.0 };
        }
        Some(sum / group.len() as f64)
    }
}
