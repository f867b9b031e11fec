//! Quotes, brackets and book titles: where a text may not be split.
//! In: one line. Out: for each place in it, how many closed pairs surround it.
//! A mark without its partner in the line protects nothing, or one stray quote would glue a page.

/// True for a mark that closes a pair, ASCII quotes included.
pub(super) fn closes(c: char) -> bool {
    c == '\'' || ends(c)
}

/// True for a mark that begins a pair; an ASCII quote may.
pub(super) fn opens(c: char) -> bool {
    matches!(
        c,
        '"' | '“'
            | '‘'
            | '「'
            | '『'
            | '《'
            | '〈'
            | '（'
            | '('
            | '['
            | '［'
            | '【'
            | '〔'
            | '〖'
            | '{'
    )
}

/// True for a mark that ends a pair; an ASCII quote may.
pub(super) fn ends(c: char) -> bool {
    c == '"' || opening(c).is_some()
}

/// The partner of a mark that closes.
fn opening(close: char) -> Option<char> {
    Some(match close {
        '”' => '“',
        '’' => '‘',
        '」' => '「',
        '』' => '『',
        '》' => '《',
        '〉' => '〈',
        '）' => '（',
        ')' => '(',
        ']' => '[',
        '］' => '［',
        '】' => '【',
        '〕' => '〔',
        '〗' => '〖',
        '}' => '{',
        _ => return None,
    })
}

/// How many pairs surround each place of a line. The marks themselves count as inside.
#[derive(Debug, Default)]
pub(super) struct Depths {
    /// Where another depth begins, in order. Before the first it is 0.
    changes: Vec<(usize, u16)>,
    /// Marks without a partner so far.
    open: Vec<(char, usize)>,
    /// One more from the opening mark on, one less after the closing mark.
    steps: Vec<(usize, i32)>,
}

impl Depths {
    /// The number of pairs around the byte at `at`.
    pub fn at(&self, at: usize) -> u16 {
        match self.changes.partition_point(|(from, _)| *from <= at) {
            0 => 0,
            next => self.changes[next - 1].1,
        }
    }

    /// Finds the pairs of a line by its marks that `opens` or `ends` holds for.
    pub fn find(&mut self, marks: impl IntoIterator<Item = (usize, char)>) {
        self.changes.clear();
        self.open.clear();
        self.steps.clear();
        for (at, c) in marks {
            if let Some(opening) = opening(c) {
                close(&mut self.open, opening, at + c.len_utf8(), &mut self.steps);
            } else if c != '"' || !close(&mut self.open, '"', at + 1, &mut self.steps) {
                self.open.push((c, at));
            }
        }
        self.steps.sort_unstable();
        let mut depth = 0_i32;
        for (at, step) in &self.steps {
            depth += step;
            let depth = u16::try_from(depth).unwrap_or(u16::MAX);
            match self.changes.last_mut() {
                Some(last) if last.0 == *at => last.1 = depth,
                _ => self.changes.push((*at, depth)),
            }
        }
    }
}

/// Finds the pairs of a line.
pub(super) fn depths(line: &str) -> Depths {
    let mut depths = Depths::default();
    let marks = line.char_indices();
    depths.find(marks.filter(|(_, c)| opens(*c) || ends(*c)));
    depths
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
    use super::depths;

    fn at(line: &str, needle: &str) -> u16 {
        depths(line).at(line.find(needle).unwrap())
    }

    #[test]
    fn whatever_closes_closes_what_opens() {
        let openings = ('\0'..='\u{FFFF}').filter_map(super::opening);
        let mut openings: Vec<char> = openings.chain(['"']).collect();
        openings.sort_unstable();
        let opens = ('\0'..='\u{FFFF}').filter(|c| super::opens(*c));
        assert_eq!(openings, opens.collect::<Vec<_>>());
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
