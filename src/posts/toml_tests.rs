//! Whole posts with TOML front matter, as Hugo and Zola sites hold them.

use super::super::rules::example_rules;
use super::*;
use crate::model::Severity;

fn run(text: &str) -> (Option<Post>, Vec<Problem>) {
    let first_seen = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    parse("posts/a.md", text.as_bytes(), first_seen, &example_rules())
}

fn clean(text: &str) -> Post {
    let (post, problems) = run(text);
    assert_eq!(problems, []);
    post.unwrap()
}

#[test]
fn hugos_fields_are_read() {
    let post = clean(
        "+++\ntitle = \"甲“乙”\"\ndate = 2022-02-18T10:01:41+08:00\nlastmod = 2022-02-19 08:00:00+08:00\n\
         categories = [\"ribao\"]\ntags = [\n  \"日报新闻\",\n  \"要闻\",\n]\nslug = 's'\n\
         [author]\nname = \"张三\"\n+++\n\n丙。\n",
    );
    assert_eq!(post.title, "甲“乙”");
    assert_eq!(post.published.rfc3339(), "2022-02-18T10:01:41+08:00");
    assert_eq!(post.updated.unwrap().rfc3339(), "2022-02-19T08:00:00+08:00");
    assert_eq!(post.categories, ["ribao"]);
    assert_eq!(post.tags, ["日报新闻", "要闻"]);
    assert_eq!(post.url, "/ribao/2022/02/18/s.html");
    assert_eq!(post.author.as_deref(), Some("张三"));
    assert_eq!(post.text, "丙。");
    assert!(!post.withdrawn);
}

#[test]
fn zolas_taxonomies_and_drafts_are_read() {
    let post = clean(
        "+++\ntitle = \"x\"\ndate = 2022-02-18\ndraft = true\n[taxonomies]\ntags = [\"a b\"]\n\
         categories = [\"c\"]\n[extra]\ntags = [\"no\"]\n+++\nx\n",
    );
    assert_eq!(
        (post.tags, post.categories),
        (vec!["a b".to_owned()], vec!["c".to_owned()])
    );
    assert!(post.withdrawn);
    assert_eq!(post.published.rfc3339(), "2022-02-18T00:00:00+08:00");
}

#[test]
fn a_local_time_is_site_time() {
    let post = clean("+++\ntitle = 'x'\ndate = 2022-02-18T10:01:41\n+++\nx\n");
    assert_eq!(post.published.rfc3339(), "2022-02-18T10:01:41+08:00");
}

#[test]
fn one_bad_entry_costs_only_itself() {
    let (post, problems) = run(
        "+++\ntitle = \"甲\"乙\"丙\"\ndate = 2022-02-18T10:01:41+08:00\ntags = [\n 'a',\n 'b' ]\n\
         [taxonomies]\ncategories = ['c']\n+++\nx\n",
    );
    let post = post.unwrap();
    assert_eq!(post.title, "甲\"乙\"丙");
    assert_eq!(post.published.rfc3339(), "2022-02-18T10:01:41+08:00");
    assert_eq!(post.tags, ["a", "b"]);
    assert_eq!(post.categories, ["c"]);
    let problem = &problems[0];
    assert_eq!(
        (problem.kind, problem.severity),
        ("broken-toml", Severity::Recovered)
    );
    assert_eq!((problem.line, problem.column), (2, 12));
    assert_eq!(problems.len(), 1);
}

#[test]
fn a_bad_date_names_its_line() {
    let (_, problems) = run("+++\ntitle = 'x'\ndate = 'soon'\n+++\nx\n");
    assert_eq!((problems[0].kind, problems[0].line), ("bad-date", 3));
}

#[test]
fn what_is_no_toml_at_all_is_still_a_post() {
    for text in [
        "+++\n\n+++\n",
        "+++\n[[[[[[\n=\n== =\n+++\nx",
        "+++\ntitle: x\n+++\nx",
    ] {
        assert!(run(text).0.is_some(), "{text}");
    }
    let deep = format!("+++\na = {}\n+++\nx", "[".repeat(10_000));
    assert_eq!(run(&deep).1[0].kind, "broken-toml");
}

#[test]
fn mends_are_written_in_the_language_of_the_front_matter() {
    for (fields, help) in [
        ("date = 'x'", "write it as 2022-02-18T10:01:41+08:00"),
        (
            "layout = 'post'",
            "add a line such as date = 2022-02-18T10:01:41+08:00",
        ),
    ] {
        let file = format!("+++\n{fields}\n+++\n正文。\n");
        let (_, problems) = run(&file);
        assert!(
            problems.iter().any(|problem| problem.help == help),
            "{problems:?}"
        );
    }
}
