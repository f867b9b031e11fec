//! Telegram's limits of the FAQ, as clocks: overall, for a private chat, for a group.
//!
//! In: a chat and the time. Out: go, or the seconds to wait. A refused message is not
//! counted.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

const OVERALL: usize = 30;
const SECOND: Duration = Duration::from_secs(1);
const GROUP: usize = 20;
const MINUTE: Duration = Duration::from_secs(60);
/// A private chat bears short bursts and one message a second in the long run.
const BURST: f64 = 3.0;

#[derive(Default)]
pub struct Pace {
    pub off: bool,
    overall: VecDeque<Instant>,
    groups: HashMap<(i64, bool), VecDeque<Instant>>,
    private: HashMap<i64, (f64, Instant)>,
}

impl Pace {
    /// May a message go to this chat now? `Err` holds whole seconds to wait.
    pub fn message(&mut self, chat: i64, private: bool, now: Instant) -> Result<(), u64> {
        if self.off {
            return Ok(());
        }
        room(&mut self.overall, OVERALL, SECOND, now)?;
        if private {
            self.take_token(chat, now)?;
        } else {
            let window = self.groups.entry((chat, false)).or_default();
            room(window, GROUP, MINUTE, now)?;
            window.push_back(now);
        }
        self.overall.push_back(now);
        Ok(())
    }

    /// May a message of this group be edited now? Private chats have no such limit.
    pub fn edit(&mut self, chat: i64, private: bool, now: Instant) -> Result<(), u64> {
        if self.off || private {
            return Ok(());
        }
        let window = self.groups.entry((chat, true)).or_default();
        room(window, GROUP, MINUTE, now)?;
        window.push_back(now);
        Ok(())
    }

    fn take_token(&mut self, chat: i64, now: Instant) -> Result<(), u64> {
        let (tokens, at) = self.private.entry(chat).or_insert((BURST, now));
        *tokens = (*tokens + now.duration_since(*at).as_secs_f64()).min(BURST);
        *at = now;
        if *tokens < 1.0 {
            return Err(1);
        }
        *tokens -= 1.0;
        Ok(())
    }
}

fn room(
    window: &mut VecDeque<Instant>,
    most: usize,
    span: Duration,
    now: Instant,
) -> Result<(), u64> {
    while window
        .front()
        .is_some_and(|first| now.duration_since(*first) >= span)
    {
        window.pop_front();
    }
    match window.front() {
        Some(first) if window.len() >= most => {
            let wait = span.saturating_sub(now.duration_since(*first));
            Err(wait.as_secs_f64().ceil().max(1.0) as u64)
        }
        _ => Ok(()),
    }
}
