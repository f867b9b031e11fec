//! A start asks only those folders for their names that have changed since the last one: whatever happened in them
//! meanwhile, it finds what a first build finds. `TAGWIRE_SEED` sets the luck.

use std::fs;
use std::path::PathBuf;

use crate::killed_at_random::Luck;
use crate::world::{World, today};

const FOLDERS: [&str; 5] = ["posts", "posts/a", "posts/a/b", "posts/c", "posts/c/d"];

/// On other file systems no folder is ever passed over (`posts::folders`): those of other machines, overlayfs.
fn is_on_known_file_system(world: &World) -> bool {
    const KNOWN: [u64; 4] = [0xEF53, 0x0102_1994, 0x5846_5342, 0x9123_683E];
    let found = rustix::fs::statfs(world.path("posts")).unwrap();
    KNOWN.contains(&u64::try_from(found.f_type).unwrap())
}

/// The files in all folders.
fn files(world: &World) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![world.path("posts")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    files.sort();
    files
}

fn text(number: usize, version: u64) -> String {
    let body = format!("第{version}版。");
    today(&format!("第{number:05}号消息"), "demo", "标签", &body)
}

/// The number in a post's name.
fn number(file: &std::path::Path) -> usize {
    let name = file.file_stem().unwrap().to_str().unwrap();
    name.rsplit_once('n').unwrap().1.parse().unwrap()
}

fn something_happens(world: &World, luck: &mut Luck, posts: &mut usize) {
    let files = files(world);
    let any = |luck: &mut Luck| files[luck.below(files.len() as u64) as usize].clone();
    let folder = |luck: &mut Luck| world.path(FOLDERS[luck.below(FOLDERS.len() as u64) as usize]);
    match luck.below(6) {
        _ if files.len() < 4 => {}
        // A new text of the same size and the same time, in the same file.
        0 => {
            let file = any(luck);
            let before = fs::metadata(&file).unwrap().modified().unwrap();
            fs::write(&file, text(number(&file), luck.below(10))).unwrap();
            let written = fs::File::options().write(true).open(&file).unwrap();
            written.set_modified(before).unwrap();
            return;
        }
        1 => return fs::remove_file(any(luck)).unwrap(),
        2 => {
            let file = any(luck);
            let _ = fs::rename(&file, folder(luck).join(file.file_name().unwrap()));
            return;
        }
        // One folder takes the place of another, with all that is in it.
        3 => {
            let (from, to) = (folder(luck), folder(luck));
            let _ = fs::rename(&from, world.path("aside"));
            let _ = fs::rename(&to, &from);
            let _ = fs::rename(world.path("aside"), &to);
            fs::create_dir_all(world.path("posts")).unwrap();
            return;
        }
        _ => {}
    }
    *posts += 1;
    let folder = folder(luck);
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join(format!("2026-11-20-n{posts:05}.md")),
        text(*posts, 0),
    )
    .unwrap();
}

#[test]
fn a_start_sees_whatever_happened_in_folders_since_the_last_one() {
    let mut luck = Luck::new();
    let feeds = "feeds: {formats: [rss], pages: false, archives: [], limit: 1000}\nposts: {vanish_guard: 0}\n";
    let world = World::new().config(feeds);
    let mut posts = 0;
    let fresh = [
        "build",
        "--set",
        "catalog.path=fresh/catalog.db",
        "--set",
        "publish.dir=fresh/public",
    ];
    for round in 0..25 {
        for _ in 0..luck.below(4) {
            something_happens(&world, &mut luck, &mut posts);
        }
        world.run(&["build"], 0);
        world.run(&fresh, 0);
        let [again, first] =
            ["public", "fresh/public"].map(|dir| world.read(&format!("{dir}/feed.rss")));
        assert_eq!(again, first, "round {round}");
        fs::remove_dir_all(world.path("fresh")).unwrap();
    }
    assert!(posts > 0);
    world.run(&["build"], 0);
    let catalog = rusqlite::Connection::open(world.path("var/catalog.db")).unwrap();
    let passed = "select count(*) from folders where inode > 0";
    let passed: i64 = catalog.query_row(passed, [], |row| row.get(0)).unwrap();
    let is_known = is_on_known_file_system(&world);
    assert!(passed > 0 || !is_known, "no folder was passed over");
}

#[test]
fn a_file_that_a_daemon_took_for_half_written_is_found_by_the_next_start() {
    // For as long as this story lasts, what looks half written is not taken in.
    let world = World::new().config("posts: {settle_ms: 3600000}\n");
    world.post("2026-11-20-n00001.md", &text(1, 0));
    world.write(
        "posts/2026-11-20-n00002.md",
        "---\ntitle: 第00002号消息\n---\n",
    );
    world.start().kill9();
    assert!(!world.read("public/feed.xml").contains("第00002号消息"));
    // Its folder does not change.
    fs::write(world.path("posts/2026-11-20-n00002.md"), text(2, 0)).unwrap();
    world.run(&["build"], 0);
    assert!(world.read("public/feed.xml").contains("第00002号消息"));
}

#[test]
fn a_post_that_a_new_link_leads_to_is_not_taken_for_one_that_stayed() {
    let world = World::new().config("feeds: {formats: [rss], pages: false, archives: []}\n");
    world.write("posts/a/sub/deep/2026-11-20-n00001.md", &text(1, 0));
    let told = |sql: &str| -> String {
        world.run(&["build"], 0);
        let catalog = rusqlite::Connection::open(world.path("var/catalog.db")).unwrap();
        catalog.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    // Once no folder is so young that its times do not tell.
    let passed = "select cast(count(*) as text) from folders where inode > 0";
    while is_on_known_file_system(&world) && told(passed) != "4" {}
    world.rename("posts/a/sub", "posts/sub");
    fs::remove_dir(world.path("posts/a")).unwrap();
    std::os::unix::fs::symlink(".", world.path("posts/a")).unwrap();
    let path = told("select path from posts");
    assert_eq!(path, "posts/sub/deep/2026-11-20-n00001.md");
}
