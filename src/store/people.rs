//! What people may change and end by themselves: the language they are spoken to in, and being known at all.
//! In: a chat. Out: nothing of it that should not be.
//! Part of `Store`; a trait of its own, because it is a subject of its own.

use async_trait::async_trait;

use super::StoreError;
use super::sqlite::SqliteStore;
use crate::model::ChatId;

/// The verbs of people. Every method is one transaction.
#[async_trait]
pub trait People: Send + Sync {
    /// From now on the chat is spoken to in `zh` or `en`.
    async fn set_language(&self, chat: &ChatId, language: &str) -> Result<(), StoreError>;
    /// Deletes all that is kept about a chat: itself, its settings, what it follows, its messages, who speaks
    /// for it and for whom it speaks. `false` when nothing was kept.
    async fn forget(&self, chat: &ChatId) -> Result<bool, StoreError>;
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
}
