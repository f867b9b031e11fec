//! Wiring only: what starts, in which order, and how it stops.
//! In: a checked config. Out: a running program, or the outcome of one run.

mod bot;
mod channels;
mod in_force;
mod run;
mod setup;
mod watch;

pub use run::run;
pub use setup::{AppError, Setup};

use std::cell::Cell;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::catalog::{Catalog, Counts};
use crate::delivery::Sender;
use crate::model::Follow;
use crate::pipeline::{self, Derived, Hint, Patience, PipelineError, Planned, Progress, Round};
use crate::push::Stage;
use crate::store::Millis;

/// How long `once` waits for the pace of chats before it leaves the rest to the next run.
const ONCE_PATIENCE: Millis = 120_000;
/// A wait from which on it is shown.
const SHOWN_WAIT: Millis = 3_000;
/// What its progress is called.
const WAITING: &str = "seconds until the next message may go";
/// How long `build` and `once` try to reach a target that is down.
const PUSH_PATIENCE: Duration = Duration::from_secs(30);

/// What one run did, and what there is now.
#[derive(Debug)]
pub struct Done {
    /// What it did.
    pub round: Round,
    /// Posts and labels after it.
    pub counts: Counts,
}

/// Feeds only: scan, publish, end. A catalog that turns out to be damaged is made anew.
///
/// # Errors
/// As the parts say; posts and feeds that failed are in the round, not here.
pub async fn build(setup: &Setup, progress: Option<Progress>) -> Result<Done, AppError> {
    let _catalog = setup.lock_catalog()?;
    healed(setup, async || build_locked(setup, progress.clone()).await).await
}

async fn build_locked(setup: &Setup, progress: Option<Progress>) -> Result<Done, AppError> {
    let mut store = match setup.has_store()? {
        true => Some(setup.open_store().await?),
        false => None,
    };
    let stages = setup.stages()?;
    let first_seen = match &store {
        Some(store) => store.first_seen().await?,
        None => HashMap::new(),
    };
    let derived = setup.derive(first_seen, Patience::OneShot, progress)?;
    let now = setup.clock.now();
    let round = pipeline::derive_alone(&derived, Hint::Everything, now)?;
    // Feeds alone need no store, but for the days of posts without a date.
    if store.is_none() && pipeline::has_undated(&derived)? {
        store = Some(setup.open_store().await?);
    }
    if let Some(store) = store {
        let planner = setup.planner(store.clone(), Patience::OneShot);
        planner.keep_first_seen(&derived).await?;
        store.close().await;
    }
    finish(setup, stages).await?;
    let counts = last_counts(derived)?;
    Ok(Done { round, counts })
}

/// One pass of everything: scan, publish, announce, deliver what is due, end. For cron and CI. A catalog that turns
/// out to be damaged is made anew: what was announced meanwhile the store knows.
///
/// # Errors
/// As the parts say.
pub async fn once(setup: &Setup, progress: Option<Progress>) -> Result<(Done, Planned), AppError> {
    let _locks = (setup.lock_catalog()?, setup.lock_store()?);
    healed(setup, async || once_locked(setup, progress.clone()).await).await
}

async fn once_locked(
    setup: &Setup,
    progress: Option<Progress>,
) -> Result<(Done, Planned), AppError> {
    let store = setup.open_store().await?;
    setup.subscribe_channels(store.as_ref()).await?;
    let stages = setup.stages()?;
    let first_seen = store.first_seen().await?;
    let derived = setup.derive(first_seen, Patience::OneShot, progress.clone())?;
    let planner = setup.planner(store.clone(), Patience::OneShot);
    let now = setup.clock.now();
    let (round, mut planned) =
        pipeline::refresh(&derived, &planner, Hint::Everything, Patience::OneShot, now).await?;
    setup.warn_of_unknown_labels(&known_labels(&derived)?);
    if let Some(outlet) = setup.outlet(store.as_ref()).await? {
        let before = store.messages_sent().await?;
        let sender = Arc::new(setup.sender(store.clone(), outlet));
        let delivered = deliver(&sender, progress.as_ref()).await;
        // Closed before the error is told: SQLite then drops a claim that it wrote and could not sync. Else the next
        // start would find it, and take a message that was never sent for one that may have been.
        let after = store.messages_sent().await;
        store.close().await;
        delivered?;
        planned.sent = after?.saturating_sub(before);
    }
    store.close().await;
    finish(setup, stages).await?;
    let counts = last_counts(derived)?;
    Ok((Done { round, counts }, planned))
}

/// What there is to follow.
fn known_labels(derived: &Arc<Mutex<Derived>>) -> Result<Vec<Follow>, AppError> {
    let known = pipeline::lock(derived).catalog().follows();
    Ok(known.map_err(PipelineError::from)?)
}

/// Does `work`, and once more with a new catalog if the old one turns out to be damaged.
async fn healed<T>(
    setup: &Setup,
    work: impl AsyncFn() -> Result<T, AppError>,
) -> Result<T, AppError> {
    match work().await {
        Err(error) if discard_damaged(&setup.config.catalog.path, &error) => work().await,
        done => done,
    }
}

/// Takes away a catalog that turned out to be damaged: whoever opens it next builds it anew. False for other errors.
fn discard_damaged(catalog: &Path, error: &AppError) -> bool {
    let is_damage = error.is_damage();
    if is_damage {
        tracing::warn!(%error, "the catalog is damaged and is built anew by whoever opens it next");
        Catalog::discard(catalog);
    }
    is_damage
}

/// What there is at the end of a run.
fn last_counts(derived: Arc<Mutex<Derived>>) -> Result<Counts, AppError> {
    let counts = pipeline::lock(&derived).catalog().counts();
    let counts = counts.map_err(PipelineError::from)?;
    // The program ends here: what it holds goes with it at once, and not piece by piece.
    std::mem::forget(derived);
    Ok(counts)
}

/// Carries the files further. Last, so that a target that is down costs nobody a feed or a message.
async fn finish(setup: &Setup, stages: Vec<Box<dyn Stage>>) -> Result<(), AppError> {
    if stages.is_empty() {
        return Ok(());
    }
    let pushed = setup.push(stages)?.finish(PUSH_PATIENCE).await;
    pushed.map_err(|(target, error)| AppError::Push { target, error })
}

async fn deliver(sender: &Arc<Sender>, progress: Option<&Progress>) -> Result<(), AppError> {
    sender.recover().await?;
    // What is waited for, and since when.
    let wait = Cell::new((0, 0));
    let shown = Cell::new(None);
    let waits = |now: Millis, due: Millis| {
        let Some(progress) = progress else { return };
        if wait.get().0 != due {
            wait.set((due, now));
        }
        let seconds = |millis: Millis| (millis / 1000).max(0).unsigned_abs();
        let (due, since) = wait.get();
        if due - since >= SHOWN_WAIT {
            progress(WAITING, seconds(now - since), seconds(due - since));
            shown.set(Some(seconds(due - since)));
        }
    };
    let drained = sender.drain(ONCE_PATIENCE, waits).await;
    if let (Some(progress), Some(total)) = (progress, shown.get()) {
        progress(WAITING, total, total);
    }
    Ok(drained?)
}
