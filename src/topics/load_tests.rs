//! What is wrong in rule files is told with its place and its mend.

use std::fs;

use super::*;

#[test]
fn an_error_names_its_place_and_its_mend() {
    let text = |yaml: &str| parse("t.yaml", "t", yaml).unwrap_err().to_string();
    let unknown = text("title: A\nany:\n  txt: [甲]\n");
    assert!(unknown.starts_with("t.yaml:3:3: "), "{unknown}");
    assert!(unknown.ends_with("did you mean `text`?"), "{unknown}");
    let nested = text("title: A\nany:\n  text:\n    - {word: 甲, weigth: 2}\n");
    assert!(nested.starts_with("t.yaml:4:"), "{nested}");
    assert!(nested.ends_with("did you mean `weight`?"), "{nested}");
    for (yaml, part) in [
        ("any: {text: [甲]}", "missing field `title`"),
        ("title: A", "no article can ever match"),
        (
            "title: A\nany: {text: [甲, 甲]}",
            "t.yaml:2:17: `甲` stands twice",
        ),
        ("title: A\nany: {text: ['']}", "an empty word"),
        (
            "title: A\nthreshold: 0\nany: {text: [甲]}",
            "t.yaml:2:1: a threshold",
        ),
        (
            "title: A\nthreshold: 2\nall: {text: [甲]}",
            "without an `any` group",
        ),
        (
            "title: A\nany: {text: [{word: 甲, weight: -1}]}",
            "move it to `none`",
        ),
        (
            "title: A\nnone: {text: [{word: 甲, weight: 1}]}",
            "positive weight",
        ),
        (
            "title: A\nany: {text: [{word: 甲, weight: .nan}]}",
            "the weight NaN",
        ),
        (
            "title: A\n# 甲\nany:\n  text: ['甲乙', {word: 甲, weight: -1}]",
            "t.yaml:4:23: ",
        ),
        ("title: A\nany: {text: [{regex: '('}]}", "unclosed group"),
        (
            "title: A\nany: {text: [{regex: '乙*'}]}",
            "t.yaml:2:23: the pattern",
        ),
        (
            "title: A\nany: {topic: [{regex: 'b'}]}",
            "a pattern under `topic`",
        ),
        ("title: A\nany: {topic: ['B b']}", "is no topic id"),
        (
            "title: A\nany: {text: [{weight: 1}]}",
            "missing field `word`",
        ),
        (
            "title: A\nany: {text: [国家, 國家]}",
            "t.yaml:2:18: `國家` stands twice",
        ),
        ("title: A\nany: [甲]", "t.yaml:2:6: "),
        ("title: [", "t.yaml:"),
        ("", "t.yaml"),
    ] {
        let error = text(yaml);
        assert!(error.contains(part), "{yaml:?} gave {error}");
    }
    assert!(parse("A b.yaml", "A b", "title: A\nany: {text: [甲]}").is_err());
}

#[test]
fn topics_in_a_circle_are_told_with_all_their_lines() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("a.yaml", "title: A\n# topic: [b]\nany:\n  topic: [b]\n"),
        (
            "b.yaml",
            "title: B\nall:\n  topic:\n    - c\nany: {text: [乙]}\n",
        ),
        (
            "c.yaml",
            "title: C\nnone: {topic: [a]}\nany: {text: [丙]}\n",
        ),
        ("d.yaml", "title: D\nany: {topic: [a]}\n"),
        ("e.yaml", "title: E\nany: {topic: [food-safty]}\n"),
        ("f.yaml", "title: F\nany: {topic: [f]}\n"),
        ("food-safety.yaml", "title: F\nany: {text: [食品]}\n"),
    ] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let (topics, errors) = load_dir(dir.path());
    let ids: Vec<_> = topics.iter().map(|t| t.id.as_str()).collect();
    assert_eq!(ids, ["food-safety"]);
    let root = format!("{}/", dir.path().display());
    let told: Vec<String> = errors
        .iter()
        .map(|e| e.to_string().replace(&root, ""))
        .collect();
    assert_eq!(
        told,
        [
            "a.yaml:4:11: topics use each other in a circle: a → b → c → a (`b` uses `c`: b.yaml:4:7) \
             (`c` uses `a`: c.yaml:2:16); remove one of these lines",
            "f.yaml:2:15: the topic `f` uses itself; remove one of these lines",
            "d.yaml:2:15: the topic `a` cannot be used: it has an error itself; mend `a` first",
            "e.yaml:2:15: there is no topic `food-safty`; did you mean `food-safety`?",
        ]
    );
    let shown = errors[0].render().replace(&root, "");
    for part in ["a.yaml:4:11", "b.yaml:4:7", "c.yaml:2:16", "^ `c` uses `a`"] {
        assert!(shown.contains(part), "{shown}");
    }
}

#[test]
fn an_error_shows_its_line_with_a_caret() {
    let error = parse("t.yaml", "t", "title: A\nany:\n  txt: [甲]\n").unwrap_err();
    assert_eq!(
        error.render(),
        "error: any: unknown field `txt`, expected one of `topic`, `category`, `tag`, `source`, `title`, `body`, `text`\n\
         \x20--> t.yaml:3:3\n  |\n3 |   txt: [甲]\n  |   ^^^\n  |\n  = help: did you mean `text`?"
    );
}

#[test]
fn a_file_can_stand_in_for_the_topic_of_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.yaml"), "title: A\nany: {text: [甲]}").unwrap();
    fs::write(dir.path().join("b.yaml"), "title: B\nany: {topic: [a]}").unwrap();
    let file = other.path().join("a.yaml");
    fs::write(&file, "title: new\nany: {text: [乙]}").unwrap();
    let (topics, errors) = load_dir_with(dir.path(), &file);
    assert!(errors.is_empty());
    let titles: Vec<_> = topics.iter().map(|t| t.title.as_str()).collect();
    assert_eq!(titles, ["new", "B"]);
}

#[test]
fn one_bad_file_does_not_cost_the_others() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("b.yaml", "title: B\nany: {text: [乙]}"),
        ("a.yml", "title: A\nany: {text: [甲]}"),
        ("bad.yaml", "title: B\nany: {txt: [乙]}"),
        ("b.yml", "title: twice\nany: {text: [乙]}"),
        (".hidden.yaml", "{"),
        ("notes.txt", "{"),
    ] {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let (topics, errors) = load_dir(dir.path());
    let ids: Vec<_> = topics.iter().map(|t| t.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    assert_eq!(errors.len(), 2, "{errors:?}");
    let missing = load_dir(&dir.path().join("missing"));
    assert!(missing.0.is_empty() && missing.1.is_empty());
}
