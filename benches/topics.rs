//! `cargo bench --bench topics`: what it costs to match one article, and to fold it.
//! The article is Chinese news of 3.4 KB; the rules are made, and some of their words occur in it.

use tagwire::topics::{Article, Matcher, load_dir, parse};

fn main() {
    divan::main();
}

/// Numbers that look random and are the same on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    /// A word of two to five characters out of 800, as news has them.
    fn word(&mut self) -> String {
        let common = |n: usize| char::from_u32(0x4E00 + (n * 23) as u32).unwrap_or('的');
        (0..2 + self.roll(4))
            .map(|_| common(self.roll(800)))
            .collect()
    }
}

const SENTENCE: &str = "市场监管部门今天公布了第三批食品安全监督抽检结果，涉及十二大类商品，企业应当立即召回不合格产品。";

/// 3.4 KB, a third of it words of the rules.
fn article(words: &[String]) -> String {
    let mut text = String::new();
    let mut dice = Dice(7);
    while text.len() < 3400 {
        text.push_str(SENTENCE);
        for _ in 0..6 {
            text.push_str(&words[dice.roll(words.len())]);
        }
        text.push('。');
    }
    text
}

fn words(count: usize) -> Vec<String> {
    let mut dice = Dice(1);
    (0..count).map(|_| dice.word()).collect()
}

fn bench(bencher: divan::Bencher, matcher: &Matcher, text: &str) {
    let article = Article {
        title: "市场监管总局公布抽检结果",
        text,
        categories: &["haidairibao".to_owned()],
        tags: &["海岱日报新闻".to_owned()],
        source: Some("海岱日报"),
    };
    bencher.bench(|| matcher.read(divan::black_box(&article)));
}

/// 1,000 topics of ten words each.
#[divan::bench]
fn match_10_000_rules_in_1_000_topics(bencher: divan::Bencher) {
    let words = words(10_000);
    let topics = words.chunks(10).enumerate().map(|(at, words)| {
        let list: std::collections::BTreeSet<&str> = words.iter().map(String::as_str).collect();
        let list: Vec<&str> = list.into_iter().collect();
        let yaml = format!(
            "title: A\nthreshold: 2\nany: {{text: [{}]}}",
            list.join(", ")
        );
        parse("bench.yaml", &format!("t{at}"), &yaml).unwrap_or_else(|error| panic!("{error}"))
    });
    let matcher = Matcher::new(topics.collect()).unwrap_or_else(|error| panic!("{error}"));
    bench(bencher, &matcher, &article(&words));
}

#[divan::bench]
fn match_10_000_keywords(bencher: divan::Bencher) {
    let words = words(10_000);
    let text = article(&words);
    let matcher = Matcher::with_keywords(Vec::new(), words);
    bench(
        bencher,
        &matcher.unwrap_or_else(|error| panic!("{error}")),
        &text,
    );
}

/// 100 topics, each with a pattern of its own.
#[divan::bench]
fn match_100_patterns(bencher: divan::Bencher) {
    let words = words(200);
    let topics = words.chunks(2).enumerate().map(|(at, words)| {
        let regex = format!("{}.{{0,6}}{}", words[0], words[1]);
        let yaml = format!("title: A\nany: {{text: [{{regex: '{regex}'}}]}}");
        parse("bench.yaml", &format!("t{at}"), &yaml).unwrap_or_else(|error| panic!("{error}"))
    });
    let matcher = Matcher::new(topics.collect()).unwrap_or_else(|error| panic!("{error}"));
    bench(bencher, &matcher, &article(&words));
}

#[divan::bench]
fn match_the_topics_that_we_ship(bencher: divan::Bencher) {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/config/topics");
    let (topics, _) = load_dir(dir.as_ref());
    let matcher = Matcher::new(topics).unwrap_or_else(|error| panic!("{error}"));
    bench(bencher, &matcher, &article(&words(100)));
}

/// A matcher without any rule only folds.
#[divan::bench]
fn fold_only(bencher: divan::Bencher) {
    let matcher = Matcher::new(Vec::new()).unwrap_or_else(|error| panic!("{error}"));
    bench(bencher, &matcher, &article(&words(100)));
}
