//! Counts of files and problems.
//! In: the problems of each file. Out: the closing summary, or the table over several folders.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use crate::model::{Problem, Severity, counted};

/// One folder's files, each counted once, by the worst of its problems.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Row {
    pub files: u64,
    /// Without any problem.
    pub clean: u64,
    /// Read as meant, with a note.
    pub noted: u64,
    /// Read with an assumption.
    pub recovered: u64,
    /// Not used.
    pub skipped: u64,
}

#[derive(Debug)]
struct Kind {
    severity: Severity,
    count: u64,
    /// The first place at which it was found.
    first: String,
}

/// Everything counted so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rows: Vec<(String, Row)>,
    /// By folder (as an index of `rows`) and kind; problems of config and topics stand under `None`.
    kinds: BTreeMap<(Option<usize>, &'static str), Kind>,
}

impl Tally {
    /// Starts a folder.
    pub fn begin(&mut self, name: &str) {
        self.rows.push((name.to_owned(), Row::default()));
    }

    /// Counts one file of the folder.
    pub fn file(&mut self, is_post: bool, problems: &[Problem]) {
        if let Some((_, row)) = self.rows.last_mut() {
            row.files += 1;
            match problems.iter().map(|problem| problem.severity).max() {
                _ if !is_post => row.skipped += 1,
                None => row.clean += 1,
                Some(Severity::Note) => row.noted += 1,
                Some(Severity::Recovered) => row.recovered += 1,
                Some(Severity::Skipped) => row.skipped += 1,
            }
        }
        self.count(self.rows.len().checked_sub(1), problems);
    }

    /// Counts problems of config and topics.
    pub fn settings(&mut self, problems: &[Problem]) {
        self.count(None, problems);
    }

    fn count(&mut self, folder: Option<usize>, problems: &[Problem]) {
        for problem in problems {
            let first = || match problem.line {
                0 => problem.path.clone(),
                line => format!("{}:{line}", problem.path),
            };
            let kind = self
                .kinds
                .entry((folder, problem.kind))
                .or_insert_with(|| Kind {
                    severity: problem.severity,
                    count: 0,
                    first: first(),
                });
            kind.count += 1;
        }
    }

    /// True when nothing was wrong.
    pub fn is_clean(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The folders in order.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &Row)> {
        self.rows.iter().map(|(name, row)| (name.as_str(), row))
    }

    /// Counts by kind of one folder.
    pub fn kinds_of(&self, name: &str) -> impl Iterator<Item = (String, Value)> {
        let at = self.rows.iter().position(|(known, _)| known == name);
        self.kinds
            .iter()
            .filter(move |((folder, _), _)| *folder == at)
            .map(|((_, name), kind)| ((*name).to_owned(), kind.count.into()))
    }

    fn total(&self) -> Row {
        self.rows.iter().fold(Row::default(), |sum, (_, row)| Row {
            files: sum.files + row.files,
            clean: sum.clean + row.clean,
            noted: sum.noted + row.noted,
            recovered: sum.recovered + row.recovered,
            skipped: sum.skipped + row.skipped,
        })
    }

    /// Kinds over all folders: most frequent first.
    fn kinds(&self) -> Vec<(&'static str, &'static str, u64, &str)> {
        let mut sums: Vec<(&'static str, &'static str, u64, &str)> = Vec::new();
        for ((_, name), kind) in &self.kinds {
            match sums.iter_mut().find(|(known, ..)| known == name) {
                Some(sum) => sum.2 += kind.count,
                None => sums.push((name, kind.severity.as_str(), kind.count, &kind.first)),
            }
        }
        sums.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(b.0)));
        sums
    }

    /// The closing lines.
    pub fn summary(&self) -> String {
        let total = self.total();
        let problems: u64 = self.kinds.values().map(|kind| kind.count).sum();
        let mut out = format!(
            "{}: {} clean, {} with notes, {} recovered, {} skipped; {}\n",
            counted(total.files, "file"),
            total.clean,
            total.noted,
            total.recovered,
            total.skipped,
            counted(problems, "problem")
        );
        self.list_kinds(&mut out);
        out
    }

    /// A row for each folder, the sum, and a row for each kind.
    pub fn table(&self) -> String {
        let widest = self.rows.iter().map(|(name, _)| name.chars().count());
        let width = widest.max().unwrap_or(0).max("folder".len());
        let mut out = format!(
            "{:<width$} {:>8} {:>8} {:>8} {:>9} {:>8}\n",
            "folder", "files", "clean", "notes", "recovered", "skipped"
        );
        let all = ("all".to_owned(), self.total());
        let rows = self
            .rows
            .iter()
            .chain((self.rows.len() > 1).then_some(&all));
        for (name, row) in rows {
            let _ = writeln!(
                out,
                "{name:<width$} {:>8} {:>8} {:>8} {:>9} {:>8}",
                row.files, row.clean, row.noted, row.recovered, row.skipped
            );
        }
        if !self.is_clean() {
            out.push('\n');
        }
        self.list_kinds(&mut out);
        out
    }

    fn list_kinds(&self, out: &mut String) {
        let kinds = self.kinds();
        let width = kinds.iter().map(|kind| kind.0.len()).max().unwrap_or(0);
        for (name, severity, count, first) in kinds {
            let _ = writeln!(
                out,
                "{count:>8} {name:<width$}  {severity:<9}  first: {first}"
            );
        }
    }
}
