//! One process at a time on one set of files.
//! In: the path of a database. Out: a lock that the system drops with the process, kill -9 included.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Held for as long as the value lives.
#[derive(Debug)]
pub struct InstanceLock {
    _file: File,
}

/// Why the lock was not had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error(
        "another tagwire works on {path} (process {owner}); stop it first, or give this one another store and catalog"
    )]
    Taken {
        /// The database.
        path: String,
        /// Its process id, as it wrote it.
        owner: String,
    },
    /// The lock file cannot be made.
    #[error("cannot lock {path}: {source}")]
    Io {
        /// The lock file.
        path: String,
        /// The system's words.
        source: std::io::Error,
    },
}

impl InstanceLock {
    /// `PATH.lock` beside a database: whoever holds it wrote it when it started.
    pub fn file_of(database: &Path) -> PathBuf {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        PathBuf::from(name)
    }

    /// Locks `PATH.lock` beside a database.
    ///
    /// # Errors
    /// `Taken` when another process holds it; `Io` when the file cannot be made.
    pub fn take(database: &Path) -> Result<Self, LockError> {
        let path = Self::file_of(database);
        let io = |source| LockError::Io {
            path: path.display().to_string(),
            source,
        };
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(io)?;
        }
        let mut file = File::options()
            .create(true)
            .read(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Taken {
                    path: database.display().to_string(),
                    owner: std::fs::read_to_string(&path)
                        .unwrap_or_default()
                        .trim()
                        .to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        // A file that is cut is written to the disk when it is closed (ext4: `auto_da_alloc`).
        if file.metadata().map_err(io)?.len() > 0 {
            file.set_len(0).map_err(io)?;
        }
        writeln!(file, "{}", std::process::id()).map_err(io)?;
        Ok(InstanceLock { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_taker_is_told_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("store.db");
        let first = InstanceLock::take(&database).unwrap();
        let refused = InstanceLock::take(&database).unwrap_err().to_string();
        assert!(
            refused.contains(&std::process::id().to_string()),
            "{refused}"
        );
        drop(first);
        assert!(InstanceLock::take(&database).is_ok());
    }
}
