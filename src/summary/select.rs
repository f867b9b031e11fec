//! The choice: best units first, none that repeats, back in order, within a budget.
//! In: units, their terms and scores, a budget in characters. Out: the set of the chosen.
//! Maximal marginal relevance (Carbonell and Goldstein, 1998), with units that lean taking along
//! what they lean on.

use std::ops::Range;

use super::centrality::Shared;
use super::postings::{MOST, ONLY, Sentences};
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

/// What was chosen so far.
struct Chosen {
    units: Sentences,
    /// How much of each unit the most like of them says.
    most: [f64; MOST],
}

impl Chosen {
    fn add(&mut self, units: Range<usize>, alike: &Shared) {
        for unit in units {
            self.units |= ONLY[unit];
            for (most, likeness) in self.most.iter_mut().zip(alike.likenesses(unit)) {
                *most = most.max(likeness);
            }
        }
    }

    fn has(&self, unit: usize) -> bool {
        self.units & ONLY[unit] > 0
    }
}

impl Candidates<'_> {
    /// The chosen units; `first` is chosen already. Never more than `budget` characters together.
    pub fn choose(&self, first: Option<usize>, budget: usize) -> Sentences {
        let mut chosen = Chosen {
            units: 0,
            most: [0.0; MOST],
        };
        if let Some(first) = first {
            chosen.add(first..first + 1, self.alike);
        }
        let mut left = budget - first.map_or(0, |at| self.lengths[at].min(budget));
        let best = self.scores.iter().copied().fold(0.0, f64::max);
        while let Some((gain, group)) = self.best_group(left, &chosen) {
            let enough = ENOUGH + RISE * (budget - left) as f64 / 100.0;
            if chosen.units > 0 && gain < enough * best {
                break;
            }
            left -= self.lengths[group.clone()].iter().sum::<usize>();
            chosen.add(group, self.alike);
        }
        chosen.units
    }

    /// The unit that adds most, with those that it leans on.
    fn best_group(&self, left: usize, chosen: &Chosen) -> Option<(f64, Range<usize>)> {
        let mut best = (f64::NEG_INFINITY, 0..0);
        for (at, length) in self.lengths.iter().enumerate() {
            // Most are out by their own likeness.
            if *length > left || chosen.has(at) || chosen.most[at] > SAME {
                continue;
            }
            let Some(group) = self.group(at, chosen) else {
                continue;
            };
            if group.len() > 1 && self.lengths[group.clone()].iter().sum::<usize>() > left {
                continue;
            }
            // The first of equals stays.
            if let Some(gain) = self.gain(&group, chosen)
                && gain > best.0
            {
                best = (gain, group);
            }
        }
        (!best.1.is_empty()).then_some(best)
    }

    /// A unit and what it leans on, as far as that is not chosen yet.
    fn group(&self, at: usize, chosen: &Chosen) -> Option<Range<usize>> {
        let mut first = at;
        let mut top = at;
        while self.units[top].leans {
            if top == 0 || at - first >= LONGEST_CHAIN {
                return None;
            }
            top -= 1;
            if chosen.has(top) {
                break;
            }
            first = top;
        }
        Some(first..at + 1)
    }

    /// What units add to the chosen ones, each; `None` when one says the same.
    fn gain(&self, group: &Range<usize>, chosen: &Chosen) -> Option<f64> {
        let mut sum = 0.0;
        // From the last one on: the order of additions decides between nearly equal sums.
        for at in group.clone().rev() {
            let most = chosen.most[at];
            if most > SAME {
                return None;
            }
            let flow = at > 0 && chosen.has(at - 1);
            sum += self.scores[at] - REPETITION * most + if flow { FLOW } else { 0.0 };
        }
        Some(sum / group.len() as f64)
    }
}
