//! `tagwire once`: one pass of everything. In: a setup. Out: one line on what happened.

use super::{Verdict, block_on, build, screen};
use crate::app::{self, AppError, Setup};

/// Scans, publishes, announces, delivers what is due, ends.
pub fn execute(setup: &Setup, quiet: bool) -> Result<Verdict, AppError> {
    let started = std::time::Instant::now();
    let (round, planned) = block_on(app::once(setup, screen::progress(quiet)))?;
    let verdict = build::report(setup, &round, started)?;
    println!(
        "{} posts announced in {} messages, {} held, {} taken note of",
        planned.announced, planned.deliveries, planned.held, planned.known
    );
    if let Some(reason) = planned.held_because {
        println!(
            "held: {reason}; `tagwire held announce` sends them, `tagwire held dismiss` does not"
        );
    }
    Ok(verdict)
}
