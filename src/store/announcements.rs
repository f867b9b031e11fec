//! What is known of posts: those of before the first start, what was decided about each, which tell the same.
//! In: decisions of the planner, what became of posts. Out: what is still to be decided; rows of the outbox.
//! Part of `Store`; a trait of its own, because it is a subject of its own.

use std::collections::HashMap;

use async_trait::async_trait;

use super::{Card, Millis, StoreError};
use crate::model::PostId;

/// What is decided about a post that the store did not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Everybody who follows it is told.
    Announce,
    /// Waits for an admin's word; the reason says why.
    Hold(String),
}

/// What becomes of posts that wait for an admin's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Everybody who follows them is told.
    Announce,
    /// Everybody who follows them is told in digests.
    Digest,
    /// Nobody is told.
    Dismiss,
}

/// Whether people can read a post that was announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// They can.
    Shown,
    /// Its file is gone, or its time is still to come: what waits is not sent, and what was sent stays.
    Gone,
    /// Its author took it back (`published: false`): what was sent says so.
    Withdrawn,
}

impl Presence {
    /// As the store keeps it.
    pub(super) fn code(self) -> i64 {
        match self {
            Presence::Shown => 0,
            Presence::Withdrawn => 1,
            Presence::Gone => 2,
        }
    }

    /// Back from the store.
    pub(super) fn from_code(code: i64) -> Presence {
        match code {
            0 => Presence::Shown,
            1 => Presence::Withdrawn,
            _ => Presence::Gone,
        }
    }
}

/// A post that was announced, or waits for an admin's word, as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    /// What messages are made of.
    pub card: Card,
    /// Whether people can read it.
    pub presence: Presence,
    /// It waits for an admin's word: nobody was told.
    pub is_held: bool,
}

/// What an announced post tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryNote {
    /// The post.
    pub post: PostId,
    /// The article's number, if its file name has one.
    pub key: Option<String>,
    /// What names its source; `None` in notes of before this was kept.
    pub source: Option<String>,
    /// Plain text.
    pub title: String,
    /// The beginning of the article, plain text.
    pub text: String,
    /// Which post its file was before.
    pub moved_from: Option<PostId>,
    /// Posts before it that tell the same; empty when notes are read back.
    pub twins: Vec<PostId>,
    /// When it came in.
    pub at: Millis,
}

/// Two posts that tell the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twins {
    /// The one that came in later.
    pub later: PostId,
    /// The other one.
    pub earlier: PostId,
    /// They are of one file, which says another id now.
    pub is_one_file: bool,
}

/// The verbs of announcements. Every method is one transaction, unless it says otherwise.
#[async_trait]
pub trait Announcements: Send + Sync {
    /// Whether a first start has taken note of what existed.
    async fn has_baseline(&self) -> Result<bool, StoreError>;
    /// From now on, posts that are not known are new.
    async fn set_baseline(&self, now: Millis) -> Result<(), StoreError>;
    /// How many posts came at once that are being held for it; `None` when no such round is under way.
    async fn burst(&self) -> Result<Option<u64>, StoreError>;
    /// Such a round begins, or has decided about all of them.
    async fn set_burst(&self, posts: Option<u64>) -> Result<(), StoreError>;
    /// When files without a usable date were first seen, in seconds since 1970.
    async fn first_seen(&self) -> Result<HashMap<String, i64>, StoreError>;
    /// Keeps such times; the first one of a path stays.
    async fn remember_first_seen(&self, files: &[(String, i64)]) -> Result<(), StoreError>;
    /// Those of `ids` that were never decided about, in the given order.
    async fn undecided(&self, ids: &[PostId]) -> Result<Vec<PostId>, StoreError>;
    /// In ONE transaction: takes note of posts that nobody is told of, as they were there before the first start.
    async fn take_note(&self, ids: &[PostId], now: Millis) -> Result<(), StoreError>;
    /// Records the decisions in ONE transaction, and writes an outbox row for every chat that follows an announced
    /// post: in the same transaction, but for very many chats in several, each of which keeps how far it came.
    /// Posts that were decided about before are left alone. Returns the rows written.
    async fn announce(&self, decided: &[(Card, Decision)], now: Millis) -> Result<u64, StoreError>;
    /// Goes on with announcements that a crash ended between two of their transactions. Returns the rows written.
    async fn finish_announcing(&self, now: Millis) -> Result<u64, StoreError>;
    /// What posts tell that came in since then.
    async fn stories(&self, since: Millis) -> Result<Vec<StoryNote>, StoreError>;
    /// In ONE transaction: keeps what new posts tell, and forgets what came in before `oldest`. A chat that
    /// has, or waits for, an alert of a twin gets none of the post when it is announced.
    async fn note_stories(&self, notes: &[StoryNote], oldest: Millis) -> Result<(), StoreError>;
    /// Pairs of posts that tell the same, the later one noted since then.
    async fn twins_since(&self, since: Millis) -> Result<Vec<Twins>, StoreError>;
    /// The posts that tell the same as this one, whichever came first.
    async fn twins(&self, post: &PostId) -> Result<Vec<PostId>, StoreError>;
    /// Posts that wait for an admin's word, oldest first, with the reason; but for those that are gone meanwhile.
    async fn held(&self, limit: i64) -> Result<Vec<(Card, String)>, StoreError>;
    /// The number of the newest held post; 0 without any. Those that are held later have higher ones.
    async fn newest_held(&self) -> Result<i64, StoreError>;
    /// Ends the wait of held posts up to this number; those that are gone meanwhile wait on, unless they are dismissed.
    /// Returns how many posts that were.
    async fn release_held(
        &self,
        release: Release,
        newest: i64,
        now: Millis,
    ) -> Result<u64, StoreError>;
    /// What was decided about a post, with the reason.
    async fn decision(&self, post: &PostId)
    -> Result<Option<(String, Option<String>)>, StoreError>;
    /// When the store decided about a post.
    async fn decided_at(&self, post: &PostId) -> Result<Option<Millis>, StoreError>;
    /// Posts announced since then, those whose alerts wait, and the newest of those that are gone or wait for an admin's
    /// word, as the store knows them.
    async fn recent(&self, since: Millis) -> Result<Vec<Correction>, StoreError>;
    /// What messages are made of, of all posts that wait: for an admin's word, in the outbox, or for a twin to fail.
    async fn waiting(&self) -> Result<Vec<Card>, StoreError>;
    /// In ONE transaction: keeps what is new in such cards; their messages go out with it.
    async fn relabel(&self, cards: &[Card]) -> Result<(), StoreError>;
    /// In ONE transaction: keeps what became of announced posts, and plans an edit, not before `edit_at`, of
    /// each message that was sent not longer than `edit_for` milliseconds ago. Returns the edits planned.
    async fn correct(
        &self,
        corrections: &[Correction],
        edit_at: Millis,
        edit_for: Millis,
        now: Millis,
    ) -> Result<u64, StoreError>;
}
