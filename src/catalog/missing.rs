//! Files that are not there at present, or have no post any more.
//! In: paths, the time, folders whose files are kept. Out: marks; posts that leave after a while, and what has to be read
//! for that.

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, params};

use super::write::remove_post;
use super::{Catalog, CatalogError, Delta, is_below_any};
use crate::model::PostId;

impl Catalog {
    /// Notes that files are no longer there. They keep their place until `forget_missing`.
    ///
    /// # Errors
    /// SQLite's.
    pub fn mark_missing(&mut self, paths: &[String], now: i64) -> Result<(), CatalogError> {
        self.change_others(|connection| {
            for path in paths {
                connection
                    .prepare_cached("update files set missing_since = ?2 where path = ?1 and missing_since is null")?
                    .execute(params![path, now])?;
            }
            Ok(())
        })
    }

    /// Removes the posts of files that have been missing since `before` (seconds since 1970) or longer, but
    /// for those below the folders in `held`.
    ///
    /// # Errors
    /// SQLite's.
    pub fn forget_missing(&mut self, before: i64, held: &[PathBuf]) -> Result<Delta, CatalogError> {
        self.change(|connection| forget_missing(connection, before, held))
    }

    /// Whether there is no such post, or its file is missing at present.
    ///
    /// # Errors
    /// SQLite's.
    pub fn is_gone(&self, id: &PostId) -> Result<bool, CatalogError> {
        let sql = "select not exists (select 1 from posts p join files f on f.path = p.path
                   where p.id = ?1 and f.missing_since is null)";
        let gone = { self.connection.prepare_cached(sql) }
            .and_then(|mut gone| gone.query_row([id.as_str()], |row| row.get(0)));
        self.wrap(gone)
    }

    /// When the longest missing file went missing, in seconds since 1970, but for files below the folders
    /// in `held`.
    ///
    /// # Errors
    /// SQLite's.
    pub fn oldest_missing(&self, held: &[PathBuf]) -> Result<Option<i64>, CatalogError> {
        let result = (|| {
            let mut statement = self.connection.prepare_cached(
                "select path, missing_since from files where missing_since is not null order by missing_since",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let path: String = row.get(0)?;
                if !is_below_any(&path, held) {
                    return row.get(1).map(Some);
                }
            }
            Ok(None)
        })();
        self.wrap(result)
    }

    /// Since when a file that gave a post is missing or gives none, in seconds since 1970; `None` for any other.
    ///
    /// # Errors
    /// SQLite's.
    pub fn missing_since(&self, path: &str) -> Result<Option<i64>, CatalogError> {
        let sql = "select missing_since from files where path = ?1";
        let found = self
            .connection
            .query_row(sql, [path], |row| row.get(0))
            .optional();
        Ok(self.wrap(found)?.flatten())
    }
}

/// The file has no post any more, but stands for the one that it had until `forget_missing`.
pub(super) fn keep_last_version(
    transaction: &Connection,
    path: &str,
    id: &str,
    now: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "update files set id = ?2, missing_since = coalesce(missing_since, ?3) where path = ?1",
        )?
        .execute(params![path, id, now])
        .map(|_| ())
}

fn forget_missing(
    transaction: &Connection,
    before: i64,
    held: &[PathBuf],
) -> rusqlite::Result<Delta> {
    let mut delta = Delta::default();
    let gone: Vec<(String, Option<i64>, Option<String>)> = transaction
        .prepare_cached(
            "select f.path, p.post, f.id from files f left join posts p on p.id = f.id and p.path = f.path
             where f.missing_since is not null and f.missing_since <= ?1",
        )?
        .query_map([before], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (path, post, id) in gone {
        if is_below_any(&path, held) {
            continue;
        }
        let problems = transaction.execute("delete from problems where path = ?1", [&path])?;
        transaction.execute("delete from files where path = ?1", [&path])?;
        if let (Some(post), Some(id)) = (post, &id) {
            delta
                .reread
                .extend(remove_post(transaction, post, id, &path)?);
            delta.removed += 1;
        }
        if id.is_some() && problems > 0 {
            // It may be there, without a post: what is wrong with it is noted again.
            delta.reread.push(path);
        }
    }
    Ok(delta)
}
