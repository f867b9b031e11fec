//! Where the bot lives: forum topics of subscriptions, channels that people speak for, names of channels.
//! In: what updates and commands decided. Out: where messages and settings belong.
//! Part of `Store`; a trait of its own, because it is a subject of its own.

use async_trait::async_trait;

use super::{Millis, StoreError};
use crate::model::{ChatId, Follow};

/// The verbs of places. Every method is one transaction.
#[async_trait]
pub trait Places: Send + Sync {
    /// The key for seals on buttons; made at random when it is first asked for, and kept.
    async fn seal_key(&self) -> Result<[u8; 32], StoreError>;

    /// Messages for this subscription go to a forum topic, or (`None`) to the general one.
    async fn set_thread(
        &self,
        chat: &ChatId,
        follow: &Follow,
        thread: Option<i64>,
    ) -> Result<(), StoreError>;
    /// The forum topic for a post with these labels: that of the chat's oldest subscription among them.
    async fn thread_of(&self, chat: &ChatId, follows: &[Follow])
    -> Result<Option<i64>, StoreError>;
    /// A forum topic is gone: its subscriptions go to the general one. Returns how many those were.
    async fn close_thread(&self, chat: &ChatId, thread: i64) -> Result<u64, StoreError>;

    /// From now until `until` this private chat speaks for a channel; `None` ends it. The chat must be known.
    async fn manage(
        &self,
        chat: &ChatId,
        channel: Option<&ChatId>,
        until: Millis,
    ) -> Result<(), StoreError>;
    /// The channel that this private chat speaks for now.
    async fn managed(&self, chat: &ChatId, now: Millis) -> Result<Option<ChatId>, StoreError>;

    /// Telegram said which chat an `@name` is: whatever was kept under the name moves to the id.
    async fn name_chat(&self, name: &str, id: &ChatId) -> Result<(), StoreError>;
    /// The chat of an `@name`, or of an id that moved to another, as Telegram said last.
    async fn named(&self, name: &str) -> Result<Option<ChatId>, StoreError>;
}
