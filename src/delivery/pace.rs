//! The pace of the whole bot: never more than Telegram allows in any second, and time lost is caught up.
//! In: sends that begin and end, refusals, the time. Out: when the next may begin.
//! Telegram counts a message between its request and its answer: a place is taken until a second after the answer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::Clock;
use crate::model::ChatId;
use crate::store::Millis;

/// Milliseconds between two messages in the long run; the window below is the limit.
const STEP: Millis = 34;
/// So many steps that were lost may be caught up at once.
const BURST: Millis = 4;
/// Messages that Telegram may count within any second (its FAQ: about 30), and those that are not for replies.
const WINDOW: usize = 30;
const ALERTS: usize = WINDOW - 1;
/// How long a place stays taken after the answer: a second, and what two clocks differ by within one.
const SECOND: Millis = 1_005;
/// What hangs for so long has long been counted: a few requests that hang must not hold up everybody.
const HUNG: Millis = 3_000;
/// The way there and back takes as long as the quickest of so many answers, at least.
const WAYS: usize = 32;
/// A reply looks again after so long whether an answer made way for it.
const LOOK_AGAIN: Millis = 20;
/// Replies that wait take the places that become free, but never more than half of them.
const MOST_AHEAD: usize = WINDOW / 2;
/// So many chats that were told to wait within ten seconds mean that the bot as a whole is too fast.
const CROWD: usize = 3;
const CROWD_WINDOW: Millis = 10_000;
const SLOWED_FOR: Millis = 60_000;

/// The pace of the whole bot, shared with the replies to people.
#[derive(Debug, Default)]
pub struct Pace(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    next_at: Millis,
    places: Vec<Taken>,
    ways: VecDeque<Millis>,
    begun: u64,
    replies_waiting: usize,
    refusals: Vec<(Millis, ChatId)>,
    slowed_until: Millis,
}

#[derive(Debug)]
struct Taken {
    number: u64,
    begun: Millis,
    ended: Option<Millis>,
}

impl Taken {
    /// When the next message can no longer be counted within the same second; `way` is the least that every
    /// message spends on its way, so that it is neither counted at its very beginning nor at its very end.
    fn free_at(&self, way: Millis) -> Millis {
        let hung = self.begun + HUNG;
        let ended = self.ended.map(|ended| ended + SECOND - way);
        ended.map_or(hung, |ended| ended.min(hung))
    }
}

/// A message under way; dropped when it was answered.
#[derive(Debug)]
pub struct Place {
    pace: Arc<Pace>,
    clock: Clock,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let now = self.clock.now();
        let mut state = self.pace.lock();
        let mut places = state.places.iter_mut();
        if let Some(place) = places.find(|place| place.number == self.number) {
            place.ended = Some(now);
            let way = (now - place.begun).clamp(0, SECOND);
            state.ways.push_back(way);
            if state.ways.len() > WAYS {
                state.ways.pop_front();
            }
        }
    }
}

/// A reply that waits for its place, also when it is given up.
struct Waiting<'a>(&'a Pace);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.lock().replies_waiting -= 1;
    }
}

impl Pace {
    /// When the next message out of the outbox may begin; `now` or earlier means at once.
    pub fn next_at(&self, now: Millis) -> Millis {
        let mut state = self.lock();
        let ahead = state.replies_waiting.min(MOST_AHEAD);
        let free_at = state.free_at(ALERTS - ahead, now);
        state.next_at.max(free_at)
    }

    /// Begins a message; it lasts until what is returned is dropped.
    pub fn begin(self: &Arc<Self>, clock: &Clock) -> Place {
        let now = clock.now();
        let number = self.lock().take(now);
        Place {
            pace: self.clone(),
            clock: clock.clone(),
            number,
        }
    }

    /// Begins a reply to a person as soon as there is a place, ahead of what is in the outbox.
    pub async fn begin_reply(self: &Arc<Self>, clock: &Clock) -> Place {
        self.lock().replies_waiting += 1;
        let _waiting = Waiting(self);
        loop {
            let now = clock.now();
            let wait = {
                let mut state = self.lock();
                let wait = state.free_at(WINDOW, now) - now;
                if wait <= 0 {
                    let number = state.take(now);
                    return Place {
                        pace: self.clone(),
                        clock: clock.clone(),
                        number,
                    };
                }
                wait.min(LOOK_AGAIN)
            };
            clock
                .sleep(Duration::from_millis(wait.unsigned_abs()))
                .await;
        }
    }

    /// A chat was told to wait. Several chats at once halve the pace for a while, and never stop it:
    /// a few hostile chats must not silence everybody.
    pub fn refused(&self, chat: &ChatId, now: Millis) {
        let mut state = self.lock();
        state
            .refusals
            .retain(|(at, other)| *at > now - CROWD_WINDOW && other != chat);
        state.refusals.push((now, chat.clone()));
        if state.refusals.len() >= CROWD {
            state.slowed_until = now + SLOWED_FOR;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// When fewer than `most` places are taken.
    fn free_at(&mut self, most: usize, now: Millis) -> Millis {
        self.clock_may_be_set_back(now);
        // A fifth is left for ways that are quicker than any lately.
        let way = match self.ways.len() {
            WAYS => self.ways.iter().min().map_or(0, |way| way * 4 / 5),
            _ => 0,
        };
        self.places.retain(|place| place.free_at(way) > now);
        let Some(too_many) = (self.places.len() + 1).checked_sub(most).filter(|n| *n > 0) else {
            return now;
        };
        let mut free: Vec<Millis> = self.places.iter().map(|it| it.free_at(way)).collect();
        free.sort_unstable();
        free.get(too_many - 1).copied().unwrap_or(now)
    }

    fn take(&mut self, now: Millis) -> u64 {
        let (step, burst) = if now < self.slowed_until {
            (STEP * 2, 0)
        } else {
            (STEP, BURST)
        };
        self.next_at = self.next_at.max(now - burst * step) + step;
        self.begun += 1;
        self.places.push(Taken {
            number: self.begun,
            begun: now,
            ended: None,
        });
        self.begun
    }

    /// What lies ahead of the clock was noted before it was set back: it counts as of now.
    fn clock_may_be_set_back(&mut self, now: Millis) {
        for place in &mut self.places {
            place.begun = place.begun.min(now);
            place.ended = place.ended.map(|ended| ended.min(now));
        }
        if self.next_at > now + CROWD_WINDOW {
            self.next_at = now;
        }
        if self.slowed_until > now + SLOWED_FOR {
            self.slowed_until = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn chats_that_are_told_to_wait_slow_the_bot_and_never_stop_it() {
        let (pace, clock) = (Arc::new(Pace::default()), Clock::held_at(1_000));
        for chat in 1..=5 {
            pace.refused(&ChatId::Id(chat), 1_000);
        }
        drop(pace.begin(&clock));
        assert_eq!(pace.next_at(1_000), 1_000 + 2 * STEP);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_the_bot() {
        let (pace, clock) = (Arc::new(Pace::default()), Clock::held_at(3_600_000));
        drop(pace.begin(&clock));
        clock.set(1_000);
        assert_eq!(pace.next_at(1_000), 1_000);
    }

    #[tokio::test]
    async fn a_reply_has_a_place_when_the_outbox_has_taken_all_of_its_own() {
        let (pace, clock) = (Arc::new(Pace::default()), Clock::held_at(1_000_000));
        for _ in 0..ALERTS {
            drop(pace.begin(&clock));
        }
        assert!(pace.next_at(clock.now()) > clock.now());
        drop(pace.begin_reply(&clock).await);
        let next = {
            let (pace, clock) = (pace.clone(), clock.clone());
            tokio::spawn(async move { drop(pace.begin_reply(&clock).await) })
        };
        tokio::task::yield_now().await;
        assert!(!next.is_finished());
        clock.advance(SECOND);
        next.await.unwrap();
        assert_eq!(pace.lock().replies_waiting, 0);
    }

    #[test]
    fn requests_that_hang_do_not_hold_up_the_others() {
        let (pace, clock) = (Arc::new(Pace::default()), Clock::held_at(1_000_000));
        let hanging: Vec<Place> = (0..2 * WINDOW).map(|_| pace.begin(&clock)).collect();
        assert!(pace.next_at(clock.now()) > clock.now());
        clock.advance(HUNG);
        assert!(pace.next_at(clock.now()) <= clock.now());
        drop(hanging);
    }

    #[test]
    fn a_long_way_to_telegram_does_not_slow_the_bot() {
        let (pace, clock) = (Arc::new(Pace::default()), Clock::held_at(1_000_000));
        let mut under_way = VecDeque::new();
        let mut begun = 0;
        for _ in 0..30_000 {
            let now = clock.now();
            while under_way.front().is_some_and(|(end, _)| *end <= now) {
                under_way.pop_front();
            }
            if pace.next_at(now) <= now {
                under_way.push_back((now + 200, pace.begin(&clock)));
                begun += 1;
            }
            clock.advance(1);
        }
        assert!(begun > 27 * 30, "{begun} in 30 s");
    }

    proptest! {
        /// Whenever Telegram counts a message between its request and its answer, no second has more than thirty;
        /// and time that was lost to the machine is caught up.
        #[test]
        fn no_second_has_more_than_thirty_and_lost_time_is_caught_up(
            (there, back) in (0i64..60, 0i64..60),
            sends in prop::collection::vec((0i64..25, 0u8..=100, 0i64..60), 100..200),
        ) {
            let (pace, clock) = (Arc::new(Pace::default()), Clock::held_at(1_000_000));
            let mut under_way: Vec<(Millis, Place)> = Vec::new();
            let mut counted = Vec::new();
            let begin = clock.now();
            for (jitter, part, lost) in &sends {
                clock.advance(*lost);
                loop {
                    let now = clock.now();
                    under_way.retain(|(end, _)| *end > now);
                    if pace.next_at(now) <= now {
                        break;
                    }
                    clock.advance(1);
                }
                let now = clock.now();
                counted.push(now + there + jitter * i64::from(*part) / 100);
                under_way.push((now + there + jitter + back, pace.begin(&clock)));
            }
            counted.sort_unstable();
            for thirty in counted.windows(WINDOW + 1) {
                prop_assert!(thirty[WINDOW] - thirty[0] >= 1_000, "{thirty:?}");
            }
            let seconds = (clock.now() - begin) as f64 / 1000.0;
            let lost: i64 = sends.iter().map(|(_, _, lost)| lost).sum();
            let bound = (sends.len() as f64 / 26.0).max(lost as f64 / 1000.0) * 1.25;
            prop_assert!(seconds <= bound, "{seconds} s, {lost} ms lost");
        }
    }
}
