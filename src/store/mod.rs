//! The precious data: chats, what they follow, what was announced, the outbox.
//! In: decisions of planner, sender and bot. Out: rows to act on. The only SQL on precious data is here.
//! A trait, so that PostgreSQL can stand beside SQLite; every method is one transaction.

mod backup;
mod card;
mod desk;
mod disk;
mod lock;
mod people;
mod places;
mod preferences;
mod sqlite;
mod sqlite_corrections;
mod sqlite_desk;
mod sqlite_digests;
mod sqlite_fan_out;
mod sqlite_outbox;
mod sqlite_places;
mod sqlite_stories;

use std::collections::HashMap;

use async_trait::async_trait;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::model::{ChatId, Follow, PostId, Preferences};

pub use backup::{Since, backup, restore, sound};
pub use card::Card;
pub use desk::{Action, Desk, Fate};
pub use disk::{disk_failed, disk_is_believed};
pub use lock::{InstanceLock, LockError};
pub use people::People;
pub use places::Places;
pub use sqlite::{SqliteStore, path_of};

/// The `store` section of the config.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `sqlite:PATH`. Default `sqlite:var/store.db`. PostgreSQL follows in a later release.
    pub url: String,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            url: "sqlite:var/store.db".into(),
        }
    }
}

/// What keeps the store from working.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// `store.url` names no engine that this build has.
    #[error("store.url `{0}`: write sqlite:PATH, for example sqlite:var/store.db")]
    Url(String),
    /// The folder of the file cannot be made.
    #[error("cannot make the folder of the store {path}: {source}")]
    Folder {
        /// The file.
        path: String,
        /// The system's words.
        source: std::io::Error,
    },
    /// The file is from a newer tagwire, or its tables are not as they should be.
    #[error(
        "store {path}: {source}; it was made by another version of tagwire, or is damaged: use that version, or restore a backup"
    )]
    Migrate {
        /// The file.
        path: String,
        /// sqlx's words.
        source: sqlx::migrate::MigrateError,
    },
    /// The file cannot be opened, or is no database.
    #[error(
        "store {path}: {source}; restore a backup of it, or move it away to begin anew (then everybody has to follow again)"
    )]
    Open {
        /// The file.
        path: String,
        /// SQLite's words.
        source: sqlx::Error,
    },
    /// A backup cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// The system's words.
        source: std::io::Error,
    },
    /// A backup never replaces a file.
    #[error("{0} is there already; name another file")]
    Exists(String),
    /// A copy that cannot be trusted.
    #[error("{path} is no sound store: {why}")]
    Unsound {
        /// The file.
        path: String,
        /// What SQLite found.
        why: String,
    },
    /// The engine said no.
    #[error("store: {0}")]
    Sql(sqlx::Error),
    /// What was written may not be on the disk; nothing that this process wrote last can be believed.
    #[error(
        "store: the disk did not take what was written to it ({0}); nothing more is sent: look at the disk (dmesg, smartctl), then start tagwire again"
    )]
    Disk(String),
    /// A row that this version cannot have written.
    #[error("store: {0}; restore a backup, or report this as a bug")]
    Damaged(String),
}

/// Milliseconds since 1970 (UTC).
pub type Millis = i64;

/// A chat is never asked to wait longer than this at once; Telegram may ask again.
pub const LONGEST_PAUSE: Millis = 86_400_000;
/// A row, or the whole bot, is never put off by more than this.
pub const LONGEST_RETRY: Millis = 65_000;
/// The pace of groups and channels.
const SLOWEST_PACE: Millis = 3_000;

/// What is decided about a post that the store did not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Everybody who follows it is told.
    Announce,
    /// Waits for an admin's word; the reason says why.
    Hold(String),
}

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

/// What decides which rows may go out.
#[derive(Debug, Clone, Copy)]
pub struct ClaimRules {
    /// Alerts planned before this have expired.
    pub oldest: Millis,
    /// The zone of chats without their own.
    pub zone: Tz,
    /// More alerts than this that wait in a chat become a digest; 0: only where a chat or an admin wants one.
    pub fold_above: i64,
    /// The same for alerts that have waited longer than `LATE`: quiet hours, a pause, a network that was gone.
    pub fold_late_above: i64,
}

/// An alert that waited longer than this comes late, and may be folded with others sooner (milliseconds).
pub const LATE: Millis = 1_800_000;
/// More posts than this do not go into one digest: Telegram takes 100 entities and 4,096 units a message.
pub const DIGEST_POSTS: usize = 30;

/// An announced post, as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Correction {
    /// What messages are made of.
    pub card: Card,
    /// Its file is gone, or says `published: false`.
    pub withdrawn: bool,
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
    /// Posts before it that tell the same; empty when notes are read back.
    pub twins: Vec<PostId>,
    /// When it came in.
    pub at: Millis,
}

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
    /// Certainly not sent; again at this time.
    Retry {
        /// Not before.
        at: Millis,
        /// Why.
        reason: String,
    },
    /// Telegram asks this chat to wait; again at this time, and nothing else for the chat before.
    ChatPaused {
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
    /// Why nothing is sent to it at present, if so.
    pub suspended: Option<String>,
}

/// Sizes for `/stats`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreCounts {
    /// Active chats.
    pub chats: i64,
    /// Chats that blocked the bot or are gone.
    pub suspended: i64,
    /// What all chats follow, added up.
    pub subscriptions: i64,
    /// Those of them that are rules of people's own.
    pub own_rules: i64,
    /// Posts that wait for an admin's word.
    pub held: i64,
    /// Outbox rows by state.
    pub deliveries: Vec<(String, i64)>,
    /// Rows whose fate was unknown at least once.
    pub unknown: i64,
    /// When the oldest open row was planned.
    pub oldest_pending: Option<Millis>,
}

/// The verbs of the precious data. Times are arguments: the store has no clock.
#[async_trait]
pub trait Store: People + Places + Desk + Send + Sync {
    /// Whether a first start has taken note of what existed.
    async fn has_baseline(&self) -> Result<bool, StoreError>;
    /// From now on, posts that are not known are new.
    async fn set_baseline(&self, now: Millis) -> Result<(), StoreError>;
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
    async fn twins_since(&self, since: Millis) -> Result<Vec<(PostId, PostId)>, StoreError>;
    /// The posts that tell the same as this one, whichever came first.
    async fn twins(&self, post: &PostId) -> Result<Vec<PostId>, StoreError>;
    /// Posts that wait for an admin's word, oldest first, with the reason.
    async fn held(&self, limit: i64) -> Result<Vec<(Card, String)>, StoreError>;
    /// Ends the wait of all held posts. Returns how many posts that were.
    async fn release_held(&self, release: Release, now: Millis) -> Result<u64, StoreError>;
    /// Puts a word to an admin into the outbox, once per `key`.
    async fn notice(
        &self,
        key: &str,
        chat: &ChatId,
        text: &str,
        now: Millis,
    ) -> Result<(), StoreError>;
    /// What was decided about a post, with the reason.
    async fn decision(&self, post: &PostId)
    -> Result<Option<(String, Option<String>)>, StoreError>;
    /// Posts announced since then, as the store knows them.
    async fn recent(&self, since: Millis) -> Result<Vec<Correction>, StoreError>;
    /// In ONE transaction: keeps what became of announced posts, and plans an edit, not before `edit_at`, of
    /// each message that was sent not longer than `edit_for` milliseconds ago. Returns the edits planned.
    async fn correct(
        &self,
        corrections: &[Correction],
        edit_at: Millis,
        edit_for: Millis,
        now: Millis,
    ) -> Result<u64, StoreError>;
    /// Rows of the outbox, the newest first.
    async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRow>, StoreError>;
    /// When the store decided about a post.
    async fn decided_at(&self, post: &PostId) -> Result<Option<Millis>, StoreError>;
    /// Who follows any of these today, by chat.
    async fn followers(&self, follows: &[Follow]) -> Result<Vec<Follower>, StoreError>;
    /// The outbox rows of a post.
    async fn deliveries_of(&self, post: &PostId) -> Result<Vec<DeliveryRow>, StoreError>;

    /// What a crash left in `sending` has an unknown fate: it is sent once more if `resend` allows and it
    /// was unknown for the first time, else it stays `unknown`. Returns how many rows that were.
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

    /// Makes the subscriptions of the config's chats equal to the config.
    async fn sync_channels(
        &self,
        channels: &[(ChatId, Vec<Follow>)],
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

    /// The next update to ask Telegram for.
    async fn update_offset(&self) -> Result<i64, StoreError>;
    /// Everything below this was handled.
    async fn set_update_offset(&self, offset: i64) -> Result<(), StoreError>;
    /// The user id of the bot whose chats these are; `None` while only the terminal was used.
    async fn bot(&self) -> Result<Option<i64>, StoreError>;
    /// From now on these are the chats of this bot.
    async fn set_bot(&self, id: i64) -> Result<(), StoreError>;
    /// Sizes.
    async fn counts(&self) -> Result<StoreCounts, StoreError>;
    /// Writes everything down and closes.
    async fn close(&self);
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
