//! THE flow: changes → catalog → feeds → publish → plan.
//! In: a hint that something may have changed, and the time. Out: feeds on disk, rows in the outbox.
//! A hint is never believed: the files are looked at again, and the last good answer stays until then.

mod archives;
mod behind;
mod corrections;
mod derived;
mod entries;
mod intake;
mod lists;
mod look;
mod owed;
mod place;
mod plan;
mod publish;
mod reader;
mod record;
mod shape;
mod stock;
mod stories;
mod wanted;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use crate::publish::expect_files;
pub use derived::{Derived, DerivedError, Progress};
pub use plan::{Planned, Planner, card, has_undated};
pub use reader::{digest, unreadable};

use crate::catalog::{CatalogError, Delta};
use crate::model::Problem;
use crate::store::{Millis, StoreError};

/// Has the other cores begin, since the first work would wait for them, and make what every article needs: beside what one
/// core does alone until the first article.
pub fn warm_up() {
    rayon::spawn(reader::warm_up);
}

/// The same for a run that this thread does by itself (`derive_alone`): it becomes one of the threads that work, so that
/// what it begins is not handed over to another one, which would have to wake up first.
pub fn take_part() {
    let threads = rayon::ThreadPoolBuilder::new().use_current_thread();
    match threads.build_global() {
        Ok(()) => warm_up(),
        // The system has no thread left: this one does all the work.
        Err(error) => tracing::debug!(%error, "no thread beside this one"),
    }
}

/// What may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// Look at everything, for the first time.
    Start,
    /// Look at everything.
    Everything,
    /// Look at these files and folders.
    Paths {
        /// Told by the watcher: the writer is done with them.
        told: Vec<PathBuf>,
        /// Looked half written before.
        again: Vec<PathBuf>,
    },
    /// Only the time went on: posts that are due, files that have been gone long enough.
    Time,
}

/// How patient a look is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// A daemon: a file that looks half written is read again later, a deleted one keeps its place for a while.
    Daemon,
    /// One run: what is there now counts.
    OneShot,
}

/// What a round did.
#[derive(Debug, Default, Clone)]
pub struct Round {
    /// Posts added, changed, removed.
    pub delta: Delta,
    /// Posts whose time came.
    pub released: usize,
    /// Files written below `publish.dir`.
    pub written: usize,
    /// Feeds rendered whose bytes did not change.
    pub unchanged: usize,
    /// Files that could not be written, with the reason; the old ones are whole.
    pub failed: Vec<(String, String)>,
    /// Files that looked half written: look again soon.
    pub unsettled: Vec<PathBuf>,
    /// Of files read in this round, where these are few: what their authors should look at.
    pub problems: Vec<Problem>,
    /// Things to say once: a folder that is not there, a guard that held.
    pub notices: Vec<String>,
}

impl Round {
    /// Adds problems, each once: a file is read twice where its last version goes in the same round.
    fn tell(&mut self, problems: Vec<Problem>) {
        for problem in problems {
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }
}

/// What keeps a round from ending well.
#[derive(Debug, thiserror::Error)]
pub enum PipelineError {
    /// The catalog's.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A thread ended badly; the next round begins anew.
    #[error("a round of the pipeline broke off: {0}")]
    Broken(String),
}

/// The derived half, for as long as nobody else needs it. What a round left that broke off, the next one mends.
pub fn lock(derived: &Mutex<Derived>) -> MutexGuard<'_, Derived> {
    derived.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One round of the whole flow.
///
/// # Errors
/// The catalog's or the store's; nothing is lost: dirty feeds and unplanned posts stay marked.
pub async fn refresh(
    derived: &Arc<Mutex<Derived>>,
    planner: &Planner,
    hint: Hint,
    patience: Patience,
    now: Millis,
) -> Result<(Round, Planned), PipelineError> {
    let round = derive(derived, hint, patience, now).await;
    let round = round.inspect_err(|_| planner.compare_again())?;
    planner.keep_first_seen(derived).await?;
    // What is not read yet was there before the first start as well: it must not come as news a moment later.
    if planner.waits_for(round.unsettled.len(), now).await? {
        planner.compare_again();
        return Ok((round, Planned::default()));
    }
    let touched = round.delta.changed + round.delta.removed + round.released > 0;
    let planned = { planner }
        .plan(derived, touched, &round.delta.moved, now)
        .await?;
    Ok((round, planned))
}

/// The derived half: changes → catalog → feeds → publish, off the async threads.
///
/// # Errors
/// The catalog's.
pub async fn derive(
    derived: &Arc<Mutex<Derived>>,
    hint: Hint,
    patience: Patience,
    now: Millis,
) -> Result<Round, PipelineError> {
    let derived = derived.clone();
    let round = tokio::task::spawn_blocking(move || round(&derived, hint, patience, now));
    match round.await {
        Ok(round) => Ok(round?),
        Err(error) => Err(PipelineError::Broken(error.to_string())),
    }
}

/// The same where nothing else waits for this thread.
///
/// # Errors
/// The catalog's.
pub fn derive_alone(
    derived: &Arc<Mutex<Derived>>,
    hint: Hint,
    now: Millis,
) -> Result<Round, PipelineError> {
    let all = || round(derived, hint, Patience::OneShot, now);
    match catch_unwind(AssertUnwindSafe(all)) {
        Ok(round) => Ok(round?),
        Err(_) => Err(PipelineError::Broken("it panicked".to_owned())),
    }
}

fn round(
    derived: &Mutex<Derived>,
    hint: Hint,
    patience: Patience,
    now: Millis,
) -> Result<Round, CatalogError> {
    let derived = &mut *lock(derived);
    // On a core that works for all of the round: one that waited would be woken beside the other, on the same processor,
    // while another has nothing to do. The lock stays outside: whoever waits inside may take up other work meanwhile.
    rayon::scope(|_| derived.refresh(hint, patience, now.div_euclid(1000)))
}
