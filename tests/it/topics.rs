//! Topics are looked at, tried on posts before they are changed, and judged by labels.

use crate::world::{World, today};

const FOOD: &str = "title: 食品\nthreshold: 2\nany:\n  text: [抽检, 召回]\n";

fn world() -> World {
    let world = World::new().topic("food", FOOD);
    for (name, title, body) in [
        ("a", "食品抽检结果", "抽检了三百批次。"),
        ("b", "一次召回", "奶粉召回。"),
        ("c", "大雪", "周末有大雪。"),
        ("d", "小雪", "雪后的一次抽检。"),
    ] {
        let post = today(title, "qixiang", "气象新闻", body);
        world.post(&format!("2026-11-20-{name}.md"), &post);
    }
    world
}

#[test]
fn topics_are_listed_shown_and_exported() {
    let world = world().topic(
        "parts",
        "title: 部件\nhidden: true\nany:\n  topic: [food]\nnone:\n  title: [股市]\n",
    );
    let list = world.run(&["topic", "list"], 0);
    assert!(list.contains("food  食品  2 words"), "{list}");
    assert!(list.contains("asks for food, hidden"), "{list}");
    let json = world.run(&["topic", "list", "--json"], 0);
    assert_eq!(json.lines().count(), 2);
    let shown = world.run(&["topic", "show", "food"], 0);
    assert!(shown.contains("any text (+1): 抽检 召回"), "{shown}");
    assert!(shown.contains("asked for by parts"), "{shown}");
    let exported = world.run(&["topic", "export", "food"], 0);
    world.write("config/topics/food.yaml", &exported);
    assert_eq!(world.run(&["topic", "export", "food"], 0), exported);
    let words = world.run_err(&["topic", "show", "fod"], 1);
    assert!(words.contains("did you mean `food`?"), "{words}");
    let schema = world.run(&["topic", "schema"], 0);
    assert!(serde_json::from_str::<serde_json::Value>(&schema).is_ok());
    world.run(&["build"], 0);
    assert!(world.path("public/feed/by_topic/food.xml").exists());
    assert!(!world.path("public/feed/by_topic/parts.xml").exists());
}

#[test]
fn a_change_of_rules_is_tried_before_it_is_made() {
    let world = world();
    world.write(
        "try/food.yaml",
        "title: 食品\nthreshold: 2\nany:\n  text: [抽检, {regex: '(大|小)雪'}]\n",
    );
    world.write(
        "config/topics/meal.yaml",
        "title: 餐饮\nany:\n  topic: [food]\n",
    );
    let text = world.run(&["topic", "test", "try/food.yaml"], 0);
    assert!(
        text.contains("meal, which hangs on it: 2 new, 1 no longer"),
        "{text}"
    );
    assert!(
        text.contains("food: matches 3 of the newest 4 posts, 2 new, 1 no longer"),
        "{text}"
    );
    assert!(text.contains("/(大|小)雪/ in title +2.00"), "{text}");
    let json = world.run(
        &["topic", "test", "try/food.yaml", "--json", "--newest", "3"],
        0,
    );
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["looked"], 3);
    assert_eq!(json["others"][0]["topic"], "meal");
    // The rules in force are compared with what readers see.
    world.run(&["build"], 0);
    let text = world.run(&["topic", "test", "food"], 0);
    assert!(
        text.contains("2 of the newest 4 posts, 0 new, 0 no longer"),
        "{text}"
    );
    let changed = FOOD.replace("召回", "大雪");
    world.write("config/topics/food.yaml", &changed);
    let text = world.run(&["topic", "test", "food"], 0);
    assert!(
        text.contains("2 of the newest 4 posts, 1 new, 1 no longer"),
        "{text}"
    );
    world.write("try/food.yaml", "title: 食品\nany:\n  txt: [抽检]\n");
    let words = world.run_err(&["topic", "test", "try/food.yaml"], 2);
    assert!(
        words.contains("try/food.yaml:3:3") && words.contains("did you mean `text`?"),
        "{words}"
    );
    world.run_err(&["topic", "test", "nothing.yaml"], 2);
    world.run_err(&["topic", "test", "nothing"], 1);
}

#[test]
fn a_circle_of_topics_stops_the_start_with_both_lines() {
    let world = World::new()
        .topic("a", "title: A\nany:\n  topic: [b]\n")
        .topic("b", "title: B\nall:\n  topic:\n    - a\n");
    let words = world.run_err(&["build"], 2);
    assert!(
        words.contains("a.yaml:3:11") && words.contains("b.yaml:4:7"),
        "{words}"
    );
}

/// The labels of real posts are there too, but not the posts: those are left out and said.
#[test]
fn market_supervision_agrees_with_a_person_on_posts_that_it_was_not_tuned_on() {
    let root = env!("CARGO_MANIFEST_DIR");
    let topics = format!("topics.dir={root}/config/topics");
    let labels = format!("{root}/tests/golden/topics/market-supervision.tsv");
    let posts = format!("{root}/tests/golden/topics");
    let command = [
        "topic",
        "eval",
        "market-supervision",
        "--set",
        &topics,
        "--labels",
        &labels,
        "--posts",
        &posts,
        "--at-least",
        "0.9",
    ];
    let world = World::new();
    let text = world.run(&command, 0);
    assert!(text.contains("128 not found, left out"), "{text}");
    let json = world.run(&[&command[..], &["--json"]].concat(), 0);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["changed"], serde_json::json!([]));
    assert_eq!(json["doubtful"], 6);
    // Three of four posts that a person takes are found nowhere else than in these words.
    assert!(json["held_out"]["plain"]["recall"].as_f64().unwrap() < 0.25);
    let wrong = command.map(|part| if part == "0.9" { "1.01" } else { part });
    world.run(&wrong, 1);
    world.write("labels.tsv", "a.md\tzz\tyes\n");
    let command = [
        "topic",
        "eval",
        "x",
        "--labels",
        "labels.tsv",
        "--posts",
        ".",
    ];
    let world = world.topic("x", FOOD);
    let words = world.run_err(&command, 2);
    assert!(words.contains("line 1: `zz` is no hash"), "{words}");
}

#[test]
fn a_hidden_topic_is_compared_with_the_rules_in_force() {
    let parts = "title: 部件\nhidden: true\nany:\n  text: [雪]\n";
    let world = world().topic("parts", parts);
    world.run(&["build"], 0);
    let tested = |rules: &str| {
        world.write("try/parts.yaml", rules);
        world.run(&["topic", "test", "try/parts.yaml"], 0)
    };
    let same = tested(parts);
    assert!(
        same.contains("2 of the newest 4 posts, 0 new, 0 no longer"),
        "{same}"
    );
    let none = tested(&parts.replace('雪', "冰雹"));
    assert!(
        none.contains("0 of the newest 4 posts, 0 new, 2 no longer"),
        "{none}"
    );
    let force = world.run(&["topic", "test", "parts"], 0);
    assert!(
        force.contains("2 of the newest 4 posts, 0 new, 0 no longer"),
        "{force}"
    );
    // Nobody can follow it, so a chat that waits for it would wait for ever.
    let chat = "telegram.channels=[{chat: -1001, follow: ['topic:parts']}]";
    let told = world.run_err(&["once", "--set", chat], 2);
    assert!(told.contains("hidden"), "{told}");
}

#[test]
fn a_topic_in_a_broken_file_is_not_said_to_be_missing() {
    let world = world();
    world.write(
        "config/topics/food.yaml",
        "title: 食品\nany:\n  txt: [抽检]\n",
    );
    let told = world.run_err(&["topic", "test", "food"], 2);
    assert!(told.contains("config/topics/food.yaml:3:3"), "{told}");
    let said = world.run(&["topic", "test", "nothing.yaml", "--json"], 2);
    let error: serde_json::Value = serde_json::from_str(said.trim()).unwrap();
    assert_eq!(error["code"], 2, "{said}");
}

#[test]
fn what_is_not_out_yet_is_not_counted() {
    let world = world();
    world.post(
        "2026-11-20-e.md",
        "---\ntitle: 撤回的抽检\npublished: false\n---\n抽检。\n",
    );
    world.post("2999-11-20-f.md", "---\ntitle: 将来的抽检\n---\n抽检。\n");
    let told = world.run(&["topic", "test", "food"], 0);
    assert!(told.contains("of the newest 4 posts"), "{told}");
}

#[test]
fn the_editors_digest_is_a_part_of_the_article() {
    let world = World::new().topic("law", "title: 法\nany: {body: [反垄断法]}\n");
    let body = "> 依据反垄断法处罚。\n\n执法人员到场。";
    world.post("2026-11-20-a.md", &today("处罚", "demo", "演示", body));
    let told = world.run(&["topic", "test", "law"], 0);
    assert!(told.contains("matches 1 of the newest 1 posts"), "{told}");
}
