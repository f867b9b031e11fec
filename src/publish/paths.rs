//! The last gate before the file system: no path leaves the folder.
//! In: relative paths, whoever made them. Out: checked paths, and which of their folders are missing.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// How temporary files and folders begin; feeds may not.
pub const TEMP_PREFIX: &str = ".tagwire-";

/// `path`, which is a relative one of plain names; or why not.
pub fn checked(path: &str) -> io::Result<&str> {
    let plain = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && !part.contains(['\0', '\\'])
            && !part.starts_with(TEMP_PREFIX)
    };
    if path.split('/').all(plain) {
        Ok(path)
    } else {
        let words = format!("`{path}` is no path inside the folder");
        Err(io::Error::new(ErrorKind::InvalidInput, words))
    }
}

/// The first of the folders on the way to `root/parent` that does not exist. A symbolic link may lead elsewhere inside
/// `root`, but not out of it.
pub fn first_missing<'a>(root: &Path, parent: &'a str) -> io::Result<Option<&'a str>> {
    let ends = parent.match_indices('/').map(|(end, _)| end);
    let ways = ends.chain([parent.len()]).map(|end| &parent[..end]);
    for way in ways.filter(|way| !way.is_empty()) {
        let at = root.join(way);
        match fs::symlink_metadata(&at) {
            Ok(found) if found.is_dir() => {}
            Ok(found) if found.is_symlink() => {
                if !at.canonicalize()?.starts_with(root) {
                    let words =
                        format!("`{}` is a link that leads out of the folder", at.display());
                    return Err(io::Error::new(ErrorKind::PermissionDenied, words));
                }
            }
            Ok(_) => {
                let words = format!("`{}` is a file where a folder is needed", at.display());
                return Err(io::Error::new(ErrorKind::NotADirectory, words));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Some(way)),
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}
