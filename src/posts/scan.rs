//! Finds the files that are posts.
//! In: the folders of the config. Out: paths, problems, and the folders that could not be looked into, whose posts are
//! not deleted; then, of all files, those that somebody wants for their stamps.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use rustix::fs::{AtFlags, Mode, OFlags};
use walkdir::{DirEntry, WalkDir};

use super::findings::{FILE, Findings};
use super::look::Targets;
use super::paths::Paths;
use super::read::Stamp;
use crate::model::Problem;

/// What a search found by what folders say of their files.
#[derive(Debug, Default)]
pub struct Names {
    /// Files that may be posts.
    pub files: Paths,
    /// Pipes, loops, unreadable files.
    pub problems: Vec<Problem>,
    /// Roots, and folders below them, that are absent or unreadable: nothing is known of what is
    /// below them, so posts whose paths begin with one of these are not deleted.
    pub missing_roots: Vec<PathBuf>,
}

/// Searches all roots; files are not looked at one by one.
pub fn names(roots: &[PathBuf]) -> Names {
    let mut names = Names::default();
    for root in roots {
        names.walk(root, None);
    }
    names
}

/// A search in all roots that goes on while other things are made ready.
#[derive(Debug)]
pub struct Ahead(JoinHandle<Names>);

impl Ahead {
    /// `None` when there is no thread for it.
    pub fn begin(roots: &[PathBuf]) -> Option<Ahead> {
        let roots = roots.to_vec();
        let search = move || names(&roots);
        let thread = std::thread::Builder::new().name("names".to_owned());
        thread.spawn(search).ok().map(Ahead)
    }

    /// Waits for the end. `None` when the search broke off.
    pub fn found(self) -> Option<Names> {
        self.0.join().ok()
    }
}

/// Names of files that are looked at in one go, few enough that all cores have some of a folder of a few thousand.
const AT_A_TIME: usize = 1024;

/// Names of one folder for which it is opened, so that the system need not find it again for each.
const WORTH_A_HANDLE: usize = 64;

impl Names {
    /// Walks a root, or `only` the way to some targets and all below them.
    pub(super) fn walk(&mut self, root: &Path, only: Option<&Targets>) {
        let leads = |path: &Path| only.is_none_or(|targets| targets.lead_to(path));
        let entries = WalkDir::new(root)
            .follow_links(true)
            .into_iter()
            .filter_entry(|entry| (entry.depth() == 0 || is_wanted(entry)) && leads(entry.path()));
        for entry in entries {
            match entry {
                Ok(entry) if only.is_none_or(|targets| targets.hold(entry.path())) => {
                    if may_be_post(&entry) {
                        self.take(&entry);
                    }
                }
                Err(error) if leads(error.path().unwrap_or(root)) => self.failure(root, &error),
                Ok(_) | Err(_) => {}
            }
        }
    }

    fn take(&mut self, entry: &DirEntry) {
        match entry.path().to_str() {
            Some(path) if entry.file_type().is_file() => self.files.push(path),
            Some(path) => self.problems.extend(not_a_file(path)),
            None => {
                let shown = entry.path().to_string_lossy();
                let mut findings = Findings::new(&shown);
                findings.skipped(
                    "bad-file-name",
                    FILE,
                    "the file name is not UTF-8",
                    "rename the file",
                );
                self.problems.extend(findings.into_list());
            }
        }
    }

    /// Looks at every file, on all cores, and leaves those that are wanted for their paths and stamps; many are asked
    /// about at a time, in any order.
    pub fn look(&mut self, are_wanted: impl Fn(&[(&str, Stamp)]) -> Vec<bool> + Sync) {
        let problems: Mutex<Vec<Problem>> = Mutex::default();
        self.files.retain(AT_A_TIME, |files| {
            let paths: Vec<String> = { files.iter() }
                .map(|(above, name)| [*above, *name].concat())
                .collect();
            let mut stamps: Vec<Option<Stamp>> = Vec::with_capacity(files.len());
            let mut paths_left = paths.iter();
            for group in files.chunk_by(|(a, _), (b, _)| a == b) {
                let folder = { group.first() }.filter(|_| group.len() >= WORTH_A_HANDLE);
                let folder = folder.and_then(|(folder, _)| open_folder(folder));
                for ((_, name), path) in group.iter().zip(&mut paths_left) {
                    let stamp = stamp(path, name, folder.as_ref());
                    stamps.push(stamp.unwrap_or_else(|found| {
                        let mut problems = problems.lock().unwrap_or_else(PoisonError::into_inner);
                        problems.extend(found);
                        None
                    }));
                }
            }
            let both = paths.iter().zip(&stamps);
            let there: Vec<(&str, Stamp)> = both
                .filter_map(|(path, stamp)| Some((&**path, (*stamp)?)))
                .collect();
            let mut wanted = are_wanted(&there).into_iter();
            let is_there = stamps.iter().map(Option::is_some);
            is_there
                .map(|is_there| is_there && wanted.next().unwrap_or(false))
                .collect()
        });
        let mut found = { problems.into_inner() }.unwrap_or_else(PoisonError::into_inner);
        // Whichever core came first.
        found.sort_by(|a, b| a.path.cmp(&b.path));
        self.problems.append(&mut found);
    }

    fn failure(&mut self, root: &Path, error: &walkdir::Error) {
        let path = error.path().unwrap_or(root);
        if error.depth() > 0 && is_ignored_folder(name_of(path)) {
            // Such as the link that Emacs makes beside a file that is being edited.
            return;
        }
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
            self.missing_roots.push(root.to_owned());
            return;
        } else if error
            .io_error()
            .is_some_and(|error| is_gone(error) || is_circle(error))
        {
            // A dangling link, one to itself, or a file that was deleted during the search.
            if !path.is_symlink() || !is_post_name(shown.as_bytes()) {
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
            self.missing_roots.push(path.to_owned());
        }
        self.problems.extend(findings.into_list());
    }
}

fn open_folder(path: &str) -> Option<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).ok()
}

/// The stamp of a file, found by its name in its folder where that is open; `None` when it has gone meanwhile.
fn stamp(path: &str, name: &str, folder: Option<&OwnedFd>) -> Result<Option<Stamp>, Vec<Problem>> {
    let by_name = folder.map(|folder| rustix::fs::statat(folder, name, AtFlags::empty()));
    // What cannot be looked at by its name is asked for once more by its path.
    let looked = { by_name.and_then(Result::ok) }.map_or_else(|| rustix::fs::stat(path), Ok);
    let error = match looked.map_err(io::Error::from) {
        Ok(stat) => {
            return match Stamp::of_stat(&stat) {
                None => Err(not_a_file(path)),
                stamp => Ok(stamp),
            };
        }
        Err(error) if is_gone(&error) => return Ok(None),
        Err(error) => error,
    };
    let mut findings = Findings::new(path);
    findings.skipped(
        "unreadable",
        FILE,
        format!("the file cannot be looked at: {error}"),
        "let tagwire read it",
    );
    Err(findings.into_list())
}

fn not_a_file(path: &str) -> Vec<Problem> {
    let mut findings = Findings::new(path);
    findings.skipped(
        "not-a-file",
        FILE,
        "this is a pipe, socket or device, not a file",
        "move it out of the posts' folder",
    );
    findings.into_list()
}

fn may_be_post(entry: &DirEntry) -> bool {
    !entry.file_type().is_dir() && is_post_name(name_of(entry.path()))
}

fn is_wanted(entry: &DirEntry) -> bool {
    let name = name_of(entry.path());
    if entry.file_type().is_dir() {
        !is_ignored_folder(name)
    } else {
        !is_ignored(name)
    }
}

/// What stands behind the last `/`: to take a path apart costs more than all else that is done with it.
fn name_of(path: &Path) -> &[u8] {
    let path = path.as_os_str().as_encoded_bytes();
    let start = memchr::memrchr(b'/', path).map_or(0, |at| at + 1);
    &path[start..]
}

/// True for what is below a hidden folder, or hidden or temporary itself.
pub(super) fn is_left_out(relative: &Path) -> bool {
    let mut names = relative.iter().map(|name| name.as_encoded_bytes());
    names.any(is_ignored_folder)
}

/// Links that lead to each other.
fn is_circle(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

pub(super) fn is_post_name(name: &[u8]) -> bool {
    let ending = memchr::memrchr(b'.', name).map_or(&[][..], |at| &name[at + 1..]);
    ["md", "markdown", "html"]
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known.as_bytes()))
}

/// Names that Jekyll leaves out: hidden, temporary. Whether drafts count is for `parse` to say.
fn is_ignored(name: &[u8]) -> bool {
    matches!(
        name,
        [b'.' | b'_' | b'#' | b'~', ..] | [.., b'~' | b'.' | b'#']
    )
}

fn is_ignored_folder(name: &[u8]) -> bool {
    !matches!(name, b"_posts" | b"_drafts") && is_ignored(name)
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
