//! `tagwire check`: every problem of config, topics and posts. In: the config's place, perhaps folders.
//! Out: problems by file with line, caret and mend, or JSON lines, or a table; exit code 1 if there is one.

mod pages;
mod show;
mod tally;
#[cfg(test)]
mod tests;

use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::posts::{ProblemJson, to_json};
use super::reading::Reader;
use super::{Verdict, said};
use crate::app::{AppError, Setup};
use crate::config::{ConfigError, Source};
use crate::feeds::Addresses;
use crate::model::{Problem, Severity};
use crate::posts::Dirs;
use crate::store::path_of;
use pages::Pages;
use show::Screen;
use tally::Tally;

/// How to check, and what.
#[derive(Args)]
pub struct Options {
    /// Folders of posts to check in place of posts.dir
    #[arg(value_name = "DIR")]
    dirs: Vec<PathBuf>,
    /// Only counts: a row for each folder, then a row for each kind of problem
    #[arg(long)]
    table: bool,
    /// Only problems that are at least so severe: the others are neither told nor counted, nor in the exit code
    #[arg(long, value_name = "LEAST", default_value = "note")]
    severity: Least,
    /// One JSON object a line
    #[arg(long)]
    pub(super) json: bool,
    /// Colours; auto means on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: When,
}

/// The least severity that is told.
#[derive(Clone, Copy, ValueEnum)]
enum Least {
    /// All problems.
    Note,
    /// But for notes, which cost a post nothing.
    Recovered,
    /// Only what keeps a file from being used.
    Skipped,
}

impl Least {
    fn severity(self) -> Severity {
        match self {
            Least::Note => Severity::Note,
            Least::Recovered => Severity::Recovered,
            Least::Skipped => Severity::Skipped,
        }
    }
}

/// When to use colours.
#[derive(Clone, Copy, ValueEnum)]
enum When {
    /// On a terminal.
    Auto,
    /// Also into files and pipes.
    Always,
    /// Nowhere.
    Never,
}

impl When {
    fn now(self) -> bool {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match self {
            When::Always => true,
            When::Never => false,
            When::Auto => std::io::stdout().is_terminal() && !set("NO_COLOR") && !dumb,
        }
    }
}

/// Checks everything that can be checked. What is wrong with the config is told like the rest.
pub fn execute(source: &Source, options: &Options) -> Result<Verdict, AppError> {
    let mut check = Check {
        out: BufWriter::new(std::io::stdout().lock()),
        screen: Screen::new(options.color.now()),
        tally: Tally::default(),
        options,
    };
    let (setup, mut problems) = match Setup::load_what_can_be(source) {
        Ok(loaded) => loaded,
        Err(AppError::Config(error)) => {
            check.settings(error.placed(source).into_problems());
            return Ok(check.end());
        }
        Err(error) => return Err(error),
    };
    for error in wrong_settings(&setup)? {
        problems.extend(error.placed(source).into_problems());
    }
    check.settings(problems);
    if path_of(&setup.config.store.url).is_err() {
        // The dates of posts without a date are in the store.
        return Ok(check.end());
    }
    match check.posts(setup) {
        Err(AppError::Config(error)) => check.settings(error.placed(source).into_problems()),
        other => other?,
    }
    Ok(check.end())
}

/// What the rooms would refuse at the start, and what would never do anything.
fn wrong_settings(setup: &Setup) -> Result<Vec<ConfigError>, AppError> {
    let mut errors = Vec::new();
    if let Err(why) = Addresses::new(&setup.config.feeds, &setup.site) {
        errors.push(ConfigError::setting(why));
    }
    if let Err(error) = path_of(&setup.config.store.url) {
        errors.push(ConfigError::key("store.url", error));
    }
    errors.extend(setup.unknown_topics()?);
    Ok(errors)
}

struct Check<'a, W: Write> {
    out: BufWriter<W>,
    screen: Screen,
    tally: Tally,
    options: &'a Options,
}

impl<W: Write> Check<'_, W> {
    /// Problems of config and topics, which are files of their own.
    fn settings(&mut self, problems: Vec<Problem>) {
        let mut rest = problems.as_slice();
        while let Some(first) = rest.first() {
            let same = rest.iter().take_while(|p| p.path == first.path).count();
            let (own, others) = rest.split_at(same);
            rest = others;
            self.tally.settings(own);
            self.file(own, || {
                std::fs::read_to_string(Path::new(&own[0].path)).ok()
            });
        }
    }

    fn posts(&mut self, mut setup: Setup) -> Result<(), AppError> {
        if self.options.dirs.is_empty() {
            let dir = setup.config.posts.roots();
            let names: Vec<String> = dir.iter().map(|dir| dir.display().to_string()).collect();
            return self.folder(&setup, &names.join(" "));
        }
        for dir in &self.options.dirs {
            setup.config.posts.dir = Dirs::One(dir.clone());
            self.folder(&setup, &dir.display().to_string())?;
        }
        Ok(())
    }

    fn folder(&mut self, setup: &Setup, name: &str) -> Result<(), AppError> {
        let reader = Reader::new(setup)?;
        self.tally.begin(name);
        let mut pages = Pages::default();
        let least = self.options.severity.severity();
        reader.read_all(|mut reading| {
            reading.problems.extend(pages.taken(&reading));
            reading.problems.retain(|p| p.severity >= least);
            reading.problems.sort_by_key(|p| (p.line, p.column));
            self.tally.file(reading.post.is_some(), &reading.problems);
            self.file(&reading.problems, || reader.text_of(&reading.path));
        });
        Ok(())
    }

    /// Shows the problems of one file. A closed pipe (`| head`) ends the output, not the program.
    fn file(&mut self, problems: &[Problem], text: impl Fn() -> Option<String>) {
        if problems.is_empty() || self.options.table {
            return;
        }
        if self.options.json {
            for problem in problems {
                said(writeln!(
                    self.out,
                    "{}",
                    to_json(&ProblemJson::from(problem))
                ));
            }
            return;
        }
        said(writeln!(
            self.out,
            "{}",
            self.screen.heading(&problems[0].path, problems.len())
        ));
        let text = text();
        for problem in problems {
            let shown = self.screen.problem(problem, text.as_deref());
            said(writeln!(self.out, "{shown}\n"));
        }
    }

    fn end(mut self) -> Verdict {
        said(match (self.options.json, self.options.table) {
            (true, true) => self.tally.rows().try_for_each(|(name, row)| {
                let kinds: serde_json::Map<_, _> = self.tally.kinds_of(name).collect();
                let line = json!({
                    "dir": name, "files": row.files, "clean": row.clean, "noted": row.noted,
                    "recovered": row.recovered, "skipped": row.skipped, "kinds": kinds,
                });
                writeln!(self.out, "{line}")
            }),
            (true, false) => Ok(()),
            (false, true) => write!(self.out, "{}", self.tally.table()),
            (false, false) => write!(self.out, "{}", self.tally.summary()),
        });
        said(self.out.flush());
        match self.tally.is_clean() {
            true => Verdict::Fine,
            false => Verdict::Found,
        }
    }
}
