//! A command of the user's, after a change: `git push`, a cache to be emptied.
//! In: files that changed or went, as a list. Out: one run, never two at once; what came meanwhile is
//! the next run's.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rustix::process::{Signal, kill_process_group, test_kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use super::{Book, PushError, Stage};
use crate::catalog::{Owed, Target};
use crate::config::{TOKEN_VARIABLE, WEBHOOK_SECRET_VARIABLE};
use crate::publish::CommandLine;

/// As much of what a command says as our log takes (bytes, the last ones).
const TAIL: usize = 2000;

/// The command.
pub struct Hook {
    line: CommandLine,
    timeout: Duration,
    /// Where the list of files lies while the command runs.
    list: PathBuf,
}

impl Hook {
    /// Runs `line` after each change; `list` is a file that may be written for it.
    pub fn new(line: CommandLine, timeout: Duration, list: PathBuf) -> Self {
        Hook {
            line,
            timeout,
            list,
        }
    }

    async fn run(&self, owed: &[Owed]) -> Result<(), String> {
        let mut text = String::new();
        for row in owed {
            text.push_str(&row.path);
            text.push('\n');
        }
        let list = std::path::absolute(&self.list).unwrap_or_else(|_| self.list.clone());
        let written = tokio::fs::write(&list, text).await;
        written.map_err(|error| format!("{}: {error}", list.display()))?;
        let mut command = match &self.line {
            CommandLine::Shell(line) => {
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", line]);
                shell
            }
            CommandLine::Words(words) => {
                let (program, arguments) = words.split_first().ok_or("it is empty")?;
                let mut command = Command::new(program);
                command.args(arguments);
                command
            }
        };
        let child = command
            // Nobody's business but the bot's.
            .env_remove(TOKEN_VARIABLE)
            .env_remove(WEBHOOK_SECRET_VARIABLE)
            .env("TAGWIRE_CHANGED", owed.len().to_string())
            .env("TAGWIRE_CHANGED_FILE", &list)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own, so that what the command started ends with it.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("it cannot be started: {error}"))?;
        let mut group = Group::of(child);
        let (status, out, err) = tokio::time::timeout(self.timeout, group.outcome())
            .await
            .map_err(|_| format!("it ran longer than {} s", self.timeout.as_secs()))?
            .map_err(|error| error.to_string())?;
        if status.success() {
            tracing::debug!("publish.command: {}", told(&out, &err));
            return Ok(());
        }
        Err(format!("{status}: {}", told(&out, &err)))
    }
}

#[async_trait]
impl Stage for Hook {
    fn target(&self) -> Target {
        Target::Command
    }

    async fn work(&mut self, book: &Book) -> Result<usize, PushError> {
        let owed = book.owed(Target::Command).await?;
        if owed.is_empty() {
            return Ok(0);
        }
        let run = self.run(&owed).await;
        run.map_err(|error| PushError::Target(format!("publish.command: {error}")))?;
        let files = owed.len();
        book.settle(owed).await?;
        Ok(files)
    }
}

/// How long a command may take to end when it is asked to: `git` takes its locks away.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// A child with all that it started. Dropped, all of it ends: after a timeout, and when we stop.
struct Group {
    child: Child,
    /// Open to the end: who writes into a closed pipe dies of it.
    out: Option<ChildStdout>,
    err: Option<ChildStderr>,
}

impl Group {
    fn of(mut child: Child) -> Group {
        Group {
            out: child.stdout.take(),
            err: child.stderr.take(),
            child,
        }
    }

    async fn outcome(&mut self) -> std::io::Result<(ExitStatus, Vec<u8>, Vec<u8>)> {
        let Group { child, out, err } = self;
        let (out, err) = (tail(out.as_mut()), tail(err.as_mut()));
        let (out, err, status) = tokio::join!(out, err, child.wait());
        Ok((status?, out?, err?))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // `None` once it has been waited for: the number may be somebody else's then.
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        let Some(group) = id.and_then(rustix::process::Pid::from_raw) else {
            return;
        };
        let _ = kill_process_group(group, Signal::TERM);
        let end = Instant::now() + LAST_WORDS;
        // The first of them may go before those that it started.
        while self.child.try_wait().is_ok()
            && test_kill_process_group(group).is_ok()
            && Instant::now() < end
        {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Reads to the end and keeps the last bytes.
async fn tail(pipe: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    let Some(mut pipe) = pipe else {
        return Ok(kept);
    };
    let mut buffer = [0; 4096];
    loop {
        let read = pipe.read(&mut buffer).await?;
        if read == 0 {
            return Ok(kept);
        }
        kept.extend_from_slice(&buffer[..read]);
        let excess = kept.len().saturating_sub(TAIL);
        kept.drain(..excess);
    }
}

/// What a command said, errors first, as one line.
fn told(out: &[u8], err: &[u8]) -> String {
    let said = match err.trim_ascii().is_empty() {
        true => out,
        false => err,
    };
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text.trim().lines().map(str::trim).collect();
    lines.join(" | ")
}
