//! Where the bot lives and who may do what: groups, channels, forum topics, the webhook, and those who
//! mean it harm.

mod channels;
mod groups;
mod hostile;
mod inline;
mod once_each;
mod topics;
mod webhook;

use crate::fake_telegram::FakeTelegram;
use crate::talk::{ANN, LI, LI_AND_ANN, ask, meet, says};
use crate::world::{World, today};

const TOPIC: &str = "title: 市场监管\nthreshold: 1\nany:\n  title: [市场监管]\n";
const GROUP: i64 = -1_001_111_111_111;
const CHANNEL: i64 = -1_002_222_222_222;

/// A site with a topic and a tag; both people have begun to talk with the bot when `greeted` has run.
fn world(config: &str) -> World {
    let world = World::new()
        .with_telegram()
        .topic("market", TOPIC)
        .config(config);
    world.post(
        "2026-11-20-a.md",
        &today("市场监管要闻", "demo", "演示", "正文。"),
    );
    world
}

fn greeted(world: &World) -> &FakeTelegram {
    let telegram = world.telegram();
    meet(telegram, LI_AND_ANN);
    telegram
}
