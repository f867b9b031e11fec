//! A post lands in the folder, and stands in the feeds of the site, its category, its tag and its topic.

use crate::world::{World, dated, today};

const TOPIC: &str = "title: 市场监管\nthreshold: 1\nany:\n  title: [市场监管]\n  body: [食品安全]\nnone:\n  text: [证监会]\n";
const POST: &str = "---\ntitle: 开创市场监管工作新局面\ndate: 2022-02-18 10:01:41 +0800\ncategories: haidairibao\ntags: 海岱日报新闻\n---\n<p>全省市场监管系统召开会议。</p>\n <p>会议部署食品安全工作。</p><p class=\"em_media\">（文章来源：海岱日报）</p>\n\n<http://paper.example.cn/1.html>\n";

fn world() -> World {
    World::new().topic("market", TOPIC)
}

#[test]
fn a_post_stands_in_the_feeds_of_site_category_tag_and_topic_in_three_formats() {
    let world = world();
    world.post("2022-02-18-NW1.md", POST);
    world.run(&["build"], 0);
    for feed in [
        "feed",
        "feed/haidairibao",
        "feed/by_tag/海岱日报新闻",
        "feed/by_topic/market",
    ] {
        let atom = world.read(&format!("public/{feed}.xml"));
        let parsed = feed_rs::parser::parse(atom.as_bytes()).unwrap();
        assert_eq!(parsed.entries.len(), 1, "{feed}");
        assert_eq!(
            parsed.entries[0].id,
            "http://news.example.cn/haidairibao/2022/02/18/NW1"
        );
        assert!(
            atom.contains("<published>2022-02-18T10:01:41+08:00</published>"),
            "{atom}"
        );
        let rss = world.read(&format!("public/{feed}.rss"));
        roxmltree::Document::parse(&rss).unwrap();
        assert!(
            rss.contains("<pubDate>Fri, 18 Feb 2022 10:01:41 +0800</pubDate>"),
            "{rss}"
        );
        let json: serde_json::Value =
            serde_json::from_str(&world.read(&format!("public/{feed}.json"))).unwrap();
        assert_eq!(
            json["items"][0]["date_published"],
            "2022-02-18T10:01:41+08:00"
        );
    }
    let opml = world.read("public/feeds.opml");
    let opml = roxmltree::Document::parse(&opml).unwrap();
    let feeds = opml
        .descendants()
        .filter(|node| node.attribute("xmlUrl").is_some());
    assert_eq!(feeds.count(), 4);
}

#[test]
fn a_site_without_formats_and_pages_has_lists_alone() {
    let world = world().config("feeds: {formats: [], pages: false}\n");
    world.post("2022-02-18-NW1.md", POST);
    let told = world.run(&["build"], 0);
    assert!(told.contains("1 added"), "{told}");
    assert!(world.path("public/feeds.opml").exists());
    assert!(!world.path("public/feed").exists());
}

#[test]
fn files_of_formats_and_pages_that_are_turned_off_go_and_no_others() {
    let world = world();
    world.post("2022-02-18-NW1.md", POST);
    world.run(&["build"], 0);
    world.write("public/own.json", "{}");
    world.write("public/feed/own.rss", "mine");
    assert!(world.path("public/pinyin.txt").exists());
    let on = [
        "--set",
        "feeds.formats=[atom]",
        "--set",
        "feeds.pages=false",
    ];
    world.run(&[&on[..], &["build"]].concat(), 0);
    for stem in ["feed", "feed/haidairibao", "feed/by_topic/market"] {
        assert!(world.path(&format!("public/{stem}.xml")).exists(), "{stem}");
        for ending in ["rss", "json", "html"] {
            assert!(
                !world.path(&format!("public/{stem}.{ending}")).exists(),
                "{stem}.{ending}"
            );
        }
    }
    assert!(!world.path("public/pinyin.txt").exists());
    for kept in ["own.json", "feed/own.rss", "index.html", "feeds.opml"] {
        assert!(world.path(&format!("public/{kept}")).exists(), "{kept}");
    }
    world.run(&["build"], 0);
    assert!(world.path("public/feed/haidairibao.json").exists());
}

#[test]
fn words_that_are_cut_from_a_body_match_no_topic() {
    let world = world();
    let about = |name: &str, body: &str| {
        let text = format!("---\ntitle: 行情\ndate: 2022-02-18 10:00:00 +0800\n---\n{body}\n");
        world.post(&format!("2022-02-18-{name}.html"), &text);
    };
    about(
        "concept",
        "<p>大盘<span id=\"bk_90.BK0896\"><a href=\"http://quote.example.cn/90.BK0896\" class=\"keytip\">食品安全</a></span>板块上涨。</p>",
    );
    about(
        "hidden",
        "<p>大盘上涨。</p><p style=\"display:none\">食品安全</p>",
    );
    about("said", "<p>会议部署食品安全工作。</p>");
    world.run(&["build"], 0);
    let feed = world.read("public/feed/by_topic/market.json");
    let feed: serde_json::Value = serde_json::from_str(&feed).unwrap();
    let urls: Vec<&str> = feed["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|item| item["url"].as_str())
        .collect();
    assert_eq!(urls, ["http://news.example.cn/2022/02/18/said.html"]);
}

#[test]
fn a_topic_that_a_word_vetoes_does_not_get_the_post() {
    let world = world();
    world.post(
        "2022-02-18-NW2.md",
        &POST.replace("召开会议", "与证监会召开会议"),
    );
    world.run(&["build"], 0);
    assert!(
        !world
            .read("public/feed/by_topic/market.xml")
            .contains("<entry>")
    );
}

#[test]
fn the_same_posts_give_the_same_bytes_whatever_the_machines_zone_and_the_catalogs_age() {
    let tree = |zone: &str, incremental: bool| {
        let world = world().with_env("TZ", zone);
        for number in 1..30 {
            if incremental && number % 7 == 0 {
                world.run(&["build"], 0);
            }
            // Many of the same second: their order must not hang on the order in which they came.
            let post = POST.replace("10:01:41", &format!("10:01:{:02}", number / 10));
            world.post(&format!("2022-02-18-NW{number}.md"), &post);
        }
        world.run(&["build"], 0);
        let names = [
            "feed.xml",
            "feed.rss",
            "feed.json",
            "feed/haidairibao.xml",
            "feeds.opml",
            "index.html",
        ];
        names.map(|name| world.read(&format!("public/{name}")))
    };
    let first = tree("UTC", false);
    assert_eq!(first, tree("Asia/Shanghai", true));
    assert_eq!(first, tree("America/St_Johns", true));
}

#[test]
fn a_warm_start_opens_no_unchanged_post_and_a_new_one_touches_only_its_feeds() {
    let world = world();
    world.post("2022-02-18-NW1.md", POST);
    world.post(
        "2022-02-18-other.md",
        &POST
            .replace("haidairibao", "hujiang")
            .replace("海岱日报新闻", "沪江"),
    );
    world.run(&["build"], 0);
    // A file that is read again counts as changed, whatever is in it.
    let said = world.run(&["build"], 0);
    assert!(
        said.contains("0 added, 0 changed, 0 removed; 0 files written"),
        "{said}"
    );

    let untouched = std::fs::metadata(world.path("public/feed/haidairibao.xml"))
        .unwrap()
        .modified()
        .unwrap();
    let post = POST
        .replace("haidairibao", "hujiang")
        .replace("海岱日报新闻", "沪江")
        .replace("10:01:41", "11:00:00");
    world.post("2022-02-18-new.md", &post);
    let said = world.run(&["build"], 0);
    // Site, category, tag and topic, in three formats, and the pages of the last three; the list of feeds
    // is the same.
    assert!(
        said.contains("1 added, 0 changed, 0 removed; 15 files written"),
        "{said}"
    );
    let now = std::fs::metadata(world.path("public/feed/haidairibao.xml"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(untouched, now);
}

#[test]
fn catalog_and_feeds_may_be_deleted_and_come_back_with_the_same_bytes() {
    let world = world();
    world.post("2022-02-18-NW1.md", POST);
    world.run(&["build"], 0);
    let before = world.read("public/feed.rss");
    std::fs::remove_dir_all(world.path("public")).unwrap();
    world.run(&["build"], 0);
    assert_eq!(world.read("public/feed.rss"), before);
    std::fs::remove_file(world.path("var/catalog.db")).unwrap();
    let said = world.run(&["build"], 0);
    assert!(said.contains("0 files written"), "{said}");
    std::fs::write(
        world.path("var/catalog.db"),
        "this is no database at all, but long enough to be looked at".repeat(20),
    )
    .unwrap();
    world.run(&["build"], 0);
    assert_eq!(world.read("public/feed.rss"), before);
}

#[test]
fn a_feed_whose_last_post_went_away_stays_and_is_empty() {
    let world = world();
    world.post("2022-02-18-NW1.md", POST);
    world.run(&["build"], 0);
    world.delete("posts/2022-02-18-NW1.md");
    world.post("2022-02-18-NW2.md", &POST.replace("haidairibao", "hujiang"));
    world.run(&["build"], 0);
    let empty = world.read("public/feed/haidairibao.xml");
    assert!(
        feed_rs::parser::parse(empty.as_bytes())
            .unwrap()
            .entries
            .is_empty()
    );
}

#[test]
fn the_daemon_notices_new_edited_renamed_and_deleted_posts() {
    let world = world().config("posts: {delete_grace_seconds: 1, settle_ms: 100}\n");
    let daemon = world.start();
    world.post(
        "2026-11-20-a.md",
        &today("第一篇", "demo", "演示", "正文。"),
    );
    daemon.wait_for("/feed/demo.xml", |answer| answer.text().contains("第一篇"));
    world.post(
        "2026-11-20-a.md",
        &today("改过的标题", "demo", "演示", "正文。"),
    );
    daemon.wait_for("/feed/demo.xml", |answer| {
        answer.text().contains("改过的标题")
    });
    world.rename("posts/2026-11-20-a.md", "posts/2026-11-20-b.md");
    daemon.wait_for("/feed/demo.xml", |answer| {
        let text = answer.text();
        text.contains("/b</id>") && !text.contains("/a</id>")
    });
    world.delete("posts/2026-11-20-b.md");
    daemon.wait_for("/feed/demo.xml", |answer| {
        !answer.text().contains("<entry>")
    });
    assert!(daemon.terminate().success());
}

#[test]
fn many_files_at_once_are_one_round() {
    // Long enough that no pause of a busy machine parts them.
    let world = world().config("posts: {debounce_ms: 3000}\n");
    let daemon = world.start();
    std::fs::create_dir(world.path("coming")).unwrap();
    for number in 0..500 {
        let post = today(&format!("第{number}篇"), "demo", "演示", "正文。");
        world.write(&format!("coming/2026-11-20-n{number}.md"), &post);
    }
    // As `git pull` does it: one after the other, quickly.
    for number in 0..500 {
        world.rename(
            &format!("coming/2026-11-20-n{number}.md"),
            &format!("posts/2026-11-20-n{number}.md"),
        );
    }
    let said = daemon.wait_for_output("added=500");
    assert_eq!(
        said.matches("added=").count(),
        2,
        "the first look and one round:\n{said}"
    );
}

#[test]
fn a_post_from_the_future_comes_out_by_itself() {
    let world = world();
    let daemon = world.start();
    world.post("2026-11-20-soon.md", &dated("明天的新闻", 3600));
    daemon.wait_for_output("added=1");
    assert!(!daemon.get("/feed.xml").text().contains("明天的新闻"));
    world.post("2026-11-20-soon.md", &dated("明天的新闻", 2));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("明天的新闻"));
    daemon.wait_for_output("message to @terminal");
}

#[test]
fn a_folder_that_vanishes_is_not_taken_for_deletion() {
    let world = world().config("posts: {delete_grace_seconds: 0, rescan_seconds: 1}\n");
    for number in 0..25 {
        world.post(&format!("2022-02-18-NW{number}.md"), POST);
    }
    let daemon = world.start();
    let before = daemon.get("/feed.xml").body;
    world.rename("posts", "away");
    daemon.wait_for_output("its posts stay as they were");
    assert_eq!(daemon.get("/feed.xml").body, before);
    // An unmounted mount point is an empty folder.
    std::fs::create_dir(world.path("posts")).unwrap();
    daemon.wait_for_output("taken for an unmounted folder");
    assert_eq!(daemon.get("/feed.xml").body, before);
    std::fs::remove_dir(world.path("posts")).unwrap();
    world.rename("away", "posts");
    world.post(
        "2022-02-19-back.md",
        &today("回来了", "demo", "演示", "正文。"),
    );
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("回来了"));
}

#[test]
fn what_somebody_else_made_is_not_written_over() {
    let world = World::new().config(
        "publish: {dir: site}\nfeeds: {formats: [atom, rss, json], archives: [site], opml: /list.xml}\n",
    );
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    world.write("site/index.html", "<h1>我的首页</h1>");
    world.write("site/feed.xml", "<?xml version=\"1.0\"?><feed/>");
    // Of a crash, and of another version of the same feed.
    world.write("site/feed.rss", "\0\0\0\0");
    world.write("site/feed.json", "{\"items\":[]}");
    world.write("site/feed/demo.json", "{\"title\":\"我的\"}");
    world.write("site/feed/gone.xml", "<feed/>");
    world.write(
        "site/feed/demo.xml",
        "<feed><generator>tagwire 0.1.0</generator></feed>",
    );
    let said = world.run_err(&["build"], 4);
    assert!(said.contains("tagwire did not make the file"), "{said}");
    assert_eq!(world.read("site/index.html"), "<h1>我的首页</h1>");
    assert!(world.read("site/feed.xml").contains("<feed/>"));
    assert!(world.read("site/feed.rss").contains("甲"));
    assert!(world.read("site/feed/demo.xml").contains("甲"));
    // What could be written is up to date, and is not made again each time.
    let output = world.command(&["build", "--json"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("\"step\":\"writing feeds\",\"total\":2"),
        "{said}"
    );
    assert!(said.contains("\"failed\":3"), "{said}");
    // Nor is it taken away, where a label has no feed any more.
    let retired = ["build", "--set", "labels.retired=['category:demo']"];
    world.run_err(&retired, 4);
    assert!(world.read("site/feed/demo.json").contains("我的"));
    assert!(!world.path("site/feed/demo.xml").exists());
    assert!(world.path("site/feed/gone.xml").exists());
    world.delete("site/feed/demo.json");
    world.delete("site/feed/gone.xml");
    world.rename("site/index.html", "index.html");
    world.rename("site/feed.xml", "feed.xml");
    world.run(&["build"], 0);
    assert!(world.read("site/feed.xml").contains("甲"));
    // All that it writes says whose it is, so that a new catalog knows it again.
    for found in walkdir::WalkDir::new(world.path("site")) {
        let path = found.unwrap().into_path();
        let kind = path.extension().and_then(|kind| kind.to_str());
        let is_list = path.ends_with("list.xml");
        if !is_list && kind.is_some_and(|kind| ["html", "xml", "rss"].contains(&kind)) {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(text.contains("tagwire"), "{}", path.display());
        }
    }
    world.delete("var/catalog.db");
    world.post("2026-11-20-b.md", &today("乙", "new", "演示", "正文。"));
    world.run(&["build"], 0);
    assert!(world.read("site/feed.xml").contains("乙"));
    assert!(world.read("site/list.xml").contains("new"));
}

#[test]
fn feeds_are_not_published_among_the_posts() {
    let world = World::new();
    for dir in ["posts", "posts/public", "./posts/../posts/site"] {
        let said = world.run_err(&["build", "--set", &format!("publish.dir={dir}")], 2);
        assert!(said.contains("publish.dir"), "{said}");
        assert!(!world.path("posts/index.html").exists());
    }
    std::os::unix::fs::symlink("posts", world.path("link")).unwrap();
    let said = world.run_err(&["build", "--set", "publish.dir=link/new/site"], 2);
    assert!(said.contains("publish.dir"), "{said}");
}
