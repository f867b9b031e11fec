//! The folders of files that are being put in place.
//! In: the folders of their paths. Out: where to write each file: beside its place or, where its folder is new, in a
//! folder that gets its name as a whole, once all that is in it is on the disk.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::paths::first_missing;
use super::spots::most_open;
use super::sync::{sync_dir, sync_file_system};
use super::write::{Within, fresh_name, same_error};

/// The folders of a batch, by their paths below the root.
#[derive(Debug)]
pub struct Parents {
    root: PathBuf,
    known: HashMap<String, io::Result<Parent>>,
    /// By their own paths below the root.
    fresh: HashMap<String, Fresh>,
    /// Opened before the writes: the kernel then reports their errors to these handles.
    systems: HashMap<u64, File>,
    /// New folders that are open, and how many may be.
    open: usize,
    most_open: usize,
}

/// New folders that are open at once, so that files are made in them. Each label may have a folder of its own.
const OPEN: usize = 8;

/// A folder of files.
#[derive(Debug, Clone)]
pub struct Parent {
    /// Where it is, or will be.
    pub place: Arc<Path>,
    /// Where its files are written under their own names, as long as nothing is in its place.
    pub within: Option<Arc<Within>>,
}

/// A new folder that does not have its name yet. Dropped, it is gone with all that is in it.
#[derive(Debug)]
struct Fresh {
    place: PathBuf,
    temp: PathBuf,
    is_placed: bool,
}

impl Fresh {
    fn make(place: PathBuf) -> io::Result<Fresh> {
        let temp = place.with_file_name(fresh_name());
        fs::create_dir(&temp)?;
        Ok(Fresh {
            place,
            temp,
            is_placed: false,
        })
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.is_placed {
            // What cannot be removed now goes when the folder is opened next.
            let _ = fs::remove_dir_all(&self.temp);
        }
    }
}

impl Parents {
    pub fn below(root: &Path) -> Parents {
        Parents {
            root: root.to_owned(),
            known: HashMap::new(),
            fresh: HashMap::new(),
            systems: HashMap::new(),
            open: 0,
            most_open: most_open(64, OPEN),
        }
    }

    /// The folder of files, made when it is missing.
    ///
    /// # Errors
    /// A folder that lies outside or cannot be made.
    pub fn of(&mut self, parent: &str) -> io::Result<Parent> {
        if !self.known.contains_key(parent) {
            let made = self.make(parent);
            self.known.insert(parent.to_owned(), made);
        }
        match self.known.get(parent) {
            Some(Ok(known)) => Ok(known.clone()),
            Some(Err(error)) => Err(same_error(error)),
            None => Err(io::Error::from(ErrorKind::NotFound)),
        }
    }

    fn make(&mut self, parent: &str) -> io::Result<Parent> {
        let place = match parent {
            "" => self.root.clone(),
            parent => self.root.join(parent),
        };
        let mut within = self.within(parent);
        if within.is_none()
            && let Some(missing) = first_missing(&self.root, parent)?
        {
            let fresh = Fresh::make(self.root.join(missing))?;
            self.fresh.insert(missing.to_owned(), fresh);
            within = self.within(parent);
        }
        if let Some(within) = &within {
            fs::create_dir_all(within)?;
        }
        let dir = File::open(within.as_deref().unwrap_or(&place))?;
        let system = dir.metadata()?.dev();
        let within = within.map(|within| {
            let open = (self.open < self.most_open)
                .then(|| dir.try_clone().ok())
                .flatten();
            self.open += usize::from(open.is_some());
            Arc::new(Within::new(within, open.map(OwnedFd::from)))
        });
        // The first one stays: a handle is told of what went wrong since it was opened.
        self.systems.entry(system).or_insert(dir);
        Ok(Parent {
            place: place.into(),
            within,
        })
    }

    /// Where the files of a new folder are written.
    fn within(&self, parent: &str) -> Option<PathBuf> {
        match fresh_of(&self.fresh, parent)? {
            (fresh, "") => Some(fresh.temp.clone()),
            (fresh, rest) => Some(fresh.temp.join(rest)),
        }
    }

    /// Whether all of them lie on the file system of the root.
    pub fn is_one_system(&self) -> bool {
        let root = fs::metadata(&self.root).map(|found| found.dev());
        root.is_ok_and(|root| self.systems.keys().all(|system| *system == root))
    }

    /// Makes all that was written survive a power cut, in one go.
    ///
    /// # Errors
    /// The disk's.
    pub fn sync_systems(&self) -> io::Result<()> {
        self.systems.values().try_for_each(sync_file_system)
    }

    /// Makes the names in new folders survive a power cut.
    ///
    /// # Errors
    /// The disk's.
    pub fn sync_fresh(&self) -> io::Result<()> {
        let known = self.known.values().flatten();
        let within = known.filter_map(|known| known.within.as_deref().map(Within::path));
        let temps: HashSet<&Path> = { self.fresh.values() }
            .map(|fresh| fresh.temp.as_path())
            .collect();
        let all = within.flat_map(|within| {
            let own = within.ancestors().position(|above| temps.contains(above));
            within.ancestors().take(own.map_or(0, |own| own + 1))
        });
        let all: HashSet<&Path> = all.collect();
        all.into_par_iter().try_for_each(sync_dir)
    }

    /// Gives the new folders their names. One whose name somebody else has taken is made there, so that its files get
    /// their places one by one. Returns the folders, as paths below the root, that are in place with all their files.
    pub fn place_fresh(&mut self) -> HashSet<String> {
        for fresh in self.fresh.values_mut() {
            // Linux renames over an empty folder, which is as good as none.
            fresh.is_placed = fs::rename(&fresh.temp, &fresh.place).is_ok();
        }
        let mut placed = HashSet::new();
        for (parent, known) in &mut self.known {
            let Ok(folder) = known else { continue };
            let Some((fresh, _)) = fresh_of(&self.fresh, parent) else {
                continue;
            };
            if fresh.is_placed {
                placed.insert(parent.clone());
                continue;
            }
            let missing = first_missing(&self.root, parent);
            if let Err(error) = missing.and_then(|_| fs::create_dir_all(&folder.place)) {
                *known = Err(error);
            }
        }
        placed
    }

    /// Makes the names of files in these folders survive a power cut, and those of the folders. Returns the folders
    /// whose names may be lost.
    pub fn sync_names(&self, touched: &BTreeSet<&str>) -> HashMap<String, io::Error> {
        // Each folder, and whose names hang on it.
        let mut folders: HashMap<PathBuf, Vec<&str>> = HashMap::new();
        for &parent in touched {
            let Some(Ok(known)) = self.known.get(parent) else {
                continue;
            };
            let mut add = |folder: &Path| {
                folders.entry(folder.to_owned()).or_default().push(parent);
            };
            add(&known.place);
            if let Some((fresh, _)) = fresh_of(&self.fresh, parent) {
                let above = { known.place.ancestors().skip(1) }
                    .take_while(|above| above.starts_with(&fresh.place));
                above.chain(fresh.place.parent()).for_each(add);
            }
        }
        let results: Vec<_> = folders
            .into_par_iter()
            .filter_map(|(folder, whose)| sync_dir(&folder).err().map(|error| (whose, error)))
            .collect();
        let mut lost = HashMap::new();
        for (whose, error) in &results {
            let each = whose.iter();
            lost.extend(each.map(|parent| ((*parent).to_owned(), same_error(error))));
        }
        lost
    }
}

/// The new folder that a path below the root leads into, and the rest of the path.
fn fresh_of<'a, 'b>(
    fresh: &'a HashMap<String, Fresh>,
    parent: &'b str,
) -> Option<(&'a Fresh, &'b str)> {
    let ends = parent.match_indices('/').map(|(end, _)| end);
    ends.chain([parent.len()]).find_map(|end| {
        let (way, rest) = parent.split_at(end);
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        fresh.get(way).map(|fresh| (fresh, rest))
    })
}
