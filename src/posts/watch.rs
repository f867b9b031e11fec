//! Tells that something may have changed. An event is only a hint to look again.
//! In: the roots and intervals. Out: `Hint`s, from inotify where the system allows it, from a
//! clock where it does not, and a full rescan every few minutes always.
//!
//! Dropping the `Watcher` ends it. One thread waits for events and does everything here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use notify::event::{EventKind, ModifyKind};
use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::settings::Settings;

/// More changed paths than this are looked at faster by one scan.
const MOST_PATHS: usize = 10_000;

/// A batch that never gets quiet goes out after this many debounce times.
const LONGEST_BATCH: u32 = 8;

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// These paths may have changed, appeared or gone; absolute.
    Paths(Vec<PathBuf>),
    /// Anything may have changed: scan.
    Rescan,
    /// For the log, said once: why changes are polled for.
    Notice(String),
}

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    stop: Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

enum Message {
    Event(notify::Result<notify::Event>),
    Stop,
}

impl Watcher {
    /// Starts to watch. Hints go into `hints`; when its receiver is gone, watching ends.
    pub fn start(roots: &[PathBuf], settings: &Settings, hints: Sender<Hint>) -> Watcher {
        let (stop, messages) = mpsc::channel();
        let seconds = |n: u64| Duration::from_secs(n.max(1));
        let mut watch = Watch {
            roots: roots
                .iter()
                .map(|path| Root {
                    path: path.clone(),
                    state: State::New,
                })
                .collect(),
            debounce: Duration::from_millis(settings.debounce_ms),
            poll: seconds(settings.poll_seconds),
            rescan: seconds(settings.rescan_seconds),
            events: stop.clone(),
            notify: None,
            batch: Batch::default(),
            hints,
        };
        // Before we return, so that a scan that follows cannot miss what comes after it.
        let _ = watch.tend_roots();
        let thread = std::thread::Builder::new()
            .name("posts-watch".to_owned())
            .spawn(move || watch.run(&messages))
            .map_err(|error| tracing::error!("posts are not watched, no thread: {error}"))
            .ok();
        Watcher { stop, thread }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.stop.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Paths that changed and have not been told yet.
#[derive(Default)]
struct Batch {
    paths: BTreeSet<PathBuf>,
    first: Option<Instant>,
    last: Option<Instant>,
    all: bool,
}

struct Root {
    path: PathBuf,
    state: State,
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum State {
    New,
    Missing,
    /// Device and inode: another folder under the same name needs another watch.
    Watched(u64, u64),
    Polled,
}

/// The receiver of hints is gone.
struct Ended;

struct Watch {
    roots: Vec<Root>,
    debounce: Duration,
    poll: Duration,
    rescan: Duration,
    events: Sender<Message>,
    notify: Option<RecommendedWatcher>,
    batch: Batch,
    hints: Sender<Hint>,
}

impl Watch {
    fn run(mut self, messages: &Receiver<Message>) {
        let mut next_poll = Instant::now();
        let mut next_rescan = Instant::now() + self.rescan;
        loop {
            let now = Instant::now();
            if now >= next_poll {
                next_poll = now + self.poll;
                if self.tend_roots().is_err() {
                    return;
                }
            }
            if now >= next_rescan {
                next_rescan = now + self.rescan;
                self.batch.all = true;
            }
            let due = self.batch.due(self.debounce);
            if (self.batch.all || due.is_some_and(|due| due <= now)) && self.flush().is_err() {
                return;
            }
            let due = self.batch.due(self.debounce).unwrap_or(next_poll);
            let wake = due.min(next_poll).min(next_rescan);
            match messages.recv_timeout(wake.saturating_duration_since(Instant::now())) {
                Ok(Message::Event(event)) => self.batch.take(event),
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn flush(&mut self) -> Result<(), Ended> {
        let batch = std::mem::take(&mut self.batch);
        if batch.all {
            self.tell(Hint::Rescan)
        } else {
            self.tell(Hint::Paths(batch.paths.into_iter().collect()))
        }
    }

    fn tell(&self, hint: Hint) -> Result<(), Ended> {
        self.hints.send(hint).map_err(|_| Ended)
    }

    /// Watches what is not watched yet; polls what cannot be.
    fn tend_roots(&mut self) -> Result<(), Ended> {
        for index in 0..self.roots.len() {
            let state = self.roots[index].state;
            let path = self.roots[index].path.clone();
            let identity = identity(&path);
            let next = match (state, identity) {
                (State::Watched(a, b), Some(found)) if found == (a, b) => continue,
                (State::Polled, _) => {
                    self.batch.all = true;
                    continue;
                }
                (State::Missing, None) => continue,
                (_, None) => State::Missing,
                (_, Some(found)) => self.watch(&path, found)?,
            };
            // Whatever happened while nobody watched is found by a scan; at the start the caller
            // scans by himself.
            self.batch.all |= state != State::New;
            self.roots[index].state = next;
        }
        Ok(())
    }

    fn watch(&mut self, path: &Path, identity: (u64, u64)) -> Result<State, Ended> {
        let poll = self.poll;
        let polled = |why: &str| {
            format!(
                "{}: {why}; changes are looked for every {poll:?}",
                path.display()
            )
        };
        if let Some(kind) = remote_kind(path) {
            self.tell(Hint::Notice(polled(&format!(
                "{kind} does not report changes"
            ))))?;
            return Ok(State::Polled);
        }
        match self.try_watch(path) {
            Ok(()) => Ok(State::Watched(identity.0, identity.1)),
            Err(error) => {
                let why = match error.kind {
                    ErrorKind::MaxFilesWatch => {
                        "the system's limit of watches is reached (sysctl fs.inotify.max_user_watches)".to_owned()
                    }
                    _ => error.to_string(),
                };
                self.tell(Hint::Notice(polled(&why)))?;
                Ok(State::Polled)
            }
        }
    }

    fn try_watch(&mut self, path: &Path) -> notify::Result<()> {
        let notify = match &mut self.notify {
            Some(notify) => notify,
            none => {
                let events = self.events.clone();
                none.insert(notify::recommended_watcher(move |event| {
                    let _ = events.send(Message::Event(event));
                })?)
            }
        };
        // The folder may be another than the one watched under this name before.
        let _ = notify.unwatch(path);
        notify.watch(path, RecursiveMode::Recursive)
    }
}

impl Batch {
    fn take(&mut self, event: notify::Result<notify::Event>) {
        let Ok(event) = event else {
            // A queue that ran over, or a watch that was lost: look at everything.
            self.all = true;
            return;
        };
        if event.need_rescan() {
            self.all = true;
            return;
        }
        // Our own reads raise access events; a new owner or mode may make a file readable.
        let telling = matches!(
            event.kind,
            EventKind::Any
                | EventKind::Create(_)
                | EventKind::Remove(_)
                | EventKind::Modify(
                    ModifyKind::Any
                        | ModifyKind::Data(_)
                        | ModifyKind::Name(_)
                        | ModifyKind::Metadata(_)
                )
        );
        if !telling {
            return;
        }
        let now = Instant::now();
        self.first.get_or_insert(now);
        self.last = Some(now);
        self.paths.extend(event.paths);
        self.all |= self.paths.len() > MOST_PATHS;
    }

    /// When the batch is to be told: after some quiet, or when it has waited long enough.
    fn due(&self, debounce: Duration) -> Option<Instant> {
        let quiet = self.last? + debounce;
        Some(quiet.min(self.first? + debounce * LONGEST_BATCH))
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().ok().filter(std::fs::Metadata::is_dir)?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<(u64, u64)> {
    path.is_dir().then_some((0, 0))
}

/// File systems whose changes on other machines raise no event here.
#[cfg(target_os = "linux")]
fn remote_kind(path: &Path) -> Option<&'static str> {
    let kind = u64::try_from(rustix::fs::statfs(path).ok()?.f_type).ok()? & 0xFFFF_FFFF;
    match kind {
        0x6969 => Some("NFS"),
        0x517B | 0xFF53_4D42 | 0xFE53_4D42 => Some("SMB"),
        0x0102_1997 => Some("9p"),
        0x6573_5546 => Some("FUSE"),
        0x00C3_6400 => Some("Ceph"),
        _ => None,
    }
}

#[cfg(not(target_os = "linux"))]
fn remote_kind(_: &Path) -> Option<&'static str> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn settings() -> Settings {
        Settings {
            debounce_ms: 30,
            poll_seconds: 1,
            ..Settings::default()
        }
    }

    /// True once a hint that asks to look at `path` has come.
    fn told(hints: &Receiver<Hint>, path: &Path) -> bool {
        let end = Instant::now() + Duration::from_secs(10);
        while let Ok(hint) = hints.recv_timeout(end.saturating_duration_since(Instant::now())) {
            match hint {
                Hint::Rescan => return true,
                Hint::Paths(paths) if paths.iter().any(|p| path.starts_with(p)) => return true,
                Hint::Paths(_) | Hint::Notice(_) => {}
            }
        }
        false
    }

    #[test]
    fn a_new_file_and_a_moved_folder_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("posts");
        fs::create_dir(&root).unwrap();
        let (tx, hints) = mpsc::channel();
        let watcher = Watcher::start(std::slice::from_ref(&root), &settings(), tx);
        std::thread::sleep(Duration::from_millis(200));
        fs::write(root.join("a.md"), "x").unwrap();
        assert!(told(&hints, &root.join("a.md")));
        fs::create_dir(dir.path().join("new")).unwrap();
        fs::write(dir.path().join("new/b.md"), "x").unwrap();
        fs::rename(dir.path().join("new"), root.join("new")).unwrap();
        assert!(told(&hints, &root.join("new/b.md")));
        drop(watcher);
        assert!(hints.iter().all(|hint| !matches!(hint, Hint::Notice(_))));
    }

    #[test]
    fn a_root_that_comes_late_is_watched() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("posts");
        let (tx, hints) = mpsc::channel();
        let _watcher = Watcher::start(std::slice::from_ref(&root), &settings(), tx);
        std::thread::sleep(Duration::from_millis(200));
        fs::create_dir(&root).unwrap();
        assert!(told(&hints, &root));
        fs::write(root.join("a.md"), "x").unwrap();
        assert!(told(&hints, &root.join("a.md")));
    }

    #[test]
    fn many_changes_are_one_batch_and_own_reads_are_none() {
        let mut batch = Batch::default();
        let event = |kind, path: &str| Ok(notify::Event::new(kind).add_path(PathBuf::from(path)));
        batch.take(event(
            EventKind::Access(notify::event::AccessKind::Any),
            "/a",
        ));
        assert!(batch.due(Duration::ZERO).is_none());
        for n in 0..500 {
            batch.take(event(EventKind::Any, &format!("/{n}")));
        }
        assert_eq!((batch.paths.len(), batch.all), (500, false));
        batch.take(Err(notify::Error::generic("overflow")));
        assert!(batch.all);
    }
}
