//! The program dies at named places: nothing is lost, nothing comes more than twice,
//! and twice only what was caught between its claim and its record. `TAGWIRE_KILLS` makes it longer.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::fake_telegram::{Fault, Only};
use crate::killed_at_random::{
    CHATS, CONFIG, Luck, caught, check_messages, kills, post, published_as_if_never_killed, title,
    worked_off,
};
use crate::world::{DEADLINE, World, today};

/// Where it dies.
const POINTS: &[&str] = &[
    "after-catalog",
    "after-placing",
    "after-feeds",
    "planning",
    "after-planning",
    "claiming",
    "after-claiming",
    "leaving",
    "after-answer",
    "before-commit",
    "after-commit",
];

/// A world with six readers, of which the first start has taken note.
pub fn world() -> World {
    let world = World::new().with_telegram().config(CONFIG);
    let telegram = world.telegram();
    telegram.without_limits(true);
    telegram.forgive_unread();
    for chat in CHATS {
        telegram.add_user(chat, "Li", "zh-hans");
        telegram.user_starts(chat);
    }
    // Nobody waits for an answer to his /start.
    telegram.take_updates();
    world.run(&["once"], 0);
    world
}

/// Waits for a process to end by itself; after a minute it is a failure.
pub fn end(mut child: Child) -> ExitStatus {
    let pid = child.id().to_string();
    let (done, wait) = mpsc::channel::<()>();
    let watchdog = std::thread::spawn(move || {
        if wait.recv_timeout(DEADLINE).is_err() {
            let _ = Command::new("kill").args(["-9", &pid]).status();
            return false;
        }
        true
    });
    let status = child.wait().unwrap();
    let _ = done.send(());
    assert!(watchdog.join().unwrap(), "it never came to its end");
    status
}

pub fn quietly(mut command: Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(Stdio::null()).spawn().unwrap()
}

/// Works off what is left and looks at every message of every reader.
pub fn nothing_lost(world: &World, posts: usize, suspects: &BTreeSet<(i64, String)>, what: &str) {
    let daemon = world.start();
    worked_off(world, posts);
    assert!(daemon.terminate().success());
    let doubled = check_messages(world, posts, suspects);
    println!(
        "{what}, {posts} posts, {} messages: 0 lost, {doubled} doubled, {} unknown",
        posts * CHATS.count(),
        suspects.len()
    );
    published_as_if_never_killed(world);
}

#[test]
fn what_never_left_is_no_copy_however_often_it_dies_before() {
    let world = world();
    post(&world, 1);
    // Each of the six readers' rows is met three times.
    for _ in 0..3 * CHATS.count() {
        let mut command = world.command(&["run"]);
        command.env("TAGWIRE_CRASH_AT", "after-claiming");
        let status = end(quietly(command));
        assert_eq!(status.signal(), Some(9), "{status}");
        assert_eq!(caught(&world).len(), 1);
    }
    let nobody = BTreeSet::new();
    nothing_lost(&world, 1, &nobody, "many crashes before anything left");
    assert!(!world.path("var/store.db.leaving").exists());
}

/// How often each message of a chat may have come twice.
fn unknowns(world: &World) -> BTreeMap<i64, i64> {
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    let sql = "select cast(chat as integer), unknowns from outbox where unknowns > 0";
    let mut rows = store.prepare(sql).unwrap();
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// The chat asked for so much to wait.
fn pause(world: &World, chat: i64, until: i64) {
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    let sql = "update chats set paused_until = ? where chat = ?";
    let paused = store.execute(sql, (until, chat.to_string())).unwrap();
    assert_eq!(paused, 1);
}

#[test]
fn after_a_power_cut_whatever_was_claimed_may_have_left() {
    let world = world();
    post(&world, 1);
    let file = world.path("var/store.db.leaving");
    // Nobody waits for this file to reach the disk: it may be gone, or say what was true in another boot.
    let cuts: [&dyn Fn(); 2] = [&|| std::fs::remove_file(&file).unwrap(), &|| {
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace(" boot ", " boat ")).unwrap();
    }];
    let mut suspects = BTreeSet::new();
    for cut in cuts {
        let mut command = world.command(&["run"]);
        command.env("TAGWIRE_CRASH_AT", "after-claiming");
        assert_eq!(end(quietly(command)).signal(), Some(9));
        suspects.extend(caught(&world));
        cut();
        // The next run shall claim another one's row, however long it takes to start.
        for (chat, _) in &suspects {
            pause(&world, *chat, i64::MAX);
        }
    }
    for (chat, _) in &suspects {
        pause(&world, *chat, 0);
    }
    let chats: Vec<i64> = suspects.iter().map(|(chat, _)| *chat).collect();
    assert_eq!(chats.len(), 2, "{suspects:?}");
    nothing_lost(&world, 1, &suspects, "2 power cuts");
    assert_eq!(
        unknowns(&world),
        chats.iter().map(|chat| (*chat, 1)).collect()
    );
}

#[test]
fn dying_at_every_named_place_loses_nothing() {
    let mut luck = Luck::new();
    let world = world();
    let (mut posts, mut runs) = (0, 0);
    let mut suspects = BTreeSet::new();
    for _ in 0..kills(18).div_ceil(POINTS.len()) {
        for place in POINTS {
            posts += 1;
            post(&world, posts);
            // Places that are passed once a round are met at their first passage.
            let often = matches!(
                *place,
                "claiming"
                    | "after-claiming"
                    | "leaving"
                    | "after-answer"
                    | "before-commit"
                    | "after-commit"
            );
            let nth = if often { 1 + luck.below(4) } else { 1 };
            let mut command = world.command(&["run"]);
            command.env("TAGWIRE_CRASH_AT", format!("{place}:{nth}"));
            let status = end(quietly(command));
            assert_eq!(status.signal(), Some(9), "{place}:{nth}: {status}");
            runs += 1;
            let caught = caught(&world);
            let chats: BTreeSet<i64> = caught.iter().map(|(chat, _)| *chat).collect();
            assert_eq!(chats.len(), caught.len(), "{place}: two a chat");
            // Older ones may be under way wherever it dies, but not one that was not planned yet.
            let early = ["after-catalog", "after-placing", "after-feeds", "planning"];
            let newest = format!("n{posts:05}");
            let is_newest = |(_, id): &(i64, String)| id.ends_with(&newest);
            assert!(!early.contains(place) || !caught.iter().any(is_newest));
            suspects.extend(caught);
        }
    }
    nothing_lost(
        &world,
        posts,
        &suspects,
        &format!("{runs} crashes at named places"),
    );
}

/// Waits until every post was told to every chat, alone or in a digest.
fn all_told(world: &World, posts: usize) {
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    store.busy_timeout(DEADLINE).unwrap();
    let end = Instant::now() + DEADLINE;
    let sql = "select count(*) from outbox where kind = 'alert' and state = 'sent'";
    loop {
        let sent: i64 = store.query_row(sql, [], |row| row.get(0)).unwrap();
        if sent == (posts * CHATS.count()) as i64 {
            return;
        }
        assert!(Instant::now() < end, "{sent} alerts are recorded as sent");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn dying_between_two_digests_loses_no_post_of_either() {
    const AT_ONCE: usize = 3;
    let mut luck = Luck::new();
    let world = world().config(&CONFIG.replace("fold_above: 0", "fold_above: 1"));
    let rounds = kills(18).div_ceil(9);
    let mut suspects = BTreeSet::new();
    for round in 0..rounds {
        for number in 1..=AT_ONCE {
            post(&world, round * AT_ONCE + number);
        }
        let nth = 1 + luck.below(4);
        let mut command = world.command(&["run"]);
        command.env("TAGWIRE_CRASH_AT", format!("between-digests:{nth}"));
        assert_eq!(end(quietly(command)).signal(), Some(9), "digest {nth}");
        suspects.extend(caught(&world).into_iter().map(|(chat, _)| (chat, round)));
        let daemon = world.start();
        all_told(&world, (round + 1) * AT_ONCE);
        assert!(daemon.terminate().success());
    }
    let mut doubled = 0;
    for chat in CHATS {
        let messages = world.telegram().messages(chat);
        for number in 1..=rounds * AT_ONCE {
            let title = title(number);
            let copies = messages.iter().filter(|sent| sent.text.contains(&title));
            let copies = copies.count();
            assert!(
                (1..=2).contains(&copies),
                "{title} came {copies} times to {chat}"
            );
            if copies == 2 {
                doubled += 1;
                let caught = suspects.contains(&(chat, (number - 1) / AT_ONCE));
                assert!(caught, "{title} came twice to {chat} for no reason");
            }
        }
        assert!(
            messages
                .iter()
                .any(|sent| sent.text.contains(&title(1)) && sent.text.contains(&title(2))),
            "no digest came to {chat}"
        );
    }
    println!(
        "{rounds} crashes between digests, {} posts: 0 lost, {doubled} doubled, {} unknown",
        rounds * AT_ONCE,
        suspects.len()
    );
}

#[test]
fn dying_after_the_request_is_written_doubles_at_most_that_message() {
    let world = world();
    let mut suspects = BTreeSet::new();
    let rounds = kills(18).div_ceil(9);
    for round in 1..=rounds {
        let telegram = world.telegram();
        telegram.fail_next(Fault::Hang, Only::chat(101).and_method("sendMessage"), 1);
        post(&world, round);
        let mut child = quietly(world.command(&["run"]));
        telegram.wait_for("a request that hangs", |state| {
            let hung = state.journal.iter().filter(|entry| entry.fault.is_some());
            (hung.count() == round).then_some(())
        });
        child.kill().unwrap();
        child.wait().unwrap();
        let caught = caught(&world);
        assert!(caught.iter().any(|(chat, _)| *chat == 101), "{caught:?}");
        suspects.extend(caught);
    }
    nothing_lost(
        &world,
        rounds,
        &suspects,
        &format!("{rounds} crashes after the request"),
    );
}

#[test]
fn a_command_that_died_before_it_was_acknowledged_is_carried_out_once() {
    let world = World::new().with_telegram();
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    world.start().kill9();
    let telegram = world.telegram();
    telegram.forgive_unread();
    telegram.add_user(7, "Li", "zh-hans");
    telegram.user_starts(7);
    telegram.user_says(7, "/follow 演示");
    // It dies after the second command, again and again. What was answered is not taken up again.
    for _ in 0..2 {
        let mut command = world.command(&["run"]);
        command.env("TAGWIRE_CRASH_AT", "after-command:2");
        assert_eq!(end(quietly(command)).signal(), Some(9));
        telegram.user_says(7, "/following");
        telegram.user_says(7, "/following");
    }
    let daemon = world.start();
    telegram.wait_until_updates_are_taken();
    assert!(daemon.terminate().success());
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    let sql = "select count(*), count(distinct name) from subscriptions where chat = '7'";
    let follows: (i64, i64) = store
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    assert_eq!(follows, (1, 1));
}
