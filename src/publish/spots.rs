//! Places for files that are about to be written.
//! In: paths, and what the caller remembers of them. Out: for each its place and, in a folder that is new, an empty
//! file that waits for its bytes: cores that make files in one folder wait for each other, so one makes them while the
//! others write.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::{HashSet, HashSetExt};
use rayon::Scope;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::folder::Folder;
use super::parents::{Parent, Parents};
use super::paths::checked;
use super::write::{Blank, Within};
use super::{Coding, Known, Published};

/// Files that are made before their bytes are, and are open meanwhile: what a core makes while another one has the index
/// commit all that was read.
const AHEAD: usize = 448;

/// More than may be open at once in a build.
const OPEN: i32 = 512;

/// So many files may be open where the system lets us: those made ahead, and connections of readers.
const MANY_OPEN: u64 = 8192;

/// Looks at a lock before its thread sleeps, some 20 to 100 ns each.
const SPINS: usize = 1_000;

/// Jobs that a core makes files for before it looks for other work.
const AT_ONCE: usize = 16;

/// For fewer jobs no other core is asked.
const FEW: usize = 16;

/// Raises the soft limit of open files, which is 1024 or less by default, for a build and its readers; and has the kernel
/// make its table of them large enough for a build, while the process has one thread. When the table grows later, whoever
/// opens one file too many waits for all processors (Linux's `expand_fdtable`: `synchronize_rcu`), some 5 ms each time here.
pub fn expect_files() {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(MANY_OPEN).min(MANY_OPEN);
    if limit.current.is_some_and(|current| current < most) {
        let raised = Rlimit {
            current: Some(most),
            ..limit
        };
        // Where it cannot be raised, fewer files are made ahead.
        let _ = setrlimit(Resource::Nofile, raised);
    }
    // Closed at once; the table stays. Where so many may not be open it grows as ever.
    let _ = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr(), OPEN);
}

/// A place for a file, and what the caller remembers of it and of its copies.
#[derive(Debug)]
pub(super) struct Spot {
    pub path: Arc<str>,
    pub place: io::Result<Place>,
    pub known: Option<Published>,
    pub copies: Vec<(Coding, Option<Published>)>,
}

/// Where a file belongs.
#[derive(Debug)]
pub(super) struct Place {
    /// Its folder.
    pub parent: Arc<Path>,
    /// The same as long as it is new and has no name yet.
    pub within: Option<Arc<Within>>,
    /// The file in the new folder, unless it is made only with its bytes.
    pub blank: Option<Blank>,
}

/// Finds places, each path once.
#[derive(Debug)]
pub struct Finder<'a> {
    folder: &'a Folder,
    pub(super) parents: Parents,
    seen: HashSet<Arc<str>>,
}

/// Places for the files of many jobs. They are found in the order of the jobs, by whoever needs one first: a core that
/// makes files ahead, or one that writes. Dropped, what was made for jobs that never came is gone.
pub struct Places<'a, 'f> {
    /// The paths of each job.
    paths: &'a (dyn Fn(usize) -> Vec<String> + Sync),
    known: Known<'a>,
    /// Who looks at the next job has this, then the job's place in `found`.
    search: Mutex<Search<'a, 'f>>,
    found: Vec<Mutex<Vec<Spot>>>,
    /// Files whose places were found and that wait for their bytes, and how many may.
    ahead: AtomicUsize,
    pub(super) most: usize,
    /// Somebody makes files ahead.
    is_running: AtomicBool,
}

struct Search<'a, 'f> {
    finder: &'a mut Finder<'f>,
    /// The first job whose places nobody has looked for.
    next: usize,
}

impl<'f> Finder<'f> {
    pub(super) fn new(folder: &'f Folder) -> Self {
        Finder {
            folder,
            parents: Parents::below(folder.dir()),
            seen: HashSet::new(),
        }
    }

    /// Places for the files of so many jobs, each of which makes the bytes of its `paths`. `known` tells what lies at a
    /// path as far as the caller remembers.
    pub fn places<'a>(
        &'a mut self,
        jobs: usize,
        paths: &'a (dyn Fn(usize) -> Vec<String> + Sync),
        known: Known<'a>,
    ) -> Places<'a, 'f> {
        Places {
            paths,
            known,
            search: Mutex::new(Search {
                finder: self,
                next: 0,
            }),
            found: (0..jobs).map(|_| Mutex::default()).collect(),
            ahead: AtomicUsize::new(0),
            most: most_open(4, AHEAD),
            is_running: AtomicBool::new(false),
        }
    }

    fn spot(&mut self, path: String, known: Known<'_>) -> Spot {
        let path = Arc::from(path);
        let copies = self.folder.codings().iter();
        Spot {
            known: known(&path),
            copies: copies
                .map(|coding| (*coding, known(&coding.copy_of(&path))))
                .collect(),
            place: self.place(&path),
            path,
        }
    }

    fn place(&mut self, path: &Arc<str>) -> io::Result<Place> {
        let is_new = self.seen.insert(path.clone());
        let (parent, _) = split(checked(path)?);
        if !is_new {
            return Err(io::Error::new(
                ErrorKind::InvalidInput,
                "twice in one batch",
            ));
        }
        let Parent { place, within } = self.parents.of(parent)?;
        Ok(Place {
            parent: place,
            within,
            blank: None,
        })
    }
}

impl Places<'_, '_> {
    /// Has a core make the files of the next jobs, unless half as many as may be are there: called now and then while they
    /// are written.
    pub fn run_ahead<'s>(&'s self, cores: &Scope<'s>) {
        let left = self.found.len() - lock(&self.search).next;
        let is_enough = left < FEW || self.ahead.load(Ordering::Acquire) >= self.most / 2;
        if !is_enough && !self.is_running.swap(true, Ordering::AcqRel) {
            cores.spawn(|cores| self.go_on(cores));
        }
    }

    /// Makes some files, and has others made later: a core that only waits for another one must not be kept for long.
    fn go_on<'s>(&'s self, cores: &Scope<'s>) {
        match self.make_ahead(AT_ONCE) {
            true => cores.spawn(|cores| self.go_on(cores)),
            false => self.is_running.store(false, Ordering::Release),
        }
    }

    /// Finds the places of some jobs, and makes those of their files that are in new folders; false once enough wait for
    /// their bytes, or there are no jobs left.
    pub(super) fn make_ahead(&self, jobs: usize) -> bool {
        for _ in 0..jobs {
            if self.ahead.load(Ordering::Acquire) >= self.most {
                return false;
            }
            let mut search = lock(&self.search);
            let Some(found) = self.found.get(search.next) else {
                return false;
            };
            // Whoever wants it waits for these files; all others are not kept waiting.
            let mut found = lock(found);
            *found = self.look_for_next(&mut search);
            drop(search);
            found.iter_mut().for_each(Spot::make);
        }
        true
    }

    /// The places of a job, which asks once.
    pub(super) fn take(&self, job: usize) -> Vec<Spot> {
        let mut search = lock(&self.search);
        while search.next <= job
            && let Some(found) = self.found.get(search.next)
        {
            *lock(found) = self.look_for_next(&mut search);
        }
        drop(search);
        let Some(found) = self.found.get(job) else {
            return Vec::new();
        };
        let found = std::mem::take(&mut *lock_soon(found));
        self.ahead.fetch_sub(found.len(), Ordering::AcqRel);
        found
    }

    fn look_for_next(&self, search: &mut Search<'_, '_>) -> Vec<Spot> {
        let paths = (self.paths)(search.next);
        search.next += 1;
        self.ahead.fetch_add(paths.len(), Ordering::AcqRel);
        let spots = paths.into_iter();
        spots
            .map(|path| search.finder.spot(path, self.known))
            .collect()
    }
}

impl Spot {
    /// Makes its file, if that is in a folder which is new. What fails now is tried again with the bytes, and fails there
    /// with its own words.
    fn make(&mut self) {
        if let Ok(place) = &mut self.place
            && let Some(folder) = &place.within
        {
            place.blank = Blank::within(folder, &self.path).ok();
        }
    }
}

/// The `part`th part of what may be open, and no more than `most`: the rest is for whoever else has files open.
pub(super) fn most_open(part: u64, most: usize) -> usize {
    let limit = getrlimit(Resource::Nofile).current;
    let share = limit.map(|limit| usize::try_from(limit / part).unwrap_or(most));
    share.map_or(most, |share| share.min(most))
}

/// A panic of another core is told by that core.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same of what another core has for as long as it makes a file: to sleep meanwhile and be woken takes longer.
fn lock_soon<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    for _ in 0..SPINS {
        if let Ok(guard) = mutex.try_lock() {
            return guard;
        }
        std::hint::spin_loop();
    }
    lock(mutex)
}

/// The folder of a path below the root, and the file's name in it.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}
