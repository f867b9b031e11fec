//! WebSub: feeds name their hub, and the hub is told when they changed.

use super::hub::Hub;
use crate::world::{World, today};

const SITE: &str = "http://news.example.cn";

#[test]
fn feeds_name_their_hubs() {
    let world =
        World::new().config("feeds: {hub: ['https://one.test/', 'https://two.test/?a=1&b=2']}\n");
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    // Nobody answers there; the feeds are built all the same.
    world.run(&["build"], 0);
    for name in ["feed.xml", "feed/demo.xml"] {
        let text = world.read(&format!("public/{name}"));
        let document = roxmltree::Document::parse(&text).unwrap();
        let links = document
            .descendants()
            .filter(|node| node.has_tag_name("link"));
        let hubs: Vec<&str> = links
            .filter(|link| link.attribute("rel") == Some("hub"))
            .filter_map(|link| link.attribute("href"))
            .collect();
        assert_eq!(
            hubs,
            ["https://one.test/", "https://two.test/?a=1&b=2"],
            "{name}"
        );
    }
    let rss = world.read("public/feed.rss");
    assert_eq!(rss.matches("rel=\"hub\"").count(), 2, "{rss}");
    let json: serde_json::Value = serde_json::from_str(&world.read("public/feed.json")).unwrap();
    let hubs = serde_json::json!([
        {"type": "WebSub", "url": "https://one.test/"},
        {"type": "WebSub", "url": "https://two.test/?a=1&b=2"},
    ]);
    assert_eq!(json["hubs"], hubs);
}

#[test]
fn a_hub_is_told_and_then_finds_the_new_entry() {
    let hub = Hub::start();
    let world = World::new().config(&format!("feeds: {{hub: '{}'}}\n", hub.url()));
    world.post("2026-11-20-a.md", &today("甲", "one", "演示", "正文。"));
    world.post("2026-11-20-b.md", &today("乙", "two", "演示", "正文。"));
    let daemon = world.start();
    let link = daemon.get("/feed.xml").header("link").unwrap().to_owned();
    assert!(
        link.contains(&format!("<{}>; rel=\"hub\"", hub.url())),
        "{link}"
    );
    world.post(
        "2026-11-20-c.md",
        &today("丙的新闻", "two", "演示", "正文。"),
    );
    let named = hub.wait_for(&format!("{SITE}/feed/by_tag/%E6%BC%94%E7%A4%BA.xml"));
    let found = daemon.get("/feed/by_tag/%E6%BC%94%E7%A4%BA.xml");
    assert!(found.text().contains("丙的新闻"));
    for feed in ["/feed.xml", "/feed.rss", "/feed.json", "/feed/two.json"] {
        assert!(
            named.contains(&format!("{SITE}{feed}")),
            "{feed}: {named:?}"
        );
    }
    // What did not change, or is no feed, is not told.
    let others = named.iter().filter(|url| {
        url.contains("/one.")
            || url.ends_with(".html")
            || url.ends_with(".opml")
            || url.contains(".archive/")
    });
    assert_eq!(others.count(), 0, "{named:?}");
    assert_eq!(hub.pings(), 1, "one request names them all");
}

#[test]
fn a_ping_outlives_a_hub_that_is_down_and_a_kill() {
    let hub = Hub::start();
    let world = World::new().config(&format!("feeds: {{hub: '{}'}}\n", hub.url()));
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    let daemon = world.start();
    hub.set_down(true);
    world.post(
        "2026-11-20-b.md",
        &today("乙的新闻", "demo", "演示", "正文。"),
    );
    daemon.wait_for_output("503 Service Unavailable; tried again in 2 s");
    assert!(daemon.get("/feed/demo.xml").text().contains("乙的新闻"));
    daemon.kill9();
    hub.set_down(false);
    let daemon = world.start();
    hub.wait_for(&format!("{SITE}/feed/demo.xml"));
    assert_eq!(daemon.terminate().code(), Some(0));
}

#[test]
fn a_feed_that_the_hub_refuses_costs_no_other_feed_its_ping() {
    let hub = Hub::start();
    let world = World::new().config(&format!("feeds: {{hub: '{}'}}\n", hub.url()));
    world.post(
        "2026-11-20-a.md",
        &today("甲", "unwanted", "演示", "正文。"),
    );
    let daemon = world.start();
    world.post(
        "2026-11-20-b.md",
        &today("乙", "unwanted", "演示", "正文。"),
    );
    daemon.wait_for_output("the hub refuses a feed: 422");
    hub.wait_for(&format!("{SITE}/feed.xml"));
}

#[test]
fn a_hub_is_told_of_the_address_that_the_feed_names_itself() {
    let hub = Hub::start();
    let world = World::new().config(&format!("feeds: {{hub: '{}'}}\n", hub.url()));
    world.post("2026-11-20-a.md", &today("甲", "one", "演示", "正文。"));
    let site = "site.url=https://例子.测试/新闻";
    world.run(&["once", "--set", site], 0);
    world.post("2026-11-20-b.md", &today("乙", "one", "演示", "正文。"));
    world.run(&["once", "--set", site], 0);
    let named = "https://xn--fsqu00a.xn--0zwm56d/%E6%96%B0%E9%97%BB/feed.xml";
    hub.wait_for(named);
    assert!(
        world
            .read("public/feed.xml")
            .contains(&format!("href=\"{named}\""))
    );
}

#[test]
fn a_hub_that_is_down_holds_up_no_other() {
    let (down, hub) = (Hub::start(), Hub::start());
    down.set_down(true);
    let hubs = format!("feeds: {{hub: ['{}', '{}']}}\n", down.url(), hub.url());
    let world = World::new().config(&hubs);
    world.post("2026-11-20-a.md", &today("甲", "one", "演示", "正文。"));
    world.post("2026-11-20-d.md", &today("丁", "two", "演示", "正文。"));
    let daemon = world.start();
    world.post("2026-11-20-b.md", &today("乙", "one", "演示", "正文。"));
    hub.wait_for(&format!("{SITE}/feed/one.xml"));
    // From here on the one that is down is not asked for eight seconds.
    daemon.wait_for_output("tried again in 8 s");
    let refused = down.refused();
    world.post("2026-11-20-c.md", &today("丙", "two", "演示", "正文。"));
    hub.wait_for(&format!("{SITE}/feed/two.xml"));
    assert_eq!(down.refused(), refused, "the other was told on the way");
    // When it is back it is told of everything.
    down.set_down(false);
    down.wait_for(&format!("{SITE}/feed/one.xml"));
    down.wait_for(&format!("{SITE}/feed/two.xml"));
    assert!(daemon.terminate().success());
}
