//! The choice: best units first, none that repeats, back in order, within a budget.
//! In: units, their terms and scores, a budget in characters. Out: the indexes of the chosen, in order.
//! Maximal marginal relevance (Carbonell and Goldstein, 1998), with units that lean taking along
//! what they lean on.

use super::terms::{self, Term};
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
    pub terms: &'a [Vec<Term>],
    pub scores: &'a [f64],
    /// Characters of each as they would stand in the summary, the space before included.
    pub lengths: &'a [usize],
}

impl Candidates<'_> {
    /// Indexes of the chosen units, in order; `first` is chosen already. Never more than `budget`
    /// characters together.
    pub fn choose(&self, first: Option<usize>, budget: usize) -> Vec<usize> {
        let mut chosen: Vec<usize> = first.into_iter().collect();
        let mut left = budget - first.map_or(0, |at| self.lengths[at].min(budget));
        let best = self.scores.iter().copied().fold(0.0, f64::max);
        while let Some((gain, group)) = self.best_group(&chosen, left) {
            let enough = ENOUGH + RISE * (budget - left) as f64 / 100.0;
            if !chosen.is_empty() && gain < enough * best {
                break;
            }
            left -= group.iter().map(|at| self.lengths[*at]).sum::<usize>();
            chosen.extend(group);
            chosen.sort_unstable();
        }
        chosen
    }

    /// The unit that adds most, with those that it leans on.
    fn best_group(&self, chosen: &[usize], left: usize) -> Option<(f64, Vec<usize>)> {
        let mut best: Option<(f64, Vec<usize>)> = None;
        for at in 0..self.units.len() {
            if chosen.binary_search(&at).is_ok() || self.lengths[at] > left {
                continue;
            }
            let Some(group) = self.group(at, chosen) else {
                continue;
            };
            let length: usize = group.iter().map(|at| self.lengths[*at]).sum();
            if length > left {
                continue;
            }
            let gains: Option<f64> = group.iter().map(|at| self.gain(*at, chosen)).sum();
            let Some(gain) = gains.map(|sum| sum / group.len() as f64) else {
                continue;
            };
            // The first of equals stays.
            if best.as_ref().is_none_or(|(most, _)| gain > *most) {
                best = Some((gain, group));
            }
        }
        best
    }

    /// A unit and what it leans on, as far as that is not chosen yet.
    fn group(&self, at: usize, chosen: &[usize]) -> Option<Vec<usize>> {
        let mut group = vec![at];
        let mut top = at;
        while self.units[top].leans {
            if top == 0 || group.len() > LONGEST_CHAIN {
                return None;
            }
            top -= 1;
            if chosen.binary_search(&top).is_ok() {
                break;
            }
            group.push(top);
        }
        Some(group)
    }

    /// What a unit adds to the chosen ones; `None` when it says the same.
    fn gain(&self, at: usize, chosen: &[usize]) -> Option<f64> {
        let alike = |other: &usize| terms::overlap(&self.terms[at], &self.terms[*other]);
        let most = chosen.iter().map(alike).fold(0.0, f64::max);
        if most > SAME {
            return None;
        }
        let flow = at > 0 && chosen.binary_search(&(at - 1)).is_ok();
        Some(self.scores[at] - REPETITION * most + if flow { FLOW } else { 0.0 })
    }
}
