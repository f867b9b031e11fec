//! Corners in which a post, a page or a message could get stuck.

use std::time::{Duration, SystemTime};

use tagwire::model::{ChatId, Follow, PostId, PostTime, Preferences};
use tagwire::store::{
    Announcements, Card, ChatRow, Decision, Outbox, People, Places, Settled, SqliteStore,
};

use crate::hours_and_digests::rules;
use crate::world::{World, today};

const NOW: i64 = 1_790_000_000_000;

#[test]
fn an_index_page_that_could_not_be_written_is_written_by_the_next_build() {
    let world = World::new();
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    world.write("public/index.html/in-the-way", "");
    assert!(world.command(&["build"]).output().unwrap().status.code() != Some(0));
    std::fs::remove_dir_all(world.path("public/index.html")).unwrap();
    world.run(&["build"], 0);
    assert!(world.read("public/index.html").contains("演示"));
}

#[test]
fn feeds_alone_need_no_store_but_the_day_of_an_undated_post_is_kept_in_one() {
    let world = World::new();
    let store = || world.path("var/store.db").exists();
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    world.run(&["build"], 0);
    assert!(!store());
    world.post("undated.md", "---\ntitle: 没有日期\n---\n正文。\n");
    world.run(&["build"], 0);
    assert!(store());
    let dated = |feed: String| feed.split("<published>").nth(1).unwrap()[..25].to_owned();
    let before = dated(world.read("public/feed.xml"));
    // The catalog is made anew: only the store knows the day.
    for found in std::fs::read_dir(world.path("var")).unwrap() {
        let path = found.unwrap().path();
        if path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("catalog"))
        {
            std::fs::remove_file(path).unwrap();
        }
    }
    let later = SystemTime::now() + Duration::from_secs(86_400);
    let file = std::fs::File::options()
        .append(true)
        .open(world.path("posts/undated.md"));
    file.unwrap().set_modified(later).unwrap();
    world.run(&["build"], 0);
    assert_eq!(dated(world.read("public/feed.xml")), before);
}

#[test]
fn of_two_files_with_one_id_the_feed_shows_the_one_that_stands_for_the_post() {
    let world = World::new();
    let post = |body: &str| {
        format!("---\ntitle: 同名\ndate: 2026-11-20 08:00:00 +0800\nguid: one-id\n---\n{body}\n")
    };
    world.post("2026-11-20-a.md", &post("先来的。"));
    world.post("2026-11-20-b.md", &post("后来的。"));
    world.run(&["build"], 0);
    let feed = world.read("public/feed.xml");
    assert!(
        feed.contains("先来的") && !feed.contains("后来的"),
        "{feed}"
    );
}

#[test]
fn a_post_with_a_problem_and_a_time_in_the_future_does_come_in() {
    let world = World::new();
    let daemon = world.start();
    world.write(
        "posts/2026-11-20-a.md",
        "---\ntitle: [未完\n---\n来自未来。\n",
    );
    let mut options = std::fs::File::options();
    let file = options
        .append(true)
        .open(world.path("posts/2026-11-20-a.md"))
        .unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(864_000))
        .unwrap();
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("来自未来"));
    assert!(daemon.terminate().success());
}

#[test]
fn a_post_that_went_and_came_back_stands_in_the_feed_with_its_body() {
    let world = World::new();
    world.post(
        "2026-11-20-a.md",
        &today("甲", "demo", "演示", "**甲**的正文。"),
    );
    world.run(&["build"], 0);
    let daemon = world.start();
    world.rename("posts/2026-11-20-a.md", "a.md");
    world.post(
        "2026-11-20-b.md",
        &today("乙", "demo", "演示", "乙的正文。"),
    );
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("乙的正文"));
    world.rename("a.md", "posts/2026-11-20-a.md");
    world.post(
        "2026-11-20-c.md",
        &today("丙", "demo", "演示", "丙的正文。"),
    );
    daemon.wait_for("/feed.xml", |answer| {
        answer.text().contains("丙的正文") && answer.text().contains("&lt;strong&gt;甲")
    });
    assert!(daemon.terminate().success());
}

fn card(name: &str) -> Card {
    Card {
        post: PostId::new(name),
        title: name.into(),
        url: format!("http://news.example.cn{name}.html"),
        summary: String::new(),
        source: None,
        published: PostTime::from_parts(NOW / 1000, 0).unwrap(),
        categories: Vec::new(),
        tags: Vec::new(),
        topics: Vec::new(),
        rules: Vec::new(),
        also: Vec::new(),
    }
}

/// A store in which these chats follow the site.
fn with_store<F: Future<Output = ()>>(chats: &[i64], story: impl FnOnce(SqliteStore, String) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(async {
        let store = SqliteStore::open(&path).await.unwrap();
        for chat in chats {
            let row = ChatRow {
                chat: ChatId::Id(*chat),
                kind: "group".into(),
                title: String::new(),
                language: "zh".into(),
                suspended: None,
            };
            store.meet(&row, NOW).await.unwrap();
            store.follow(&row.chat, &Follow::Site, NOW).await.unwrap();
        }
        story(store, path.display().to_string()).await;
    });
}

async fn announce(store: &SqliteStore, names: &[&str]) {
    let decided: Vec<_> = names
        .iter()
        .map(|name| (card(name), Decision::Announce))
        .collect();
    store.announce(&decided, NOW).await.unwrap();
}

async fn states(store: &SqliteStore, name: &str) -> Vec<(i64, String)> {
    let rows = store.deliveries_of(&PostId::new(name)).await.unwrap();
    let id = |chat: &ChatId| chat.to_string().parse().unwrap();
    rows.iter()
        .map(|row| (id(&row.chat), row.state.clone()))
        .collect()
}

#[test]
fn a_row_that_a_move_took_away_while_it_was_sent_can_be_settled() {
    with_store(&[-1, -2], |store, _| async move {
        announce(&store, &["/a"]).await;
        let claims = store.claim(NOW, 2, rules()).await.unwrap();
        store
            .move_chat(&ChatId::Id(-1), &ChatId::Id(-2))
            .await
            .unwrap();
        for claim in claims {
            let moved = Settled::Moved { to: ChatId::Id(-2) };
            store.settle(claim.delivery, &moved, NOW).await.unwrap();
        }
        assert_eq!(states(&store, "/a").await, [(-2, "pending".into())]);
    });
}

#[test]
fn a_group_that_moves_to_a_chat_that_was_suspended_wakes_it() {
    with_store(&[-1, -2], |store, _| async move {
        let gone = store.suspend(&ChatId::Id(-2), "kicked", NOW);
        gone.await.unwrap();
        announce(&store, &["/a"]).await;
        store
            .move_chat(&ChatId::Id(-1), &ChatId::Id(-2))
            .await
            .unwrap();
        assert_eq!(store.claim(NOW, 9, rules()).await.unwrap().len(), 1);
    });
}

#[test]
fn a_chat_that_moves_takes_its_hours_along_and_is_found_by_its_old_id() {
    with_store(&[-1, -2], |store, _| async move {
        let quiet = Preferences {
            quiet: Some("22:00-07:00".parse().unwrap()),
            ..Preferences::default()
        };
        let id = ChatId::Id;
        store.set_preferences(&id(-1), &quiet).await.unwrap();
        // Somebody wrote in the new group before Telegram told of the move.
        store.move_chat(&id(-1), &id(-2)).await.unwrap();
        assert_eq!(store.preferences(&id(-2)).await.unwrap(), quiet);
        assert_eq!(store.named("-1").await.unwrap(), Some(id(-2)));
        store.move_chat(&id(-2), &id(-3)).await.unwrap();
        assert_eq!(store.named("-1").await.unwrap(), Some(id(-3)));
    });
}

#[test]
fn a_row_under_way_when_its_chat_is_suspended_is_skipped_like_the_others() {
    with_store(&[1, 2], |store, _| async move {
        announce(&store, &["/a"]).await;
        let claims = store.claim(NOW, 2, rules()).await.unwrap();
        for chat in [ChatId::Id(1), ChatId::Id(2)] {
            let gone = store.suspend(&chat, "blocked", NOW);
            gone.await.unwrap();
        }
        let retry = Settled::Retry {
            at: NOW,
            reason: "no connection".into(),
        };
        store.settle(claims[0].delivery, &retry, NOW).await.unwrap();
        store.recover(true, NOW).await.unwrap();
        let skipped = || "skipped".to_owned();
        assert_eq!(states(&store, "/a").await, [(1, skipped()), (2, skipped())]);
    });
}

#[test]
fn a_row_that_cannot_be_read_stops_no_other() {
    with_store(&[1], |store, path| async move {
        announce(&store, &["/a", "/b"]).await;
        let raw = rusqlite::Connection::open(path).unwrap();
        let damage = "update announcements set card = '{' where post = '/a'";
        raw.execute(damage, []).unwrap();
        assert_eq!(
            store.claim(NOW, 1, rules()).await.unwrap()[0].post,
            PostId::new("/b")
        );
        assert_eq!(states(&store, "/a").await, [(1, "failed".into())]);
    });
}

#[test]
fn a_clock_that_was_a_year_ahead_makes_nobody_wait_a_year() {
    with_store(&[1], |store, _| async move {
        announce(&store, &["/a", "/b"]).await;
        let year = NOW + 365 * 86_400_000;
        let claim = store.claim(year, 1, rules()).await.unwrap().remove(0);
        let retry = Settled::Retry {
            at: year,
            reason: "no connection".into(),
        };
        store.settle(claim.delivery, &retry, year).await.unwrap();
        store.pause_bot(year).await.unwrap();
        store.clock_went_back(NOW).await.unwrap();
        assert!(store.next_due().await.unwrap() <= Some(NOW + 65_000));
        assert!(store.bot_paused_until().await.unwrap() <= NOW + 65_000);
    });
}
