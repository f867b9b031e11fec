//! What the pages of a history need to know, and which of them have to be made again.
//! In: a label and a span of time, cut further by hash where many posts share a second.
//! Out: counts up to a bound, rows, marks. Every question touches as many rows as a page has posts.

use std::ops::Range;

use rusqlite::{OptionalExtension, Params, params};

use super::owed::{Owed, owe};
use super::window::{LIVE, SLOT, Slot};
use super::{Catalog, CatalogError, follow_of, kind_and_name};
use crate::model::Follow;

/// A part of a label's posts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Instants in seconds since 1970.
    pub seconds: Range<i64>,
    /// Hashes of ids, both ends included.
    pub ties: (i64, i64),
}

/// A label whose history is out of date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outdated {
    /// The site, or a label.
    pub follow: Follow,
    /// Where posts came, changed or went: instant and hash. `None`: everything has to be made.
    pub places: Option<Vec<(i64, i64)>>,
}

/// Posts of one second are found by the index alone, so that even a flood of them costs a page's worth.
const IN_SPAN: &str = "and pl.published >= ?3 and pl.published < ?4 and pl.tie between ?5 and ?6";
const IN_SECOND: &str = "and pl.published = ?3 and ?3 < ?4 and pl.tie between ?5 and ?6";

pub(super) const UNARCHIVED: &str = "select name from labels indexed by labels_unarchived where kind = ?1 and archived = 0 order by name";
/// From the marks, which are few, to their labels: `cross` keeps SQLite from asking each label for marks.
pub(super) const MARKED: &str = "select l.name, m.published, m.tie from archive_marks m cross join labels l on l.label = m.label
     where l.kind = ?1 and l.archived = 1 order by l.name, m.published, m.tie";

impl Span {
    fn condition(&self) -> &'static str {
        match self.seconds.start.checked_add(1) == Some(self.seconds.end) {
            true => IN_SECOND,
            false => IN_SPAN,
        }
    }
}

impl Catalog {
    /// Whether a label has more than `count` live posts in a span.
    ///
    /// # Errors
    /// SQLite's.
    pub fn has_more(
        &self,
        follow: &Follow,
        span: &Span,
        count: usize,
    ) -> Result<bool, CatalogError> {
        let sql = format!("select 1 {LIVE} {} limit 1 offset ?7", span.condition());
        let (kind, name) = kind_and_name(follow);
        let (start, end) = (span.seconds.start, span.seconds.end);
        let found = self.one(
            &sql,
            params![
                kind,
                name,
                start,
                end,
                span.ties.0,
                span.ties.1,
                count as i64
            ],
        );
        Ok(found?.is_some())
    }

    /// The instants of the oldest and the newest live post in a span.
    ///
    /// # Errors
    /// SQLite's.
    pub fn ends(&self, follow: &Follow, span: &Span) -> Result<Option<(i64, i64)>, CatalogError> {
        let (kind, name) = kind_and_name(follow);
        let (start, end) = (span.seconds.start, span.seconds.end);
        let end_of = |order: &str| {
            let sql = format!(
                "select pl.published {LIVE} {} order by pl.published {order} limit 1",
                span.condition()
            );
            self.one(
                &sql,
                params![kind, name, start, end, span.ties.0, span.ties.1],
            )
        };
        Ok(end_of("asc")?.zip(end_of("desc")?))
    }

    /// The live posts of a label in a span, newest first.
    ///
    /// # Errors
    /// SQLite's.
    pub fn in_span(&self, follow: &Follow, span: &Span) -> Result<Vec<Slot>, CatalogError> {
        let sql = format!(
            "select {SLOT} {LIVE} {} order by pl.published desc, pl.tie desc",
            span.condition()
        );
        let (kind, name) = kind_and_name(follow);
        let (start, end) = (span.seconds.start, span.seconds.end);
        self.slots(
            &sql,
            params![kind, name, start, end, span.ties.0, span.ties.1],
        )
    }

    /// The labels of these kinds (`site` is one) whose history is out of date.
    ///
    /// # Errors
    /// SQLite's.
    pub fn outdated(&self, kinds: &[&str]) -> Result<Vec<Outdated>, CatalogError> {
        let result = (|| {
            let mut outdated = Vec::new();
            let mut whole = self.connection.prepare_cached(UNARCHIVED)?;
            let mut partly = self.connection.prepare_cached(MARKED)?;
            for kind in kinds {
                let names = whole.query_map([kind], |row| row.get::<_, String>(0))?;
                for name in names {
                    outdated.push(Outdated {
                        follow: follow_of(kind, name?),
                        places: None,
                    });
                }
                let marks =
                    partly.query_map([kind], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
                for mark in marks {
                    let (name, published, tie): (String, i64, i64) = mark?;
                    let follow = follow_of(kind, name);
                    match outdated.last_mut() {
                        Some(Outdated {
                            follow: last,
                            places: Some(places),
                        }) if *last == follow => {
                            places.push((published, tie));
                        }
                        _ => outdated.push(Outdated {
                            follow,
                            places: Some(vec![(published, tie)]),
                        }),
                    }
                }
            }
            Ok(outdated)
        })();
        self.wrap(result)
    }

    /// Records that the histories of these labels are up to date.
    ///
    /// # Errors
    /// SQLite's.
    pub fn mark_archived(&mut self, follows: &[Follow]) -> Result<(), CatalogError> {
        self.change_others(|connection| {
            for follow in follows {
                let (kind, name) = kind_and_name(follow);
                connection
                    .prepare_cached("update labels set archived = 1 where kind = ?1 and name = ?2 and archived = 0")?
                    .execute([kind, name])?;
                connection
                    .prepare_cached(
                        "delete from archive_marks
                         where label = (select label from labels where kind = ?1 and name = ?2)",
                    )?
                    .execute([kind, name])?;
            }
            Ok(())
        })
    }

    /// Published files whose path begins so.
    ///
    /// # Errors
    /// SQLite's.
    pub fn published_below(&self, beginning: &str) -> Result<Vec<String>, CatalogError> {
        let result = (|| {
            self.connection
                .prepare_cached("select path from published where path >= ?1 and path < ?2")?
                // No character sorts after this one, so these are exactly the paths that begin so.
                .query_map([beginning, &format!("{beginning}\u{10FFFF}")], |row| {
                    row.get(0)
                })?
                .collect()
        })();
        self.wrap(result)
    }

    /// Forgets files that are published no longer.
    ///
    /// # Errors
    /// SQLite's.
    pub fn forget_published(
        &mut self,
        paths: &[String],
        owed: &[Owed],
    ) -> Result<(), CatalogError> {
        self.change_others(|connection| {
            owe(connection, owed)?;
            for path in paths {
                connection
                    .prepare_cached("delete from published where path = ?1")?
                    .execute([path])?;
            }
            Ok(())
        })
    }

    fn one(&self, sql: &str, params: impl Params) -> Result<Option<i64>, CatalogError> {
        let found = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(params, |row| row.get(0)).optional());
        self.wrap(found)
    }
}
