//! Finds the files that are posts.
//! In: the folders of the config, or one path that may have changed. Out: paths with stamps,
//! problems, and the folders that could not be looked into, whose posts are not deleted.

use std::io;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::findings::{FILE, Findings};
use super::read::Stamp;
use crate::model::Problem;

/// A file that may be a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// As `posts.dir` leads to it, with `/` between folders.
    pub path: String,
    /// Its stamp when it was seen.
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

/// What is at a path that may have changed.
#[derive(Debug, PartialEq, Eq)]
pub enum Look {
    /// A file that may be a post.
    Post(Found),
    /// A folder, with all that is in it.
    Folder(Vec<Found>),
    /// Nothing any more: the post of this path, or all below it, are gone.
    Gone(String),
    /// Nothing that concerns posts; also when the whole root is away, which `scan` tells.
    Ignored,
}

/// Searches all roots.
pub fn scan(roots: &[PathBuf]) -> Scan {
    let mut scan = Scan::default();
    for root in roots {
        walk(root, &mut scan);
    }
    scan.found.sort_by(|a, b| a.path.cmp(&b.path));
    scan.found.dedup_by(|a, b| a.path == b.path);
    scan
}

/// Looks at one path, absolute or as the roots are written.
pub fn look(roots: &[PathBuf], path: &Path) -> Look {
    let Some((root, relative)) = roots.iter().find_map(|root| below(root, path)) else {
        return Look::Ignored;
    };
    let names: Vec<_> = relative.iter().filter_map(|name| name.to_str()).collect();
    if names.len() != relative.iter().count() {
        return Look::Ignored;
    }
    if names.iter().any(|name| is_ignored_folder(name)) || !root.is_dir() {
        return Look::Ignored;
    }
    let path = if names.is_empty() {
        root.to_owned()
    } else {
        root.join(&relative)
    };
    let Some(text) = path.to_str().map(str::to_owned) else {
        return Look::Ignored;
    };
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => {
            let mut scan = Scan::default();
            walk(&path, &mut scan);
            scan.found.sort_by(|a, b| a.path.cmp(&b.path));
            Look::Folder(scan.found)
        }
        Ok(metadata) if metadata.is_file() && is_post_name(&text) => Look::Post(Found {
            path: text,
            stamp: Stamp::of(&metadata),
        }),
        Err(error) if is_gone(&error) && !names.is_empty() => Look::Gone(text),
        Ok(_) | Err(_) => Look::Ignored,
    }
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

fn walk(root: &Path, scan: &mut Scan) {
    let entries = WalkDir::new(root)
        .follow_links(true)
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || is_wanted(entry));
    for entry in entries {
        match entry {
            Ok(entry) => file(&entry, scan),
            Err(error) => failure(root, &error, scan),
        }
    }
}

fn is_wanted(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    if entry.file_type().is_dir() {
        !is_ignored_folder(&name)
    } else {
        !is_ignored(&name)
    }
}

fn file(entry: &DirEntry, scan: &mut Scan) {
    if entry.file_type().is_dir() || !is_post_name(&entry.file_name().to_string_lossy()) {
        return;
    }
    let Some(path) = entry.path().to_str() else {
        let shown = entry.path().to_string_lossy();
        let mut findings = Findings::new(&shown);
        findings.skipped(
            "bad-file-name",
            FILE,
            "the file name is not UTF-8",
            "rename the file",
        );
        scan.problems.extend(findings.into_list());
        return;
    };
    let mut findings = Findings::new(path);
    match entry.metadata() {
        Ok(metadata) if metadata.is_file() => scan.found.push(Found {
            path: path.to_owned(),
            stamp: Stamp::of(&metadata),
        }),
        Ok(_) => findings.skipped(
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
    scan.problems.extend(findings.into_list());
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
