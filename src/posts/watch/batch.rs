//! Gathers events until it is quiet.
//! In: events. Out: the paths of one batch, or that everything has to be looked at, and when it is due.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind};

/// More changed paths than this are looked at faster by one scan.
const MOST_PATHS: usize = 10_000;

/// A batch that never gets quiet goes out after this many debounce times.
const LONGEST_BATCH: u32 = 8;

/// Paths that changed and have not been told yet.
#[derive(Default)]
pub(super) struct Batch {
    pub paths: BTreeSet<PathBuf>,
    first: Option<Instant>,
    last: Option<Instant>,
    pub all: bool,
}

impl Batch {
    /// Takes in what may concern a post.
    pub fn take(&mut self, event: notify::Event, concerns: impl Fn(&PathBuf) -> bool) {
        // Our own reads raise access events; a new owner or mode may make a file readable.
        let telling = matches!(
            event.kind,
            EventKind::Any
                | EventKind::Create(_)
                | EventKind::Remove(_)
                | EventKind::Access(AccessKind::Close(AccessMode::Write))
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
        let before = self.paths.len();
        let mut known = false;
        for path in event.paths.into_iter().filter(concerns) {
            known |= !self.paths.insert(path);
        }
        if !known && self.paths.len() == before {
            return;
        }
        let now = Instant::now();
        self.first.get_or_insert(now);
        self.last = Some(now);
        self.all |= self.paths.len() > MOST_PATHS;
    }

    /// True when a folder itself is among the paths, as the events call it or as the config does.
    pub fn touches(&self, root: &Path) -> bool {
        std::path::absolute(root).is_ok_and(|root| self.paths.contains(&root))
    }

    /// When the batch is to be told: after some quiet, or when it has waited long enough.
    pub fn due(&self, debounce: Duration) -> Option<Instant> {
        let quiet = self.last? + debounce;
        Some(quiet.min(self.first? + debounce * LONGEST_BATCH))
    }
}
