//! What a long build writes into an empty index, as far as it is asked for at once: labels, and the ends of their lists.
//! In: labels and rows of posts, before and as they are written. Out: numbers of labels; the newest and oldest posts of a
//! label, for which SQLite would be asked a question each. Whoever changes posts in another way than by adding them has
//! all of it forgotten.

use std::cmp::Reverse;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use rusqlite::Connection;

use super::rows::insert_fours;
use super::write::label_key;
use super::{Slot, kind_and_name, window};
use crate::model::Follow;

/// No more posts of a label are remembered than these, nor of all together: some 10 MB.
const MOST_OF_ONE: usize = 100;
const MOST: usize = 1 << 18;

/// Labels that are not in the index yet. Each has its number, since nobody else gives any.
pub(super) struct NewLabels {
    next: i64,
    unwritten: Vec<(i64, Follow)>,
}

impl NewLabels {
    /// The first of them has this number.
    pub fn from(next: i64) -> NewLabels {
        NewLabels {
            next,
            unwritten: Vec::new(),
        }
    }

    /// The number of a label that the index does not know.
    pub fn add(&mut self, follow: Follow) -> i64 {
        let label = self.next;
        self.next += 1;
        self.unwritten.push((label, follow));
        label
    }

    /// Writes them, and marks their feeds.
    pub fn write(&mut self, transaction: &Connection) -> rusqlite::Result<()> {
        let Some((first, _)) = self.unwritten.first() else {
            return Ok(());
        };
        let insert = "insert into labels (label, kind, name, key)";
        insert_fours(transaction, insert, &self.unwritten, |insert, at, label| {
            let (number, follow) = label;
            let (kind, name) = kind_and_name(follow);
            insert.raw_bind_parameter(at, number)?;
            insert.raw_bind_parameter(at + 1, kind)?;
            insert.raw_bind_parameter(at + 2, name)?;
            insert.raw_bind_parameter(at + 3, label_key(follow))
        })?;
        let mark = "insert or ignore into dirty select label from labels where label >= ?1";
        transaction.prepare_cached(mark)?.execute([first])?;
        self.unwritten.clear();
        Ok(())
    }

    /// Whether the index has all of them.
    pub fn are_written(&self) -> bool {
        self.unwritten.is_empty()
    }
}

/// The ends of the lists of labels, by the labels' numbers.
pub(super) struct Fresh {
    /// So many of each.
    most: usize,
    /// Live posts, the newest first.
    newest: HashMap<i64, Vec<Slot>>,
    /// How many there are in all these lists.
    kept: usize,
    /// Of the posts whose rows are not written yet, those that wait or are withdrawn.
    hidden: HashSet<i64>,
    /// So many of each.
    most_oldest: usize,
    /// All posts of labels that are asked for these, the oldest first, with their labels.
    oldest: HashMap<i64, Vec<(Slot, Numbers)>>,
    /// The labels of posts whose rows are not written yet.
    labels: HashMap<i64, Numbers>,
}

/// Numbers of labels.
type Numbers = Arc<[i64]>;

impl Fresh {
    /// Of so many of the newest and of the oldest posts; `None` where that is too many.
    pub fn of(newest: usize, oldest: usize) -> Option<Fresh> {
        let is_few = |most| (1..=MOST_OF_ONE).contains(&most);
        (is_few(newest) && is_few(oldest)).then(|| Fresh {
            most: newest,
            newest: HashMap::default(),
            kept: 0,
            hidden: HashSet::default(),
            most_oldest: oldest,
            oldest: HashMap::default(),
            labels: HashMap::default(),
        })
    }

    /// A label whose oldest posts are asked for.
    pub fn ask_for_oldest(&mut self, label: i64) {
        self.oldest.entry(label).or_default();
    }

    /// A post whose rows come with the next ones, and whether a feed shows it.
    pub fn announce(&mut self, post: i64, labels: &[i64], is_live: bool) {
        if !is_live {
            self.hidden.insert(post);
        }
        self.labels.insert(post, labels.into());
    }

    /// Adds posts of a label, the oldest first.
    pub fn add(&mut self, label: i64, slots: impl DoubleEndedIterator<Item = Slot> + Clone) {
        self.add_oldest(label, slots.clone());
        let Fresh {
            most,
            newest,
            kept,
            hidden,
            ..
        } = self;
        let known = newest.entry(label).or_default();
        let full = known.len() == *most;
        let last = known.last().filter(|_| full).map(Slot::order);
        let is_among = |slot: &Slot| last.is_none_or(|last| slot.order() > last);
        let live = slots.rev().filter(|slot| !hidden.contains(&slot.key.post));
        let before = known.len();
        known.extend(live.take_while(is_among).take(*most));
        if before > 0 && known.len() > before {
            known.sort_unstable_by_key(|slot| Reverse(slot.order()));
            known.truncate(*most);
        }
        *kept += known.len() - before;
    }

    fn add_oldest(&mut self, label: i64, slots: impl Iterator<Item = Slot>) {
        let Fresh { labels, .. } = self;
        let Some(known) = self.oldest.get_mut(&label) else {
            return;
        };
        let slots = slots.take(self.most_oldest);
        let labeled = slots.filter_map(|slot| Some((slot, labels.get(&slot.key.post)?.clone())));
        known.extend(labeled);
        known.sort_unstable_by_key(|(slot, _)| slot.order());
        known.truncate(self.most_oldest);
    }

    /// All rows are written. False when there is no room for more.
    pub fn settle(&mut self) -> bool {
        self.labels.clear();
        self.hidden.clear();
        self.kept <= MOST
    }

    /// The newest of a label: `limit` of them, and all within `hours` before the newest; `None` where that is more than is
    /// remembered, or is asked for otherwise.
    pub fn newest(&self, label: i64, limit: usize, hours: u32) -> Option<Vec<Slot>> {
        let known = self.newest.get(&label).map(Vec::as_slice);
        let known = known.unwrap_or_default();
        let is_all = known.len() < self.most || window::is_enough(known, limit, hours);
        (limit == self.most && is_all).then(|| known.to_vec())
    }

    /// The labels of each of so many of the oldest posts of a label that was asked for; `None` where others are remembered.
    pub fn oldest(&self, label: i64, posts: usize) -> Option<impl Iterator<Item = &[i64]>> {
        let known = self.oldest.get(&label)?;
        (posts == self.most_oldest).then(|| known.iter().map(|(_, labels)| &**labels))
    }
}
