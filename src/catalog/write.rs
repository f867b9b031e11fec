//! Changes to the index. Each call is one transaction, or part of the one that goes on, and marks the feeds it touches
//! as dirty in it, so that a crash between the index and the feeds is repaired by the next start.
//! In: readings, gone paths, the time. Out: a `Delta` that says what changed.

use rusqlite::{Connection, OptionalExtension, params};

use super::claims::{claim, duplicate, earlier_claimant, heir, rival, tell_claimants};
use super::links::{Linked, Links};
use super::marks::mark_dirty;
use super::missing::keep_last_version;
use super::posts::{Inserts, insert_post, write_post};
use super::{Catalog, CatalogError, Digested, PostKey, Reading, kind_and_name};
use crate::model::{Follow, Label, PostId, Problem};

/// What a change did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Delta {
    /// Posts that the index did not hold.
    pub added: usize,
    /// Posts that were read again.
    pub changed: usize,
    /// Posts that left.
    pub removed: usize,
    /// Files that have to be read because the file that stood for their post went away.
    pub reread: Vec<String>,
    /// Posts that have another id now, as their file says: the old one and the new one.
    pub moved: Vec<(PostId, PostId)>,
    /// Of files whose post another file stands for now: the first few.
    pub doubled: Vec<Problem>,
}

/// So many of them are kept: after a long build nobody is told one by one.
const DOUBLED: usize = 10;

/// What came of readings.
#[derive(Debug, Default)]
pub struct Upserted {
    /// What changed.
    pub delta: Delta,
    /// The post of each reading, unless it gave none, or another file stands for it.
    pub keys: Vec<Option<PostKey>>,
}

impl Delta {
    /// Adds the counts of another change.
    pub fn merge(&mut self, other: Delta) {
        self.added += other.added;
        self.changed += other.changed;
        self.removed += other.removed;
        self.reread.extend(other.reread);
        self.moved.extend(other.moved);
        self.tell_doubled(other.doubled);
    }

    fn tell_doubled(&mut self, problems: Vec<Problem>) {
        let room = DOUBLED.saturating_sub(self.doubled.len());
        self.doubled.extend(problems.into_iter().take(room));
    }
}

impl Catalog {
    /// Takes in what was read. `now` (seconds since 1970) decides which posts wait.
    ///
    /// # Errors
    /// SQLite's.
    pub fn upsert(&mut self, readings: &[Reading], now: i64) -> Result<Upserted, CatalogError> {
        self.within(|connection, links| upsert(connection, links, readings, now))
    }

    /// One change of the index: a transaction of its own or, after `begin`, a part of that one. It may change posts or
    /// labels, and what is remembered of these is forgotten if it changes anything.
    pub(super) fn change<T>(
        &mut self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, CatalogError> {
        self.within(|connection, links| {
            // What the posts so far still wait for.
            links.write(connection)?;
            let before = connection.total_changes();
            let done = change(connection);
            if connection.total_changes() != before {
                links.forget_fresh();
            }
            done
        })
    }

    /// The same of what changes neither which posts and labels there are, nor which of them readers see, nor when a post
    /// came out.
    pub(super) fn change_others<T>(
        &mut self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, CatalogError> {
        self.within(|connection, links| {
            links.write(connection)?;
            change(connection)
        })
    }

    fn within<T>(
        &mut self,
        change: impl FnOnce(&Connection, &mut Links) -> rusqlite::Result<T>,
    ) -> Result<T, CatalogError> {
        let is_alone = self.connection.is_autocommit();
        self.begin()?;
        let result = change(&self.connection, &mut self.links);
        match self.wrap(result) {
            Ok(done) if is_alone => self.commit().map(|()| done),
            Ok(done) => Ok(done),
            Err(error) => {
                self.roll_back();
                Err(error)
            }
        }
    }

    /// Begins a transaction, unless one goes on, that all changes are part of until `commit`: pages which many of them
    /// share are written once.
    ///
    /// # Errors
    /// SQLite's.
    pub fn begin(&mut self) -> Result<(), CatalogError> {
        let result = match self.connection.is_autocommit() {
            true => self.connection.execute_batch("begin immediate"),
            false => Ok(()),
        };
        self.wrap(result)
    }

    /// Whether what `begin` began goes on.
    pub fn is_within(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Writes the labels of the posts so far, as `commit` would: what it has left to do is then little.
    ///
    /// # Errors
    /// SQLite's; then nothing since `begin` has happened.
    pub fn settle(&mut self) -> Result<(), CatalogError> {
        self.change_others(|_| Ok(()))
    }

    /// Ends what `begin` began, if anything.
    ///
    /// # Errors
    /// SQLite's; then nothing since `begin` has happened.
    pub fn commit(&mut self) -> Result<(), CatalogError> {
        if self.connection.is_autocommit() {
            return Ok(());
        }
        let result = self.links.write(&self.connection);
        let result = result.and_then(|()| self.connection.execute_batch("commit"));
        if result.is_err() {
            self.roll_back();
        }
        self.wrap(result)
    }

    /// Ends what `begin` began and begins anew; nothing where nothing was begun.
    ///
    /// # Errors
    /// SQLite's; then nothing since `begin` has happened.
    pub fn commit_so_far(&mut self) -> Result<(), CatalogError> {
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.commit()?;
        self.begin()
    }

    /// Takes back what has happened since `begin`, if anything.
    pub fn roll_back(&mut self) {
        self.links.forget();
        if !self.connection.is_autocommit() {
            // It fails only where SQLite has rolled back by itself.
            let _ = self.connection.execute_batch("rollback");
        }
    }

    /// Lets out the posts whose time has come.
    ///
    /// # Errors
    /// SQLite's.
    pub fn release_due(&mut self, now: i64) -> Result<usize, CatalogError> {
        self.change(|connection| {
            let due: Vec<i64> = connection
                .prepare_cached("select post from posts where state = 1 and published <= ?1")?
                .query_map([now], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for post in &due {
                Linked::of(connection, *post)?.touch(connection)?;
                connection
                    .prepare_cached("update posts set state = 0 where post = ?1")?
                    .execute([post])?;
            }
            Ok(due.len())
        })
    }

    /// Makes sure that every topic has a feed, even before its first post.
    ///
    /// # Errors
    /// SQLite's.
    pub fn ensure_labels(&mut self, labels: &[Label]) -> Result<(), CatalogError> {
        self.change(|connection| {
            for label in labels {
                label_id(connection, &Follow::Label(label.clone()))?;
            }
            Ok(())
        })
    }
}

fn upsert(
    transaction: &Connection,
    links: &mut Links,
    readings: &[Reading],
    now: i64,
) -> rusqlite::Result<Upserted> {
    let mut delta = Delta::default();
    let mut keys = Vec::with_capacity(readings.len());
    let mut inserts = Inserts::new(transaction)?;
    for reading in readings {
        keys.push(upsert_one(
            transaction,
            &mut inserts,
            reading,
            now,
            &mut delta,
            links,
        )?);
    }
    Ok(Upserted { delta, keys })
}

fn upsert_one(
    transaction: &Connection,
    inserts: &mut Inserts<'_>,
    reading: &Reading,
    now: i64,
    delta: &mut Delta,
    links: &mut Links,
) -> rusqlite::Result<Option<PostKey>> {
    let path = reading.path.as_str();
    let is_new = write_file(inserts, reading)?;
    let mut before: Option<(i64, String)> = None;
    if !is_new {
        before = post_of(transaction, path)?;
        let stays_missing = reading.post.is_none() && before.is_some();
        rewrite_file(transaction, reading, stays_missing)?;
    }
    for problem in &reading.problems {
        insert_problem(transaction, problem)?;
    }
    if let (None, Some((_, id))) = (&reading.post, &before) {
        // A save that went wrong: as with a file that is gone, the post stays for a while.
        keep_last_version(transaction, path, id, now)?;
        return Ok(None);
    }
    // A file that nobody knew has no post yet, and most posts are of one file alone.
    if is_new {
        let Some(digested) = &reading.post else {
            return Ok(None);
        };
        if let Some(key) = insert_post(transaction, inserts, digested, now, links)? {
            delta.added += 1;
            return Ok(Some(key));
        }
    }
    links.write(transaction)?;
    links.forget_fresh();
    let id = { reading.post.as_ref() }.map(|digested| digested.post.id.as_str());
    if let Some((post, old_id)) = &before
        && id != Some(old_id.as_str())
    {
        delta
            .reread
            .extend(remove_post(transaction, *post, old_id, path)?);
        delta.removed += 1;
        if let Some(id) = id {
            delta
                .moved
                .push((PostId::new(old_id.as_str()), PostId::new(id)));
        }
    }
    match &reading.post {
        Some(digested) => stand_for(transaction, inserts, digested, now, delta, links),
        None => Ok(None),
    }
}

/// A file that was read stands for its post, or stands back behind another one of the same id.
fn stand_for(
    transaction: &Connection,
    inserts: &mut Inserts<'_>,
    digested: &Digested,
    now: i64,
    delta: &mut Delta,
    links: &mut Links,
) -> rusqlite::Result<Option<PostKey>> {
    let (id, path) = (&digested.post.id, digested.post.path.as_str());
    let (winner, loser) = match rival(transaction, &digested.post)? {
        Some(rival) if rival.as_str() < path => (Some(rival), None),
        Some(rival) => (None, Some(rival)),
        // The file that stood for the post is missing: this one must not come before those that waited longer.
        None => {
            let earlier = earlier_claimant(transaction, id, path)?;
            delta.reread.extend(earlier.clone());
            (earlier, None)
        }
    };
    if let Some(winner) = winner {
        claim(transaction, id, path)?;
        let doubled = duplicate(path, id, &winner);
        insert_problem(transaction, &doubled)?;
        delta.tell_doubled(vec![doubled]);
        return Ok(None);
    }
    if let Some(loser) = loser {
        claim(transaction, id, &loser)?;
    }
    let doubled = tell_claimants(transaction, id, path)?;
    delta.tell_doubled(doubled);
    write_post(transaction, inserts, digested, now, delta, links)
}

/// A file's row: path, version, id of its post.
fn file_row(reading: &Reading) -> (&str, i64, i64, i64, Option<&str>) {
    let stamp = reading.stamp;
    let id = reading.post.as_ref();
    let id = id.map(|digested| digested.post.id.as_str());
    let size = stamp.size as i64;
    (&reading.path, size, stamp.modified_ns, stamp.changed_ns, id)
}

/// Records the version of a file that was read, if nobody knew the file.
fn write_file(inserts: &mut Inserts<'_>, reading: &Reading) -> rusqlite::Result<bool> {
    let inserted = inserts.file.execute(file_row(reading))?;
    Ok(inserted == 1)
}

/// Records the version of a file that was known. What was wrong with an older version is forgotten.
fn rewrite_file(
    transaction: &Connection,
    reading: &Reading,
    stays_missing: bool,
) -> rusqlite::Result<()> {
    let (path, size, modified_ns, changed_ns, id) = file_row(reading);
    transaction
        .prepare_cached(
            "update files set size = ?2, modified_ns = ?3, changed_ns = ?4, id = ?5,
               missing_since = case when ?6 then missing_since end where path = ?1",
        )?
        .execute(params![
            path,
            size,
            modified_ns,
            changed_ns,
            id,
            stays_missing
        ])?;
    transaction
        .prepare_cached("delete from problems where path = ?1")?
        .execute([&reading.path])?;
    Ok(())
}

/// The post that a file stands for: the one of its id, unless another file stands for that.
fn post_of(transaction: &Connection, path: &str) -> rusqlite::Result<Option<(i64, String)>> {
    transaction
        .prepare_cached(
            "select p.post, p.id from files f join posts p on p.id = f.id and p.path = f.path
             where f.path = ?1",
        )?
        .query_row([path], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

pub(super) fn insert_problem(transaction: &Connection, problem: &Problem) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("insert into problems values (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![
            problem.path,
            problem.line,
            problem.column,
            problem.severity as u8,
            problem.kind,
            problem.message,
            problem.help
        ])
        .map(|_| ())
}

/// The first bytes of the id's BLAKE3.
pub(super) fn tie_break(id: &PostId) -> i64 {
    let digest = blake3::hash(id.as_str().as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest.as_bytes()[..8]);
    i64::from_be_bytes(first)
}

pub(super) fn label_id(transaction: &Connection, follow: &Follow) -> rusqlite::Result<i64> {
    find_or_add_label(transaction, follow).map(|(label, _)| label)
}

/// A label's number, and whether the label is new: then its feed is marked, and has no history.
pub(super) fn find_or_add_label(
    transaction: &Connection,
    follow: &Follow,
) -> rusqlite::Result<(i64, bool)> {
    let (kind, name) = kind_and_name(follow);
    // Whoever asks remembers the answer, so most of those that are asked about are new.
    let inserted = transaction
        .prepare_cached("insert or ignore into labels (kind, name, key) values (?1, ?2, ?3)")?
        .execute(params![kind, name, label_key(follow)])?;
    if inserted == 1 {
        let label = transaction.last_insert_rowid();
        mark_dirty(transaction, label)?;
        return Ok((label, true));
    }
    transaction
        .prepare_cached("select label from labels where kind = ?1 and name = ?2")?
        .query_row([kind, name], |row| Ok((row.get(0)?, false)))
}

/// A short stable name of a label, for places that hold 64 bytes (callback data, deep links).
pub fn label_key(follow: &Follow) -> String {
    follow.key()
}

/// Removes a post, and names a file that may now stand for it.
pub(super) fn remove_post(
    transaction: &Connection,
    post: i64,
    id: &str,
    path: &str,
) -> rusqlite::Result<Option<String>> {
    let linked = Linked::of(transaction, post)?;
    linked.touch(transaction)?;
    linked.unlink(transaction)?;
    transaction
        .prepare_cached("delete from posts where post = ?1")?
        .execute([post])?;
    heir(transaction, id, path)
}
