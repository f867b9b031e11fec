//! `tagwire posts`: what was read of each post. In: the folder. Out: a line a post, or JSON lines.

use std::io::{BufWriter, Write};

use serde::Serialize;

use super::reading::Reader;
use super::{Verdict, said};
use crate::app::{AppError, Setup};
use crate::catalog::Reading;
use crate::model::{Problem, counted};

/// One post as JSON. A file that gives no post has its path and problems, and nulls.
#[derive(Serialize)]
pub struct PostJson<'a> {
    path: &'a str,
    id: Option<&'a str>,
    url: Option<&'a str>,
    title: Option<&'a str>,
    date: Option<String>,
    updated: Option<String>,
    categories: &'a [String],
    tags: &'a [String],
    author: Option<&'a str>,
    source: Option<&'a str>,
    via: Option<&'a str>,
    summary: Option<&'a str>,
    topics: &'a [String],
    withdrawn: bool,
    problems: Vec<ProblemJson<'a>>,
}

/// One problem as JSON.
#[derive(Serialize)]
pub struct ProblemJson<'a> {
    file: &'a str,
    line: u32,
    column: u32,
    severity: &'static str,
    kind: &'a str,
    message: &'a str,
    mend: &'a str,
}

impl<'a> From<&'a Problem> for ProblemJson<'a> {
    fn from(problem: &'a Problem) -> Self {
        ProblemJson {
            file: &problem.path,
            line: problem.line,
            column: problem.column,
            severity: problem.severity.as_str(),
            kind: problem.kind,
            message: &problem.message,
            mend: &problem.help,
        }
    }
}

impl<'a> From<&'a Reading> for PostJson<'a> {
    fn from(reading: &'a Reading) -> Self {
        let digested = reading.post.as_ref();
        let post = digested.map(|digested| &*digested.post);
        PostJson {
            path: &reading.path,
            id: post.map(|post| post.id.as_str()),
            url: post.map(|post| post.url.as_str()),
            title: post.map(|post| post.title.as_str()),
            date: post.map(|post| post.published.rfc3339()),
            updated: post.and_then(|post| post.updated).map(|at| at.rfc3339()),
            categories: post.map_or(&[], |post| &post.categories),
            tags: post.map_or(&[], |post| &post.tags),
            author: post.and_then(|post| post.author.as_deref()),
            source: post.and_then(|post| post.source.as_deref()),
            via: post.and_then(|post| post.via.as_deref()),
            summary: digested.map(|digested| digested.summary.as_str()),
            topics: digested.map_or(&[], |digested| &digested.topics),
            withdrawn: post.is_some_and(|post| post.withdrawn),
            problems: reading.problems.iter().map(ProblemJson::from).collect(),
        }
    }
}

/// Lists the posts.
pub fn execute(setup: &Setup, json: bool) -> Result<Verdict, AppError> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    Reader::new(setup)?.read_all(|reading| {
        // A closed pipe (`tagwire posts | head`) ends the listing, not the program with an error.
        said(match (json, &reading.post) {
            (true, _) => writeln!(out, "{}", to_json(&PostJson::from(&reading))),
            (false, Some(digested)) => writeln!(
                out,
                "{}  {}  {}  [{}]",
                digested.post.published.rfc3339(),
                digested.post.id,
                digested.post.title,
                digested
                    .post
                    .labels()
                    .map(|label| label.to_string())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            (false, None) => writeln!(
                out,
                "-  {}  not used ({})",
                reading.path,
                counted(reading.problems.len() as u64, "problem")
            ),
        });
    });
    said(out.flush());
    Ok(Verdict::Fine)
}

/// Strings, numbers and lists of them always have a JSON form.
pub fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
