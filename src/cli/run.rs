//! `tagwire run`: the daemon. In: a setup, SIGINT or SIGTERM. Out: a clean end.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Verdict, block_on, screen};
use crate::app::{self, AppError, Setup};

/// Runs until SIGINT or SIGTERM.
pub fn execute(setup: Setup, quiet: bool) -> Result<Verdict, AppError> {
    let progress = screen::progress(quiet);
    block_on(async {
        let stop = CancellationToken::new();
        let mut terminate = signal(SignalKind::terminate()).map_err(AppError::Start)?;
        let stopped = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            if !quiet {
                warn!("stopping: what was started is brought to its end");
            }
            stopped.cancel();
        });
        app::run(setup.made_quiet(quiet), progress, stop).await
    })?;
    Ok(Verdict::Fine)
}
