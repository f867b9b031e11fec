//! Backups, and a store that comes back, moves to another machine, or gets another bot.

use std::time::Instant;

use crate::fake_telegram::FakeTelegram;
use crate::world::{DEADLINE, World, today};

const CHANNEL: i64 = -1_001_234_567_890;

/// A channel that follows everything, and reader 7, who will follow a tag.
fn world() -> World {
    let channel = format!("telegram: {{channels: [{{chat: {CHANNEL}, follow: [site]}}]}}\n");
    let world = World::new().with_telegram().config(&channel);
    add_chats(world.telegram());
    world.post(
        "2026-11-20-first.md",
        &today("早就有的", "demo", "演示", "正文。"),
    );
    world
}

fn add_chats(telegram: &FakeTelegram) {
    telegram.add_channel(CHANNEL, Some("market_news"), "快讯");
    telegram.add_user(7, "Li", "zh-hans");
}

/// Posts, and waits until both have it on record.
fn reaches_both(world: &World, name: &str, title: &str) {
    world.post(name, &today(title, "demo", "演示", "正文。"));
    for chat in [CHANNEL, 7] {
        assert!(world.telegram().next_message(chat).text.contains(title));
    }
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    store.busy_timeout(DEADLINE).unwrap();
    let open = "select count(*) from outbox where state in ('pending', 'sending')";
    let start = Instant::now();
    while store
        .query_row(open, [], |row| row.get::<_, i64>(0))
        .unwrap()
        > 0
    {
        assert!(start.elapsed() < DEADLINE);
        std::thread::yield_now();
    }
}

fn follow(world: &World) {
    let telegram = world.telegram();
    telegram.user_starts(7);
    telegram.next_message(7);
    telegram.user_says(7, "/follow 演示");
    assert!(telegram.next_message(7).text.contains("已关注"));
}

#[test]
fn a_backup_is_made_while_it_runs_and_brings_a_lost_store_back() {
    let world = world();
    let daemon = world.start();
    follow(&world);
    reaches_both(&world, "2026-11-20-a.md", "甲篇");
    let said = world.run(&["backup", "saved.db"], 0);
    assert!(
        said.contains("2 subscriptions, 2 deliveries; verified"),
        "{said}"
    );
    let again = world.run_err(&["backup", "saved.db"], 4);
    assert!(again.contains("is there already"), "{again}");
    assert!(
        world
            .run_err(&["restore", "saved.db"], 3)
            .contains("stop it first")
    );
    reaches_both(&world, "2026-11-20-b.md", "乙篇");
    assert!(daemon.terminate().success());

    // A page in the middle is overwritten: the store is damaged.
    std::fs::write(
        world.path("var/store.db"),
        "no database at all. ".repeat(1000),
    )
    .unwrap();
    assert!(world.run_err(&["run"], 4).contains("restore a backup"));
    let said = world.run(&["restore", "saved.db"], 0);
    assert!(
        said.contains("is kept in var/store.db.before-restore-"),
        "{said}"
    );
    assert!(said.contains("are taken for sent"), "{said}");

    let daemon = world.start();
    reaches_both(&world, "2026-11-20-c.md", "丙篇");
    assert!(daemon.terminate().success());
    world.telegram().expect_no_more_messages();
}

#[test]
fn a_store_moves_to_another_machine_and_what_came_meanwhile_is_announced() {
    let old = world();
    let daemon = old.start();
    follow(&old);
    reaches_both(&old, "2026-11-20-a.md", "甲篇");
    assert!(daemon.terminate().success());
    old.run(&["backup", "saved.db"], 0);

    let new = world();
    // The fake learns that they know each other; for the bot this update is long past.
    new.telegram().user_starts(7);
    for name in ["2026-11-20-first.md", "2026-11-20-a.md"] {
        new.post(name, &old.read(&format!("posts/{name}")));
    }
    std::fs::copy(old.path("saved.db"), new.path("saved.db")).unwrap();
    let said = new.run(&["restore", "saved.db", "--announce"], 0);
    assert!(!said.contains("is kept in"), "{said}");
    new.post(
        "2026-11-20-b.md",
        &today("途中的", "demo", "演示", "正文。"),
    );
    let daemon = new.start();
    assert!(new.telegram().next_message(CHANNEL).text.contains("途中的"));
    assert!(new.telegram().next_message(7).text.contains("途中的"));
    assert!(daemon.terminate().success());
    new.telegram().expect_no_more_messages();
}

#[test]
fn what_is_no_backup_is_refused_and_the_store_stays() {
    let world = World::new();
    world.post("2026-11-20-a.md", &today("甲篇", "demo", "演示", "正文。"));
    world.run(&["once"], 0);
    world.run(&["backup", "saved.db"], 0);
    let store = std::fs::read(world.path("var/store.db")).unwrap();
    let saved = std::fs::read(world.path("saved.db")).unwrap();
    let mut bent = saved.clone();
    for byte in &mut bent[saved.len() / 2..] {
        *byte ^= 0x5a;
    }
    let broken: [(&str, &[u8]); 4] = [
        ("empty.db", b""),
        ("text.db", "这不是数据库。".as_bytes()),
        ("half.db", &saved[..saved.len() / 2]),
        ("bent.db", &bent),
    ];
    for (name, bytes) in broken {
        std::fs::write(world.path(name), bytes).unwrap();
        let said = world.run_err(&["restore", name], 4);
        assert!(said.contains(name), "{said}");
    }
    world.run_err(&["restore", "missing.db"], 4);
    assert!(!world.path("missing.db").exists());
    assert!(store == std::fs::read(world.path("var/store.db")).unwrap());
    let names: Vec<_> = std::fs::read_dir(world.path("var"))
        .unwrap()
        .flatten()
        .collect();
    assert!(
        names
            .iter()
            .all(|entry| !entry.file_name().to_string_lossy().contains("coming"))
    );
    world.run(&["restore", "saved.db"], 0);
    world.run(&["once"], 0);
}

#[test]
fn another_bot_serves_the_same_subscribers() {
    let world = world();
    let daemon = world.start();
    follow(&world);
    reaches_both(&world, "2026-11-20-a.md", "甲篇");
    assert!(daemon.terminate().success());
    // The fake knows one bot only, so it is the store's memory that is of another.
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    store
        .execute_batch(
            "update meta set value = '4711' where key = 'bot';
             insert or replace into meta values ('update_offset', '900000000');
             insert or replace into meta values ('bot_paused_until', '9000000000000');",
        )
        .unwrap();
    drop(store);
    let world = world.with_telegram();
    add_chats(world.telegram());
    let daemon = world.start();
    // A bot may not write first: the reader greets the new one, and follows what he followed.
    world.telegram().user_starts(7);
    world.telegram().next_message(7);
    reaches_both(&world, "2026-11-20-b.md", "乙篇");
    assert!(daemon.terminate().success());
    world.telegram().expect_no_more_messages();
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    let of_old_bot = "select count(*) from outbox where message_id is not null and post like '%/a'";
    assert_eq!(store.query_row(of_old_bot, [], |row| row.get(0)), Ok(0));
}

#[test]
fn a_new_store_beside_an_old_catalog_takes_note_of_everything_too() {
    let world = World::new();
    for number in 1..=3 {
        let post = today(&format!("第{number}篇"), "demo", "演示", "正文。");
        world.post(&format!("2026-11-20-{number}.md"), &post);
    }
    world.run(&["once"], 0);
    for ending in ["", "-wal", "-shm", ".lock"] {
        let _ = std::fs::remove_file(world.path(&format!("var/store.db{ending}")));
    }
    let said = world.run(&["once"], 0);
    assert!(said.contains("3 taken note of"), "{said}");
    // The marks of the catalog are no longer there.
    let said = world.run(&["once", "--set", "summary.budget=120"], 0);
    assert!(said.contains("0 posts announced"), "{said}");
}

#[test]
fn a_chat_that_follows_a_topic_that_there_is_not_is_a_wrong_config() {
    let world = World::new()
        .config("telegram: {channels: [{chat: '@market', follow: ['topic:nosuch']}]}\n");
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    for command in ["once", "run"] {
        let said = world.run_err(&[command], 2);
        assert!(said.contains("@market follows topic:nosuch"), "{said}");
    }
    let said = world.run(&["doctor"], 1);
    assert!(said.contains("@market follows topic:nosuch"), "{said}");
}

#[test]
fn a_name_in_two_spellings_is_one_chat() {
    let world = World::new().config(
        "telegram: {channels: [{chat: '@everything', follow: [site]}, {chat: '@Everything', follow: ['category:demo']}]}\n",
    );
    world.run(&["once"], 0);
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    let said = world.run(&["once"], 0);
    assert!(said.contains("1 post announced in 1 message"), "{said}");
}

#[test]
fn who_only_looks_makes_no_store() {
    let world = World::new();
    for command in ["deliveries", "held"] {
        let said = world.run_err(&[command], 1);
        assert!(said.contains("there is no store yet"), "{said}");
    }
    assert!(!world.path("var/store.db").exists());
}

#[test]
fn a_mistyped_label_is_told_and_so_is_how_long_a_message_waits() {
    let world = World::new().config(&format!(
        "telegram: {{channels: [{{chat: '@typo', follow: ['category:dmeo']}}, {{chat: '@late', follow: [site], digest: '{}'}}]}}\n",
        crate::world::far_hour()
    ));
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    let said = world.run_err(&["once"], 0);
    assert!(
        said.contains("@typo follows category:dmeo, and no post carries it; did you mean `demo`?"),
        "{said}"
    );
    world.post("2026-11-20-b.md", &today("乙", "demo", "演示", "正文。"));
    let said = world.run(&["once"], 0);
    assert!(
        said.contains("1 post announced in 1 message") && said.contains("; 0 messages sent"),
        "{said}"
    );
    let rows = world.run(&["deliveries"], 0);
    assert!(rows.contains("waits until "), "{rows}");
}
