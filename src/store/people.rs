//! Chats: what is kept about them, what they follow, how they want it; and that they may be forgotten.
//! In: what people and the config say. Out: the same, asked for.
//! Part of `Store`; a trait of its own, because it is a subject of its own.

use async_trait::async_trait;

use super::{Millis, StoreError};
use crate::model::{ChatId, Follow, Preferences};

/// A chat with what is kept about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatRow {
    /// Where messages go.
    pub chat: ChatId,
    /// `private`, `group`, `supergroup`, `channel`.
    pub kind: String,
    /// Name or title, for admins.
    pub title: String,
    /// `zh` or `en`.
    pub language: String,
    /// Why nothing is sent at present (`bot was blocked by the user`), if so.
    pub suspended: Option<String>,
}

/// A chat that follows something, for `explain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follower {
    /// The chat.
    pub chat: ChatId,
    /// What it follows.
    pub follow: Follow,
    /// Since when.
    pub since: Millis,
    /// When it came back from a suspension; 0: it never was suspended.
    pub active_since: Millis,
    /// Why nothing is sent to it at present, if so.
    pub suspended: Option<String>,
}

/// The verbs of people. Every method is one transaction.
#[async_trait]
pub trait People: Send + Sync {
    /// Makes the subscriptions of the config's chats equal to the config. A chat that is new gets this language.
    async fn sync_channels(
        &self,
        channels: &[(ChatId, Vec<Follow>)],
        language: &str,
        now: Millis,
    ) -> Result<(), StoreError>;
    /// Creates or refreshes a chat that wrote to the bot; a suspended one becomes active again.
    async fn meet(&self, chat: &ChatRow, now: Millis) -> Result<(), StoreError>;
    /// What is kept about a chat.
    async fn chat(&self, chat: &ChatId) -> Result<Option<ChatRow>, StoreError>;
    /// How a chat wants its messages; the usual way for one that is not known.
    async fn preferences(&self, chat: &ChatId) -> Result<Preferences, StoreError>;
    /// Keeps how a chat wants its messages; `false` when the chat is not known. What waits goes by them, too.
    async fn set_preferences(
        &self,
        chat: &ChatId,
        preferences: &Preferences,
    ) -> Result<bool, StoreError>;
    /// What the config says of rhythm, quiet hours and silence of a chat: kept when it says something else than at the
    /// last start, so that what its people changed meanwhile stays.
    async fn configure(&self, chat: &ChatId, wishes: &Preferences) -> Result<(), StoreError>;
    /// Topics whose alerts wait for no chat's hours, for posts that are announced from now on.
    async fn set_urgent_topics(&self, ids: &[String]) -> Result<(), StoreError>;
    /// The bot was blocked or removed: the chat is suspended and its open rows are skipped.
    async fn suspend(&self, chat: &ChatId, reason: &str, now: Millis) -> Result<(), StoreError>;
    /// A group got a new id: chat, subscriptions and outbox move to it.
    async fn move_chat(&self, from: &ChatId, to: &ChatId) -> Result<(), StoreError>;
    /// Adds a subscription; `false` when it was there.
    async fn follow(&self, chat: &ChatId, follow: &Follow, now: Millis)
    -> Result<bool, StoreError>;
    /// Removes a subscription; `false` when there was none.
    async fn unfollow(&self, chat: &ChatId, follow: &Follow) -> Result<bool, StoreError>;
    /// The rules of their own that active chats follow, each once.
    async fn own_rules(&self) -> Result<Vec<String>, StoreError>;
    /// What a chat follows, oldest first.
    async fn following(&self, chat: &ChatId) -> Result<Vec<Follow>, StoreError>;
    /// Who follows any of these today, by chat.
    async fn followers(&self, follows: &[Follow]) -> Result<Vec<Follower>, StoreError>;
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
