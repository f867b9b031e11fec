//! Tables as kramdown has them: without a head, with rows of any length, with `|===|` before a foot.
//! In: lines with bars. Out: the same table for comrak, whose head, where there was none, goes again.

use std::fmt::Write;

/// In the one cell of a head that was none.
const NO_HEAD: &str = "<!--tagwire-no-head-->";
/// A table of a post has fewer; padding short rows must not multiply a text.
const MAX_COLUMNS: usize = 64;

/// True for a line with a bar outside of code.
pub(super) fn has_bar(line: &str) -> bool {
    line.contains('|') && cells(line, true).len() > 1 || line.trim_start().starts_with('|')
}

/// The lines of a block as a table for comrak; `None` when a line has no bar.
pub(super) fn table(lines: &[&str]) -> Option<String> {
    // Without one before the first row, a bar at the beginning of another parts an empty cell from the next.
    let has_outer = lines.first()?.trim_start().starts_with('|');
    let rows = lines.iter().map(|line| row(line, has_outer));
    let rows: Vec<Row> = rows.collect::<Option<_>>()?;
    let columns = rows
        .iter()
        .map(Row::columns)
        .max()
        .filter(|count| (1..=MAX_COLUMNS).contains(count))?;
    if rows.iter().all(|row| matches!(row, Row::Line(_))) {
        return None;
    }
    let indent: String = lines.first()?.chars().take_while(|c| *c == ' ').collect();
    // A line between rows parts head and body once; later ones part bodies, which comrak cannot.
    let mut rows = rows.into_iter().peekable();
    let mut first = Vec::new();
    if matches!(rows.peek(), Some(Row::Line(_))) {
        rows.next();
    } else if let Some(Row::Cells(cells)) = rows.next() {
        if matches!(rows.peek(), Some(Row::Line(false))) {
            rows.next();
            first = cells;
        } else {
            return Some(written(
                &indent,
                columns,
                &[NO_HEAD.to_owned()],
                std::iter::once(Row::Cells(cells)).chain(rows),
            ));
        }
    }
    if first.is_empty() {
        first.push(NO_HEAD.to_owned());
    }
    Some(written(&indent, columns, &first, rows))
}

fn written(
    indent: &str,
    columns: usize,
    head: &[String],
    rows: impl Iterator<Item = Row>,
) -> String {
    let mut out = String::new();
    let line = |out: &mut String, cells: &[String]| {
        out.push_str(indent);
        for at in 0..columns {
            let _ = write!(out, "| {} ", cells.get(at).map_or("", String::as_str));
        }
        out.push_str("|\n");
    };
    line(&mut out, head);
    let _ = writeln!(out, "{indent}{}|", "|---".repeat(columns));
    for row in rows {
        if let Row::Cells(cells) = row {
            line(&mut out, &cells);
        }
    }
    out
}

enum Row {
    Cells(Vec<String>),
    /// `|---|`; true for `|===|`.
    Line(bool),
}

impl Row {
    fn columns(&self) -> usize {
        match self {
            Row::Cells(cells) => cells.len(),
            Row::Line(_) => 1,
        }
    }
}

fn row(line: &str, has_outer: bool) -> Option<Row> {
    if !has_bar(line) {
        // `甲 | 乙` over `--- | ---`; a line of one column needs its bars.
        return None;
    }
    let trimmed = line.trim();
    let ruled = |mark: char| {
        trimmed.contains(mark)
            && trimmed
                .chars()
                .all(|c| c == mark || matches!(c, '|' | ':' | '+' | ' ' | '\t'))
    };
    if ruled('-') {
        return Some(Row::Line(false));
    }
    if ruled('=') {
        return Some(Row::Line(true));
    }
    Some(Row::Cells(cells(line, has_outer)))
}

/// The cells of a row, without the bar before the first if there is an outer one; a bar in code or after a backslash
/// parts nothing.
fn cells(line: &str, has_outer: bool) -> Vec<String> {
    let line = line.trim();
    let line = line.strip_prefix('|').filter(|_| has_outer).unwrap_or(line);
    let mut cells = vec![String::new()];
    let mut code = false;
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        let cell = cells.len() - 1;
        match c {
            '|' if code => cells[cell].push_str("\\|"),
            '|' if !escaped => {
                if at + 1 < line.len() {
                    cells.push(String::new());
                }
            }
            _ => cells[cell].push(c),
        }
        // A backtick opens code only where another one closes it.
        if c == '`' && !escaped {
            code = !code && line[at + 1..].contains('`');
        }
        escaped = c == '\\' && !escaped;
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}

/// Takes the heads out that no author wrote.
pub(super) fn without_empty_heads(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(NO_HEAD) {
        let before = &rest[..at];
        let after = &rest[at + NO_HEAD.len()..];
        match (before.rfind("<thead>"), after.find("</thead>")) {
            (Some(open), Some(close)) => {
                out.push_str(&before[..open]);
                rest = after[close + 8..].trim_start_matches('\n');
            }
            _ => {
                out.push_str(before);
                rest = after;
            }
        }
    }
    out + rest
}
