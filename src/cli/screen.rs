//! What is told while something is under way: logs and progress.
//! In: how talkative to be. Out: a subscriber for `tracing`; a bar on a terminal, lines for scripts on standard
//! output, nothing elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use tracing_subscriber::EnvFilter;

use crate::pipeline::Progress;

/// Sends logs to standard error. `RUST_LOG` wins over the flags.
pub fn start_logs(verbose: u8, quiet: bool) {
    let default = match (quiet, verbose) {
        (true, _) => "error",
        // What a parser mutters about a post is no news for whoever runs tagwire.
        (_, 0) => "error,tagwire=warn",
        (_, 1) => "warn,tagwire=info",
        _ => "info,tagwire=debug",
    };
    // The access log has a key of its own, `http.access_log`.
    let default = format!("{default},tagwire::access=info");
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .try_init();
}

/// How a run tells what it does.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Errors only.
    pub quiet: bool,
    /// For scripts.
    pub json: bool,
}

impl Manner {
    /// Where progress goes.
    pub fn progress(self) -> Option<Progress> {
        match self.json {
            true => Some(progress_lines()),
            false => progress(self.quiet),
        }
    }
}

/// Work that is done in this time is over before a bar is read.
const PATIENCE: Duration = Duration::from_secs(1);
/// Lines of progress come no closer than this, but for the last of each step.
const BETWEEN_LINES: Duration = Duration::from_millis(100);

/// Progress as JSON, a line each: `{"step":"reading posts","done":512,"total":10000}`.
fn progress_lines() -> Progress {
    let last: Mutex<Option<Instant>> = Mutex::new(None);
    Arc::new(move |what: &str, done: u64, total: u64| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if done < total && last.is_some_and(|last| last.elapsed() < BETWEEN_LINES) {
            return;
        }
        *last = Some(Instant::now());
        let line = serde_json::json!({"step": what, "done": done, "total": total});
        // A script that no longer listens is no reason to stop.
        let _ = writeln!(std::io::stdout(), "{line}");
    })
}

/// A progress bar, if a person looks.
pub fn progress(quiet: bool) -> Option<Progress> {
    if quiet || !std::io::stderr().is_terminal() {
        return None;
    }
    let bar: Mutex<Option<ProgressBar>> = Mutex::new(None);
    let started = Instant::now();
    Some(Arc::new(move |what: &str, done: u64, total: u64| {
        let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
        if bar.is_none() && (started.elapsed() < PATIENCE || done >= total) {
            return;
        }
        let shown = bar.get_or_insert_with(new_bar);
        shown.set_length(total);
        shown.set_message(what.to_owned());
        shown.set_position(done);
        if done >= total {
            shown.finish_and_clear();
            *bar = None;
        }
    }))
}

fn new_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{msg:16} {bar:30} {pos}/{len} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
