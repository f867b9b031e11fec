//! Looks at many files, on all cores.
//! In: names of files in one folder, or files that are known, with their stamps. Out: the stamp of each, or what is wrong
//! with it; of those that are known only what is not as it was.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::Scope;
use rustix::fs::{AtFlags, Mode, OFlags};

use super::findings::{FILE, Findings};
use super::read::Stamp;
use super::scan::is_gone;
use crate::model::Problem;

/// What is at a path: a file, nothing any more, or something that is no file or cannot be looked at.
pub type Sight = Result<Option<Stamp>, Vec<Problem>>;

/// Files that are looked at in one go, few enough that all cores have some of a folder of a few thousand.
pub(super) const AT_A_TIME: usize = 1024;

/// Files of one folder for which it is opened, so that the system need not find it again for each.
pub(super) const WORTH_A_HANDLE: usize = 64;

/// Pieces that wait for each core: from then on, whoever tells of them looks himself.
const WAITING: usize = 4;

/// Looks at each of some files of one folder, which is given with its last `/`.
pub(super) fn look_in<'a>(
    folder: &str,
    names: impl ExactSizeIterator<Item = &'a str>,
) -> impl Iterator<Item = Sight> {
    let is_worth_it = names.len() >= WORTH_A_HANDLE;
    let handle = is_worth_it.then(|| open_folder(folder)).flatten();
    names.map(move |name| sight(folder, name, handle.as_ref()))
}

/// A folder from which files are found by their names; `None` where it cannot be had.
pub(super) fn open_folder(path: &str) -> Option<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).ok()
}

/// What is found by a name in its folder, where that is open.
fn sight(folder: &str, name: &str, handle: Option<&OwnedFd>) -> Sight {
    let by_name = handle.map(|handle| rustix::fs::statat(handle, name, AtFlags::empty()));
    // What cannot be looked at by its name is asked for once more by its path.
    let path = || [folder, name].concat();
    let looked = { by_name.and_then(Result::ok) }.map_or_else(|| rustix::fs::stat(path()), Ok);
    let error = match looked.map_err(io::Error::from) {
        Ok(stat) => {
            return match Stamp::of_stat(&stat) {
                None => Err(not_a_file(&path())),
                stamp => Ok(stamp),
            };
        }
        Err(error) if is_gone(&error) => return Ok(None),
        Err(error) => error,
    };
    let path = path();
    let mut findings = Findings::new(&path);
    findings.skipped(
        "unreadable",
        FILE,
        format!("the file cannot be looked at: {error}"),
        "let tagwire read it",
    );
    Err(findings.into_list())
}

pub(super) fn not_a_file(path: &str) -> Vec<Problem> {
    let mut findings = Findings::new(path);
    findings.skipped(
        "not-a-file",
        FILE,
        "this is a pipe, socket or device, not a file",
        "move it out of the posts' folder",
    );
    findings.into_list()
}

/// What was seen of known files of one folder.
#[derive(Debug)]
pub struct Seen {
    /// With its last `/`.
    pub folder: String,
    /// Whether a file is there at all, as it was or not.
    pub is_alive: bool,
    /// The paths at which there is not what there was.
    pub changed: Vec<(String, Sight)>,
}

/// Looks at known files while more of them are told.
pub struct Lookout<'scope, 'env, F> {
    scope: &'scope Scope<'env>,
    report: &'env F,
    told: Told,
    waiting: Arc<AtomicUsize>,
}

/// Files of one folder.
#[derive(Debug, Default)]
struct Told {
    folder: String,
    /// One after the other.
    names: String,
    /// Where each name ends, and its stamp.
    files: Vec<(usize, Stamp)>,
}

impl<'scope, 'env, F: Fn(Seen) + Sync> Lookout<'scope, 'env, F> {
    /// `report` is called for some files of a folder at a time, on any core.
    pub fn new(scope: &'scope Scope<'env>, report: &'env F) -> Self {
        Lookout {
            scope,
            report,
            told: Told::default(),
            waiting: Arc::default(),
        }
    }

    /// Tells of a file: its folder with the last `/`, its name, and what is known of it. All files of a folder one after
    /// the other.
    pub fn tell(&mut self, folder: &str, name: &str, stamp: Stamp) {
        if self.told.files.len() >= AT_A_TIME || self.told.folder != folder {
            self.look();
            folder.clone_into(&mut self.told.folder);
        }
        self.told.names.push_str(name);
        self.told.files.push((self.told.names.len(), stamp));
    }

    /// After the last file.
    pub fn end(mut self) {
        self.look();
    }

    fn look(&mut self) {
        let told = std::mem::take(&mut self.told);
        if told.files.is_empty() {
            return;
        }
        let report = self.report;
        if self.waiting.load(Ordering::Relaxed) >= WAITING * rayon::current_num_threads() {
            return report(told.look());
        }
        let waiting = self.waiting.clone();
        waiting.fetch_add(1, Ordering::Relaxed);
        self.scope.spawn(move |_| {
            waiting.fetch_sub(1, Ordering::Relaxed);
            report(told.look());
        });
    }
}

impl Told {
    fn look(self) -> Seen {
        let Told {
            folder,
            names,
            files,
        } = self;
        let starts = [0].into_iter().chain(files.iter().map(|(end, _)| *end));
        let ranges = starts.zip(&files);
        let names: Vec<&str> = ranges
            .map(|(start, (end, _))| &names[start..*end])
            .collect();
        let sights = look_in(&folder, names.iter().copied());
        let (mut is_alive, mut changed) = (false, Vec::new());
        for ((sight, name), (_, known)) in sights.zip(&names).zip(&files) {
            match sight {
                Ok(Some(stamp)) if stamp == *known => is_alive = true,
                sight => {
                    is_alive |= matches!(sight, Ok(Some(_)));
                    changed.push(([&folder, *name].concat(), sight));
                }
            }
        }
        Seen {
            folder,
            is_alive,
            changed,
        }
    }
}
