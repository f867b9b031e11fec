//! What the bot looks up for people, and what admins do.
//! In: a message, a post, an action. Out: what it was about, who did what and when.
//! Part of `Store`; a trait of its own, because it is a subject of its own.

use async_trait::async_trait;

use super::{Card, Millis, StoreError};
use crate::model::{ChatId, Follow, PostId};

/// Something that an admin did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// When.
    pub at: Millis,
    /// Telegram's user id of the admin.
    pub user: i64,
    /// One word: `held`, `broadcast`, `topic`.
    pub action: String,
    /// What exactly, in a line.
    pub detail: String,
}

/// What became of a post for one chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// As in `DeliveryRow`.
    pub state: String,
    /// Why it is not sent.
    pub reason: Option<String>,
    /// When it was settled.
    pub settled_at: Option<Millis>,
}

/// The verbs of the desk. Every method is one transaction.
#[async_trait]
pub trait Desk: Send + Sync {
    /// What messages about a post are made of; `None` for posts that were known from the start, or not decided.
    async fn card(&self, post: &PostId) -> Result<Option<Card>, StoreError>;
    /// The posts that a message told: one, or those of a digest. Empty for any other message. What is just being
    /// sent to the chat counts too: people may be faster than the answer that tells us the message's number.
    async fn told_by(&self, chat: &ChatId, message_id: i64) -> Result<Vec<PostId>, StoreError>;
    /// The post of the alert that this chat got last, or is just getting.
    async fn last_told(&self, chat: &ChatId) -> Result<Option<PostId>, StoreError>;
    /// What became of a post's alert for a chat; `None` when none was planned.
    async fn fate(&self, post: &PostId, chat: &ChatId) -> Result<Option<Fate>, StoreError>;

    /// Subscriptions whose messages come without a sound.
    async fn muted(&self, chat: &ChatId) -> Result<Vec<Follow>, StoreError>;
    /// Messages of this subscription come without a sound, or with one again; `false` when it is not followed.
    async fn mute(&self, chat: &ChatId, follow: &Follow, muted: bool) -> Result<bool, StoreError>;

    /// Puts an admin's word into the outbox for every active chat, once for each `key`. Returns how many.
    async fn broadcast(&self, key: &str, text: &str, now: Millis) -> Result<u64, StoreError>;
    /// Keeps what an admin did.
    async fn note_action(&self, action: &Action) -> Result<(), StoreError>;
    /// What admins did, the newest first.
    async fn actions(&self, limit: i64) -> Result<Vec<Action>, StoreError>;
}
