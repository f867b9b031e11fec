//! Named places at which a test lets the process die, as `kill -9` would.
//! In: `TAGWIRE_CRASH_AT=NAME` or `NAME:NTH`, read once. Out: nothing, or the end of the process.
//! Only debug builds know them: in a release `point` is empty and the variable means nothing.

/// A place to die at, when `TAGWIRE_CRASH_AT` names it; the nth passage counts.
#[cfg(debug_assertions)]
pub fn point(name: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static WANTED: OnceLock<Option<(String, AtomicU64)>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("TAGWIRE_CRASH_AT").ok()?;
        let (name, nth) = text.split_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), AtomicU64::new(nth.parse().unwrap_or(1))))
    });
    let Some((wanted, left)) = wanted else {
        return;
    };
    if wanted == name && left.fetch_sub(1, Ordering::SeqCst) == 1 {
        let process = rustix::process::getpid();
        let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
    }
}

/// Nothing, in a release.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub fn point(_name: &str) {}
