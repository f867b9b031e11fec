//! A hint becomes a list of files to read and of files that are gone.
//! In: a hint, the folder, the catalog. Out: `Changes`. A folder that vanished is never a deletion.

use std::path::{Path, PathBuf};

use super::derived::VANISHED;
use super::{Derived, Hint, Round};
use crate::catalog::{CatalogError, Reading};
use crate::posts::{self, Found, Look, Stamp};

/// What a look found out.
#[derive(Debug, Default)]
pub struct Changes {
    /// Files that are new, have another version, or were missing: another file may stand for their post now.
    pub read: Vec<String>,
    /// Known files that are not there.
    pub gone: Vec<String>,
    /// Files that cannot be looked at.
    pub troubles: Vec<Reading>,
}

impl Derived {
    pub(super) fn look(&self, hint: Hint, round: &mut Round) -> Result<Changes, CatalogError> {
        match hint {
            Hint::Everything => self.look_everywhere(round),
            Hint::Paths(paths) => self.look_at(&paths),
            Hint::Time => Ok(Changes::default()),
        }
    }

    fn look_everywhere(&self, round: &mut Round) -> Result<Changes, CatalogError> {
        let scan = posts::scan(&self.roots);
        let mut known = self.catalog.files()?;
        let mut changes = Changes::default();
        let nothing_found = scan.found.is_empty();
        for found in scan.found {
            match known.remove(&found.path) {
                Some((stamp, false)) if stamp == found.stamp => {}
                _ => changes.read.push(found.path),
            }
        }
        for root in &scan.missing_roots {
            round.notices.push(format!(
                "posts.dir {}: the folder is not there or cannot be read; its posts stay as they were",
                root.display()
            ));
        }
        changes.troubles = troubles(scan.problems);
        for trouble in &changes.troubles {
            known.remove(&trouble.path);
        }
        let mut gone: Vec<String> = known
            .into_iter()
            .filter(|(path, (_, missing))| !missing && !is_below_any(path, &scan.missing_roots))
            .map(|(path, _)| path)
            .collect();
        if nothing_found && gone.len() > VANISHED {
            round.notices.push(format!(
                "posts.dir holds no post at all, but {} were known: taken for an unmounted folder, the posts stay",
                gone.len()
            ));
            gone.clear();
        }
        gone.sort();
        changes.gone = gone;
        Ok(changes)
    }

    fn look_at(&self, paths: &[PathBuf]) -> Result<Changes, CatalogError> {
        let mut changes = Changes::default();
        for path in paths {
            match posts::look(&self.roots, path) {
                Look::Post(found) => self.compare(found, &mut changes)?,
                Look::Folder(found) => {
                    for found in found {
                        self.compare(found, &mut changes)?;
                    }
                }
                Look::Gone(path) => self.gone(path, &mut changes)?,
                Look::Ignored => {}
            }
        }
        changes.read.sort();
        changes.read.dedup();
        Ok(changes)
    }

    fn compare(&self, found: Found, changes: &mut Changes) -> Result<(), CatalogError> {
        match self.catalog.file(&found.path)? {
            Some((stamp, false)) if stamp == found.stamp => {}
            _ => changes.read.push(found.path),
        }
        Ok(())
    }

    /// A path that is not there was a file, or a folder with files.
    fn gone(&self, path: String, changes: &mut Changes) -> Result<(), CatalogError> {
        let root_vanished = self
            .roots
            .iter()
            .any(|root| !root.is_dir() && Path::new(&path).starts_with(root));
        if root_vanished {
            return Ok(());
        }
        changes
            .gone
            .extend(self.catalog.files_below(&format!("{path}/"))?);
        if self
            .catalog
            .file(&path)?
            .is_some_and(|(_, missing)| !missing)
        {
            changes.gone.push(path);
        }
        Ok(())
    }
}

fn is_below_any(path: &str, roots: &[PathBuf]) -> bool {
    roots.iter().any(|root| Path::new(path).starts_with(root))
}

fn troubles(problems: Vec<crate::model::Problem>) -> Vec<Reading> {
    problems
        .into_iter()
        .map(|problem| Reading {
            path: problem.path.clone(),
            // No real file has this stamp, so the file is read as soon as it can be.
            stamp: Stamp {
                size: u64::MAX >> 1,
                modified_ns: -1,
            },
            post: None,
            problems: vec![problem],
        })
        .collect()
}
