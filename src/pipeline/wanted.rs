//! Which posts of a long build the feeds will show, as far as is known while it goes on.
//! In: posts, the newest first. Out: whether so many newer ones were seen of each label that no feed shows this one. A
//! wrong answer costs time alone: an entry that was not kept is made again, one that was kept in vain took room.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use foldhash::HashMap;

use crate::catalog::Digested;
use crate::model::LabelKind;

/// The longest feeds for which it is worth while to remember so many times of each label.
const LONGEST: usize = 100;

/// What was seen so far, shared by all who read.
pub struct Wanted {
    /// Posts that a feed shows; `None` where that is too many, and all are wanted.
    limit: Option<usize>,
    /// Seconds before the newest post of a feed within which it shows all.
    window: i64,
    /// Now, in seconds since 1970: what comes out later is in no feed yet.
    now: i64,
    /// Entries for which there is room.
    room: AtomicUsize,
    seen: RwLock<Seen>,
}

#[derive(Default)]
struct Seen {
    site: Newest,
    labels: HashMap<LabelKind, HashMap<String, Newest>>,
}

/// The times of the newest posts of a label, in seconds since 1970.
#[derive(Default)]
struct Newest {
    first: i64,
    /// As many as a feed shows, the oldest on top.
    times: BinaryHeap<Reverse<i64>>,
}

impl Wanted {
    /// Of feeds that show `limit` posts and all within so many hours; `room` for so many entries.
    pub fn new(limit: usize, hours: u32, now: i64, room: usize) -> Wanted {
        Wanted {
            limit: (limit <= LONGEST).then_some(limit),
            window: i64::from(hours) * 3600,
            now,
            room: room.into(),
            seen: RwLock::default(),
        }
    }

    /// Whether the entry of a post that is being read is kept.
    pub fn wants(&self, digested: &Digested) -> bool {
        let less = |room: usize| room.checked_sub(1);
        let room = &self.room;
        self.is_shown(digested) && { room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less) }
            .is_ok()
    }

    fn is_shown(&self, digested: &Digested) -> bool {
        // While somebody notes others, nobody waits for the answer.
        let (Some(limit), Ok(seen)) = (self.limit, self.seen.try_read()) else {
            return true;
        };
        let time = digested.post.published.seconds();
        let shows = |newest: &Newest| newest.shows(time, limit, self.window);
        let of = |kind, name: &str| seen.labels.get(&kind).and_then(|names| names.get(name));
        let mut labels = labels(digested);
        shows(&seen.site) || labels.any(|(kind, name)| of(kind, name).is_none_or(shows))
    }

    /// Notes posts that were read.
    pub fn note<'a>(&self, posts: impl Iterator<Item = &'a Digested>) {
        let Some(limit) = self.limit else { return };
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        let Seen {
            site,
            labels: known,
        } = &mut *seen;
        for digested in posts {
            let time = digested.post.published.seconds();
            if digested.post.withdrawn || time > self.now {
                continue;
            }
            site.note(time, limit);
            let all: Vec<(LabelKind, &str)> = labels(digested).collect();
            for (place, &(kind, name)) in all.iter().enumerate() {
                if all[..place].contains(&(kind, name)) {
                    continue;
                }
                let names = known.entry(kind).or_default();
                match names.get_mut(name) {
                    Some(newest) => newest.note(time, limit),
                    None => names.entry(name.to_owned()).or_default().note(time, limit),
                }
            }
        }
    }
}

fn labels(digested: &Digested) -> impl Iterator<Item = (LabelKind, &str)> {
    let topics = digested.topics.iter();
    let topics = topics.map(|topic| (LabelKind::Topic, topic.as_str()));
    digested.post.label_names().chain(topics)
}

impl Newest {
    fn shows(&self, time: i64, limit: usize, window: i64) -> bool {
        let is_among = { self.times.peek() }.is_none_or(|Reverse(oldest)| time >= *oldest);
        self.times.len() < limit || is_among || time >= self.first.saturating_sub(window)
    }

    fn note(&mut self, time: i64, limit: usize) {
        let is_first = self.times.is_empty();
        self.first = if is_first { time } else { self.first.max(time) };
        if self.times.len() < limit {
            self.times.push(Reverse(time));
        } else if let Some(mut oldest) = self.times.peek_mut()
            && oldest.0 < time
        {
            oldest.0 = time;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::catalog::window_tests::{NOW, reading};

    /// A post of so many hours ago with some of five tags, which waits or is withdrawn or neither.
    fn post(number: usize, hours: i64, tags: &[u8], withdrawn: bool) -> Digested {
        let mut digested = reading(number, hours * 3600).post.unwrap();
        let post = Arc::make_mut(&mut digested.post);
        post.tags = tags.iter().map(|tag| format!("标签{}", tag % 5)).collect();
        post.withdrawn = withdrawn;
        digested
    }

    proptest! {
        #[test]
        fn what_is_not_wanted_is_in_no_feed(
            posts in prop::collection::vec((-3_i64..40, prop::collection::vec(0_u8..5, 0..3), prop::bool::weighted(0.1)), 1..60),
            batch in 1_usize..9,
            limit in 1_usize..5,
            hours in 0_u32..4,
        ) {
            let posts: Vec<Digested> = { posts.iter().enumerate() }
                .map(|(number, (hours, tags, withdrawn))| post(number, *hours, tags, *withdrawn))
                .collect();
            let wanted = Wanted::new(limit, hours, NOW, usize::MAX);
            let mut kept = Vec::new();
            for some in posts.chunks(batch) {
                kept.extend(some.iter().map(|post| wanted.wants(post)));
                wanted.note(some.iter());
            }
            let is_live = |post: &Digested| !post.post.withdrawn && post.post.published.seconds() <= NOW;
            let time = |post: &Digested| post.post.published.seconds();
            let mut labels: Vec<Option<(LabelKind, String)>> = posts.iter()
                .flat_map(|post| super::labels(post).map(|(kind, name)| Some((kind, name.to_owned()))))
                .collect();
            labels.push(None);
            for label in labels {
                let is_in = |post: &Digested| label.as_ref().is_none_or(|(kind, name)| {
                    super::labels(post).any(|label| label == (*kind, name.as_str()))
                });
                let mut times: Vec<i64> = posts.iter().filter(|post| is_live(post) && is_in(post)).map(time).collect();
                times.sort_unstable_by_key(|time| Reverse(*time));
                let Some(newest) = times.first() else { continue };
                let since = newest - i64::from(hours) * 3600;
                let oldest = times.get(limit - 1).copied().unwrap_or(i64::MIN).min(since);
                for (post, kept) in posts.iter().zip(&kept) {
                    let is_shown = is_live(post) && is_in(post) && time(post) >= oldest;
                    prop_assert!(*kept || !is_shown);
                }
            }
        }
    }

    #[test]
    fn of_posts_that_come_newest_first_those_that_no_feed_shows_are_not_wanted() {
        let wanted = Wanted::new(2, 1, NOW, 3);
        let posts = [5, 6, 7, 8].map(|hours| post(hours as usize, hours, &[1], false));
        let is_wanted = |number: usize| {
            let is_wanted = wanted.wants(&posts[number]);
            wanted.note([&posts[number]].into_iter());
            is_wanted
        };
        assert_eq!([0, 1, 2].map(is_wanted), [true, true, false]);
        // Another tag, of which nothing was seen; then there is no room.
        assert!(wanted.wants(&post(9, 90, &[2], false)));
        assert!(!wanted.wants(&post(9, 90, &[3], false)));
        let long = Wanted::new(LONGEST + 1, 1, NOW, 9);
        long.note(posts.iter());
        assert!(long.wants(&post(9, 9000, &[1], false)));
    }
}
