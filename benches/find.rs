//! `cargo bench --bench find`: what it costs to find a label among 5,000, and to make them ready.
//! Names are made: two to five Chinese characters, half of them with a pinyin name besides.

use tagwire::bot::find::{Finder, Known};
use tagwire::model::{Follow, Label, pinyin};

fn main() {
    divan::main();
}

const LABELS: usize = 5_000;

fn known() -> Vec<Known> {
    let mut dice = fastrand::Rng::with_seed(7);
    let mut name = || -> String {
        let length = dice.usize(2..6);
        let common = |n: u32| char::from_u32(0x4E00 + n * 23).unwrap_or('的');
        (0..length).map(|_| common(dice.u32(..800))).collect()
    };
    (0..LABELS)
        .map(|number| {
            let title = name();
            let raw = pinyin::spellings(&title).into_iter().next();
            let raw = raw.filter(|_| number % 2 == 0).unwrap_or(title.clone());
            Known {
                follow: Follow::Label(Label::tag(format!("{raw}{number}"))),
                others: vec![raw],
                title,
            }
        })
        .collect()
}

/// A part, a whole name, pinyin, initials, a typing error, and what is nowhere near.
#[divan::bench(args = ["新", "name", "pinyin", "dz", "typo", "量子纠缠研究", "quantumlab"])]
fn find(bencher: divan::Bencher, query: &str) {
    let known = known();
    let title = &known[LABELS / 2].title;
    let query = match query {
        "name" => title.clone(),
        "pinyin" => pinyin::spellings(title)[0].clone(),
        "typo" => {
            let mut spelled = pinyin::spellings(title)[0].clone();
            spelled.remove(1);
            spelled
        }
        other => other.to_owned(),
    };
    let finder = Finder::new(known);
    bencher.bench(|| finder.find(&query).len());
}

#[divan::bench]
fn make_ready(bencher: divan::Bencher) {
    bencher.with_inputs(known).bench_values(Finder::new);
}
