//! The built-in server as feed readers and attackers meet it.

use crate::world::{World, today};

#[test]
fn readers_get_validators_types_and_304() {
    let world = World::new();
    world.post("2026-11-20-a.md", &today("标题", "demo", "演示", "正文。"));
    let daemon = world.start();
    let types = [
        ("/feed.xml", "application/atom+xml; charset=utf-8"),
        ("/feed.rss", "application/rss+xml; charset=utf-8"),
        ("/feed.json", "application/feed+json; charset=utf-8"),
        ("/", "text/html; charset=utf-8"),
        (
            "/feed/by_tag/%E6%BC%94%E7%A4%BA.xml",
            "application/atom+xml; charset=utf-8",
        ),
    ];
    for (path, kind) in types {
        let answer = daemon.get(path);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(kind)),
            "{path}"
        );
        let etag = answer.header("etag").unwrap();
        assert!(
            etag.starts_with('"') && etag.ends_with('"'),
            "a strong validator: {etag}"
        );
        let again = daemon.request("GET", path, &[("If-None-Match", etag)]);
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        let modified = answer.header("last-modified").unwrap();
        assert_eq!(
            daemon
                .request("GET", path, &[("If-Modified-Since", modified)])
                .status,
            304,
            "{path}"
        );
        let head = daemon.request("HEAD", path, &[]);
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("etag"), Some(etag));
    }
    assert_eq!(daemon.get("/healthz").status, 200);
}

#[test]
fn a_new_post_changes_the_validators_of_its_feeds_only() {
    let world = World::new();
    world.post("2026-11-20-a.md", &today("甲", "one", "甲", "正文。"));
    world.post("2026-11-20-b.md", &today("乙", "two", "乙", "正文。"));
    let daemon = world.start();
    let etag = |path: &str| daemon.get(path).header("etag").unwrap().to_owned();
    let (one, two) = (etag("/feed/one.rss"), etag("/feed/two.rss"));
    world.post("2026-11-20-c.md", &today("丙", "two", "乙", "正文。"));
    daemon.wait_for("/feed/two.rss", |answer| {
        answer.header("etag") != Some(&two)
    });
    assert_eq!(etag("/feed/one.rss"), one);
}

#[test]
fn nothing_outside_the_published_files_is_served() {
    let world = World::new();
    world.post("2026-11-20-a.md", &today("标题", "demo", "演示", "正文。"));
    let daemon = world.start();
    let paths = [
        "/../config/tagwire.yaml",
        "/%2e%2e/config/tagwire.yaml",
        "/feed/..%2f..%2fvar%2fstore.db",
        "/feed/%00.xml",
        "/feed/%ff.xml",
        "//etc/passwd",
        "/no-such-feed.xml",
    ];
    for path in paths {
        let status = daemon.get(path).status;
        assert!((400..500).contains(&status), "{path} gave {status}");
    }
}
