//! Rows of posts.
//! In: a post with what was derived from it. Out: its row, new or changed, and its labels.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Params};

use super::links::{Linked, Links, packed};
use super::write::Delta;
use super::{Digested, PostKey, State};
use crate::model::{DateSource, Post};

fn state_of(post: &Post, now: i64) -> State {
    match () {
        () if post.withdrawn => State::Withdrawn,
        () if post.published.seconds() > now => State::Waiting,
        () => State::Live,
    }
}

/// What is asked for each new post, held for many of them: among all statements each would be looked for anew.
pub(super) struct Inserts<'c> {
    pub file: CachedStatement<'c>,
    pub post: CachedStatement<'c>,
}

impl<'c> Inserts<'c> {
    pub fn new(transaction: &'c Connection) -> rusqlite::Result<Inserts<'c>> {
        Ok(Inserts {
            file: transaction
                .prepare_cached("insert or ignore into files values (?1, ?2, ?3, ?4, ?5, null)")?,
            post: transaction.prepare_cached(
                "insert or ignore into posts (id, path, title, published, published_offset, updated,
                   updated_offset, url, summary, source, via, first_seen, state, labels)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?,
        })
    }
}

/// A post's row, its id first.
fn values(digested: &Digested, state: State, labels: &[i64]) -> impl Params {
    let post = &digested.post;
    (
        post.id.as_str(),
        &post.path,
        &post.title,
        post.published.seconds(),
        post.published.offset_seconds(),
        post.updated.map(|at| at.seconds()),
        post.updated.map(|at| at.offset_seconds()),
        &post.url,
        &digested.summary,
        &post.source,
        &post.via,
        post.date_source == DateSource::FirstSeen,
        state as u8,
        packed(labels),
    )
}

/// Writes a post that is not there; `None` when one of its id is.
pub(super) fn insert_post(
    transaction: &Connection,
    inserts: &mut Inserts<'_>,
    digested: &Digested,
    now: i64,
    links: &mut Links,
) -> rusqlite::Result<Option<PostKey>> {
    let labels = links.labels(transaction, digested)?;
    let state = state_of(&digested.post, now);
    let inserted = inserts.post.execute(values(digested, state, &labels))?;
    let post = transaction.last_insert_rowid();
    Ok((inserted == 1).then(|| links.add(post, &labels, digested, state)))
}

pub(super) fn write_post(
    transaction: &Connection,
    inserts: &mut Inserts<'_>,
    digested: &Digested,
    now: i64,
    delta: &mut Delta,
    links: &mut Links,
) -> rusqlite::Result<Option<PostKey>> {
    let existing: Option<i64> = transaction
        .prepare_cached("select post from posts where id = ?1")?
        .query_row([digested.post.id.as_str()], |row| row.get(0))
        .optional()?;
    let Some(row) = existing else {
        let inserted = insert_post(transaction, inserts, digested, now, links)?;
        delta.added += usize::from(inserted.is_some());
        return Ok(inserted);
    };
    delta.changed += 1;
    let before = Linked::of(transaction, row)?;
    before.touch(transaction)?;
    before.unlink(transaction)?;
    let labels = links.labels(transaction, digested)?;
    let state = state_of(&digested.post, now);
    transaction
        .prepare_cached(
            "update posts set path = ?2, title = ?3, published = ?4, published_offset = ?5, updated = ?6,
               updated_offset = ?7, url = ?8, summary = ?9, source = ?10, via = ?11, first_seen = ?12,
               state = ?13, labels = ?14 where id = ?1",
        )?
        .execute(values(digested, state, &labels))?;
    Ok(Some(links.add(row, &labels, digested, state)))
}
