//! `tagwire explain`: which post is meant, and what is known of one whose file is gone.

use serde_json::Value;

use crate::world::{World, today};

fn json(world: &World, wanted: &str) -> Value {
    serde_json::from_str(&world.run(&["explain", "--json", wanted], 0)).unwrap()
}

#[test]
fn several_posts_that_may_be_meant_are_counted_and_named() {
    let world = World::new();
    for number in 1..=8 {
        let date = format!("2026-01-0{number} 08:00:00 +0800");
        world.post(
            &format!("2026-01-0{number}-n{number}.md"),
            &format!("---\ntitle: 要闻{number}\ndate: {date}\n---\n正文。\n"),
        );
    }
    world.post("2026-01-07-n7b.md", "---\ntitle: 别的\n---\n正文。\n");
    // Without a catalog and with one.
    for _ in 0..2 {
        let said = world.run(&["explain", "要闻"], 0);
        assert!(said.contains("title      要闻8"), "{said}");
        let words = "others     7 more posts fit `要闻`; the newest is told, name another one by its id or file";
        assert!(said.contains(words), "{said}");
        assert!(said.contains("/2026/01/07/n7  要闻7"), "{said}");
        assert!(said.contains("and 2 more; --json has them"), "{said}");
        let told = json(&world, "要闻");
        let others = told["others"].as_array().unwrap();
        assert_eq!(others.len(), 7, "{told}");
        assert_eq!(others[0]["title"], "要闻7");
        assert_eq!(others[0]["path"], "posts/2026-01-07-n7.md");
        // Whoever names one means no other.
        for exact in ["/2026/01/07/n7", "posts/2026-01-07-n7.md"] {
            let told = json(&world, exact);
            assert_eq!(told["post"]["title"], "要闻7");
            assert_eq!(told["others"], serde_json::json!([]), "{told}");
        }
        world.run(&["build"], 0);
    }
}

#[test]
fn a_post_is_found_by_its_address() {
    let world = World::new();
    let at = |title: &str, permalink: &str| {
        format!("---\ntitle: {title}\npermalink: {permalink}\n---\n正文。\n")
    };
    world.post("2026-11-20-a.md", &at("甲", "/law/x/"));
    world.post("2026-11-20-b.md", &at("乙", "/law/x/more/"));
    world.post("2026-11-20-c.md", &at("丙", "/法规/一.html"));
    for _ in 0..2 {
        for (address, title) in [
            ("http://news.example.cn/law/x/", "甲"),
            ("https://news.example.cn/law/x/?from=feed#top", "甲"),
            ("http://news.example.cn/law/x", "甲"),
            ("/law/x/", "甲"),
            ("/law/x", "甲"),
            ("/law/x/more/", "乙"),
            ("http://news.example.cn/法规/一.html", "丙"),
            ("/%E6%B3%95%E8%A7%84/%E4%B8%80.html", "丙"),
            ("/法规/一", "丙"),
        ] {
            let told = json(&world, address);
            assert_eq!(told["post"]["title"], title, "{address}: {told}");
            assert_eq!(told["others"], serde_json::json!([]), "{address}");
        }
        for none in [
            "http://elsewhere.example/law/x/",
            "http://news.example.cn/",
            "/",
        ] {
            world.run(&["explain", none], 1);
        }
        world.run(&["build"], 0);
    }
}

#[test]
fn a_post_whose_file_is_gone_is_told_as_catalog_and_store_know_it() {
    let world = World::new().config("posts: {delete_grace_seconds: 3600}\n");
    let daemon = world.start();
    world.post("2026-11-20-a.md", &today("甲事", "demo", "演示", "正文。"));
    daemon.wait_for_output("│ 甲事");
    world.settled(1);
    world.delete("posts/2026-11-20-a.md");
    world.post("2026-11-20-b.md", &today("乙事", "demo", "演示", "正文。"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("乙事"));
    world.settled(2);
    for wanted in ["甲事", "posts/2026-11-20-a.md"] {
        let said = world.run(&["explain", wanted], 0);
        for words in [
            "title      甲事",
            "state      its file is gone since 20",
            "it stays in the feeds until 20",
            "feed       category:demo",
            "decision   announced",
            "delivery   @terminal sent",
        ] {
            assert!(said.contains(words), "{words} in\n{said}");
        }
    }
    // A save that went wrong is told with what is wrong.
    world.post("2026-11-20-b.md", "---\ntitle: 乙事\n正文。\n");
    daemon.wait_for_output("skipped [unclosed-front-matter]");
    let said = world.run(&["explain", "乙事"], 0);
    for words in [
        "problem    posts/2026-11-20-b.md:1: skipped [unclosed-front-matter]",
        "title      乙事",
        "state      its file gives no post since 20",
    ] {
        assert!(said.contains(words), "{words} in\n{said}");
    }
    let told = json(&world, "甲事");
    let id = told["known"]["id"].as_str().unwrap().to_owned();
    assert_eq!(told["known"]["state"], "live");
    assert!(told["known"]["until"].is_string(), "{told}");
    assert_eq!(told["feeds"].as_array().unwrap().len(), 3);
    assert!(daemon.terminate().success());
    // One run has no time for grace: the catalog forgets the post, the store does not.
    world.run(&["once"], 0);
    let address = told["known"]["url"].as_str().unwrap();
    for wanted in [id.as_str(), address, "甲事"] {
        let said = world.run(&["explain", wanted], 0);
        for words in [
            "title      甲事",
            "state      in no feed: its file is gone; this is what the store remembers",
            "decision   announced",
            "delivery   @terminal sent",
        ] {
            assert!(said.contains(words), "{words} in\n{said}");
        }
        assert!(!said.contains("feed       "), "{said}");
    }
    let told = json(&world, &id);
    assert_eq!(told["post"], Value::Null);
    assert_eq!(told["known"]["state"], "gone");
    assert_eq!(told["feeds"], serde_json::json!([]));
    assert_eq!(told["deliveries"][0]["state"], "sent");
    world.post("2026-11-20-c.md", "---\ntitle: 丙事\n---\n正文。\n");
    world.run(&["build"], 0);
    world.delete("posts/2026-11-20-c.md");
    let said = world.run(&["explain", "丙事"], 0);
    let words = "state      its file is gone, and no round has seen that yet; it is in the feeds";
    assert!(said.contains(words), "{said}");
}

#[test]
fn a_file_is_the_same_post_however_its_path_is_spelled() {
    let world = World::new();
    world.write(
        "posts/news/2026-11-20-a.md",
        "---\ntitle: 甲\ndate: 2026-11-20 08:00:00 +0800\n---\n正文。\n",
    );
    world.run(&["build"], 0);
    let absolute = world.path("posts/news/2026-11-20-a.md");
    let absolute = absolute.to_str().unwrap();
    let told = json(&world, "posts/news/2026-11-20-a.md");
    for spelling in [
        absolute,
        "./posts/news/2026-11-20-a.md",
        "posts/../posts/news/2026-11-20-a.md",
    ] {
        assert_eq!(json(&world, spelling), told, "{spelling}");
    }
}

#[test]
fn a_file_behind_another_one_of_its_id_is_told_so() {
    let world = World::new();
    for name in ["2026-11-20-a.md", "2026-11-20-a.markdown"] {
        world.post(name, &today(name, "demo", "演示", "正文。"));
    }
    world.run(&["build"], 0);
    let told = world.run(&["explain", "posts/2026-11-20-a.md"], 0);
    assert!(told.contains("another file has its id"), "{told}");
    let told = world.run(&["explain", "posts/2026-11-20-a.markdown"], 0);
    assert!(!told.contains("another file has its id"), "{told}");
}

#[test]
fn a_label_is_explained_by_the_name_that_its_alias_gives_it() {
    let world = World::new().with_telegram().config(
        "labels: {aliases: {'category:demo': show}}\ntelegram: {channels: [{chat: 7, follow: ['category:show']}]}\n",
    );
    world.telegram().add_user(7, "Li", "zh-hans");
    world.telegram().user_starts(7);
    world.telegram().take_updates();
    world.run(&["once"], 0);
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    world.run(&["once"], 0);
    assert!(world.telegram().next_message(7).text.contains("甲"));
    let told = world.run(&["explain", "posts/2026-11-20-a.md"], 0);
    assert!(
        told.contains("category:show") && !told.contains("follows none"),
        "{told}"
    );
}
