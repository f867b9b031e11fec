//! `publish.s3` against a real S3 server.

use super::s3rver::{KEY, S3rver};
use crate::world::{Daemon, World, today};

fn world_for(server: &S3rver) -> World {
    World::new()
        .with_env("AWS_ACCESS_KEY_ID", KEY)
        .with_env("AWS_SECRET_ACCESS_KEY", KEY)
        .config(&config(server, "feeds: {archives: true}\n"))
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
    let world = world_for(&server);
    world.post("2026-11-20-a.md", &today("甲", "one", "演示", "正文。"));
    world.post("2026-11-20-b.md", &today("乙", "two", "演示", "正文。"));
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
    let log = server.log();
    let at = |key: &str| {
        log.find(key)
            .unwrap_or_else(|| panic!("{key} is not in\n{log}"))
    };
    assert!(at("PUT /news/a/b/feed.archive/") < at("PUT /news/a/b/feed.xml"));
    assert!(at("PUT /news/a/b/feed.xml") < at("PUT /news/a/b/feeds.opml"));
    world.post(
        "2026-11-20-c.md",
        &today("丙的新闻", "two", "演示", "正文。"),
    );
    let is_new = |object: Option<&str>| object.is_some_and(|text| text.contains("丙的新闻"));
    server.wait_for("a/b/feed/two.xml", is_new);
    server.wait_for("a/b/feed.json", is_new);
    let puts = |key: &str| {
        server
            .log()
            .matches(&format!("PUT /news/a/b/{key} "))
            .count()
    };
    assert_eq!((puts("feed/one.xml"), puts("feed/two.xml")), (1, 2));
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
    let world = world_for(&server);
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
    let world = world_for(&server);
    for (name, day) in [("a", "甲"), ("b", "乙"), ("c", "丙")] {
        let file = format!("2026-11-20-{name}.md");
        world.post(&file, &today(day, name, day, "正文。"));
    }
    world.run(&["build"], 0);
    let puts = server.count("PUT");
    assert!(puts > 20, "{puts}");
    for folder in ["var", "public"] {
        std::fs::remove_dir_all(world.path(folder)).unwrap();
    }
    world.run(&["build"], 0);
    assert_eq!(server.count("PUT"), puts, "{}", server.log());
    let archive = format!(
        "a/b/feed.archive/{}.xml",
        today("", "", "", "")[17..21].to_owned()
    );
    let archives = || {
        server
            .log()
            .matches("DELETE /news/a/b/feed.archive/")
            .count()
    };
    assert_eq!(archives(), 0, "{archive}");
    let world = world.config(&config(&server, "feeds: {archives: false}\n"));
    world.run(&["build"], 0);
    assert!(archives() > 0, "{}", server.log());
    assert!(server.object("a/b/feed.xml").is_some());
}

#[test]
fn a_wrong_key_is_told_and_no_key_is_repeated() {
    let Some(server) = S3rver::start() else {
        return;
    };
    let world = world_for(&server).with_env("AWS_SECRET_ACCESS_KEY", "kanarienvogel-secret");
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    let daemon = world.start();
    daemon.wait_for_output("nothing is lost");
    let output = daemon.output();
    assert!(
        output.contains("403") || output.contains("SignatureDoesNotMatch"),
        "{output}"
    );
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
