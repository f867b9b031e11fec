//! Folders that need not be asked for their names again, as nothing came into them and nothing left them since.
//! In: the folders of one search. Out: those of them that are still as they were. Git's untracked cache goes by the same
//! (`core.untrackedCache`); what changed in a file itself is for the file's own stamp to tell.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Bound;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::read::{nanoseconds, rest_of_tick};

/// What tells that the names in a folder have changed, without asking it for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FolderStamp {
    /// The file system that it is on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// Nanoseconds since 1970 when a name last came or went, as far as nobody set another time.
    pub modified_ns: i64,
    /// The same by the system's own clock, which no program can set; also of new permissions.
    pub changed_ns: i64,
    /// The user who saw it: another may not be let in.
    pub user: u32,
}

impl FolderStamp {
    /// The stamp of no real folder: what is known by it is asked for its names.
    pub const NONE: FolderStamp = FolderStamp {
        device: 0,
        inode: 0,
        modified_ns: -1,
        changed_ns: -1,
        user: 0,
    };

    /// Of a folder, or of the one that a link leads to; `None` where there is none.
    pub(super) fn of(path: impl AsRef<Path>) -> Option<FolderStamp> {
        let found = path.as_ref().metadata().ok()?;
        found.is_dir().then(|| FolderStamp {
            device: found.dev(),
            inode: found.ino(),
            modified_ns: nanoseconds(found.mtime(), found.mtime_nsec()),
            changed_ns: nanoseconds(found.ctime(), found.ctime_nsec()),
            user: rustix::process::geteuid().as_raw(),
        })
    }

    /// Whether a name that comes or goes from now on leaves other times.
    fn tells(self) -> bool {
        let is_young = |ns| rest_of_tick(ns).is_some();
        !is_young(self.modified_ns) && !is_young(self.changed_ns)
    }
}

/// A folder in the middle of a search.
#[derive(Debug)]
pub(super) struct Noted {
    folder: String,
    stamp: Option<FolderStamp>,
    tells: bool,
}

impl Noted {
    /// Before a folder, given with its last `/`, is asked for its names.
    pub fn new(folder: String) -> Noted {
        let stamp = FolderStamp::of(&folder);
        Noted {
            tells: stamp.is_some_and(FolderStamp::tells) && keeps_times(Path::new(&folder)),
            folder,
            stamp,
        }
    }

    /// Whether it is the folder that this was the stamp of a moment before.
    pub fn is(&self, stamp: Option<FolderStamp>) -> bool {
        self.stamp == stamp
    }
}

/// Folders that were searched, as `posts.dir` leads to them, each with its last `/`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Folders(BTreeMap<String, FolderStamp>);

impl Folders {
    /// All of them, in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, FolderStamp)> {
        self.0.iter().map(|(path, stamp)| (&**path, *stamp))
    }

    /// Looks at each of them: one that is not as it was has no stamp any more.
    pub fn look(mut self) -> Folders {
        for (path, stamp) in &mut self.0 {
            if FolderStamp::of(path) != Some(*stamp) {
                *stamp = FolderStamp::NONE;
            }
        }
        self
    }

    /// The stamp of one, given with its last `/`.
    pub fn stamp(&self, folder: &str) -> Option<FolderStamp> {
        self.0.get(folder).copied()
    }

    /// Whether it was searched or passed over. Asked of a folder with its last `/`.
    pub fn has(&self, folder: &str) -> bool {
        self.0.contains_key(folder)
    }

    /// Whether its names are those of the search. Asked of a folder with its last `/`.
    pub fn are_as_they_were_in(&self, folder: &str) -> bool {
        { self.stamp(folder) }.is_some_and(|stamp| stamp != FolderStamp::NONE)
    }

    /// The folders in this one, but for those further below.
    pub(super) fn directly_in(&self, folder: &str) -> impl Iterator<Item = &str> {
        let after = (Bound::Excluded(folder), Bound::Unbounded);
        let below = { self.0.range::<str, _>(after) }
            .map(|(path, _)| &**path)
            .take_while(move |path| path.starts_with(folder));
        below.filter(move |path| {
            path[folder.len()..].find('/') == Some(path.len() - folder.len() - 1)
        })
    }

    /// Notes a folder that is asked for its names.
    pub(super) fn note(&mut self, noted: &Noted) {
        let stamp = noted.stamp.filter(|_| noted.tells);
        self.keep(noted.folder.clone(), stamp.unwrap_or(FolderStamp::NONE));
    }

    /// After the search. A folder in which something happened meanwhile is asked again, and so are the folders in it: each
    /// was opened before it was noted, and may have been another one then.
    pub(super) fn look_back(&mut self, noted: &[Noted]) {
        for Noted {
            folder,
            stamp,
            tells,
        } in noted
        {
            if *tells && FolderStamp::of(folder) == *stamp {
                continue;
            }
            let below: Vec<String> = self.directly_in(folder).map(str::to_owned).collect();
            { below.iter().chain([folder]) }.for_each(|folder| self.ask_again(folder));
        }
    }

    /// Notes one that was not asked, because another search knew it.
    pub(super) fn note_known(&mut self, folder: &str, known: &Folders) {
        let stamp = known.stamp(folder);
        self.keep(folder.to_owned(), stamp.unwrap_or(FolderStamp::NONE));
    }

    fn keep(&mut self, folder: String, stamp: FolderStamp) {
        match self.0.entry(folder) {
            Entry::Vacant(new) => {
                new.insert(stamp);
            }
            // It was searched twice: only what both say is true of what both saw.
            Entry::Occupied(mut old) if *old.get() != stamp => {
                old.insert(FolderStamp::NONE);
            }
            Entry::Occupied(_) => {}
        }
    }

    /// What is at this path was not seen whole, or may be something else although its folder does not change: the folder
    /// is asked again the next time, and so is the path itself if it is a folder.
    pub fn doubt(&mut self, path: &str) {
        let path = path.trim_end_matches('/');
        let above = path.rfind('/').map_or("", |at| &path[..=at]);
        self.ask_again(above);
        self.ask_again(&format!("{path}/"));
    }

    fn ask_again(&mut self, folder: &str) {
        if let Some(stamp) = self.0.get_mut(folder) {
            *stamp = FolderStamp::NONE;
        }
    }

    /// All of them are asked again.
    pub(super) fn doubt_all(&mut self) {
        self.0.clear();
    }
}

impl<P: Into<String>> FromIterator<(P, FolderStamp)> for Folders {
    fn from_iter<I: IntoIterator<Item = (P, FolderStamp)>>(folders: I) -> Folders {
        let folders = folders.into_iter();
        Folders(folders.map(|(path, stamp)| (path.into(), stamp)).collect())
    }
}

/// A folder's path with its last `/`, as the paths of its files begin; `None` where it is not UTF-8.
pub(super) fn with_slash(folder: &Path) -> Option<String> {
    let path = folder.to_str()?;
    Some(match path.ends_with('/') {
        true => path.to_owned(),
        false => format!("{path}/"),
    })
}

/// Whether a link leads to a folder above the one in which a search began, and in which it is.
pub(super) fn leads_above(link: &Path, root: &Path, began: &Path) -> bool {
    let place = |path: &Path| FolderStamp::of(path).map(|stamp| (stamp.device, stamp.inode));
    let to = place(link);
    let above = { began.ancestors().skip(1) }.take_while(|above| above.starts_with(root));
    { above.map(place) }.any(|above| above.is_some() && above == to)
}

/// File systems of this machine that are known to change a folder's times with its names. Of others, such as those
/// of another machine, each folder is asked.
#[cfg(target_os = "linux")]
fn is_known(found: rustix::io::Result<rustix::fs::StatFs>) -> bool {
    // linux/magic.h, and the file systems' own sources: ext2 to ext4, XFS, Btrfs, tmpfs, F2FS, bcachefs, ZFS. Not overlayfs,
    // which shows the times of the uppermost of a folder's layers.
    const KNOWN: [u64; 7] = [
        0xEF53,
        0x5846_5342,
        0x9123_683E,
        0x0102_1994,
        0xF2F5_2010,
        0xCA45_1A4E,
        0x2FC1_2FC1,
    ];
    found.is_ok_and(|found| KNOWN.contains(&(found.f_type as u64)))
}

/// Whether a folder is on one of them.
#[cfg(target_os = "linux")]
pub(super) fn keeps_times(folder: &Path) -> bool {
    is_known(rustix::fs::statfs(folder))
}

/// The same of a folder that is open.
#[cfg(target_os = "linux")]
pub(super) fn open_keeps_times(folder: &OwnedFd) -> bool {
    is_known(rustix::fs::fstatfs(folder))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn keeps_times(_folder: &Path) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
pub(super) fn open_keeps_times(_folder: &OwnedFd) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_folder_tells_once_its_times_are_older_than_the_clocks_step() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = i64::try_from(now.as_nanos()).unwrap();
        let tells = |modified_ago: i64, changed_ago: i64| {
            let stamp = FolderStamp {
                modified_ns: now - modified_ago,
                changed_ns: now - changed_ago,
                ..FolderStamp::NONE
            };
            stamp.tells()
        };
        let (long, tick) = (5_000_000_001, 1);
        assert!(tells(long, long));
        assert!(!tells(tick, long) && !tells(long, tick));
    }

    #[test]
    fn what_is_doubted_is_asked_again_and_the_folder_above_it() {
        let stamp = FolderStamp {
            inode: 7,
            ..FolderStamp::NONE
        };
        let all = ["p/", "p/a/", "p/a/b/", "p/ab/"];
        let told = |doubted: &[&str]| {
            let mut folders: Folders = all.map(|path| (path, stamp)).into_iter().collect();
            doubted.iter().for_each(|path| folders.doubt(path));
            all.map(|path| folders.are_as_they_were_in(path))
        };
        assert_eq!(told(&["p/a.md"]), [false, true, true, true]);
        assert_eq!(told(&["p/a"]), [false, false, true, true]);
        assert_eq!(told(&["p/a/b/x.md", "q/a"]), [true, true, false, true]);
        let folders: Folders = all.map(|path| (path, stamp)).into_iter().collect();
        let below = |folder| folders.directly_in(folder).collect::<Vec<_>>();
        assert_eq!(below("p/"), ["p/a/", "p/ab/"]);
        assert_eq!(below("p/a/"), ["p/a/b/"]);
        assert_eq!(below("p/ab/"), [""; 0]);
    }

    #[test]
    fn a_folder_that_two_searches_saw_differently_is_asked_again() {
        let stamp = |inode| FolderStamp {
            inode,
            ..FolderStamp::NONE
        };
        let mut folders = Folders::default();
        for (path, inode) in [("p/", 1), ("p/", 1), ("q/", 1), ("q/", 2)] {
            folders.keep(path.to_owned(), stamp(inode));
        }
        let tells = ["p/", "q/"].map(|path| folders.are_as_they_were_in(path));
        assert_eq!(tells, [true, false]);
    }

    #[test]
    fn where_something_happened_during_the_search_the_folders_in_it_are_asked_again_too() {
        let root = tempfile::tempdir().unwrap();
        if !keeps_times(root.path()) {
            return println!(
                "skipped: the file system of {} is not known",
                root.path().display()
            );
        }
        let path = |name: &str| format!("{}/{name}", root.path().display());
        let names = ["", "a/", "a/b/", "c/"];
        let made = names.iter().map(|name| std::fs::create_dir_all(path(name)));
        made.for_each(Result::unwrap);
        let told = |happens: &dyn Fn()| {
            // Once no folder is so young that its times do not tell.
            let noted = loop {
                let noted = names.map(|name| Noted::new(path(name)));
                if noted.iter().all(|noted| noted.tells) {
                    break noted;
                }
            };
            let mut folders = Folders::default();
            noted.iter().for_each(|noted| folders.note(noted));
            happens();
            folders.look_back(&noted);
            names.map(|name| folders.are_as_they_were_in(&path(name)))
        };
        assert_eq!(told(&|| ()), [true; 4]);
        let below = || std::fs::write(path("a/b/x.md"), "x").unwrap();
        assert_eq!(told(&below), [true, true, false, true]);
        let above = || std::fs::rename(path("c"), path("d")).unwrap();
        assert_eq!(told(&above), [false, false, true, false]);
    }
}
