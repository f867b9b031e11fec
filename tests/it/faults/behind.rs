//! A first build leaves its files to the system. Told: what a later start makes of it, in the same run of the kernel and
//! after a power cut, when the disk fails meanwhile, and that whatever replaces something still waits for the disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::system_calls::can_trace;
use crate::world::{DEADLINE, World, today};

/// So many that one sync of the file system takes the place of an fsync of each file.
fn world_with_posts(count: usize) -> World {
    let world = World::new().config("publish: {compress: [gzip]}\n");
    for number in 0..count {
        let text = today(
            &format!("第{number}号消息"),
            "demo",
            &format!("标签{}", number % 7),
            "监管部门今日发布通知。",
        );
        world.post(&format!("2026-11-20-n{number}.md"), &text);
    }
    world
}

/// Everything that is published.
fn published(world: &World) -> BTreeMap<String, Vec<u8>> {
    let walk = walkdir::WalkDir::new(world.path("public"));
    let files =
        { walk.into_iter().map(Result::unwrap) }.filter(|found| found.file_type().is_file());
    files
        .map(|found| {
            let path = found.path().to_str().unwrap().to_owned();
            (path, fs::read(found.path()).unwrap())
        })
        .collect()
}

/// What the catalog notes of files that may not be on the disk.
fn note(world: &World) -> Option<String> {
    let catalog = rusqlite::Connection::open(world.path("var/catalog.db")).unwrap();
    let note = "select value from meta where key = 'lagging'";
    catalog.query_row(note, [], |row| row.get(0)).ok()
}

fn set_note(world: &World, value: &str) {
    let catalog = rusqlite::Connection::open(world.path("var/catalog.db")).unwrap();
    let note = "update meta set value = ?1 where key = 'lagging'";
    assert_eq!(catalog.execute(note, [value]).unwrap(), 1);
}

/// What it notes once the disk of a folder failed.
fn failed(world: &World, folder: &str) -> String {
    let folder = world.path(folder).canonicalize().unwrap();
    format!("failed - {}", folder.display())
}

/// Whether the first build left its files to the system: not before Linux 6.8, which cannot tell one mounting of a file
/// system from another.
fn is_left(world: &World) -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release
        .split(['.', '-'])
        .map_while(|part| part.parse().ok());
    let version: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let is_left = note(world).is_some();
    assert_eq!(is_left, version >= (6, 8), "Linux {release}");
    is_left
}

/// A world after its first build; nothing where that waited for the disk.
fn left_to_the_system(posts: usize) -> Option<World> {
    let world = world_with_posts(posts);
    world.run(&["build"], 0);
    is_left(&world).then_some(world)
}

/// Puts other bytes into a file, which looks as it did: what a power cut leaves where the size had reached the disk and
/// the bytes had not.
fn spoil(file: &Path, bytes: &[u8]) {
    let before = fs::metadata(file).unwrap().modified().unwrap();
    fs::write(file, bytes).unwrap();
    let written = fs::File::options().write(true).open(file).unwrap();
    written.set_modified(before).unwrap();
}

#[test]
fn what_a_power_cut_took_of_a_first_build_is_written_again() {
    let Some(world) = left_to_the_system(40) else {
        return;
    };
    let whole = published(&world);
    // Nothing was lost: nothing is written.
    set_note(&world, "another boot");
    let said = world.run(&["build", "--json"], 0);
    assert!(said.contains("\"written\":0"), "{said}");
    assert!(said.contains("reading published files"), "{said}");
    assert_eq!((note(&world), published(&world)), (None, whole.clone()));
    // The same once more, from the beginning, and now with losses of each kind.
    for name in ["var", "public"] {
        fs::remove_dir_all(world.path(name)).unwrap();
    }
    world.run(&["build"], 0);
    assert!(note(&world).is_some());
    set_note(&world, "another boot");
    let files: Vec<&String> = whole.keys().collect();
    for (number, file) in files.iter().enumerate() {
        match number % 4 {
            0 => spoil(Path::new(file), b""),
            1 => spoil(Path::new(file), &vec![0; whole[*file].len()]),
            2 => fs::remove_file(file).unwrap(),
            _ => {}
        }
    }
    assert!(files.len() > 40);
    world.run(&["build"], 0);
    assert_eq!(note(&world), None);
    assert!(published(&world) == whole, "not as a first build");
}

#[test]
fn a_start_page_that_took_the_place_of_the_list_is_nothing_that_a_power_cut_left() {
    let Some(world) = left_to_the_system(40) else {
        return;
    };
    let home = "<!DOCTYPE html><title>我的网站</title>";
    world.write("public/index.html", home);
    set_note(&world, "another boot");
    world.run(&["build", "--set", "feeds.index=false"], 0);
    assert_eq!(world.read("public/index.html"), home);
}

#[test]
fn a_start_in_the_same_boot_sees_to_it_that_everything_is_on_the_disk() {
    let Some(world) = left_to_the_system(5) else {
        return;
    };
    let said = world.run(&["build", "--json"], 0);
    assert!(said.contains("\"written\":0"), "{said}");
    assert_eq!(note(&world), None);
    // It stays so: what comes from now on is waited for.
    world.post(
        "2026-11-20-n5.md",
        &today("新的消息", "demo", "标签0", "正文。"),
    );
    world.run(&["build"], 0);
    assert_eq!(note(&world), None);
}

#[test]
fn a_daemon_has_the_disk_catch_up_while_it_goes_on() {
    let world = world_with_posts(5);
    let daemon = world.start();
    if !is_left(&world) {
        return;
    }
    let mut posts = 5;
    let end = Instant::now() + DEADLINE;
    while note(&world).is_some() {
        posts += 1;
        assert!(Instant::now() < end, "never taken back");
        let title = format!("第{posts}号消息");
        world.post(
            &format!("2026-11-20-n{posts}.md"),
            &today(&title, "demo", "标签0", "正文。"),
        );
        daemon.wait_for("/feed.xml", |answer| answer.text().contains(&title));
    }
    assert!(daemon.terminate().success());
    assert_eq!(note(&world), None);
}

/// The system calls of a build that sync something or give it a name, with the paths of what they take.
fn traced(world: &World, meddling: &[&str]) -> String {
    let mut strace = Command::new("strace");
    let log = world.path("strace.log");
    strace.args(["-f", "-qq", "-y", "-o"]).arg(&log);
    strace.args([
        "-e",
        "trace=fsync,fdatasync,syncfs,rename,renameat,renameat2,unlink,unlinkat",
    ]);
    strace.args(meddling);
    let mut command = world.command_below(strace, &["build"]);
    let run = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}");
    format!("{}\n{said}", fs::read_to_string(log).unwrap())
}

fn calls<'a>(trace: &'a str, kind: &str) -> Vec<&'a str> {
    let of_feeds = |line: &&str| line.contains("/public");
    let of_kind = |line: &&str| {
        line.split('(')
            .next()
            .is_some_and(|call| call.contains(kind))
    };
    trace.lines().filter(of_feeds).filter(of_kind).collect()
}

#[test]
fn only_what_replaces_nothing_is_left_to_the_system() {
    if !can_trace() {
        return;
    }
    for posts in [3, 100] {
        let world = world_with_posts(posts);
        let trace = traced(&world, &[]);
        if !is_left(&world) {
            return;
        }
        assert!(calls(&trace, "sync").is_empty(), "{trace}");
        assert!(!calls(&trace, "rename").is_empty(), "{trace}");
        // Every feed has a new entry.
        for tag in 0..7 {
            let name = format!("2026-11-20-m{tag}.md");
            let tag = format!("标签{tag}");
            world.post(&name, &today("新的消息", "demo", &tag, "正文。"));
        }
        let trace = traced(&world, &[]);
        let order: Vec<bool> = { trace.lines() }
            .filter(|line| line.contains("/public") && !line.contains("exited"))
            .map(|line| line.contains("sync"))
            .collect();
        let (first, named) = (
            order.first(),
            order.iter().filter(|is_sync| !**is_sync).count(),
        );
        assert_eq!(first, Some(&true), "{trace}");
        assert!(named >= 10, "{trace}");
        assert_eq!(order.last(), Some(&true), "{trace}");
    }
}

#[test]
fn a_feed_that_was_there_without_a_catalog_is_replaced_only_once_the_new_one_is_on_the_disk() {
    if !can_trace() {
        return;
    }
    let world = world_with_posts(3);
    world.write("public/feed.xml", "<old>tagwire</old>");
    let trace = traced(&world, &[]);
    assert!(!calls(&trace, "sync").is_empty(), "{trace}");
    assert!(world.read("public/feed.xml").contains("第0号消息"));
}

#[test]
fn a_disk_that_fails_behind_a_first_build_is_told_and_read_again() {
    if !can_trace() {
        return;
    }
    let Some(world) = left_to_the_system(5) else {
        return;
    };
    let whole = published(&world);
    let said = traced(&world, &["-e", "inject=syncfs:error=EIO:when=1"]);
    assert!(said.contains("published files may be lost"), "{said}");
    assert_eq!(note(&world), Some(failed(&world, "public")));
    spoil(
        &world.path("public/feed.xml"),
        &vec![b' '; world.read("public/feed.xml").len()],
    );
    world.run(&["build"], 0);
    assert_eq!(note(&world), None);
    assert!(published(&world) == whole, "not as it was");
}

#[test]
fn what_a_power_cut_took_and_nobody_wants_any_more_goes() {
    let Some(world) = left_to_the_system(40) else {
        return;
    };
    set_note(&world, "another boot");
    for file in published(&world).keys() {
        spoil(Path::new(file), b"");
    }
    let narrow = [
        "--set",
        "publish.compress=[]",
        "--set",
        "feeds.formats=[atom]",
        "--set",
        "feeds.pages=false",
        "--set",
        "feeds.archives=false",
    ];
    let again = [&["build"], &narrow[..]].concat();
    let said = world.run_err(&again, 0);
    assert!(said.contains("had not reached the disk"), "{said}");
    let mended = published(&world);
    // As a first build with these settings.
    for name in ["var", "public"] {
        fs::remove_dir_all(world.path(name)).unwrap();
    }
    world.run(&again, 0);
    let names =
        |files: &BTreeMap<String, Vec<u8>>| -> Vec<String> { files.keys().cloned().collect() };
    assert_eq!(names(&mended), names(&published(&world)));
    assert!(mended == published(&world), "not as a first build");
}

#[test]
fn a_disk_that_fails_after_a_power_cut_is_told_and_read_again() {
    if !can_trace() {
        return;
    }
    let Some(world) = left_to_the_system(5) else {
        return;
    };
    set_note(&world, "another boot");
    let said = traced(&world, &["-e", "inject=syncfs:error=EIO"]);
    assert!(said.contains("published files may be lost"), "{said}");
    assert_eq!(note(&world), Some(failed(&world, "public")));
    // A catalog that is made anew still knows, and looks.
    let said = world.run(&["build", "--json", "--set", "summary.budget=150"], 0);
    assert!(said.contains("\"added\":5"), "{said}");
    assert_eq!(note(&world), None);
}

#[test]
fn what_was_left_in_another_folder_gets_to_the_disk_too() {
    if !can_trace() {
        return;
    }
    let Some(world) = left_to_the_system(3) else {
        return;
    };
    world.write("public2/feed.xml", "<older>tagwire</older>");
    let moved = world.read("config/tagwire.yaml");
    world.write(
        "config/tagwire.yaml",
        &moved.replace("publish: {", "publish: {dir: public2, "),
    );
    let trace = traced(&world, &[]);
    assert!(
        trace
            .lines()
            .any(|line| line.contains("syncfs") && line.contains("/public>")),
        "{trace}"
    );
    assert_eq!(note(&world), None);
    assert!(world.read("public2/feed.xml").contains("第0号消息"));
}

#[test]
fn a_size_that_the_catalog_has_wrong_is_only_a_wrong_size() {
    let Some(world) = left_to_the_system(3) else {
        return;
    };
    let whole = published(&world);
    set_note(&world, "another boot");
    let catalog = rusqlite::Connection::open(world.path("var/catalog.db")).unwrap();
    for (path, size) in [("feed.xml", 1_i64 << 60), ("feed.xml.gz", -5)] {
        let wrong = "update published set size = ?2 where path = ?1";
        assert_eq!(
            catalog
                .execute(wrong, rusqlite::params![path, size])
                .unwrap(),
            1
        );
    }
    drop(catalog);
    world.run(&["build"], 0);
    assert!(published(&world) == whole, "not as it was");
}

#[test]
fn files_of_another_folder_are_not_taken_away_for_broken_ones() {
    let Some(world) = left_to_the_system(3) else {
        return;
    };
    world.write("public2/feed.xml", "<older>tagwire</older>");
    world.write("public2/index.html", "mine, by tagwire");
    set_note(&world, &failed(&world, "public"));
    let moved = ["build", "--set", "publish.dir=public2", "--json"];
    // Nothing is replaced where posts cannot be read.
    let said = world.run(&[&moved[..], &["--set", "posts.dir=elsewhere"]].concat(), 2);
    assert!(said.contains("nothing is published"), "{said}");
    assert_eq!(world.read("public2/feed.xml"), "<older>tagwire</older>");
    world.run(&moved, 0);
    assert!(world.read("public2/feed.xml").contains("第0号消息"));
}

#[test]
fn a_broken_file_that_cannot_be_taken_away_is_written_again_all_the_same() {
    let Some(world) = left_to_the_system(3) else {
        return;
    };
    if !can_trace() {
        return;
    }
    let whole = published(&world);
    set_note(&world, "another boot");
    let feed = world.path("public/feed.xml");
    spoil(&feed, &vec![0; whole[feed.to_str().unwrap()].len()]);
    traced(&world, &["-e", "inject=unlink,unlinkat:error=EACCES"]);
    assert!(published(&world) == whole, "not as it was");
    assert_eq!(note(&world), None);
}
