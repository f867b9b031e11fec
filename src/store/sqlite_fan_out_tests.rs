//! Announcements to more chats than one transaction plans, by a real store.

use super::{decide, part};
use crate::model::{ChatId, Follow, Label, PostId, PostTime};
use crate::store::{
    Announcements, Card, ChatRow, Decision, DeliveryFilter, Outbox, People, Release, SqliteStore,
    Store, StoryNote,
};

const NOW: i64 = 1_800_000_000_000;

fn card(name: &str) -> Card {
    Card {
        post: PostId::new(format!("/demo/{name}")),
        title: "标题".into(),
        url: format!("http://news.example.cn/{name}.html"),
        summary: "摘要。".into(),
        source: None,
        published: PostTime::from_parts(NOW / 1000, 8 * 3600).unwrap(),
        categories: vec!["demo".into()],
        tags: vec!["食品".into()],
        topics: Vec::new(),
        rules: Vec::new(),
        also: Vec::new(),
    }
}

/// A store in which each of `chats` follows the site, the tag, or both.
async fn store(folder: &tempfile::TempDir, chats: &[i64]) -> SqliteStore {
    let store = SqliteStore::open(&folder.path().join("store.db"))
        .await
        .unwrap();
    for id in chats {
        let row = ChatRow {
            chat: ChatId::Id(*id),
            kind: "private".into(),
            title: String::new(),
            language: "zh".into(),
            suspended: None,
        };
        store.meet(&row, NOW).await.unwrap();
        if id % 3 != 0 {
            store.follow(&row.chat, &Follow::Site, NOW).await.unwrap();
        }
        if id % 3 != 1 {
            let tag = Follow::Label(Label::tag("食品"));
            store.follow(&row.chat, &tag, NOW).await.unwrap();
        }
    }
    store
}

/// The chats that have a row of this post, sorted.
async fn planned(store: &SqliteStore, post: &str) -> Vec<i64> {
    let rows = store.deliveries_of(&card(post).post).await.unwrap();
    let mut chats: Vec<i64> = rows
        .iter()
        .map(|row| row.chat.to_string().parse().unwrap())
        .collect();
    chats.sort_unstable();
    chats
}

/// One transaction of an announcement, in parts of three; then the process dies.
async fn begin(store: &SqliteStore, posts: &[&str]) {
    let mut tx = store.begin().await.unwrap();
    for post in posts {
        let new = decide(&mut tx, &card(post), &Decision::Announce, NOW).await;
        assert!(new.unwrap());
    }
    part(&mut tx, 3, NOW).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_death_between_two_parts_loses_and_doubles_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let chats: Vec<i64> = (1..=25).collect();
    let first = store(&folder, &chats).await;
    begin(&first, &["a", "b"]).await;
    let begun = planned(&first, "a").await.len();
    assert!((3..=6).contains(&begun), "{begun}");
    assert!(planned(&first, "b").await.is_empty());
    first.close().await;
    let store = SqliteStore::open(&folder.path().join("store.db"))
        .await
        .unwrap();
    let mut rows = begun as u64;
    loop {
        let mut tx = store.begin().await.unwrap();
        let more = part(&mut tx, 3, NOW).await.unwrap();
        tx.commit().await.unwrap();
        rows += more;
        if more == 0 {
            break;
        }
    }
    assert_eq!(planned(&store, "a").await, chats);
    assert_eq!(planned(&store, "b").await, chats);
    assert_eq!(rows, 50);
    assert_eq!(store.finish_announcing(NOW).await.unwrap(), 0);
}

#[tokio::test]
async fn who_moves_to_an_id_that_was_passed_is_planned() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder, &[-5, -4, -3, -2, 7]).await;
    // As text: -2, -3, -4, -5, 7.
    begin(&store, &["a"]).await;
    assert!(!planned(&store, "a").await.contains(&7));
    store
        .move_chat(&ChatId::Id(7), &ChatId::Id(-1_002))
        .await
        .unwrap();
    store.finish_announcing(NOW).await.unwrap();
    assert_eq!(planned(&store, "a").await, [-1_002, -5, -4, -3, -2]);
}

#[tokio::test]
async fn what_is_withdrawn_while_it_is_planned_goes_to_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let chats: Vec<i64> = (1..=9).collect();
    let store = store(&folder, &chats).await;
    begin(&store, &["a"]).await;
    let begun = planned(&store, "a").await;
    let withdrawn = crate::store::Correction {
        card: card("a"),
        presence: crate::store::Presence::Withdrawn,
        is_held: false,
    };
    store.correct(&[withdrawn], NOW, NOW, NOW).await.unwrap();
    store.finish_announcing(NOW).await.unwrap();
    assert_eq!(planned(&store, "a").await, begun);
}

#[tokio::test]
async fn held_posts_go_out_in_their_order_and_a_twin_is_told_to_nobody_twice() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder, &[1, 2]).await;
    for post in ["z", "a"] {
        let held = Decision::Hold("many".into());
        store.announce(&[(card(post), held)], NOW).await.unwrap();
    }
    let note = StoryNote {
        post: card("twin").post,
        key: None,
        source: None,
        title: "标题".into(),
        text: String::new(),
        moved_from: None,
        twins: vec![card("z").post],
        at: NOW,
    };
    store.note_stories(&[note], 0).await.unwrap();
    let released = store
        .release_held(Release::Announce, i64::MAX, NOW)
        .await
        .unwrap();
    assert_eq!(released, 2);
    let told = store
        .announce(&[(card("twin"), Decision::Announce)], NOW)
        .await;
    assert_eq!(told.unwrap(), 0);
    let filter = DeliveryFilter {
        state: Some("pending".into()),
        limit: 10,
        ..DeliveryFilter::default()
    };
    let rows = store.deliveries(&filter).await.unwrap();
    let posts: Vec<&str> = rows.iter().rev().map(|row| row.post.as_str()).collect();
    assert_eq!(posts, ["/demo/z", "/demo/z", "/demo/a", "/demo/a"]);
}
