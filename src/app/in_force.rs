//! The files that a start reads once: the config, and the rules of topics.
//! In: where they lie. Out: which of them are other ones now than those that the program works by.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::config::{self, Source};
use crate::topics;

/// Files that are named in one warning.
const NAMED: usize = 3;

/// What tells one version of a file from another; links are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version {
    size: u64,
    modified: Option<SystemTime>,
}

type Versions = BTreeMap<PathBuf, Version>;

/// The files of a start, as they were when they were read.
#[derive(Debug, Clone)]
pub struct InForce {
    config: PathBuf,
    topics: PathBuf,
    read: Versions,
    /// As they were when they were last looked at.
    seen: Versions,
}

impl InForce {
    /// To be called before the config is read: what changes meanwhile is a change.
    pub fn begin(source: &Source) -> Self {
        let path = source.path.as_deref();
        let mut files = InForce {
            config: path.unwrap_or(Path::new(config::DEFAULT_PATH)).to_owned(),
            topics: PathBuf::new(),
            read: Versions::new(),
            seen: Versions::new(),
        };
        files.read = versions([files.config.clone()]);
        files
    }

    /// The same with the rules of topics, before they are read.
    #[must_use]
    pub fn with_topics(mut self, dir: &Path) -> Self {
        self.topics = dir.to_owned();
        self.read.extend(versions(self.rules()));
        self.seen = self.read.clone();
        self
    }

    /// Once for each change: what whoever runs tagwire should know of it. A change that was taken back is none.
    pub fn look(&mut self) -> Option<String> {
        let now = versions([self.config.clone()].into_iter().chain(self.rules()));
        if now == self.seen {
            return None;
        }
        self.seen = now;
        let files = self.read.keys().chain(self.seen.keys());
        let mut changed: Vec<&PathBuf> = files
            .filter(|path| self.read.get(*path) != self.seen.get(*path))
            .collect();
        changed.sort();
        changed.dedup();
        let names: Vec<String> = { changed.iter().take(NAMED) }
            .map(|path| path.display().to_string())
            .collect();
        let more = match changed.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let them = if changed.len() == 1 { "it" } else { "them" };
        let names = names.join(", ");
        (!names.is_empty()).then(|| {
            format!("{names}{more} changed since tagwire started: restart tagwire to use {them}")
        })
    }

    /// Files that are younger than a start, and the folder of topics when a file came or went since.
    pub fn younger_than(&self, start: SystemTime) -> Vec<PathBuf> {
        let is_younger = |path: &PathBuf| {
            let modified = fs::metadata(path).and_then(|file| file.modified());
            modified.is_ok_and(|modified| modified > start)
        };
        let mut rules = self.rules();
        rules.retain(is_younger);
        if rules.is_empty() {
            rules.extend(Some(self.topics.clone()).filter(is_younger));
        }
        { [self.config.clone()].into_iter().filter(is_younger) }
            .chain(rules)
            .collect()
    }

    /// None where the folder is not there, as at a start.
    fn rules(&self) -> Vec<PathBuf> {
        topics::rule_files(&self.topics).unwrap_or_default()
    }
}

/// Those of the files that are there.
fn versions(paths: impl IntoIterator<Item = PathBuf>) -> Versions {
    let known = paths.into_iter().filter_map(|path| {
        let metadata = fs::metadata(&path).ok()?;
        let version = Version {
            size: metadata.len(),
            modified: metadata.modified().ok(),
        };
        Some((path, version))
    });
    known.collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    struct Site {
        folder: tempfile::TempDir,
    }

    impl Site {
        fn new() -> Site {
            let folder = tempfile::tempdir().unwrap();
            let site = Site { folder };
            site.write("config.yaml", "a");
            fs::create_dir(site.path("topics")).unwrap();
            site.write("topics/one.yaml", "a");
            site
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.path(name), text).unwrap();
        }

        fn in_force(&self) -> InForce {
            let source = Source {
                path: Some(self.path("config.yaml")),
                set: Vec::new(),
            };
            InForce::begin(&source).with_topics(&self.path("topics"))
        }

        /// What is said now, without the folder's name.
        fn said(&self, files: &mut InForce) -> Option<String> {
            let folder = format!("{}/", self.folder.path().display());
            files.look().map(|said| said.replace(&folder, ""))
        }
    }

    #[test]
    fn each_change_is_said_once_with_all_that_a_restart_would_bring() {
        let site = Site::new();
        let mut files = site.in_force();
        assert_eq!(site.said(&mut files), None);
        site.write("topics/.one.yaml.swp", "an editor's");
        site.write("topics/notes.txt", "no rules");
        assert_eq!(site.said(&mut files), None);
        site.write("topics/two.yaml", "a");
        let said = "topics/two.yaml changed since tagwire started: restart tagwire to use it";
        assert_eq!(site.said(&mut files).as_deref(), Some(said));
        assert_eq!(site.said(&mut files), None);
        site.write("config.yaml", "ab");
        fs::remove_file(site.path("topics/one.yaml")).unwrap();
        let said = "config.yaml, topics/one.yaml, topics/two.yaml changed since tagwire started: restart tagwire to use them";
        assert_eq!(site.said(&mut files).as_deref(), Some(said));
        assert_eq!(site.said(&mut files), None);
        site.write("topics/three.yaml", "a");
        let said = site.said(&mut files).unwrap();
        assert!(
            said.contains("topics/three.yaml and 1 more changed"),
            "{said}"
        );
    }

    #[test]
    fn a_change_of_the_same_size_counts_and_one_that_is_taken_back_does_not() {
        let site = Site::new();
        let mut files = site.in_force();
        let file = fs::File::options()
            .write(true)
            .open(site.path("config.yaml"))
            .unwrap();
        let before = file.metadata().unwrap().modified().unwrap();
        file.set_modified(before + Duration::from_secs(1)).unwrap();
        assert!(site.said(&mut files).is_some());
        file.set_modified(before).unwrap();
        assert_eq!(site.said(&mut files), None);
        fs::remove_dir_all(site.path("topics")).unwrap();
        assert!(
            site.said(&mut files)
                .unwrap()
                .starts_with("topics/one.yaml changed")
        );
    }

    #[test]
    fn what_is_younger_than_a_start_is_named() {
        let site = Site::new();
        let files = site.in_force();
        let start = SystemTime::now() + Duration::from_secs(60);
        assert!(files.younger_than(start).is_empty());
        let touch = |name: &str| {
            let file = fs::File::open(site.path(name)).unwrap();
            file.set_modified(start + Duration::from_secs(1)).unwrap();
        };
        touch("topics");
        assert_eq!(files.younger_than(start), [site.path("topics")]);
        touch("topics/one.yaml");
        touch("config.yaml");
        let both = [site.path("config.yaml"), site.path("topics/one.yaml")];
        assert_eq!(files.younger_than(start), both);
    }
}
