//! The clock of the running program, so that tests can hold it still.
//! In: nothing. Out: milliseconds since 1970 (UTC).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::store::Millis;

/// The system's clock, or one that only moves when told to.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Clock(None)
    }

    /// A clock that stands at `now` until `advance` moves it.
    pub fn held_at(now: Millis) -> Self {
        Clock(Some(Arc::new(AtomicI64::new(now))))
    }

    /// Milliseconds since 1970 (UTC).
    pub fn now(&self) -> Millis {
        match &self.0 {
            None => chrono::Utc::now().timestamp_millis(),
            Some(held) => held.load(Ordering::SeqCst),
        }
    }

    /// Seconds since 1970 (UTC).
    pub fn seconds(&self) -> i64 {
        self.now().div_euclid(1000)
    }

    /// Moves a held clock; the system's clock moves by itself.
    pub fn advance(&self, by: Millis) {
        if let Some(held) = &self.0 {
            held.fetch_add(by, Ordering::SeqCst);
        }
    }
}
