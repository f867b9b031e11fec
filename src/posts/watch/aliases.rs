//! Folders that have several names.
//! In: watched folders. Out: whether one is, or lies in, another by way of a link. The system reports what
//! happens there under one of the names only, so that events cannot be taken at their word.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

/// The watched folders and what they really are.
#[derive(Default)]
pub(super) struct Aliases {
    real: BTreeMap<PathBuf, PathBuf>,
    any: bool,
}

impl Aliases {
    /// True once a folder was found to have a second name; it stays true.
    pub fn any(&self) -> bool {
        self.any
    }

    /// Takes in a folder with the links below it; true if it overlaps with what is known.
    pub fn add(&mut self, folder: &Path) -> bool {
        // Events name folders by absolute paths, the config as it likes.
        let folder = &std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let mut overlaps = self.add_one(folder);
        // Without names that begin with a dot, as everywhere: a repository has no links in them for us.
        let entries = WalkDir::new(folder)
            .follow_links(true)
            .into_iter()
            .filter_entry(|entry| {
                entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
            });
        for entry in entries {
            match entry {
                Ok(entry) if entry.path_is_symlink() && entry.file_type().is_dir() => {
                    overlaps |= entry.depth() > 0 && self.add_one(entry.path());
                }
                Err(error) if error.loop_ancestor().is_some() => overlaps = true,
                Ok(_) | Err(_) => {}
            }
        }
        self.any |= overlaps;
        overlaps
    }

    fn add_one(&mut self, folder: &Path) -> bool {
        let Ok(real) = folder.canonicalize() else {
            return false;
        };
        let is_linked =
            folder.is_symlink() || !self.real.keys().any(|name| folder.starts_with(name));
        let overlaps = is_linked
            && self.real.iter().any(|(name, other)| {
                name != folder && (real.starts_with(other) || other.starts_with(&real))
            });
        if is_linked {
            self.real.insert(folder.to_owned(), real);
        }
        overlaps
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_into_and_above_what_is_watched_are_aliases_and_others_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::create_dir_all(path("posts/a/b")).unwrap();
        std::fs::create_dir_all(path("other/n")).unwrap();
        symlink("../../other", path("posts/a/link")).unwrap();
        let added = |name: &str| {
            let mut aliases = Aliases::default();
            assert!(!aliases.add(&path("posts")) && !aliases.any());
            assert!(!aliases.add(&path("posts/a")), "a folder below is no alias");
            let relative = Path::new("src/posts");
            assert!(!aliases.add(relative));
            let absolute = std::path::absolute(relative.join("watch")).unwrap();
            assert!(!aliases.add(&absolute), "one below, by its absolute path");
            assert!(!aliases.add(&path("posts")), "nor is the same one again");
            aliases.add(&path(name))
        };
        symlink("../../posts", path("other/n/up")).unwrap();
        let mut aliases = Aliases::default();
        assert!(
            aliases.add(&path("posts")),
            "a link that leads back by way of another"
        );
        std::fs::remove_file(path("other/n/up")).unwrap();
        assert!(added("other"), "what a link leads to, under its own name");
        for target in ["posts/a", "posts", "other/n", "."] {
            symlink(path(target), path("link")).unwrap();
            assert!(added("link"), "{target}");
            std::fs::remove_file(path("link")).unwrap();
        }
    }
}
