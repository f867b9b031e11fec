//! Where a key of the config stands.
//! In: the file's text and a key such as `site.timezone`. Out: line and column of its value.
//! serde forgets the places of values that it accepted; a check that fails later wants to show them.

/// Line and column, from 1, in characters. `None` when the file does not have the key.
pub(super) fn locate(text: &str, key: &str) -> Option<(usize, usize)> {
    let parts: Vec<&str> = key
        .split('.')
        .map(|part| part.split('[').next().unwrap_or(part))
        .collect();
    let lines: Vec<&str> = text.lines().collect();
    let (mut row, mut from, mut indent) = (0, 0, None);
    for (depth, part) in parts.iter().enumerate() {
        let found = if from > 0 {
            // `site: {timezone: Mars}`
            in_line(lines[row], from, part).map(|at| (row, at))
        } else {
            below(&lines, row, indent, part)
        };
        let (at_row, at) = found?;
        let after = at + part.len() + 1;
        let rest = lines[at_row].get(after..)?;
        let value = after + (rest.len() - rest.trim_start().len());
        if depth + 1 == parts.len() {
            let column = if rest.trim().is_empty() { at } else { value };
            return Some((at_row + 1, lines[at_row].get(..column)?.chars().count() + 1));
        }
        indent = Some(at);
        from = if rest.trim_start().starts_with('{') {
            value
        } else {
            0
        };
        row = if from > 0 { at_row } else { at_row + 1 };
    }
    None
}

/// The line and byte of `key:` among the lines that stand deeper than `parent`.
fn below(lines: &[&str], start: usize, parent: Option<usize>, key: &str) -> Option<(usize, usize)> {
    let mut own = None;
    for (row, line) in lines.iter().enumerate().skip(start) {
        let text = line.trim_start();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let indent = line.len() - text.len();
        if parent.is_some_and(|parent| indent <= parent) {
            return None;
        }
        if *own.get_or_insert(indent) == indent
            && text
                .strip_prefix(key)
                .is_some_and(|rest| rest.starts_with(':'))
        {
            return Some((row, indent));
        }
    }
    None
}

fn in_line(line: &str, from: usize, key: &str) -> Option<usize> {
    let rest = line.get(from..)?;
    let mut starts = rest.match_indices(key).map(|(at, _)| at);
    starts
        .find(|at| {
            let before = rest[..*at].trim_end();
            before.ends_with(['{', ',']) && rest[at + key.len()..].starts_with(':')
        })
        .map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_blocks_and_in_braces() {
        let text = "# site:\nposts:\n  url: no\nsite:\n  # timezone: x\n\n  titel: '时区'\n  timezone:   Mars\nfeeds: {limit: 0, paths: {site: /x}}\n";
        assert_eq!(locate(text, "site.timezone"), Some((8, 15)));
        assert_eq!(locate(text, "feeds.limit"), Some((9, 16)));
        assert_eq!(locate(text, "feeds.paths.site"), Some((9, 33)));
        assert_eq!(locate(text, "posts.url"), Some((3, 8)));
        assert_eq!(locate(text, "site.url"), None);
        assert_eq!(locate("a:\n- b\n", "a[0]"), Some((1, 1)));
    }
}
