//! `tagwire check`: what it looks at besides each post by itself, and what its exit code says.

use serde_json::Value;

use crate::world::World;

fn problems(world: &World, arguments: &[&str], code: i32) -> Vec<Value> {
    let said = world.run(&[&["check", "--json"], arguments].concat(), code);
    said.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn posts_that_share_an_address_are_told() {
    let world = World::new();
    let at = |permalink: &str, more: &str| {
        format!("---\ntitle: 甲\npermalink: {permalink}\n{more}---\n正文。\n")
    };
    world.post("2026-11-20-a.md", &at("/law/x/", ""));
    world.post("2026-11-20-b.md", &at("/law/x/index.html", ""));
    world.post("2026-11-20-c.md", &at("/law/y/", ""));
    // What is not published has no page.
    world.post("2026-11-20-d.md", &at("/law/y/", "published: false\n"));
    let found = problems(&world, &[], 1);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["kind"], "same-address");
    assert_eq!(found[0]["file"], "posts/2026-11-20-b.md");
    let message = found[0]["message"].as_str().unwrap();
    assert!(message.contains("posts/2026-11-20-a.md"), "{message}");
    // In a build it is no news.
    assert!(!world.run(&["build"], 0).contains("problem"));
}

#[test]
fn files_of_one_id_are_told_as_that_alone() {
    let world = World::new();
    world.post("2026-11-20-a.md", "---\ntitle: 甲\n---\n正文。\n");
    world.post("2026-11-20-a.html", "---\ntitle: 甲\n---\n正文。\n");
    let found = problems(&world, &[], 1);
    let kinds: Vec<&Value> = found.iter().map(|problem| &problem["kind"]).collect();
    assert_eq!(kinds, ["duplicate-id"]);
}

#[test]
fn a_severity_bounds_what_is_told_and_what_counts() {
    let world = World::new();
    // A blank line before the front matter costs the post nothing.
    let noted = "\n---\ntitle: 甲\n---\n正文。\n";
    world.post("2026-11-20-a.md", noted);
    let found = problems(&world, &[], 1);
    assert_eq!(found[0]["severity"], "note", "{found:#?}");
    assert!(problems(&world, &["--severity", "recovered"], 0).is_empty());
    let said = world.run(&["check", "--severity", "recovered"], 0);
    assert!(said.contains("1 file: 1 clean"), "{said}");
    world.post(
        "2026-11-20-b.md",
        "---\ndate: 2020/11/20 8点\n---\n正文。\n",
    );
    let found = problems(&world, &["--severity", "recovered"], 1);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(problems(&world, &["--severity", "skipped"], 0).is_empty());
}

#[test]
fn the_advice_for_a_tag_that_reads_other_files_does_not_print_the_tag() {
    let world = World::new();
    world.post(
        "2026-11-20-a.md",
        "---\ntitle: 甲\n---\n正文。{% include share.html %}\n",
    );
    world.post(
        "2026-11-20-b.md",
        "---\ntitle: 乙\n---\n正文。{% gallery 7 %}\n",
    );
    let found = problems(&world, &[], 1);
    let [include, gallery] = [&found[0]["mend"], &found[1]["mend"]].map(|m| m.as_str().unwrap());
    assert!(include.contains("tagwire has no includes"), "{include}");
    assert!(!include.contains("endraw"), "{include}");
    assert!(gallery.contains("take the tag out"), "{gallery}");
    assert!(gallery.contains("raw and endraw"), "{gallery}");
}
