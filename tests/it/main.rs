//! The integration crate: stories told against real files, real SQLite and a strict fake Telegram.
#[test]
fn placeholder() {}
