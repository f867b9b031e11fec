//! Carets, colours and counts.

use super::show::Screen;
use super::tally::Tally;
use crate::model::{Problem, Severity};

fn problem(line: u32, column: u32) -> Problem {
    Problem {
        path: "posts/a.md".into(),
        line,
        column,
        severity: Severity::Recovered,
        kind: "broken-yaml",
        message: "`title` is no valid YAML".into(),
        help: "write it as: title: '甲'".into(),
    }
}

/// The column of a terminal, from 0, of the first caret, and of the character in the line above that is meant.
fn columns(shown: &str, meant: char) -> (usize, usize) {
    let width = |text: &str| -> usize {
        let one = |c: char| match c {
            '　'..='鿿' | '＂'..='～' => 2,
            _ => 1,
        };
        text.chars().map(one).sum()
    };
    let lines: Vec<&str> = shown.lines().collect();
    let row = lines.iter().position(|line| line.contains('^')).unwrap();
    let before = |line: &str, c: char| width(&line[..line.find(c).unwrap()]);
    (before(lines[row], '^'), before(lines[row - 1], meant))
}

#[test]
fn the_caret_stands_under_its_character_among_wide_ones_and_tabs() {
    let screen = Screen::new(false);
    for (line, meant) in [
        ("title: \"甲\"乙\"丙§\"", '§'),
        ("\ttitle:\t市场监管§总局", '§'),
        ("§", '§'),
        ("title: ＡＢ§", '§'),
    ] {
        let column = line.chars().position(|c| c == meant).unwrap() as u32 + 1;
        let text = format!("---\n{line}\n---\n");
        let shown = screen.problem(&problem(2, column), Some(&text));
        let (caret, character) = columns(&shown, meant);
        assert_eq!(caret, character, "\n{shown}");
        assert!(shown.contains(&format!("posts/a.md:2:{column}")), "{shown}");
    }
}

#[test]
fn a_long_line_is_cut_around_the_caret_and_its_column_stays_true() {
    let screen = Screen::new(false);
    let line = format!("{}§{}", "长".repeat(5_000), "文".repeat(5_000));
    let shown = screen.problem(&problem(1, 5_001), Some(&line));
    let (caret, character) = columns(&shown, '§');
    assert_eq!(caret, character, "\n{shown}");
    assert!(shown.contains("posts/a.md:1:5001"), "{shown}");
    assert!(
        shown.lines().all(|line| line.chars().count() < 130),
        "{shown}"
    );
}

#[test]
fn a_problem_without_a_line_or_beyond_the_text_is_shown_all_the_same() {
    let screen = Screen::new(false);
    for (problem, text) in [
        (problem(0, 0), Some("x")),
        (problem(9, 4), Some("x")),
        (problem(1, 0), Some("x")),
        (problem(1, 99), Some("x")),
        (problem(2, 1), None),
    ] {
        let shown = screen.problem(&problem, text);
        assert!(
            shown.contains("recovered[broken-yaml]") && shown.contains("= help: write it as"),
            "{shown}"
        );
        assert!(shown.contains("posts/a.md"), "{shown}");
    }
}

#[test]
fn colours_only_when_asked_for_and_no_path_commands_the_terminal() {
    let shown = |coloured| {
        let screen = Screen::new(coloured);
        let mut evil = problem(1, 1);
        evil.path = "posts/\u{1b}[2Jx.md".into();
        evil.message = "a\u{1b}[2Jb".into();
        let heading = screen.heading(&evil.path, 1);
        heading + &screen.problem(&evil, Some("\u{1b}[2Jtext"))
    };
    assert!(!shown(false).contains('\u{1b}'), "{}", shown(false));
    assert!(shown(true).contains("\u{1b}[1m") && !shown(true).contains("\u{1b}[2J"));
}

#[test]
fn files_are_counted_once_by_their_worst_and_kinds_by_their_number() {
    let mut tally = Tally::default();
    assert!(tally.is_clean());
    tally.begin("a");
    tally.file(true, &[]);
    tally.file(true, &[problem(1, 1), problem(2, 1)]);
    tally.begin("b");
    let skipped = Problem {
        severity: Severity::Skipped,
        kind: "empty-file",
        ..problem(0, 0)
    };
    tally.file(false, std::slice::from_ref(&skipped));
    let table = tally.table();
    let squeezed: Vec<String> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        squeezed,
        [
            "folder files clean notes recovered skipped",
            "a 2 1 0 1 0",
            "b 1 0 0 0 1",
            "all 3 1 0 1 1",
            "",
            "2 broken-yaml recovered first: posts/a.md:1",
            "1 empty-file skipped first: posts/a.md",
        ]
    );
    assert!(!tally.is_clean());
    assert!(
        tally
            .summary()
            .starts_with("3 files: 1 clean, 0 with notes, 1 recovered, 1 skipped; 3 problems\n")
    );
}

proptest::proptest! {
    /// Whatever stands in a line, and wherever the problem is, something is shown and no terminal obeys it.
    #[test]
    fn any_line_can_be_shown(text in "(?s).{0,200}", line in 0u32..4, column in 0u32..400) {
        let mut told = problem(line, column);
        told.help.push_str(&text);
        told.message.push_str(&text);
        let shown = Screen::new(false).problem(&told, Some(&text));
        proptest::prop_assert!(shown.contains("posts/a.md"));
        let obeyed = |c: char| c.is_control() && c != '\n';
        proptest::prop_assert!(!shown.contains(obeyed), "{:?}", shown);
    }
}
