//! A hint becomes a list of files to read and of files that are gone.
//! In: a hint, the folder, the catalog. Out: `Changes`. A folder that vanished is never a deletion.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::reader::is_younger;
use super::{Derived, Hint, Patience, Round};
use crate::catalog::{CatalogError, Reading, is_below_any};
use crate::posts::{self, Ahead, Names, Paths, Stamp};
use crate::summary;

/// What a look found out.
#[derive(Debug, Default)]
pub struct Changes {
    /// Files that are new, have another version, or were missing: another file may stand for their post now.
    pub read: Paths,
    /// Known files that are not there.
    pub gone: Vec<String>,
    /// Files that cannot be looked at.
    pub troubles: Vec<Reading>,
}

impl Derived {
    pub(super) fn look(
        &mut self,
        hint: Hint,
        patience: Patience,
        now: i64,
        round: &mut Round,
    ) -> Result<Changes, CatalogError> {
        // Nobody vouches that a file which a scan comes across is whole. At the start there is no older
        // version to stay with, and what comes after the start is told by the watcher.
        let quiet_ms = match (&hint, patience) {
            (Hint::Start, _) | (_, Patience::OneShot) => 0,
            (_, Patience::Daemon) => self.reader.settle_ms,
        };
        let unsettled = |stamp: Stamp| quiet_ms > 0 && is_younger(stamp, quiet_ms, now);
        match hint {
            Hint::Start | Hint::Everything => {
                match quiet_ms == 0 && self.catalog.knows_no_file()? {
                    true => self.look_for_the_first_time(),
                    false => self.look_everywhere(unsettled, round),
                }
            }
            Hint::Paths { told, again } => {
                let mut changes = self.look_at(&told, |_| false, round)?;
                let told: HashSet<PathBuf> = told.into_iter().collect();
                let again: Vec<PathBuf> = { again }
                    .into_iter()
                    .filter(|path| {
                        !std::path::absolute(path).is_ok_and(|path| told.contains(&path))
                    })
                    .collect();
                changes.add(self.look_at(&again, unsettled, round)?);
                Ok(changes)
            }
            Hint::Time => Ok(Changes::default()),
        }
    }

    /// Of an empty index all files are new: they will be read, whatever their stamps are.
    fn look_for_the_first_time(&mut self) -> Result<Changes, CatalogError> {
        let ahead = self.ahead.take();
        if ahead.is_none() {
            // A search keeps one core busy, and much is read after this one.
            rayon::spawn(summary::warm_up);
        }
        let names = { ahead.and_then(Ahead::found) }.unwrap_or_else(|| posts::names(&self.roots));
        self.vanished.clear();
        Ok(self.changes_of(names, Vec::new()))
    }

    fn look_everywhere(
        &mut self,
        unsettled: impl Fn(Stamp) -> bool + Sync,
        round: &mut Round,
    ) -> Result<Changes, CatalogError> {
        let Derived { catalog, roots, .. } = self;
        let (mut names, known) = rayon::join(|| posts::names(roots), move || catalog.known_files());
        let known = known?;
        let folders: Vec<String> = self.roots.iter().map(|root| folder(root)).collect();
        // By root: whether a file there could be looked at.
        let alive: Vec<AtomicBool> = folders.iter().map(|_| AtomicBool::new(false)).collect();
        let young: Mutex<Vec<PathBuf>> = Mutex::default();
        names.look(|files| {
            for (folder, alive) in folders.iter().zip(&alive) {
                if !alive.load(Ordering::Relaxed) {
                    let any = files.iter().any(|(path, _)| path.starts_with(folder));
                    alive.fetch_or(any, Ordering::Relaxed);
                }
            }
            let both = files.iter().zip(known.are_as(files));
            let wanted = both.map(|((path, stamp), is_as_it_was)| {
                let is_young = !is_as_it_was && unsettled(*stamp);
                if is_young {
                    { young.lock().unwrap_or_else(PoisonError::into_inner) }.push(path.into());
                }
                !is_as_it_was && !is_young
            });
            wanted.collect()
        });
        round
            .unsettled
            .extend(young.into_inner().unwrap_or_else(PoisonError::into_inner));
        let alive = { alive.iter() }.map(|alive| alive.load(Ordering::Relaxed));
        let vanished = self.vanished(alive.collect())?;
        // What stands for its posts is not said to be none any more.
        names
            .problems
            .retain(|problem| !is_below_any(&problem.path, &vanished));
        let troubled = names
            .problems
            .iter()
            .map(|problem| (&*problem.path, Stamp::NONE));
        known.are_as(&troubled.collect::<Vec<_>>());
        let mut gone = self.catalog.unseen(&known)?;
        gone.retain(|path| {
            !is_below_any(path, &names.missing_roots) && !is_below_any(path, &vanished)
        });
        self.vanished = vanished;
        Ok(self.changes_of(names, gone))
    }

    /// The changes after a search in all folders that has left the files to read.
    fn changes_of(&mut self, names: Names, gone: Vec<String>) -> Changes {
        let Names {
            files: mut read,
            problems,
            missing_roots,
        } = names;
        read.sort();
        self.away = missing_roots;
        Changes {
            read,
            gone,
            troubles: troubles(problems),
        }
    }

    /// Roots in which no file is `alive` any more, where more were known than anybody deletes by hand.
    fn vanished(&self, alive: Vec<bool>) -> Result<Vec<PathBuf>, CatalogError> {
        let mut vanished = Vec::new();
        for (root, is_alive) in self.roots.iter().zip(alive) {
            if !is_alive && self.is_guarded(self.catalog.presence(&folder(root))?.0) {
                vanished.push(root.clone());
            }
        }
        Ok(vanished)
    }

    fn is_guarded(&self, posts: usize) -> bool {
        let guard = self.config.posts.vanish_guard;
        guard > 0 && posts > guard
    }

    /// Roots whose missing posts are not forgotten, however they went: the folder is not there, or no post is
    /// left in it.
    pub(super) fn held_back(&self) -> Result<Vec<PathBuf>, CatalogError> {
        let mut held = Vec::new();
        for root in &self.roots {
            let (there, missing) = self.catalog.presence(&folder(root))?;
            if !root.is_dir() || (there == 0 && self.is_guarded(missing)) {
                held.push(root.clone());
            }
        }
        Ok(held)
    }

    /// Says what is the matter with the folders, once for as long as it lasts.
    pub(super) fn say(&mut self, round: &mut Round) -> Result<(), CatalogError> {
        let mut standing = BTreeSet::new();
        for root in &self.away {
            standing.insert(format!(
                "posts.dir {}: the folder is not there or cannot be read; its posts stay as they were",
                root.display()
            ));
        }
        for root in self.vanished.iter().chain(&self.held) {
            if self.away.contains(root) || !root.is_dir() {
                continue;
            }
            let (there, missing) = self.catalog.presence(&folder(root))?;
            standing.insert(format!(
                "posts.dir {} holds no post at all, but {} were known: taken for an unmounted folder, the posts stay; if they are meant to go, start once with --set posts.vanish_guard=0",
                root.display(),
                there + missing
            ));
        }
        round
            .notices
            .extend(standing.difference(&self.said).cloned());
        self.said = standing;
        Ok(())
    }

    fn look_at(
        &self,
        paths: &[PathBuf],
        unsettled: impl Fn(Stamp) -> bool,
        round: &mut Round,
    ) -> Result<Changes, CatalogError> {
        let mut changes = Changes::default();
        let look = posts::look(&self.roots, paths);
        let mut there: HashSet<String> = HashSet::new();
        for found in look.found {
            there.insert(found.path.clone());
            match self.catalog.file(&found.path)? {
                Some((stamp, false)) if stamp == found.stamp => {}
                _ if unsettled(found.stamp) => round.unsettled.push(found.path.into()),
                _ => changes.read.push(&found.path),
            }
        }
        changes.troubles = troubles(look.problems);
        there.extend(changes.troubles.iter().map(|trouble| trouble.path.clone()));
        for path in look.at {
            if self
                .roots
                .iter()
                .any(|root| !root.is_dir() && Path::new(&path).starts_with(root))
            {
                continue;
            }
            let mut known = self
                .catalog
                .files_below(&format!("{}/", path.trim_end_matches('/')))?;
            if self
                .catalog
                .file(&path)?
                .is_some_and(|(_, missing)| !missing)
            {
                known.push(path);
            }
            known.retain(|path| !there.contains(path) && !is_below_any(path, &look.missing_roots));
            changes.gone.extend(known);
        }
        changes.gone.sort();
        changes.gone.dedup();
        Ok(changes)
    }
}

impl Changes {
    /// Files to read, in the order of `paths`.
    pub fn of(paths: Vec<String>) -> Changes {
        Changes {
            read: paths.into_iter().collect(),
            ..Changes::default()
        }
    }

    fn add(&mut self, more: Changes) {
        self.read.extend(more.read.iter());
        self.read.sort();
        self.gone.extend(more.gone);
        self.troubles.extend(more.troubles);
    }
}

/// What the paths below a root begin with.
fn folder(root: &Path) -> String {
    format!("{}/", root.to_string_lossy().trim_end_matches('/'))
}

fn troubles(problems: Vec<crate::model::Problem>) -> Vec<Reading> {
    problems
        .into_iter()
        .map(|problem| Reading {
            path: problem.path.clone(),
            stamp: Stamp::NONE,
            post: None,
            problems: vec![problem],
        })
        .collect()
}
