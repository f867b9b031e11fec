//! Copies of the store that can be trusted, and the way back.
//! In: the store's file, another file. Out: a copy of one moment, verified and on disk; or the copy in the
//! store's place, with the old one kept aside. At every moment one whole store stands under its name.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::{Millis, SqliteStore, Store, StoreCounts, StoreError};

/// What a restored store does about what may have happened since its backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Posts that are there, and messages that waited, are taken for sent: nobody is told twice.
    TakenForSent,
    /// Nothing was sent since: what the store does not know is new, and what waited is sent.
    Unsent,
}

/// Writes a copy of the store to a new file, beside a running daemon or not.
///
/// # Errors
/// The file is there already or cannot be written, or the store is not sound.
pub async fn backup(store: &Path, file: &Path) -> Result<StoreCounts, StoreError> {
    if file.exists() {
        return Err(StoreError::Exists(file.display().to_string()));
    }
    let partial = beside(file, ".partial");
    let _ = fs::remove_file(&partial);
    let copied = copy_into(store, &partial).await;
    let placed = match copied {
        Ok(counts) => place(&partial, file).map(|()| counts),
        Err(error) => Err(error),
    };
    if placed.is_err() {
        let _ = fs::remove_file(&partial);
    }
    placed
}

async fn copy_into(store: &Path, partial: &Path) -> Result<StoreCounts, StoreError> {
    // SQLite writes into an empty file; this one is for nobody else's eyes from the beginning.
    private(partial).map_err(|source| failed(partial, source))?;
    let mut connection = open(store).await?;
    sqlx::query("vacuum into $1")
        .bind(partial.to_string_lossy().into_owned())
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    verify(partial).await
}

/// Puts a backup into the store's place. The caller holds the locks, so that nobody has it open. The path
/// is where the old store is kept.
///
/// # Errors
/// The backup is not there, not sound, or from a newer tagwire; the store is as it was then.
pub async fn restore(
    store: &Path,
    file: &Path,
    since: Since,
    now: Millis,
) -> Result<(StoreCounts, Option<PathBuf>), StoreError> {
    verify(file).await?;
    let coming = beside(store, ".coming");
    for ending in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(beside(&coming, ending));
    }
    private(&coming).map_err(|source| failed(&coming, source))?;
    fs::copy(file, &coming).map_err(|source| failed(file, source))?;
    let restored = match prepare(&coming, since, now).await {
        Ok(counts) => put_aside(store, now).await.map(|aside| (counts, aside)),
        Err(error) => Err(error),
    };
    if restored.is_err() {
        let _ = fs::remove_file(&coming);
    }
    let restored = restored?;
    place(&coming, store)?;
    Ok(restored)
}

/// Brings the tables up to date, and settles what the time since the backup leaves open.
async fn prepare(coming: &Path, since: Since, now: Millis) -> Result<StoreCounts, StoreError> {
    let opened = SqliteStore::open(coming).await?;
    if since == Since::TakenForSent {
        opened.take_for_sent(now).await?;
    }
    // The file of what had left says what was true after the backup.
    opened.drop_meta("last_run").await?;
    let counts = opened.counts().await?;
    opened.close().await;
    // What is still in the log would be left behind by the rename.
    let mut connection = open(coming).await?;
    sqlx::query("pragma journal_mode = delete")
        .execute(&mut connection)
        .await?;
    connection.close().await?;
    Ok(counts)
}

/// Keeps the old store under another name; the file itself stays where it is until the new one replaces it.
async fn put_aside(store: &Path, now: Millis) -> Result<Option<PathBuf>, StoreError> {
    if !store.exists() {
        return Ok(None);
    }
    // A sound store takes its log in; a damaged one keeps it beside it.
    if let Ok(mut connection) = open(store).await {
        let _ = sqlx::query("pragma wal_checkpoint(truncate)")
            .execute(&mut connection)
            .await;
        let _ = connection.close().await;
    }
    let aside = beside(store, &format!(".before-restore-{now}"));
    fs::hard_link(store, &aside)
        .or_else(|_| fs::copy(store, &aside).map(|_| ()))
        .map_err(|source| failed(&aside, source))?;
    for ending in ["-wal", "-shm"] {
        let log = beside(store, ending);
        if log.exists() {
            fs::rename(&log, beside(&aside, ending)).map_err(|source| failed(&log, source))?;
        }
    }
    sync(&aside).map_err(|source| failed(&aside, source))?;
    Ok(Some(aside))
}

/// Reads all of a store, beside a running daemon or not, and counts what it holds.
///
/// # Errors
/// It is not there, or not sound.
pub async fn sound(store: &Path) -> Result<StoreCounts, StoreError> {
    verify(store).await
}

/// Opens a copy and reads all of it.
async fn verify(file: &Path) -> Result<StoreCounts, StoreError> {
    let unsound = |why: String| StoreError::Unsound {
        path: file.display().to_string(),
        why,
    };
    let check = async {
        let mut connection = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .connect()
            .await?;
        let said: Vec<String> = sqlx::query_scalar("pragma integrity_check")
            .fetch_all(&mut connection)
            .await?;
        let strays = sqlx::query("pragma foreign_key_check")
            .fetch_all(&mut connection)
            .await?;
        let counts = super::sqlite::counts(&mut connection).await?;
        connection.close().await?;
        Ok::<_, StoreError>((said, strays.len(), counts))
    };
    match check.await {
        Ok((said, 0, counts)) if said == ["ok"] => Ok(counts),
        Ok((said, strays, _)) => Err(unsound(format!(
            "{}, {strays} rows refer to nothing",
            said.join("; ")
        ))),
        Err(error) => Err(unsound(error.to_string())),
    }
}

async fn open(file: &Path) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(false)
        .busy_timeout(std::time::Duration::from_secs(10));
    options.connect().await.map_err(|source| StoreError::Open {
        path: file.display().to_string(),
        source,
    })
}

/// Gives a finished file its name, durably.
fn place(from: &Path, to: &Path) -> Result<(), StoreError> {
    let place = || {
        File::open(from)?.sync_all()?;
        fs::rename(from, to)?;
        sync(to)
    };
    place().map_err(|source| failed(to, source))
}

/// Makes the name of a file durable.
fn sync(file: &Path) -> io::Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn private(file: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(|_| ())
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn failed(file: &Path, source: io::Error) -> StoreError {
    StoreError::File {
        path: file.display().to_string(),
        source,
    }
}
