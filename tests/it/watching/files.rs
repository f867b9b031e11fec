//! Files that are written, marked and named in odd ways.

use std::ffi::OsStr;
use std::fs::{File, Permissions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use super::*;

#[test]
fn a_slow_writer_is_waited_for_and_its_post_is_never_shown_half() {
    let world = world("settle_ms: 300");
    let daemon = world.start();
    let mut file = File::create(world.path("posts/2026-11-20-slow.md")).unwrap();
    let whole = today(
        "慢慢写成",
        "demo",
        "演示",
        "第一段。\n\n第二段。\n\n最后一段。",
    );
    let (front, body) = whole.split_at(whole.find("第一段").unwrap());
    let (first, rest) = body.split_at(body.find("第二段").unwrap());
    for part in [front, first] {
        file.write_all(part.as_bytes()).unwrap();
        // Two beats are two rounds, with the file quiet for longer than it takes to settle in between.
        beat(&world, &daemon);
        daemon.wait_for_output("nothing changed");
        beat(&world, &daemon);
        assert!(!daemon.get("/feed.xml").text().contains("慢慢写成"));
    }
    file.write_all(rest.as_bytes()).unwrap();
    drop(file);
    let feed = daemon.wait_for("/feed.xml", |answer| answer.text().contains("慢慢写成"));
    assert!(feed.text().contains("最后一段"));
    is_as_fresh(&world, &daemon);
    // Five beats, and the post once.
    announced(&daemon, 6);
    assert!(daemon.terminate().success());
}

#[test]
fn a_post_that_is_emptied_and_rewritten_again_and_again_is_one_entry_and_one_message() {
    let world = world("settle_ms: 60000");
    let daemon = world.start();
    for version in 0..5 {
        world.write("posts/2026-11-20-again.md", "");
        beat(&world, &daemon);
        let text = today("反复重写", "demo", "演示", &format!("第{version}版正文。"));
        world.write("posts/2026-11-20-again.md", &text);
        let words = format!("第{version}版正文");
        let feed = daemon.wait_for("/feed.xml", |answer| answer.text().contains(&words));
        assert_eq!(
            feed.text()
                .matches("<title type=\"text\">反复重写")
                .count()
                .max(1),
            1
        );
    }
    is_as_fresh(&world, &daemon);
    // Five beats, the last one, and the post once.
    announced(&daemon, 7);
}

#[test]
fn a_new_text_of_the_same_size_and_time_is_noticed() {
    let world = world("");
    let name = "posts/2026-11-20-same.md";
    world.write(name, &post("甲稿完"));
    world.run(&["build"], 0);
    let time = std::fs::metadata(world.path(name))
        .unwrap()
        .modified()
        .unwrap();
    let swap = |title: &str| {
        world.write(name, &post(title));
        let file = File::options().write(true).open(world.path(name)).unwrap();
        file.set_modified(time).unwrap();
    };
    // Between two runs, and within one.
    swap("乙稿完");
    world.run(&["build"], 0);
    assert!(world.read("public/feed.xml").contains("乙稿完"));
    let daemon = world.start();
    swap("丙稿完");
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("丙稿完"));
    is_as_fresh(&world, &daemon);
}

#[test]
fn times_from_another_age_change_nothing() {
    let world = world("");
    let daemon = world.start();
    let far = Duration::from_secs(10 * 365 * 86_400);
    for (name, time) in [
        ("old", SystemTime::UNIX_EPOCH),
        ("older", SystemTime::UNIX_EPOCH - far),
        ("future", SystemTime::now() + far),
    ] {
        for title in ["初稿", "改稿"] {
            let path = format!("posts/2026-11-20-{name}.md");
            world.write(&path, &post(&format!("{title}{name}")));
            let file = File::options().write(true).open(world.path(&path)).unwrap();
            file.set_modified(time).unwrap();
            // Whoever has it open for writing is waited for.
            drop(file);
            let words = format!("{title}{name}");
            daemon.wait_for("/feed.xml", |answer| answer.text().contains(&words));
        }
    }
    is_as_fresh(&world, &daemon);
}

#[test]
fn a_file_that_may_not_be_read_is_read_as_soon_as_it_may() {
    if !has("setpriv") {
        return;
    }
    let world = world("settle_ms: 100");
    let path = world.path("posts/2026-11-20-secret.md");
    // Root reads everything, so even root's daemon gets no privileges here.
    let plain = world.command(&["run"]);
    let mut command = Command::new("setpriv");
    command.args(["--inh-caps=-all", "--bounding-set=-all", "--"]);
    command.arg(plain.get_program()).args(plain.get_args());
    command.current_dir(world.path(""));
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if !is_root() {
        command = plain;
    }
    let daemon = world.start_with(command);
    let open = |mode| std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    world.post("2026-11-20-secret.md", &post("机密"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("机密"));
    open(0o000);
    daemon.wait_for("/feed.xml", |answer| !answer.text().contains("机密"));
    open(0o644);
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("机密"));
    let folder = world.path("posts/closed");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, Permissions::from_mode(0o000)).unwrap();
    beat(&world, &daemon);
    std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    beat(&world, &daemon);
    world.post("closed/2026-11-20-inside.md", &post("门内"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("门内"));
    is_as_fresh(&world, &daemon);
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout == b"0\n"
}

#[test]
fn a_file_becomes_a_folder_and_a_file_again() {
    let world = world("");
    let daemon = world.start();
    let path = world.path("posts/2026-11-20-shape.md");
    world.post("2026-11-20-shape.md", &post("文件"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("文件"));
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    world.post("2026-11-20-shape.md/2026-11-20-inner.md", &post("夹内"));
    daemon.wait_for("/feed.xml", |answer| {
        let text = answer.text();
        text.contains("夹内") && !text.contains("文件")
    });
    is_as_fresh(&world, &daemon);
    std::fs::remove_dir_all(&path).unwrap();
    world.post("2026-11-20-shape.md", &post("文件"));
    daemon.wait_for("/feed.xml", |answer| {
        let text = answer.text();
        !text.contains("夹内") && text.contains("文件")
    });
    is_as_fresh(&world, &daemon);
}

#[test]
fn names_that_are_no_text_and_names_that_are_too_long() {
    let world = world("");
    let daemon = world.start();
    let posts = world.path("posts");
    let odd = posts.join(OsStr::from_bytes(b"2026-11-20-\xb2\xe2\xca\xd4.md"));
    std::fs::write(&odd, post("无名")).unwrap();
    let longest = format!("2026-11-20-{}.md", "x".repeat(255 - 14));
    std::fs::write(posts.join(&longest), post("长名")).unwrap();
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("长名"));
    is_as_fresh(&world, &daemon);
    std::fs::rename(&odd, posts.join("2026-11-20-named.md")).unwrap();
    std::fs::remove_file(posts.join(&longest)).unwrap();
    daemon.wait_for("/feed.xml", |answer| {
        let text = answer.text();
        text.contains("无名") && !text.contains("长名")
    });
    is_as_fresh(&world, &daemon);
}

#[test]
fn pipes_and_links_that_lead_nowhere_come_and_go() {
    let world = world("");
    let daemon = world.start();
    let posts = world.path("posts");
    run_in(&posts, "mkfifo", &["2026-11-20-pipe.md"]);
    std::os::unix::fs::symlink("nowhere.md", posts.join("2026-11-20-link.md")).unwrap();
    std::os::unix::fs::symlink("2026-11-20-self.md", posts.join("2026-11-20-self.md")).unwrap();
    is_as_fresh(&world, &daemon);
    world.write("posts/nowhere.md", &post("到此"));
    for name in ["2026-11-20-pipe.md", "2026-11-20-self.md"] {
        std::fs::remove_file(posts.join(name)).unwrap();
    }
    // What a link leads to raises no event at the link: touching the link does.
    std::fs::remove_file(posts.join("2026-11-20-link.md")).unwrap();
    std::os::unix::fs::symlink("nowhere.md", posts.join("2026-11-20-link.md")).unwrap();
    is_as_fresh(&world, &daemon);
}
