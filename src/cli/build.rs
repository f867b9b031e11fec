//! `tagwire build`: feeds only. In: a setup. Out: feeds on disk, and one line on what happened.

use std::time::Instant;

use super::screen::Manner;
use super::{Verdict, block_on_alone};
use crate::app::{self, AppError, Done, Setup};
use crate::catalog::Counts;
use crate::model::counted;
use crate::pipeline::Round;

/// Builds the feeds.
pub fn execute(setup: &Setup, manner: Manner) -> Result<Verdict, AppError> {
    let started = Instant::now();
    let done = block_on_alone(app::build(setup, manner.progress()))?;
    report(&done, started, manner)
}

/// Says what a round did. Files that could not be written are an error; problems of posts are not.
pub fn report(done: &Done, started: Instant, manner: Manner) -> Result<Verdict, AppError> {
    let Done { round, counts } = done;
    for notice in round.notices.iter().filter(|_| !manner.quiet) {
        warn!("warning: {notice}");
    }
    match manner {
        Manner { json: true, .. } => say!("{}", as_json(counts, round, started)),
        Manner { quiet: true, .. } => {}
        _ => tell(counts, round, started),
    }
    match round.failed.first() {
        None => Ok(Verdict::Fine),
        Some((path, why)) => Err(AppError::Write {
            files: round.failed.len(),
            path: path.clone(),
            why: why.clone(),
        }),
    }
}

fn as_json(counts: &Counts, round: &Round, started: Instant) -> serde_json::Value {
    serde_json::json!({
        "posts": counts.live,
        "waiting": counts.waiting,
        "withdrawn": counts.withdrawn,
        "labels": counts.labels,
        "added": round.delta.added,
        "changed": round.delta.changed,
        "removed": round.delta.removed,
        "written": round.written,
        "unchanged": round.unchanged,
        "failed": round.failed.len(),
        "problems": counts.problems,
        "seconds": started.elapsed().as_secs_f64(),
    })
}

fn tell(counts: &Counts, round: &Round, started: Instant) {
    say!(
        "{}, {}: {} added, {} changed, {} removed; {} written, {} unchanged, in {:.2} s",
        counted(counts.live, "post"),
        counted(counts.labels, "label"),
        round.delta.added,
        round.delta.changed,
        round.delta.removed,
        counted(round.written as u64, "file"),
        round.unchanged,
        started.elapsed().as_secs_f64()
    );
    if counts.waiting + counts.withdrawn > 0 {
        say!("{}", out_of_sight(counts));
    }
    if counts.problems > 0 {
        let them = if counts.problems == 1 { "it" } else { "them" };
        let problems = counted(counts.problems, "problem");
        say!("{problems}; `tagwire check` shows {them}");
    }
}

/// Posts that are known and not in the feeds.
fn out_of_sight(counts: &Counts) -> String {
    let waiting = match counts.waiting {
        0 => None,
        1 => Some("1 post waits for its date".to_owned()),
        many => Some(format!("{many} posts wait for their date")),
    };
    let withdrawn = match counts.withdrawn {
        0 => None,
        1 => Some("1 post is withdrawn".to_owned()),
        many => Some(format!("{many} posts are withdrawn")),
    };
    let parts: Vec<String> = [waiting, withdrawn].into_iter().flatten().collect();
    parts.join(", ")
}
