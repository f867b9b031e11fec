//! The loop that turns hints into rounds.
//! In: hints of the watcher, the time. Out: rounds of the pipeline, one after the other.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::AppError;
use super::in_force::InForce;
use crate::catalog::{Counts, Delta};
use crate::delivery::Clock;
use crate::http::Health;
use crate::model::counted;
use crate::pipeline::{self, Derived, Hint, Patience, Planner, Round, lock};
use crate::posts::watch::{Hint as Noticed, Watcher};
use crate::push::Bell;

/// How soon a round that failed is tried again.
const RETRY: Duration = Duration::from_secs(5);
/// How long the loop sleeps when nothing at all is due.
const IDLE: Duration = Duration::from_secs(3600);

/// How often the config and the topics are looked at when nothing else happens.
const CONFIG_LOOK: Duration = Duration::from_secs(10);

/// What the loop works with.
pub struct Loop {
    pub derived: Arc<Mutex<Derived>>,
    pub planner: Planner,
    /// Rung when messages were planned.
    pub wake: Option<Arc<Notify>>,
    /// Rung when a round ended: files go further.
    pub bell: Bell,
    pub health: Health,
    pub clock: Clock,
    pub settings: crate::posts::Settings,
    /// Config and topics, which are read at the start alone.
    pub in_force: InForce,
    /// What earlier rounds did not settle; it is looked at again with whatever comes next.
    pub owed: Owed,
}

/// Looks that are still owed.
#[derive(Debug, Default)]
pub struct Owed {
    everything: bool,
    paths: Vec<PathBuf>,
}

impl Owed {
    /// Takes what is owed together with a new hint.
    fn with(&mut self, hint: Hint) -> Hint {
        let again = std::mem::take(&mut self.paths);
        match hint {
            Hint::Start => Hint::Start,
            _ if std::mem::take(&mut self.everything) => Hint::Everything,
            Hint::Everything => Hint::Everything,
            Hint::Paths { told, .. } => Hint::Paths { told, again },
            Hint::Time if again.is_empty() => Hint::Time,
            Hint::Time => Hint::Paths {
                told: Vec::new(),
                again,
            },
        }
    }
}

/// Runs rounds until `stop`; `greet` is called after the first.
///
/// # Errors
/// The catalog is damaged. After every other error the round is tried again.
pub async fn run(
    mut watching: Loop,
    stop: CancellationToken,
    greet: impl FnOnce(Counts),
) -> Result<(), AppError> {
    let (hints, mut noticed) = mpsc::unbounded_channel();
    let roots = watching.settings.roots();
    let settings = watching.settings.clone();
    let writers = watching.derived().writers();
    let (tell, told) = std::sync::mpsc::channel();
    // Watching starts before the first look, so that nothing falls between the two.
    let watcher =
        tokio::task::spawn_blocking(move || Watcher::start(&roots, &settings, writers, tell)).await;
    if let Err(error) = &watcher {
        tracing::error!(%error, "the folder cannot be watched; restart tagwire");
    }
    // Ends when the watcher does, which drops the other end.
    std::thread::spawn(move || {
        while let Ok(hint) = told.recv() {
            if hints.send(hint).is_err() {
                return;
            }
        }
    });
    let mut wait = watching.round(Hint::Start).await?;
    greet(watching.counts());
    let mut looks = tokio::time::interval(CONFIG_LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while let Some(hint) = watching
        .next_hint(wait, &mut noticed, &mut looks, &stop)
        .await
    {
        wait = watching.round(hint).await?;
        watching.look_at_config();
    }
    Ok(())
}

impl Loop {
    /// What the next round is about; `None` at the end.
    async fn next_hint(
        &mut self,
        wait: Duration,
        noticed: &mut mpsc::UnboundedReceiver<Noticed>,
        looks: &mut Interval,
        stop: &CancellationToken,
    ) -> Option<Hint> {
        // One wait, however many looks fall into it.
        let clock = self.clock.clone();
        let waited = clock.sleep(wait);
        tokio::pin!(waited);
        loop {
            tokio::select! {
                () = stop.cancelled() => return None,
                first = noticed.recv() => return first.map(|first| gather(first, noticed)),
                () = &mut waited => return Some(Hint::Time),
                _ = looks.tick() => self.look_at_config(),
            }
        }
    }

    /// Says when the program works by other files than those that are there.
    fn look_at_config(&mut self) {
        if let Some(changed) = self.in_force.look() {
            tracing::warn!("{changed}");
        }
    }

    /// One round; how long to wait for the next when nothing is noticed.
    async fn round(&mut self, hint: Hint) -> Result<Duration, AppError> {
        let now = self.clock.now();
        let hint = self.owed.with(hint);
        let is_first = matches!(hint, Hint::Start);
        match pipeline::refresh(&self.derived, &self.planner, hint, Patience::Daemon, now).await {
            Ok((round, planned)) => {
                self.tell(&round, is_first);
                self.health.set_ready(true);
                self.bell.ring();
                if let Some(reason) = &planned.held_because {
                    tracing::warn!(
                        "{} held ({reason}); `tagwire held announce` sends them, `tagwire held dismiss` does not",
                        counted(planned.held, "new post")
                    );
                }
                if planned.deliveries + planned.edits > 0
                    && let Some(wake) = &self.wake
                {
                    wake.notify_one();
                }
                let quiet = round.delta == Delta::default() && round.written == 0;
                if quiet && planned.announced == 0 {
                    tracing::debug!("nothing changed");
                } else {
                    tracing::info!(
                        added = round.delta.added,
                        changed = round.delta.changed,
                        removed = round.delta.removed,
                        written = round.written,
                        announced = planned.announced,
                        deliveries = planned.deliveries,
                        "round"
                    );
                }
                self.owed.paths = round.unsettled;
                Ok(self.next(!round.failed.is_empty()))
            }
            Err(error) => {
                let error = AppError::from(error);
                if error.is_damage() {
                    return Err(error);
                }
                tracing::error!(%error, "a round failed and is tried again");
                self.health.set_degraded(Some(error.to_string()));
                // What was noticed is not noticed again, so everything is looked at.
                self.owed.everything = true;
                Ok(RETRY)
            }
        }
    }

    /// What a round found wrong; the greeting counts the problems of the first one.
    fn tell(&self, round: &Round, is_first: bool) {
        for notice in &round.notices {
            tracing::warn!("{notice}");
        }
        for problem in round.problems.iter().filter(|_| !is_first) {
            tracing::warn!("{problem}");
        }
        if let Some((path, why)) = round.failed.first() {
            let words = format!(
                "{} files cannot be written, the first is {path}: {why}",
                round.failed.len()
            );
            tracing::error!("{words}; the old feeds stay whole");
            self.health.set_degraded(Some(words));
        } else {
            self.health.set_degraded(None);
        }
    }

    fn next(&self, failed: bool) -> Duration {
        if !self.owed.paths.is_empty() {
            return Duration::from_millis(self.settings.settle_ms);
        }
        if failed {
            return RETRY;
        }
        let due = self.derived().next_due();
        due.map_or(IDLE, |due| {
            let milliseconds = due
                .saturating_mul(1000)
                .saturating_sub(self.clock.now())
                .max(50);
            Duration::from_millis(milliseconds.unsigned_abs()).min(IDLE)
        })
    }

    fn counts(&self) -> Counts {
        self.derived().catalog().counts().unwrap_or_default()
    }

    fn derived(&self) -> MutexGuard<'_, Derived> {
        lock(&self.derived)
    }
}

/// Everything that was noticed until now, as one hint: a `git pull` is one round.
fn gather(first: Noticed, more: &mut mpsc::UnboundedReceiver<Noticed>) -> Hint {
    let mut paths = Vec::new();
    let mut everything = false;
    let mut next = Some(first);
    while let Some(noticed) = next {
        match noticed {
            Noticed::Paths(some) => paths.extend(some),
            Noticed::Rescan => everything = true,
            Noticed::Notice(text) => tracing::warn!("{text}"),
        }
        next = more.try_recv().ok();
    }
    if everything {
        return Hint::Everything;
    }
    paths.sort();
    paths.dedup();
    Hint::Paths {
        told: paths,
        again: Vec::new(),
    }
}
