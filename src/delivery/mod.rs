//! From the outbox to the chats, nothing lost.
//! In: cards and decisions, claimed rows, the outlet's outcomes. Out: rows in the outbox, messages.
//! `plan` and `message` are pure; only `sender` knows the clock and waits.

mod clock;
mod compose;
mod doubt;
pub mod message;
mod pace;
pub mod plan;
mod sender;
mod terminal;
mod threads;

pub use clock::Clock;
pub use pace::{Pace, Turn};
pub use sender::{Policy, Sender, Step};
pub use terminal::{Terminal, frame as preview};
