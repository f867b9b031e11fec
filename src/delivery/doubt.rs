//! Whether messages can be sent at present, as far as the sender knows.
//! In: what became of sends, and of a harmless question. Out: whether to ask it, and until when nothing goes out.
//! In a storm of failures each row would else use up its one second copy and be given up.

use crate::store::Millis;

/// The first wait after a failure; it doubles up to the longest.
const FIRST_WAIT: Millis = 1_000;
pub(super) const LONGEST_WAIT: Millis = 64_000;

/// After a failure of network or server nothing is sent before the API has answered a harmless question. Where it answers
/// and sending fails all the same, the waits grow.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    is_there: bool,
    /// Nothing is asked or sent before.
    wait_until: Millis,
    /// Questions in a row that were not answered.
    asked: i64,
    /// Raised by the answer after a failure that was news; what left before it tells nothing of the time since.
    round: u64,
    /// Rounds in which a message failed for the first time, one after the other. Those that failed before say nothing new:
    /// a chat that always fails must not hold the others up.
    failed: i64,
    /// This is such a round.
    is_news: bool,
}

impl Doubt {
    /// Whether the question is to be asked before anything is sent.
    pub fn is_there(&self) -> bool {
        self.is_there
    }

    /// In which a message leaves.
    pub fn round(&self) -> u64 {
        self.round
    }

    /// Until when nothing is asked or sent. Farther ahead than any wait is only a clock that was set back.
    pub fn wait(&self, now: Millis) -> Option<Millis> {
        (now + 1..=now + LONGEST_WAIT)
            .contains(&self.wait_until)
            .then_some(self.wait_until)
    }

    /// What the question came to, and until when nothing goes out.
    pub fn asked(&mut self, is_well: bool, now: Millis) -> Option<Millis> {
        if is_well {
            let waits = self.is_news && self.failed > 1;
            let wait_until = waits.then(|| now + backoff(self.failed - 2, 0));
            *self = Doubt {
                wait_until: wait_until.unwrap_or(0),
                round: self.round + u64::from(self.is_news),
                failed: self.failed,
                ..Doubt::default()
            };
            return wait_until;
        }
        if self.asked == 0 {
            tracing::warn!("Telegram is not reached; messages wait, nothing is lost");
        }
        self.wait_until = now + backoff(self.asked, 0);
        self.asked += 1;
        Some(self.wait_until)
    }

    /// A message, or an edit, of this round may not have arrived. `is_first`: it is a message, and its first time.
    pub fn failed(&mut self, round: u64, is_first: bool) {
        self.is_there = true;
        if is_first && round == self.round && !self.is_news {
            self.is_news = true;
            self.failed += 1;
        }
    }

    /// The API was there for a message; what it said of that is another matter.
    pub fn answered(&mut self) {
        self.failed = 0;
        if self.asked == 0 {
            self.wait_until = 0;
        }
    }
}

/// 1, 2, 4 … 64 seconds, moved a little by the row so that rows do not return all at once.
pub(super) fn backoff(attempts: i64, delivery: i64) -> Millis {
    let doubled = FIRST_WAIT << attempts.clamp(0, 6);
    doubled.min(LONGEST_WAIT) + delivery.rem_euclid(250)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end_at_a_minute() {
        assert_eq!(backoff(0, 0), 1_000);
        assert_eq!(backoff(3, 0), 8_000);
        assert_eq!(backoff(500, 0), 64_000);
    }
}
