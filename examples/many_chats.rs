//! How long it takes to announce one post to very many chats, and how long the bot waits meanwhile. In:
//! `cargo run --release --example many_chats [CHATS]`. Out: a line of figures, for benches/RESULTS.md. The store is
//! the real one, in a folder that each run makes anew; its commits reach the disk.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tagwire::model::{ChatId, Follow, Label, PostId, PostTime};
use tagwire::store::{Announcements, Card, ChatRow, Decision, People, SqliteStore, Store};

const NOW: i64 = 1_800_000_000_000;
/// Somebody who changes what they follow while everybody is planned for.
const BUSY: i64 = 5;

fn main() {
    let chats = std::env::args().nth(1);
    let chats: i64 = chats.map_or(1_000_000, |text| text.parse().expect("a number of chats"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    runtime.block_on(async {
        let store = SqliteStore::open(&path).await.unwrap();
        store.close().await;
    });
    subscribe(&path, chats);
    let before = peak_kb();
    runtime.block_on(announce(&path, chats, before));
}

/// Through SQLite itself: a million commits of the store would take an hour.
fn subscribe(path: &std::path::Path, chats: i64) {
    let mut connection = rusqlite::Connection::open(path).unwrap();
    let transaction = connection.transaction().unwrap();
    let mut chat = transaction
        .prepare("insert into chats (chat, kind, created_at) values (?1, 'private', 0)")
        .unwrap();
    let mut follow = transaction
        .prepare("insert into subscriptions (chat, kind, name, origin, created_at) values (?1, 'tag', '食品', 'person', 0)")
        .unwrap();
    for number in 0..chats {
        // Ids of people as they come: spread over ten digits.
        let id = (1_000_000_000 + number * 7_919 % 8_999_999_983).to_string();
        chat.execute([&id]).unwrap();
        follow.execute([&id]).unwrap();
    }
    drop((chat, follow));
    transaction.commit().unwrap();
}

async fn announce(path: &std::path::Path, chats: i64, before: u64) {
    let store = Arc::new(SqliteStore::open(path).await.unwrap());
    let chat = ChatRow {
        chat: ChatId::Id(BUSY),
        kind: "private".into(),
        title: String::new(),
        language: "zh".into(),
        suspended: None,
    };
    store.meet(&chat, NOW).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let bot = tokio::spawn(work(store.clone(), done.clone()));
    let start = Instant::now();
    let rows = store.announce(&[(card(), Decision::Announce)], NOW).await;
    let took = start.elapsed();
    done.store(true, Ordering::Relaxed);
    let mut waits = bot.await.unwrap();
    waits.sort_unstable();
    let at = |share: usize| waits[(waits.len() - 1) * share / 100];
    assert_eq!(rows.unwrap(), chats.unsigned_abs());
    println!(
        "{chats} chats planned in {:.2} s; {} changes of the bot meanwhile, median {} ms, p95 {} ms, slowest {} ms; peak memory {} MB, {} MB before",
        took.as_secs_f64(),
        waits.len(),
        at(50).as_millis(),
        at(95).as_millis(),
        at(100).as_millis(),
        peak_kb() / 1000,
        before / 1000,
    );
    store.close().await;
}

/// Follows and reads, as the bot does for a command, and how long each time took.
async fn work(store: Arc<SqliteStore>, done: Arc<AtomicBool>) -> Vec<Duration> {
    let mut waits = Vec::new();
    let mut number = 0;
    while !done.load(Ordering::Relaxed) {
        let start = Instant::now();
        let label = Follow::Label(Label::tag(format!("标签{number}")));
        let followed = store.follow(&ChatId::Id(BUSY), &label, NOW).await;
        followed.unwrap();
        store.following(&ChatId::Id(BUSY)).await.unwrap();
        waits.push(start.elapsed());
        number += 1;
    }
    waits
}

fn card() -> Card {
    Card {
        post: PostId::new("/dazhong/2026/11/20/notice"),
        title: "省药品监管部门公开不合格批次名单".into(),
        url: "https://news.example.cn/dazhong/2026/11/20/notice.html".into(),
        summary: "此次行动覆盖多家单位，其中三家被责令改正。".into(),
        source: None,
        published: PostTime::from_parts(NOW / 1000, 8 * 3600).unwrap(),
        categories: vec!["dazhong".into()],
        tags: vec!["食品".into()],
        topics: Vec::new(),
        rules: Vec::new(),
        also: Vec::new(),
    }
}

/// The highest resident size of this process so far (proc(5), `VmHWM`).
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let words = line.and_then(|line| line.split_whitespace().next());
    words.and_then(|text| text.parse().ok()).unwrap_or(0)
}
