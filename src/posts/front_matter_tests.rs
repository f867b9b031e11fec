//! Front matter as people and generators write it.

use super::*;
use crate::model::{Problem, Severity};

fn fields(yaml: &str) -> (Fields<'_>, Vec<Problem>) {
    let mut findings = Findings::new("x.md");
    let fields = read(Syntax::Yaml, yaml, 2, &mut findings);
    (fields, findings.into_list())
}

fn body(text: &str) -> Option<(&str, u32)> {
    match split(text) {
        Split::Found {
            body, body_line, ..
        } => Some((body, body_line)),
        _ => None,
    }
}

#[test]
fn marks_are_found_as_jekyll_finds_them() {
    assert_eq!(body("---\na: 1\n---\nb"), Some(("b", 4)));
    assert_eq!(body("---  \na: 1\n...\nb"), Some(("b", 4)));
    assert_eq!(body("---\n---"), Some(("", 3)));
    assert_eq!(body("\n \n---\na: 1\n---\nb"), Some(("b", 6)));
    assert_eq!(body("--- x\na: 1\n---\n"), None);
    assert_eq!(split("---\nsome text\n"), Split::Absent);
    assert_eq!(split("---\ntitle: x\n"), Split::Unclosed(Syntax::Yaml));
    assert_eq!(split("+++\ntitle = 'x'\n"), Split::Unclosed(Syntax::Toml));
    assert_eq!(split(""), Split::Absent);
}

#[test]
fn fields_without_the_mark_before_them_are_found_and_headings_are_not() {
    let is_opened = |text| match split(text) {
        Split::Found {
            is_opened,
            fields_line,
            ..
        } => Some((is_opened, fields_line)),
        _ => None,
    };
    let text = "title: x\n# said\ntags:\n- a\n  - b\n\ndate: 2022-02-18\n--- \nb";
    assert_eq!(
        (body(text), is_opened(text)),
        (Some(("b", 9)), Some((false, 1)))
    );
    let text = "\n\ntitle: x\nlayout: post\n---\nb";
    assert_eq!(
        (body(text), is_opened(text)),
        (Some(("b", 6)), Some((false, 3)))
    );
    assert_eq!(is_opened("---\na: 1\n---\n"), Some((true, 2)));
    for text in [
        "title: a heading\n---\nb",
        "note: x\ntitle: y\ndate: z\n---\nb",
        "title: x\nsome text\ndate: y\n---\nb",
        "title: x\ndate: y\nb",
        "title: x\ndate: y\n----\nb",
        " title: x\ndate: y\n---\nb",
    ] {
        assert_eq!(split(text), Split::Absent, "{text}");
    }
}

#[test]
fn a_title_with_inner_quotes_is_recovered_with_its_place() {
    let (fields, problems) =
        fields("layout: post\ntitle: \"甲\"乙\"丙\"\ndate: 2022-02-18\ntags:\n- a\n- b\n");
    assert_eq!(fields.text("title").unwrap(), "甲\"乙\"丙");
    assert_eq!(fields.text("date").unwrap(), "2022-02-18");
    assert_eq!(fields.get("tags").unwrap().as_sequence().unwrap().len(), 2);
    assert_eq!(problems[0].kind, "broken-yaml");
    assert_eq!((problems[0].line, problems[0].column), (3, 10));
    assert_eq!(problems[0].severity, Severity::Recovered);
}

#[test]
fn what_people_write_into_titles_is_kept() {
    for title in [
        "央行: 降准",
        "[快讯] 某事",
        "*重要* 通知",
        "@某人",
        "%5 增长",
        "`code`",
        "路径 C:\\x",
    ] {
        let yaml = format!("title: {title}\ndate: 2022-02-18\n");
        let (fields, _) = fields(&yaml);
        assert_eq!(fields.text("title").unwrap(), title);
        assert!(fields.text("date").is_some());
    }
}

#[test]
fn duplicates_tabs_and_null() {
    let (fields, problems) = fields("title: a\ntitle: b\nauthor: \tX\ntags: ~\nn: 2022\n");
    assert_eq!(fields.text("title").unwrap(), "b");
    assert_eq!(fields.text("author").unwrap(), "X");
    assert_eq!(fields.text("n").unwrap(), "2022");
    assert!(fields.get("tags").is_none() && fields.has("tags"));
    assert_eq!((problems[0].kind, problems[0].line), ("duplicate-key", 3));
}

#[test]
fn quotes_and_lines_are_known() {
    let (fields, _) = fields("title: x\ndate: \"2022-02-18 10:00:00\"\n");
    assert!(fields.quoted("date") && !fields.quoted("title"));
    assert_eq!(fields.at("date").line, 3);
}

#[test]
fn bombs_and_long_texts_are_bounded() {
    let mut bomb = String::from("title: x\na: &a [1,1,1,1,1,1,1,1,1]\n");
    for (this, before) in ["b", "c", "d", "e", "f", "g", "h"]
        .iter()
        .zip(["a", "b", "c", "d", "e", "f", "g"])
    {
        let many = vec![format!("*{before}"); 9].join(",");
        bomb += &format!("{this}: &{this} [{many}]\n");
    }
    assert_eq!(fields(&bomb).0.text("title").unwrap(), "x");
    let yaml = format!("title: x\nb: {}\n", "[".repeat(40_000));
    let (long, problems) = fields(&yaml);
    assert_eq!(long.text("title").unwrap(), "x");
    assert_eq!(problems[0].kind, "front-matter-too-long");
}

#[test]
fn an_empty_front_matter_is_no_mistake() {
    for yaml in ["", "\n", "# nothing\n", "~\n"] {
        let (fields, problems) = fields(yaml);
        assert!(fields.get("title").is_none());
        assert_eq!(problems, [], "{yaml:?}");
    }
}

#[test]
fn merge_keys_bring_what_does_not_stand_here() {
    let yaml = "base: &b\n  tags: [要闻, 监管]\n  title: 别的\nmore: &m {author: 李}\n<<: [*b, *m]\ntitle: x\n";
    let (fields, problems) = fields(yaml);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(fields.text("title").as_deref(), Some("x"));
    assert_eq!(fields.text("author").as_deref(), Some("李"));
    assert!(
        fields
            .get("tags")
            .is_some_and(|tags| tags.as_sequence().is_some_and(|tags| tags.len() == 2))
    );
}

/// Reads, writes the mends in their lines, and reads again: no problem is left, and the fields are the same.
fn mended(yaml: &str) -> Vec<(String, Value)> {
    let (read, problems) = fields(yaml);
    assert!(!problems.is_empty(), "{yaml}");
    let mut lines: Vec<&str> = yaml.lines().collect();
    for problem in &problems {
        let line = problem.help.strip_prefix("write it as: ");
        lines[problem.line as usize - 2] = line.unwrap_or_else(|| panic!("{problem:?}"));
    }
    let again = lines.join("\n");
    let (again, left) = fields(&again);
    assert!(left.is_empty(), "{left:?}");
    let owned = |fields: &Fields| {
        let each = fields
            .entries
            .iter()
            .map(|(key, value)| (key.to_string(), value.clone()));
        each.collect::<Vec<_>>()
    };
    assert_eq!(owned(&read), owned(&again));
    owned(&again)
}

#[test]
fn what_is_slightly_wrong_is_read_as_it_was_meant_and_its_mend_mends_it() {
    let keys =
        |yaml: &str| -> Vec<String> { mended(yaml).into_iter().map(|(key, _)| key).collect() };
    assert_eq!(keys("  title: 甲\ntags: [a]"), ["title", "tags"]);
    assert_eq!(keys("title: 甲\n  date: 2022-02-18"), ["title", "date"]);
    assert_eq!(keys("tags:\n- 甲\n title: 某事"), ["tags", "title"]);
    assert_eq!(keys("title: 甲\ntags: \"乙\", \"丙\""), ["title", "tags"]);
    assert_eq!(
        keys("tags: [\"a\",\"b\",\"c]\ntitle: 甲"),
        ["tags", "title"]
    );
}

#[test]
fn what_belongs_to_an_item_of_a_list_is_no_field_of_the_post() {
    let yaml = "title: 他说: 今天\nhistory:\n- note: 初稿\n  date: 2019-01-01\n";
    let (fields, _) = fields(yaml);
    assert!(fields.get("date").is_none());
    assert_eq!(fields.text("title").as_deref(), Some("他说: 今天"));
}
