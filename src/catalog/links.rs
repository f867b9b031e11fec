//! Which post is in which label, written many at a time.
//! In: the posts of one transaction. Out: their rows in the order of the table, so that each of its pages is
//! touched once, and the marks of the feeds and histories that they change.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, params};

use super::Digested;
use super::write::{label_id, tie_break};
use crate::model::{Follow, Label};

/// Labels whose numbers are remembered between transactions.
const REMEMBERED: usize = 1 << 16;

/// A row of `post_labels`, as its key orders them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Link {
    label: i64,
    published: i64,
    tie: i64,
    post: i64,
    position: i64,
}

/// Rows that are not written yet.
#[derive(Default)]
pub(super) struct Links {
    /// Numbers of labels, which never change.
    labels: HashMap<Follow, i64>,
    rows: Vec<Link>,
}

impl Links {
    /// Forgets what belongs to a transaction that was taken back.
    pub fn forget(&mut self) {
        self.labels.clear();
        self.rows.clear();
    }

    /// Puts a post into the site, its categories, tags and topics.
    pub fn add(
        &mut self,
        transaction: &Connection,
        post: i64,
        digested: &Digested,
    ) -> rusqlite::Result<()> {
        let topics = digested.topics.iter().map(Label::topic);
        let labels = digested.post.labels().chain(topics).map(Follow::Label);
        let published = digested.post.published.seconds();
        let tie = tie_break(&digested.post.id);
        for (position, follow) in std::iter::once(Follow::Site).chain(labels).enumerate() {
            let label = match self.labels.get(&follow) {
                Some(label) => *label,
                None => {
                    let label = label_id(transaction, &follow)?;
                    self.labels.insert(follow, label);
                    label
                }
            };
            self.rows.push(Link {
                label,
                published,
                tie,
                post,
                position: position as i64,
            });
        }
        Ok(())
    }

    /// Writes what was added, and marks the feeds it touches.
    pub fn write(&mut self, transaction: &Connection) -> rusqlite::Result<()> {
        if self.labels.len() > REMEMBERED {
            self.labels.clear();
        }
        // A label that is named twice keeps its first place.
        self.rows.sort_unstable();
        let mut insert = transaction
            .prepare_cached("insert or ignore into post_labels values (?1, ?2, ?3, ?4, ?5)")?;
        let mut mark = transaction.prepare_cached(
            "insert or ignore into archive_marks (label, published, tie) values (?1, ?2, ?3)",
        )?;
        let mut archived = BTreeMap::new();
        for link in &self.rows {
            insert.execute(params![
                link.label,
                link.published,
                link.tie,
                link.post,
                link.position
            ])?;
            let is_archived = match archived.get(&link.label) {
                Some(is_archived) => *is_archived,
                None => *archived
                    .entry(link.label)
                    .or_insert(touch(transaction, link.label)?),
            };
            if is_archived {
                mark.execute(params![link.label, link.published, link.tie])?;
            }
        }
        self.rows.clear();
        Ok(())
    }
}

/// Marks a feed; true when it has a history that is otherwise up to date.
fn touch(transaction: &Connection, label: i64) -> rusqlite::Result<bool> {
    transaction
        .prepare_cached("update labels set dirty = 1 where label = ?1 and dirty = 0")?
        .execute([label])?;
    transaction
        .prepare_cached("select archived = 1 from labels where label = ?1")?
        .query_row([label], |row| row.get(0))
}
