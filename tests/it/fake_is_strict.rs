//! The fake itself is judged: by the Bot API's description and by teloxide.

use std::path::PathBuf;

use serde_json::Value;
use teloxide::prelude::{Request, Requester};

use crate::fake_telegram::{FakeTelegram, table};

#[tokio::test]
async fn teloxide_meets_the_fake_and_sends_a_message() {
    let fake = FakeTelegram::start();
    fake.add_user(7, "Li", "zh");
    fake.user_starts(7);
    let url = fake.url().parse().unwrap();
    let bot = teloxide::Bot::new(fake.token()).set_api_url(url);
    let me = bot.get_me().send().await.unwrap();
    assert_eq!(me.user.id.0, 123_456_789);
    let chat = teloxide::types::ChatId(7);
    let sent = bot.send_message(chat, "市场监管").send().await.unwrap();
    assert_eq!(sent.text(), Some("市场监管"));
    assert_eq!(fake.next_message(7).text, "市场监管");
    let lost = bot
        .send_message(teloxide::types::ChatId(8), "x")
        .send()
        .await;
    assert!(lost.unwrap_err().to_string().contains("chat not found"));
}

#[test]
fn the_table_agrees_with_the_description_of_the_bot_api() {
    let Some(path) = description() else {
        eprintln!("SKIPPED: no data/botapi.json in TAGWIRE_SHARED, ../shared or ../../shared");
        return;
    };
    let api: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for (name, lines) in table::METHODS.iter().chain(table::TYPES) {
        let children = api["items"].as_array().unwrap().iter();
        let known = children
            .filter_map(|item| item["children"].as_array())
            .flatten()
            .find(|child| child["name"] == *name)
            .unwrap_or_else(|| panic!("the Bot API has no {name}"));
        let official = known["annotations"].as_array().cloned().unwrap_or_default();
        let ours = table::fields(lines);
        for field in &ours {
            let theirs = official.iter().find(|one| one["name"] == field.name);
            let theirs = theirs.unwrap_or_else(|| panic!("{name} has no {}", field.name));
            assert_eq!(theirs["type"], field.kind, "{name}.{}", field.name);
            assert_eq!(theirs["required"], field.required, "{name}.{}", field.name);
        }
        for needed in official.iter().filter(|one| one["required"] == true) {
            let known = ours.iter().any(|field| needed["name"] == field.name);
            assert!(known, "our table misses {name}.{}", needed["name"]);
        }
    }
}

fn description() -> Option<PathBuf> {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let named = std::env::var_os("TAGWIRE_SHARED").map(PathBuf::from);
    let places = [
        named,
        Some(here.join("../shared")),
        Some(here.join("../../shared")),
    ];
    let places = places.into_iter().flatten();
    places
        .map(|at| at.join("data/botapi.json"))
        .find(|at| at.exists())
}
