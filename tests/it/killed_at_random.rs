//! kill -9 at moments that nobody chose: nothing is lost, nothing comes more than twice, and what lies on
//! disk afterwards is what a run without kills makes. `TAGWIRE_KILLS` and `TAGWIRE_SEED` set the length
//! and the luck.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tagwire::catalog::Catalog;
use tagwire::model::{Follow, Label};

use crate::fake_telegram::{Fault, Only};

use crate::world::{World, today};

pub const CHATS: std::ops::RangeInclusive<i64> = 101..=106;
/// Without folding: a post in a digest is no copy to be counted. Without the guard: many kills leave many posts to announce.
pub const CONFIG: &str = "telegram: {channels: [{chat: 101, follow: [site]}, {chat: 102, follow: [site]}, {chat: 103, follow: [site]}, {chat: 104, follow: [site]}, {chat: 105, follow: [site]}, {chat: 106, follow: [site]}]}\ndelivery: {fold_above: 0, fold_late_above: 0, burst_limit: 100000}\n";

/// xorshift64*: luck that can be had again.
pub struct Luck(u64);

impl Luck {
    pub fn new() -> Self {
        let given = std::env::var("TAGWIRE_SEED").ok();
        let seed = given
            .and_then(|seed| seed.parse().ok())
            .unwrap_or_else(|| u64::from(std::process::id()) << 20 | 1);
        println!("TAGWIRE_SEED={seed}");
        Luck(seed)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % end
    }

    /// Waits for a moment of no meaning; nothing is told from it.
    fn while_away(&mut self, most: u64) {
        std::thread::sleep(Duration::from_micros(self.below(most * 1000 + 1)));
    }
}

pub fn kills(usually: usize) -> usize {
    let given = std::env::var("TAGWIRE_KILLS").ok();
    given
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(usually)
}

fn spawn(world: &World, arguments: &[&str]) -> Child {
    let mut command = world.command(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(Stdio::null()).spawn().unwrap()
}

fn kill9(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

pub fn title(number: usize) -> String {
    format!("第{number:05}号消息")
}

pub fn post(world: &World, number: usize) {
    let tag = format!("标签{}", number % 7);
    let content = today(&title(number), "demo", &tag, &format!("正文第{number}段。"));
    world.post(&format!("2026-11-20-n{number:05}.md"), &content);
}

fn alerts(world: &World) -> usize {
    let telegram = world.telegram();
    let told = CHATS.map(|chat| telegram.messages(chat));
    told.flatten()
        .filter(|sent| sent.text.contains("号消息"))
        .count()
}

/// What the kill left as `sending`: read from a copy, so that it is the program that recovers the files.
pub fn caught(world: &World) -> Vec<(i64, String)> {
    let copy = tempfile::tempdir().unwrap();
    for name in ["store.db", "store.db-wal"] {
        let from = world.path("var").join(name);
        if from.exists() {
            std::fs::copy(from, copy.path().join(name)).unwrap();
        }
    }
    let store = rusqlite::Connection::open(copy.path().join("store.db")).unwrap();
    let sql = "select cast(chat as integer), post from outbox where state = 'sending'";
    let mut sending = store.prepare(sql).unwrap();
    let rows = sending.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// Waits until each chat has a row for each post, and none of them is open.
pub fn worked_off(world: &World, posts: usize) {
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    store.busy_timeout(Duration::from_secs(10)).unwrap();
    let end = Instant::now() + Duration::from_secs(60 + 2 * posts as u64);
    let sql = "select count(*), count(*) filter (where state in ('pending', 'sending'))
               from outbox where kind = 'alert'";
    loop {
        let now: (i64, i64) = store
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        if now == ((posts * CHATS.count()) as i64, 0) {
            return;
        }
        assert!(Instant::now() < end, "never worked off: {now:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Every file below a folder.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(Result::unwrap);
    files
        .filter(|file| file.file_type().is_file())
        .map(|file| {
            let name = file.path().strip_prefix(folder).unwrap();
            let bytes = std::fs::read(file.path()).unwrap();
            (name.to_string_lossy().into_owned(), bytes)
        })
        .collect()
}

/// What was published is what a build of the same posts in a new place publishes.
pub fn published_as_if_never_killed(world: &World) {
    let clean = World::new();
    clean.write("config/tagwire.yaml", &world.read("config/tagwire.yaml"));
    for (name, bytes) in tree(&world.path("posts")) {
        std::fs::write(clean.path("posts").join(name), bytes).unwrap();
    }
    clean.run(&["build"], 0);
    let (here, there) = (tree(&world.path("public")), tree(&clean.path("public")));
    let names = |tree: &BTreeMap<String, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&here), names(&there));
    for (name, bytes) in &here {
        assert!(
            bytes == &there[name],
            "{name} is not as a clean build has it"
        );
    }
}

#[test]
fn messages_are_never_lost_and_come_at_most_twice() {
    let mut luck = Luck::new();
    let world = World::new().with_telegram().config(CONFIG);
    let telegram = world.telegram();
    telegram.without_limits(true);
    telegram.forgive_unread();
    for chat in CHATS {
        telegram.add_user(chat, "Li", "zh-hans");
        telegram.user_starts(chat);
    }
    // The first start takes note of what exists; what comes from here on is news.
    world.start().kill9();
    let mut suspects = BTreeSet::new();
    let (mut posts, mut unknown) = (0, 0);
    let rounds = kills(25);
    for round in 0..rounds {
        let mut next = || {
            posts += 1;
            post(&world, posts);
        };
        if luck.below(2) == 0 {
            next();
        }
        // Some kills meet a Telegram that takes its time: the message arrived, the answer did not.
        if luck.below(3) == 0 {
            let slow = Only::chat(101 + luck.below(6) as i64).and_method("sendMessage");
            telegram.fail_next(Fault::Hang, slow, 1);
        }
        let before = alerts(&world);
        let child = spawn(&world, &["run"]);
        if luck.below(3) > 0 {
            luck.while_away(300);
            next();
        }
        if luck.below(4) == 0 || posts == 0 {
            luck.while_away(700);
        } else {
            // In the middle of sending, when there is something to send: a request is under way.
            let wanted = before + 1 + luck.below(6) as usize;
            let end = Instant::now() + Duration::from_millis(1500);
            while alerts(&world) < wanted && Instant::now() < end {
                std::thread::yield_now();
            }
            let most = [0, 2, 10][luck.below(3) as usize];
            luck.while_away(most);
        }
        kill9(child);
        telegram.take_faults();
        let caught = caught(&world);
        let chats: BTreeSet<i64> = caught.iter().map(|(chat, _)| *chat).collect();
        assert_eq!(chats.len(), caught.len(), "kill {round}: two a chat");
        unknown += caught.len();
        suspects.extend(caught);
    }
    let daemon = world.start();
    worked_off(&world, posts);
    assert!(daemon.terminate().success());
    let doubled = check_messages(&world, posts, &suspects);
    println!(
        "{rounds} kills, {posts} posts, {} messages: 0 lost, {doubled} doubled, {unknown} unknown",
        posts * CHATS.count()
    );
    published_as_if_never_killed(&world);
}

/// Each post in each chat, in order, at most twice; twice only what a kill had caught. How many came twice.
pub fn check_messages(world: &World, posts: usize, suspects: &BTreeSet<(i64, String)>) -> usize {
    let store = rusqlite::Connection::open(world.path("var/store.db")).unwrap();
    let sound: String = store
        .query_row("pragma integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    let sql =
        "select o.post, a.card, o.unknowns from outbox o join announcements a on a.post = o.post
               where o.chat = ?1 and o.kind = 'alert' order by o.delivery";
    let mut rows = store.prepare(sql).unwrap();
    let mut doubled = 0;
    for chat in CHATS {
        let planned: Vec<(String, String, i64)> = rows
            .query_map([chat.to_string()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(planned.len(), posts);
        let texts = world.telegram().messages(chat);
        let mut last = None;
        for (post, card, unknowns) in planned {
            let number = (1..=posts).find(|number| card.contains(&title(*number)));
            let title = title(number.expect("a card with a title"));
            let copies = texts.iter().filter(|sent| sent.text.contains(&title));
            let ids: Vec<i64> = copies.map(|sent| sent.message_id).collect();
            assert!(
                !ids.is_empty(),
                "{title} never came to {chat}: {unknowns} unknowns"
            );
            assert!(ids.len() <= 2, "{title} came to {chat} as {ids:?}");
            assert!(
                last < Some(ids[0]),
                "{title} came to {chat} out of order: {:?}",
                texts
                    .iter()
                    .map(|sent| (sent.message_id, &sent.text))
                    .collect::<Vec<_>>()
            );
            last = Some(ids[0]);
            if ids.len() == 2 {
                doubled += 1;
                assert!(unknowns > 0, "{title} came twice to {chat} for no reason");
                // One row a chat is caught by a kill, so this is one copy too many a chat and kill.
                assert!(suspects.contains(&(chat, post)), "{title} was not caught");
            }
        }
    }
    doubled
}

#[test]
fn builds_that_are_killed_leave_what_one_build_makes() {
    let mut luck = Luck::new();
    let world = World::new();
    let mut posts = 0;
    let more = |posts: &mut usize, count: usize| {
        for _ in 0..count {
            *posts += 1;
            post(&world, *posts);
        }
    };
    more(&mut posts, 300);
    for round in 0..kills(15) {
        let build = spawn(&world, &["build"]);
        luck.while_away(1500);
        kill9(build);
        // News, labels that nobody had, and a post that moves to another label.
        more(&mut posts, 5);
        // Each post moves once: a label that lost all its posts would keep its feed for its followers.
        let changed = 1 + 3 * round;
        let tag = format!("轮{round}");
        let content = today(&title(changed), "demo", &tag, "改了。");
        world.post(&format!("2026-11-20-n{changed:05}.md"), &content);
    }
    world.run(&["build"], 0);
    let again = tree(&world.path("public"));
    assert!(!again.keys().any(|name| name.ends_with(".tmp")));
    published_as_if_never_killed(&world);
}

/// From so many new posts on a build keeps its last rows back until the feeds wait for the disk.
const LONG: usize = 2_100;

/// So many of them have a tag of their own: their feeds are written a batch after the other.
const OWN_TAGS: usize = 150;

/// So many posts, and RSS alone.
fn long_world(config: &str) -> World {
    let rss = "feeds: {formats: [rss], pages: false, archives: []}\n";
    let world = World::new().config(&format!("{rss}{config}"));
    (1..=LONG).for_each(|number| post(&world, number));
    for number in 1..=OWN_TAGS {
        let content = today(
            &format!("另一篇{number}"),
            "another",
            &format!("另{number}"),
            "正文。",
        );
        world.post(&format!("2026-11-19-o{number}.md"), &content);
    }
    world
}

#[test]
fn a_long_build_that_is_killed_leaves_what_one_build_makes() {
    let mut luck = Luck::new();
    let world = long_world("");
    for _ in 0..kills(15) {
        let build = spawn(&world, &["build"]);
        luck.while_away(600);
        kill9(build);
    }
    world.run(&["build"], 0);
    published_as_if_never_killed(&world);
}

#[test]
fn a_long_build_that_cannot_write_a_feed_keeps_what_it_read() {
    for is_folder in [true, false] {
        let world = long_world("");
        // A category that learns what it is called.
        let content = today("会议召开", "shizheng", "时政", "正文。");
        world.post("2026-11-20-shizheng.md", &content);
        let taken = world.path("public/feed/demo.rss");
        if is_folder {
            std::fs::create_dir_all(&taken).unwrap();
        } else {
            std::fs::create_dir_all(taken.parent().unwrap()).unwrap();
            std::fs::write(&taken, "<rss>somebody else's</rss>").unwrap();
        }
        let told = world.run_err(&["build"], 4);
        assert!(told.contains("feed/demo.rss"), "{told}");
        assert!(world.read("public/feed.rss").contains("第02100号消息"));
        let index = Catalog::reader(&world.path("var/catalog.db")).unwrap();
        // What is written is noted, and what is not stays marked.
        let dirty = index.dirty().unwrap();
        assert_eq!(dirty, [Follow::Label(Label::category("demo"))]);
        let noted = index.published().unwrap().len();
        let strangers = usize::from(!is_folder);
        let files = tree(&world.path("public")).len() - strangers;
        assert!(files > OWN_TAGS && noted == files, "{noted} of {files}");
        let learnt = index
            .listing()
            .unwrap()
            .into_iter()
            .filter_map(|label| label.learnt);
        assert_eq!(learnt.collect::<Vec<_>>(), ["时政"], "{is_folder}");
        match is_folder {
            true => std::fs::remove_dir(&taken).unwrap(),
            false => std::fs::remove_file(&taken).unwrap(),
        }
        let told = world.run(&["build"], 0);
        assert!(told.contains(" 0 added, 0 changed"), "{told}");
        let feed = world.read("public/feed/demo.rss");
        assert!(feed.contains("第02100号消息"), "{feed}");
        published_as_if_never_killed(&world);
    }
}

#[test]
fn a_long_build_that_dies_once_its_feeds_are_seen_keeps_the_days_that_they_tell() {
    let world = long_world("");
    // Dated by when it was first seen.
    world.post(
        "undated.md",
        "---\ntitle: 不知何日\ntags: 新\n---\n正文。\n",
    );
    let mut build = world.command(&["build"]);
    build.env("TAGWIRE_CRASH_AT", "after-placing");
    let end = build.stdin(Stdio::null()).output().unwrap().status;
    assert_eq!(end.signal(), Some(9), "{end}");
    let seen = world.read("public/feed/by_tag/新.rss");
    assert!(seen.contains("不知何日"), "{seen}");
    // Whoever looks again sees another time.
    let second = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    let then = second();
    while second() == then {
        std::thread::yield_now();
    }
    let told = world.run(&["build"], 0);
    assert!(told.contains(" 0 added, 0 changed"), "{told}");
    assert_eq!(world.read("public/feed/by_tag/新.rss"), seen);
}

#[test]
fn a_long_build_on_one_core_makes_the_same() {
    let world = long_world("");
    let mut build = world.command(&["build"]);
    build.env("RAYON_NUM_THREADS", "1");
    let built = build.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{said}");
    published_as_if_never_killed(&world);
}

#[test]
fn a_long_build_leaves_out_what_was_given_up() {
    let world = long_world("labels: {retired: ['tag:标签3']}\n");
    let told = world.run(&["build"], 0);
    let added = format!("{} added", LONG + OWN_TAGS);
    assert!(told.contains(&added), "{told}");
    assert!(world.path("public/feed/by_tag/标签2.rss").exists());
    assert!(!world.path("public/feed/by_tag/标签3.rss").exists());
}
