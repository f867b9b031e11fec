//! Works the outbox off: claims a row, sends it, records what became of it.
//! In: claimed rows, outcomes of the outlet. Out: messages, settled rows. Retries live here and nowhere else.
//! The order of the commits is the promise: `sending` is committed before the request goes out.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::compose::compose;
use super::doubt::{Doubt, LONGEST_WAIT, backoff};
use super::{Clock, Pace, Turn, threads};
use crate::model::Zone;
use crate::store::{
    Claim, ClaimRules, Content, LONGEST_PAUSE, Millis, Settled, Store, StoreError, disk_is_believed,
};
use crate::telegram::{Leaving, Outcome, Outlet};

/// After how long a chat is tried again in which the bot may not write.
const CLOSED: Millis = 15 * 60_000;
/// After a question that found nothing to send, so many times as long passes before the next one.
const IDLE_TIMES: i64 = 9;
/// A wait of the pace that is over before anybody asks what for (milliseconds).
const SHORT: Millis = 500;
/// How long a started request may take to end when the program stops.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// What one step of the sender did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Claimed and started a row.
    Started,
    /// As many requests are under way as may be.
    Full,
    /// Nothing can go out before this time; `None`: nothing is open.
    Idle(Option<Millis>),
}

/// Works the outbox off.
pub struct Sender {
    store: Arc<dyn Store>,
    outlet: Arc<dyn Outlet>,
    clock: Clock,
    pace: Arc<Pace>,
    wake: Arc<Notify>,
    zone: Zone,
    policy: Policy,
    /// What the clock said last, to see when it is set back.
    last_now: AtomicI64,
    /// Milliseconds after which the outbox is asked again when nothing is due.
    longest_idle: AtomicI64,
    doubt: Mutex<Doubt>,
}

/// What the config decides about sending.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Requests under way at most.
    pub in_flight: usize,
    /// Whether a message of unknown fate goes out once more.
    pub resend_unknown: bool,
    /// Alerts that waited longer than this are skipped.
    pub expire_after: Millis,
    /// Whether a withdrawn post's message is taken away; else it is struck through.
    pub delete_withdrawn: bool,
    /// More alerts than this that wait in a chat become a digest; 0: only where somebody wants one.
    pub fold_above: i64,
    /// The same where they come late.
    pub fold_late_above: i64,
}

impl Sender {
    /// A sender; `zone` is for the times that people see.
    pub fn new(
        store: Arc<dyn Store>,
        outlet: Arc<dyn Outlet>,
        clock: Clock,
        zone: Zone,
        policy: Policy,
    ) -> Self {
        Sender {
            store,
            outlet,
            clock,
            pace: Arc::default(),
            wake: Arc::default(),
            zone,
            policy,
            last_now: AtomicI64::new(0),
            longest_idle: AtomicI64::new(1_000),
            doubt: Mutex::default(),
        }
    }

    /// The pace of the whole bot, for those who send past the outbox.
    pub fn pace(&self) -> Arc<Pace> {
        self.pace.clone()
    }

    /// Rung when rows were planned.
    pub fn wake(&self) -> Arc<Notify> {
        self.wake.clone()
    }

    /// What a crash left behind gets its state, before anything is claimed.
    ///
    /// # Errors
    /// The store's.
    pub async fn recover(&self) -> Result<u64, StoreError> {
        let now = self.clock.now();
        self.store.clock_went_back(now).await?;
        let unknown = self.store.recover(self.policy.resend_unknown, now).await?;
        if unknown > 0 {
            tracing::warn!(
                unknown,
                resend = self.policy.resend_unknown,
                "messages whose fate a crash left unknown"
            );
        }
        Ok(unknown)
    }

    /// Runs until `stop`, then lets what was started end. Store errors are told once and tried again.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut tasks = JoinSet::new();
        let mut store_is_well = true;
        while !stop.is_cancelled() {
            // A question may take ten seconds; a stop does not wait for that.
            tokio::select! {
                () = stop.cancelled() => break,
                _ = self.doubtful_until(self.clock.now()) => {}
            }
            let wait = match self.step(&mut tasks).await {
                Ok(Step::Full) => {
                    // Requests may hang for a minute; a stop does not wait for that.
                    tokio::select! {
                        () = stop.cancelled() => {}
                        _ = tasks.join_next() => {}
                    }
                    continue;
                }
                Ok(step) => {
                    store_is_well = true;
                    self.wait_after(step)
                }
                Err(error) => {
                    if std::mem::replace(&mut store_is_well, false) {
                        tracing::error!(%error, "the outbox cannot be worked off; trying again");
                    }
                    Duration::from_secs(1)
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.wake.notified() => {}
                () = self.clock.sleep(wait) => {}
            }
        }
        last_words(tasks).await;
    }

    /// Sends what can go out within `patience` and returns; what has to wait longer stays in the outbox. `waits` is told,
    /// at least once a second, that nothing goes out now and when something does.
    ///
    /// # Errors
    /// The store's.
    pub async fn drain(
        self: &Arc<Self>,
        patience: Millis,
        waits: impl Fn(Millis, Millis),
    ) -> Result<(), StoreError> {
        let mut tasks = JoinSet::new();
        let until = self.clock.now() + patience;
        loop {
            match self.step(&mut tasks).await {
                Ok(Step::Started) => {}
                Ok(Step::Full) => {
                    tasks.join_next().await;
                }
                Ok(Step::Idle(_)) if !tasks.is_empty() => {
                    tasks.join_next().await;
                }
                Ok(Step::Idle(Some(due))) if due <= until => {
                    waits(self.clock.now(), due);
                    let wait = self.wait_after(Step::Idle(Some(due)));
                    self.clock.sleep(wait).await;
                }
                Ok(Step::Idle(_)) => return Ok(()),
                Err(error) => {
                    // What is under way is not cut off: that would make its fate unknown.
                    last_words(tasks).await;
                    return Err(error);
                }
            }
        }
    }

    fn wait_after(&self, step: Step) -> Duration {
        let wait = match step {
            Step::Started | Step::Full => 0,
            // A clock that jumped must not stop the sender: hardly ever longer than a second.
            Step::Idle(due) => {
                let longest = self.longest_idle.load(Ordering::Relaxed);
                due.map_or(longest, |due| (due - self.clock.now()).clamp(1, longest))
            }
        };
        Duration::from_millis(wait.unsigned_abs())
    }

    /// Claims and starts at most one row.
    ///
    /// # Errors
    /// The store's.
    pub async fn step(self: &Arc<Self>, tasks: &mut JoinSet<()>) -> Result<Step, StoreError> {
        while tasks.try_join_next().is_some() {}
        disk_is_believed()?;
        if tasks.len() >= self.policy.in_flight {
            return Ok(Step::Full);
        }
        let now = self.clock.now();
        if now < self.last_now.swap(now, Ordering::Relaxed) {
            self.store.clock_went_back(now).await?;
        }
        let paced_at = self.pace.next_at(now);
        // Between two messages the outbox is not asked: with a million rows that takes longer than the wait.
        if (now + 1..now + SHORT).contains(&paced_at) {
            return Ok(Step::Idle(Some(paced_at)));
        }
        let ready_at = paced_at.max(self.store.bot_paused_until().await?);
        if ready_at > now {
            let due = self.store.next_due().await?;
            return Ok(Step::Idle(due.map(|due| due.max(ready_at))));
        }
        if let Some(ask_at) = self.doubtful_until(now).await {
            let due = self.store.next_due().await?;
            return Ok(Step::Idle(due.map(|due| due.max(ask_at))));
        }
        let rules = ClaimRules {
            oldest: now.saturating_sub(self.policy.expire_after),
            zone: self.zone,
            fold_above: self.policy.fold_above,
            fold_late_above: self.policy.fold_late_above,
        };
        let asked_at = std::time::Instant::now();
        let Some(claim) = self.store.claim(now, 1, rules).await?.pop() else {
            let due = self.store.next_due().await?;
            // With a million rows that all wait for the morning this takes long, and the bot has to write, too.
            let asked = i64::try_from(asked_at.elapsed().as_millis()).unwrap_or(0);
            let longest = asked.saturating_mul(IDLE_TIMES).max(1_000);
            self.longest_idle.store(longest, Ordering::Relaxed);
            return Ok(Step::Idle(due));
        };
        let (_, turn) = self.pace.take(now);
        let sender = self.clone();
        tasks.spawn(async move { sender.deliver(claim, turn).await });
        Ok(Step::Started)
    }

    /// When the API is to be asked again whether it is well; `None` when there is no doubt, or none any more.
    async fn doubtful_until(&self, now: Millis) -> Option<Millis> {
        {
            let doubt = self.doubt();
            let wait = doubt.wait(now);
            if wait.is_some() || !doubt.is_there() {
                return wait;
            }
        }
        let is_well = self.outlet.is_well().await;
        self.doubt().asked(is_well, self.clock.now())
    }

    fn doubt(&self) -> std::sync::MutexGuard<'_, Doubt> {
        self.doubt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn deliver(&self, claim: Claim, turn: Turn) {
        let round = self.doubt().round();
        let settled = match compose(&claim, self.zone) {
            Ok(mut message) => {
                message.thread = threads::of(self.store.as_ref(), &claim).await;
                let outcome = match &claim.content {
                    Content::Edit { message_id, .. } if self.deletes(&claim.content) => {
                        self.outlet.delete(&claim.chat, *message_id).await
                    }
                    Content::Edit { message_id, .. } => {
                        self.outlet.edit(&claim.chat, *message_id, &message).await
                    }
                    _ => {
                        let (store, delivery) = (self.store.clone(), claim.delivery);
                        let leaving = Leaving::noted_by(move || store.leaves(delivery));
                        self.outlet.send(&claim.chat, &message, &leaving).await
                    }
                };
                self.pace.answered(turn, self.clock.now());
                crate::crash::point("after-answer");
                match threads::gone(
                    self.store.as_ref(),
                    &claim,
                    message.thread,
                    &outcome,
                    self.clock.now(),
                )
                .await
                {
                    Some(again) => again,
                    None => self.judge(&claim, outcome, round).await,
                }
            }
            Err(reason) => Settled::Failed {
                reason: reason.into(),
            },
        };
        // Until this is written the row is `sending`, which a restart treats as unknown if it had left: never lost.
        let mut wait = Duration::from_millis(50);
        while let Err(error) = self
            .store
            .settle(claim.delivery, &settled, self.clock.now())
            .await
        {
            if let StoreError::Disk(_) = error {
                tracing::error!(%error, delivery = claim.delivery, "what became of a message cannot be written");
                return;
            }
            tracing::error!(%error, delivery = claim.delivery, "what became of a message cannot be written; trying again");
            self.clock.sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(5));
        }
        // Only now: what the log calls sent must not be forgotten by a power cut.
        log(&claim, &settled);
        if let Content::Digest(_) = claim.content {
            crate::crash::point("between-digests");
        }
        self.wake.notify_one();
    }

    /// Whether a row is there to take a message away.
    fn deletes(&self, content: &Content) -> bool {
        let is_withdrawal = matches!(
            content,
            Content::Edit {
                withdrawn: true,
                ..
            }
        );
        is_withdrawal && self.policy.delete_withdrawn
    }

    /// `round` is that in which the message left.
    async fn judge(&self, claim: &Claim, outcome: Outcome, round: u64) -> Settled {
        let now = self.clock.now();
        let later = now + backoff(claim.attempts, claim.delivery);
        let is_edit = matches!(claim.content, Content::Edit { .. });
        match outcome {
            Outcome::NotSent { .. } => self.doubt().failed(round, !is_edit && claim.attempts == 0),
            Outcome::Ambiguous { .. } => {
                self.doubt().failed(round, !is_edit && claim.unknowns == 0)
            }
            // Edits may fail where messages do not, and the other way round.
            _ if is_edit => {}
            _ => self.doubt().answered(),
        }
        match outcome {
            Outcome::Sent { .. } if self.deletes(&claim.content) => Settled::TakenBack,
            Outcome::Sent { message_id } => Settled::Sent { message_id },
            Outcome::RetryAfter { seconds } => {
                self.pace.refused(&claim.chat, now);
                let wait = i64::try_from(seconds)
                    .unwrap_or(i64::MAX / 2)
                    .saturating_mul(1000);
                Settled::ChatPaused {
                    reason: "Telegram asks this chat to wait".into(),
                    until: now.saturating_add(wait.min(LONGEST_PAUSE)),
                }
            }
            Outcome::Moved { to } => Settled::Moved { to: to.into() },
            Outcome::Gone { reason } => Settled::ChatGone { reason },
            Outcome::Closed { reason } => Settled::ChatPaused {
                reason,
                until: now.saturating_add(CLOSED),
            },
            Outcome::Refused { reason } => Settled::Simpler { reason },
            Outcome::Beyond { reason } => Settled::Skipped { reason },
            Outcome::NotSent { reason } => Settled::Retry { at: later, reason },
            Outcome::Ambiguous { reason } => Settled::Unknown {
                at: later,
                reason,
                resend: self.policy.resend_unknown && claim.unknowns == 0,
            },
            Outcome::Unauthorized { reason } => {
                tracing::error!(%reason, "the bot token is not accepted: check TAGWIRE_TELEGRAM_TOKEN; messages wait, feeds go on");
                if let Err(error) = self.store.pause_bot(now + LONGEST_WAIT).await {
                    tracing::error!(%error, "the pause cannot be written");
                }
                Settled::Retry { at: later, reason }
            }
        }
    }
}

/// Lets started requests end, for a while.
async fn last_words(mut tasks: JoinSet<()>) {
    let end = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_WORDS, end).await.is_err() {
        tracing::warn!(
            "requests still under way at the end; messages that had left are marked unknown at the next start"
        );
    }
}

fn log(claim: &Claim, settled: &Settled) {
    let (post, chat, delivery) = (&claim.post, &claim.chat, claim.delivery);
    match settled {
        Settled::Sent { message_id } => {
            tracing::info!(%post, %chat, delivery, message_id, state = "sent", "delivery")
        }
        Settled::TakenBack => {
            tracing::info!(%post, %chat, delivery, state = "taken back", "delivery")
        }
        Settled::Skipped { reason } => {
            tracing::info!(%post, %chat, delivery, reason, state = "skipped", "delivery")
        }
        Settled::Failed { reason } => {
            tracing::error!(%post, %chat, delivery, reason, "failed for good")
        }
        Settled::Unknown {
            resend: false,
            reason,
            ..
        } => {
            tracing::error!(%post, %chat, delivery, reason, state = "unknown", "it may have arrived or not, and is not sent again")
        }
        other => tracing::warn!(%post, %chat, delivery, outcome = ?other, "not sent yet"),
    }
}
