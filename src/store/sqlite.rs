//! The store on SQLite: one file, WAL, `synchronous=FULL` (a commit survives a power cut).
//! In and out: as the trait says. Writers queue on one connection, so that none meets SQLITE_BUSY_SNAPSHOT.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteRow, SqliteSynchronous,
};
use sqlx::{Row, Sqlite, Transaction};

use super::departures::Departures;
use super::{Millis, Store, StoreCounts, StoreError, disk_is_believed, sqlite_corrections};
use crate::model::{ChatId, Follow, Label, LabelKind};

/// A store in one SQLite file.
pub struct SqliteStore {
    writer: SqlitePool,
    reader: SqlitePool,
    pub(super) departures: Departures,
}

/// The file of a `sqlite:` URL.
///
/// # Errors
/// `Url` for anything else.
pub fn path_of(url: &str) -> Result<PathBuf, StoreError> {
    let path = url
        .strip_prefix("sqlite://")
        .or_else(|| url.strip_prefix("sqlite:"))
        .filter(|path| !path.is_empty() && !path.contains('?'));
    path.map(PathBuf::from)
        .ok_or_else(|| StoreError::Url(hide_password(url)))
}

/// A mistyped URL may hold a password; the error that shows it must not.
fn hide_password(url: &str) -> String {
    let (address, query) = url
        .split_once('?')
        .map_or((url, ""), |(address, _)| (address, "?…"));
    match (address.find("://"), address.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 < at => {
            format!("{}…{}{query}", &address[..scheme + 3], &address[at..])
        }
        _ => format!("{address}{query}"),
    }
}

impl SqliteStore {
    /// Opens the store, makes it when it is not there, and brings its tables up to date.
    ///
    /// # Errors
    /// The file cannot be made or opened, is damaged, or is from a newer tagwire.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(|source| StoreError::Folder {
                path: path.display().to_string(),
                source,
            })?;
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10));
        let pool = |size| {
            SqlitePoolOptions::new()
                .max_connections(size)
                .min_connections(1)
                // A local file's connections neither age nor wait for anybody; and sqlx's task that looks after
                // those counts them once too often when one is taken as it comes back: it then goes round for
                // ever, and the program does not end (`num_idle` of sqlx-core 0.9, pool/inner.rs).
                .max_lifetime(None)
                .idle_timeout(None)
        };
        let writer = pool(1).connect_with(options.clone()).await;
        let writer = writer.map_err(|source| StoreError::Open {
            path: path.display().to_string(),
            source,
        })?;
        sqlx::migrate!("src/store/migrations/sqlite")
            .run(&writer)
            .await
            .map_err(|source| StoreError::Migrate {
                path: path.display().to_string(),
                source,
            })?;
        let reader = pool(2).connect_with(options.read_only(true)).await?;
        Ok(SqliteStore {
            writer,
            reader,
            departures: Departures::of(path),
        })
    }

    pub(super) fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    pub(super) fn reader(&self) -> &SqlitePool {
        &self.reader
    }

    pub(super) async fn begin(&self) -> Result<Transaction<'_, Sqlite>, StoreError> {
        const BEGIN: &str = "begin immediate";
        disk_is_believed()?;
        match self.writer.begin_with(BEGIN).await {
            // When the disk is full SQLite ends the transaction by itself, and sqlx, whose rollback then fails,
            // believes for ever that it is open: only another connection helps.
            Err(sqlx::Error::InvalidSavePointStatement) => {
                self.writer.acquire().await?.close().await?;
                Ok(self.writer.begin_with(BEGIN).await?)
            }
            begun => Ok(begun?),
        }
    }

    pub(super) async fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        let value = sqlx::query_scalar("select value from meta where key = $1")
            .bind(key)
            .fetch_optional(&self.reader)
            .await?;
        Ok(value)
    }

    pub(super) async fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        put_meta(&mut *self.writer.acquire().await?, key, value).await
    }

    /// Another bot took over: what the old one got from Telegram means nothing to it. It cannot edit the old
    /// one's messages, and would wait for updates with the old one's numbers for ever.
    async fn forget_bot(&self) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for step in [
            "update outbox set message_id = null where message_id is not null",
            "delete from meta where key in ('update_offset', 'bot_paused_until')",
            "update chats set paused_until = 0",
        ] {
            sqlx::query(step).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Whatever waits may have been sent by another store since; the next start takes note of all posts.
    pub(super) async fn take_for_sent(&self, now: Millis) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for step in [
            "delete from meta where key in ('baseline_at', 'burst')",
            // Chats that a post was not yet planned for.
            "update announcements set fan_after = null where fan_after is not null",
        ] {
            sqlx::query(step).execute(&mut *transaction).await?;
        }
        let reason = "the store was restored from a backup; it may have been sent since";
        sqlx::query(
            "update outbox set state = 'unknown', unknowns = unknowns + 1, settled_at = $1, reason = $2
             where state in ('pending', 'held', 'sending')",
        )
        .bind(now)
        .bind(reason)
        .execute(&mut *transaction)
        .await?;
        // Their posts may have come back since, and were sent then.
        sqlx::query("update outbox set reason = $1 where state = 'skipped' and reason in ($2, $3)")
            .bind(reason)
            .bind(sqlite_corrections::GONE)
            .bind(sqlite_corrections::TAKEN_BACK)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    pub(super) async fn drop_meta(&self, key: &str) -> Result<(), StoreError> {
        let dropped = sqlx::query("delete from meta where key = $1").bind(key);
        dropped.execute(&self.writer).await?;
        Ok(())
    }

    pub(super) async fn meta_number(&self, key: &str) -> Result<i64, StoreError> {
        let text = self.meta(key).await?;
        Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn update_offset(&self) -> Result<i64, StoreError> {
        self.meta_number("update_offset").await
    }

    async fn set_update_offset(&self, offset: i64) -> Result<(), StoreError> {
        self.set_meta("update_offset", &offset.to_string()).await
    }

    async fn bot(&self) -> Result<Option<i64>, StoreError> {
        let id = self.meta_number("bot").await?;
        Ok((id != 0).then_some(id))
    }

    async fn set_bot(&self, id: i64) -> Result<(), StoreError> {
        if self.bot().await?.is_some_and(|before| before != id) {
            self.forget_bot().await?;
        }
        self.set_meta("bot", &id.to_string()).await
    }

    async fn counts(&self) -> Result<StoreCounts, StoreError> {
        counts(&mut *self.reader.acquire().await?).await
    }

    async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
        self.departures.end();
    }
}

pub(super) async fn counts(connection: &mut SqliteConnection) -> Result<StoreCounts, StoreError> {
    let chats = sqlx::query(
        "select (select count(*) from chats where state = 'active'), (select count(*) from chats where state <> 'active'),
                (select count(*) from subscriptions), (select count(*) from announcements where decision = 'held' and withdrawn = 0),
                (select count(*) from outbox where unknowns > 0),
                (select min(created_at) from outbox where state in ('pending', 'sending')),
                (select count(*) from subscriptions where kind = 'words')",
    )
    .fetch_one(&mut *connection)
    .await?;
    let deliveries =
        sqlx::query("select state, count(*) from outbox group by state order by state")
            .fetch_all(&mut *connection)
            .await?;
    Ok(StoreCounts {
        chats: chats.get(0),
        suspended: chats.get(1),
        subscriptions: chats.get(2),
        held: chats.get(3),
        unknown: chats.get(4),
        oldest_pending: chats.get(5),
        own_rules: chats.get(6),
        deliveries: deliveries
            .iter()
            .map(|row| (row.get(0), row.get(1)))
            .collect(),
    })
}

/// Keeps a word of the store's own.
pub(super) async fn put_meta(
    connection: &mut SqliteConnection,
    key: &str,
    value: &str,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into meta values ($1, $2) on conflict (key) do update set value = excluded.value",
    )
    .bind(key)
    .bind(value)
    .execute(connection)
    .await?;
    Ok(())
}

/// What rows of kind and name are about.
pub(super) fn follows_of(rows: &[SqliteRow]) -> Vec<Follow> {
    let follows = rows.iter();
    follows
        .map(|row| follow_of(row.get(0), row.get(1)))
        .collect()
}

pub(super) fn kind_and_name(follow: &Follow) -> (&'static str, &str) {
    match follow {
        Follow::Site => ("site", ""),
        Follow::Label(label) => (label.kind.as_str(), &label.name),
    }
}

fn follow_of(kind: &str, name: String) -> Follow {
    let kinds = LabelKind::ALL.into_iter().chain([LabelKind::Words]);
    match { kinds }.find(|known| known.as_str() == kind) {
        Some(kind) => Follow::Label(Label::new(kind, name)),
        None => Follow::Site,
    }
}

pub(super) fn chat_id(text: &str) -> Result<ChatId, StoreError> {
    ChatId::from_str(text).map_err(|error| StoreError::Damaged(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{SqliteStore, path_of};

    #[test]
    fn a_url_of_another_engine_is_shown_without_its_password() {
        for url in [
            "postgres://me:geheim@db/news",
            "postgres://me@db/news?password=geheim",
            "db/news?password=geheim",
            "postgres://me:gehe@geheim@db/news?sslmode=off",
        ] {
            let told = path_of(url).unwrap_err().to_string();
            assert!(
                !told.contains("geheim") && told.contains("db/news"),
                "{told}"
            );
        }
    }

    /// sqlx looks after ages in a task that may go round for ever: see `SqliteStore::open`.
    #[tokio::test]
    async fn connections_have_no_age() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let store = SqliteStore::open(&path).await.unwrap();
        for pool in [store.writer(), store.reader()] {
            let options = pool.options();
            let ages = (options.get_max_lifetime(), options.get_idle_timeout());
            assert_eq!(ages, (None, None));
        }
    }

    #[tokio::test]
    async fn only_a_store_that_is_damaged_is_to_be_moved_away() {
        let dir = tempfile::tempdir().unwrap();
        let damaged = dir.path().join("damaged.db");
        std::fs::write(&damaged, "no database".repeat(1000)).unwrap();
        let folder = dir.path().join("folder.db");
        std::fs::create_dir(&folder).unwrap();
        for (path, is_damaged) in [(damaged, true), (folder, false)] {
            let error = SqliteStore::open(&path).await.err().unwrap().to_string();
            assert_eq!(error.contains("move it away"), is_damaged, "{error}");
            assert_eq!(
                error.contains("may read and write there"),
                !is_damaged,
                "{error}"
            );
        }
    }
}
