//! The disk is full, the store is locked, a second program comes, few files may be open: said clearly, nothing lost,
//! nothing doubled.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::world::{Daemon, World, today};

const CHANNEL: i64 = -1_001_234_567_890;

/// A channel follows the site; the derived index lies elsewhere than the store.
fn world() -> World {
    let world = World::new().with_telegram().config(&format!(
        "telegram: {{channels: [{{chat: {CHANNEL}, follow: [site]}}]}}\ncatalog: {{path: index/catalog.db}}\n"
    ));
    world.telegram().add_channel(CHANNEL, Some("news"), "快讯");
    world
}

fn post(world: &World, name: &str, title: &str) {
    let body = "正文很长。".repeat(200);
    world.post(
        &format!("2026-11-20-{name}.md"),
        &today(title, "demo", "演示", &body),
    );
}

/// The daemon with a store on a disk of 1 MB that is its own; nothing where the system does not permit that.
fn start_on_a_small_disk(world: &World) -> Option<Daemon> {
    std::fs::create_dir_all(world.path("var")).unwrap();
    world.start_apart("-Urm", "mount -t tmpfs -o size=1m tmpfs var")
}

/// Writes a file until the disk takes no more.
fn fill(path: &Path) {
    let mut file = std::fs::File::create(path).unwrap();
    for size in [65_536, 4096, 512, 1] {
        let bytes = vec![0; size];
        while file.write_all(&bytes).is_ok() {}
    }
}

#[test]
fn when_the_disk_of_the_store_is_full_feeds_go_on_and_every_message_comes_once_there_is_room() {
    let world = world();
    let Some(daemon) = start_on_a_small_disk(&world) else {
        return;
    };
    let telegram = world.telegram();
    post(&world, "a", "第一篇");
    assert!(telegram.next_message(CHANNEL).text.contains("第一篇"));
    let inside = PathBuf::from(format!(
        "/proc/{}/root{}",
        daemon.pid(),
        world.path("var").display()
    ));
    fill(&inside.join("filler"));
    post(&world, "b", "第二篇");
    post(&world, "c", "第三篇");
    let said = daemon.wait_for_output("a round failed and is tried again");
    assert!(said.contains("database or disk is full"), "{said}");
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("第三篇"));
    daemon.wait_for("/healthz", |answer| answer.text().contains("full"));
    std::fs::remove_file(inside.join("filler")).unwrap();
    let mut titles: Vec<String> = (0..2)
        .map(|_| {
            telegram
                .next_message(CHANNEL)
                .text
                .chars()
                .take(3)
                .collect()
        })
        .collect();
    titles.sort();
    assert_eq!(titles, ["第三篇", "第二篇"]);
    daemon.wait_for("/healthz", |answer| !answer.text().contains("full"));
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
}

#[test]
fn while_another_program_locks_the_store_messages_wait_and_then_come_once() {
    let world = world();
    let daemon = world.start();
    let telegram = world.telegram();
    post(&world, "a", "第一篇");
    assert!(telegram.next_message(CHANNEL).text.contains("第一篇"));
    let other = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    other.busy_timeout(crate::world::DEADLINE).unwrap();
    other.execute_batch("begin immediate").unwrap();
    post(&world, "b", "第二篇");
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("第二篇"));
    daemon.wait_for_output("database is locked");
    other.execute_batch("rollback").unwrap();
    assert!(telegram.next_message(CHANNEL).text.contains("第二篇"));
    post(&world, "c", "第三篇");
    assert!(telegram.next_message(CHANNEL).text.contains("第三篇"));
    telegram.expect_no_more_messages();
    assert!(daemon.terminate().success());
}

#[test]
fn a_second_program_on_the_same_files_is_turned_away_and_the_first_goes_on() {
    let world = world();
    let daemon = world.start();
    for command in ["run", "once", "build"] {
        let words = world.run_err(&[command], 3);
        assert!(
            words.contains(&format!("process {}", daemon.pid())),
            "{words}"
        );
    }
    // One with another index, but the same store, is turned away too.
    let words = world.run_err(&["once", "--set", "catalog.path=elsewhere/catalog.db"], 3);
    assert!(words.contains("store.db"), "{words}");
    post(&world, "a", "第一篇");
    assert!(
        world
            .telegram()
            .next_message(CHANNEL)
            .text
            .contains("第一篇")
    );
    world.telegram().expect_no_more_messages();
    assert!(daemon.terminate().success());
}

#[test]
fn where_few_files_may_be_open_at_once_every_feed_is_written() {
    few_files_may_be_open("");
}

#[test]
fn so_it_is_where_each_feed_has_a_folder_of_its_own() {
    few_files_may_be_open("feeds: {archives: [tag], paths: {tag: '/tag/:name/feed'}}\n");
}

fn few_files_may_be_open(config: &str) {
    let world = World::new().config(config);
    for folder in 0..20 {
        std::fs::create_dir(world.path(&format!("posts/{folder}"))).unwrap();
    }
    for number in 0..200 {
        let (name, tag) = (format!("n{number}"), format!("标签{number}"));
        // Folders of ten.
        world.post(
            &format!("{}/2026-11-20-{name}.md", number / 10),
            &today(&name, "demo", &tag, "正文。"),
        );
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 26 && exec \"$@\"", "sh"]);
    // Each core reads a file of its own.
    shell.env("RAYON_NUM_THREADS", "2");
    let built = world.command_below(shell, &["build"]).output().unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{said}");
    // Files made ahead leave some to everybody else.
    assert!(!said.contains("Too many open files"), "{said}");
    let again = world.run(&["build"], 0);
    assert!(again.contains("; 0 files written"), "{again}");
}
