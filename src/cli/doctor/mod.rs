//! `tagwire doctor`: is everything around tagwire as it needs it? In: config, machine, the Bot API.
//! Out: a line for each thing that was looked at, and how to mend what is wrong. Nothing is changed.
//! Exit code 1 when something is wrong; a warning alone is no reason.

mod machine;
mod telegram;

use std::io::Write;

use clap::Args;
use serde_json::json;

use super::{Verdict, block_on};
use crate::app::{AppError, Setup};
use crate::config::Source;
use crate::model::counted;

/// How to show what was found.
#[derive(Args)]
pub struct Options {
    /// One JSON object a line
    #[arg(long)]
    pub(super) json: bool,
}

/// How well a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Fine,
    /// It works, but will not for long, or not as well as it could.
    Doubtful,
    Wrong,
    /// It could not be looked at, or there is nothing to look at.
    Passed,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::Fine => "ok",
            State::Doubtful => "warning",
            State::Wrong => "wrong",
            State::Passed => "-",
        }
    }
}

/// One thing that was looked at.
struct Finding {
    check: &'static str,
    state: State,
    found: String,
    mend: Option<String>,
}

impl Finding {
    fn fine(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, State::Fine, found)
    }

    fn passed(check: &'static str, found: impl Into<String>) -> Self {
        Self::new(check, State::Passed, found)
    }

    fn doubtful(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            mend: Some(mend.into()),
            ..Self::new(check, State::Doubtful, found)
        }
    }

    fn wrong(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            mend: Some(mend.into()),
            ..Self::new(check, State::Wrong, found)
        }
    }

    fn new(check: &'static str, state: State, found: impl Into<String>) -> Self {
        Self {
            check,
            state,
            found: found.into(),
            mend: None,
        }
    }

    fn json(&self) -> serde_json::Value {
        json!({"check": self.check, "state": self.state.word(), "found": self.found, "mend": self.mend})
    }

    fn lines(&self) -> String {
        let mend = self
            .mend
            .as_deref()
            .map(|mend| format!("\n{:21}mend: {mend}", ""));
        let (state, check) = (self.state.word(), self.check);
        format!(
            "{state:<8} {check:<11} {}{}",
            self.found,
            mend.unwrap_or_default()
        )
    }
}

/// Looks at everything.
pub fn execute(source: &Source, options: &Options) -> Result<Verdict, AppError> {
    let findings = match Setup::load_what_can_be(source) {
        Ok((setup, problems)) => {
            let mut findings = vec![config(problems.len())];
            findings.extend(setup.unknown_topics()?.into_iter().map(|error| {
                let mend = "write the topic, or correct its name";
                Finding::wrong("config", error.to_string(), mend)
            }));
            findings.extend(block_on(async {
                let mut findings = machine::look(&setup).await;
                findings.extend(telegram::look(&setup).await);
                Ok(findings)
            })?);
            findings
        }
        Err(error) => vec![Finding::wrong(
            "config",
            error.to_string(),
            "see above; `config/tagwire.yaml` in the repository has every key",
        )],
    };
    let mut out = std::io::stdout().lock();
    for finding in &findings {
        let line = match options.json {
            true => finding.json().to_string(),
            false => finding.lines(),
        };
        // A closed pipe (`| head`) ends the list.
        if writeln!(out, "{line}").is_err() {
            break;
        }
    }
    let wrong = findings.iter().any(|finding| finding.state == State::Wrong);
    Ok(if wrong { Verdict::Found } else { Verdict::Fine })
}

fn config(problems: usize) -> Finding {
    match problems {
        0 => Finding::fine("config", "config and topics can be used"),
        some => Finding::wrong(
            "config",
            format!(
                "{} in topics: `tagwire run` would not start",
                counted(some as u64, "problem")
            ),
            "tagwire check shows each with its line",
        ),
    }
}
