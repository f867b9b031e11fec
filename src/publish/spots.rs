//! Places for files that are about to be written.
//! In: paths, and what the caller remembers of them. Out: for each its place and, in a folder that is new, an empty
//! file that waits for its bytes: cores that make files in one folder wait for each other, so one makes most of them
//! while the others write.

use std::collections::HashSet;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder::Folder;
use super::parents::{Parent, Parents};
use super::paths::checked;
use super::write::Blank;
use super::{Coding, Published};

/// Files that are looked at for being made before their bytes are. Those of one batch and of the next are open at once,
/// 96, where a process may have 1024 open by default.
const AHEAD: usize = 64;

/// One file of so many is made with its bytes: whoever makes the others would take longer than whoever writes.
const LEFT: usize = 4;

/// Places for the files of some jobs, in their order.
#[derive(Debug, Default)]
pub struct Spots(pub(super) Vec<Vec<Spot>>);

/// A place for a file, and what the caller remembers of it and of its copies.
#[derive(Debug)]
pub(super) struct Spot {
    pub path: String,
    pub place: io::Result<Place>,
    pub known: Option<Published>,
    pub copies: Vec<(Coding, Option<Published>)>,
}

/// Where a file belongs.
#[derive(Debug)]
pub(super) struct Place {
    pub target: PathBuf,
    /// Its new folder, if that has no name yet.
    pub within: Option<Arc<Path>>,
    /// The file in the new folder, unless it is made only with its bytes.
    pub blank: Option<Blank>,
}

/// Finds places, each path once.
#[derive(Debug)]
pub struct Finder<'a> {
    folder: &'a Folder,
    pub(super) parents: Parents,
    seen: HashSet<String>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(folder: &'a Folder) -> Self {
        Finder {
            folder,
            parents: Parents::below(folder.dir()),
            seen: HashSet::new(),
        }
    }

    /// Places for the files of some jobs, each of which makes the bytes of its paths. `known` tells what lies at a path
    /// as far as the caller remembers.
    pub fn find(
        &mut self,
        jobs: Vec<Vec<String>>,
        known: &dyn Fn(&str) -> Option<Published>,
    ) -> Spots {
        let mut number = 0;
        let mut spot = |path| {
            number += 1;
            let is_ahead = number <= AHEAD && number % LEFT > 0;
            self.spot(path, known, is_ahead)
        };
        let jobs = jobs.into_iter();
        Spots(
            jobs.map(|paths| paths.into_iter().map(&mut spot).collect())
                .collect(),
        )
    }

    fn spot(
        &mut self,
        path: String,
        known: &dyn Fn(&str) -> Option<Published>,
        is_ahead: bool,
    ) -> Spot {
        let copies = self.folder.codings().iter();
        Spot {
            known: known(&path),
            copies: copies
                .map(|coding| (*coding, known(&coding.copy_of(&path))))
                .collect(),
            place: self.place(&path, is_ahead),
            path,
        }
    }

    fn place(&mut self, path: &str, is_ahead: bool) -> io::Result<Place> {
        let is_new = self.seen.insert(path.to_owned());
        let (parent, name) = split(checked(path)?);
        if !is_new {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                "twice in one batch",
            ));
        }
        let Parent { place, within } = self.parents.of(parent)?;
        let folder = within.as_deref().filter(|_| is_ahead);
        // What fails now is tried again with the bytes, and fails there with its own words.
        let blank = folder.and_then(|folder| Blank::within(folder, name).ok());
        Ok(Place {
            target: place.join(name),
            within,
            blank,
        })
    }
}

/// The folder of a path below the root, and the file's name in it.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}
