//! What can be wrong with a rule file, told with the line and a caret.
//! In: findings with their places. Out: one line for logs, or the lines of the file with what was meant.
//! An error may name a second place, in another file: the other end of a circle of topics.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// A rule file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicError {
    /// The file.
    pub path: String,
    /// From 1; 0 when unknown.
    pub line: u32,
    /// From 1, in characters; 0 when unknown.
    pub column: u32,
    /// What was found, in a sentence.
    pub message: String,
    /// How to mend it, in a sentence.
    pub help: String,
    /// The line itself; empty when unknown. Boxed, since clippy wants errors below 128 bytes.
    pub source: Box<str>,
    /// Other lines that have a part in it.
    pub also: Vec<Also>,
}

/// A further line that an error is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Also {
    /// The file.
    pub path: String,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// Its part in the error, in a few words.
    pub note: String,
    /// The line itself.
    pub source: String,
}

impl fmt::Display for TopicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        write!(f, ": {}; {}", self.told(), self.help)
    }
}

impl std::error::Error for TopicError {}

impl TopicError {
    /// What was found, with the further places in brackets.
    pub fn told(&self) -> String {
        let mut text = self.message.clone();
        for also in &self.also {
            let (path, line, column) = (&also.path, also.line, also.column);
            text.push_str(&format!(" ({}: {path}:{line}:{column})", also.note));
        }
        text
    }

    /// The error with the lines that it is about and a caret under each place, for a terminal.
    pub fn render(&self) -> String {
        let title = Level::ERROR.primary_title(self.message.as_str());
        let mut group = if self.source.is_empty() {
            Group::with_title(title).element(annotate_snippets::Origin::path(self.path.as_str()))
        } else {
            let (line, column) = (self.line, self.column);
            group_line(
                Group::with_title(title),
                &self.path,
                line,
                column,
                &self.source,
                None,
            )
        };
        for also in &self.also {
            let note = Some(also.note.as_str());
            group = group_line(
                group,
                &also.path,
                also.line,
                also.column,
                &also.source,
                note,
            );
        }
        let group = group.element(Level::HELP.message(self.help.as_str()));
        Renderer::plain().render(&[group])
    }
}

fn group_line<'a>(
    group: Group<'a>,
    path: &'a str,
    line: u32,
    column: u32,
    source: &'a str,
    note: Option<&'a str>,
) -> Group<'a> {
    let before = source.chars().take(column.saturating_sub(1) as usize);
    let start: usize = before.map(char::len_utf8).sum();
    // Up to the end of the word or key.
    let rest = &source[start..];
    let length = rest
        .find([':', ',', '}', ']', '"', '\'', ' '])
        .filter(|length| *length > 0)
        .unwrap_or(rest.len());
    let mut annotation = AnnotationKind::Primary.span(start..start + length);
    if let Some(note) = note {
        annotation = annotation.label(note);
    }
    let snippet = Snippet::source(source)
        .path(path)
        .line_start(line as usize)
        .annotation(annotation);
    group.element(snippet)
}

/// A finding before it has its file's name.
pub(super) struct Fault {
    pub at: (u32, u32),
    pub message: String,
    pub help: String,
}

impl Fault {
    pub(super) fn new(at: (u32, u32), message: impl Into<String>, help: impl Into<String>) -> Self {
        Fault {
            at,
            message: message.into(),
            help: help.into(),
        }
    }

    /// The error with its file's name and its line out of `yaml`, the file's text.
    pub(super) fn in_file(self, path: &str, yaml: &str) -> TopicError {
        TopicError {
            path: path.to_owned(),
            line: self.at.0,
            column: self.at.1,
            message: self.message,
            help: self.help,
            source: line_of(yaml, self.at.0).into(),
            also: Vec::new(),
        }
    }
}

/// The text of a line, counted from 1; empty for line 0.
pub(super) fn line_of(yaml: &str, line: u32) -> String {
    let number = (line as usize).checked_sub(1);
    let found = number.and_then(|number| yaml.lines().nth(number));
    found.unwrap_or_default().to_owned()
}
