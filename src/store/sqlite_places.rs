//! Forum topics, managed channels and names of channels on SQLite.
//! In and out: as the trait `Places` says.

use async_trait::async_trait;
use sqlx::Row;

use super::sqlite::{SqliteStore, chat_id, kind_and_name};
use super::{Millis, Places, StoreError, sqlite_outbox};
use crate::model::{ChatId, Follow};

const SEAL_KEY: &str = "seal_key";

#[async_trait]
impl Places for SqliteStore {
    async fn seal_key(&self) -> Result<[u8; 32], StoreError> {
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh)
            .map_err(|error| StoreError::Damaged(format!("no random numbers: {error}")))?;
        let hex: String = fresh.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut transaction = self.begin().await?;
        sqlx::query("insert into meta values ($1, $2) on conflict (key) do nothing")
            .bind(SEAL_KEY)
            .bind(hex)
            .execute(&mut *transaction)
            .await?;
        let kept: String = sqlx::query_scalar("select value from meta where key = $1")
            .bind(SEAL_KEY)
            .fetch_one(&mut *transaction)
            .await?;
        transaction.commit().await?;
        key_of(&kept).ok_or_else(|| StoreError::Damaged("the key for buttons is no key".into()))
    }

    async fn set_thread(
        &self,
        chat: &ChatId,
        follow: &Follow,
        thread: Option<i64>,
    ) -> Result<(), StoreError> {
        let (kind, name) = kind_and_name(follow);
        let sql = match thread {
            Some(_) => {
                "insert into threads (chat, kind, name, thread) values ($1, $2, $3, $4)
                 on conflict (chat, kind, name) do update set thread = excluded.thread"
            }
            None => {
                "delete from threads where chat = $1 and kind = $2 and name = $3 and $4 is null"
            }
        };
        sqlx::query(sql)
            .bind(chat.to_string())
            .bind(kind)
            .bind(name)
            .bind(thread)
            .execute(self.writer())
            .await?;
        Ok(())
    }

    async fn thread_of(
        &self,
        chat: &ChatId,
        follows: &[Follow],
    ) -> Result<Option<i64>, StoreError> {
        let rows = sqlx::query(
            "select s.kind, s.name, t.thread from subscriptions s
             left join threads t on t.chat = s.chat and t.kind = s.kind and t.name = s.name
             where s.chat = $1 order by s.created_at, s.kind, s.name",
        )
        .bind(chat.to_string())
        .fetch_all(self.reader())
        .await?;
        let wanted = |row: &&sqlx::sqlite::SqliteRow| {
            follows.iter().any(|follow| {
                kind_and_name(follow) == (row.get::<&str, _>(0), row.get::<&str, _>(1))
            })
        };
        Ok(rows.iter().find(wanted).and_then(|row| row.get(2)))
    }

    async fn close_thread(&self, chat: &ChatId, thread: i64) -> Result<u64, StoreError> {
        let done = sqlx::query("delete from threads where chat = $1 and thread = $2")
            .bind(chat.to_string())
            .bind(thread)
            .execute(self.writer())
            .await?;
        Ok(done.rows_affected())
    }

    async fn manage(
        &self,
        chat: &ChatId,
        channel: Option<&ChatId>,
        until: Millis,
    ) -> Result<(), StoreError> {
        let sql = match channel {
            Some(_) => {
                "insert into managing (chat, channel, until_at) values ($1, $2, $3)
                 on conflict (chat) do update set channel = excluded.channel, until_at = excluded.until_at"
            }
            None => "delete from managing where chat = $1 and $2 is null and $3 = $3",
        };
        sqlx::query(sql)
            .bind(chat.to_string())
            .bind(channel.map(ToString::to_string))
            .bind(until)
            .execute(self.writer())
            .await?;
        Ok(())
    }

    async fn managed(&self, chat: &ChatId, now: Millis) -> Result<Option<ChatId>, StoreError> {
        let channel: Option<String> =
            sqlx::query_scalar("select channel from managing where chat = $1 and until_at > $2")
                .bind(chat.to_string())
                .bind(now)
                .fetch_optional(self.reader())
                .await?;
        channel.as_deref().map(chat_id).transpose()
    }

    async fn name_chat(&self, name: &str, id: &ChatId) -> Result<(), StoreError> {
        let lower = name.to_ascii_lowercase();
        let mut transaction = self.begin().await?;
        sqlx::query("insert into chat_names (name, chat) values ($1, $2) on conflict (name) do update set chat = excluded.chat")
            .bind(&lower)
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await?;
        let known: Vec<String> =
            sqlx::query_scalar("select chat from chats where lower(chat) = $1")
                .bind(&lower)
                .fetch_all(&mut *transaction)
                .await?;
        for old in known {
            sqlite_outbox::move_chat(&mut transaction, &old, &id.to_string()).await?;
            sqlx::query(
                "update chats set kind = 'channel' where chat = $1 and kind = 'supergroup'",
            )
            .bind(id.to_string())
            .execute(&mut *transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn named(&self, name: &str) -> Result<Option<ChatId>, StoreError> {
        let chat: Option<String> =
            sqlx::query_scalar("select chat from chat_names where name = $1")
                .bind(name.to_ascii_lowercase())
                .fetch_optional(self.reader())
                .await?;
        chat.as_deref().map(chat_id).transpose()
    }
}

fn key_of(hex: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    if hex.len() != 2 * key.len() || !hex.is_ascii() {
        return None;
    }
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(key)
}
