//! What can be wrong with a config, told with the line and a caret.
//! In: parser errors and failed checks. Out: one text that a person can act on.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// A config that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl ConfigError {
    /// A failed check of one key.
    pub fn key(key: &str, why: impl std::fmt::Display) -> Self {
        ConfigError(format!("config key `{key}`: {why}"))
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
        ConfigError(Renderer::plain().render(&[group]))
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

/// The known key nearest to a mistyped one, as words for the help line.
pub fn suggestion(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if !message.contains("unknown field") {
        return None;
    }
    let wrong = quoted.next()?;
    let known: Vec<&str> = quoted.collect();
    let nearest = known
        .iter()
        .max_by(|a, b| strsim::jaro_winkler(wrong, a).total_cmp(&strsim::jaro_winkler(wrong, b)))?;
    if strsim::jaro_winkler(wrong, nearest) > 0.75 {
        Some(format!("did you mean `{nearest}`?"))
    } else {
        Some(format!("known keys here: {}", known.join(", ")))
    }
}
