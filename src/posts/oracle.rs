//! Compares with what the real Jekyll 4.4.1 makes of 3,581 real files, where these are at hand.
//! In: `TAGWIRE_SHARED`, or `../shared`, `../../shared`. Out: counts, and a failure for any
//! difference that is not on purpose. Real posts are never copied into this repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::rules::example_site;
use super::*;
use crate::model::Post;

fn shared() -> Option<PathBuf> {
    let named = std::env::var_os("TAGWIRE_SHARED").map(PathBuf::from);
    let near = ["../shared", "../../shared"].map(PathBuf::from);
    let mut places = named.into_iter().chain(near);
    places.find(|place| place.join("golden/oracle_jk441.jsonl").is_file())
}

fn rules(root: &Path) -> Rules {
    let settings = Settings {
        dir: Dirs::One(root.to_owned()),
        max_labels: 10_000,
        ..Settings::default()
    };
    Rules::new(&settings, &example_site(), NaiveDates::Utc).unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    let text = |item: &Value| {
        item.as_str()
            .map_or_else(|| item.to_string(), str::to_owned)
    };
    value.as_array().into_iter().flatten().map(text).collect()
}

/// What differs on purpose, by field: see JEKYLL.md, "Where tagwire differs on purpose".
fn on_purpose(field: &str, row: &Value, post: &Post) -> bool {
    let path = row["path"].as_str().unwrap();
    // Jekyll sees no front matter behind a blank line.
    if path.ends_with("202112082206703990.md") {
        return true;
    }
    match field {
        // A permalink that climbs by `%2e%2e` stays below the site's address.
        "url" | "id" => path.ends_with("2014-01-06-permalink-traversal.md"),
        // Ours never repeats a label; Jekyll keeps repeated tags.
        "tags" => {
            let mut seen = Vec::new();
            for tag in strings(&row["tags"]) {
                let tag = tag.trim().to_owned();
                if !tag.is_empty() && !seen.contains(&tag) {
                    seen.push(tag);
                }
            }
            seen == post.tags
        }
        // A title is never empty, and one line.
        "title" => row["title"].as_str().is_none_or(|title| {
            title.is_empty() || title.split_whitespace().eq(post.title.split_whitespace())
        }),
        _ => false,
    }
}

#[derive(Default)]
struct Tally {
    same: usize,
    meant: usize,
    wrong: Vec<String>,
}

fn compare(row: &Value, post: &Post, tallies: &mut BTreeMap<&'static str, Tally>) {
    let date = DateTime::parse_from_rfc3339(row["date"].as_str().unwrap()).unwrap();
    let title = row["title"]
        .as_str()
        .map_or_else(|| row["title"].to_string(), str::to_owned);
    let fields = [
        (
            "url",
            post.url.clone(),
            row["url"].as_str().unwrap_or("").to_owned(),
        ),
        (
            "id",
            post.id.to_string(),
            row["id"].as_str().unwrap_or("").to_owned(),
        ),
        ("title", post.title.clone(), title),
        (
            "categories",
            format!("{:?}", post.categories),
            format!("{:?}", strings(&row["categories"])),
        ),
        (
            "tags",
            format!("{:?}", post.tags),
            format!("{:?}", strings(&row["tags"])),
        ),
        (
            "date",
            post.published.seconds().to_string(),
            date.timestamp().to_string(),
        ),
    ];
    for (field, ours, theirs) in fields {
        let tally = tallies.entry(field).or_default();
        if ours == theirs {
            tally.same += 1;
        } else if on_purpose(field, row, post) {
            tally.meant += 1;
        } else {
            tally
                .wrong
                .push(format!("{}: {ours} for {theirs}", row["path"]));
        }
    }
}

fn has_ending(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    matches!(ending, Some("md" | "markdown" | "html"))
}

#[test]
fn the_real_jekyll_agrees() {
    let Some(shared) = shared() else {
        eprintln!("SKIPPED the_real_jekyll_agrees: no folder `shared`; set TAGWIRE_SHARED");
        return;
    };
    let oracle = std::fs::read_to_string(shared.join("golden/oracle_jk441.jsonl")).unwrap();
    let mut compiled: BTreeMap<String, Rules> = BTreeMap::new();
    let mut tallies = BTreeMap::new();
    let mut problems: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut compared, mut alone) = (0, 0);
    for line in oracle.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let repo = row["repo"].as_str().unwrap();
        let root = shared.join("corpus").join(repo);
        let path = root.join(row["path"].as_str().unwrap());
        let Ok(bytes) = std::fs::read(&path) else {
            continue;
        };
        let rules = compiled
            .entry(repo.to_owned())
            .or_insert_with(|| rules(&root));
        let (post, found) = parse(
            path.to_str().unwrap(),
            &bytes,
            DateTime::<Utc>::UNIX_EPOCH,
            rules,
        );
        for problem in found {
            *problems.entry(problem.kind).or_default() += 1;
        }
        match post {
            // Drafts and files with an unknown ending are no posts of ours.
            Some(post) if row["date"].is_string() && has_ending(&path) => {
                compared += 1;
                compare(&row, &post, &mut tallies);
            }
            _ => alone += 1,
        }
    }
    println!("{compared} files compared, {alone} without a counterpart; problems {problems:?}");
    let mut wrong = Vec::new();
    for (field, tally) in tallies {
        println!(
            "{field}: {} same, {} on purpose, {} wrong",
            tally.same,
            tally.meant,
            tally.wrong.len()
        );
        wrong.extend(
            tally
                .wrong
                .iter()
                .take(12)
                .map(|text| format!("{field} {text}")),
        );
    }
    assert!(compared > 3000);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Spellings that stop Jekyll's build or take today's date; here the file name is used instead.
#[test]
fn dates_are_read_as_jekyll_reads_them() {
    let Some(shared) = shared() else {
        eprintln!(
            "SKIPPED dates_are_read_as_jekyll_reads_them: no folder `shared`; set TAGWIRE_SHARED"
        );
        return;
    };
    let table = std::fs::read_to_string(shared.join("golden/dates.tsv")).unwrap();
    let rules = rules(Path::new("posts"));
    let mut wrong = Vec::new();
    for line in table.lines().skip(1) {
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
        let unread = theirs.starts_with("FATAL") || text == "10:01";
        let same = match DateTime::parse_from_rfc3339(theirs) {
            Ok(at) if !unread => post.published.seconds() == at.timestamp(),
            _ => post.date_source == crate::model::DateSource::FirstSeen,
        };
        if !same {
            wrong.push(format!("{text}: {} for {theirs}", post.published.rfc3339()));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
