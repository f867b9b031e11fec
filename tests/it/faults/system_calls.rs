//! The program dies, or its disk fails, at the nth system call (strace): nothing is lost, and nothing comes twice but
//! what was caught between its claim and its record. Without strace these stories say that they are skipped.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use super::crashes::{end, nothing_lost, quietly, world};
use crate::killed_at_random::{Luck, caught, kills, post};
use crate::world::World;

/// System calls that change a disk or speak to somebody.
const CALLS: &str = "pwrite64,fdatasync,fsync,rename,renameat,renameat2,unlink,unlinkat,write,writev,sendto,recvfrom";

/// The program below strace, which meddles with it.
fn below_strace(world: &World, arguments: &[&str], meddling: &[String]) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null"]).args(meddling);
    world.command_below(strace, arguments)
}

/// The program below strace, which kills it at the nth such call of a thread.
fn killed_at_call(world: &World, arguments: &[&str], calls: &str, nth: u64) -> ExitStatus {
    let kill = format!("inject={calls}:signal=KILL:when={nth}");
    let trace = format!("trace={calls}");
    let meddling = ["-e".to_owned(), trace, "-e".to_owned(), kill];
    end(quietly(below_strace(world, arguments, &meddling)))
}

pub fn can_trace() -> bool {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "true"]);
    let fine = command
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !fine {
        eprintln!(
            "SKIPPED: no strace here, or it may not trace: kills at the nth system call are not tried"
        );
    }
    fine
}

#[test]
fn dying_at_the_nth_system_call_loses_nothing() {
    if !can_trace() {
        return;
    }
    let mut luck = Luck::new();
    let world = world();
    let (mut posts, mut died) = (0, 0);
    let mut suspects = BTreeSet::new();
    let runs = kills(12);
    for _ in 0..runs {
        posts += 1;
        post(&world, posts);
        let nth = 1 + luck.below(60);
        let status = killed_at_call(&world, &["once"], CALLS, nth);
        died += usize::from(status.signal() == Some(9) || status.code() == Some(137));
        suspects.extend(caught(&world));
    }
    assert!(died > 0, "no run was killed");
    nothing_lost(
        &world,
        posts,
        &suspects,
        &format!("{runs} runs below strace, {died} killed"),
    );
}

/// The nth sync of the store in each thread fails once; the disk then says that all is well, as Linux does.
fn with_a_failing_sync(world: &World, arguments: &[&str], nth: usize) -> Command {
    let mut meddling = vec!["-e".to_owned(), "trace=fdatasync,fsync".to_owned()];
    meddling.push("-e".to_owned());
    meddling.push(format!("inject=fdatasync,fsync:error=EIO:when={nth}"));
    for file in ["store.db", "store.db-wal"] {
        meddling.push("-P".to_owned());
        meddling.push(world.path("var").join(file).display().to_string());
    }
    below_strace(world, arguments, &meddling)
}

#[test]
fn a_disk_that_did_not_take_a_sync_is_not_believed_again() {
    if !can_trace() {
        return;
    }
    let world = world();
    let (mut posts, mut failed) = (0, 0);
    let mut suspects = BTreeSet::new();
    // Each sync that one pass makes fails once, until a pass makes fewer.
    for nth in 1.. {
        posts += 1;
        post(&world, posts);
        let run = with_a_failing_sync(&world, &["once"], nth)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        if run.status.success() {
            break;
        }
        failed += 1;
        assert_eq!(run.status.code(), Some(4), "{said}");
        assert!(said.contains("look at the disk"), "{said}");
        // What was claimed before that sync may be under way; nothing is claimed after it.
        let caught = caught(&world);
        let chats: BTreeSet<i64> = caught.iter().map(|(chat, _)| *chat).collect();
        assert_eq!(chats.len(), caught.len(), "sync {nth}: two a chat");
        suspects.extend(caught);
    }
    assert!(failed > 8, "only {failed} syncs failed");
    // The daemon ends by itself too.
    posts += 1;
    post(&world, posts);
    let mut run = with_a_failing_sync(&world, &["run"], 5);
    run.stdout(Stdio::null()).stderr(Stdio::null());
    assert_eq!(end(run.spawn().unwrap()).code(), Some(4));
    suspects.extend(caught(&world));
    let what = format!("{} failed syncs", failed + 1);
    nothing_lost(&world, posts, &suspects, &what);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().flatten() {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[test]
fn a_restore_that_dies_leaves_the_old_store_or_the_new_one() {
    if !can_trace() {
        return;
    }
    let world = world();
    for number in 1..=2 {
        post(&world, number);
        world.run(&["once"], 0);
        if number == 1 {
            world.run(&["backup", "saved.db"], 0);
        }
    }
    copy(&world.path("var"), &world.path("kept"));
    let alerts = |world: &World| -> i64 {
        let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
        let sound: String = store
            .query_row("pragma integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(sound, "ok");
        store
            .query_row("select count(*) from outbox", [], |row| row.get(0))
            .unwrap()
    };
    let (old, new) = (12, 6);
    assert_eq!(alerts(&world), old);
    let (mut before, mut after, mut nth) = (0, 0, 0);
    loop {
        nth += 1;
        std::fs::remove_dir_all(world.path("var")).unwrap();
        copy(&world.path("kept"), &world.path("var"));
        let calls = "pwrite64,fdatasync,fsync,rename,renameat2,unlink,unlinkat,link,linkat,ftruncate,openat,copy_file_range,sendfile";
        let status = killed_at_call(&world, &["restore", "saved.db"], calls, nth);
        let now = alerts(&world);
        assert!(now == old || now == new, "call {nth}: {now} rows");
        before += usize::from(now == old);
        after += usize::from(now == new);
        // Whatever lies about, the next one succeeds.
        world.run(&["restore", "saved.db"], 0);
        assert_eq!(alerts(&world), new);
        if status.success() || nth > 400 {
            break;
        }
    }
    assert!(before > 3 && after > 0, "{before} before, {after} after");
    println!(
        "{nth} restores killed at a call each: {before} left the old store, {after} the new one"
    );
}
