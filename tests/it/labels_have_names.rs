//! What people call labels, which of them are one, and what becomes of old names.

use crate::world::{World, far_hour, today};

fn post(title: &str, category: &str, tag: &str) -> String {
    format!(
        "---\ntitle: {title}\ndate: 2022-02-18 10:00:00 +0800\ncategories: [{category}]\ntags: [{tag}]\n---\n正文\n"
    )
}

fn title(world: &World, feed: &str) -> String {
    let xml = world.read(&format!("public/{feed}"));
    let document = roxmltree::Document::parse(&xml).unwrap();
    let title = document
        .descendants()
        .find(|node| node.tag_name().name() == "title");
    title.unwrap().text().unwrap().to_owned()
}

#[test]
fn a_category_has_the_name_that_the_config_or_its_own_posts_give_it() {
    let world = World::new().config("labels: {names: {emnews: 东方财富}}\n");
    world.post(
        "2022-02-18-a.md",
        &post("一", "dazhongribao", "大众日报新闻"),
    );
    world.post("2022-02-18-b.md", &post("二", "emnews", "东财滚动新闻"));
    world.post("2022-02-18-c.md", &post("三", "tech", "前端"));
    world.run(&["build"], 0);
    assert_eq!(
        title(&world, "feed/dazhongribao.xml"),
        "大众日报 | 测试新闻"
    );
    assert_eq!(title(&world, "feed/emnews.xml"), "东方财富 | 测试新闻");
    assert_eq!(title(&world, "feed/tech.xml"), "tech | 测试新闻");
    // An entry's category has the name that the config gives: no other feed hangs on what was learnt.
    let site = world.read("public/feed.xml");
    assert!(site.contains("term=\"emnews\"") && site.contains("label=\"东方财富\""));
    assert!(!site.contains("label=\"大众日报\""));
    for list in ["feeds.opml", "index.html"] {
        let text = world.read(&format!("public/{list}"));
        assert!(
            text.contains("大众日报") && text.contains("东方财富"),
            "{list}"
        );
    }
    // The name stays over a start, and goes with what gave it.
    world.run(&["build"], 0);
    assert_eq!(
        title(&world, "feed/dazhongribao.xml"),
        "大众日报 | 测试新闻"
    );
    world.post("2022-02-18-a.md", &post("一", "dazhongribao", "要闻"));
    world.run(&["build"], 0);
    assert_eq!(
        title(&world, "feed/dazhongribao.xml"),
        "dazhongribao | 测试新闻"
    );
    assert!(world.read("public/feeds.opml").contains("\"dazhongribao\""));
}

#[test]
fn old_names_go_on_and_retired_labels_are_gone() {
    let world = World::new();
    world.post("2022-02-18-a.md", &post("一", "old", "旧"));
    world.post("2022-02-18-b.md", &post("二", "new", "新"));
    world.run(&["build"], 0);
    assert!(world.path("public/feed/by_tag/旧.xml").is_file());

    let world = world.config("labels: {aliases: {'category:old': new}, retired: ['tag:旧']}\n");
    world.run(&["build"], 0);
    // Both posts are in the new feed, and the old address gives the same bytes, which say where it is now.
    for ending in ["xml", "rss", "json", "html"] {
        let new = world.read(&format!("public/feed/new.{ending}"));
        assert!(new.contains("一") && new.contains("二"), "{ending}");
        assert_eq!(world.read(&format!("public/feed/old.{ending}")), new);
    }
    assert!(
        world
            .read("public/feed/old.xml")
            .contains("http://news.example.cn/feed/new.xml\" rel=\"self\"")
    );
    // The ids and addresses of the posts stay: they were made of what the author wrote.
    assert!(
        world
            .read("public/feed/new.xml")
            .contains("<id>http://news.example.cn/old/2022/02/18/a</id>")
    );
    for ending in ["xml", "rss", "json", "html"] {
        assert!(
            !world
                .path(&format!("public/feed/by_tag/旧.{ending}"))
                .exists(),
            "{ending}"
        );
    }
    // Where a page links to, there is a page.
    let page = world.read("public/feed/new.html");
    assert!(page.contains("by_tag/新.html") && !page.contains("旧"));
    let list = world.read("public/feeds.opml");
    assert!(!list.contains("旧") && !list.contains("old.xml") && list.contains("new.xml"));
    let daemon = world.start();
    assert_eq!(daemon.get("/feed/by_tag/%E6%97%A7.xml").status, 410);
    assert_eq!(daemon.get("/feed/old.xml").status, 200);
    daemon.terminate();

    // A new post under the old name still reaches those who follow either address.
    world.post("2022-02-19-c.md", &post("三", "old", "新"));
    world.run(&["build"], 0);
    assert!(world.read("public/feed/old.xml").contains("三"));
    assert_eq!(
        world.read("public/feed/old.xml"),
        world.read("public/feed/new.xml")
    );
}

#[test]
fn labels_that_differ_by_case_or_width_are_apart_unless_they_are_folded() {
    let world = World::new();
    world.post("2022-02-18-a.md", &post("一", "TechWeb", "ＡＩ"));
    world.post("2022-02-18-b.md", &post("二", "Techweb", "AI"));
    world.run(&["build"], 0);
    for feed in [
        "feed/TechWeb.xml",
        "feed/Techweb.xml",
        "feed/by_tag/AI.xml",
        "feed/by_tag/ＡＩ.xml",
    ] {
        assert_eq!(
            world
                .read(&format!("public/{feed}"))
                .matches("<entry>")
                .count(),
            1,
            "{feed}"
        );
    }
    let world = world.config("labels: {fold: true, names: {TechWeb: 科技网}}\n");
    world.run(&["build"], 0);
    for feed in ["feed/TechWeb.xml", "feed/by_tag/ai.xml"] {
        assert_eq!(
            world
                .read(&format!("public/{feed}"))
                .matches("<entry>")
                .count(),
            2,
            "{feed}"
        );
    }
    assert_eq!(title(&world, "feed/TechWeb.xml"), "科技网 | 测试新闻");
}

#[test]
fn a_label_without_posts_leaves_the_lists_and_its_feed_stays_valid_and_empty() {
    let world = World::new();
    world.post("2022-02-18-a.md", &post("一", "finance", "走了"));
    world.post("2022-02-18-b.md", &post("二", "finance", "留下"));
    world.run(&["build"], 0);
    assert!(world.read("public/feeds.opml").contains("走了"));
    world.delete("posts/2022-02-18-a.md");
    world.run(&["build"], 0);
    for list in ["feeds.opml", "index.html"] {
        let text = world.read(&format!("public/{list}"));
        assert!(!text.contains("走了") && text.contains("留下"), "{list}");
    }
    let feed = world.read("public/feed/by_tag/走了.xml");
    let read = feed_rs::parser::parse(feed.as_bytes()).unwrap();
    assert_eq!(read.entries.len(), 0);
    world.post("2022-02-18-a.md", &post("一", "finance", "走了"));
    world.run(&["build"], 0);
    assert!(world.read("public/feeds.opml").contains("走了"));
}

#[test]
fn what_waits_goes_to_those_who_follow_the_name_that_its_label_has_now() {
    let chat = -1_001_234_567_890;
    let world = World::new().with_telegram().config(&format!(
        "telegram: {{channels: [{{chat: {chat}, follow: ['tag:旧']}}]}}\nlabels: {{aliases: {{'tag:旧': 新}}}}\n"
    ));
    world.telegram().add_channel(chat, None, "新");
    let late = format!(
        "telegram.channels=[{{chat: {chat}, follow: ['tag:旧'], digest: '{}'}}]",
        far_hour()
    );
    let before = ["once", "--set", "labels={}", "--set", &late];
    world.run(&before, 0);
    world.post("2026-11-20-a.md", &today("等着的", "demo", "旧", "正文。"));
    let old = "---\ntitle: 旧文\ndate: 2022-02-18 10:01:41 +0800\ntags: 旧\n---\n正文。\n";
    world.post("2022-02-18-old.md", old);
    let said = world.run(&before, 0);
    assert!(said.contains("1 held"), "{said}");
    world.settled_but(0, 1);
    // Now the alias is there, and no hour.
    world.run(&["once"], 0);
    assert!(world.telegram().next_message(chat).text.contains("等着的"));
    world.run(&["held", "announce"], 0);
    world.run(&["once"], 0);
    assert!(world.telegram().next_message(chat).text.contains("旧文"));
}
