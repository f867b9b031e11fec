//! `publish.s3` against a real S3 server.

use tagwire::model::time::in_zone;

use super::s3rver::{KEY, S3rver};
use crate::world::{Daemon, World, shanghai, today};

/// So few posts in a feed that it has a history.
const LONG: &str = "archives: true, limit: 1, min_age_hours: 0";

fn world_for(server: &S3rver, feeds: &str) -> World {
    World::new()
        .with_env("AWS_ACCESS_KEY_ID", KEY)
        .with_env("AWS_SECRET_ACCESS_KEY", KEY)
        .config(&config(server, &format!("feeds: {{{feeds}}}\n")))
}

fn config(server: &S3rver, more: &str) -> String {
    let s3 = format!(
        "{{endpoint: '{}', bucket: news, prefix: a/b}}",
        server.url()
    );
    format!("publish: {{s3: {s3}}}\n{more}")
}

fn pushed(daemon: &Daemon) {
    daemon.wait_for_output("target=\"bucket\"");
}

#[test]
fn a_bucket_gets_what_changed_with_its_type_and_links_last() {
    let Some(server) = S3rver::start() else {
        return;
    };
    let world = world_for(&server, LONG);
    for (day, title, category) in [(18, "甲", "one"), (19, "乙", "two"), (20, "丙", "two")] {
        let text =
            format!("---\ntitle: {title}\ncategories: {category}\ntags: 演示\n---\n正文。\n");
        world.post(&format!("2025-11-{day}-{category}.md"), &text);
    }
    let daemon = world.start();
    pushed(&daemon);
    for name in [
        "feed.xml",
        "feed/by_tag/演示.rss",
        "feed/one.json",
        "feeds.opml",
        "index.html",
    ] {
        let object = server.object(&format!("a/b/{name}"));
        assert_eq!(
            object,
            Some(world.read(&format!("public/{name}"))),
            "{name}"
        );
    }
    let metadata = server.metadata("a/b/feed/by_tag/演示.rss");
    assert_eq!(
        metadata["content-type"],
        "application/rss+xml; charset=utf-8"
    );
    assert_eq!(metadata["cache-control"], "public, max-age=60");
    server.wait_for_stored("a/b/index.html", 1);
    let log = server.wait_for_stored("a/b/feeds.opml", 1);
    let at = |key: &str| {
        log.find(key)
            .unwrap_or_else(|| panic!("{key} is not in\n{log}"))
    };
    assert!(at("\"a/b/feed.archive/") < at("\"a/b/feed.xml\""));
    assert!(at("\"a/b/feed.xml\"") < at("\"a/b/feeds.opml\""));
    world.post(
        "2026-11-20-d.md",
        &today("丁的新闻", "two", "演示", "正文。"),
    );
    let is_new = |object: Option<&str>| object.is_some_and(|text| text.contains("丁的新闻"));
    server.wait_for("a/b/feed/two.xml", is_new);
    server.wait_for("a/b/feed.json", is_new);
    let log = server.wait_for_stored("a/b/feed/two.xml", 2);
    assert_eq!(log.matches("Stored object \"a/b/feed/one.xml\"").count(), 1);
    assert!(
        !daemon.output().contains(&format!("{KEY}/")),
        "no credential in the log"
    );
}

#[test]
fn an_outage_costs_nobody_a_feed_and_is_made_up_for() {
    let Some(mut server) = S3rver::start() else {
        return;
    };
    let world = world_for(&server, "");
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    let daemon = world.start();
    pushed(&daemon);
    server.stop();
    world.post(
        "2026-11-20-b.md",
        &today("乙的新闻", "demo", "演示", "正文。"),
    );
    daemon.wait_for("/feed/demo.xml", |answer| {
        answer.text().contains("乙的新闻")
    });
    daemon.wait_for_output("tried again in 1 s, nothing is lost");
    // Not even a kill loses what is owed.
    daemon.kill9();
    server.resume();
    let daemon = world.start();
    let is_new = |object: Option<&str>| object.is_some_and(|text| text.contains("乙的新闻"));
    server.wait_for("a/b/feed/demo.xml", is_new);
    server.wait_for("a/b/index.html", |object| object.is_some());
    assert_eq!(daemon.terminate().code(), Some(0));
}

#[test]
fn lost_local_state_costs_one_list_and_files_that_went_are_deleted() {
    let Some(server) = S3rver::start() else {
        return;
    };
    let world = world_for(&server, LONG);
    for (name, day) in [("a", "甲"), ("b", "乙"), ("c", "丙")] {
        let file = format!("2026-11-20-{name}.md");
        world.post(&file, &today(day, name, day, "正文。"));
    }
    world.run(&["build"], 0);
    let times = server.times();
    assert!(times.len() > 20, "{times:?}");
    for folder in ["var", "public"] {
        std::fs::remove_dir_all(world.path(folder)).unwrap();
    }
    world.run(&["build"], 0);
    assert_eq!(server.times(), times, "{}", server.log());
    let year = in_zone(chrono::Utc::now(), shanghai()).format("%Y");
    let archive = format!("a/b/feed.archive/{year}.xml");
    assert!(server.object(&archive).is_some(), "{archive}");
    let world = world.config(&config(
        &server,
        "feeds: {archives: false, limit: 1, min_age_hours: 0}\n",
    ));
    world.run(&["build"], 0);
    assert_eq!(server.object(&archive), None);
    assert!(server.object("a/b/feed.xml").is_some());
}

#[test]
fn a_wrong_key_is_told_and_no_key_is_repeated() {
    let Some(server) = S3rver::start() else {
        return;
    };
    let world = world_for(&server, "")
        .with_env("AWS_ACCESS_KEY_ID", "kanarienvogel-id")
        .with_env("AWS_SECRET_ACCESS_KEY", "kanarienvogel-secret");
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    let daemon = world.start();
    daemon.wait_for_output("nothing is lost");
    let output = daemon.output();
    assert!(output.contains("InvalidAccessKeyId"), "{output}");
    assert!(!output.contains("kanarienvogel"), "{output}");
    assert_eq!(daemon.get("/feed/demo.xml").status, 200);
    assert_eq!(server.object("a/b/feed.xml"), None);
}

#[test]
fn without_keys_it_does_not_start_and_says_where_they_belong() {
    let world = World::new().config("publish: {s3: {bucket: news}}\n");
    let mut command = world.command(&["build"]);
    command.env_remove("AWS_ACCESS_KEY_ID");
    let output = command.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(words.contains("AWS_SECRET_ACCESS_KEY"), "{words}");
}
