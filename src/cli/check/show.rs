//! A problem under the line that it means.
//! In: a problem and the text of its file. Out: words, the line with a caret under the right character, and
//! the mend. Wide characters and tabs are counted as terminals show them.

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use crate::model::{Problem, Severity, counted};

/// Columns of a terminal that a shown line takes; a post's body may be one line of ten thousand characters.
const WIDTH: usize = 110;
/// Of these, what is shown before the caret.
const BEFORE: usize = 50;

/// Renders for one kind of output.
pub(super) struct Screen {
    renderer: Renderer,
    coloured: bool,
}

impl Screen {
    pub fn new(coloured: bool) -> Self {
        let renderer = match coloured {
            true => Renderer::styled(),
            false => Renderer::plain(),
        };
        Screen {
            // The window below is narrow enough: the renderer's own cuts would count in another way.
            renderer: renderer.term_width(4 * WIDTH),
            coloured,
        }
    }

    /// The line above the problems of a file.
    pub fn heading(&self, path: &str, problems: usize) -> String {
        let (start, end) = match self.coloured {
            true => ("\u{1b}[1m", "\u{1b}[0m"),
            false => ("", ""),
        };
        let count = counted(problems as u64, "problem");
        format!("{start}{}{end}: {count}", visible(path))
    }

    /// One problem. `text` is the file's, as the problem counts lines and columns.
    pub fn problem(&self, problem: &Problem, text: Option<&str>) -> String {
        let level = match problem.severity {
            Severity::Skipped => Level::ERROR,
            Severity::Recovered => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let words = |text: &str| -> String {
            let one = |c: char| if c.is_control() { ' ' } else { c };
            text.chars().map(one).collect()
        };
        let title = level
            .with_name(problem.severity.as_str())
            .primary_title(words(&problem.message))
            .id(problem.kind);
        let path = visible(&problem.path);
        let line = match problem.line {
            0 => None,
            row => text.and_then(|text| text.split('\n').nth(row as usize - 1)),
        };
        let help = Level::HELP.message(words(&problem.help));
        let Some(line) = line else {
            let mut origin = Origin::path(path.as_str());
            if problem.line > 0 {
                origin = origin.line(problem.line as usize);
            }
            return self.renderer.render(&[title.element(origin).element(help)]);
        };
        let window = Window::new(line, problem.column);
        let snippet = Snippet::source(window.text.as_str())
            .path(path.as_str())
            .line_start(problem.line as usize)
            .annotation(AnnotationKind::Primary.span(window.start..window.end));
        let shown = self
            .renderer
            .render(&[title.element(snippet).element(help)]);
        window.with_true_column(shown, problem)
    }
}

/// The part of a line that is shown, and the bytes of it that are meant.
struct Window {
    text: String,
    start: usize,
    end: usize,
    cut: bool,
}

impl Window {
    /// `column` counts characters from 1; 0 means the whole line.
    fn new(line: &str, column: u32) -> Window {
        let chars: Vec<char> = line.trim_end_matches('\r').chars().map(harmless).collect();
        let at = (column.saturating_sub(1) as usize).min(chars.len());
        let mut first = at;
        let mut width = 0;
        while first > 0 && width + width_of(chars[first - 1]) <= BEFORE {
            first -= 1;
            width += width_of(chars[first]);
        }
        let mut last = at;
        while last < chars.len() && width + width_of(chars[last]) <= WIDTH {
            width += width_of(chars[last]);
            last += 1;
        }
        let mut text = String::new();
        if first > 0 {
            text.push('…');
        }
        text.extend(&chars[first..at]);
        let start = text.len();
        text.extend(&chars[at..last]);
        let end = match column {
            0 => text.trim_end().len(),
            _ => start + chars.get(at).map_or(0, |c| c.len_utf8()),
        };
        if last < chars.len() {
            text.push('…');
        }
        Window {
            text,
            start,
            end: end.max(start),
            cut: first > 0,
        }
    }

    /// The renderer counts columns in the window; the file's are meant.
    fn with_true_column(&self, shown: String, problem: &Problem) -> String {
        if !self.cut {
            return shown;
        }
        let place = format!(":{}:", problem.line);
        let Some(at) = shown.find(&place).map(|at| at + place.len()) else {
            return shown;
        };
        let digits = shown[at..].bytes().take_while(u8::is_ascii_digit).count();
        format!(
            "{}{}{}",
            &shown[..at],
            problem.column,
            &shown[at + digits..]
        )
    }
}

/// Columns of a terminal, wide enough for any: only a limit is made of it.
fn width_of(c: char) -> usize {
    match c {
        '\t' => 4,
        c if u32::from(c) < 0x1100 => 1,
        _ => 2,
    }
}

/// The renderer knows the control characters of ASCII only; those of C1 command terminals too.
fn harmless(c: char) -> char {
    match c {
        '\u{80}'..='\u{9f}' => char::REPLACEMENT_CHARACTER,
        other => other,
    }
}

/// A path may hold anything but a slash; a terminal must not obey it.
fn visible(path: &str) -> String {
    let one = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    path.chars().map(one).collect()
}
