//! Which post is in which label: a row in the table for each, written many at a time, and a list in the post's row.
//! In: the posts of one transaction. Out: their rows in the order of the table, so that each of its pages is
//! touched once, and the marks of the feeds and histories that they change.

use foldhash::{HashMap, HashSet};
use rusqlite::{Connection, OptionalExtension, params};

use super::fresh::{Fresh, NewLabels};
use super::marks::mark_dirty;
use super::rows::insert_fours;
use super::write::{find_or_add_label, label_id, tie_break};
use super::{Digested, PostKey, Slot, State, follow_of};
use crate::model::{Follow, Label, LabelKind, PostId};

/// Labels whose numbers are remembered between transactions.
const REMEMBERED: usize = 1 << 16;

/// Marks a place in a history as out of date.
const MARK: &str =
    "insert or ignore into archive_marks (label, published, tie) values (?1, ?2, ?3)";

/// A row of `post_labels`, as its key orders them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Link {
    label: i64,
    published: i64,
    tie: i64,
    post: i64,
}

impl Link {
    fn values(&self) -> [i64; 4] {
        [self.label, self.published, self.tie, self.post]
    }

    fn slot(&self) -> Slot {
        let key = PostKey {
            post: self.post,
            tie: self.tie,
        };
        Slot {
            key,
            published: self.published,
        }
    }
}

const INSERT: &str = "insert or ignore into post_labels";

/// Rows that are not written yet.
#[derive(Default)]
pub(super) struct Links {
    /// The site's number; like those of labels, it never changes.
    site: Option<i64>,
    labels: HashMap<LabelKind, HashMap<String, i64>>,
    rows: Vec<Link>,
    /// In a long build, during which no mark is taken back: labels that are marked and have no history that is up to
    /// date.
    marked: Option<HashSet<i64>>,
    /// In a round that fills an empty index, of which all labels are remembered. Until `write` posts may have numbers of
    /// labels that have no rows.
    new: Option<NewLabels>,
    /// In the same: which posts feeds will show.
    fresh: Option<Fresh>,
}

impl Links {
    /// Forgets what belongs to a transaction that was taken back.
    pub fn forget(&mut self) {
        *self = Links::default();
    }

    /// The index knows no post: until something is not only added, so many of the newest and of the oldest posts of each
    /// label are remembered.
    pub fn fill(
        &mut self,
        connection: &Connection,
        newest: usize,
        oldest: usize,
    ) -> rusqlite::Result<()> {
        let mut last = 0;
        let mut labels = connection.prepare("select label, kind, name from labels")?;
        let mut labels = labels.query([])?;
        while let Some(row) = labels.next()? {
            let label = row.get(0)?;
            match follow_of(row.get_ref(1)?.as_str()?, row.get(2)?) {
                Follow::Site => self.site = Some(label),
                Follow::Label(Label { kind, name }) => {
                    self.labels.entry(kind).or_default().insert(name, label);
                }
            }
            last = last.max(label);
        }
        // Whoever adds the site gives it a number, too.
        self.new = self.site.map(|_| NewLabels::from(last + 1));
        self.fresh = Fresh::of(newest, oldest);
        Ok(())
    }

    /// Something else than `add` changes posts or labels.
    pub fn forget_fresh(&mut self) {
        self.fresh = None;
        self.new.take_if(|new| new.are_written());
    }

    /// Whether anything is remembered that a round will ask for.
    #[cfg(test)]
    pub fn is_remembering(&self) -> bool {
        self.fresh.is_some() || self.new.is_some()
    }

    /// The newest of a label, if they are remembered (`Catalog::newest_slots`).
    pub fn newest(&self, follow: &Follow, limit: usize, hours: u32) -> Option<Vec<Slot>> {
        let (fresh, label) = self.fresh_label(follow)?;
        fresh.newest(label, limit, hours)
    }

    /// The labels of each of a label's oldest posts, if they are remembered (`Catalog::oldest_tags`).
    pub fn oldest(&self, follow: &Follow, posts: usize) -> Option<impl Iterator<Item = &[i64]>> {
        let (fresh, label) = self.fresh_label(follow)?;
        fresh.oldest(label, posts)
    }

    fn fresh_label(&self, follow: &Follow) -> Option<(&Fresh, i64)> {
        let fresh = { self.fresh.as_ref() }.filter(|_| self.rows.is_empty())?;
        let label = match follow {
            Follow::Site => self.site?,
            Follow::Label(label) => *self.labels.get(&label.kind)?.get(&label.name)?,
        };
        Some((fresh, label))
    }

    /// The labels that are remembered, by number.
    pub fn remembered(&self) -> impl Iterator<Item = (i64, LabelKind, &str)> {
        let kinds = self.labels.iter();
        kinds.flat_map(|(kind, labels)| {
            { labels.iter() }.map(|(name, label)| (*label, *kind, name.as_str()))
        })
    }

    /// Until `marks_may_go` nobody takes a mark back, so that no label is asked twice whether it has one.
    pub fn marks_stay(&mut self) {
        self.marked = Some(HashSet::default());
    }

    pub fn marks_may_go(&mut self) {
        self.marked = None;
    }

    /// The labels of a post: the site, its categories, tags and topics. One that is named twice keeps its first
    /// place.
    pub fn labels(
        &mut self,
        transaction: &Connection,
        digested: &Digested,
    ) -> rusqlite::Result<Vec<i64>> {
        let site = match self.site {
            Some(site) => site,
            None => *self.site.insert(label_id(transaction, &Follow::Site)?),
        };
        let mut numbers = vec![site];
        let topics = digested.topics.iter();
        let topics = topics.map(|topic| (LabelKind::Topic, topic.as_str()));
        for (kind, name) in digested.post.label_names().chain(topics) {
            let labels = self.labels.entry(kind).or_default();
            let label = match labels.get(name) {
                Some(label) => *label,
                None => {
                    let follow = Follow::Label(Label::new(kind, name));
                    let (label, is_new) = match &mut self.new {
                        Some(new) => (new.add(follow), true),
                        None => find_or_add_label(transaction, &follow)?,
                    };
                    if let Some(marked) = self.marked.as_mut().filter(|_| is_new) {
                        marked.insert(label);
                    }
                    labels.insert(name.to_owned(), label);
                    label
                }
            };
            if let (Some(fresh), LabelKind::Category) = (&mut self.fresh, kind) {
                fresh.ask_for_oldest(label);
            }
            if !numbers.contains(&label) {
                numbers.push(label);
            }
        }
        Ok(numbers)
    }

    /// Puts a post into its labels.
    pub fn add(&mut self, post: i64, labels: &[i64], digested: &Digested, state: State) -> PostKey {
        if let Some(fresh) = &mut self.fresh {
            fresh.announce(post, labels, state == State::Live);
        }
        let published = digested.post.published.seconds();
        let tie = tie_break(&digested.post.id);
        let row = |label: &i64| Link {
            label: *label,
            published,
            tie,
            post,
        };
        self.rows.extend(labels.iter().map(row));
        PostKey { post, tie }
    }

    /// Writes what was added, and marks the feeds it touches.
    pub fn write(&mut self, transaction: &Connection) -> rusqlite::Result<()> {
        if let Some(new) = &mut self.new {
            new.write(transaction)?;
        }
        if self.rows.is_empty() {
            return Ok(());
        }
        if self.labels.values().map(HashMap::len).sum::<usize>() > REMEMBERED {
            self.labels.clear();
            self.forget_fresh();
        }
        self.rows.sort_unstable();
        insert_fours(transaction, INSERT, &self.rows, |insert, first, link| {
            let values = link.values().into_iter().enumerate();
            { values }.try_for_each(|(at, value)| insert.raw_bind_parameter(first + at, value))
        })?;
        let mut mark = transaction.prepare_cached(MARK)?;
        for links in self.rows.chunk_by(|a, b| a.label == b.label) {
            let label = links[0].label;
            if let Some(fresh) = &mut self.fresh {
                fresh.add(label, links.iter().map(Link::slot));
            }
            if { self.marked.as_ref() }.is_some_and(|marked| marked.contains(&label)) {
                continue;
            }
            if touch(transaction, label)? {
                for link in links {
                    mark.execute(params![link.label, link.published, link.tie])?;
                }
            } else if let Some(marked) = &mut self.marked {
                marked.insert(label);
            }
        }
        self.rows.clear();
        self.fresh.take_if(|fresh| !fresh.settle());
        Ok(())
    }
}

/// The labels that a post is in, as its row tells them.
pub(super) struct Linked {
    post: i64,
    labels: Vec<i64>,
    published: i64,
    tie: i64,
}

impl Linked {
    /// Of no labels, when there is no such post.
    pub fn of(transaction: &Connection, post: i64) -> rusqlite::Result<Linked> {
        let row = transaction
            .prepare_cached("select labels, published, id from posts where post = ?1")?
            .query_row([post], |row| {
                let id: String = row.get(2)?;
                Ok(Linked {
                    post,
                    labels: unpacked(row.get_ref(0)?.as_blob()?),
                    published: row.get(1)?,
                    tie: tie_break(&PostId::new(id)),
                })
            })
            .optional()?;
        Ok(row.unwrap_or(Linked {
            post,
            labels: Vec::new(),
            published: 0,
            tie: 0,
        }))
    }

    /// Marks every feed that the post is in, and its place in those histories that are otherwise up to date.
    pub fn touch(&self, transaction: &Connection) -> rusqlite::Result<()> {
        let mut mark = transaction.prepare_cached(MARK)?;
        for label in &self.labels {
            if touch(transaction, *label)? {
                mark.execute(params![label, self.published, self.tie])?;
            }
        }
        Ok(())
    }

    /// Takes the post out of its labels.
    pub fn unlink(&self, transaction: &Connection) -> rusqlite::Result<()> {
        let mut delete = transaction.prepare_cached(
            "delete from post_labels where label = ?1 and published = ?2 and tie = ?3 and post = ?4",
        )?;
        for label in &self.labels {
            delete.execute(params![label, self.published, self.tie, self.post])?;
        }
        Ok(())
    }
}

/// Numbers in as few bytes as they need: seven bits in each, the lowest first (LEB128).
pub(super) fn packed(numbers: &[i64]) -> Vec<u8> {
    let bytes = Vec::with_capacity(2 * numbers.len());
    let mut numbers = numbers.iter().map(|number| number.unsigned_abs());
    // It cannot fail: these are numbers, and memory is what they go to.
    let packed = numbers.try_fold(bytes, |bytes, number| postcard::to_extend(&number, bytes));
    packed.unwrap_or_default()
}

/// What `packed` packed.
pub(super) fn unpacked(mut bytes: &[u8]) -> Vec<i64> {
    let mut numbers = Vec::new();
    while let Ok((number, rest)) = postcard::take_from_bytes::<u64>(bytes) {
        numbers.push(number.cast_signed());
        bytes = rest;
    }
    numbers
}

/// Marks a feed; true when it has a history that is otherwise up to date.
fn touch(transaction: &Connection, label: i64) -> rusqlite::Result<bool> {
    mark_dirty(transaction, label)?;
    transaction
        .prepare_cached("select archived = 1 from labels where label = ?1")?
        .query_row([label], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back_as_they_were(numbers in prop::collection::vec(0_i64..=i64::MAX, 0..9)) {
            prop_assert_eq!(unpacked(&packed(&numbers)), numbers);
        }
    }

    #[test]
    fn small_numbers_are_short() {
        assert_eq!(packed(&[1, 127, 128, 16_383]).len(), 6);
    }
}
