//! The clock of the running program, so that tests can hold it still and let hours pass at once.
//! In: nothing. Out: milliseconds since 1970 (UTC), and waits that end by the same clock.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::store::Millis;

/// The system's clock, or one that only moves when told to.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<watch::Sender<Held>>>);

/// What a held clock shows, and how much time has passed: the wall clock may be set, time only passes.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    wall: Millis,
    passed: Millis,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Clock(None)
    }

    /// A clock that stands at `now` until `advance` moves it.
    pub fn held_at(now: Millis) -> Self {
        let held = Held {
            wall: now,
            passed: 0,
        };
        Clock(Some(Arc::new(watch::Sender::new(held))))
    }

    /// Milliseconds since 1970 (UTC).
    pub fn now(&self) -> Millis {
        match &self.0 {
            None => chrono::Utc::now().timestamp_millis(),
            Some(held) => held.borrow().wall,
        }
    }

    /// Seconds since 1970 (UTC).
    pub fn seconds(&self) -> i64 {
        self.now().div_euclid(1000)
    }

    /// Waits until so much time has passed, wherever the wall clock is set to meanwhile.
    pub async fn sleep(&self, wait: Duration) {
        let Some(held) = &self.0 else {
            return tokio::time::sleep(wait).await;
        };
        let wait = Millis::try_from(wait.as_millis()).unwrap_or(Millis::MAX);
        let until = held.borrow().passed.saturating_add(wait);
        // It cannot close: this very clock holds it.
        let _ = held.subscribe().wait_for(|now| now.passed >= until).await;
    }

    /// Lets milliseconds pass on a held clock, and wakes who waited for that; the system's moves by itself.
    pub fn advance(&self, by: Millis) {
        if let Some(held) = &self.0 {
            held.send_modify(|now| {
                now.wall = now.wall.saturating_add(by);
                now.passed = now.passed.saturating_add(by.max(0));
            });
        }
    }

    /// Sets a held clock, as an administrator would: no time passes.
    pub fn set(&self, wall: Millis) {
        if let Some(held) = &self.0 {
            held.send_modify(|now| now.wall = wall);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hours_on_a_held_clock_take_no_time_and_end_waits() {
        let clock = Clock::held_at(1_000);
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(12 * 3600)).await }
        });
        tokio::task::yield_now().await;
        clock.set(0);
        clock.advance(12 * 3_600_000 - 1);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.advance(1);
        assert!(waiting.await.is_ok());
        assert_eq!(clock.now(), 12 * 3_600_000);
    }
}
