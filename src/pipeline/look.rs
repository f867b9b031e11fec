//! A hint becomes a list of files to read and of files that are gone.
//! In: a hint, the folder, the catalog. Out: `Changes`. A folder that vanished is never a deletion.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::reader::is_younger;
use super::{Derived, Hint, Patience, Round};
use crate::catalog::{Catalog, CatalogError, KnownFiles, Reading, is_below_any};
use crate::model::Follow;
use crate::posts::{self, Ahead, Folders, Lookout, Names, Paths, Seen, Sight, Stamp};

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
                let is_start = quiet_ms == 0;
                if is_start && self.catalog.knows_no_file()? {
                    return self.look_for_the_first_time();
                }
                // In the middle of a run somebody doubts what is known.
                let known = match is_start {
                    true => self.catalog.folders()?.look(),
                    false => Folders::default(),
                };
                self.look_everywhere(&known, &unsettled, round)
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
            super::warm_up();
        }
        let names = { ahead.and_then(Ahead::found) }.unwrap_or_else(|| posts::names(&self.roots));
        self.vanished.clear();
        Ok(self.changes_of(names, Vec::new()))
    }

    /// Asks folders for their names, unless they are as `known` has them.
    fn search(&mut self, known: &Folders, living: &Living) -> Result<Searched, CatalogError> {
        let changed: Mutex<Vec<(String, Sight)>> = Mutex::default();
        let report = &|mut seen: Seen| {
            if seen.is_alive {
                living.note([&*seen.folder]);
            }
            { changed.lock().unwrap_or_else(PoisonError::into_inner) }.append(&mut seen.changed);
        };
        let Derived { catalog, roots, .. } = self;
        let (names, files) = rayon::join(
            || posts::names_again(roots, known),
            // A connection stays on its thread.
            move || {
                rayon::in_place_scope(|cores| {
                    look_at_known(catalog, known, Lookout::new(cores, report))
                })
            },
        );
        let changed = changed.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Searched {
            names,
            files: files?,
            changed,
        })
    }

    /// Asks folders for their names, and each file there for its stamp; of folders in `known` that are as they were, the
    /// files that are known.
    fn look_everywhere(
        &mut self,
        known: &Folders,
        unsettled: &(dyn Fn(Stamp) -> bool + Sync),
        round: &mut Round,
    ) -> Result<Changes, CatalogError> {
        let living = Living::of(&self.roots);
        let Searched {
            mut names,
            files,
            changed,
        } = self.search(known, &living)?;
        let is_reached =
            |folder: &str| names.folders.has(folder) || !known.are_as_they_were_in(folder);
        if !known.iter().all(|(folder, _)| is_reached(folder)) {
            // By its path it is there, but a search does not come to it: through a link that is new.
            return self.look_everywhere(&Folders::default(), unsettled, round);
        }
        let young: Mutex<Vec<PathBuf>> = Mutex::default();
        let is_wanted = |path: &str, stamp: Stamp| {
            let is_young = unsettled(stamp);
            if is_young {
                { young.lock().unwrap_or_else(PoisonError::into_inner) }.push(path.into());
            }
            !is_young
        };
        names.look(|found| {
            living.note(found.iter().map(|(path, _)| *path));
            let both = found.iter().zip(files.are_as(found));
            both.map(|((path, stamp), is_as_it_was)| !is_as_it_was && is_wanted(path, *stamp))
                .collect()
        });
        let mut gone = sort_out(changed, &mut names, is_wanted);
        round
            .unsettled
            .extend(young.into_inner().unwrap_or_else(PoisonError::into_inner));
        let vanished = self.vanished(living.roots())?;
        // What stands for its posts is not said to be none any more.
        names
            .problems
            .retain(|problem| !is_below_any(&problem.path, &vanished));
        let troubled = names
            .problems
            .iter()
            .map(|problem| (&*problem.path, Stamp::NONE));
        files.are_as(&troubled.collect::<Vec<_>>());
        gone.extend(self.catalog.unseen(&files)?);
        gone.sort();
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
            folders,
            ..
        } = names;
        self.searched = Some(folders);
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

    /// No folder of posts is there, and no post is known, but there are feeds: they are of a catalog that is gone, or of
    /// other folders, and stay as they are.
    pub(super) fn is_blind(&self) -> Result<bool, CatalogError> {
        let is_nothing_there = self.roots.iter().all(|root| self.away.contains(root));
        if !is_nothing_there || !self.catalog.knows_no_file()? {
            return Ok(false);
        }
        let shape = self.shape();
        let files = shape.addresses.files(&shape.settings, &Follow::Site);
        let dir = self.folder.dir();
        Ok(files.iter().any(|file| dir.join(file).exists()))
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

/// What folders say, and what is known of the files there.
struct Searched {
    names: Names,
    files: KnownFiles,
    /// Of the known files in folders as they were, those that are not as they were.
    changed: Vec<(String, Sight)>,
}

/// In which roots a file could be looked at.
struct Living {
    folders: Vec<String>,
    alive: Vec<AtomicBool>,
}

impl Living {
    fn of(roots: &[PathBuf]) -> Living {
        Living {
            folders: roots.iter().map(|root| folder(root)).collect(),
            alive: roots.iter().map(|_| AtomicBool::new(false)).collect(),
        }
    }

    /// There is a file at each of these paths, or below it.
    fn note<'a>(&self, paths: impl IntoIterator<Item = &'a str> + Clone) {
        for (folder, alive) in self.folders.iter().zip(&self.alive) {
            if !alive.load(Ordering::Relaxed) {
                let any = { paths.clone().into_iter() }.any(|path| path.starts_with(folder));
                alive.fetch_or(any, Ordering::Relaxed);
            }
        }
    }

    fn roots(&self) -> Vec<bool> {
        let alive = self.alive.iter();
        alive.map(|alive| alive.load(Ordering::Relaxed)).collect()
    }
}

/// Tells the files that are known in folders as they were to whoever looks at them, and gives what is known of the others.
fn look_at_known<F: Fn(Seen) + Sync>(
    catalog: &Catalog,
    folders: &Folders,
    mut lookout: Lookout<'_, '_, F>,
) -> Result<KnownFiles, CatalogError> {
    let (mut last, mut is_as_it_was) = (String::new(), folders.are_as_they_were_in(""));
    let known = catalog.known_files(|path, stamp| {
        let (folder, name) = posts::split(path);
        if folder != last {
            folder.clone_into(&mut last);
            is_as_it_was = folders.are_as_they_were_in(folder);
        }
        if is_as_it_was {
            lookout.tell(folder, name, stamp);
        }
        is_as_it_was
    });
    lookout.end();
    known
}

/// Adds what was seen of known files to what a search found, and gives those that are gone.
fn sort_out(
    mut changed: Vec<(String, Sight)>,
    names: &mut Names,
    is_wanted: impl Fn(&str, Stamp) -> bool,
) -> Vec<String> {
    // Whichever core came first.
    changed.sort_by(|a, b| a.0.cmp(&b.0));
    let mut gone = Vec::new();
    for (path, sight) in changed {
        match sight {
            Ok(Some(stamp)) if is_wanted(&path, stamp) => names.files.push(&path),
            Ok(Some(_)) => {}
            Ok(None) => {
                names.folders.doubt(&path);
                gone.push(path);
            }
            Err(problems) => {
                names.folders.doubt(&path);
                names.problems.extend(problems);
            }
        }
    }
    gone
}

/// What the paths below a root begin with.
pub(super) fn folder(root: &Path) -> String {
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
