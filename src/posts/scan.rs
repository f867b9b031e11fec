//! Finds the files that are posts.
//! In: the folders of the config, or paths that may have changed. Out: paths, with stamps where these are wanted,
//! problems, and the folders that could not be looked into, whose posts are not deleted.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::ops::Bound;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use rayon::prelude::*;
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use walkdir::{DirEntry, WalkDir};

use super::findings::{FILE, Findings};
use super::read::Stamp;
use crate::model::Problem;

/// A file that may be a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// As `posts.dir` leads to it, with `/` between folders.
    pub path: String,
    /// Its stamp when it was seen; of a search for names `Stamp::NONE`.
    pub stamp: Stamp,
}

/// What a search found.
#[derive(Debug, Default)]
pub struct Scan {
    /// Sorted by path.
    pub found: Vec<Found>,
    /// Pipes, loops, unreadable files.
    pub problems: Vec<Problem>,
    /// Roots, and folders below them, that are absent or unreadable: nothing is known of what is
    /// below them, so posts whose paths begin with one of these are not deleted.
    pub missing_roots: Vec<PathBuf>,
}

/// What is at paths that may have changed.
#[derive(Debug, Default)]
pub struct Look {
    /// What is there, as a scan of everything would say it.
    pub scan: Scan,
    /// The paths that were looked at, as `posts.dir` leads to them: whatever was known at one of these or
    /// below it, and is not in the scan, is gone.
    pub at: Vec<String>,
}

/// What is wanted of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Names and stamps.
    Stamps,
    /// Names alone, for files that will be read whatever their stamps are: they are not looked at twice.
    Names,
}

/// Searches all roots.
pub fn scan(roots: &[PathBuf], wanted: Wanted) -> Scan {
    let mut scan = Scan::default();
    for root in roots {
        walk(root, None, wanted, &mut scan);
    }
    scan.sort();
    scan
}

/// A search for names in all roots that goes on while other things are made ready.
#[derive(Debug)]
pub struct Ahead(JoinHandle<Scan>);

impl Ahead {
    /// `None` when there is no thread for it.
    pub fn begin(roots: &[PathBuf]) -> Option<Ahead> {
        let roots = roots.to_vec();
        let search = move || scan(&roots, Wanted::Names);
        let thread = std::thread::Builder::new().name("names".to_owned());
        thread.spawn(search).ok().map(Ahead)
    }

    /// Waits for the end. `None` when the search broke off.
    pub fn found(self) -> Option<Scan> {
        self.0.join().ok()
    }
}

impl Scan {
    fn sort(&mut self) {
        self.found.par_sort_unstable_by(|a, b| a.path.cmp(&b.path));
        self.found.dedup_by(|a, b| a.path == b.path);
    }
}

/// True when a path, absolute or as the roots are written, may be a post's or that of a folder with posts.
pub(super) fn concerns(roots: &[PathBuf], path: &Path) -> bool {
    roots
        .iter()
        .find_map(|root| below(root, path))
        .is_some_and(|(_, relative)| !is_left_out(&relative))
}

/// Looks at paths, absolute or as the roots are written. A root that is away is left to `scan`.
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
            Some(Some(found)) => look.scan.found.push(found),
            Some(None) => {}
            None => {
                odd.entry(root).or_default().insert(target);
            }
        }
    }
    for (root, targets) in odd {
        let targets = Targets::new(targets);
        walk(root, Some(&targets), Wanted::Stamps, &mut look.scan);
    }
    look.scan.sort();
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
            let text = path.to_str().filter(|text| is_post_name(text))?;
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

/// True for what is below a hidden folder, or hidden or temporary itself.
fn is_left_out(relative: &Path) -> bool {
    let mut names = relative.iter().map(|name| name.to_string_lossy());
    names.any(|name| is_ignored_folder(&name))
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
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

/// What of a root is wanted: paths with all below them, and the folders that lead there. None is below
/// another, so that neighbours in the order of paths tell everything.
#[derive(Default)]
struct Targets(BTreeSet<PathBuf>);

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

    fn hold(&self, path: &Path) -> bool {
        let mut before = self
            .0
            .range::<Path, _>((Bound::Unbounded, Bound::Included(path)));
        before.next_back().is_some_and(|at| path.starts_with(at))
    }

    fn lead_to(&self, path: &Path) -> bool {
        let mut after = self
            .0
            .range::<Path, _>((Bound::Included(path), Bound::Unbounded));
        after.next().is_some_and(|at| at.starts_with(path)) || self.hold(path)
    }
}

/// Walks a root, or `only` the way to some targets and all below them.
fn walk(root: &Path, only: Option<&Targets>, wanted: Wanted, scan: &mut Scan) {
    let leads = |path: &Path| only.is_none_or(|targets| targets.lead_to(path));
    let entries = WalkDir::new(root)
        .follow_links(true)
        .into_iter()
        .filter_entry(|entry| (entry.depth() == 0 || is_wanted(entry)) && leads(entry.path()));
    let mut named = Vec::new();
    for entry in entries {
        match entry {
            Ok(entry) if only.is_none_or(|targets| targets.hold(entry.path())) => {
                if may_be_post(&entry) {
                    named.push(entry);
                }
                if named.len() == AT_A_TIME {
                    stat(&mut named, wanted, scan);
                }
            }
            Err(error) if leads(error.path().unwrap_or(root)) => {
                stat(&mut named, wanted, scan);
                failure(root, &error, scan);
            }
            Ok(_) | Err(_) => {}
        }
    }
    stat(&mut named, wanted, scan);
}

/// Names that are kept until they are looked at on all cores: few beside what is known of each post.
const AT_A_TIME: usize = 4096;

/// Names of one folder for which it is opened, so that the system need not find it again for each. Few folders of
/// those that are open at a time are: a process may have a thousand handles.
const WORTH_A_HANDLE: usize = 64;

/// Looks at files by the names that a folder gave, in their order.
fn stat(named: &mut Vec<DirEntry>, wanted: Wanted, scan: &mut Scan) {
    let mut folders = Vec::with_capacity(named.len());
    for group in named.chunk_by(|a, b| folder_of(a) == folder_of(b)) {
        let is_worth_it = wanted == Wanted::Stamps && group.len() >= WORTH_A_HANDLE;
        let folder = { group.first() }.filter(|_| is_worth_it);
        let folder = folder
            .and_then(|entry| entry.path().parent())
            .and_then(open_folder);
        folders.extend(std::iter::repeat_n(folder, group.len()));
    }
    let entries = named.par_drain(..).zip(folders.into_par_iter());
    let looked: Vec<Result<Found, Vec<Problem>>> = entries
        .map(|(entry, folder)| file(entry, folder.as_deref(), wanted))
        .collect();
    for found in looked {
        match found {
            Ok(found) => scan.found.push(found),
            Err(problems) => scan.problems.extend(problems),
        }
    }
}

/// A path without its last name.
fn folder_of(entry: &DirEntry) -> &[u8] {
    let path = entry.path().as_os_str().as_encoded_bytes();
    let end = memchr::memrchr(b'/', path).unwrap_or(0);
    &path[..end]
}

fn open_folder(path: &Path) -> Option<Arc<OwnedFd>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty())
        .ok()
        .map(Arc::new)
}

fn may_be_post(entry: &DirEntry) -> bool {
    !entry.file_type().is_dir() && is_post_name(&entry.file_name().to_string_lossy())
}

fn is_wanted(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    if entry.file_type().is_dir() {
        !is_ignored_folder(&name)
    } else {
        !is_ignored(&name)
    }
}

fn file(entry: DirEntry, folder: Option<&OwnedFd>, wanted: Wanted) -> Result<Found, Vec<Problem>> {
    let seen = match wanted {
        Wanted::Names if entry.file_type().is_file() => Ok(Some(Stamp::NONE)),
        Wanted::Names | Wanted::Stamps => stamp(&entry, folder),
    };
    let path = match entry.into_path().into_os_string().into_string() {
        Ok(path) => path,
        Err(path) => {
            let shown = path.to_string_lossy();
            let mut findings = Findings::new(&shown);
            findings.skipped(
                "bad-file-name",
                FILE,
                "the file name is not UTF-8",
                "rename the file",
            );
            return Err(findings.into_list());
        }
    };
    let mut findings = Findings::new(&path);
    match seen {
        Ok(Some(stamp)) => return Ok(Found { path, stamp }),
        Ok(None) => findings.skipped(
            "not-a-file",
            FILE,
            "this is a pipe, socket or device, not a file",
            "move it out of the posts' folder",
        ),
        Err(error) => findings.skipped(
            "unreadable",
            FILE,
            format!("the file cannot be looked at: {error}"),
            "let tagwire read it",
        ),
    }
    Err(findings.into_list())
}

/// The stamp of an entry, found by its name in its folder where that is open; `None` for what is no regular file.
fn stamp(entry: &DirEntry, folder: Option<&OwnedFd>) -> Result<Option<Stamp>, walkdir::Error> {
    if let Some(folder) = folder {
        let flags = match entry.path_is_symlink() {
            true => AtFlags::empty(),
            false => AtFlags::SYMLINK_NOFOLLOW,
        };
        // What cannot be looked at is asked for once more by its path, whose error names it.
        if let Ok(stat) = rustix::fs::statat(folder, entry.file_name(), flags) {
            let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
            return Ok(is_file.then(|| Stamp::of_stat(&stat)));
        }
    }
    let metadata = entry.metadata()?;
    Ok(metadata.is_file().then(|| Stamp::of(&metadata)))
}

fn failure(root: &Path, error: &walkdir::Error, scan: &mut Scan) {
    let path = error.path().unwrap_or(root);
    let shown = path.to_string_lossy();
    let mut findings = Findings::new(&shown);
    if error.loop_ancestor().is_some() {
        findings.note(
            "symlink-loop",
            FILE,
            "this link leads back to a folder above it and is not followed",
            "delete the link",
        );
    } else if error.depth() == 0 {
        scan.missing_roots.push(root.to_owned());
        return;
    } else if error.io_error().is_some_and(is_gone) {
        // A dangling link, or a file that was deleted during the search.
        if !path.is_symlink() || !is_post_name(&shown) {
            return;
        }
        findings.skipped(
            "dangling-link",
            FILE,
            "this link leads nowhere",
            "delete or mend the link",
        );
    } else {
        findings.skipped(
            "unreadable",
            FILE,
            format!("this cannot be looked into: {error}"),
            "let tagwire read it",
        );
        scan.missing_roots.push(path.to_owned());
    }
    scan.problems.extend(findings.into_list());
}

fn is_post_name(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["md", "markdown", "html"]
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known))
}

/// Names that Jekyll leaves out: hidden, temporary. Whether drafts count is for `parse` to say.
fn is_ignored(name: &str) -> bool {
    name.starts_with(['.', '_', '#', '~']) || name.ends_with(['~', '.', '#'])
}

fn is_ignored_folder(name: &str) -> bool {
    !matches!(name, "_posts" | "_drafts") && is_ignored(name)
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
