//! What one round leaves to the next: marks of feeds and posts, and words.
//! In: feeds that were written, posts that the store knows. Out: feeds that have to be rendered, what was noted.
//! A mark goes in the transaction that tells what was written, so that a crash between the two leaves it.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::owed::{Owed, owe};
use super::rows::insert_fours;
use super::{Catalog, CatalogError, follow_of, kind_and_name};
use crate::model::{Follow, PostId};
use crate::publish::Published;

pub(super) const DIRTY: &str =
    "select l.kind, l.name from dirty d cross join labels l on l.label = d.label";

/// The note of published files that may not be on the disk (`pipeline::behind`): it is about them, not about rows, and so
/// outlives these.
pub const LAGGING: &str = "lagging";

/// Noted while files may be published that nothing writes any more: those of an index before this one, or of other
/// addresses.
pub const LEFTOVERS: &str = "leftovers";

const INSERT: &str = "insert or replace into published";

const UNPLAN: &str = "update posts set planned = 0 where planned <> 0";

impl Catalog {
    /// Feeds that have to be rendered.
    ///
    /// # Errors
    /// SQLite's.
    pub fn dirty(&self) -> Result<Vec<Follow>, CatalogError> {
        let result: rusqlite::Result<Vec<Follow>> = (|| {
            self.connection
                .prepare(DIRTY)?
                .query_map([], |row| {
                    let kind = row.get_ref(0)?.as_str()?;
                    Ok(follow_of(kind, row.get(1)?))
                })?
                .collect()
        })();
        let mut dirty = self.wrap(result)?;
        dirty.sort_unstable_by(|a, b| kind_and_name(a).cmp(&kind_and_name(b)));
        Ok(dirty)
    }

    /// Marks feeds for rendering, for example because a published file was tampered with.
    ///
    /// # Errors
    /// SQLite's.
    pub fn mark_all_dirty(&mut self) -> Result<(), CatalogError> {
        self.change_others(|connection| {
            connection.execute("update labels set archived = 0", [])?;
            connection.execute("insert or ignore into dirty select label from labels", [])?;
            Ok(())
        })
    }

    /// Records that feeds were written and are up to date, and what that leaves to be given to targets. `follows` are
    /// some of those that `dirty` gave, each once.
    ///
    /// # Errors
    /// SQLite's.
    pub fn mark_published(
        &mut self,
        follows: &[Follow],
        files: &[Published],
        owed: &[Owed],
    ) -> Result<(), CatalogError> {
        self.change_others(|connection| note_published(connection, follows, files, owed))
    }

    /// Records that the store knows these posts: they are announced, held or known.
    ///
    /// # Errors
    /// SQLite's.
    pub fn mark_planned(&mut self, ids: &[PostId]) -> Result<(), CatalogError> {
        self.change_others(|connection| {
            for id in ids {
                connection
                    .prepare_cached("update posts set planned = 1 where id = ?1")?
                    .execute([id.as_str()])?;
            }
            Ok(())
        })
    }

    /// Forgets what a store knew: this one knows nothing yet, and takes note of every post.
    ///
    /// # Errors
    /// SQLite's.
    pub fn unplan_all(&mut self) -> Result<(), CatalogError> {
        self.change_others(|connection| connection.execute(UNPLAN, []).map(|_| ()))
    }

    /// Forgets what a store knows, because another one took its place: it is asked about every post again.
    ///
    /// # Errors
    /// SQLite's.
    pub fn forget_plans(path: &Path) -> Result<(), CatalogError> {
        if !path.exists() {
            return Ok(());
        }
        let result = Connection::open(path).and_then(|connection| {
            let tables = "select count(*) from sqlite_master where name = 'posts'";
            match connection.query_row(tables, [], |row| row.get(0))? {
                0 => Ok(0),
                _ => connection.execute(UNPLAN, []),
            }
        });
        match result {
            // It is made anew by the next start anyway.
            Err(error) if super::schema::is_damaged(&error) => Ok(()),
            other => other
                .map(|_| ())
                .map_err(|source| super::error(path, source)),
        }
    }

    /// Keeps a word about how derived files were made.
    ///
    /// # Errors
    /// SQLite's.
    pub fn note(&mut self, key: &str, value: &str) -> Result<(), CatalogError> {
        self.wrap(note(&self.connection, key, value))
    }

    /// A word kept by `note`.
    ///
    /// # Errors
    /// SQLite's.
    pub fn noted(&self, key: &str) -> Result<Option<String>, CatalogError> {
        self.wrap(noted(&self.connection, key))
    }

    /// Forgets such a word.
    ///
    /// # Errors
    /// SQLite's.
    pub fn forget_note(&mut self, key: &str) -> Result<(), CatalogError> {
        let done = self
            .connection
            .execute("delete from meta where key = ?1", [key]);
        self.wrap(done.map(|_| ()))
    }
}

pub(super) fn note(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    let done = connection.execute("insert or replace into meta values (?1, ?2)", [key, value]);
    done.map(|_| ())
}

pub(super) fn noted(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    let found = connection.query_row("select value from meta where key = ?1", [key], |row| {
        row.get(0)
    });
    found.optional()
}

/// Marks a label's feed for rendering.
pub(super) fn mark_dirty(transaction: &Connection, label: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("insert or ignore into dirty values (?1)")?
        .execute([label])
        .map(|_| ())
}

fn note_published(
    transaction: &Connection,
    follows: &[Follow],
    files: &[Published],
    owed: &[Owed],
) -> rusqlite::Result<()> {
    insert_fours(transaction, INSERT, files, |insert, first, file| {
        insert.raw_bind_parameter(first, &file.path)?;
        insert.raw_bind_parameter(first + 1, file.hash)?;
        insert.raw_bind_parameter(first + 2, file.size as i64)?;
        insert.raw_bind_parameter(first + 3, file.modified_ns)
    })?;
    owe(transaction, owed)?;
    if follows.is_empty() {
        return Ok(());
    }
    let dirty: i64 = transaction
        .prepare_cached("select count(*) from dirty")?
        .query_row([], |row| row.get(0))?;
    debug_assert!(
        follows
            .iter()
            .is_sorted_by(|a, b| kind_and_name(a) < kind_and_name(b))
    );
    if usize::try_from(dirty) == Ok(follows.len()) {
        // All of them, as after a build: SQLite drops the rows of a whole table without a look at them.
        transaction
            .prepare_cached("delete from dirty")?
            .execute([])?;
        return Ok(());
    }
    let mut clean = transaction.prepare_cached(
        "delete from dirty where label = (select label from labels where kind = ?1 and name = ?2)",
    )?;
    for follow in follows {
        let (kind, name) = kind_and_name(follow);
        clean.execute([kind, name])?;
    }
    Ok(())
}
