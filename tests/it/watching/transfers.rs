//! Many files at once, by the programs that people use for it.

use super::*;

#[test]
fn rsync_in_its_ways() {
    if !has("rsync") {
        return;
    }
    let world = world("settle_ms: 100");
    let daemon = world.start();
    let write = |number: usize, title: &str| {
        world.write(&format!("source/sub/2026-11-20-n{number}.md"), &post(title));
    };
    let sync = |options: &[&str]| {
        let arguments = [options, &["-a", "source/", "posts/"]].concat();
        run_in(&world.path(""), "rsync", &arguments);
    };
    for number in 0..50 {
        write(number, "同步");
    }
    sync(&[]);
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("同步"));
    is_as_fresh(&world, &daemon);
    for number in 0..25 {
        write(number, "同步改");
    }
    sync(&["--inplace", "--checksum"]);
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("同步改"));
    is_as_fresh(&world, &daemon);
    for number in 10..40 {
        world.delete(&format!("source/sub/2026-11-20-n{number}.md"));
    }
    sync(&["--delete", "--delay-updates", "--exclude=2026-11-21-*"]);
    is_as_fresh(&world, &daemon);
}

fn git(world: &World, folder: &str, arguments: &[&str]) {
    let name = [
        "-c",
        "user.name=me",
        "-c",
        "user.email=me@example.cn",
        "-c",
        "gc.auto=0",
    ];
    run_in(&world.path(folder), "git", &[&name[..], arguments].concat());
}

#[test]
fn git_checks_out_another_branch_and_back() {
    if !has("git") {
        return;
    }
    let world = World::new().config(
        "posts: {rescan_seconds: 86400}\nfeeds: {limit: 100}\n\
         delivery: {max_age_days: 36500}\n",
    );
    for number in 0..40 {
        world.write(&format!("posts/n/2026-11-20-n{number}.md"), &post("主干"));
    }
    git(&world, "posts", &["init", "-q", "-b", "main"]);
    git(&world, "posts", &["add", "n"]);
    git(&world, "posts", &["commit", "-q", "-m", "posts"]);
    git(&world, "posts", &["checkout", "-q", "-b", "other"]);
    git(&world, "posts", &["rm", "-q", "-r", "n"]);
    world.write("posts/o/2026-11-20-other.md", &post("枝上"));
    git(&world, "posts", &["add", "o"]);
    git(&world, "posts", &["commit", "-q", "-m", "other"]);
    git(&world, "posts", &["checkout", "-q", "main"]);
    let daemon = world.start();
    for turn in 0..3 {
        git(&world, "posts", &["checkout", "-q", "other"]);
        beat(&world, &daemon);
        let feed = daemon.get("/feed.xml").text();
        assert!(
            feed.contains("主干"),
            "turn {turn}: posts that are away for a moment stay"
        );
        git(&world, "posts", &["checkout", "-q", "main"]);
        beat(&world, &daemon);
    }
    // The post of the other branch is missing for less than the grace time, and so still in the feeds.
    git(&world, "posts", &["checkout", "-q", "main", "--", "n"]);
    git(&world, "posts", &["checkout", "-q", "other", "--", "o"]);
    is_as_fresh(&world, &daemon);
    announced(&daemon, 1 + 6 + 1);
}

#[test]
fn git_pulls_five_thousand_posts_in_a_handful_of_rounds() {
    if !has("git") {
        return;
    }
    let world = world("");
    git(&world, "", &["init", "-q", "-b", "main", "origin"]);
    world.write("origin/2026-11-20-first.md", &post("第一篇"));
    git(&world, "origin", &["add", "."]);
    git(&world, "origin", &["commit", "-q", "-m", "first"]);
    std::fs::remove_dir(world.path("posts")).unwrap();
    git(&world, "", &["clone", "-q", "origin", "posts"]);
    for number in 0..5000 {
        let path = format!("origin/{}/2026-11-20-n{number}.md", number % 50);
        world.write(&path, &post(&format!("第{number}篇")));
    }
    git(&world, "origin", &["add", "."]);
    git(&world, "origin", &["commit", "-q", "-m", "five thousand"]);
    let daemon = world.start();
    git(&world, "posts", &["pull", "-q", "--ff-only"]);
    is_as_fresh(&world, &daemon);
    let said = daemon.output();
    let rounds = said.matches("added=").count();
    assert!(rounds <= 12, "{rounds} rounds\n{said}");
}
