//! The precious data: chats, what they follow, what was announced, the outbox.
//! In: decisions of planner, sender and bot. Out: rows to act on. The only SQL on precious data is here.
//! A trait, so that PostgreSQL can stand beside SQLite; every method is one transaction.

mod announcements;
mod backup;
mod card;
mod departures;
mod desk;
mod disk;
mod lock;
mod outbox;
mod people;
mod places;
mod preferences;
mod sqlite;
mod sqlite_announcements;
mod sqlite_claims;
mod sqlite_corrections;
mod sqlite_desk;
mod sqlite_digests;
mod sqlite_fan_out;
mod sqlite_outbox;
mod sqlite_people;
mod sqlite_places;
mod sqlite_sending;
mod sqlite_stories;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

pub use announcements::{Announcements, Correction, Decision, Presence, Release, StoryNote, Twins};
pub use backup::{Since, backup, restore, sound};
pub use card::Card;
pub use desk::{Action, Desk, Fate};
pub use disk::{disk_failed, disk_is_believed};
pub use lock::{InstanceLock, LockError};
pub use outbox::{
    Claim, ClaimRules, Content, DIGEST_POSTS, DeliveryFilter, DeliveryRow, LATE, LONGEST_PAUSE,
    LONGEST_RETRY, Outbox, Settled, pace,
};
pub use people::{ChatRow, Follower, People};
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
    #[error("store {path}: {source}; {}", way_out(.source))]
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

/// SQLITE_CORRUPT and SQLITE_NOTADB (sqlite.org/rescode.html); extended codes have them in their last byte.
const DAMAGED: [i32; 2] = [11, 26];

/// What helps where a file cannot be opened: one that is sound must not be moved away.
fn way_out(error: &sqlx::Error) -> &'static str {
    let code = { error.as_database_error() }.and_then(|error| error.code()?.parse::<i32>().ok());
    match code.is_some_and(|code| DAMAGED.contains(&(code & 0xff))) {
        true => {
            "restore a backup of it, or move it away to begin anew (then everybody has to follow again)"
        }
        false => {
            "see that tagwire may read and write there, and that room on the disk, files and threads are left; then start it again"
        }
    }
}

/// Milliseconds since 1970 (UTC).
pub type Millis = i64;

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
pub trait Store: Announcements + Outbox + People + Places + Desk + Send + Sync {
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
