//! What is published, as the server knows it.
//! In: rows from `publish`. Out: for a path its hash, length and time, without asking the disk.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use foldhash::HashMap;

use crate::publish::Published;

/// Paths and validators of published files; clones share one map.
#[derive(Debug, Clone)]
pub struct Shelf {
    dir: Arc<PathBuf>,
    files: Arc<RwLock<HashMap<Arc<str>, Stamp>>>,
}

/// What tells one version of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub hash: [u8; 16],
    pub size: u64,
    pub modified_ns: i64,
}

/// Files for the shelf.
#[derive(Debug)]
pub struct Stock(HashMap<Arc<str>, Stamp>);

impl Stock {
    /// These files; of one that is there twice the later version.
    pub fn of(published: impl IntoIterator<Item = Published>) -> Stock {
        let stamped = published.into_iter().map(|file| {
            let stamp = Stamp {
                hash: file.hash,
                size: file.size,
                modified_ns: file.modified_ns,
            };
            (file.path, stamp)
        });
        Stock(stamped.collect())
    }
}

impl Shelf {
    /// An empty shelf over the published folder.
    pub fn new(dir: PathBuf) -> Shelf {
        Shelf {
            dir: Arc::new(dir),
            files: Arc::default(),
        }
    }

    /// Puts files on the shelf, or their new versions: requests see all of them or none.
    pub fn put_all(&self, published: impl IntoIterator<Item = Published>) {
        self.put(Stock::of(published));
    }

    /// The same of what was made ready before.
    pub fn put(&self, stock: Stock) {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        match files.is_empty() {
            true => *files = stock.0,
            false => files.extend(stock.0),
        }
    }

    /// Takes files off the shelf.
    pub fn remove_all(&self, paths: &[String]) {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        for path in paths {
            files.remove(path.as_str());
        }
    }

    /// Files on the shelf.
    pub fn len(&self) -> usize {
        self.files
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// True before anything is published.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What lies at a path.
    pub fn get(&self, path: &str) -> Option<Published> {
        self.find(path).map(|stamp| Published {
            path: path.into(),
            hash: stamp.hash,
            size: stamp.size,
            modified_ns: stamp.modified_ns,
        })
    }

    pub(super) fn find(&self, path: &str) -> Option<Stamp> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.get(path).copied()
    }

    /// Every path, in no order.
    pub(super) fn paths(&self) -> Vec<Arc<str>> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.keys().cloned().collect()
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }
}
