//! `tagwire doctor`: everything that keeps tagwire from its work is found and comes with its mend.

use serde_json::Value;

use crate::fake_telegram::{Fault, Only};
use crate::world::World;

const CHANNEL: i64 = -1_001_234_567_890;
const GROUP: i64 = -1_009_876_543_210;

fn world() -> World {
    let world = World::new().with_telegram().config(&format!(
        "telegram: {{admins: [7], channels: [{{chat: {CHANNEL}, follow: [site]}}, {{chat: {GROUP}, follow: [site]}}]}}\n"
    ));
    let telegram = world.telegram();
    telegram.forgive_unread();
    telegram.add_channel(CHANNEL, Some("news"), "快讯");
    telegram.add_supergroup(GROUP, "群");
    telegram.add_user(7, "Li", "zh-hans");
    telegram.user_starts(7);
    telegram.take_updates();
    world
}

/// What was found, by check; each with its state and mend.
fn findings(world: &World, more: &[&str], code: i32) -> Vec<Value> {
    let arguments = [&["doctor", "--json"], more].concat();
    let said = world.run(&arguments, code);
    said.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn about<'a>(findings: &'a [Value], check: &str, words: &str) -> &'a Value {
    let found = findings.iter().find(|finding| {
        finding["check"] == check
            && finding["found"]
                .as_str()
                .is_some_and(|found| found.contains(words))
    });
    found.unwrap_or_else(|| panic!("nothing about {check} with `{words}`: {findings:#?}"))
}

fn is_wrong(finding: &Value) {
    assert_eq!(finding["state"], "wrong", "{finding}");
    assert!(
        finding["mend"]
            .as_str()
            .is_some_and(|mend| !mend.is_empty()),
        "{finding}"
    );
}

#[test]
fn a_healthy_site_is_found_healthy_before_its_first_start_and_while_it_runs() {
    let world = world();
    let before = findings(&world, &[], 0);
    assert_eq!(about(&before, "token", "@tagwire_test_bot")["state"], "ok");
    assert_eq!(about(&before, "clock", "agrees")["state"], "ok");
    assert_eq!(about(&before, "updates", "nobody else")["state"], "ok");
    assert_eq!(about(&before, "chat", "快讯")["state"], "ok");
    assert_eq!(about(&before, "admin", "Li")["state"], "ok");
    about(&before, "store", "not there yet");
    about(&before, "catalog", "not there yet");
    let daemon = world.start();
    let running = findings(&world, &[], 0);
    about(&running, "lock", &format!("process {}", daemon.pid()));
    about(&running, "store", "sound");
    about(&running, "catalog", "sound and knows 0 posts");
    about(&running, "updates", "the running tagwire");
    assert!(!running.iter().any(|finding| finding["state"] == "wrong"));
    assert!(daemon.terminate().success());
    let words = world.run(&["doctor"], 0);
    assert!(
        words.contains("ok       token       @tagwire_test_bot"),
        "{words}"
    );
}

#[test]
fn rights_that_are_missing_are_named_chat_by_chat() {
    let world = world();
    let telegram = world.telegram();
    telegram.set_bot_status(CHANNEL, 7, "left");
    telegram.set_bot_status(GROUP, 7, "kicked");
    let found = findings(&world, &["--set", "telegram.admins=[7, 8]"], 1);
    is_wrong(about(&found, "chat", "快讯"));
    is_wrong(about(&found, "chat", &GROUP.to_string()));
    let unknown = about(&found, "admin", "8: ");
    assert_eq!(unknown["state"], "warning");
}

#[test]
fn a_wrong_token_a_webhook_and_another_poller_are_told_apart() {
    let world = world();
    let telegram = world.telegram();
    let refused = Fault::Refused {
        code: 401,
        description: "Unauthorized".into(),
    };
    telegram.fail_next(refused, Only::method("getMe"), 1);
    is_wrong(about(&findings(&world, &[], 1), "token", "Unauthorized"));
    let hook = set_webhook(&world);
    assert!(hook.contains("true"), "{hook}");
    is_wrong(about(
        &findings(&world, &[], 1),
        "updates",
        "hooks.example.org",
    ));
    delete_webhook(&world);
    let daemon = world.start();
    daemon.wait_for_output("bot: @");
    let elsewhere = [
        "--set",
        "store.url=sqlite:elsewhere/store.db",
        "--set",
        "catalog.path=elsewhere/catalog.db",
    ];
    is_wrong(about(
        &findings(&world, &elsewhere, 1),
        "updates",
        "another program",
    ));
    drop(daemon);
}

/// Speaks to the fake as another program with the same token would.
fn call(world: &World, method: &str, query: &str) -> String {
    let telegram = world.telegram();
    let path = format!("/bot{}/{method}?{query}", telegram.token());
    crate::http::request(telegram.port(), "GET", &path, &[])
        .unwrap()
        .text()
}

fn set_webhook(world: &World) -> String {
    call(
        world,
        "setWebhook",
        "url=https://hooks.example.org/secret-path",
    )
}

fn delete_webhook(world: &World) {
    call(world, "deleteWebhook", "");
}

#[test]
fn a_network_that_is_not_there_and_a_damaged_store_are_found() {
    let world = world();
    world.write("var/store.db", &"no database at all. ".repeat(1000));
    let found = findings(&world, &["--set", "telegram.api_url=http://127.0.0.1:1"], 1);
    is_wrong(about(&found, "store", "no sound store"));
    is_wrong(about(&found, "network", ""));
    let found = findings(&world, &["--set", "posts.dir=nowhere"], 1);
    is_wrong(about(&found, "posts", "nowhere"));
    let found = findings(&world, &["--set", "posts.dri=nowhere"], 1);
    is_wrong(about(&found, "config", "`dri`"));
}

#[test]
fn a_damaged_catalog_is_found_and_its_mend_loses_nothing() {
    let world = world();
    world.post("2024-03-01-a.md", "---\ntitle: 甲\n---\n正文。\n");
    world.run(&["build"], 0);
    let path = world.path("var/catalog.db");
    about(&findings(&world, &[], 0), "catalog", "knows 1 post");
    // Folds the log, so that all of the index is in its file.
    let connection = rusqlite::Connection::open(&path).unwrap();
    let query = "select rootpage from sqlite_master where name = 'posts'";
    let page: u32 = connection.query_row(query, [], |row| row.get(0)).unwrap();
    connection
        .pragma_update(None, "journal_mode", "delete")
        .unwrap();
    let size: u32 = connection
        .query_row("pragma page_size", [], |row| row.get(0))
        .unwrap();
    drop(connection);
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &[0x5a; 512], u64::from((page - 1) * size))
        .unwrap();
    let found = findings(&world, &[], 0);
    let catalog = about(&found, "catalog", "in database main");
    assert_eq!(catalog["state"], "warning");
    assert!(
        catalog["mend"]
            .as_str()
            .unwrap()
            .contains("delete the file")
    );
    world.delete("var/catalog.db");
    world.run(&["build"], 0);
    about(&findings(&world, &[], 0), "catalog", "knows 1 post");
}

#[test]
fn a_token_that_others_can_read_is_found() {
    let world = world();
    let secret = tempfile::tempdir().unwrap();
    let file = secret.path().join("token");
    std::fs::write(&file, world.telegram().token()).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&file, mode).unwrap();
    let set = format!("telegram.token_file={}", file.display());
    let found = findings(&world, &["--set", &set], 0);
    assert_eq!(about(&found, "token file", "644")["state"], "warning");
}

#[test]
fn a_folder_of_catalog_or_store_that_cannot_be_written_is_found() {
    let world = World::new();
    world.write("taken", "a file where a folder should be");
    for (key, check, value) in [
        ("catalog.path", "catalog", "taken/catalog.db"),
        ("store.url", "store", "sqlite:taken/var/store.db"),
    ] {
        let set = format!("{key}={value}");
        let found = findings(&world, &["--set", &set], 1);
        let wrong = { found.iter() }.find(|f| f["check"] == check && f["state"] == "wrong");
        let wrong = wrong.unwrap_or_else(|| panic!("{found:#?}"));
        is_wrong(wrong);
        assert!(wrong["mend"].as_str().unwrap().contains(key), "{wrong}");
    }
    is_wrong(about(
        &findings(&world, &["--set", "publish.dir=taken/public"], 1),
        "publish",
        "taken",
    ));
}

#[test]
fn links_that_lead_to_the_readers_own_machine_are_found() {
    // Nobody is asked about the token.
    let world = world().with_env("TAGWIRE__TELEGRAM__API_URL", "http://127.0.0.1:1");
    for address in [
        "http://localhost:8080",
        "http://127.0.0.1",
        "'http://[::1]:4000'",
    ] {
        let set = format!("site.url={address}");
        let found = findings(&world, &["--set", &set], 1);
        let site = about(&found, "site", address.trim_matches('\''));
        assert_eq!(site["state"], "warning", "{site}");
        assert!(site["mend"].as_str().unwrap().contains("site.url"));
    }
    let sound = findings(&world, &[], 1);
    assert_eq!(about(&sound, "site", "news.example.cn")["state"], "ok");
    // On the terminal nobody follows a link.
    let alone = World::new();
    let found = findings(&alone, &["--set", "site.url=http://localhost:8080"], 0);
    assert!(
        !found
            .iter()
            .any(|f| f["check"] == "site" && f["state"] == "warning")
    );
}
