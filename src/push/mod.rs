//! Published files go further: into a bucket, to a command, and hubs are told.
//! In: rounds that ended, and the book of what is owed (`catalog::Ledger`). Out: objects, runs, pings.
//! Each target is a stage: it works when the one before it is done, tries again by itself, and holds up
//! nothing but the stages behind it: a hub must not fetch what the bucket does not have yet.

mod bucket;
mod command;
mod hubs;
mod stage;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::catalog::{CatalogError, Ledger, Owed, Target};

pub use bucket::{Bucket, KEY_VARIABLES};
pub use command::Hook;
pub use hubs::HubList;

/// Why a stage did not finish. What was done is done; the rest stays owed.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The target's words.
    #[error("{0}")]
    Target(String),
    /// Nothing went wrong now, but a part of the target that did not answer is not asked again yet.
    #[error("a part of the target is not asked again yet")]
    Waits,
    /// The book's.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

/// One target.
#[async_trait]
pub trait Stage: Send {
    /// Which one.
    fn target(&self) -> Target;

    /// Gives the target what it is owed; how many files that were. Never retries: the loop does.
    ///
    /// # Errors
    /// The first fault; everything that succeeded is off the book.
    async fn work(&mut self, book: &Book) -> Result<usize, PushError>;

    /// When a part that did not answer is asked again, where parts keep their own pauses: news need not wait for it then.
    /// `None` where the loop's own pause is right.
    fn again_in(&self) -> Option<Duration> {
        None
    }
}

/// The book of what is owed, off the async threads.
#[derive(Clone)]
pub struct Book(Arc<Mutex<Ledger>>);

impl Book {
    /// A shared book.
    pub fn new(ledger: Ledger) -> Self {
        Book(Arc::new(Mutex::new(ledger)))
    }

    /// What `target` waits for.
    ///
    /// # Errors
    /// SQLite's.
    pub async fn owed(&self, target: Target) -> Result<Vec<Owed>, PushError> {
        self.with(move |ledger| ledger.owed(target)).await
    }

    /// Takes rows off the book.
    ///
    /// # Errors
    /// SQLite's.
    pub async fn settle(&self, done: Vec<Owed>) -> Result<(), PushError> {
        self.with(move |ledger| ledger.settle(&done)).await
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Ledger) -> Result<T, CatalogError> + Send + 'static,
    ) -> Result<T, PushError> {
        let ledger = self.0.clone();
        let done = tokio::task::spawn_blocking(move || {
            work(&mut ledger.lock().unwrap_or_else(PoisonError::into_inner))
        });
        match done.await {
            Ok(done) => Ok(done?),
            Err(error) => Err(PushError::Target(error.to_string())),
        }
    }
}

/// Rung after each round.
#[derive(Debug, Clone)]
pub struct Bell(Arc<watch::Sender<u64>>);

impl Bell {
    /// Says that a round has ended.
    pub fn ring(&self) {
        self.0.send_modify(|rounds| *rounds += 1);
    }
}

/// The stages, in order.
pub struct Push {
    /// Those that the config asks for.
    pub stages: Vec<Box<dyn Stage>>,
    /// What they work off.
    pub book: Book,
}

impl Push {
    /// Starts a loop for each stage; they end with `stop`, and what they did not finish stays owed.
    pub fn start(self, tasks: &mut JoinSet<()>, stop: &CancellationToken) -> Bell {
        let (bell, mut rounds) = watch::channel(0);
        for stage in self.stages {
            let (done, next) = watch::channel(0);
            let before = std::mem::replace(&mut rounds, next);
            tasks.spawn(stage::run(
                stage,
                self.book.clone(),
                before,
                done,
                stop.clone(),
            ));
        }
        Bell(Arc::new(bell))
    }

    /// Works off what is owed, once; tries again for `patience`. For `build` and `once`.
    ///
    /// # Errors
    /// The first target that could not be given everything; the next run goes on.
    pub async fn finish(mut self, patience: Duration) -> Result<(), (Target, PushError)> {
        let deadline = tokio::time::Instant::now() + patience;
        for stage in &mut self.stages {
            let mut faults = 0;
            while let Err(error) = stage.work(&self.book).await {
                let pause = stage::backoff(faults);
                faults += 1;
                if tokio::time::Instant::now() + pause > deadline {
                    return Err((stage.target(), error));
                }
                tokio::time::sleep(pause).await;
            }
        }
        Ok(())
    }
}
