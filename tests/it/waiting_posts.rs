//! Posts that are not shown, or not yet: drafts, withdrawn ones, and those of the future.

use chrono::Utc;

use crate::world::{World, dated};

#[test]
fn a_future_post_is_held_over_a_restart_and_comes_out_at_its_time_once() {
    let world = World::new();
    let daemon = world.start();
    world.post("2026-11-20-far.md", &dated("明年的", 400 * 86_400));
    world.post("2026-11-20-now.md", &dated("刚才的", -1));
    world.post("2026-11-20-soon.md", &dated("很快的", 8));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("刚才的"));
    daemon.kill9();
    // Between the two nothing runs, so the minute may come while nobody watches: both are the same promise.
    let daemon = world.start();
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("很快的"));
    daemon.wait_for_output("│ 很快的");
    let feed = daemon.get("/feed.xml").text();
    assert!(!feed.contains("明年的"), "{feed}");
    assert!(daemon.terminate().success());
    let again = world.run(&["once"], 0);
    assert!(!again.contains("message to"), "{again}");
    assert!(again.contains("1 post waits for its date"), "{again}");
}

#[test]
fn a_post_whose_time_came_while_nothing_ran_comes_out_at_the_next_start() {
    let world = World::new();
    world.run(&["once"], 0);
    world.post("2026-11-20-soon.md", &dated("很快的", 2));
    let held = world.run(&["once"], 0);
    if held.contains("message to") {
        // The machine was slower than the post: it was due by then.
        return;
    }
    assert!(!world.read("public/feed.xml").contains("很快的"));
    let daemon = world.start();
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("很快的"));
    daemon.wait_for_output("│ 很快的");
}

#[test]
fn drafts_come_when_asked_for_with_their_files_date_and_withdrawn_posts_never() {
    let world = World::new();
    world.write(
        "posts/_drafts/idea.md",
        "---\ntitle: 草稿一则\n---\n正文。\n",
    );
    world.write("posts/_drafts/broken.md", "没有 front matter\n");
    world.post("2022-02-18-a.md", "---\ntitle: 发布的\n---\n正文。\n");
    world.post(
        "2022-02-19-b.md",
        "---\ntitle: 撤回的\npublished: false\n---\n正文。\n",
    );
    world.post(
        "2022-02-19-c.md",
        "---\ntitle: 引号里的\npublished: 'false'\n---\n正文。\n",
    );
    world.run(&["build"], 0);
    let feed = world.read("public/feed.xml");
    assert!(
        feed.contains("发布的") && feed.contains("引号里的"),
        "{feed}"
    );
    assert!(
        !feed.contains("草稿一则") && !feed.contains("撤回的"),
        "{feed}"
    );
    world.run(&["check"], 0);
    assert_eq!(world.run(&["posts", "--json"], 0).lines().count(), 3);

    let drafts = ["--set", "posts.drafts=true"];
    world.run(&["build", drafts[0], drafts[1]], 0);
    let feed = world.read("public/feed.xml");
    assert!(
        feed.contains("草稿一则") && !feed.contains("撤回的"),
        "{feed}"
    );
    let said = world.run(&["check", drafts[0], drafts[1]], 1);
    assert!(said.contains("_drafts/broken.md"), "{said}");
    let listed = world.run(&["posts", "--json", drafts[0], drafts[1]], 0);
    let draft = listed
        .lines()
        .find(|line| line.contains("草稿一则"))
        .unwrap();
    let draft: serde_json::Value = serde_json::from_str(draft).unwrap();
    let modified = std::fs::metadata(world.path("posts/_drafts/idea.md"));
    let modified = chrono::DateTime::<Utc>::from(modified.unwrap().modified().unwrap());
    let date = chrono::DateTime::parse_from_rfc3339(draft["date"].as_str().unwrap()).unwrap();
    assert_eq!(date.timestamp(), modified.timestamp());
    // And away again.
    world.run(&["build"], 0);
    assert!(!world.read("public/feed.xml").contains("草稿一则"));
}

#[test]
fn a_change_date_and_defaults_reach_the_feed() {
    let world = World::new().config(
        "posts:\n  defaults:\n  - scope: {path: markets}\n    values: {author: 市场部, tags: 盘面}\n",
    );
    world.write(
        "posts/markets/2022-02-18-a.md",
        "---\ntitle: 甲\ndate: 2022-02-18 10:00:00 +0800\nlast_modified_at: 2022-02-19 11:00:00 +0800\n---\n正文。\n",
    );
    world.run(&["build"], 0);
    let feed = world.read("public/feed/by_tag/盘面.xml");
    assert!(feed.contains("<name>市场部</name>"), "{feed}");
    assert!(
        feed.contains("<published>2022-02-18T10:00:00+08:00</published>"),
        "{feed}"
    );
    assert!(
        feed.contains("<updated>2022-02-19T11:00:00+08:00</updated>"),
        "{feed}"
    );
    let said = world.run(
        &[
            "check",
            "--set",
            "posts.defaults=[{scope: {pth: a}, values: {}}]",
        ],
        1,
    );
    assert!(said.contains("pth"), "{said}");
}

#[test]
fn a_jekyll_site_is_taken_over_with_one_command() {
    let world = World::new();
    world.write("site/_config.yml", "title: 旧站\nurl: https://old.example.cn\npermalink: pretty\ntimezone: Asia/Shanghai\nexclude: [x]\ndefaults:\n- scope: {path: '', type: posts}\n  values: {author: 编辑部}\n");
    world.write(
        "site/_posts/2022-02-18-a.md",
        "---\ntitle: 甲\n---\n正文。\n",
    );
    world.write("site/_drafts/b.md", "---\ntitle: 乙\n---\n正文。\n");
    world.write(
        "site/zh/markets/_posts/2022-02-19-c.md",
        "---\ntitle: 丙\ncategories: daily\n---\n正文。\n",
    );
    let said = world.run(&["init", "site", "--from-jekyll", "site/_config.yml"], 0);
    assert!(said.contains("not taken: exclude"), "{said}");
    let run = |arguments: &[&str]| {
        let mut command = world.command(arguments);
        let output = command.current_dir(world.path("site")).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    run(&["check"]);
    run(&["build"]);
    let feed = world.read("site/public/feed.xml");
    assert!(
        feed.contains("https://old.example.cn/2022/02/18/a/"),
        "{feed}"
    );
    assert!(
        feed.contains("<name>编辑部</name>") && !feed.contains("乙"),
        "{feed}"
    );
    // As Jekyll counts: folders above `_posts`, then the post's own.
    assert!(
        feed.contains("https://old.example.cn/zh/markets/daily/2022/02/19/c/"),
        "{feed}"
    );
    assert!(world.path("site/public/feed/markets.xml").exists());
    // What exists is never overwritten.
    let words = world.run_err(&["init", "site"], 2);
    assert!(words.contains("exists already"), "{words}");
    world.run(&["init", "fresh"], 0);
    assert!(
        world
            .path("fresh/config/topics/market-supervision.yaml")
            .exists()
    );
}

#[test]
fn a_label_tells_nobody_of_a_post_that_is_not_out() {
    let world = World::new();
    let post = |name: &str, more: &str, tag: &str| {
        let content =
            format!("---\ntitle: {tag}\ntags: {tag}\ncategories: c-{tag}\n{more}---\n正文。\n");
        world.post(name, &content);
    };
    post("2022-02-18-a.md", "", "公开");
    post("2022-02-18-b.md", "published: false\n", "收购案");
    post("2999-02-18-c.md", "", "禁发");
    let there = |tag: &str| {
        [
            format!("by_tag/{tag}.xml"),
            format!("by_tag/{tag}.html"),
            format!("c-{tag}.json"),
        ]
        .iter()
        .filter(|name| world.path(&format!("public/feed/{name}")).exists())
        .count()
    };
    for _ in 0..2 {
        world.run(&["build"], 0);
        assert_eq!((there("公开"), there("收购案"), there("禁发")), (3, 0, 0));
    }
    // Nor when it goes, or gets another label, before it is out.
    post("2022-02-18-b.md", "published: false\n", "别的案");
    world.delete("posts/2999-02-18-c.md");
    world.run(&["build", "--set", "posts.delete_grace_seconds=0"], 0);
    assert_eq!((there("收购案"), there("别的案"), there("禁发")), (0, 0, 0));
    // Once it was out its feed stays, also with a new index.
    post("2022-02-18-b.md", "", "收购案");
    world.run(&["build"], 0);
    assert_eq!(there("收购案"), 3);
    post("2022-02-18-b.md", "published: false\n", "收购案");
    world.run(&["build"], 0);
    for name in ["catalog.db", "catalog.db-wal", "catalog.db-shm"] {
        let _ = std::fs::remove_file(world.path("var").join(name));
    }
    world.run(&["build"], 0);
    assert_eq!((there("收购案"), there("禁发")), (3, 0));
    assert!(!world.read("public/feed/by_tag/收购案.xml").contains("正文"));
}
