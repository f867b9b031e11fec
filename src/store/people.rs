//! What people may change and end by themselves: the language they are spoken to in, and being known at all.
//! In: a chat. Out: nothing of it that should not be.
//! Part of `Store`; a trait of its own, because it is a subject of its own.

use async_trait::async_trait;

use sqlx::Row;

use super::StoreError;
use super::sqlite::{SqliteStore, follow_of, kind_and_name};
use crate::model::{ChatId, Follow};

/// The verbs of people. Every method is one transaction.
#[async_trait]
pub trait People: Send + Sync {
    /// From now on the chat is spoken to in `zh` or `en`.
    async fn set_language(&self, chat: &ChatId, language: &str) -> Result<(), StoreError>;
    /// Deletes all that is kept about a chat: itself, its settings, what it follows, its messages, who speaks
    /// for it and for whom it speaks. `false` when nothing was kept.
    async fn forget(&self, chat: &ChatId) -> Result<bool, StoreError>;
    /// Everything that some chat follows, each once.
    async fn followed(&self) -> Result<Vec<Follow>, StoreError>;
    /// Who follows `old` follows `new` from now on, since the same day, in the same forum topic, as loud as
    /// before. Returns how many that were.
    async fn rename_follow(&self, old: &Follow, new: &Follow) -> Result<u64, StoreError>;
}

#[async_trait]
impl People for SqliteStore {
    async fn set_language(&self, chat: &ChatId, language: &str) -> Result<(), StoreError> {
        sqlx::query("update chats set language = $2 where chat = $1")
            .bind(chat.to_string())
            .bind(language)
            .execute(self.writer())
            .await?;
        Ok(())
    }

    async fn forget(&self, chat: &ChatId) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let mut found = 0;
        for sql in [
            "delete from managing where chat = $1 or channel = $1",
            "delete from threads where chat = $1",
            "delete from subscriptions where chat = $1",
            "delete from outbox where chat = $1",
            "delete from chat_names where chat = $1",
            "delete from chats where chat = $1",
        ] {
            found = sqlx::query(sql)
                .bind(chat.to_string())
                .execute(&mut *transaction)
                .await?
                .rows_affected();
        }
        transaction.commit().await?;
        Ok(found > 0)
    }

    async fn followed(&self) -> Result<Vec<Follow>, StoreError> {
        let rows = sqlx::query("select distinct kind, name from subscriptions order by kind, name")
            .fetch_all(self.reader())
            .await?;
        let follows = rows.iter();
        Ok(follows
            .map(|row| follow_of(&row.get::<String, _>(0), row.get(1)))
            .collect())
    }

    async fn rename_follow(&self, old: &Follow, new: &Follow) -> Result<u64, StoreError> {
        let ((kind, name), (new_kind, new_name)) = (kind_and_name(old), kind_and_name(new));
        let mut transaction = self.begin().await?;
        let moved: i64 =
            sqlx::query_scalar("select count(*) from subscriptions where kind = $1 and name = $2")
                .bind(kind)
                .bind(name)
                .fetch_one(&mut *transaction)
                .await?;
        // Whoever follows both keeps the new one as it is; what is left of the old one goes.
        for sql in [
            "update or ignore threads set kind = $3, name = $4 where kind = $1 and name = $2 and not exists
               (select 1 from subscriptions s where s.chat = threads.chat and s.kind = $3 and s.name = $4)",
            "update or ignore subscriptions set kind = $3, name = $4 where kind = $1 and name = $2",
        ] {
            sqlx::query(sql)
                .bind(kind)
                .bind(name)
                .bind(new_kind)
                .bind(new_name)
                .execute(&mut *transaction)
                .await?;
        }
        for sql in [
            "delete from threads where kind = $1 and name = $2",
            "delete from subscriptions where kind = $1 and name = $2",
        ] {
            sqlx::query(sql)
                .bind(kind)
                .bind(name)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(moved.unsigned_abs())
    }
}
