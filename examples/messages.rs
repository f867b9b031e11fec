//! Messages about random posts, for other programs to judge. In: how many posts, from which seed on.
//! Out: one JSON object a line, with `text` and `entities` as they go to Telegram.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

#[path = "../tests/it/random_cards.rs"]
mod random_cards;

use std::io::Write;

use tagwire::delivery::message::{Form, alert, withdrawn};
use tagwire::model::{ChatId, Zone};

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .map(|text| text.parse::<u64>().expect("a number"));
    let posts = numbers.next().unwrap_or(1000);
    let first = numbers.next().unwrap_or(1);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let site: Zone = "Asia/Shanghai".parse().unwrap();
    for seed in first..first + posts {
        let mut dice = random_cards::Dice::new(seed);
        let (card, language) = (dice.card(), dice.language());
        for message in [
            alert(&card, language, site, Form::Full),
            withdrawn(&card, language, Form::Full),
        ] {
            let line = message.to_json(&ChatId::Id(1), true);
            if writeln!(out, "{line}").is_err() {
                return;
            }
        }
    }
}
