//! The ways in which editors save.

use std::os::unix::fs::symlink;
use std::path::Path;

use super::*;

type Save = fn(&Path, &str);

const VIM: [&str; 2] = ["vim", "vim.tiny"];
const NAME: &str = "2026-11-20-edited.md";

/// Saves a text as one editor does, while the daemon runs, and checks what comes of it.
fn saved_by(ways: &[(&str, Save)]) {
    let world = world("");
    world.post(NAME, &post("初稿"));
    let daemon = world.start();
    for (number, (way, save)) in ways.iter().enumerate() {
        let title = format!("第{number}稿完");
        save(&world.path("posts"), &post(&title));
        let feed = daemon.wait_for("/feed.xml", |answer| answer.text().contains(&title));
        assert_eq!(feed.text().matches("/edited</id>").count(), 1, "{way}");
    }
    is_as_fresh(&world, &daemon);
    announced(&daemon, 1);
    assert!(daemon.terminate().success());
}

#[test]
fn emacs_with_lock_autosave_and_backup() {
    let by_rename: Save = |posts, text| {
        symlink("me@here.1234:1700000000", posts.join(format!(".#{NAME}"))).unwrap();
        std::fs::write(posts.join(format!("#{NAME}#")), text).unwrap();
        std::fs::rename(posts.join(NAME), posts.join(format!("{NAME}~"))).unwrap();
        std::fs::write(posts.join(NAME), text).unwrap();
        std::fs::remove_file(posts.join(format!(".#{NAME}"))).unwrap();
        std::fs::remove_file(posts.join(format!("#{NAME}#"))).unwrap();
    };
    let precious: Save = |posts, text| {
        std::fs::write(posts.join("tmp1234abc"), text).unwrap();
        std::fs::rename(posts.join("tmp1234abc"), posts.join(NAME)).unwrap();
    };
    saved_by(&[
        ("backup by renaming", by_rename),
        ("file-precious-flag", precious),
    ]);
}

#[test]
fn vs_code_in_place_and_atomically() {
    let in_place: Save = |posts, text| std::fs::write(posts.join(NAME), text).unwrap();
    let atomic: Save = |posts, text| {
        let temp = posts.join(format!("{NAME}.vsctmp"));
        std::fs::write(&temp, text).unwrap();
        std::fs::rename(temp, posts.join(NAME)).unwrap();
    };
    let delete_first: Save = |posts, text| {
        std::fs::remove_file(posts.join(NAME)).unwrap();
        std::fs::write(posts.join(NAME), text).unwrap();
    };
    saved_by(&[
        ("in place", in_place),
        ("atomic", atomic),
        ("delete first", delete_first),
    ]);
}

fn vim(posts: &Path, text: &str, settings: &str) {
    std::fs::write(posts.join("../text"), text).unwrap();
    let command = format!("set swapfile {settings} | %d | 0r ../text | $d | wq");
    run_in(
        posts,
        VIM.iter().find(|vim| has(vim)).unwrap(),
        &["-u", "NONE", "-N", "-es", "-c", &command, NAME],
    );
}

#[test]
fn vim_with_each_kind_of_backup() {
    if !VIM.iter().any(|vim| has(vim)) {
        return;
    }
    let renamed: Save = |posts, text| vim(posts, text, "backup backupcopy=no");
    let copied: Save = |posts, text| vim(posts, text, "backup backupcopy=yes");
    let none: Save = |posts, text| vim(posts, text, "nobackup nowritebackup");
    saved_by(&[
        ("backupcopy=no", renamed),
        ("backupcopy=yes", copied),
        ("no backup", none),
    ]);
}

#[test]
fn sed_in_place() {
    let sed: Save = |posts, text| {
        let title = text.lines().nth(1).unwrap();
        run_in(
            posts,
            "sed",
            &["-i", &format!("s/^title: .*/{title}/"), NAME],
        );
    };
    saved_by(&[("sed -i", sed), ("and again", sed)]);
}
