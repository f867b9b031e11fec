//! The tables, and when they are thrown away.
//! In: a path and a fingerprint of everything that shapes derived data. Out: an open connection.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::marks::{LAGGING, LEFTOVERS, note, noted};

/// Raised whenever the tables or what is written to them changes, or which files are looked at: the index is then built
/// anew.
const SCHEMA_VERSION: u32 = 13;

/// Under which it is noted of what the tables were made.
const FINGERPRINT: &str = "fingerprint";

const TABLES: &str = "
create table meta (key text primary key, value text not null) without rowid;
-- Every file that was looked at, whether it gave a post or not.
create table files (
  path text primary key, size integer not null, modified_ns integer not null, changed_ns integer not null,
  id text, missing_since integer) without rowid;
-- Folders that were asked for the names in them; all files there were looked at. Which of them are as they were need not be
-- asked again.
create table folders (
  path text primary key, device integer not null, inode integer not null, modified_ns integer not null,
  changed_ns integer not null, user integer not null) without rowid;
-- Files that claimed the id of another one: who stands in when that one goes. A row may be out of date.
create table claims (id text not null, path text not null, primary key (id, path)) without rowid;
create index files_missing on files (missing_since) where missing_since is not null;
create table posts (
  post integer primary key, id text not null unique, path text not null,
  title text not null, published integer not null, published_offset integer not null,
  updated integer, updated_offset integer, url text not null, summary text not null,
  source text, via text, first_seen integer not null,
  -- Numbers of its labels in the author's order, the site first, as LEB128.
  labels blob not null, state integer not null, planned integer not null default 0);
create index posts_waiting on posts (published) where state = 1;
create index posts_hidden on posts (post) where state <> 0;
create index posts_unplanned on posts (published) where planned = 0 and state = 0;
create index posts_first_seen on posts (path, published) where first_seen = 1;
-- The site is a label of its own kind, so that one query serves every feed.
create table labels (
  label integer primary key, kind text not null, name text not null,
  key text not null, archived integer not null default 0, learnt text,
  unique (kind, name));
-- Labels whose feeds have to be rendered. After a build it is emptied as a whole.
create table dirty (label integer primary key);
create index labels_by_key on labels (key);
create index labels_unarchived on labels (kind) where archived = 0;
create index labels_archived on labels (label) where archived = 1;
-- Where the history of an archived label is out of date.
create table archive_marks (
  label integer not null, published integer not null, tie integer not null,
  primary key (label, published, tie)) without rowid;
-- tie is a hash of the id: posts of the same second keep one order, whatever order they came in.
create table post_labels (
  label integer not null, published integer not null, tie integer not null, post integer not null,
  primary key (label, published, tie, post)) without rowid;
create table problems (
  path text not null, line integer not null, col integer not null, severity integer not null,
  kind text not null, message text not null, help text not null);
create index problems_by_path on problems (path);
create table published (
  path text primary key, hash blob not null, size integer not null, modified_ns integer not null) without rowid;
-- Files that a target has not been given yet; without a hash: the file is gone.
create table owed (
  target text not null, path text not null, hash blob, primary key (target, path)) without rowid;
";

pub fn open(path: &Path, fingerprint: &str) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    tune(&connection)?;
    let wanted = format!("{SCHEMA_VERSION}:{fingerprint}");
    let found = noted(&connection, FINGERPRINT);
    if { found.as_ref() }.is_ok_and(|found| found.as_ref() == Some(&wanted)) {
        return Ok(connection);
    }
    if let Err(error) = found
        && is_damaged(&error)
    {
        return Err(error);
    }
    let page: u32 = connection.query_row("pragma page_size", [], |row| row.get(0))?;
    // Only a new file has pages of another size.
    if page != PAGE && std::fs::remove_file(path).is_ok() {
        drop(connection);
        remove(path);
        return open(path, fingerprint);
    }
    let pages: u32 = connection.query_row("pragma page_count", [], |row| row.get(0))?;
    if pages <= 1 {
        // As in `tune`: nobody waits for a new file.
        connection.pragma_update(None, "synchronous", "off")?;
    }
    rebuild(&connection, &wanted)?;
    connection.pragma_update(None, "synchronous", "normal")?;
    Ok(connection)
}

/// How long one connection waits for another.
const PATIENCE: Duration = Duration::from_secs(10);

/// What every connection that writes is set to.
pub fn tune(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    // A new file is waited for by nobody: one that a power cut leaves broken is made anew.
    connection.pragma_update(None, "synchronous", "off")?;
    // Posts are written many at a time, and each page is a call of the system.
    connection.pragma_update(None, "page_size", PAGE)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // Derived data: a power cut may cost the newest rows, and the next start reads those posts again.
    connection.pragma_update(None, "synchronous", "normal")?;
    connection.pragma_update(None, "cache_size", -8192)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    // A log that grew in a long build does not stay so on the disk.
    connection.pragma_update(None, "journal_size_limit", 1 << 20)?;
    fold_log_seldom(connection, false)?;
    // The end of a run would wait for the disk twice, for what the next run reads from the log as well.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    keep_plans(connection)
}

/// Bytes of a page: twice SQLite's default.
const PAGE: u32 = 8192;

/// Pages of the log after which a commit folds it into the index: 4 MB, as by SQLite's defaults, and 128 MB.
const FOLD_AFTER: u32 = 512;
const FOLD_AFTER_MANY: u32 = 16_384;

/// Whether the log may grow before it is folded into the index.
pub fn fold_log_seldom(connection: &Connection, seldom: bool) -> rusqlite::Result<()> {
    let pages = if seldom { FOLD_AFTER_MANY } else { FOLD_AFTER };
    connection.pragma_update(None, "wal_autocheckpoint", pages)
}

/// Others fold the log.
pub fn never_fold_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "wal_autocheckpoint", 0)
}

/// A connection that folds the log of an index that is there.
pub fn open_to_fold(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // It is of this file and this log, whatever takes their names later.
    connection.query_row("pragma schema_version", [], |_| Ok(()))?;
    Ok(connection)
}

/// Folds the log into the index, as far as readers let it. Others read and write meanwhile.
pub fn fold_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()))
}

/// Gives back the log's room on the disk, unless somebody is at it: then false.
pub fn shrink_log(connection: &Connection) -> rusqlite::Result<bool> {
    connection.busy_timeout(Duration::ZERO)?;
    let log = "pragma wal_checkpoint(truncate)";
    let is_busy = connection.query_row(log, [], |row| row.get::<_, i64>(0));
    connection.busy_timeout(PATIENCE)?;
    is_busy.map(|is_busy| is_busy == 0)
}

pub fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(32);
    keep_plans(&connection)?;
    Ok(connection)
}

/// Without this SQLite plans a statement anew whenever a value is bound that a partial index might be about,
/// which for the queries of feeds costs more than the answer (SQLite: query planner stability guarantee).
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map(|_| ())
}

/// Rows that are about files and about the world, not about posts: they outlive those, so that nothing stays published that
/// nobody knows of, and nobody is told too little.
const KEPT: [(&str, &str); 3] = [
    ("published", "path, hash, size, modified_ns"),
    ("owed", "target, path, hash"),
    ("meta", "key, value"),
];

/// Copies those rows; `false` where there is no such table, or one of other columns.
fn keep(connection: &Connection, (table, columns): (&str, &str)) -> bool {
    let copy = format!("create temp table kept_{table} as select {columns} from main.{table}");
    connection.execute_batch(&copy).is_ok()
}

fn rebuild(connection: &Connection, fingerprint: &str) -> rusqlite::Result<()> {
    let kept = KEPT.map(|table| keep(connection, table).then_some(table));
    let tables: Vec<String> = connection
        .prepare(
            "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let transaction = connection.unchecked_transaction()?;
    for table in tables {
        transaction.execute_batch(&format!("drop table \"{table}\""))?;
    }
    transaction.execute_batch(TABLES)?;
    for (table, columns) in kept.into_iter().flatten() {
        // Of the words those that are about published files, and about who gets them.
        let which = match table {
            "meta" => format!("where key in ('{LAGGING}', '{LEFTOVERS}') or key like 'target:%'"),
            _ => String::new(),
        };
        transaction.execute_batch(&format!(
            "insert into main.{table} ({columns}) select {columns} from kept_{table} {which};
             drop table kept_{table}"
        ))?;
    }
    note(&transaction, FINGERPRINT, fingerprint)?;
    transaction.execute(
        &format!("insert or replace into meta select '{LEFTOVERS}', 'rebuilt' where exists (select 1 from published)"),
        [],
    )?;
    transaction.execute_batch(
        "insert into labels (kind, name, key) values ('site', '', 'site');
         insert into dirty select label from labels",
    )?;
    transaction.commit()
}

/// Reads every page; the first thing that is wrong is the error.
pub fn check(connection: &Connection) -> rusqlite::Result<()> {
    let found: String = connection.query_row("pragma quick_check(1)", [], |row| row.get(0))?;
    match found.as_str() {
        "ok" => Ok(()),
        _ => {
            let damaged = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
            Err(rusqlite::Error::SqliteFailure(damaged, Some(found)))
        }
    }
}

/// True for errors that only a new file mends: SQLite's own, and values that this program never writes.
pub fn is_damaged(error: &rusqlite::Error) -> bool {
    use rusqlite::Error as Is;
    let is_foreign = matches!(
        error,
        Is::FromSqlConversionFailure(..)
            | Is::InvalidColumnType(..)
            | Is::IntegralValueOutOfRange(..)
            | Is::Utf8Error(..)
    );
    let code = error.sqlite_error_code();
    is_foreign
        || matches!(
            code,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        )
}

/// What SQLite keeps beside a file.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

pub fn remove(path: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(path, ending));
    }
}
