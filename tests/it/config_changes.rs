//! Config and topics are read at the start: a daemon says when it works by files that are not those any more.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::world::{World, today};

const WITHOUT_LISTS: [&str; 4] = ["--set", "feeds.opml=false", "--set", "feeds.index=false"];
const TOPIC: &str = "title: 市场监管\nthreshold: 1\nany:\n  title: [市场监管]\n";

/// A round, so that the daemon looks at its config.
fn round(world: &World, daemon: &crate::world::Daemon, title: &str) {
    world.post(
        &format!("2026-11-20-{title}.md"),
        &format!("---\ntitle: {title}\n---\n正文。\n"),
    );
    daemon.wait_for("/feed.xml", |answer| answer.text().contains(title));
}

#[test]
fn a_daemon_says_once_for_each_change_that_it_needs_a_restart() {
    let world = World::new().topic("market", TOPIC);
    let daemon = world.start();
    world.write("config/topics/.market.yaml.swp", "what an editor keeps");
    world.write("config/topics/notes.txt", "no topic");
    round(&world, &daemon, "one");
    let warned = |daemon: &crate::world::Daemon| daemon.output().matches("restart tagwire").count();
    assert_eq!(warned(&daemon), 0, "{}", daemon.output());
    world.write(
        "config/topics/second.txt",
        &TOPIC.replace("title: 市场监管", "title: 二"),
    );
    // At once, or a look in between would see two changes.
    world.rename("config/topics/second.txt", "config/topics/second.yaml");
    round(&world, &daemon, "two");
    daemon.wait_for_output("config/topics/second.yaml changed");
    round(&world, &daemon, "three");
    round(&world, &daemon, "four");
    assert_eq!(warned(&daemon), 1, "{}", daemon.output());
    let config = world.read("config/tagwire.yaml");
    world.write(
        "config/tagwire.yaml",
        &format!("{config}feeds: {{limit: 5}}\n"),
    );
    world.delete("config/topics/market.yaml");
    // Nothing else happens: it looks from time to time.
    let said = daemon.wait_for_output("config/tagwire.yaml");
    assert!(said.contains("restart tagwire to use"), "{said}");
    daemon.wait_for_output("config/topics/market.yaml");
    assert!(daemon.terminate().success());
}

#[test]
fn doctor_says_that_a_running_daemon_does_not_know_a_change() {
    let world = World::new().topic("market", TOPIC);
    let daemon = world.start();
    let config = |world: &World| -> Value {
        let said = world.run(&["doctor", "--json"], 0);
        let mut findings = said.lines().map(|line| serde_json::from_str(line).unwrap());
        findings
            .find(|finding: &Value| finding["check"] == "in force")
            .unwrap()
    };
    assert_eq!(config(&world)["state"], "ok");
    world.write(
        "config/topics/market.yaml",
        &TOPIC.replace("threshold: 1", "threshold: 2"),
    );
    let found = config(&world);
    assert_eq!(found["state"], "warning", "{found}");
    let words = found["found"].as_str().unwrap();
    assert!(words.contains("config/topics/market.yaml"), "{found}");
    assert!(words.contains(&daemon.pid().to_string()), "{found}");
    assert_eq!(found["mend"], "restart tagwire");
    assert!(daemon.terminate().success());
}

/// The published files, by their paths, with what is in them.
fn published(world: &World) -> BTreeMap<String, Vec<u8>> {
    let root = world.path("public");
    let files = walkdir::WalkDir::new(&root).into_iter().map(Result::unwrap);
    files
        .filter(|found| found.file_type().is_file())
        .map(|found| {
            let path = found.path().strip_prefix(&root).unwrap();
            let bytes = std::fs::read(found.path()).unwrap();
            (path.to_str().unwrap().to_owned(), bytes)
        })
        .collect()
}

/// What there would be if nothing had been there before.
fn published_anew(world: &World, arguments: &[&str]) -> BTreeMap<String, Vec<u8>> {
    for gone in ["public", "var"] {
        std::fs::remove_dir_all(world.path(gone)).unwrap();
    }
    world.run(arguments, 0);
    published(world)
}

#[test]
fn nothing_stays_published_that_no_config_and_no_post_asks_for() {
    for (before, after) in [
        // A topic's rules, a budget: the index is made anew.
        (vec![], vec!["--set", "summary.budget=100"]),
        (vec!["--set", "posts.drafts=true"], vec![]),
        // Other addresses.
        (vec![], vec!["--set", "feeds.paths.tag=/t/:name"]),
        (vec![], vec!["--set", "feeds.opml=/o.opml"]),
        // Old names of a label that is given up.
        (
            vec!["--set", "labels.aliases={'tag:old': 'tag:演示新闻'}"],
            vec![
                "--set",
                "labels.aliases={'tag:old': 'tag:演示新闻'}",
                "--set",
                "labels.retired=['tag:演示新闻']",
            ],
        ),
        (vec![], vec!["--set", "labels.learn=false"]),
        (vec![], WITHOUT_LISTS.to_vec()),
        (WITHOUT_LISTS.to_vec(), vec![]),
        (vec![], vec!["--set", "labels.names={demo: 大众报}"]),
    ] {
        let world = World::new().config("feeds: {archives: true, limit: 2}\n");
        for number in 1..=6 {
            let post = today(&format!("第{number}篇"), "demo", "演示新闻", "正文。");
            world.post(&format!("2026-11-20-{number}.md"), &post);
        }
        let lonely = today("孤篇", "lonely", "演示新闻", "要收回的话。");
        world.post("2026-11-20-lonely.md", &lonely);
        world.write(
            "posts/_drafts/secret.md",
            &today("草稿", "drafts", "草稿", "还不给人看。"),
        );
        let (before, after) = (
            [vec!["build"], before].concat(),
            [vec!["build"], after].concat(),
        );
        world.run(&before, 0);
        world.delete("posts/2026-11-20-lonely.md");
        world.run(&after, 0);
        let now = published(&world);
        let anew = published_anew(&world, &after);
        let names =
            |files: &BTreeMap<String, Vec<u8>>| -> Vec<String> { files.keys().cloned().collect() };
        // A label that lost its posts under one config keeps an empty feed.
        let mut kept = names(&now);
        kept.retain(|name| anew.contains_key(name) || !name.contains("lonely"));
        assert_eq!(kept, names(&anew), "{before:?} {after:?}");
        for (name, bytes) in &anew {
            assert!(now[name] == *bytes, "{before:?} {after:?}: {name}");
        }
        let told = now
            .values()
            .any(|bytes| String::from_utf8_lossy(bytes).contains("要收回的话"));
        assert!(!told, "{before:?} {after:?}");
    }
}

#[test]
fn posts_that_are_only_out_of_sight_cost_no_feed() {
    let world = World::new().config("posts: {dir: [posts, more]}\n");
    world.post("2026-11-20-a.md", &today("甲", "here", "演示", "正文。"));
    world.write(
        "more/2026-11-20-b.md",
        &today("乙", "there", "演示", "正文。"),
    );
    world.run(&["build"], 0);
    world.rename("more", "unmounted");
    std::fs::create_dir(world.path("more")).unwrap();
    world.run(&["build", "--set", "summary.budget=100"], 0);
    assert!(world.read("public/feed/there.xml").contains("乙"));
    std::fs::remove_dir(world.path("more")).unwrap();
    world.rename("unmounted", "more");
    world.delete("more/2026-11-20-b.md");
    world.write(
        "more/2026-11-20-c.md",
        &today("丙", "elsewhere", "演示", "正文。"),
    );
    world.run(&["build", "--set", "summary.budget=100"], 0);
    assert!(
        !world.path("public/feed/there.xml").exists()
            || !world.read("public/feed/there.xml").contains("乙")
    );
}

#[test]
fn a_folder_that_somebody_took_away_is_made_again_while_the_daemon_runs() {
    let world = World::new();
    world.post("2026-11-20-a.md", &today("甲", "here", "演示", "正文。"));
    let daemon = world.start();
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("甲"));
    std::fs::remove_dir_all(world.path("public")).unwrap();
    world.post("2026-11-20-b.md", &today("乙", "there", "二", "正文。"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("乙"));
    daemon.wait_for("/feed/here.xml", |answer| answer.text().contains("甲"));
    daemon.wait_for("/feeds.opml", |answer| answer.text().contains("here"));
    // The same of all that is in it.
    for found in std::fs::read_dir(world.path("public")).unwrap() {
        let path = found.unwrap().path();
        match path.is_dir() {
            true => std::fs::remove_dir_all(path).unwrap(),
            false => std::fs::remove_file(path).unwrap(),
        }
    }
    world.post("2026-11-20-c.md", &today("丙", "there", "二", "正文。"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains("丙"));
    daemon.wait_for("/feed/here.xml", |answer| answer.text().contains("甲"));
    daemon.wait_for("/", |answer| answer.status == 200);
    assert!(daemon.terminate().success());
}

#[test]
fn a_page_that_somebody_else_writes_now_is_not_taken_away() {
    let world = World::new();
    world.post("2026-11-20-a.md", &today("甲", "here", "演示", "正文。"));
    world.run(&["build"], 0);
    let home = "<!DOCTYPE html><title>Jekyll's home page</title>";
    world.write("public/index.html", home);
    world.run(&["build", "--set", "feeds.index=/feeds.html"], 0);
    assert_eq!(world.read("public/index.html"), home);
    assert!(world.path("public/feeds.html").exists());
    world.run(&["build", "--set", "feeds.index=/feeds.html"], 0);
    assert_eq!(world.read("public/index.html"), home);
}

#[test]
fn what_somebody_put_in_the_place_of_a_list_stays_when_the_list_is_turned_off() {
    let own = [
        ("public/index.html", "<!DOCTYPE html><p>Feeds by tagwire"),
        ("public/feeds.opml", "<opml version=\"2.0\"><!-- mine -->"),
        ("public/pages.css", "body { color: teal }"),
    ];
    let off = [&["build", "--set", "feeds.pages=false"][..], &WITHOUT_LISTS].concat();
    let world = World::new();
    world.post("2026-11-20-a.md", &today("甲", "here", "演示", "正文。"));
    world.run(&["build"], 0);
    for (file, text) in own {
        world.write(file, text);
    }
    world.run(&off, 0);
    world.run(&off, 0);
    for (file, text) in own {
        assert_eq!(world.read(file), text);
    }
    // What tagwire made itself went.
    for gone in ["icon.svg", "pages.js", "feeds.css", "pinyin.txt"] {
        assert!(!world.path("public").join(gone).exists(), "{gone}");
    }
}

#[test]
fn what_tagwire_wrote_and_could_not_note_goes_with_its_format() {
    let world = World::new();
    world.post("2026-11-20-a.md", &today("甲", "here", "演示", "正文。"));
    world.run(&["build"], 0);
    world.post(
        "2026-11-20-b.md",
        &today("乙", "here", "演示", "要收回的话。"),
    );
    let mut build = world.command(&["build"]);
    let crashed = build
        .env("TAGWIRE_CRASH_AT", "after-placing")
        .output()
        .unwrap();
    assert!(!crashed.status.success());
    assert!(world.read("public/feed.rss").contains("要收回的话"));
    world.delete("posts/2026-11-20-b.md");
    let atom = [
        "--set",
        "feeds.formats=[atom]",
        "--set",
        "feeds.pages=false",
    ];
    world.run(&[&["build"][..], &atom].concat(), 0);
    for (name, bytes) in published(&world) {
        assert!(
            !String::from_utf8_lossy(&bytes).contains("要收回的话"),
            "{name}"
        );
    }
}

#[test]
fn a_copy_that_somebody_made_anew_goes_with_its_file() {
    let world = World::new().config("publish: {compress: [gzip]}\n");
    world.post("2026-11-20-a.md", &today("甲", "here", "演示", "正文。"));
    world.run(&["build"], 0);
    world.write("public/feed/here.xml.gz", "\u{1f}\u{8b} made by a script");
    world.run(&["build", "--set", "labels.retired=[here]"], 0);
    for gone in ["public/feed/here.xml", "public/feed/here.xml.gz"] {
        assert!(!world.path(gone).exists(), "{gone}");
    }
}

#[test]
fn a_refused_rule_leaves_no_index_behind() {
    let world = World::new();
    world.post("2026-11-20-a.md", &today("甲", "here", "演示", "正文。"));
    let wrong = "posts.cleaning.footer_links=['(']";
    let said = world.run_err(&["build", "--set", wrong], 2);
    assert!(said.contains("posts.cleaning.footer_links"), "{said}");
    assert!(!world.path("var/catalog.db").exists());
}

#[test]
fn histories_outlive_a_new_index_whose_posts_are_out_of_sight() {
    let world = World::new().config("feeds: {archives: true, limit: 2}\n");
    for number in 1..=6 {
        let post = today(&format!("第{number}篇"), "demo", "演示", "正文。");
        world.post(&format!("2026-11-20-{number}.md"), &post);
    }
    world.run(&["build"], 0);
    let before = published(&world);
    assert!(
        before
            .keys()
            .any(|path| path.starts_with("feed/demo.archive/"))
    );
    world.rename("posts", "unmounted");
    for make in [false, true] {
        if make {
            std::fs::create_dir(world.path("posts")).unwrap();
        }
        let _ = world
            .command(&["build", "--set", "summary.budget=100"])
            .output()
            .unwrap();
        let kept = published(&world);
        assert!(before.keys().all(|path| kept.contains_key(path)), "{make}");
    }
    std::fs::remove_dir(world.path("posts")).unwrap();
    world.rename("unmounted", "posts");
    world.run(&["build", "--set", "summary.budget=100"], 0);
    assert_eq!(
        published(&world).keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
}
