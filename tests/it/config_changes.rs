//! Config and topics are read at the start: a daemon says when it works by files that are not those any more.

use serde_json::Value;

use crate::world::World;

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
        "config/topics/second.yaml",
        &TOPIC.replace("title: 市场监管", "title: 二"),
    );
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
