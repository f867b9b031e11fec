//! The pace of the whole bot: how many messages may reach Telegram in a second (Bot API FAQ, "My bot is hitting limits").
//! In: the time, what is about to be sent, when it was answered, who was told to wait. Out: when the next may go out.
//! What counts is when messages arrive there, which lies between the time that one is sent and that of its answer.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::model::ChatId;
use crate::store::Millis;

/// Telegram's limit for the whole bot.
const A_SECOND: usize = 30;
const SECOND: Millis = 1_000;
/// A message that is not answered holds its place so long: requests that hang must not stop all others.
const UNANSWERED: Millis = 3_000;
/// Of so many answers the quickest tells how long the way is.
const ANSWERS: usize = 32;
/// Milliseconds between two messages, so that they do not come in bursts.
const STEP: Millis = 34;
/// Time that was lost, to the disk or to another program, is caught up; more than this was no loss but rest, after
/// which nothing comes in a burst.
const CATCH_UP: Millis = 6 * STEP;
/// So many chats that were told to wait within ten seconds mean that the bot as a whole is too fast.
const CROWD: usize = 3;
const CROWD_WINDOW: Millis = 10_000;

/// The pace of the whole bot, shared with the replies to people.
#[derive(Debug, Default)]
pub struct Pace(Mutex<PaceState>);

#[derive(Debug, Default)]
struct PaceState {
    next_at: Millis,
    /// The last messages, each with the time from which it counts no more.
    places: [Place; A_SECOND],
    /// How long the last answers took.
    round_trips: VecDeque<Millis>,
    taken: u64,
    refusals: Vec<(Millis, ChatId)>,
    slowed_until: Millis,
}

#[derive(Debug, Default, Clone, Copy)]
struct Place {
    free_at: Millis,
    sent_at: Millis,
    turn: u64,
}

/// A message's place among those of its second; to be given back when the message is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Turn(u64);

impl Pace {
    /// When the next message of the bot may go out (milliseconds since 1970); `now` or earlier means at once.
    pub fn next_at(&self, now: Millis) -> Millis {
        self.lock().next_at(now)
    }

    /// Takes the next place: when the message may go out, never before `now`, and what to give back.
    pub fn take(&self, now: Millis) -> (Millis, Turn) {
        let mut state = self.lock();
        let at = state.next_at(now).max(now);
        state.next_at = match at - state.next_at {
            _ if now < state.slowed_until => at + 2 * STEP,
            late if late <= CATCH_UP => state.next_at + STEP,
            _ => at + STEP,
        };
        state.taken += 1;
        let turn = state.taken;
        if let Some(place) = state.places.iter_mut().min_by_key(|place| place.free_at) {
            *place = Place {
                free_at: at + SECOND + UNANSWERED,
                sent_at: at,
                turn,
            };
        }
        (at, Turn(turn))
    }

    /// The message of this turn was answered at `now`, so it arrived before: by the way back at least, which takes
    /// half of the quickest answer's time.
    pub fn answered(&self, turn: Turn, now: Millis) {
        let mut state = self.lock();
        let PaceState {
            places,
            round_trips,
            ..
        } = &mut *state;
        let Some(place) = places.iter_mut().find(|place| place.turn == turn.0) else {
            return;
        };
        round_trips.truncate(ANSWERS - 1);
        round_trips.push_front((now - place.sent_at).max(0));
        let way_back = round_trips.iter().min().map_or(0, |quickest| quickest / 2);
        place.free_at = place.free_at.min(now - way_back + SECOND);
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
            state.slowed_until = now + 60_000;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, PaceState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PaceState {
    fn next_at(&mut self, now: Millis) -> Millis {
        let free_at = self.places.iter().map(|place| place.free_at).min();
        let next_at = self.next_at.max(free_at.unwrap_or(now));
        // Farther ahead than any queue of replies gets only when the clock was set back.
        if next_at > now + CROWD_WINDOW {
            self.next_at = now;
            self.places = Default::default();
            self.slowed_until = now;
            return now;
        }
        next_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Sends as fast as it may; each message is under way for a while, so is its answer, and the program itself loses
    /// some time before each. Returns when the messages arrived, in order.
    fn arrivals(delays: &[(Millis, Millis, Millis)]) -> Vec<Millis> {
        let pace = Pace::default();
        let (mut now, mut answers, mut arrived) = (1_000_000, Vec::new(), Vec::new());
        for (lost, under_way, back) in delays {
            now = pace.next_at(now).max(now) + lost;
            answers.sort_unstable_by_key(|(at, _)| *at);
            let ready = answers.partition_point(|(at, _)| *at <= now);
            for (at, turn) in answers.drain(..ready) {
                pace.answered(turn, at);
            }
            let (at, turn) = pace.take(now);
            assert!(at >= now);
            now = at;
            arrived.push(at + under_way);
            answers.push((at + under_way + back, turn));
        }
        arrived.sort_unstable();
        arrived
    }

    fn most_in_a_second(arrived: &[Millis]) -> usize {
        let counts = arrived.iter().enumerate().map(|(first, at)| {
            let later = arrived.iter().skip(first);
            later.take_while(|other| **other < at + SECOND).count()
        });
        counts.max().unwrap_or(0)
    }

    fn rate(arrived: &[Millis]) -> f64 {
        let took = arrived[arrived.len() - 1] - arrived[0];
        (arrived.len() - 1) as f64 / took as f64 * 1_000.0
    }

    #[test]
    fn quick_answers_and_slow_ones_leave_at_least_28_a_second() {
        let quick = arrivals(&[(2, 3, 4)].repeat(3_000));
        assert!(rate(&quick) > 29.0, "{}", rate(&quick));
        let slow = arrivals(&[(0, 40, 60)].repeat(3_000));
        assert!(rate(&slow) > 28.0, "{}", rate(&slow));
        assert!(most_in_a_second(&quick) <= 30 && most_in_a_second(&slow) <= 30);
    }

    #[test]
    fn lost_time_is_caught_up() {
        let mut delays = [(2, 3, 4)].repeat(3_000);
        for hiccup in delays.iter_mut().step_by(20) {
            hiccup.0 = 100;
        }
        let rate = rate(&arrivals(&delays));
        assert!(rate > 28.0, "{rate}");
    }

    proptest! {
        #[test]
        fn never_more_than_30_arrive_within_a_second(
            delays in proptest::collection::vec((0..200_i64, 0..400_i64, 0..400_i64), 1..400),
            hurry in any::<bool>(),
        ) {
            let delays: Vec<_> = delays
                .into_iter()
                .map(|(lost, under_way, slower)| (if hurry { lost / 100 } else { lost }, under_way, under_way + slower))
                .collect();
            prop_assert!(most_in_a_second(&arrivals(&delays)) <= A_SECOND);
        }
    }

    #[test]
    fn many_replies_queue_up_one_behind_the_other() {
        let pace = Pace::default();
        let times: Vec<Millis> = (0..90).map(|_| pace.take(1_000_000).0).collect();
        assert!(times.is_sorted());
        assert!(most_in_a_second(&times) <= 30);
        assert!((1_008_000..1_009_000).contains(&times[89]), "{}", times[89]);
    }

    #[test]
    fn chats_that_are_told_to_wait_slow_the_bot_and_never_stop_it() {
        let pace = Pace::default();
        for chat in 1..=5 {
            pace.refused(&ChatId::Id(chat), 1_000);
        }
        assert_eq!(pace.take(1_000).0, 1_000);
        assert_eq!(pace.next_at(1_000), 1_000 + 2 * STEP);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_the_bot() {
        let pace = Pace::default();
        for _ in 0..40 {
            let (_, turn) = pace.take(3_600_000);
            pace.answered(turn, 3_600_000);
        }
        assert_eq!(pace.next_at(1_000), 1_000);
        assert_eq!(pace.take(1_000).0, 1_000);
    }
}
