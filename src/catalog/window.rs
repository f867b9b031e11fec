//! Which posts a feed shows.
//! In: a label and how many are wanted. Out: the newest, as slots that tell a post from others, or as whole rows.
//! Most entries are remembered by the pipeline, so that most slots are never filled.

use std::sync::LazyLock;

use rusqlite::{Params, Statement, params};

use super::read::COLUMNS;
use super::{Catalog, CatalogError, Row, kind_and_name};
use crate::model::Follow;

/// A post in the index. Its number alone would not do: that of a post which is gone may become another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostKey {
    /// Its number.
    pub(super) post: i64,
    /// The hash of its id.
    pub(super) tie: i64,
}

#[cfg(test)]
impl PostKey {
    /// A made-up key.
    pub fn for_tests(number: usize) -> PostKey {
        let post = i64::try_from(number).unwrap_or(i64::MAX);
        PostKey { post, tie: -1 }
    }
}

/// A post's place in a feed: enough to tell whether more of it has to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Which post.
    pub key: PostKey,
    /// In seconds since 1970.
    pub published: i64,
}

/// That a row `pl` of a label is a live post's: those that are not live are few, and have an index.
macro_rules! is_live {
    () => {
        "not exists (select 1 from posts h indexed by posts_hidden where h.post = pl.post and h.state <> 0)"
    };
}
pub(super) use is_live;

/// The live posts of a label, out of its rows alone.
pub(super) const LIVE: &str = concat!(
    "from post_labels pl
     where pl.label = (select label from labels where kind = ?1 and name = ?2) and ",
    is_live!()
);
/// The newest of a label after an instant, or of all time.
pub(super) static NEWEST: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {SLOT} {LIVE} and pl.published > coalesce(?4, -9223372036854775808)
         order by pl.published desc, pl.tie desc limit ?3"
    )
});

pub(super) const SLOT: &str = "pl.post, pl.tie, pl.published";

impl Slot {
    /// The newest come first in a feed.
    pub(super) fn order(&self) -> (i64, i64, i64) {
        (self.published, self.key.tie, self.key.post)
    }
}

/// Whether the newest `limit` of a label are all that its feed shows.
pub(super) fn is_enough(newest: &[Slot], limit: usize, hours: u32) -> bool {
    let (Some(first), Some(last)) = (newest.first(), newest.last()) else {
        return true;
    };
    newest.len() < limit || last.published <= since(first, hours)
}

/// When the newest post's window begins.
fn since(first: &Slot, hours: u32) -> i64 {
    first.published - i64::from(hours) * 3600
}

impl Catalog {
    /// The newest live posts of a label: `limit` of them, and all within `hours` before the newest.
    /// The window hangs on the newest post and not on the clock, so that the same posts give the same feed.
    ///
    /// # Errors
    /// SQLite's.
    pub fn newest(
        &self,
        follow: &Follow,
        limit: usize,
        hours: u32,
    ) -> Result<Vec<Row>, CatalogError> {
        let slots = self.newest_slots(std::slice::from_ref(follow), limit, hours)?;
        let keys: Vec<PostKey> = slots.iter().flatten().map(|slot| slot.key).collect();
        Ok(self.fill(&keys)?.into_iter().map(|(_, row)| row).collect())
    }

    /// The same for each of some labels, of each post only what tells it from others.
    ///
    /// # Errors
    /// SQLite's.
    pub fn newest_slots(
        &self,
        follows: &[Follow],
        limit: usize,
        hours: u32,
    ) -> Result<Vec<Vec<Slot>>, CatalogError> {
        let fresh = |follow: &Follow| self.links.newest(follow, limit, hours);
        let fresh: Vec<Option<Vec<Slot>>> = follows.iter().map(fresh).collect();
        let result = (|| {
            // Each question by itself would take a look at the index of its own, which costs two calls of the system.
            let is_alone = self.connection.is_autocommit() && fresh.contains(&None);
            let look = is_alone.then(|| self.connection.unchecked_transaction());
            let _look = look.transpose()?;
            let mut statement = self.connection.prepare_cached(&NEWEST)?;
            let both = follows.iter().zip(fresh);
            let slots = both.map(|(follow, fresh)| match fresh {
                Some(slots) => Ok(slots),
                None => newest(&mut statement, follow, limit, hours),
            });
            slots.collect()
        })();
        self.wrap(result)
    }

    /// How many posts of a label are dated after `from` and not after `to`, in seconds since 1970. What was
    /// withdrawn counts too: the number is for people who want to know how much comes.
    ///
    /// # Errors
    /// SQLite's.
    pub fn posts_between(&self, follow: &Follow, from: i64, to: i64) -> Result<u64, CatalogError> {
        let (kind, name) = kind_and_name(follow);
        let sql = "select count(*) from post_labels
             where label = (select label from labels where kind = ?1 and name = ?2)
               and published > ?3 and published <= ?4";
        let count = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement.query_row(params![kind, name, from, to], |row| row.get::<_, i64>(0))
            });
        self.wrap(count.map(i64::unsigned_abs))
    }

    /// All that is known of those of these posts that are there, in their order.
    ///
    /// # Errors
    /// SQLite's.
    pub fn fill(&self, keys: &[PostKey]) -> Result<Vec<(PostKey, Row)>, CatalogError> {
        let sql = format!("select {COLUMNS} from posts p where p.post = ?1");
        let mut rows = Vec::with_capacity(keys.len());
        for key in keys {
            let row = self.rows(&sql, [key.post])?.into_iter();
            rows.extend(row.map(|row| (*key, row)));
        }
        Ok(rows)
    }

    pub(super) fn slots(&self, sql: &str, params: impl Params) -> Result<Vec<Slot>, CatalogError> {
        let result = { self.connection.prepare_cached(sql) }
            .and_then(|mut statement| slots(&mut statement, params));
        self.wrap(result)
    }
}

fn newest(
    statement: &mut Statement<'_>,
    follow: &Follow,
    limit: usize,
    hours: u32,
) -> rusqlite::Result<Vec<Slot>> {
    let (kind, name) = kind_and_name(follow);
    let newest = slots(statement, params![kind, name, limit as i64, None::<i64>])?;
    match newest.first() {
        Some(first) if !is_enough(&newest, limit, hours) => {
            slots(statement, params![kind, name, -1, since(first, hours)])
        }
        _ => Ok(newest),
    }
}

fn slots(statement: &mut Statement<'_>, params: impl Params) -> rusqlite::Result<Vec<Slot>> {
    let slot = |row: &rusqlite::Row<'_>| {
        Ok(Slot {
            key: PostKey {
                post: row.get(0)?,
                tie: row.get(1)?,
            },
            published: row.get(2)?,
        })
    };
    statement.query_map(params, slot)?.collect()
}
