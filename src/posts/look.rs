//! Looks at paths that may have changed, as a scan of everything would see them.
//! In: paths, from a watcher or a person. Out: the files there with their stamps, problems, and what was looked at:
//! whatever was known there and is not found is gone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::folders::Folders;
use super::read::Stamp;
use super::scan::{Names, is_gone, is_left_out, is_post_name};
use crate::model::Problem;

/// A file that may be a post.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// As `posts.dir` leads to it, with `/` between folders.
    pub path: String,
    /// Its stamp when it was seen.
    pub stamp: Stamp,
}

/// What is at paths that may have changed.
#[derive(Debug, Default)]
pub struct Look {
    /// Files, sorted by path.
    pub found: Vec<Found>,
    /// As in [`Names`].
    pub problems: Vec<Problem>,
    /// As in [`Names`].
    pub missing_roots: Vec<PathBuf>,
    /// The paths that were looked at, as `posts.dir` leads to them: whatever was known at one of these or
    /// below it, and was not found, is gone.
    pub at: Vec<String>,
}

/// True when a path, absolute or as the roots are written, may be a post's or that of a folder with posts.
pub(super) fn concerns(roots: &[PathBuf], path: &Path) -> bool {
    roots
        .iter()
        .find_map(|root| below(root, path))
        .is_some_and(|(_, relative)| !is_left_out(&relative))
}

/// Looks at paths, absolute or as the roots are written. A root that is away is left to [`names`](super::names()).
pub fn look(roots: &[PathBuf], paths: &[PathBuf]) -> Look {
    let mut look = Look::default();
    let mut real = HashMap::new();
    let mut odd: BTreeMap<&Path, BTreeSet<PathBuf>> = BTreeMap::new();
    for path in paths {
        let Some((root, relative)) = roots.iter().find_map(|root| below(root, path)) else {
            continue;
        };
        if is_left_out(&relative) || !root.is_dir() {
            continue;
        }
        let mut target = match relative.as_os_str().is_empty() {
            true => root.to_owned(),
            false => root.join(&relative),
        };
        // A name that cannot be kept is looked at with its folder.
        while target.to_str().is_none() && target.pop() {}
        look.at.extend(target.to_str().map(str::to_owned));
        match plain_file(root, &target, &mut real) {
            Some(Some(found)) => look.found.push(found),
            Some(None) => {}
            None => {
                odd.entry(root).or_default().insert(target);
            }
        }
    }
    let mut names = Names::default();
    for (root, targets) in odd {
        names.walk(root, Some(&Targets::new(targets)), &Folders::default());
    }
    let found = Mutex::new(look.found);
    names.look(|files| {
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        found.extend(files.iter().map(|(path, stamp)| Found {
            path: (*path).to_owned(),
            stamp: *stamp,
        }));
        vec![false; files.len()]
    });
    look.found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    look.found.sort();
    look.found.dedup();
    look.problems = names.problems;
    look.missing_roots = names.missing_roots;
    look.at.sort();
    look.at.dedup();
    look
}

/// The quick way for what is nearly always there, a file or nothing, in real folders; `None` for all else.
fn plain_file(
    root: &Path,
    path: &Path,
    real: &mut HashMap<PathBuf, bool>,
) -> Option<Option<Found>> {
    if !path
        .parent()
        .is_some_and(|above| is_real(root, above, real))
    {
        return None;
    }
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_file() => {
            let text = path.to_str().filter(|text| is_post_name(text.as_bytes()))?;
            Some(Some(Found {
                path: text.to_owned(),
                stamp: Stamp::of(&metadata),
            }))
        }
        Err(error) if is_gone(&error) => Some(None),
        Ok(_) | Err(_) => None,
    }
}

/// True for a folder that no link below the root leads to.
fn is_real(root: &Path, folder: &Path, known: &mut HashMap<PathBuf, bool>) -> bool {
    if folder == root {
        return true;
    }
    if let Some(real) = known.get(folder) {
        return *real;
    }
    let real = { folder.parent() }.is_some_and(|above| is_real(root, above, known))
        && !folder.is_symlink();
    known.insert(folder.to_owned(), real);
    real
}

/// The root and the rest of a path below it. Watchers speak in absolute paths.
fn below<'a>(root: &'a Path, path: &'a Path) -> Option<(&'a Path, PathBuf)> {
    if let Ok(rest) = path.strip_prefix(root) {
        return Some((root, rest.to_owned()));
    }
    let absolute = std::path::absolute(root).ok()?;
    if let Ok(rest) = path.strip_prefix(&absolute) {
        return Some((root, rest.to_owned()));
    }
    let real = root.canonicalize().ok()?;
    path.strip_prefix(real)
        .ok()
        .map(|rest| (root, rest.to_owned()))
}

/// What of a root is looked at: paths with all below them, and the folders that lead there. None is below
/// another, so that neighbours in the order of paths tell everything.
#[derive(Default)]
pub(super) struct Targets(BTreeSet<PathBuf>);

impl Targets {
    fn new(paths: BTreeSet<PathBuf>) -> Targets {
        let mut targets = BTreeSet::new();
        let mut last: Option<PathBuf> = None;
        for path in paths {
            if !last.as_ref().is_some_and(|last| path.starts_with(last)) {
                targets.insert(path.clone());
                last = Some(path);
            }
        }
        Targets(targets)
    }

    pub fn hold(&self, path: &Path) -> bool {
        let mut before = self
            .0
            .range::<Path, _>((Bound::Unbounded, Bound::Included(path)));
        before.next_back().is_some_and(|at| path.starts_with(at))
    }

    pub fn lead_to(&self, path: &Path) -> bool {
        let mut after = self
            .0
            .range::<Path, _>((Bound::Included(path), Bound::Unbounded));
        after.next().is_some_and(|at| at.starts_with(path)) || self.hold(path)
    }
}
