//! The store on SQLite: one file, WAL, `synchronous=FULL` (a commit survives a power cut).
//! In and out: as the trait says. Writers queue on one connection, so that none meets SQLITE_BUSY_SNAPSHOT.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{QueryBuilder, Row, Sqlite, Transaction};

use super::sqlite_fan_out::PART;
use super::{
    Card, ChatRow, Claim, ClaimRules, Correction, Decision, DeliveryFilter, DeliveryRow, Follower,
    LONGEST_PAUSE, LONGEST_RETRY, Millis, Release, SLOWEST_PACE, Settled, Store, StoreCounts,
    StoreError, StoryNote, disk_is_believed, pace, preferences, sqlite_corrections, sqlite_digests,
    sqlite_fan_out, sqlite_outbox, sqlite_stories,
};
use crate::model::{ChatId, Follow, Label, LabelKind, PostId, Preferences};

/// Ids in one statement: SQLite takes 32,766 values.
const AT_ONCE: usize = 10_000;

/// A store in one SQLite file.
pub struct SqliteStore {
    writer: SqlitePool,
    reader: SqlitePool,
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
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme + 3 < at => {
            format!("{}…{}", &url[..scheme + 3], &url[at..])
        }
        _ => url.to_owned(),
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
        Ok(SqliteStore { writer, reader })
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

    /// Whether a post is announced whose chats are not all planned.
    async fn is_announcing(&self) -> Result<bool, StoreError> {
        let any: i64 = sqlx::query_scalar(
            "select exists (select 1 from announcements where fan_after is not null)",
        )
        .fetch_one(&self.reader)
        .await?;
        Ok(any != 0)
    }

    async fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        let value = sqlx::query_scalar("select value from meta where key = $1")
            .bind(key)
            .fetch_optional(&self.reader)
            .await?;
        Ok(value)
    }

    async fn set_meta(&self, key: &str, value: String) -> Result<(), StoreError> {
        sqlx::query("insert into meta values ($1, $2) on conflict (key) do update set value = excluded.value")
            .bind(key)
            .bind(value)
            .execute(&self.writer)
            .await?;
        Ok(())
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
        sqlx::query("delete from meta where key = 'baseline_at'")
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "update outbox set state = 'unknown', unknowns = unknowns + 1, settled_at = $1,
               reason = 'the store was restored from a backup; it may have been sent since'
             where state in ('pending', 'held', 'sending')",
        )
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    async fn meta_number(&self, key: &str) -> Result<i64, StoreError> {
        let text = self.meta(key).await?;
        Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn has_baseline(&self) -> Result<bool, StoreError> {
        Ok(self.meta("baseline_at").await?.is_some())
    }

    async fn set_baseline(&self, now: Millis) -> Result<(), StoreError> {
        self.set_meta("baseline_at", now.to_string()).await
    }

    async fn first_seen(&self) -> Result<HashMap<String, i64>, StoreError> {
        let rows = sqlx::query("select path, at from first_seen")
            .fetch_all(&self.reader)
            .await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    async fn remember_first_seen(&self, files: &[(String, i64)]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for (path, at) in files {
            sqlx::query("insert into first_seen values ($1, $2) on conflict (path) do nothing")
                .bind(path)
                .bind(at)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn undecided(&self, ids: &[PostId]) -> Result<Vec<PostId>, StoreError> {
        let mut known: HashSet<String> = HashSet::new();
        for ids in ids.chunks(AT_ONCE) {
            let mut query = QueryBuilder::new("select post from announcements where post in (");
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(id.as_str());
            }
            query.push(")");
            let found: Vec<String> = query.build_query_scalar().fetch_all(&self.reader).await?;
            known.extend(found);
        }
        let undecided = ids.iter().filter(|id| !known.contains(id.as_str()));
        Ok(undecided.cloned().collect())
    }

    async fn take_note(&self, ids: &[PostId], now: Millis) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for ids in ids.chunks(AT_ONCE) {
            let mut query = QueryBuilder::new("insert into announcements (post, decision, at) ");
            query.push_values(ids, |mut row, id| {
                row.push_bind(id.as_str()).push("'known'").push_bind(now);
            });
            query.push(" on conflict (post) do nothing");
            query.build().execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn announce(&self, decided: &[(Card, Decision)], now: Millis) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let mut goes_out = false;
        for (card, decision) in decided {
            goes_out |= sqlite_fan_out::decide(&mut transaction, card, decision, now).await?;
        }
        let rows = match goes_out {
            true => sqlite_fan_out::part(&mut transaction, PART, now).await?,
            false => 0,
        };
        crate::crash::point("planning");
        transaction.commit().await?;
        crate::crash::point("after-planning");
        match goes_out {
            true => Ok(rows + self.finish_announcing(now).await?),
            false => Ok(0),
        }
    }

    async fn finish_announcing(&self, now: Millis) -> Result<u64, StoreError> {
        let mut rows = 0;
        while self.is_announcing().await? {
            let mut transaction = self.begin().await?;
            rows += sqlite_fan_out::part(&mut transaction, PART, now).await?;
            transaction.commit().await?;
            crate::crash::point("between-parts");
        }
        Ok(rows)
    }

    async fn stories(&self, since: Millis) -> Result<Vec<StoryNote>, StoreError> {
        sqlite_stories::since(&self.reader, since).await
    }

    async fn note_stories(&self, notes: &[StoryNote], oldest: Millis) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlite_stories::note(&mut transaction, notes, oldest).await?;
        Ok(transaction.commit().await?)
    }

    async fn twins_since(&self, since: Millis) -> Result<Vec<(PostId, PostId)>, StoreError> {
        sqlite_stories::twins_since(&self.reader, since).await
    }

    async fn twins(&self, post: &PostId) -> Result<Vec<PostId>, StoreError> {
        sqlite_stories::twins(&self.reader, post).await
    }

    async fn held(&self, limit: i64) -> Result<Vec<(Card, String)>, StoreError> {
        let rows = sqlx::query(
            "select post, card, reason from announcements where decision = 'held' order by at, post limit $1",
        )
        .bind(limit)
        .fetch_all(&self.reader)
        .await?;
        rows.iter()
            .map(|row| {
                let card: String = row.get(1);
                let reason: Option<String> = row.get(2);
                Ok((
                    Card::from_json(PostId::new(row.get::<String, _>(0)), &card)?,
                    reason.unwrap_or_default(),
                ))
            })
            .collect()
    }

    async fn release_held(&self, release: Release, now: Millis) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let released = sqlite_outbox::release_held(&mut transaction, release, now).await?;
        transaction.commit().await?;
        self.finish_announcing(now).await?;
        Ok(released)
    }

    async fn notice(
        &self,
        key: &str,
        chat: &ChatId,
        text: &str,
        now: Millis,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("insert into chats (chat, kind, created_at) values ($1, 'private', $2) on conflict (chat) do nothing")
            .bind(chat.to_string())
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "insert into outbox (post, chat, kind, state, body, created_at, lane) values ($1, $2, 'notice', 'pending', $3, $4, 0)
             on conflict (post, chat, kind) do nothing",
        )
        .bind(key)
        .bind(chat.to_string())
        .bind(text)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    async fn decision(
        &self,
        post: &PostId,
    ) -> Result<Option<(String, Option<String>)>, StoreError> {
        let row = sqlx::query("select decision, reason from announcements where post = $1")
            .bind(post.as_str())
            .fetch_optional(&self.reader)
            .await?;
        Ok(row.map(|row| (row.get(0), row.get(1))))
    }

    async fn recent(&self, since: Millis) -> Result<Vec<Correction>, StoreError> {
        sqlite_corrections::recent(&self.reader, since).await
    }

    async fn correct(
        &self,
        corrections: &[Correction],
        edit_at: Millis,
        edit_for: Millis,
        now: Millis,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let mut edits = 0;
        for correction in corrections {
            edits +=
                sqlite_corrections::correct(&mut transaction, correction, edit_at, edit_for, now)
                    .await?;
        }
        transaction.commit().await?;
        Ok(edits)
    }

    async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRow>, StoreError> {
        sqlite_outbox::list(&self.reader, filter).await
    }

    async fn decided_at(&self, post: &PostId) -> Result<Option<Millis>, StoreError> {
        let row = sqlx::query("select at from announcements where post = $1")
            .bind(post.as_str())
            .fetch_optional(&self.reader)
            .await?;
        Ok(row.map(|row| row.get(0)))
    }

    async fn followers(&self, follows: &[Follow]) -> Result<Vec<Follower>, StoreError> {
        let mut followers = Vec::new();
        for follow in follows {
            let (kind, name) = kind_and_name(follow);
            let rows = sqlx::query(
                "select s.chat, s.created_at, c.state, c.reason
                 from subscriptions s join chats c on c.chat = s.chat
                 where s.kind = $1 and s.name = $2 order by s.chat",
            )
            .bind(kind)
            .bind(name)
            .fetch_all(&self.reader)
            .await?;
            for row in rows {
                let (state, reason): (String, Option<String>) = (row.get(2), row.get(3));
                followers.push(Follower {
                    chat: chat_id(row.get(0))?,
                    follow: follow.clone(),
                    since: row.get(1),
                    suspended: (state != "active").then(|| reason.unwrap_or_default()),
                });
            }
        }
        Ok(followers)
    }

    async fn deliveries_of(&self, post: &PostId) -> Result<Vec<DeliveryRow>, StoreError> {
        let filter = DeliveryFilter {
            post: Some(post.clone()),
            limit: i64::MAX,
            ..DeliveryFilter::default()
        };
        let mut rows = sqlite_outbox::list(&self.reader, &filter).await?;
        rows.reverse();
        Ok(rows)
    }

    async fn recover(&self, resend: bool, now: Millis) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "update outbox set unknowns = unknowns + 1, reason = 'the process ended while it was being sent',
               state = case when kind <> 'edit' and not ($1 and unknowns = 0) then 'unknown'
                 when exists (select 1 from chats c where c.chat = outbox.chat and c.state <> 'active') then 'skipped'
                 else 'pending' end,
               settled_at = case when kind = 'edit' or ($1 and unknowns = 0) then null else $2 end
             where state = 'sending'",
        )
        .bind(resend)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        sqlite_digests::follow(&mut transaction, None, now).await?;
        transaction.commit().await?;
        Ok(done.rows_affected())
    }

    async fn claim(
        &self,
        now: Millis,
        limit: i64,
        rules: ClaimRules,
    ) -> Result<Vec<Claim>, StoreError> {
        let mut transaction = self.begin().await?;
        let claims = sqlite_outbox::claim(&mut transaction, now, limit, rules).await?;
        crate::crash::point("claiming");
        transaction.commit().await?;
        if !claims.is_empty() {
            crate::crash::point("after-claiming");
        }
        Ok(claims)
    }

    async fn settle(
        &self,
        delivery: i64,
        outcome: &Settled,
        now: Millis,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlite_outbox::settle(&mut transaction, delivery, outcome, now).await?;
        crate::crash::point("before-commit");
        transaction.commit().await?;
        crate::crash::point("after-commit");
        Ok(())
    }

    async fn next_due(&self) -> Result<Option<Millis>, StoreError> {
        sqlite_outbox::next_due(&self.reader).await
    }

    async fn has_due(&self, now: Millis) -> Result<bool, StoreError> {
        let sending: Option<i64> =
            sqlx::query_scalar("select 1 from outbox where state = 'sending' limit 1")
                .fetch_optional(&self.reader)
                .await?;
        Ok(sending.is_some() || self.next_due().await?.is_some_and(|due| due <= now))
    }

    async fn bot_paused_until(&self) -> Result<Millis, StoreError> {
        self.meta_number("bot_paused_until").await
    }

    async fn pause_bot(&self, until: Millis) -> Result<(), StoreError> {
        self.set_meta("bot_paused_until", until.to_string()).await
    }

    async fn note_reply(&self, chat: &ChatId, now: Millis) -> Result<(), StoreError> {
        sqlx::query("update chats set next_at = case when next_at > $2 then next_at else $2 end where chat = $1")
            .bind(chat.to_string())
            .bind(now + pace(chat))
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    async fn clock_went_back(&self, now: Millis) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let steps = [
            (
                "update chats set next_at = $1 where next_at > $1",
                SLOWEST_PACE,
            ),
            (
                "update chats set paused_until = $1 where paused_until > $1",
                LONGEST_PAUSE,
            ),
            // Worked out anew at the next claim.
            ("update chats set alerts_at = 0 where alerts_at > $1", 0),
            (
                "update outbox set not_before = $1 where state = 'pending' and not_before > $1",
                LONGEST_RETRY,
            ),
            (
                "update meta set value = cast($1 as text) where key = 'bot_paused_until' and cast(value as bigint) > $1",
                LONGEST_RETRY,
            ),
        ];
        for (step, longest) in steps {
            sqlx::query(step)
                .bind(now + longest)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn sync_channels(
        &self,
        channels: &[(ChatId, Vec<Follow>)],
        now: Millis,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("delete from subscriptions where origin = 'config'")
            .execute(&mut *transaction)
            .await?;
        for (chat, follows) in channels {
            sqlx::query(
                // A restart is the admin's way to say that a lost channel is back.
                "insert into chats (chat, kind, title, created_at) values ($1, 'channel', $1, $2)
                 on conflict (chat) do update set state = 'active', reason = null",
            )
            .bind(chat.to_string())
            .bind(now)
            .execute(&mut *transaction)
            .await?;
            for follow in follows {
                subscribe(&mut transaction, chat, follow, "config", now).await?;
            }
        }
        Ok(transaction.commit().await?)
    }

    async fn meet(&self, chat: &ChatRow, now: Millis) -> Result<(), StoreError> {
        sqlx::query(
            "insert into chats (chat, kind, title, language, created_at) values ($1, $2, $3, $4, $5)
             on conflict (chat) do update set kind = excluded.kind, title = excluded.title,
               state = 'active', reason = null",
        )
        .bind(chat.chat.to_string())
        .bind(&chat.kind)
        .bind(&chat.title)
        .bind(&chat.language)
        .bind(now)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    async fn chat(&self, chat: &ChatId) -> Result<Option<ChatRow>, StoreError> {
        let row =
            sqlx::query("select kind, title, language, state, reason from chats where chat = $1")
                .bind(chat.to_string())
                .fetch_optional(&self.reader)
                .await?;
        Ok(row.map(|row| {
            let state: String = row.get(3);
            let reason: Option<String> = row.get(4);
            ChatRow {
                chat: chat.clone(),
                kind: row.get(0),
                title: row.get(1),
                language: row.get(2),
                suspended: (state != "active").then(|| reason.unwrap_or_default()),
            }
        }))
    }

    async fn preferences(&self, chat: &ChatId) -> Result<Preferences, StoreError> {
        let kept: Option<Option<String>> =
            sqlx::query_scalar("select preferences from chats where chat = $1")
                .bind(chat.to_string())
                .fetch_optional(&self.reader)
                .await?;
        Ok(preferences::from_json(kept.flatten().as_deref()))
    }

    async fn set_preferences(
        &self,
        chat: &ChatId,
        preferences: &Preferences,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query("update chats set preferences = $2, alerts_at = 0 where chat = $1")
            .bind(chat.to_string())
            .bind(preferences::to_json(preferences))
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn set_urgent_topics(&self, ids: &[String]) -> Result<(), StoreError> {
        self.set_meta("urgent_topics", ids.join("\n")).await
    }

    async fn suspend(&self, chat: &ChatId, reason: &str, now: Millis) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlite_outbox::suspend(&mut transaction, &chat.to_string(), reason, now).await?;
        Ok(transaction.commit().await?)
    }

    async fn move_chat(&self, from: &ChatId, to: &ChatId) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlite_outbox::move_chat(&mut transaction, &from.to_string(), &to.to_string()).await?;
        Ok(transaction.commit().await?)
    }

    async fn follow(
        &self,
        chat: &ChatId,
        follow: &Follow,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let added = subscribe(&mut transaction, chat, follow, "person", now).await?;
        transaction.commit().await?;
        Ok(added)
    }

    async fn unfollow(&self, chat: &ChatId, follow: &Follow) -> Result<bool, StoreError> {
        let (kind, name) = kind_and_name(follow);
        let done =
            sqlx::query("delete from subscriptions where chat = $1 and kind = $2 and name = $3")
                .bind(chat.to_string())
                .bind(kind)
                .bind(name)
                .execute(&self.writer)
                .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn own_rules(&self) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(
            "select distinct s.name from subscriptions s join chats c on c.chat = s.chat
             where s.kind = 'words' and c.state = 'active' order by s.name",
        )
        .fetch_all(&self.reader)
        .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn following(&self, chat: &ChatId) -> Result<Vec<Follow>, StoreError> {
        let rows = sqlx::query(
            "select kind, name from subscriptions where chat = $1 order by created_at, kind, name",
        )
        .bind(chat.to_string())
        .fetch_all(&self.reader)
        .await?;
        Ok(rows
            .iter()
            .map(|row| follow_of(&row.get::<String, _>(0), row.get(1)))
            .collect())
    }

    async fn update_offset(&self) -> Result<i64, StoreError> {
        self.meta_number("update_offset").await
    }

    async fn set_update_offset(&self, offset: i64) -> Result<(), StoreError> {
        self.set_meta("update_offset", offset.to_string()).await
    }

    async fn bot(&self) -> Result<Option<i64>, StoreError> {
        let id = self.meta_number("bot").await?;
        Ok((id != 0).then_some(id))
    }

    async fn set_bot(&self, id: i64) -> Result<(), StoreError> {
        if self.bot().await?.is_some_and(|before| before != id) {
            self.forget_bot().await?;
        }
        self.set_meta("bot", id.to_string()).await
    }

    async fn counts(&self) -> Result<StoreCounts, StoreError> {
        counts(&mut *self.reader.acquire().await?).await
    }

    async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

pub(super) async fn counts(connection: &mut SqliteConnection) -> Result<StoreCounts, StoreError> {
    let chats = sqlx::query(
        "select (select count(*) from chats where state = 'active'), (select count(*) from chats where state <> 'active'),
                (select count(*) from subscriptions), (select count(*) from announcements where decision = 'held'),
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

async fn subscribe(
    transaction: &mut Transaction<'_, Sqlite>,
    chat: &ChatId,
    follow: &Follow,
    origin: &str,
    now: Millis,
) -> Result<bool, StoreError> {
    let (kind, name) = kind_and_name(follow);
    let done =
        sqlx::query("insert into subscriptions (chat, kind, name, origin, created_at) values ($1, $2, $3, $4, $5) on conflict do nothing")
            .bind(chat.to_string())
            .bind(kind)
            .bind(name)
            .bind(origin)
            .bind(now)
            .execute(&mut **transaction)
            .await?;
    Ok(done.rows_affected() > 0)
}

pub(super) fn kind_and_name(follow: &Follow) -> (&'static str, &str) {
    match follow {
        Follow::Site => ("site", ""),
        Follow::Label(label) => (label.kind.as_str(), &label.name),
    }
}

pub(super) fn follow_of(kind: &str, name: String) -> Follow {
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
    use super::SqliteStore;

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
}
