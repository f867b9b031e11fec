//! Standard error: logs and the progress bar.
//! In: how talkative to be. Out: a subscriber for `tracing`, a bar on a terminal and nothing elsewhere.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};

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

/// A progress bar, if a person looks.
pub fn progress(quiet: bool) -> Option<Progress> {
    if quiet || !std::io::stderr().is_terminal() {
        return None;
    }
    let bar: Mutex<Option<ProgressBar>> = Mutex::new(None);
    Some(Arc::new(move |what: &str, done: u64, total: u64| {
        let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
        // A short piece of work is over before a bar is read.
        if total < 200 {
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
