//! Finds the files that are posts.
//! In: the folders of the config. Out: paths, problems, and the folders that could not be looked into, whose posts are
//! not deleted; then, of all files, those that somebody wants for their stamps.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use walkdir::{DirEntry, WalkDir};

use super::findings::{FILE, Findings};
use super::folders::{FolderStamp, Folders, Noted, leads_above, with_slash};
use super::look::Targets;
use super::paths::Paths;
use super::read::Stamp;
use super::sight::{AT_A_TIME, look_in, not_a_file};
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
    /// The folders that were searched or passed over.
    pub folders: Folders,
    noted: Vec<Noted>,
}

/// Searches all roots; files are not looked at one by one.
pub fn names(roots: &[PathBuf]) -> Names {
    names_again(roots, &Folders::default())
}

/// The same, but folders of `known` that are as they were are passed over.
pub fn names_again(roots: &[PathBuf], known: &Folders) -> Names {
    let mut names = Names::default();
    for root in roots {
        names.walk(root, None, known);
    }
    names.folders.look_back(&std::mem::take(&mut names.noted));
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

impl Names {
    /// Walks a root, or `only` the way to some targets and all below them.
    pub(super) fn walk(&mut self, root: &Path, only: Option<&Targets>, known: &Folders) {
        let mut tops = vec![root.to_owned()];
        while let Some(top) = tops.pop() {
            let path = with_slash(&top).filter(|_| only.is_none());
            if !path.is_some_and(|path| self.pass_over(&path, known, &mut tops)) {
                self.walk_from(&top, root, only, known, &mut tops);
            }
        }
    }

    /// Walks a folder of a root, and notes in `more` the folders in those that are passed over.
    fn walk_from(
        &mut self,
        top: &Path,
        root: &Path,
        only: Option<&Targets>,
        known: &Folders,
        more: &mut Vec<PathBuf>,
    ) {
        // WalkDir opens each folder before it tells of it.
        let before = FolderStamp::of(top);
        let leads = |path: &Path| only.is_none_or(|targets| targets.lead_to(path));
        let mut entries = WalkDir::new(top)
            .follow_links(true)
            .into_iter()
            .filter_entry(|entry| (entry.depth() == 0 || is_wanted(entry)) && leads(entry.path()));
        while let Some(entry) = entries.next() {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {
                    let is_link = entry.depth() > 0 && entry.path_is_symlink();
                    if is_link && top != root && leads_above(entry.path(), root, top) {
                        self.loops(entry.path());
                        entries.skip_current_dir();
                    } else if only.is_none() && self.note(&entry, before, known, more) {
                        entries.skip_current_dir();
                    }
                }
                Ok(entry) if only.is_none_or(|targets| targets.hold(entry.path())) => {
                    self.take(&entry);
                }
                Err(error) if leads(error.path().unwrap_or(top)) => {
                    self.failure(root, top, &error);
                }
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// True for a folder that is as it was, given with its last `/`; `more` is told of those in it.
    fn pass_over(&mut self, path: &str, known: &Folders, more: &mut Vec<PathBuf>) -> bool {
        let is_as_it_was = known.are_as_they_were_in(path);
        if is_as_it_was {
            let below = known.directly_in(path);
            more.extend(below.map(|folder| folder.trim_end_matches('/').into()));
            self.folders.note_known(path, known);
        }
        is_as_it_was
    }

    /// Notes a folder before its names are asked for; true when it is as it was, and need not be asked.
    /// `before`: what the one where the walk begins looked like before it was opened.
    fn note(
        &mut self,
        entry: &DirEntry,
        before: Option<FolderStamp>,
        known: &Folders,
        more: &mut Vec<PathBuf>,
    ) -> bool {
        let Some(path) = with_slash(entry.path()) else {
            // Nobody could pass over the folder above and find this one again.
            self.folders.doubt(&entry.path().to_string_lossy());
            return false;
        };
        let is_as_it_was = self.pass_over(&path, known, more);
        if !is_as_it_was {
            let noted = Noted::new(path);
            self.folders.note(&noted);
            if entry.depth() == 0 && !noted.is(before) {
                self.folders.doubt(&entry.path().to_string_lossy());
            }
            self.noted.push(noted);
        }
        if entry.depth() > 0 && entry.path_is_symlink() {
            // It may lead elsewhere by the next time.
            self.folders.doubt(&entry.path().to_string_lossy());
        }
        is_as_it_was
    }

    fn take(&mut self, entry: &DirEntry) {
        let is_post = is_post_name(name_of(entry.path()));
        let path = entry.path().to_str();
        let is_plain = path.is_some() && entry.file_type().is_file();
        // A link may lead to something else by the next time.
        if entry.path_is_symlink() || (is_post && !is_plain) {
            self.folders.doubt(&entry.path().to_string_lossy());
        }
        match path {
            _ if !is_post => {}
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
        let absent: Mutex<Vec<String>> = Mutex::default();
        self.files.retain(AT_A_TIME, |files| {
            let paths: Vec<String> = { files.iter() }
                .map(|(above, name)| [*above, *name].concat())
                .collect();
            let mut stamps: Vec<Option<Stamp>> = Vec::with_capacity(files.len());
            for group in files.chunk_by(|(a, _), (b, _)| a == b) {
                let folder = group.first().map_or("", |(folder, _)| folder);
                let sights = look_in(folder, group.iter().map(|(_, name)| *name));
                stamps.extend(sights.map(|sight| {
                    sight.unwrap_or_else(|found| {
                        let mut problems = problems.lock().unwrap_or_else(PoisonError::into_inner);
                        problems.extend(found);
                        None
                    })
                }));
            }
            let unseen = paths
                .iter()
                .zip(&stamps)
                .filter(|(_, stamp)| stamp.is_none());
            let unseen = unseen.map(|(path, _)| path.clone());
            { absent.lock().unwrap_or_else(PoisonError::into_inner) }.extend(unseen);
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
        // Also of what is gone: where a folder above is moved away and back, its own folder does not tell of it.
        let absent = absent.into_inner().unwrap_or_else(PoisonError::into_inner);
        absent.iter().for_each(|path| self.folders.doubt(path));
        self.problems.append(&mut found);
    }

    /// A link leads back to a folder above it.
    fn loops(&mut self, path: &Path) {
        let shown = path.to_string_lossy();
        self.folders.doubt(&shown);
        let mut findings = Findings::new(&shown);
        findings.note(
            "symlink-loop",
            FILE,
            "this link leads back to a folder above it and is not followed",
            "delete the link",
        );
        self.problems.extend(findings.into_list());
    }

    fn failure(&mut self, root: &Path, top: &Path, error: &walkdir::Error) {
        let path = error.path().unwrap_or(top);
        let is_root = error.depth() == 0 && top == root;
        match error.path() {
            Some(path) => self.folders.doubt(&path.to_string_lossy()),
            // One of them was not read to its end.
            None => self.folders.doubt_all(),
        }
        if !is_root && is_ignored_folder(name_of(path)) {
            // Such as the link that Emacs makes beside a file that is being edited.
            return;
        }
        if error.loop_ancestor().is_some() {
            return self.loops(path);
        }
        if is_root {
            return self.missing_roots.push(root.to_owned());
        }
        let shown = path.to_string_lossy();
        let mut findings = Findings::new(&shown);
        if error
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

fn is_wanted(entry: &DirEntry) -> bool {
    let name = name_of(entry.path());
    // A link to a file may lead to a folder later: it is looked at, although it is no post.
    if entry.file_type().is_dir() || entry.path_is_symlink() {
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
    // Jekyll's `markdown_ext`, and HTML.
    ["md", "markdown", "html", "mkd", "mkdn", "mkdown"]
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
