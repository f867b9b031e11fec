//! How much one person may ask of the bot: a token bucket each, so that a flood slows its sender alone.
//! In: who asks, the time. Out: answer, say once that it is too much, or pass over. In memory: a restart forgives.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::store::Millis;

/// Buckets that are kept; full ones go first. A hundred thousand people at once are a few megabytes.
const MOST_BUCKETS: usize = 100_000;
const MINUTE: Millis = 60_000;

/// What is asked for: the two are counted apart, because inline mode asks at each letter typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ask {
    /// A command or a button.
    Command,
    /// A word in inline mode.
    Inline,
}

/// What to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Answer.
    Answer,
    /// Too much, for the first time: say so, do nothing.
    Warn,
    /// Still too much: do nothing.
    PassOver,
}

/// A token bucket for each asker.
#[derive(Debug)]
pub struct Limits {
    per_minute: i64,
    buckets: Mutex<HashMap<(Ask, i64), Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Asks that are left, in sixty-thousandths: one millisecond brings `per_minute` of them.
    left: i64,
    at: Millis,
    is_warned: bool,
}

impl Limits {
    /// So many commands a minute, and as many at once after a pause; ten times as many words in inline mode.
    pub fn new(per_minute: u32) -> Self {
        Limits {
            per_minute: i64::from(per_minute.max(1)),
            buckets: Mutex::default(),
        }
    }

    /// Takes one ask of somebody (a user id, or the id of a group that writes as itself).
    pub fn take(&self, ask: Ask, who: i64, now: Millis) -> Verdict {
        let rate = match ask {
            Ask::Command => self.per_minute,
            Ask::Inline => self.per_minute * 10,
        };
        let full = rate * MINUTE;
        let mut buckets = self.lock();
        if buckets.len() >= MOST_BUCKETS {
            buckets.retain(|_, bucket| now - bucket.at < MINUTE && bucket.at <= now);
        }
        let fresh = Bucket {
            left: full,
            at: now,
            is_warned: false,
        };
        let bucket = buckets.entry((ask, who)).or_insert(fresh);
        // A clock that was set back takes nothing away.
        let gained = (now - bucket.at).clamp(0, MINUTE) * rate;
        bucket.left = (bucket.left + gained).min(full);
        bucket.at = now;
        if bucket.left >= MINUTE {
            bucket.left -= MINUTE;
            // Half a bucket of quiet, and the next flood is told of again.
            bucket.is_warned &= bucket.left < full / 2;
            return Verdict::Answer;
        }
        match std::mem::replace(&mut bucket.is_warned, true) {
            false => Verdict::Warn,
            true => Verdict::PassOver,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Ask, i64), Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_warned_once_and_others_are_not_touched() {
        let limits = Limits::new(3);
        let take = |who, now| limits.take(Ask::Command, who, now);
        for _ in 0..3 {
            assert_eq!(take(7, 0), Verdict::Answer);
        }
        assert_eq!(take(7, 0), Verdict::Warn);
        assert_eq!(take(7, 1), Verdict::PassOver);
        assert_eq!(take(8, 1), Verdict::Answer);
        // A third of a minute brings one more; it does not bring another warning.
        assert_eq!(take(7, 20_001), Verdict::Answer);
        assert_eq!(take(7, 20_002), Verdict::PassOver);
        assert_eq!(limits.take(Ask::Inline, 7, 20_002), Verdict::Answer);
        for _ in 0..3 {
            assert_eq!(take(7, 200_000), Verdict::Answer);
        }
        assert_eq!(take(7, 200_000), Verdict::Warn);
    }

    #[test]
    fn a_clock_that_goes_back_neither_blocks_nor_gives() {
        let limits = Limits::new(1);
        assert_eq!(limits.take(Ask::Command, 7, 1_000_000), Verdict::Answer);
        assert_eq!(limits.take(Ask::Command, 7, 0), Verdict::Warn);
        assert_eq!(limits.take(Ask::Command, 7, MINUTE), Verdict::Answer);
    }
}
