//! Collects what was wrong with one file.
//! In: findings of the parsing steps. Out: `Problem` rows with the file's path in them.

use crate::model::{Problem, Severity};

/// The problems of one file so far.
pub(super) struct Findings<'a> {
    path: &'a str,
    list: Vec<Problem>,
}

/// Where and how bad; the words come separately.
#[derive(Clone, Copy)]
pub(super) struct At {
    /// From 1; 0 for the file as a whole.
    pub line: u32,
    /// From 1; 0 for the line as a whole.
    pub column: u32,
}

/// The file as a whole.
pub(super) const FILE: At = At { line: 0, column: 0 };

/// A line as a whole.
pub(super) fn line(line: u32) -> At {
    At { line, column: 0 }
}

impl<'a> Findings<'a> {
    pub fn new(path: &'a str) -> Self {
        Findings {
            path,
            list: Vec::new(),
        }
    }

    pub fn into_list(self) -> Vec<Problem> {
        self.list
    }

    fn add(&mut self, severity: Severity, kind: &'static str, at: At, message: String, help: &str) {
        self.list.push(Problem {
            path: self.path.to_owned(),
            line: at.line,
            column: at.column,
            severity,
            kind,
            message,
            help: help.to_owned(),
        });
    }

    pub fn note(&mut self, kind: &'static str, at: At, message: impl Into<String>, help: &str) {
        self.add(Severity::Note, kind, at, message.into(), help);
    }

    pub fn recovered(
        &mut self,
        kind: &'static str,
        at: At,
        message: impl Into<String>,
        help: &str,
    ) {
        self.add(Severity::Recovered, kind, at, message.into(), help);
    }

    pub fn skipped(&mut self, kind: &'static str, at: At, message: impl Into<String>, help: &str) {
        self.add(Severity::Skipped, kind, at, message.into(), help);
    }
}
