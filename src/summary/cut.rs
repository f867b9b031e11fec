//! The one place that shortens a sentence, for when not even the first one fits.
//! In: a line and a budget. Out: its beginning, to the last clause mark that fits, and `…`.
//! Never inside a number, a Latin word, a cluster of marks or a 《title》 if there is any choice.

use unicode_segmentation::UnicodeSegmentation;

use super::pairs;

/// `line` as it is when it fits, else cut within `budget` characters, the `…` included.
pub(super) fn cut(line: &str, budget: usize) -> String {
    let line = line.trim();
    if line.chars().count() <= budget {
        return line.to_owned();
    }
    if budget < 2 {
        return line.chars().take(1).collect();
    }
    let depths = pairs::depths(line);
    let room = budget - 1;
    let best = last_clause(line, room, &depths, 0)
        .or_else(|| last_boundary(line, room, &depths, 0))
        .or_else(|| last_clause(line, room, &depths, u16::MAX))
        .or_else(|| last_boundary(line, room, &depths, u16::MAX));
    let kept = match best {
        Some(end) => line[..end].trim_end().to_owned(),
        // One word or number fills the whole budget.
        None => line.chars().take(room).collect(),
    };
    format!("{kept}…")
}

/// Byte offset of the last clause mark with at most `room` characters before it, in at most
/// `deepest` pairs.
fn last_clause(line: &str, room: usize, depths: &[u16], deepest: u16) -> Option<usize> {
    let starts = line.char_indices().take(room + 1);
    let mark = |at: usize, c: char| match c {
        '，' | '；' | '：' | '、' | '。' | '！' | '？' => true,
        // 1,000 and 10:30 are numbers.
        ',' | ';' | ':' => line[at + 1..].starts_with(char::is_whitespace),
        _ => false,
    };
    starts
        .filter(|(at, c)| *at > 0 && depths[*at] <= deepest && mark(*at, *c))
        .map(|(at, _)| at)
        .last()
}

/// Byte offset of the last place between two words with at most `room` characters before it.
fn last_boundary(line: &str, room: usize, depths: &[u16], deepest: u16) -> Option<usize> {
    let mut best = None;
    let mut before = 0;
    let mut previous = ' ';
    for (at, cluster) in line.grapheme_indices(true) {
        if before > room {
            break;
        }
        let next = cluster.chars().next().unwrap_or(' ');
        let surrounded = depths[at].min(depths[at.saturating_sub(1)]);
        if at > 0 && surrounded <= deepest && !joined(previous, next) {
            best = Some(at);
        }
        before += cluster.chars().count();
        previous = cluster.chars().next_back().unwrap_or(' ');
    }
    best
}

/// True between the parts of a number, of a Latin word, and of a number and its sign.
fn joined(left: char, right: char) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || "._,-%+'’/:".contains(c);
    part(left) && part(right)
}

#[cfg(test)]
mod tests {
    use super::cut;
    use proptest::prelude::*;

    #[test]
    fn the_cut_is_at_the_last_clause_mark_that_fits() {
        assert_eq!(cut("甲乙丙，丁戊己、庚辛壬癸", 9), "甲乙丙，丁戊己…");
        assert_eq!(cut("甲乙丙，丁戊己、庚辛壬癸", 7), "甲乙丙…");
        assert_eq!(cut("短", 9), "短");
    }

    #[test]
    fn titles_numbers_and_words_stay_whole() {
        assert_eq!(cut("发布《甲，乙，丙》通知，自明日起", 9), "发布…");
        assert_eq!(cut("合计约1,234.56亿元收入", 8), "合计约…");
        assert_eq!(cut("The quick brown fox jumps", 12), "The quick…");
    }

    proptest! {
        #[test]
        fn a_cut_fits_and_begins_the_line(line in "[甲乙，。《》“”a1.,é\u{301} ]{1,60}", budget in 1_usize..40) {
            let line = line.trim();
            prop_assume!(!line.is_empty());
            let short = cut(line, budget);
            prop_assert!(short.chars().count() <= budget);
            prop_assert!(!short.is_empty());
            prop_assert!(line.starts_with(short.trim_end_matches('…')));
        }
    }
}
