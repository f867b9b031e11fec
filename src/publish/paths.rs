//! The last gate before the file system: no path leaves the folder.
//! In: relative paths, whoever made them. Out: checked paths and existing parent folders.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// How temporary files begin; feeds may not.
pub const TEMP_PREFIX: &str = ".tagwire-";

/// `path` as a relative path of plain names, or why not.
pub fn checked(path: &str) -> io::Result<PathBuf> {
    let plain = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && !part.contains(['\0', '\\'])
            && !part.starts_with(TEMP_PREFIX)
    };
    if path.split('/').all(plain) {
        Ok(path.split('/').collect())
    } else {
        let words = format!("`{path}` is no path inside the folder");
        Err(io::Error::new(ErrorKind::InvalidInput, words))
    }
}

/// Makes the folders between `root` and `root/parent`. Returns the folders that got a new entry
/// and so need an fsync. A symbolic link may lead elsewhere inside `root`, but not out of it.
pub fn make_parent(root: &Path, parent: &Path) -> io::Result<Vec<PathBuf>> {
    let mut touched = Vec::new();
    let mut at = root.to_path_buf();
    for part in parent.components() {
        let above = at.clone();
        at.push(part);
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
            Err(error) if error.kind() == ErrorKind::NotFound => match fs::create_dir(&at) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
                _ => touched.push(above),
            },
            Err(error) => return Err(error),
        }
    }
    Ok(touched)
}
