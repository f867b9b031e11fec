//! The derived index: what we know of each post, without its body.
//! In: parsed posts with their topics and summaries. Out: newest N of a label, labels, search, what changed.
//! A SQLite file that may be deleted at any time: the next start builds the same feeds again.

mod archives;
mod claims;
mod files;
mod fresh;
mod links;
mod marks;
mod missing;
mod names;
mod owed;
mod posts;
mod read;
mod rows;
mod schema;
mod window;
mod write;

#[cfg(test)]
mod fresh_tests;
#[cfg(test)]
mod long_build_tests;
#[cfg(test)]
mod plan_tests;
#[cfg(test)]
pub(crate) mod window_tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::model::{Follow, Post, PostId, PostTime, Problem};
use crate::posts::Stamp;

use links::Links;

pub use archives::{Outdated, Span};
pub use claims::duplicate;
pub use files::KnownFiles;
pub use marks::{LAGGING, LEFTOVERS};
pub use names::Listed;
pub use owed::{Ledger, Owed, Target};
pub use read::{Counts, LabelRow};
pub use window::{PostKey, Slot};
pub use write::{Delta, Upserted, label_key};

/// The `catalog` section of the config.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The index file; derived, may be deleted. Default `var/catalog.db`.
    pub path: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            path: "var/catalog.db".into(),
        }
    }
}

/// What keeps the catalog from working.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// SQLite said no.
    #[error(
        "catalog {path}: {source}; the catalog is derived: it may be deleted and is built again"
    )]
    Sqlite {
        /// The file.
        path: String,
        /// SQLite's words.
        source: rusqlite::Error,
    },
    /// The folder of the file cannot be made.
    #[error("cannot make the folder of the catalog {path}: {source}")]
    Folder {
        /// The file.
        path: String,
        /// The system's words.
        source: std::io::Error,
    },
}

impl CatalogError {
    /// Only a new file mends it (`Catalog::discard`).
    pub fn is_damage(&self) -> bool {
        match self {
            CatalogError::Sqlite { source, .. } => schema::is_damaged(source),
            CatalogError::Folder { .. } => false,
        }
    }
}

/// What one file gave: a post with what was derived from it, and problems.
#[derive(Debug)]
pub struct Reading {
    /// The file, as `posts.dir` leads to it.
    pub path: String,
    /// Size and time of the version that was read.
    pub stamp: Stamp,
    /// The post, unless the file holds none that can be used.
    pub post: Option<Digested>,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

/// A post with what topics and summary made of it.
#[derive(Debug)]
pub struct Digested {
    /// The post as read.
    pub post: Arc<Post>,
    /// The summary, within the configured budget.
    pub summary: String,
    /// Ids of the topics that match, sorted.
    pub topics: Vec<String>,
}

/// What the catalog keeps of a post.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Stable identity.
    pub id: PostId,
    /// The file.
    pub path: String,
    /// Plain text.
    pub title: String,
    /// The author's time.
    pub published: PostTime,
    /// `updated` of the front matter.
    pub updated: Option<PostTime>,
    /// Permalink below the site's address.
    pub url: String,
    /// Plain text.
    pub summary: String,
    /// The paper that the article came from.
    pub source: Option<String>,
    /// The article's address there.
    pub via: Option<String>,
    /// In the author's order.
    pub categories: Vec<String>,
    /// In the author's order.
    pub tags: Vec<String>,
    /// Ids of the matching topics.
    pub topics: Vec<String>,
    /// Whether readers see it.
    pub state: State,
}

/// Whether readers see a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// In the feeds.
    Live,
    /// Dated in the future: comes out by itself at its minute.
    Waiting,
    /// `published: false`.
    Withdrawn,
}

/// A log that a start leaves as it is: changes let it become half as large, one by one.
const SMALL_LOG: u64 = 8 << 20;

/// The open index. One writer; readers open their own (`Catalog::reader`).
pub struct Catalog {
    connection: Connection,
    links: Links,
    path: PathBuf,
    /// Between `expect_many` and `end_round`.
    is_long: bool,
    /// Folds the log.
    folding: Option<JoinHandle<()>>,
}

impl Catalog {
    /// Opens the index, and empties it when it was made by another version of tagwire or under
    /// other settings (`fingerprint`), so that it is built again from the posts.
    ///
    /// # Errors
    /// The file cannot be opened or is no database.
    pub fn open(path: &Path, fingerprint: &str) -> Result<Self, CatalogError> {
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(|source| CatalogError::Folder {
                path: path.display().to_string(),
                source,
            })?;
        }
        let connection = match schema::open(path, fingerprint) {
            // Derived data is not worth a question: a damaged index is made anew.
            Err(error) if schema::is_damaged(&error) => {
                schema::remove(path);
                schema::open(path, fingerprint)
            }
            opened => opened,
        };
        let connection = connection.map_err(|source| error(path, source))?;
        let mut catalog = Catalog::over(connection, path);
        if log_bytes(path) > SMALL_LOG {
            catalog.fold_log();
        }
        Ok(catalog)
    }

    /// Removes an index that is damaged, so that whoever opens it next builds it anew. The caller holds its lock.
    pub fn discard(path: &Path) {
        schema::remove(path);
    }

    /// A second connection that only reads, for the bot and the command line.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn reader(path: &Path) -> Result<Self, CatalogError> {
        let connection = schema::open_reader(path).map_err(|source| error(path, source))?;
        Ok(Catalog::over(connection, path))
    }

    /// Looks at every page of an index, and tells how many live posts it knows.
    ///
    /// # Errors
    /// It cannot be opened or read, or is damaged.
    pub fn sound(path: &Path) -> Result<u64, CatalogError> {
        let catalog = Catalog::reader(path)?;
        catalog.wrap(schema::check(&catalog.connection))?;
        Ok(catalog.counts()?.live)
    }

    fn over(connection: Connection, path: &Path) -> Self {
        Catalog {
            connection,
            links: Links::default(),
            path: path.to_owned(),
            is_long: false,
            folding: None,
        }
    }

    /// Before many changes: until `end_round` the log is folded into the index seldom, since each fold waits for the
    /// disk and writes the pages that all posts share once more. Of an index without posts it remembers, for feeds that
    /// show so many of the newest posts and categories that learn from so many of the oldest, which ones these are.
    ///
    /// # Errors
    /// SQLite's.
    pub fn expect_many(&mut self, newest: usize, oldest: usize) -> Result<(), CatalogError> {
        self.is_long = true;
        self.links.marks_stay();
        if !self.has_posts()? {
            let filled = self.links.fill(&self.connection, newest, oldest);
            self.wrap(filled)?;
        }
        self.wrap(schema::fold_log_seldom(&self.connection, true))
    }

    /// After them, before feeds are taken to be up to date.
    pub fn many_done(&mut self) {
        self.links.marks_may_go();
    }

    /// After everything that `expect_many` was about. What many changes left in the log is not folded before: whoever
    /// folds waits for the disk, and whoever makes files meanwhile waits with him. It is now in a program that `stays`,
    /// on a thread of its own, and else beside the next start.
    ///
    /// # Errors
    /// SQLite's.
    pub fn end_round(&mut self, stays: bool) -> Result<(), CatalogError> {
        // A program that ends has no use for the memory, and would have to wait.
        if stays {
            self.links.forget_fresh();
        }
        if std::mem::take(&mut self.is_long) {
            if stays {
                self.fold_log();
            }
            return self.wrap(schema::fold_log_seldom(&self.connection, false));
        }
        // Whoever stays has time until the end of a later round.
        let is_awaited = |folding: &mut JoinHandle<()>| !stays || folding.is_finished();
        if let Some(folding) = self.folding.take_if(is_awaited) {
            // The thread tells nothing, and has no way to panic.
            let _ = folding.join();
            if !schema::shrink_log(&self.connection).unwrap_or(false) {
                tracing::debug!("the catalog's log keeps its room until a later change");
            }
        }
        Ok(())
    }

    /// Folds what was committed, on a thread of its own.
    fn fold_log(&mut self) {
        if { self.folding.as_ref() }.is_some_and(|folding| !folding.is_finished()) {
            return;
        }
        let thread = std::thread::Builder::new().name("catalog log".to_owned());
        // What is not folded because a reader is in the way, or because there is no thread, is so by a later change.
        let later = |error: &dyn std::error::Error| {
            tracing::debug!(%error, "the catalog's log waits for a later change");
        };
        let connection = schema::open_to_fold(&self.path).inspect_err(|error| later(error));
        self.folding = connection.ok().and_then(|connection| {
            let fold = move || schema::fold_log(&connection).unwrap_or_else(|error| later(&error));
            thread.spawn(fold).inspect_err(|error| later(error)).ok()
        });
    }

    fn wrap<T>(&self, result: rusqlite::Result<T>) -> Result<T, CatalogError> {
        result.map_err(|source| error(&self.path, source))
    }
}

/// Bytes of the log; none when it cannot be looked at, as folding would not help then.
fn log_bytes(path: &Path) -> u64 {
    let log = schema::beside(path, "-wal").metadata();
    log.map_or(0, |found| found.len())
}

fn error(path: &Path, source: rusqlite::Error) -> CatalogError {
    CatalogError::Sqlite {
        path: path.display().to_string(),
        source,
    }
}

/// True for a path below one of these folders.
pub fn is_below_any(path: &str, folders: &[PathBuf]) -> bool {
    folders
        .iter()
        .any(|folder| Path::new(path).starts_with(folder))
}

/// How labels and the site are told apart in the `labels` table.
fn kind_and_name(follow: &Follow) -> (&'static str, &str) {
    match follow {
        Follow::Site => ("site", ""),
        Follow::Label(label) => (label.kind.as_str(), &label.name),
    }
}

fn follow_of(kind: &str, name: String) -> Follow {
    use crate::model::{Label, LabelKind};
    match LabelKind::ALL
        .into_iter()
        .find(|known| known.as_str() == kind)
    {
        Some(kind) => Follow::Label(Label::new(kind, name)),
        None => Follow::Site,
    }
}
