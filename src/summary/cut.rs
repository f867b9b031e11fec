//! The one place that shortens a sentence, for when not even the first one fits.
//! In: a line and a budget. Out: its beginning, to the last clause mark that fits, and `…`.
//! Never inside a number, a Latin word, a cluster of marks or a 《title》 if there is any choice.

use unicode_segmentation::UnicodeSegmentation;

use super::pairs::{self, Depths};

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

/// Fewer clauses than this are no enumeration.
const MANY: usize = 7;

/// How the clauses of an enumeration of aims begin: each has the subject of the first.
const AIMS: &[&str] = &[
    "坚持",
    "完整",
    "主动",
    "全面",
    "推动",
    "统筹",
    "扎实",
    "继续",
    "开创",
    "深化",
    "加强",
    "完善",
    "着力",
    "大力",
    "不断",
    "切实",
    "进一步",
    "认真",
    "加快",
    "促进",
    "落实",
    "强化",
    "健全",
    "深入",
    "积极",
    "持续",
    "努力",
    "提升",
    "推进",
    "优化",
    "严格",
    "聚焦",
    "围绕",
    "奋力",
    "创新",
    "贯彻",
    "巩固",
    "牢牢",
    "锚定",
    "做好",
    "抓好",
    "助力",
    "堅持",
    "統籌",
    "繼續",
    "開創",
    "加強",
    "促進",
    "落實",
    "強化",
    "積極",
    "持續",
    "圍繞",
];

/// Words that would change sides if clauses around them went.
const TURNS: &[&str] = &[
    "但", "却", "卻", "不过", "不過", "然而", "否认", "否認", "未", "没有", "沒有", "除", "如果",
    "若", "被",
];

/// A lead of the kind `某系统坚持……，统筹……，推动……，开创新局面。` without its middle, `……` in its place:
/// its subject and as many of its last clauses as fit. `None` for any other sentence, where a clause
/// left out might change the sense.
pub(super) fn elide(line: &str, budget: usize) -> Option<String> {
    let depths = pairs::depths(line);
    let ends: Vec<usize> = line
        .char_indices()
        .filter(|(at, c)| matches!(c, '，' | '；') && depths.at(*at) == 0)
        .map(|(at, _)| at)
        .collect();
    let starts: Vec<usize> = ends.iter().map(|end| end + '，'.len_utf8()).collect();
    let clauses = starts.iter().map(|start| &line[*start..]);
    let aims = clauses
        .filter(|rest| AIMS.iter().any(|aim| rest.starts_with(aim)))
        .count();
    if starts.len() < MANY
        || aims * 3 < starts.len() * 2
        || TURNS.iter().any(|turn| line.contains(turn))
    {
        return None;
    }
    let head = &line[..*ends.first()?];
    let room = budget.checked_sub(head.chars().count() + 2)?;
    let tail = starts
        .iter()
        .skip(1)
        .map(|start| &line[*start..])
        .find(|tail| tail.chars().count() <= room)?;
    Some(format!("{head}……{tail}"))
}

/// Byte offset of the last clause mark with at most `room` characters before it, in at most
/// `deepest` pairs.
fn last_clause(line: &str, room: usize, depths: &Depths, deepest: u16) -> Option<usize> {
    let starts = line.char_indices().take(room + 1);
    let mark = |at: usize, c: char| match c {
        '，' | '；' | '：' | '、' | '。' | '！' | '？' => true,
        // 1,000 and 10:30 are numbers.
        ',' | ';' | ':' => line[at + 1..].starts_with(char::is_whitespace),
        _ => false,
    };
    starts
        .filter(|(at, c)| *at > 0 && depths.at(*at) <= deepest && mark(*at, *c))
        .map(|(at, _)| at)
        .last()
}

/// Byte offset of the last place between two words with at most `room` characters before it.
fn last_boundary(line: &str, room: usize, depths: &Depths, deepest: u16) -> Option<usize> {
    let mut best = None;
    let mut before = 0;
    let mut previous = ' ';
    for (at, cluster) in line.grapheme_indices(true) {
        if before > room {
            break;
        }
        let next = cluster.chars().next().unwrap_or(' ');
        let surrounded = depths.at(at).min(depths.at(at.saturating_sub(1)));
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
    use super::{cut, elide};
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

    #[test]
    fn an_enumeration_of_aims_keeps_its_subject_and_its_end() {
        let line = "海岱系统锚定“两个目标，三个方向”，坚持守底线，统筹大市场，推动新发展，全面强监管，深化改革，着力优环境，扎实促公平，开创新局面。";
        let short = elide(line, 40).unwrap();
        assert_eq!(
            short,
            "海岱系统锚定“两个目标，三个方向”……着力优环境，扎实促公平，开创新局面。"
        );
        assert_eq!(elide(&line.replace("深化", "但深化"), 40), None);
        assert_eq!(elide("甲，乙，丙，丁，戊，己，庚，辛，壬，癸。", 10), None);
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
