//! Bad input never stops the run and is never dropped in silence.

use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::http::Answer;
use crate::world::World;

#[test]
fn a_broken_post_is_a_problem_with_file_and_line_and_the_others_go_on() {
    let world = World::new();
    world.post("2022-02-18-good.md", "---\ntitle: 好的\n---\n正文。\n");
    world.post("2022-02-18-quote.md", "---\ntitle: \"他说\"好\"字\"\ndate: 2022-02-18 10:00:00 +0800\ncategories: a\n---\n正文。\n");
    world.post(
        "2022-02-18-empty.md",
        "---\ntitle: \"\"\ndate:  +0800\n---\n第一句话。第二句话。\n",
    );
    world.post("notes.md", "只是笔记，没有 front matter。\n");
    let said = world.run(&["build"], 0);
    assert!(said.contains("3 posts"), "{said}");
    let feed = world.read("public/feed.xml");
    for title in ["好的", "他说&quot;好&quot;字", "第一句话"] {
        let plain = title.replace("&quot;", "\"");
        assert!(
            feed.contains(title) || feed.contains(&plain),
            "{title} in {feed}"
        );
    }
    let problems = world.run(&["check"], 1);
    for place in [
        "posts/2022-02-18-quote.md:2",
        "posts/2022-02-18-empty.md:2",
        "posts/2022-02-18-empty.md:3",
        "posts/notes.md",
    ] {
        assert!(problems.contains(place), "{place} in\n{problems}");
    }
    assert!(problems.contains("= help:"), "{problems}");
    let lines = world.run(&["check", "--json"], 1);
    for line in lines.lines() {
        let problem: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(problem["file"].as_str().unwrap().starts_with("posts/"));
        assert!(problem["line"].is_u64() && problem["column"].is_u64());
        for key in ["kind", "message", "mend", "severity"] {
            assert!(!problem[key].as_str().unwrap().is_empty(), "{key}: {line}");
        }
    }
}

#[test]
fn hostile_text_ends_in_valid_feeds_without_scripts() {
    let world = World::new();
    world.post(
        "2022-02-18-evil.md",
        "---\ntitle: \"</title>]]>\u{202e}&\"\ncategories: ['../../etc', 'a/b', CON, '😀']\ntags: ['..', 'C#', 'x y']\n---\n<script>alert(1)</script><p onclick=\"x()\">好 ]]> \u{8}\u{fffe}<a href=\"javascript:x()\">点</a></p><iframe src=\"//e.x\"></iframe>\n",
    );
    world.run(&["build"], 0);
    for entry in walkdir::WalkDir::new(world.path("public"))
        .into_iter()
        .flatten()
    {
        let name = entry.path().to_string_lossy().into_owned();
        if !entry.file_type().is_file() {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).unwrap();
        // The one script of ours is a file of its own.
        let text = text.replacen("<script src=\"pages.js\" defer></script>", "", 1);
        for evil in [
            "<script",
            "onclick",
            "javascript:",
            "<iframe",
            "&lt;script",
            "&lt;iframe",
        ] {
            assert!(!text.contains(evil), "{evil} in {name}");
        }
        if name.ends_with(".xml") || name.ends_with(".rss") || name.ends_with(".opml") {
            roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
    assert!(!world.path("etc.xml").exists());
    assert!(!world.path("../etc.xml").exists());
}

#[test]
fn two_files_with_one_id_are_one_post_and_a_problem_whatever_came_first() {
    let world = World::new();
    let post = |title: &str| {
        format!("---\ntitle: {title}\ndate: 2022-02-18 10:00:00 +0800\n---\n正文。\n")
    };
    world.post("2022-02-18-same.markdown", &post("后来的"));
    world.run(&["build"], 0);
    world.post("2022-02-18-same.html", &post("先到的"));
    world.run(&["build"], 0);
    let feed = world.read("public/feed.xml");
    assert!(
        feed.contains("先到的") && !feed.contains("后来的"),
        "{feed}"
    );
    assert!(world.run(&["check"], 1).contains("duplicate-id"));
    // When the first goes, the other takes its place.
    world.delete("posts/2022-02-18-same.html");
    world.run(&["build"], 0);
    assert!(world.read("public/feed.xml").contains("后来的"));
    world.run(&["check"], 0);
}

#[test]
fn a_daemon_says_which_of_two_files_with_one_id_stands_back() {
    let world = World::new();
    let daemon = world.start();
    let post = |title: &str| crate::world::today(title, "demo", "演示", "正文。");
    world.post("2026-11-20-b.md", &post("先来的"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("先来的"));
    world.post("2026-11-20-b.html", &post("抢位的"));
    let said = daemon.wait_for_output("posts/2026-11-20-b.md: skipped [duplicate-id]");
    assert!(
        said.contains("which posts/2026-11-20-b.html has already"),
        "{said}"
    );
    world.post("2026-11-20-c.html", &post("别的"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("别的"));
    world.post("2026-11-20-c.md", &post("后来的"));
    daemon.wait_for_output("posts/2026-11-20-c.md: skipped [duplicate-id]");
    assert!(daemon.terminate().success());
}

#[test]
fn a_wrong_config_is_shown_with_its_line_and_exit_code_2() {
    let world = World::new().config("feeds:\n  limmit: 5\n");
    let words = world.run_err(&["build"], 2);
    assert!(
        words.contains("config/tagwire.yaml:4") && words.contains("did you mean `limit`?"),
        "{words}"
    );
    let world = World::new().topic("broken", "title: x\nanny:\n  title: [a]\n");
    let words = world.run_err(&["build"], 2);
    assert!(words.contains("config/topics/broken.yaml:2"), "{words}");
    let words = World::new().run_err(&["build", "--set", "site.timezone=Mars"], 2);
    assert!(words.contains("site.timezone"), "{words}");
}

#[test]
fn a_check_tells_config_topics_and_posts_alike_and_counts_by_kind() {
    let world = World::new().topic("broken", "title: x\nanny:\n  title: [a]\n");
    world.post(
        "2022-02-18-a.md",
        "---\ntitle: 央行: 降准\ntags: 市场\n---\n正文。\n",
    );
    world.post("2022-02-18-b.md", "---\ntitle: 好\n---\n正文。\n");
    let said = world.run(&["check"], 1);
    for words in [
        "config/topics/broken.yaml:2:1",
        "did you mean `any`?",
        "posts/2022-02-18-a.md:2:10",
        "write it as: title: '央行: 降准'",
        "2 files: 1 clean, 0 with notes, 1 recovered, 0 skipped; 2 problems",
    ] {
        assert!(said.contains(words), "{words} in\n{said}");
    }
    // No terminal, no colours; on request in spite of NO_COLOR.
    assert!(!said.contains('\u{1b}'), "{said}");
    let coloured = world.run(&["check", "--color", "always"], 1);
    assert!(coloured.contains("\u{1b}["), "{coloured}");
    let table = world.run(&["check", "--table", "posts", "config"], 1);
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[1], ["posts", "2", "1", "0", "1", "0"], "{table}");
    assert_eq!(rows[2], ["config", "0", "0", "0", "0", "0"], "{table}");
    let json = world.run(&["check", "--table", "--json"], 1);
    let row: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
    assert_eq!(row["kinds"]["broken-yaml"], 1, "{json}");

    let world = World::new().config("feeds:\n  limit: 0\nposts:\n  permalink: prety\n");
    let said = world.run(&["check"], 1);
    assert!(said.contains("config/tagwire.yaml:4:10"), "{said}");
    let said = world.run(&["check", "--json", "--set", "feeds.limit=2"], 1);
    let problem: serde_json::Value = serde_json::from_str(said.trim()).unwrap();
    assert_eq!(
        (&problem["line"], &problem["kind"]),
        (&serde_json::json!(6), &serde_json::json!("bad-config"))
    );
    let wrong = World::new().config(
        "store: {url: 'mysql://x'}\ntelegram:\n  channels:\n  - {chat: '@my_channel', follow: [site, topic:nope]}\n",
    );
    let said = wrong.run(&["check"], 1);
    for words in [
        "config/tagwire.yaml:3:14",
        "config/tagwire.yaml:5:3",
        "topic:nope",
    ] {
        assert!(said.contains(words), "{words} in\n{said}");
    }
    // The file is not to blame for what the command line sets.
    let said = world.run(&["check", "--set", "feeds.limit=-1"], 1);
    assert!(!said.contains("tagwire.yaml:"), "{said}");
    world.run(
        &[
            "check",
            "--set",
            "feeds.limit=2",
            "--set",
            "posts.permalink=none",
        ],
        0,
    );
}

#[test]
fn a_store_that_is_no_database_stops_the_start_and_says_the_way_out() {
    let world = World::new();
    world.write("var/store.db", &"garbage".repeat(1000));
    let words = world.run_err(&["once"], 4);
    assert!(
        words.contains("var/store.db") && words.contains("restore a backup"),
        "{words}"
    );
    // A check needs the dates that only the store knows, and says the same.
    assert!(world.run_err(&["check"], 4).contains("restore a backup"));
}

/// A catalog all of whose rows are in its own file.
fn without_log(path: &Path) -> rusqlite::Connection {
    let connection = rusqlite::Connection::open(path).unwrap();
    let fold = "pragma wal_checkpoint(truncate)";
    connection.query_row(fold, [], |_| Ok(())).unwrap();
    connection
}

/// Fills the page of this number, counted from 0, with what is no page; false when there is none.
fn overwrite_page(path: &Path, page: u32) -> bool {
    let size = "pragma page_size";
    let size = without_log(path).query_row(size, [], |row| row.get::<_, u32>(0));
    let size = size.unwrap();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let at = u64::from(page * size);
    let is_there = at < file.metadata().unwrap().len();
    if is_there {
        file.write_all_at(&vec![0xA5; size as usize], at).unwrap();
    }
    is_there
}

#[test]
fn a_catalog_that_is_damaged_anywhere_is_built_anew_by_the_same_run() {
    let world = World::new();
    for number in 0..60 {
        let post = format!(
            "---\ntitle: 第{number}篇\ndate: 2024-03-01 08:00:{number:02} +0800\ncategories: c{}\ntags: [t{}, t{}]\n---\n正文{number}。\n",
            number % 7,
            number % 11,
            number % 13
        );
        world.post(&format!("2024-03-01-p{number:02}.md"), &post);
    }
    world.run(&["build"], 0);
    let path = world.path("var/catalog.db");
    let mut page = 0;
    let mut made_anew = 0;
    while overwrite_page(&path, page) {
        // Something to do, so that the round comes by most pages.
        let post = format!(
            "---\ntitle: 新的{page}\ndate: 2024-03-02 08:00:00 +0800\ncategories: c1\n---\n正文。\n"
        );
        world.post("2024-03-02-new.md", &post);
        let said = world.run(&["build"], 0);
        made_anew += usize::from(said.contains("61 added"));
        for feed in ["public/feed.xml", "public/feed/c1.xml"] {
            assert!(
                world.read(feed).contains(&format!("新的{page}<")),
                "page {page}: {said}"
            );
        }
        page += 1;
    }
    assert!(page > 20 && made_anew > 10, "{made_anew} of {page}");
    // What a crash left of two files that do not belong together.
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    world.run(&["once"], 0);
    assert!(world.read("public/feed.xml").contains("第59篇"));
    // A daemon finds it while it asks the catalog what is published.
    let root = "select rootpage - 1 from sqlite_master where name = 'published'";
    let page = { without_log(&path) }
        .query_row(root, [], |row| row.get::<_, u32>(0))
        .unwrap();
    assert!(overwrite_page(&path, page));
    world.delete("public/feed.xml");
    let daemon = world.start();
    daemon.wait_for_output("the catalog is damaged and is built anew");
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("第59篇"));
}

#[test]
fn the_second_of_two_on_one_store_refuses_and_says_why() {
    let world = World::new();
    let _daemon = world.start();
    let words = world.run_err(&["once"], 3);
    assert!(words.contains("another tagwire works on"), "{words}");
    // Looking is always allowed.
    world.run(&["posts"], 0);
    world.run(&["check"], 0);
}

#[test]
fn a_daemon_that_comes_by_a_damaged_catalog_makes_it_anew_and_goes_on() {
    let world = World::new();
    let post = |title: &str| format!("---\ntitle: {title}\ncategories: c1\n---\n正文。\n");
    world.post("2024-03-01-a.md", &post("甲"));
    let daemon = world.start();
    let has = |words: &'static str| move |answer: &Answer| answer.text().contains(words);
    daemon.wait_for("/feed/c1.xml", has("甲"));
    // A name that no tagwire wrote, in what each round asks.
    let damaged = rusqlite::Connection::open(world.path("var/catalog.db")).unwrap();
    damaged
        .execute_batch(
            "update labels set name = x'00' where kind = 'category';
             insert or ignore into dirty select label from labels",
        )
        .unwrap();
    drop(damaged);
    world.post("2024-03-02-b.md", &post("乙"));
    daemon.wait_for_output("the catalog is damaged and is built anew");
    daemon.wait_for("/feed/c1.xml", has("乙"));
    assert!(has("甲")(&daemon.get("/feed/c1.xml")));
    // And it goes on as if nothing had been.
    world.post("2024-03-03-c.md", &post("丙"));
    daemon.wait_for("/feed/c1.xml", has("丙"));
    assert!(daemon.terminate().success());
    let said = world.run(&["build"], 0);
    assert!(
        said.contains("0 added, 0 changed, 0 removed; 0 files written"),
        "{said}"
    );
}

#[test]
fn a_daemon_says_at_once_what_is_wrong_with_a_post_that_came() {
    let world = World::new();
    world.post(
        "2026-11-20-a.md",
        "---\ndate: 2026/11/20 9点\n---\n正文。\n",
    );
    world.run(&["build"], 0);
    let daemon = world.start();
    world.post(
        "2026-11-20-b.md",
        "---\ndate: 2026/11/20 8点\n---\n正文。\n",
    );
    let said = daemon.wait_for_output("posts/2026-11-20-b.md:2:7: recovered [date-in-part]");
    assert!(said.contains("write it as 2022-02-18"), "{said}");
    // That of the start is counted by the greeting.
    assert!(!said.contains("2026-11-20-a.md:2"), "{said}");
    assert!(
        said.contains("1 problem (tagwire check shows it)"),
        "{said}"
    );
    assert!(daemon.terminate().success());
}

#[test]
fn a_save_that_went_wrong_leaves_the_last_version_in_the_feeds_for_a_while() {
    let world = World::new().config("posts: {settle_ms: 100, delete_grace_seconds: 10}\n");
    let daemon = world.start();
    let good = crate::world::today("指南发布", "demo", "演示", "正文。");
    world.post("2026-11-20-a.md", &good);
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("指南发布"));
    let broken = good.replacen("\n---\n", "\n", 1);
    world.post("2026-11-20-a.md", &broken);
    daemon.wait_for_output("skipped [unclosed-front-matter]");
    assert!(daemon.get("/feed.xml").text().contains("指南发布"));
    world.post("2026-11-20-a.md", &good.replace("指南", "新指南"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("新指南"));
    world.post("2026-11-20-a.md", &broken);
    daemon.wait_for("/feed.xml", |answer| !answer.text().contains("指南"));
    assert!(daemon.terminate().success());
    // What is wrong with it is still known.
    let index = tagwire::catalog::Catalog::reader(&world.path("var/catalog.db")).unwrap();
    let problems = index.problems(9).unwrap();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].path, "posts/2026-11-20-a.md");
    // A run that ends has no patience, and ends as one over a new catalog.
    world.post("2026-11-20-a.md", &good);
    world.run(&["build"], 0);
    world.post("2026-11-20-a.md", &broken);
    world.run(&["build"], 0);
    assert!(!world.read("public/feed.xml").contains("指南"));
}

#[test]
fn an_unfinished_merge_is_not_published_and_a_lost_line_costs_nothing() {
    let world = World::new().config("posts: {settle_ms: 100}\n");
    let daemon = world.start();
    let good = crate::world::today("指南发布", "demo", "演示", "正文。");
    world.post("2026-11-20-a.md", &good);
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("指南发布"));
    let entry = daemon.get("/feed.xml").text();
    let conflict = "<<<<<<< HEAD\ntitle: 甲\n=======\ntitle: 乙\n>>>>>>> main\n";
    let merged = good.replacen("---\n", &format!("---\n{conflict}"), 1);
    world.post("2026-11-20-a.md", &merged);
    daemon.wait_for_output("posts/2026-11-20-a.md:2: skipped [merge-conflict]");
    assert_eq!(daemon.get("/feed.xml").text(), entry);
    world.post("2026-11-20-a.md", &good.replacen("---\n", "", 1));
    daemon.wait_for_output("posts/2026-11-20-a.md:1: recovered [unopened-front-matter]");
    assert_eq!(daemon.get("/feed.xml").text(), entry);
    assert!(daemon.terminate().success());
}
