//! Whether the disk below the store can still be believed.
//! In: every error of SQLite. Out: `disk_failed`, true for the rest of the process once a sync failed.
//! For the whole process: Linux tells of a failed sync once and calls the next one good, whatever it lost.

use std::sync::LazyLock;

use tokio_util::sync::CancellationToken;

use super::StoreError;

/// SQLITE_IOERR_FSYNC and SQLITE_IOERR_DIR_FSYNC (sqlite.org/rescode.html).
const SYNC_FAILED: [&str; 2] = ["1034", "1290"];

static FAILED: LazyLock<CancellationToken> = LazyLock::new(CancellationToken::new);

/// Cancelled when a sync of the store failed: from then on nothing may be sent, since no mark in the outbox is
/// known to outlive a power cut.
pub fn disk_failed() -> CancellationToken {
    FAILED.clone()
}

/// # Errors
/// `Disk` from the first failed sync on.
pub fn disk_is_believed() -> Result<(), StoreError> {
    match FAILED.is_cancelled() {
        true => Err(StoreError::Disk("a sync failed".into())),
        false => Ok(()),
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code());
        if code.is_some_and(|code| SYNC_FAILED.contains(&code.as_ref())) {
            FAILED.cancel();
            return StoreError::Disk(error.to_string());
        }
        StoreError::Sql(error)
    }
}
