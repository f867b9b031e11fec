//! Quotes, brackets and book titles: where a text may not be split.
//! In: one line. Out: for each byte, how many closed pairs surround it.
//! A mark without its partner in the line protects nothing, or one stray quote would glue a page.

const PAIRS: [(char, char); 14] = [
    ('“', '”'),
    ('‘', '’'),
    ('「', '」'),
    ('『', '』'),
    ('《', '》'),
    ('〈', '〉'),
    ('（', '）'),
    ('(', ')'),
    ('[', ']'),
    ('［', '］'),
    ('【', '】'),
    ('〔', '〕'),
    ('〖', '〗'),
    ('{', '}'),
];

/// True for a mark that closes a pair, ASCII quotes included.
pub(super) fn closes(c: char) -> bool {
    c == '"' || c == '\'' || PAIRS.iter().any(|(_, close)| *close == c)
}

/// For each byte of `line` the number of pairs around it. The marks themselves count as inside.
pub(super) fn depths(line: &str) -> Vec<u16> {
    // Difference array: one more from the opening mark on, one less after the closing mark.
    let mut steps = vec![0_i32; line.len() + 1];
    let mut open: Vec<(char, usize)> = Vec::new();
    for (at, c) in line.char_indices() {
        // All of the marks are below the Chinese characters, or above them.
        if matches!(c, '\u{3400}'..='\u{9FFF}') {
            continue;
        }
        if let Some((opening, _)) = PAIRS.iter().find(|(_, close)| *close == c) {
            close(&mut open, *opening, at + c.len_utf8(), &mut steps);
        } else if c == '"' {
            if !close(&mut open, '"', at + 1, &mut steps) {
                open.push((c, at));
            }
        } else if PAIRS.iter().any(|(opening, _)| *opening == c) {
            open.push((c, at));
        }
    }
    let mut depth = 0_i32;
    let running = steps.iter().take(line.len()).map(|step| {
        depth += step;
        u16::try_from(depth).unwrap_or(u16::MAX)
    });
    running.collect()
}

/// How far back an opening mark is looked for; deeper nesting is no prose, and would cost
/// quadratic time.
const DEEPEST: usize = 32;

/// Closes the innermost `opening`; what was left open inside it has no partner.
fn close(open: &mut Vec<(char, usize)>, opening: char, end: usize, steps: &mut [i32]) -> bool {
    let near = open.iter().rev().take(DEEPEST);
    let Some(back) = near.map(|(c, _)| *c).position(|c| c == opening) else {
        return false;
    };
    let index = open.len() - 1 - back;
    let (_, start) = open[index];
    open.truncate(index);
    steps[start] += 1;
    steps[end] -= 1;
    true
}

#[cfg(test)]
mod tests {
    use super::depths;

    fn at(line: &str, needle: &str) -> u16 {
        depths(line)[line.find(needle).unwrap()]
    }

    #[test]
    fn only_closed_pairs_protect() {
        assert_eq!(at("他说“好。”然后", "。"), 1);
        assert_eq!(at("他说“好。然后", "。"), 0);
        assert_eq!(at("《甲（乙。）》", "。"), 2);
        assert_eq!(at("it’s 好。", "。"), 0);
        assert_eq!(at("a \"b. c\" d", "."), 1);
        assert_eq!(at("（甲“乙）丙。”", "。"), 0);
    }
}
