//! Where the bot lives and who may do what: groups, channels, forum topics, the webhook, and those who
//! mean it harm.

mod channels;
mod groups;
mod hostile;
mod inline;
mod once_each;
mod topics;
mod webhook;

use crate::fake_telegram::{FakeTelegram, Sent};
use crate::world::{World, today};

const TOPIC: &str = "title: 市场监管\nthreshold: 1\nany:\n  title: [市场监管]\n";
const GROUP: i64 = -1_001_111_111_111;
const CHANNEL: i64 = -1_002_222_222_222;
/// 李, who speaks Chinese, and Ann, who speaks English.
const LI: i64 = 7;
const ANN: i64 = 8;

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
    telegram.add_user(LI, "李", "zh-hans");
    telegram.add_user(ANN, "Ann", "en");
    for user in [LI, ANN] {
        telegram.user_starts(user);
        telegram.next_message(user);
    }
    telegram
}

fn ask(telegram: &FakeTelegram, user: i64, text: &str) -> Sent {
    telegram.user_says(user, text);
    telegram.next_message(user)
}

fn says(sent: &Sent, words: &str) {
    assert!(sent.text.contains(words), "{words} in {}", sent.text);
}
