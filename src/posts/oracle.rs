//! Compares with what the real Jekyll 4.4.1 makes of 52 spellings of a date, where these are at hand.
//! In: `TAGWIRE_SHARED`, or `../shared`, `../../shared`. Out: a failure for any difference.
//! Whole posts are compared by the example `jekyll-parity` and the story `agrees_with_jekyll`.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::rules::example_site;
use super::*;

fn shared() -> Option<PathBuf> {
    let named = std::env::var_os("TAGWIRE_SHARED").map(PathBuf::from);
    let near = ["../shared", "../../shared"].map(PathBuf::from);
    let mut places = named.into_iter().chain(near);
    places.find(|place| place.join("golden/dates.tsv").is_file())
}

fn rules(root: &Path) -> Rules {
    let settings = Settings {
        dir: Dirs::One(root.to_owned()),
        max_labels: 10_000,
        ..Settings::default()
    };
    Rules::new(&settings, &example_site(), NaiveDates::Utc).unwrap()
}

/// What differs from a table of spellings and readings. A spelling that stops Jekyll's build, or hangs on the
/// present, must leave the post without a date of its own.
fn differences(table: &str) -> Vec<String> {
    let rules = rules(Path::new("posts"));
    let mut wrong = Vec::new();
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let (text, theirs) = line.split_once('\t').unwrap();
        let theirs = theirs.split('\t').next().unwrap();
        let bytes = format!("---\ntitle: x\ndate: {text}\n---\n");
        let (post, _) = parse(
            "posts/x.md",
            bytes.as_bytes(),
            DateTime::<Utc>::UNIX_EPOCH,
            &rules,
        );
        let post = post.unwrap();
        let same = match DateTime::parse_from_rfc3339(theirs) {
            Ok(at) if text != "10:01" => post.published.seconds() == at.timestamp(),
            _ => post.date_source == crate::model::DateSource::FirstSeen,
        };
        if !same {
            wrong.push(format!("{text}: {} for {theirs}", post.published.rfc3339()));
        }
    }
    wrong
}

#[test]
fn dates_are_read_as_jekyll_reads_them() {
    let Some(shared) = shared() else {
        eprintln!(
            "SKIPPED dates_are_read_as_jekyll_reads_them: no folder `shared`; set TAGWIRE_SHARED"
        );
        return;
    };
    let table = std::fs::read_to_string(shared.join("golden/dates.tsv")).unwrap();
    let (_, rows) = table.split_once('\n').unwrap();
    assert_eq!(differences(rows), Vec::<String>::new());
}

#[test]
fn dates_that_debians_jekyll_reads_in_another_way_are_read_as_4_4_1_reads_them() {
    let table = include_str!("../../tests/golden/jekyll/spellings.tsv");
    assert!(table.lines().count() > 12);
    assert_eq!(differences(table), Vec::<String>::new());
}
