//! The integration crate: stories told against real files, real SQLite and a strict fake Telegram.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fake_is_strict;
#[allow(
    dead_code,
    reason = "the stories that use the rest are still being written"
)]
mod fake_telegram;
