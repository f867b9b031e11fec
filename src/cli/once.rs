//! `tagwire once`: one pass of everything. In: a setup. Out: one line on what happened.

use super::screen::Manner;
use super::{Verdict, block_on, build};
use crate::app::{self, AppError, Setup};
use crate::model::counted;

/// Scans, publishes, announces, delivers what is due, ends.
pub fn execute(setup: &Setup, manner: Manner) -> Result<Verdict, AppError> {
    let started = std::time::Instant::now();
    let (done, planned) = block_on(app::once(setup, manner.progress()))?;
    let verdict = build::report(&done, started, manner)?;
    if manner.json {
        let told = serde_json::json!({
            "announced": planned.announced,
            "messages": planned.deliveries,
            "sent": planned.sent,
            "held": planned.held,
            "held_because": planned.held_because.map(|reason| reason.to_string()),
            "known": planned.known,
        });
        say!("{told}");
        return Ok(verdict);
    }
    if manner.quiet {
        return Ok(verdict);
    }
    say!(
        "{} announced in {}, {} held, {} taken note of; {} sent",
        counted(planned.announced, "post"),
        counted(planned.deliveries, "message"),
        planned.held,
        planned.known,
        counted(planned.sent, "message")
    );
    if let Some(reason) = planned.held_because {
        say!("held: {reason}; `tagwire held announce` sends them, `tagwire held dismiss` does not");
    }
    Ok(verdict)
}
