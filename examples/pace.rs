//! How fast tagwire tells 10,000 chats of one post: the whole program against the fake, which enforces
//! Telegram's limits, in real time (about six minutes). In: `cargo run --release --example pace [CHATS]`.
//! Out: one line of figures, for benches/RESULTS.md.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[allow(dead_code, reason = "the fake can do more than this asks of it")]
#[path = "../tests/it/fake_telegram/mod.rs"]
mod fake_telegram;

use std::time::{Duration, Instant};

use fake_telegram::FakeTelegram;
use tagwire::app::{self, Setup};
use tagwire::config::Source;
use tokio_util::sync::CancellationToken;

/// Somebody who asks for help while everybody is told.
const CURIOUS: i64 = 5;

fn main() {
    let chats = std::env::args().nth(1);
    let chats: i64 = chats.map_or(10_000, |text| text.parse().expect("a number of chats"));
    let telegram = FakeTelegram::start();
    telegram.forgive_unread();
    for chat in 1..=chats {
        telegram.add_user(1000 + chat, "Li", "zh-hans");
        telegram.user_starts(1000 + chat);
    }
    telegram.take_updates();
    telegram.add_user(CURIOUS, "Wang", "zh-hans");
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::create_dir_all(path("posts")).unwrap();
    std::fs::write(path("token"), telegram.token()).unwrap();
    std::fs::write(
        path("config.yaml"),
        "site: {title: t, url: 'http://news.example.cn'}\n",
    )
    .unwrap();
    let source = Source {
        path: Some(folder.path().join("config.yaml")),
        set: vec![
            format!("posts.dir={}", path("posts")),
            format!("catalog.path={}", path("catalog.db")),
            format!("store.url=sqlite:{}", path("store.db")),
            format!("publish.dir={}", path("public")),
            format!("topics.dir={}", path("topics")),
            "http.listen=".into(),
            format!("telegram.token_file={}", path("token")),
            format!("telegram.api_url={}", telegram.url()),
        ],
    };
    let setup = || Setup::load(&source).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(app::once(&setup(), None)).unwrap();
    subscribe(&path("store.db"), chats);

    let stop = CancellationToken::new();
    let daemon = runtime.spawn({
        let (setup, stop) = (setup(), stop.clone());
        async move { app::run(setup, None, stop).await.unwrap() }
    });
    telegram.user_starts(CURIOUS);
    telegram.next_message(CURIOUS);
    let now = chrono::Utc::now().format("%Y-%m-%d %H:%M:%S +0000");
    let post =
        format!("---\ntitle: 抽检结果公布\ndate: {now}\ncategories: demo\n---\n抽检三千批次。\n");
    std::fs::write(path("posts/2026-11-20-a.md"), post).unwrap();
    let begin = Instant::now();
    let mut replies = Vec::new();
    let told = |telegram: &FakeTelegram| {
        let sends = telegram.requests("sendMessage").into_iter();
        sends
            .filter(|entry| entry.is_ok() && entry.params["chat_id"] != CURIOUS)
            .count() as i64
    };
    while told(&telegram) < chats && begin.elapsed() < Duration::from_secs(3600) {
        std::thread::sleep(Duration::from_secs(5));
        let asked = Instant::now();
        telegram.user_says(CURIOUS, "/help");
        telegram.next_message(CURIOUS);
        replies.push(asked.elapsed());
    }
    let mut times: Vec<Instant> = telegram
        .requests("sendMessage")
        .iter()
        .filter(|entry| entry.is_ok() && entry.params["chat_id"] != CURIOUS)
        .map(|entry| entry.at)
        .collect();
    times.sort_unstable();
    let took = times[times.len() - 1] - times[0];
    let refused = telegram
        .journal()
        .into_iter()
        .filter_map(|entry| entry.answer);
    let refused = refused.filter(|answer| answer["error_code"] == 429).count();
    let doubled = (1..=chats)
        .filter(|chat| telegram.messages(1000 + chat).len() != 1)
        .count();
    replies.sort_unstable();
    println!(
        "{} chats in {:.1} s: {:.2} messages a second; {refused} answers of 429; {doubled} chats not told exactly once; first after {:.2} s; {} replies, the slowest after {:.2} s, the median after {:.2} s",
        times.len(),
        took.as_secs_f64(),
        (times.len() - 1) as f64 / took.as_secs_f64(),
        (times[0] - begin).as_secs_f64(),
        replies.len(),
        replies[replies.len() - 1].as_secs_f64(),
        replies[replies.len() / 2].as_secs_f64(),
    );
    stop.cancel();
    runtime.block_on(daemon).unwrap();
}

/// All chats follow the site.
fn subscribe(store: &str, chats: i64) {
    let mut store = rusqlite::Connection::open(store).unwrap();
    let all = store.transaction().unwrap();
    for chat in 1..=chats {
        let id = (1000 + chat).to_string();
        all.execute(
            "insert into chats (chat, kind, created_at) values (?1, 'private', 0)",
            [&id],
        )
        .unwrap();
        all.execute("insert into subscriptions (chat, kind, name, origin, created_at) values (?1, 'site', '', 'person', 0)", [&id]).unwrap();
    }
    all.commit().unwrap();
}
