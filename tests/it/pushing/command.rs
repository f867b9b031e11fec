//! `publish.command` after a change.

use std::time::{Duration, Instant};

use crate::world::{World, today};

/// Waits until a file of the world reads as wished for.
fn wait_for(world: &World, name: &str, wish: impl Fn(&str) -> bool) -> String {
    let start = Instant::now();
    loop {
        let text = std::fs::read_to_string(world.path(name)).unwrap_or_default();
        if wish(&text) {
            return text;
        }
        let late = start.elapsed() > Duration::from_secs(60);
        assert!(!late, "{name} never read as wished for:\n{text}");
        std::thread::yield_now();
    }
}

fn with_script(script: &str) -> World {
    let world = World::new().config("publish: {command: [sh, hook.sh]}\n");
    world.write("hook.sh", script);
    world
}

#[test]
fn it_learns_what_changed_and_not_the_token() {
    let token = "123456789:AAkanarienvogelkanarienvogelkanari";
    let world = World::new()
        .with_env("TAGWIRE_TELEGRAM_TOKEN", token)
        .with_env("TAGWIRE_TELEGRAM_WEBHOOK_SECRET", "sesamkanarien")
        .config("publish: {command: 'cp \"$TAGWIRE_CHANGED_FILE\" list; echo $TAGWIRE_CHANGED > count; env > env'}\n");
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    world.run(&["build"], 0);
    let list = world.read("list");
    let names: Vec<&str> = list.lines().collect();
    assert!(names.contains(&"feed/by_tag/演示.xml") && names.contains(&"index.html"));
    assert_eq!(world.read("count").trim(), names.len().to_string());
    let env = world.read("env");
    assert!(!env.contains("AAkanarienvogel") && !env.contains("sesamkanarien"));
    // Nothing changed: nothing runs.
    world.delete("count");
    world.run(&["build"], 0);
    assert!(!world.path("count").exists());
}

#[test]
fn it_may_tidy_up_when_tagwire_ends() {
    let world =
        with_script("trap 'rm lock; exit 1' TERM; touch lock; while :; do sleep 0.02; done\n");
    world.post("2026-11-20-a.md", &today("甲", "one", "演示", "正文。"));
    let daemon = world.start();
    wait_for(&world, "lock/../hook.sh", |_| world.path("lock").exists());
    assert!(daemon.terminate().success());
    assert!(!world.path("lock").exists());
}

#[test]
fn it_runs_once_at_a_time_and_holds_nothing_up() {
    let script = "mkdir busy || echo overlap >> runs
        while ! test -e go; do sleep 0.02; done
        cat \"$TAGWIRE_CHANGED_FILE\" >> runs; echo \"== $TAGWIRE_CHANGED\" >> runs; rmdir busy\n";
    let world = with_script(script);
    world.post("2026-11-20-a.md", &today("甲", "one", "演示", "正文。"));
    let daemon = world.start();
    wait_for(&world, "busy/../hook.sh", |_| world.path("busy").exists());
    for (name, title) in [("b", "乙的新闻"), ("c", "丙的新闻")] {
        let file = format!("2026-11-20-{name}.md");
        world.post(&file, &today(title, "two", "演示", "正文。"));
        daemon.wait_for("/feed/two.xml", |answer| answer.text().contains(title));
    }
    world.write("go", "");
    let runs = wait_for(&world, "runs", |text| text.matches("== ").count() == 2);
    let (first, second) = runs.split_once("== ").unwrap();
    assert!(!first.contains("two.xml"), "{runs}");
    assert_eq!(second.matches("feed/two.xml\n").count(), 1, "{runs}");
    assert!(!runs.contains("overlap"), "{runs}");
}

#[test]
fn a_failure_is_told_and_what_it_missed_comes_again() {
    let script = "if test -e broken; then echo 'no route to the remote' >&2; exit 3; fi
        cat \"$TAGWIRE_CHANGED_FILE\" >> runs\n";
    let world = with_script(script);
    world.write("broken", "");
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    let daemon = world.start();
    daemon.wait_for_output("exit status: 3: no route to the remote");
    assert_eq!(daemon.get("/feed/demo.xml").status, 200);
    world.delete("broken");
    let runs = wait_for(&world, "runs", |text| text.contains("feed/demo.xml"));
    assert!(runs.contains("feed.json"), "{runs}");
}

#[test]
fn one_that_hangs_is_ended_with_all_that_it_started() {
    let world =
        World::new().config("publish: {command: [sh, hook.sh], command_timeout_seconds: 5}\n");
    world.write("hook.sh", "sleep 1000 & echo $! > pid; wait\n");
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    let daemon = world.start();
    daemon.wait_for_output("it ran longer than 5 s");
    let pid = world.read("pid");
    let stat = std::path::PathBuf::from(format!("/proc/{}/stat", pid.trim()));
    let start = Instant::now();
    // Gone, or dead and not yet collected by its new parent.
    while std::fs::read_to_string(&stat).is_ok_and(|text| !text.contains(") Z")) {
        assert!(start.elapsed() < Duration::from_secs(60), "it still runs");
        std::thread::yield_now();
    }
    assert_eq!(daemon.terminate().code(), Some(0));
}

/// The index, which from now on cannot note what was published, until its trigger `ill` is gone.
fn ill_catalog(world: &World) -> rusqlite::Connection {
    let catalog = rusqlite::Connection::open(world.path("var/catalog.db")).unwrap();
    catalog.busy_timeout(Duration::from_secs(10)).unwrap();
    let refuse = "create trigger ill before insert on published begin select raise(fail, 'no room at all'); end";
    catalog.execute_batch(refuse).unwrap();
    catalog
}

#[test]
fn it_hears_of_feeds_that_were_written_while_the_index_could_not_note_them() {
    let world = with_script("cat \"$TAGWIRE_CHANGED_FILE\" >> heard\n");
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    let daemon = world.start();
    wait_for(&world, "heard", |heard| heard.contains("index.html"));
    let catalog = ill_catalog(&world);
    world.post("2026-11-20-b.md", &today("乙", "demo", "新闻", "正文。"));
    daemon.wait_for_output("no room at all");
    assert!(world.read("public/feed/demo.xml").contains("乙"));
    catalog.execute_batch("drop trigger ill").unwrap();
    wait_for(&world, "heard", |heard| {
        heard.contains("feed/by_tag/新闻.xml")
    });
    assert_eq!(daemon.get("/feed/by_tag/新闻.xml").status, 200);
    assert!(daemon.terminate().success());
    let again = world.run(&["build"], 0);
    assert!(again.contains("; 0 files written"), "{again}");
}

#[test]
fn it_hears_of_lists_that_at_first_could_not_be_written_and_then_not_be_noted() {
    let world = with_script("cat \"$TAGWIRE_CHANGED_FILE\" >> heard\n");
    world.post("2026-11-20-a.md", &today("甲", "demo", "演示", "正文。"));
    let in_the_way = world.path("public/feeds.opml");
    std::fs::create_dir_all(in_the_way.join("mine")).unwrap();
    let daemon = world.start();
    wait_for(&world, "heard", |heard| heard.contains("feed/demo.xml"));
    let catalog = ill_catalog(&world);
    std::fs::remove_dir_all(&in_the_way).unwrap();
    daemon.wait_for_output("no room at all");
    assert!(in_the_way.is_file());
    catalog.execute_batch("drop trigger ill").unwrap();
    wait_for(&world, "heard", |heard| heard.contains("feeds.opml"));
    assert_eq!(daemon.get("/feeds.opml").status, 200);
    assert!(daemon.terminate().success());
}
