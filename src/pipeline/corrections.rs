//! What became of posts that were announced, or are held.
//! In: posts as the store knows them, as the catalog has them, which of them tell the same. Out: one transaction in the
//! store, with the edits of what was sent.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use super::plan::{Planner, card};
use super::{Derived, PipelineError, lock};
use crate::catalog::State;
use crate::delivery::plan::{Today, corrections};
use crate::model::PostId;
use crate::store::{Card, Correction, Millis, Twins};

impl Planner {
    /// Compares what was announced lately with what the catalog says now. It asks the store, not the
    /// catalog, what changed: so it holds over restarts and over a catalog that was deleted.
    pub(super) async fn correct(
        &self,
        derived: &Arc<Mutex<Derived>>,
        now: Millis,
    ) -> Result<u64, PipelineError> {
        let rules = self.rules.corrections;
        if rules.window == 0 {
            return Ok(0);
        }
        let recent = self.store.recent(now - rules.window).await?;
        let twins = self.store.twins_since(now - rules.window).await?;
        let known = {
            let derived = lock(derived);
            let mut known = Vec::new();
            for announced in recent {
                let row = derived.catalog.post(&announced.card.post)?;
                let today = match row {
                    Some(row) if row.state == State::Live => {
                        Today::Shown(Box::new(card(&row, derived.matcher(), derived.site())))
                    }
                    Some(row) if row.state == State::Withdrawn => Today::Withdrawn,
                    _ => Today::Gone,
                };
                known.push((announced, today));
            }
            known
        };
        let known = link_twins(follow_moves(known, &twins), &twins);
        let (changed, gone) = corrections(known, rules);
        if gone > 0 {
            tracing::warn!(
                "{gone} announced posts are gone at once; their messages stay as they are, in case a folder is missing"
            );
        }
        if changed.is_empty() {
            return Ok(0);
        }
        let edit_at = now + rules.quiet;
        Ok(self
            .store
            .correct(&changed, edit_at, rules.window, now)
            .await?)
    }
}

/// A post that is gone was moved, where its file is another post now, or another was the same to the letter: its messages
/// follow the other one, and lead to where that is.
fn follow_moves(mut known: Vec<(Correction, Today)>, twins: &[Twins]) -> Vec<(Correction, Today)> {
    // What one file was, in both directions: it may move more than once, and back.
    let mut same: HashMap<&PostId, Vec<&PostId>> = HashMap::new();
    for twins in twins.iter().filter(|twins| twins.is_one_file) {
        same.entry(&twins.earlier).or_default().push(&twins.later);
        same.entry(&twins.later).or_default().push(&twins.earlier);
    }
    let there = { known.iter() }.filter(|(known, today)| !known.is_held && *today != Today::Gone);
    let there: HashMap<&PostId, &(Correction, Today)> =
        there.map(|both| (&both.0.card.post, both)).collect();
    let mut moves = Vec::new();
    for (number, (announced, today)) in known.iter().enumerate() {
        if *today != Today::Gone || announced.is_held {
            continue;
        }
        let post = &announced.card.post;
        let of_file = first_there(post, &same, &there);
        let mut others = twins.iter().filter_map(|twins| match post {
            post if *post == twins.earlier => there.get(&twins.later),
            post if *post == twins.later => there.get(&twins.earlier),
            _ => None,
        });
        // As they were when both were announced: the other may have been changed since.
        let alike = || {
            others
                .find(|(other, _)| tell_one(&announced.card, &other.card))
                .copied()
        };
        let other = of_file.or_else(alike);
        moves.extend(other.map(|(_, today)| (number, at_home(today, post))));
    }
    for (number, today) in moves {
        known[number].1 = today;
    }
    known
}

/// The nearest post that the file of this one is, or was, and that is there.
fn first_there<'a, T>(
    post: &PostId,
    same: &HashMap<&PostId, Vec<&'a PostId>>,
    there: &HashMap<&PostId, &'a T>,
) -> Option<&'a T> {
    let mut seen: HashSet<&PostId> = HashSet::from([post]);
    let mut waiting: VecDeque<&PostId> = VecDeque::from([post]);
    while let Some(post) = waiting.pop_front() {
        if let Some(found) = there.get(post) {
            return Some(found);
        }
        let next = same.get(post).into_iter().flatten();
        waiting.extend(next.copied().filter(|next| seen.insert(next)));
    }
    None
}

/// What became of a post, told of another one that is its message's.
fn at_home(today: &Today, post: &PostId) -> Today {
    let mut today = today.clone();
    if let Today::Shown(card) = &mut today {
        card.post = post.clone();
    }
    today
}

/// Whether two posts were shown alike; one that is gone may have had another category.
fn tell_one(a: &Card, b: &Card) -> bool {
    (&a.title, &a.summary, &a.source) == (&b.title, &b.summary, &b.source)
}

/// Two cards of the same article of one source, perhaps at two addresses.
fn were_one(a: &Card, b: &Card) -> bool {
    tell_one(a, b) && a.categories == b.categories
}

/// Names in each card the others that tell its story. A twin of which nothing is known any more, because it is
/// older than the window, stays named as it was.
fn link_twins(mut known: Vec<(Correction, Today)>, twins: &[Twins]) -> Vec<(Correction, Today)> {
    let mut of_post: HashMap<&PostId, HashSet<&PostId>> = HashMap::new();
    for Twins { later, earlier, .. } in twins {
        of_post.entry(later).or_default().insert(earlier);
        of_post.entry(earlier).or_default().insert(later);
    }
    // In the order in which they were announced; `None` for one that is gone.
    let told: Vec<(PostId, Option<Card>)> = { known.iter() }
        .filter(|(known, _)| !known.is_held && of_post.contains_key(&known.card.post))
        .map(|(announced, today)| {
            let card = match today {
                Today::Shown(card) => Some(card.as_ref().clone()),
                Today::Withdrawn | Today::Gone => None,
            };
            (announced.card.post.clone(), card)
        })
        .collect();
    for (announced, today) in &mut known {
        let Today::Shown(card) = today else { continue };
        let Some(twins) = of_post.get(&announced.card.post) else {
            card.also.clone_from(&announced.card.also);
            continue;
        };
        let found: Vec<_> = { told.iter() }
            .filter(|(post, _)| twins.contains(post))
            .collect();
        if found.len() < twins.len() {
            card.also.clone_from(&announced.card.also);
        }
        for other in found.into_iter().filter_map(|(_, other)| other.as_ref()) {
            let name = other.source.as_ref().unwrap_or(&other.title);
            let link = (name.clone(), other.url.clone());
            // The same article under another name is no other source.
            if !were_one(card, other) && !card.also.contains(&link) {
                card.also.push(link);
            }
        }
    }
    known
}
