//! What commands say, and when they say nothing.

use serde_json::{Value, json};

use crate::world::{World, today};

#[test]
fn quiet_runs_say_nothing_but_errors() {
    let world = World::new();
    world.post(
        "2026-11-20-a.md",
        "---\ndate: 2020/11/20 8点\n---\n正文。\n",
    );
    for command in ["build", "once"] {
        let output = world.command(&[command, "-q"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{command}");
    }
    // What scripts read is data, and no talk.
    let said = world.run(&["build", "-q", "--json"], 0);
    let last: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(last["posts"], 1);
}

#[test]
fn one_is_told_in_the_singular() {
    let world = World::new();
    world.run(&["once"], 0);
    world.post(
        "2026-11-20-a.md",
        "---\ndate: 2020/11/20 8点\n---\n正文。\n",
    );
    world.post(
        "2026-11-20-b.md",
        "---\ntitle: 后来\ndate: 2099-01-01 08:00:00 +0800\n---\n正文。\n",
    );
    world.post(
        "2022-02-18-old.md",
        "---\ntitle: 旧文\ndate: 2022-02-18 10:01:41 +0800\n---\n正文。\n",
    );
    let said = world.run(&["once"], 0);
    for words in [
        "1 post waits for its date\n",
        "1 problem; `tagwire check` shows",
    ] {
        assert!(said.contains(words), "{words} in\n{said}");
    }
    world.run(&["held", "dismiss"], 0);
    world.post("2026-11-20-c.md", &today("要闻", "demo", "演示", "正文。"));
    let said = world.run(&["once"], 0);
    assert!(
        said.contains("1 post announced in 1 message, 0 held"),
        "{said}"
    );
}

#[test]
fn what_is_held_is_listed_and_settled_for_scripts() {
    let world = World::new();
    world.run(&["once"], 0);
    world.post(
        "2022-02-18-old.md",
        "---\ntitle: 旧文\ndate: 2022-02-18 10:01:41 +0800\n---\n正文。\n",
    );
    world.run(&["once"], 0);
    for arguments in [&["held", "--json"][..], &["held", "list", "--json"]] {
        let said = world.run(arguments, 0);
        let post: Value = serde_json::from_str(said.trim()).unwrap();
        assert_eq!(post["post"], "/2022/02/18/old");
        assert_eq!(post["title"], "旧文");
        assert_eq!(post["url"], "http://news.example.cn/2022/02/18/old.html");
        assert_eq!(post["date"], "2022-02-18T10:01:41+08:00");
        assert!(post["reason"].as_str().unwrap().contains("2022"), "{post}");
    }
    let said = world.run(&["held", "dismiss", "--json"], 0);
    let done: Value = serde_json::from_str(said.trim()).unwrap();
    assert_eq!(done, json!({"dismissed": 1}));
    assert_eq!(world.run(&["held", "--json"], 0), "");
    let said = world.run(&["held", "announce"], 0);
    assert!(said.contains("0 posts are being announced"), "{said}");
}

#[test]
fn rows_of_a_digest_that_waits_can_be_asked_for() {
    let world = World::new();
    world.run(&["once"], 0);
    world.run(&["deliveries", "--state", "held"], 1);
    let said = world.run_err(&["deliveries", "--state", "hold"], 2);
    assert!(said.contains("held"), "{said}");
}
