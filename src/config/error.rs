//! What can be wrong with a config, told with the line and a caret.
//! In: parser errors and failed checks. Out: one text that a person can act on, and the same as problems
//! with file, line and column.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::place::locate;
use super::{DEFAULT_PATH, Source};
use crate::model::{Problem, Severity, meant_key};

/// A config, or a rule file of a topic, that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct ConfigError {
    text: String,
    /// The key whose value is wrong, when its place is not known yet.
    key: Option<String>,
    problems: Vec<Problem>,
}

impl ConfigError {
    /// Something that has no place in the file.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        ConfigError {
            problems: vec![problem("config", 0, 0, &text, None)],
            key: None,
            text,
        }
    }

    /// A failed check of one key.
    pub fn key(key: &str, why: impl std::fmt::Display) -> Self {
        let mut error = ConfigError::new(format!("config key `{key}`: {why}"));
        error.key = Some(key.to_owned());
        error
    }

    /// What a room says of its settings: the key, a colon, and why.
    pub fn setting(why: String) -> Self {
        let split = why.split_once(": ");
        let split = split.map(|(key, rest)| (key.trim_matches('`'), rest));
        let is_key = |key: &str| key.contains('.') && !key.contains(' ');
        if let Some((key, rest)) = split.filter(|(key, _)| is_key(key)) {
            return ConfigError::key(key, rest);
        }
        // A sentence that begins with the key.
        let first = why.strip_prefix('`').and_then(|rest| rest.split_once('`'));
        let key = first
            .filter(|(key, _)| is_key(key))
            .map(|(key, _)| key.to_owned());
        ConfigError {
            key,
            ..ConfigError::new(why)
        }
    }

    /// Several findings of files that belong to the config.
    pub fn of(problems: Vec<Problem>) -> Self {
        let texts = problems.iter().map(|problem| {
            let mut place = problem.path.clone();
            for number in [problem.line, problem.column] {
                if number > 0 {
                    place.push_str(&format!(":{number}"));
                }
            }
            format!("{place}: {}; {}", problem.message, problem.help)
        });
        ConfigError {
            text: texts.collect::<Vec<_>>().join("\n"),
            key: None,
            problems,
        }
    }

    /// A parser error shown under the line it means. `line` and `column` count from 1, in characters.
    pub fn at(
        path: &str,
        text: &str,
        line: usize,
        column: usize,
        message: &str,
        help: Option<String>,
    ) -> Self {
        let start = byte_offset(text, line, column);
        let end = text[start..]
            .find(['\n', ':'])
            .map_or(text.len(), |length| start + length);
        let snippet = Snippet::source(text)
            .path(path)
            .annotation(AnnotationKind::Primary.span(start..end.max(start)));
        let mut group = Level::ERROR.primary_title(message).element(snippet);
        if let Some(help) = &help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        ConfigError {
            text: Renderer::plain().render(&[group]),
            key: None,
            problems: vec![problem(path, line, column, message, help)],
        }
    }

    /// The same with the line of its key, when the file has the key and nothing else set it.
    #[must_use]
    pub fn placed(self, source: &Source) -> Self {
        let key = self.key.as_deref();
        let Some(key) = key.filter(|key| source.origin(key).is_none()) else {
            return self;
        };
        let path = source.path.as_deref();
        let path = path.unwrap_or(std::path::Path::new(DEFAULT_PATH));
        let Ok(text) = std::fs::read_to_string(path) else {
            return self;
        };
        match locate(&text, key) {
            None => self,
            Some((line, column)) => {
                let name = path.display().to_string();
                ConfigError::at(&name, &text, line, column, &self.text, None)
            }
        }
    }

    /// Each finding with its place; line 0 where there is none.
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }
}

fn problem(path: &str, line: usize, column: usize, message: &str, help: Option<String>) -> Problem {
    let small = |n: usize| u32::try_from(n).unwrap_or(0);
    Problem {
        path: path.to_owned(),
        line: small(line),
        column: small(column),
        severity: Severity::Skipped,
        kind: "bad-config",
        message: message.to_owned(),
        help: help.unwrap_or_else(|| {
            format!("set it right; the comments in {DEFAULT_PATH} explain each key")
        }),
    }
}

fn byte_offset(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for (number, content) in text.split_inclusive('\n').enumerate() {
        if number + 1 == line {
            let before = content.chars().take(column.saturating_sub(1));
            return start + before.map(char::len_utf8).sum::<usize>();
        }
        start += content.len();
    }
    text.len()
}

/// How to mend it, as words for the help line: for a mistyped key the one that looks like it.
pub fn suggestion(message: &str) -> Option<String> {
    if message.contains("cannot start any token") {
        return Some("YAML is indented with blanks, never with tabs".into());
    }
    if message.contains("expected struct") {
        return Some("write keys with their values here, `key: value`".into());
    }
    // Where none is meant: the message has all known keys.
    meant_key(message).map(|meant| format!("did you mean `{meant}`?"))
}
