//! `tagwire check`: every problem of config, topics and posts. In: the config's place. Out: problems with
//! file, line, caret and mend; exit code 1 if there is one.

use std::io::{BufWriter, Write};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::Verdict;
use super::posts::{ProblemJson, to_json};
use super::reading::Reader;
use crate::app::{AppError, Setup};
use crate::config::Source;
use crate::model::{Problem, Severity};

/// Checks everything. A config that cannot be read is told like the rest, with exit code 2.
pub fn execute(source: &Source, json: bool) -> Result<Verdict, AppError> {
    let setup = Setup::load(source)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (mut files, mut posts, mut problems) = (0u64, 0u64, 0u64);
    Reader::new(&setup)?.read_all(|reading| {
        files += 1;
        posts += u64::from(reading.post.is_some());
        problems += reading.problems.len() as u64;
        let text = match (reading.problems.is_empty(), json) {
            (false, false) => std::fs::read(&reading.path).ok(),
            _ => None,
        };
        for problem in &reading.problems {
            let shown = match json {
                true => to_json(&ProblemJson::from(problem)),
                false => show(problem, text.as_deref()),
            };
            let _ = writeln!(out, "{shown}");
        }
    });
    if !json {
        let _ = writeln!(out, "{files} files, {posts} posts, {problems} problems");
    }
    let _ = out.flush();
    Ok(if problems == 0 {
        Verdict::Fine
    } else {
        Verdict::Found
    })
}

/// A problem under the line that it means.
fn show(problem: &Problem, bytes: Option<&[u8]>) -> String {
    let text = bytes.map(String::from_utf8_lossy).unwrap_or_default();
    let line = text
        .lines()
        .nth(problem.line.saturating_sub(1) as usize)
        .filter(|_| problem.line > 0);
    let level = match problem.severity {
        Severity::Skipped => Level::ERROR,
        Severity::Recovered => Level::WARNING,
        Severity::Note => Level::INFO,
    };
    let title = format!("{}: {}", problem.kind, problem.message);
    let title = level.primary_title(title.as_str());
    let renderer = Renderer::plain();
    match line {
        None => {
            let origin = annotate_snippets::Origin::path(problem.path.as_str());
            let group = title
                .element(origin)
                .element(Level::HELP.message(problem.help.as_str()));
            renderer.render(&[group])
        }
        Some(line) => {
            // A post's body may be one line of ten thousand characters: the start is enough to find it.
            let line: String = line.chars().take(160).collect();
            let start: usize = line
                .chars()
                .take(problem.column.saturating_sub(1) as usize)
                .map(char::len_utf8)
                .sum();
            let end = if problem.column == 0 {
                line.len()
            } else {
                line[start..]
                    .chars()
                    .next()
                    .map_or(start, |c| start + c.len_utf8())
            };
            let snippet = Snippet::source(line.as_str())
                .path(problem.path.as_str())
                .line_start(problem.line as usize)
                .annotation(AnnotationKind::Primary.span(start..end));
            let group = title
                .element(snippet)
                .element(Level::HELP.message(problem.help.as_str()));
            renderer.render(&[group])
        }
    }
}
