//! Which files are open for writing at present.
//! In: events of the system. Out: yes or no for a path; what is open is not read, however quiet it is.
//! A writer that never closes its file is waited for only so long.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, Event, EventKind, ModifyKind};

/// A file that nobody has written to for so long is read although it is still open.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The files that were written to and not closed since.
#[derive(Debug, Default)]
pub struct Writers {
    last: Mutex<HashMap<PathBuf, Instant>>,
}

impl Writers {
    /// True while a file is being written: some of it came in, and its writer has not closed it.
    pub fn are_at(&self, path: &Path) -> bool {
        let Ok(path) = std::path::absolute(path) else {
            return false;
        };
        let last = self.lock();
        last.get(&path)
            .is_some_and(|last| last.elapsed() < LONGEST_PAUSE)
    }

    pub(super) fn note(&self, event: &notify::Result<Event>) {
        let Ok(event) = event else {
            return self.forget();
        };
        if event.need_rescan() {
            // The event that tells of a close may be among those that were lost.
            return self.forget();
        }
        match event.kind {
            EventKind::Modify(ModifyKind::Data(_)) => {
                let now = Instant::now();
                let mut last = self.lock();
                for path in &event.paths {
                    last.insert(path.clone(), now);
                }
            }
            EventKind::Access(AccessKind::Close(AccessMode::Write))
            | EventKind::Create(_)
            | EventKind::Remove(_)
            | EventKind::Modify(ModifyKind::Name(_)) => {
                let mut last = self.lock();
                for path in &event.paths {
                    last.remove(path);
                }
            }
            _ => {}
        }
    }

    pub(super) fn tidy(&self) {
        self.lock().retain(|_, last| last.elapsed() < LONGEST_PAUSE);
    }

    fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Instant>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
