//! Messages on their way: claimed one a chat, sent, settled.
//! In: the time, outcomes. Out: what may go out now, when the next may, what became of the rest.
//! Part of `Store`; a trait of its own, because it is a subject of its own.

use async_trait::async_trait;

use super::{Card, Millis, StoreError};
use crate::model::{ChatId, PostId, Preferences, Zone};

/// A chat is never asked to wait longer than this at once; Telegram may ask again.
pub const LONGEST_PAUSE: Millis = 86_400_000;

/// A row, or the whole bot, is never put off by more than this.
pub const LONGEST_RETRY: Millis = 65_000;

/// The pace of groups and channels.
pub(super) const SLOWEST_PACE: Millis = 3_000;

/// A row of the outbox that was claimed: it is `sending`, and that is committed.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// Outbox row.
    pub delivery: i64,
    /// What it is about.
    pub post: PostId,
    /// Where it goes.
    pub chat: ChatId,
    /// `zh` or `en`.
    pub language: String,
    /// How the chat wants its messages.
    pub preferences: Preferences,
    /// Its readers cannot change what it gets.
    pub is_channel: bool,
    /// What the message is made of.
    pub content: Content,
    /// How often it was tried before.
    pub attempts: i64,
    /// How often its fate was unknown before.
    pub unknowns: i64,
    /// 0 full message, 1 plain text, 2 title and link.
    pub fallback: i64,
}

/// What a message is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A post.
    Alert(Box<Card>),
    /// A message that is there already and has to be brought up to date.
    Edit {
        /// What it is to show.
        card: Box<Card>,
        /// The post went away: the message says so.
        withdrawn: bool,
        /// Telegram's id of the message.
        message_id: i64,
    },
    /// Several posts in one message, in the order in which they were announced.
    Digest(Vec<Card>),
    /// A word to an admin.
    Notice(String),
}

/// What decides which rows may go out.
#[derive(Debug, Clone, Copy)]
pub struct ClaimRules {
    /// Alerts planned before this have expired.
    pub oldest: Millis,
    /// The zone of chats without their own.
    pub zone: Zone,
    /// More alerts than this that wait in a chat become a digest; 0: only where a chat or an admin wants one.
    pub fold_above: i64,
    /// The same for alerts that have waited longer than `LATE`: quiet hours, a pause, a network that was gone.
    pub fold_late_above: i64,
}

/// An alert that waited longer than this comes late, and may be folded with others sooner (milliseconds).
pub const LATE: Millis = 1_800_000;

/// More posts than this do not go into one digest: Telegram takes 100 entities and 4,096 units a message.
pub const DIGEST_POSTS: usize = 30;

/// Which rows of the outbox to list. Empty fields let everything pass.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// `pending`, `held`, `sending`, `sent`, `unknown`, `failed`, `skipped`.
    pub state: Option<String>,
    /// One chat.
    pub chat: Option<ChatId>,
    /// One post.
    pub post: Option<PostId>,
    /// At most so many, the newest first.
    pub limit: i64,
}

/// What became of a claimed row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// Telegram has it.
    Sent {
        /// Telegram's id of the message.
        message_id: i64,
    },
    /// The message was deleted again, since its post was withdrawn.
    TakenBack,
    /// Certainly not sent; again at this time.
    Retry {
        /// Not before.
        at: Millis,
        /// Why.
        reason: String,
    },
    /// Telegram asks this chat to wait; again at this time, and nothing else for the chat before.
    ChatPaused {
        /// Why.
        reason: String,
        /// Not before.
        until: Millis,
    },
    /// May have been sent. `resend` says whether it goes out once more.
    Unknown {
        /// Not before, when it is sent again.
        at: Millis,
        /// Why.
        reason: String,
        /// Whether the policy allows another copy.
        resend: bool,
    },
    /// Telegram refuses this message: try a simpler form.
    Simpler {
        /// Telegram's words.
        reason: String,
    },
    /// There is nothing to do for this row: the message is gone, or as it should be.
    Skipped {
        /// Why.
        reason: String,
    },
    /// Telegram refuses this message for good.
    Failed {
        /// Telegram's words.
        reason: String,
    },
    /// The chat is gone: it is suspended and its open rows are skipped.
    ChatGone {
        /// Telegram's words.
        reason: String,
    },
    /// The chat has a new id: everything moves, and the row is tried again.
    Moved {
        /// The new id.
        to: ChatId,
    },
}

/// One row of the outbox, for `explain` and the lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// Its number in the outbox.
    pub delivery: i64,
    /// What it is about.
    pub post: PostId,
    /// Where it goes.
    pub chat: ChatId,
    /// `alert`, `edit`, `digest` or `notice`.
    pub kind: String,
    /// `pending`, `held` (in a digest that waits), `sending`, `sent`, `unknown`, `failed`, `skipped`.
    pub state: String,
    /// Why, where there is a why.
    pub reason: Option<String>,
    /// Telegram's id of the message.
    pub message_id: Option<i64>,
    /// How often it was tried.
    pub attempts: i64,
    /// How often its fate was unknown.
    pub unknowns: i64,
    /// When it was planned.
    pub created_at: Millis,
    /// When it came to its state, if that is an end.
    pub settled_at: Option<Millis>,
    /// Of one that waits: not before, as far as that is known.
    pub due: Option<Millis>,
}

/// The verbs of the outbox. Every method is one transaction.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// How many messages have gone out: a digest is one, whatever is in it.
    async fn messages_sent(&self) -> Result<u64, StoreError>;
    /// Puts a word to an admin into the outbox, once per `key`.
    async fn notice(
        &self,
        key: &str,
        chat: &ChatId,
        text: &str,
        now: Millis,
    ) -> Result<(), StoreError>;
    /// Rows of the outbox, the newest first.
    async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRow>, StoreError>;
    /// The outbox rows of a post.
    async fn deliveries_of(&self, post: &PostId) -> Result<Vec<DeliveryRow>, StoreError>;
    /// What a crash left in `sending` and may have left the house (`leaves`) has an unknown fate: it is sent once more
    /// if `resend` allows and it was unknown for the first time, else it stays `unknown`. Returns how many rows that
    /// were. The others go out as if they had never been claimed.
    async fn recover(&self, resend: bool, now: Millis) -> Result<u64, StoreError>;
    /// Claims up to `limit` rows, at most one a chat and only for chats that may have a message now, and
    /// commits that they are `sending`. Each chat's next message is put off by its pace. Words to admins go
    /// first, then urgent alerts, alerts, edits, digests. Alerts wait for their chat's hours, and many become
    /// a digest, in which their rows are `held`. Alerts that expired, or of a chat that follows nothing of
    /// theirs any more, are skipped with the reason.
    async fn claim(
        &self,
        now: Millis,
        limit: i64,
        rules: ClaimRules,
    ) -> Result<Vec<Claim>, StoreError>;
    /// Right before the first byte of a claimed row's message goes out: from now on a crash leaves its fate unknown.
    ///
    /// # Errors
    /// It cannot be noted: the message must not go out.
    fn leaves(&self, delivery: i64) -> std::io::Result<()>;
    /// Records what became of a claimed row.
    async fn settle(&self, delivery: i64, outcome: &Settled, now: Millis)
    -> Result<(), StoreError>;
    /// When the next row can be claimed; `None` when nothing is open.
    async fn next_due(&self) -> Result<Option<Millis>, StoreError>;
    /// Whether any row is pending or sending and could go out by `now`.
    async fn has_due(&self, now: Millis) -> Result<bool, StoreError>;
    /// Until when the whole bot has to wait.
    async fn bot_paused_until(&self) -> Result<Millis, StoreError>;
    /// Makes the whole bot wait.
    async fn pause_bot(&self, until: Millis) -> Result<(), StoreError>;
    /// Waits that a wrong clock wrote into the far future are cut to what they can be at most.
    async fn clock_went_back(&self, now: Millis) -> Result<(), StoreError>;
    /// A message outside the outbox went to this chat: its next alert is put off by its pace.
    async fn note_reply(&self, chat: &ChatId, now: Millis) -> Result<(), StoreError>;
}

/// Milliseconds between two messages to one chat: 1 a second for people, 20 a minute for groups and
/// channels (Bot API FAQ, "My bot is hitting limits").
pub fn pace(chat: &ChatId) -> Millis {
    if chat.is_group_or_channel() {
        SLOWEST_PACE
    } else {
        1_000
    }
}
