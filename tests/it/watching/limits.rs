//! What the system grants runs out.

use std::io::Write;
use std::time::SystemTime;

use super::*;

/// The daemon in a namespace in which a limit of inotify is so low.
fn start_limited(world: &World, limit: &str, value: u32) -> Option<Daemon> {
    world.start_apart("-Ur", &format!("echo {value} > /proc/sys/user/{limit}"))
}

fn polls_and_says_so_once(limit: &str, value: u32, words: &str) {
    let world = world("poll_seconds: 1, settle_ms: 100");
    world.write("posts/a/b/2026-11-20-n.md", &post("原有"));
    let Some(daemon) = start_limited(&world, limit, value) else {
        return;
    };
    daemon.wait_for_output(words);
    world.write("posts/c/d/2026-11-20-m.md", &post("新来"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("新来"));
    std::fs::remove_dir_all(world.path("posts/a")).unwrap();
    daemon.wait_for("/feed.xml", |answer| !answer.text().contains("原有"));
    is_as_fresh(&world, &daemon);
    assert_eq!(daemon.output().matches(words).count(), 1);
}

#[test]
fn no_watcher_is_granted() {
    polls_and_says_so_once("max_inotify_instances", 0, "fs.inotify.max_user_instances");
}

#[test]
fn no_watch_is_granted() {
    polls_and_says_so_once("max_inotify_watches", 0, "fs.inotify.max_user_watches");
}

#[test]
fn too_few_watches_are_granted() {
    polls_and_says_so_once("max_inotify_watches", 2, "fs.inotify.max_user_watches");
}

#[test]
fn a_slow_writer_is_waited_for_where_nobody_tells_of_writers() {
    // Age alone says that a file is whole, and it never grows old enough by itself here.
    let world = world("poll_seconds: 1, settle_ms: 600000");
    let Some(daemon) = start_limited(&world, "max_inotify_instances", 0) else {
        return;
    };
    daemon.wait_for_output("fs.inotify.max_user_instances");
    let whole = post("慢慢写成");
    let (begin, end) = whole.split_at(whole.find("在此").unwrap());
    let path = world.path("posts/2026-11-20-slow.md");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(begin.as_bytes()).unwrap();
    let old = SystemTime::now() - Duration::from_secs(3600);
    let beat = |name: &str| {
        let other = world.path(&format!("posts/2026-11-20-{name}.md"));
        std::fs::write(&other, post(name)).unwrap();
        let other = std::fs::File::options().append(true).open(other).unwrap();
        other.set_modified(old).unwrap();
        daemon.wait_for("/feed.xml", |answer| answer.text().contains(name));
    };
    beat("first-beat");
    file.write_all(end.as_bytes()).unwrap();
    beat("second-beat");
    assert!(!daemon.get("/feed.xml").text().contains("慢慢写成"));
    file.set_modified(old).unwrap();
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("慢慢写成"));
    // A beat of `is_as_fresh` would be too young here: a fresh build beside it says the same.
    let fresh = [
        "--set",
        "catalog.path=var/fresh.db",
        "--set",
        "publish.dir=fresh",
    ];
    world.run(&[&fresh[..], &["build"]].concat(), 0);
    assert_eq!(world.read("fresh/feed.xml"), world.read("public/feed.xml"));
}

#[test]
fn watches_run_out_while_it_runs() {
    let world = world("poll_seconds: 1, settle_ms: 100");
    let Some(daemon) = start_limited(&world, "max_inotify_watches", 4) else {
        return;
    };
    for number in 0..10 {
        world.write(
            &format!("posts/f{number}/2026-11-20-n{number}.md"),
            &post("多夹"),
        );
    }
    daemon.wait_for_output("fs.inotify.max_user_watches");
    for number in 0..10 {
        world.write(
            &format!("posts/f{number}/2026-11-20-n{number}.md"),
            &post("多夹改"),
        );
    }
    daemon.wait_for("/feed.xml", |answer| {
        answer.text().matches("多夹改").count() >= 10
    });
    is_as_fresh(&world, &daemon);
    assert_eq!(
        daemon
            .output()
            .matches("fs.inotify.max_user_watches")
            .count(),
        1
    );
}

#[test]
fn the_queue_of_events_runs_over() {
    let world = world("settle_ms: 100");
    for number in 0..40 {
        world.post(&format!("2026-11-20-n{number}.md"), &post("原有"));
    }
    let daemon = world.start();
    let pid = daemon.pid().to_string();
    run_in(&world.path(""), "kill", &["-STOP", &pid]);
    let most = std::fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let most: usize = most.trim().parse().unwrap();
    // Two files in turn, since equal events one after the other are merged by the kernel.
    let noise = [
        world.path("posts/noise-a.txt"),
        world.path("posts/noise-b.txt"),
    ];
    for file in &noise {
        std::fs::write(file, "").unwrap();
    }
    for number in 0..=most {
        let file = std::fs::File::open(&noise[number % 2]).unwrap();
        file.set_modified(std::time::SystemTime::now()).unwrap();
    }
    // None of these is told of any more.
    for number in 0..20 {
        world.delete(&format!("posts/2026-11-20-n{number}.md"));
        world.write(
            &format!("posts/2026-11-20-n{}.md", 20 + number),
            &post("改过"),
        );
        world.write(&format!("posts/new/2026-11-20-m{number}.md"), &post("新来"));
    }
    run_in(&world.path(""), "kill", &["-CONT", &pid]);
    daemon.wait_for_output("fs.inotify.max_queued_events");
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("新来"));
    is_as_fresh(&world, &daemon);
    // A folder that came while events were lost is watched all the same.
    world.write("posts/new/2026-11-20-m0.md", &post("夹中再改"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("夹中再改"));
    is_as_fresh(&world, &daemon);
}
