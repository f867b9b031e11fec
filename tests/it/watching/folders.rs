//! Folders that move, vanish, come back, and are not what they seem.

use std::os::unix::fs::symlink;

use super::*;

/// Enough posts that their vanishing is no deletion by hand.
fn fill(world: &World, folder: &str) {
    std::fs::create_dir_all(world.path(folder)).unwrap();
    for number in 0..25 {
        world.write(
            &format!("{folder}/2026-11-20-n{number}.md"),
            &post(&format!("第{number}篇")),
        );
    }
}

/// The feed without the posts that came later.
fn shows_all(daemon: &Daemon) -> bool {
    let feed = daemon.get("/feed/demo.json").text();
    feed.matches("\"title\"").count() >= 25
}

#[test]
fn the_folder_is_renamed_and_comes_back() {
    let world = World::new().config(
        "posts: {delete_grace_seconds: 0, rescan_seconds: 86400, poll_seconds: 1}\nfeeds: {limit: 100}\n",
    );
    fill(&world, "posts");
    let daemon = world.start();
    let before = daemon.get("/feed.xml").body;
    world.rename("posts", "away");
    daemon.wait_for_output("its posts stay as they were");
    assert_eq!(daemon.get("/feed.xml").body, before);
    world.rename("away", "posts");
    is_as_fresh(&world, &daemon);
    assert!(shows_all(&daemon));
    announced(&daemon, 1);
    assert_eq!(
        daemon
            .output()
            .matches("its posts stay as they were")
            .count(),
        1
    );
}

#[test]
fn another_file_system_is_unmounted_and_returns() {
    let world = World::new().config(
        "posts: {delete_grace_seconds: 0, rescan_seconds: 1, poll_seconds: 1}\nfeeds: {limit: 100}\n",
    );
    fill(&world, "disk");
    let mounted = Mounted::over(&world);
    let daemon = world.start();
    let before = daemon.get("/feed.xml").body;
    mounted.unmount();
    let said = daemon.wait_for_output("taken for an unmounted folder");
    assert!(said.contains("but 25 were known"), "{said}");
    // Another full look or two, and nothing is said or done again.
    let looks = said.matches("nothing changed").count();
    wait_until(|| daemon.output().matches("nothing changed").count() > looks + 1);
    assert_eq!(daemon.get("/feed.xml").body, before);
    assert_eq!(daemon.output().matches("taken for an unmounted").count(), 1);
    mounted.mount();
    is_as_fresh(&world, &daemon);
    assert!(shows_all(&daemon));
    announced(&daemon, 1);
    drop(daemon);
}

/// The folder `disk` of a world over its folder `posts`: mounted, or moved where that is not permitted.
struct Mounted {
    disk: std::path::PathBuf,
    posts: std::path::PathBuf,
    really: bool,
}

impl Mounted {
    fn over(world: &World) -> Mounted {
        let mut mounted = Mounted {
            disk: world.path("disk"),
            posts: world.path("posts"),
            really: true,
        };
        mounted.really = mounted.try_mount();
        if !mounted.really {
            eprintln!("SIMULATED: mount is not permitted here, the folder is moved instead");
            mounted.mount();
        }
        mounted
    }

    fn try_mount(&self) -> bool {
        Command::new("mount")
            .arg("--bind")
            .args([&self.disk, &self.posts])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    fn mount(&self) {
        if self.really {
            assert!(self.try_mount());
        } else {
            std::fs::remove_dir(&self.posts).unwrap();
            std::fs::rename(&self.disk, &self.posts).unwrap();
        }
    }

    fn unmount(&self) {
        if self.really {
            run_in(
                std::path::Path::new("/"),
                "umount",
                &["-l", self.posts.to_str().unwrap()],
            );
        } else {
            std::fs::rename(&self.posts, &self.disk).unwrap();
            std::fs::create_dir(&self.posts).unwrap();
        }
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if self.really {
            let _ = Command::new("umount")
                .arg("-l")
                .arg(&self.posts)
                .stderr(Stdio::null())
                .status();
        }
    }
}

fn wait_until(wish: impl Fn() -> bool) {
    let start = Instant::now();
    while !wish() {
        assert!(start.elapsed() < DEADLINE);
        std::thread::yield_now();
    }
}

#[test]
fn a_folder_that_is_emptied_keeps_its_posts_until_told_otherwise() {
    let world = World::new()
        // Long enough that no pause of a busy machine makes two rounds of what is moved at once.
        .config("posts: {delete_grace_seconds: 0, rescan_seconds: 86400, debounce_ms: 3000}\nfeeds: {limit: 100}\n");
    fill(&world, "posts");
    let daemon = world.start();
    let before = daemon.get("/feed.xml").body;
    // Each file has an event of its own, so no scan is asked.
    std::fs::create_dir(world.path("aside")).unwrap();
    let move_all = |from: &str, to: &str| {
        for entry in std::fs::read_dir(world.path(from)).unwrap() {
            let name = entry.unwrap().file_name();
            let (from, to) = (world.path(from).join(&name), world.path(to).join(&name));
            std::fs::rename(from, to).unwrap();
        }
    };
    move_all("posts", "aside");
    daemon.wait_for_output("taken for an unmounted folder");
    assert_eq!(daemon.get("/feed.xml").body, before);
    move_all("aside", "posts");
    is_as_fresh(&world, &daemon);
    assert!(shows_all(&daemon));
    announced(&daemon, 1);
    assert!(daemon.terminate().success());
    // An admin who means it says so.
    move_all("posts", "aside");
    world.run(&["build"], 0);
    assert!(world.read("public/feed.xml").contains("<entry>"));
    world.run(&["build", "--set", "posts.vanish_guard=0"], 0);
    assert!(!world.read("public/feed.xml").contains("<entry>"));
}

#[test]
fn one_of_two_folders_is_away() {
    let world = World::new().config(
        "posts: {dir: [posts, old], delete_grace_seconds: 0, rescan_seconds: 1}\nfeeds: {limit: 100}\n",
    );
    fill(&world, "old");
    world.post("2026-11-20-other.md", &post("另一篇"));
    let daemon = world.start();
    world.rename("old", "away");
    std::fs::create_dir(world.path("old")).unwrap();
    daemon.wait_for_output("posts.dir old holds no post at all");
    beat(&world, &daemon);
    assert!(shows_all(&daemon));
    std::fs::remove_dir(world.path("old")).unwrap();
    world.rename("away", "old");
    is_as_fresh(&world, &daemon);
    assert!(shows_all(&daemon));
}

#[test]
fn the_folder_is_a_link_that_is_turned_to_another() {
    let world = world("dir: current, poll_seconds: 1");
    for release in ["one", "two"] {
        world.write(
            &format!("{release}/2026-11-20-{release}.md"),
            &post(release),
        );
    }
    let turn = |to: &str| {
        symlink(to, world.path("next")).unwrap();
        world.rename("next", "current");
    };
    turn("one");
    let daemon = world.start();
    assert!(daemon.get("/feed.xml").text().contains("/one</id>"));
    turn("two");
    daemon.wait_for("/feed.xml", |answer| {
        let text = answer.text();
        text.contains("/two</id>") && !text.contains("/one</id>")
    });
    std::fs::remove_dir(world.path("posts")).unwrap();
    symlink("two", world.path("posts")).unwrap();
    world.post("2026-11-20-later.md", &post("后来"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("后来"));
    is_as_fresh(&world, &daemon);
}

#[test]
fn links_to_folders_and_loops_come_while_it_runs() {
    let world = world("");
    world.write("elsewhere/2026-11-20-linked.md", &post("别处"));
    let daemon = world.start();
    std::fs::create_dir(world.path("posts/deep")).unwrap();
    symlink("../elsewhere", world.path("posts/linked")).unwrap();
    symlink("..", world.path("posts/deep/loop")).unwrap();
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("别处"));
    is_as_fresh(&world, &daemon);
    world.write("elsewhere/2026-11-20-linked.md", &post("别处改"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("别处改"));
    world.write("elsewhere/n/2026-11-20-new.md", &post("别处新"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("别处新"));
    is_as_fresh(&world, &daemon);
    std::fs::remove_file(world.path("posts/linked")).unwrap();
    std::fs::remove_file(world.path("posts/deep/loop")).unwrap();
    daemon.wait_for("/feed.xml", |answer| !answer.text().contains("别处"));
    is_as_fresh(&world, &daemon);
}

#[test]
fn folders_are_moved_about_and_still_watched() {
    let world = world("");
    world.write("posts/a/b/2026-11-20-n.md", &post("原处"));
    world.write("outside/c/2026-11-20-m.md", &post("外来"));
    let daemon = world.start();
    world.rename("posts/a", "posts/z");
    world.rename("outside", "posts/y");
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("外来"));
    is_as_fresh(&world, &daemon);
    for (path, title) in [
        ("z/b/2026-11-20-n.md", "原处改"),
        ("y/c/2026-11-20-m.md", "外来改"),
    ] {
        world.write(&format!("posts/{path}"), &post(title));
        daemon.wait_for("/feed.xml", |answer| answer.text().contains(title));
    }
    world.rename("posts/z", "posts/a");
    world.rename("posts/y", "outside");
    daemon.wait_for("/feed.xml", |answer| !answer.text().contains("外来"));
    world.write("posts/a/b/2026-11-20-n.md", &post("归位"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("归位"));
    is_as_fresh(&world, &daemon);
}

#[test]
fn a_folder_ten_thousand_deep_harms_nobody() {
    if !has("perl") {
        return;
    }
    let world = world("poll_seconds: 1");
    let daemon = world.start();
    let down = "for (1..10000) { mkdir 'd' or die; chdir 'd' or die }";
    // It comes in one move, as by `mv` or an unpacked archive: while 10,000 `mkdir` go on beneath it, the
    // watcher's library looks below each of them anew, which may take it minutes on a busy machine.
    run_in(&world.path("."), "perl", &["-e", down]);
    world.rename("d", "posts/d");
    is_as_fresh(&world, &daemon);
    world.write("posts/d/d/2026-11-20-deep.md", &post("深处"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("深处"));
    is_as_fresh(&world, &daemon);
    assert!(daemon.terminate().success());
    // Too deep for a clean-up by full names.
    run_in(&world.path("posts"), "rm", &["-rf", "d"]);
}

#[test]
fn a_post_in_a_folder_that_is_new_is_told_and_not_searched_for() {
    // A search would pass it over for as long as this story lasts.
    let world = World::new().config("posts: {settle_ms: 3600000}\n");
    world.post("2026-11-20-first.md", &post("第一篇"));
    let daemon = world.start();
    std::fs::create_dir(world.path("posts/new")).unwrap();
    world.post("new/2026-11-20-in-it.md", &post("新目录里的"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("新目录里的"));
    world.post("2026-11-20-beside.md", &post("旁边的"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("旁边的"));
}

#[test]
fn without_folder_and_catalog_the_feeds_stay_as_they_were() {
    let world = World::new();
    world.post("2026-11-20-first.md", &post("第一篇"));
    world.run(&["build"], 0);
    let feed = world.read("public/feed.xml");
    assert!(feed.contains("第一篇"));
    let said = world.run_err(&["build", "--set", "posts.dir=nowhere"], 2);
    assert!(said.contains("can be read at nowhere"), "{said}");
    assert_eq!(world.read("public/feed.xml"), feed);
    std::fs::remove_file(world.path("var/catalog.db")).unwrap();
    world.rename("posts", "away");
    world.run(&["build"], 2);
    assert_eq!(world.read("public/feed.xml"), feed);
    world.rename("away", "posts");
    world.post("2026-11-20-second.md", &post("第二篇"));
    world.run(&["build"], 0);
    let feed = world.read("public/feed.xml");
    assert!(feed.contains("第一篇") && feed.contains("第二篇"));
}
