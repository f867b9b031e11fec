//! `cargo bench --bench planning`: what it costs to announce a post, in the one transaction that does it.
//! In: a store with so many chats that follow the post's tag. Out: time for each post. The store is the real one,
//! in a folder that each run makes anew; its commits reach the disk.

#![allow(clippy::expect_used)] // nothing comes from outside here

use divan::Bencher;
use tagwire::model::{ChatId, Follow, Label, PostId, PostTime};
use tagwire::store::{Announcements, Card, ChatRow, Decision, SqliteStore, Store};

const NOW: i64 = 1_800_000_000;

fn main() {
    divan::main();
}

/// One post to 1,000 or 10,000 chats, in the transaction that announces it.
#[divan::bench(args = [1_000, 10_000], sample_count = 10, sample_size = 1)]
fn plan_a_post(bencher: Bencher, chats: i64) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let store = runtime
        .block_on(SqliteStore::open(&folder.path().join("store.db")))
        .expect("a store");
    runtime.block_on(subscribe(&store, chats));
    let mut number = 0;
    bencher
        .with_inputs(|| {
            number += 1;
            (card(number), Decision::Announce)
        })
        .bench_local_values(|decided| {
            let rows = runtime.block_on(store.announce(&[decided], NOW * 1_000));
            assert_eq!(rows.expect("a plan"), chats as u64);
        });
}

async fn subscribe(store: &dyn Store, chats: i64) {
    for id in 1..=chats {
        let chat = ChatRow {
            chat: ChatId::Id(id),
            kind: "private".into(),
            title: String::new(),
            language: "zh".into(),
            suspended: None,
        };
        store.meet(&chat, NOW).await.expect("a chat");
        let follow = Follow::Label(Label::tag("食品"));
        store
            .follow(&chat.chat, &follow, NOW)
            .await
            .expect("a subscription");
    }
}

fn card(number: usize) -> Card {
    Card {
        post: PostId::new(format!("https://news.example.cn/{number}")),
        title: "省药品监管部门公开不合格批次名单".into(),
        url: format!("https://news.example.cn/{number}.html"),
        summary: "此次行动覆盖多家单位，其中三家被责令改正。".into(),
        source: None,
        published: PostTime::from_parts(NOW, 8 * 3600).expect("a time"),
        categories: vec!["dazhong".into()],
        tags: vec!["食品".into()],
        topics: Vec::new(),
        rules: Vec::new(),
        also: Vec::new(),
    }
}
