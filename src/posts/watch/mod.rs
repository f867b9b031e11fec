//! Tells that something may have changed. An event is only a hint to look again.
//! In: the roots and intervals. Out: `Hint`s, from inotify where the system allows it, from a
//! clock where it does not, and a full rescan every few minutes always.
//!
//! Dropping the `Watcher` ends it. One thread waits for events and does everything here.

mod aliases;
mod batch;
mod place;
mod writers;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use notify::{ErrorKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::look::concerns;
use super::settings::Settings;
use aliases::Aliases;
use batch::Batch;
use place::{identity, remote_kind};
pub use writers::Writers;

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
    /// Starts to watch. Hints go into `hints`; when its receiver is gone, watching ends. `writers` is kept
    /// up to date with the files that are being written.
    pub fn start(
        roots: &[PathBuf],
        settings: &Settings,
        writers: Arc<Writers>,
        hints: Sender<Hint>,
    ) -> Watcher {
        let (stop, messages) = mpsc::channel();
        let seconds = |n: u64| Duration::from_secs(n.max(1));
        let new = |path: &PathBuf| Root {
            path: path.clone(),
            state: State::New,
        };
        let mut watch = Watch {
            names: roots.to_vec(),
            roots: roots.iter().map(new).collect(),
            debounce: Duration::from_millis(settings.debounce_ms),
            poll: seconds(settings.poll_seconds),
            rescan: seconds(settings.rescan_seconds),
            events: stop.clone(),
            notify: None,
            batch: Batch::default(),
            writers,
            aliases: Aliases::default(),
            overflowed: false,
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
    /// Events were lost, perhaps those of new folders, which are not watched then.
    Stale,
    Polled,
}

/// The receiver of hints is gone.
struct Ended;

struct Watch {
    names: Vec<PathBuf>,
    roots: Vec<Root>,
    debounce: Duration,
    poll: Duration,
    rescan: Duration,
    events: Sender<Message>,
    notify: Option<RecommendedWatcher>,
    batch: Batch,
    writers: Arc<Writers>,
    aliases: Aliases,
    overflowed: bool,
    hints: Sender<Hint>,
}

impl Watch {
    fn run(mut self, messages: &Receiver<Message>) {
        let mut next_poll = Instant::now() + self.poll;
        let mut next_rescan = Instant::now() + self.rescan;
        loop {
            let now = Instant::now();
            if now >= next_poll || self.is_restless() {
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
                Ok(Message::Event(Ok(event))) if !event.need_rescan() => {
                    let names = &self.names;
                    self.batch.take(event, |path| concerns(names, path));
                }
                Ok(Message::Event(lost)) => {
                    if self.lost(lost.err()).is_err() {
                        return;
                    }
                }
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// True when a root has to be looked after before the next poll: it was moved, or its watch is no good.
    fn is_restless(&self) -> bool {
        self.roots.iter().any(|root| match root.state {
            State::Stale => true,
            State::Watched(device, inode) => {
                self.batch.touches(&root.path) && identity(&root.path) != Some((device, inode))
            }
            _ => false,
        })
    }

    /// Events were lost, or a folder could not be watched.
    fn lost(&mut self, error: Option<notify::Error>) -> Result<(), Ended> {
        self.batch.all = true;
        let Some(error) = error else {
            self.distrust();
            if std::mem::replace(&mut self.overflowed, true) {
                return Ok(());
            }
            return self.tell(Hint::Notice(
                "more changed at once than the system's queue holds (sysctl fs.inotify.max_queued_events); all posts are looked at again".to_owned(),
            ));
        };
        if matches!(error.kind, ErrorKind::MaxFilesWatch) {
            for index in 0..self.roots.len() {
                let root = self.roots[index].path.clone();
                let inside = |path: &PathBuf| concerns(std::slice::from_ref(&root), path);
                if error.paths.iter().any(inside) && self.roots[index].state != State::Polled {
                    self.roots[index].state = self.give_up(&root, &error)?;
                }
            }
        }
        Ok(())
    }

    fn distrust(&mut self) {
        for root in &mut self.roots {
            if matches!(root.state, State::Watched(..)) {
                root.state = State::Stale;
            }
        }
    }

    fn flush(&mut self) -> Result<(), Ended> {
        self.writers.tidy();
        let batch = std::mem::take(&mut self.batch);
        let changed = !batch.paths.is_empty();
        let mut last: Option<&PathBuf> = None;
        for folder in batch.paths.iter().filter(|path| path.is_dir()) {
            // What is below the one before is watched with it.
            if !last.is_some_and(|last| folder.starts_with(last)) {
                self.watch_folder(folder)?;
                last = Some(folder);
            }
        }
        if changed && self.aliases.any() {
            // The names in the events may be others than the posts', and a watch may have gone with one.
            self.distrust();
        }
        if batch.all || self.batch.all || self.aliases.any() {
            self.batch.all = false;
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
        if let Some(kind) = remote_kind(path) {
            self.polled(path, &format!("{kind} does not report changes"))?;
            return Ok(State::Polled);
        }
        match self.try_watch(path) {
            Ok(()) => Ok(State::Watched(identity.0, identity.1)),
            Err(error) => self.give_up(path, &error),
        }
    }

    /// The system refuses to report changes: they are polled for.
    fn give_up(&mut self, path: &Path, error: &notify::Error) -> Result<State, Ended> {
        if let Some(notify) = &mut self.notify {
            let _ = notify.unwatch(path);
        }
        let why = match &error.kind {
            ErrorKind::MaxFilesWatch => {
                "the system's limit of watches is reached (sysctl fs.inotify.max_user_watches)"
                    .to_owned()
            }
            ErrorKind::Io(io) if io.raw_os_error() == Some(TOO_MANY_OPEN) => {
                "the system's limit of watchers is reached (sysctl fs.inotify.max_user_instances)"
                    .to_owned()
            }
            _ => error.to_string(),
        };
        self.polled(path, &why)?;
        Ok(State::Polled)
    }

    fn polled(&self, path: &Path, why: &str) -> Result<(), Ended> {
        self.tell(Hint::Notice(format!(
            "{}: {why}; changes are looked for every {:?}",
            path.display(),
            self.poll
        )))
    }

    fn try_watch(&mut self, path: &Path) -> notify::Result<()> {
        let notify = match &mut self.notify {
            Some(notify) => notify,
            none => {
                let events = self.events.clone();
                let writers = self.writers.clone();
                none.insert(notify::recommended_watcher(move |event| {
                    writers.note(&event);
                    let _ = events.send(Message::Event(event));
                })?)
            }
        };
        // The folder may be another than the one watched under this name before.
        let _ = notify.unwatch(path);
        notify.watch(path, RecursiveMode::Recursive)?;
        self.aliases.add(path);
        Ok(())
    }

    /// Watches a folder that notify does not see come: a link to one, or one that could not be opened before.
    fn watch_folder(&mut self, path: &Path) -> Result<(), Ended> {
        let root = self.roots.iter().find(|root| {
            matches!(root.state, State::Watched(..))
                && concerns(std::slice::from_ref(&root.path), path)
        });
        let (Some(_), Some(notify)) = (root, &mut self.notify) else {
            return Ok(());
        };
        if self.aliases.add(path) && path.is_symlink() {
            return Ok(());
        }
        match notify.watch(path, RecursiveMode::Recursive) {
            Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) => self.lost(Some(error)),
            _ => Ok(()),
        }
    }
}

/// EMFILE: `inotify_init` answers it when the user has too many instances.
const TOO_MANY_OPEN: i32 = 24;

#[cfg(test)]
mod tests;
