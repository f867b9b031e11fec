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
        // Not within the second in which the file was written.
        let answer = daemon.wait_for(path, |answer| answer.header("last-modified").is_some());
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
        "/var/store.db",
        "/%2e%2e/var/store.db",
        "/feed/%252e%252e/%252e%252e/var/catalog.db",
        "/..%5cvar%5cstore.db",
        "/feed/.tagwire-1-0.tmp",
        "/no-such-feed.xml",
    ];
    // What lies in the folder without being published is not served either.
    std::fs::write(world.path("public/feed/secret.xml"), "secret").unwrap();
    for path in paths.iter().chain(&["/feed/secret.xml"]) {
        let status = daemon.get(path).status;
        assert!((400..500).contains(&status), "{path} gave {status}");
    }
}

#[test]
fn every_published_file_is_served_whole_in_every_coding() {
    let world = World::new();
    world.post(
        "2026-11-20-a.md",
        &today("标题", "a b", "C#", "正文。".repeat(300).as_str()),
    );
    world.post("2026-11-20-b.md", &today("标题", "..", "演示?", "正文。"));
    let daemon = world.start();
    let public = world.path("public");
    let files = walkdir::WalkDir::new(&public).into_iter().flatten();
    let mut seen = 0;
    for file in files.filter(|entry| entry.file_type().is_file()) {
        let path = file.path().strip_prefix(&public).unwrap().to_str().unwrap();
        let escaped: String = path
            .bytes()
            .map(|byte| match byte {
                b'/' | b'.' | b'_' => char::from(byte).to_string(),
                byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect();
        let bytes = std::fs::read(file.path()).unwrap();
        for coding in ["identity", "gzip", "br"] {
            let asked = [("Accept-Encoding", coding)];
            let answer = daemon.request("GET", &format!("/{escaped}"), &asked);
            assert_eq!(answer.status, 200, "{path}");
            let mut plain = Vec::new();
            match answer.header("content-encoding") {
                None => plain = answer.body.clone(),
                Some("gzip") => {
                    let mut gzip = flate2::read::GzDecoder::new(answer.body.as_slice());
                    std::io::Read::read_to_end(&mut gzip, &mut plain).unwrap();
                }
                Some(_) => {
                    brotli::BrotliDecompress(&mut answer.body.as_slice(), &mut plain).unwrap()
                }
            }
            assert!(plain == bytes, "{path} in {coding}");
            let head = daemon.request("HEAD", &format!("/{escaped}"), &asked);
            assert_eq!(
                head.header("content-length"),
                answer.header("content-length")
            );
            assert_eq!(head.header("etag"), answer.header("etag"));
        }
        seen += 1;
    }
    assert!(seen > 15, "{seen}");
}

#[test]
fn the_access_log_has_a_line_for_each_request_and_no_query() {
    let world = World::new().with_env("TAGWIRE__HTTP__ACCESS_LOG", "true");
    world.post("2026-11-20-a.md", &today("标题", "demo", "演示", "正文。"));
    let daemon = world.start();
    daemon.request(
        "GET",
        "/feed.xml?token=hidden",
        &[("User-Agent", "reader/1")],
    );
    daemon.request("GET", "/feed.json", &[("User-Agent", "reader/2\"x")]);
    let log = daemon.wait_for_output("path=\"/feed.json\"");
    let line = |path: &str| log.lines().find(|line| line.contains(path)).unwrap();
    let first = line("path=\"/feed.xml\"");
    assert!(
        first.contains("status=200") && !log.contains("hidden"),
        "{first}"
    );
    assert!(
        first.contains("method=GET") && first.contains("127.0.0.1"),
        "{first}"
    );
    let second = line("path=\"/feed.json\"");
    assert!(second.contains("reader/2\\\"x"), "{second}");
}

#[test]
fn a_site_with_a_start_page_of_its_own_gets_feeds_and_pages_without_lists() {
    let world = World::new().config("feeds: {opml: false, index: false}\n");
    world.write("public/index.html", "<h1>我的网站</h1>");
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    let daemon = world.start();
    assert_eq!(daemon.get("/feed.xml").status, 200);
    for path in [
        "/",
        "/index.html",
        "/feeds.opml",
        "/pages.js",
        "/pinyin.txt",
    ] {
        assert_eq!(daemon.get(path).status, 404, "{path}");
    }
    let page = daemon.get("/feed/by_tag/演示.html").text();
    assert!(page.contains("甲") && !page.contains("全部订阅"), "{page}");
    assert_eq!(daemon.get("/pages.css").status, 200);
    let missing = daemon
        .request("GET", "/", &[("accept", "text/html")])
        .text();
    assert!(
        missing.contains("pages.css") && !missing.contains("全部订阅"),
        "{missing}"
    );
    assert!(
        page.contains("<a href=\"http://news.example.cn/\">"),
        "{page}"
    );
    world.post("2026-11-20-b.md", &today("乙", "second", "演示", "正文。"));
    daemon.wait_for("/feed/second.xml", |answer| answer.text().contains("乙"));
    assert!(daemon.terminate().success());
    assert_eq!(world.read("public/index.html"), "<h1>我的网站</h1>");
    assert!(!world.path("public/feeds.opml").exists());
}

#[test]
fn the_page_of_all_feeds_is_at_the_root_wherever_its_file_is() {
    let world = World::new().config("feeds: {index: /all.html}\n");
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    let daemon = world.start();
    let (root, page) = (daemon.get("/"), daemon.get("/all.html"));
    assert_eq!(root.status, 200);
    assert_eq!(root.text(), page.text());
    assert!(daemon.terminate().success());
}
