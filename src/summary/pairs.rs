//! Quotes, brackets and book titles: where a text may not be split.
//! In: one line. Out: for each place in it, how many closed pairs surround it.
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

/// How many pairs surround each place of a line. The marks themselves count as inside.
#[derive(Debug, Default)]
pub(super) struct Depths {
    /// Where another depth begins, in order. Before the first it is 0.
    changes: Vec<(usize, u16)>,
}

impl Depths {
    /// The number of pairs around the byte at `at`.
    pub fn at(&self, at: usize) -> u16 {
        match self.changes.partition_point(|(from, _)| *from <= at) {
            0 => 0,
            next => self.changes[next - 1].1,
        }
    }
}

/// The characters of a line that may be a mark of any kind, with their places: not the everyday Chinese
/// ones, ASCII letters and digits, which are nearly all.
pub(super) fn marks(line: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let bytes = line.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            match bytes.get(at)? {
                // U+4000 to U+9FFF, three bytes each.
                0xE4..=0xE9 => at += 3,
                byte if byte.is_ascii_alphanumeric() => at += 1,
                _ => break,
            }
        }
        let c = line.get(at..)?.chars().next()?;
        let found = (at, c);
        at += c.len_utf8();
        Some(found)
    })
}

/// Finds the pairs of a line.
pub(super) fn depths(line: &str) -> Depths {
    let mut open: Vec<(char, usize)> = Vec::new();
    // One more from the opening mark on, one less after the closing mark.
    let mut steps: Vec<(usize, i32)> = Vec::new();
    for (at, c) in marks(line) {
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
    steps.sort_unstable();
    let mut changes: Vec<(usize, u16)> = Vec::with_capacity(steps.len());
    let mut depth = 0_i32;
    for (at, step) in steps {
        depth += step;
        let depth = u16::try_from(depth).unwrap_or(u16::MAX);
        match changes.last_mut() {
            Some(last) if last.0 == at => last.1 = depth,
            _ => changes.push((at, depth)),
        }
    }
    Depths { changes }
}

/// How far back an opening mark is looked for; deeper nesting is no prose, and would cost
/// quadratic time.
const DEEPEST: usize = 32;

/// Closes the innermost `opening`; what was left open inside it has no partner.
fn close(
    open: &mut Vec<(char, usize)>,
    opening: char,
    end: usize,
    steps: &mut Vec<(usize, i32)>,
) -> bool {
    let near = open.iter().rev().take(DEEPEST);
    let Some(back) = near.map(|(c, _)| *c).position(|c| c == opening) else {
        return false;
    };
    let index = open.len() - 1 - back;
    let (_, start) = open[index];
    open.truncate(index);
    steps.extend([(start, 1), (end, -1)]);
    true
}

#[cfg(test)]
mod tests {
    use super::{depths, marks};

    fn at(line: &str, needle: &str) -> u16 {
        depths(line).at(line.find(needle).unwrap())
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

    #[test]
    fn marks_are_what_is_neither_common_chinese_nor_a_letter_or_digit() {
        let line = "市场“a1。b”㐀é😀(鿿〇)";
        let skipped = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '\u{4000}'..='\u{9FFF}');
        let expected: Vec<_> = line.char_indices().filter(|(_, c)| !skipped(c)).collect();
        assert_eq!(marks(line).collect::<Vec<_>>(), expected);
    }
}
