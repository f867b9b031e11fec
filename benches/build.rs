//! `cargo bench --bench build`: the parts of a full build, one post or one feed at a time.
//! The article is made: Chinese news of 3.4 KB in the forms that posts have.

use std::sync::Arc;

use tagwire::catalog::{Catalog, Digested, Reading};
use tagwire::feeds::{self, Addresses, Entry, Feed, Format};
use tagwire::model::{Follow, Post, Site, Zone};
use tagwire::posts::{self, NaiveDates, Rules, Settings, Stamp};
use tagwire::summary;

fn main() {
    divan::main();
}

const SENTENCES: [&str; 4] = [
    "市场监管部门公布第三批抽检结果，涉及企业七百三十家，已责令整改八十一家。",
    "有关负责人表示，下一步将持续加大执法力度，相关政策自发布之日起施行。",
    "截至七月末，余额为六万四千二百亿元，较年初增加四百七十亿元，同比增长百分之八。",
    "消费者协会发布《网络交易监测情况》，记者从新闻发布会上获悉，全年受理投诉两万件。",
];

fn paragraphs() -> Vec<String> {
    let sentences = SENTENCES.iter().cycle();
    let numbered = sentences.enumerate().take(32);
    let numbered: Vec<String> = numbered
        .map(|(at, text)| format!("第{at}项，{text}"))
        .collect();
    numbered.chunks(3).map(<[String]>::concat).collect()
}

fn post_of(number: usize, body: &str) -> String {
    format!(
        "---\ntitle: 第{number}批抽检结果公布\ndate: 2022-02-18 10:01:41 +0800\ncategories: haidai\ntags: 海岱日报新闻\n---\n{body}"
    )
}

fn html() -> String {
    let paragraphs = paragraphs().into_iter();
    let html: String = paragraphs.map(|text| format!("<p>{text}</p>\n")).collect();
    format!("{html}<p>见<a href=\"/zhuanti/1.html\">专题</a></p>\n")
}

fn site() -> Site {
    let zone = "Asia/Shanghai".parse::<Zone>();
    Site {
        title: "市场监管新闻".into(),
        url: "https://news.example".into(),
        description: None,
        author: None,
        language: "zh-CN".into(),
        timezone: zone.unwrap_or_else(|error| panic!("{error}")),
    }
}

fn rules() -> Rules {
    let rules = Rules::new(&Settings::default(), &site(), NaiveDates::SiteTime);
    rules.unwrap_or_else(|error| panic!("{error}"))
}

fn parsed(number: usize) -> Post {
    let path = format!("posts/2022-02-18-n{number}.html");
    let text = post_of(number, &html());
    let (post, _) = posts::parse(&path, text.as_bytes(), Default::default(), &rules());
    post.unwrap_or_else(|| panic!("no post"))
}

fn parse(bencher: divan::Bencher, path: &str, body: &str) {
    let (text, rules) = (post_of(1, body), rules());
    bencher.bench(|| {
        let bytes = divan::black_box(text.as_bytes());
        posts::parse(path, bytes, Default::default(), &rules)
    });
}

#[divan::bench]
fn front_matter_alone(bencher: divan::Bencher) {
    parse(bencher, "posts/2022-02-18-a.html", "");
}

#[divan::bench]
fn everyday_html(bencher: divan::Bencher) {
    parse(bencher, "posts/2022-02-18-a.html", &html());
}

/// A comment sends the same body the long way: html5ever, then ammonia.
#[divan::bench]
fn other_html(bencher: divan::Bencher) {
    let body = format!("{}<!-- x -->", html());
    parse(bencher, "posts/2022-02-18-a.html", &body);
}

#[divan::bench]
fn markdown(bencher: divan::Bencher) {
    parse(bencher, "posts/2022-02-18-a.md", &paragraphs().join("\n\n"));
}

#[divan::bench]
fn summarise(bencher: divan::Bencher) {
    let post = parsed(1);
    bencher.bench(|| summary::summarise(divan::black_box(&post), 200));
}

/// Twenty entries with whole articles.
#[divan::bench(args = [Format::Rss, Format::Atom, Format::Json])]
fn feed(bencher: divan::Bencher, format: Format) {
    let (site, settings) = (site(), feeds::Settings::default());
    let addresses = Addresses::new(&settings, &site).unwrap_or_else(|error| panic!("{error}"));
    let entry = |number| {
        Arc::new(Entry {
            post: Arc::new(parsed(number)),
            summary: SENTENCES.concat(),
            topics: Vec::new(),
            names: Vec::new(),
        })
    };
    let feed = Feed {
        follow: Follow::Site,
        title: site.title.clone(),
        entries: (0..20).map(entry).collect(),
        history: None,
    };
    bencher.bench(|| {
        feeds::render(
            &site,
            &addresses,
            &settings,
            divan::black_box(&feed),
            format,
        )
    });
}

/// 256 new posts in one transaction.
#[divan::bench]
fn catalog_takes_in_256_posts(bencher: divan::Bencher) {
    let readings: Vec<Reading> = (0..256)
        .map(|number| {
            let post = parsed(number);
            Reading {
                path: post.path.clone(),
                stamp: Stamp::NONE,
                problems: Vec::new(),
                post: Some(Digested {
                    post: Arc::new(post),
                    summary: SENTENCES.concat(),
                    topics: Vec::new(),
                }),
            }
        })
        .collect();
    let fresh = || {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let catalog = Catalog::open(&folder.path().join("catalog.db"), "bench");
        (folder, catalog.unwrap_or_else(|error| panic!("{error}")))
    };
    bencher
        .with_inputs(fresh)
        .bench_local_refs(|(_, catalog)| catalog.upsert(&readings, 2_000_000_000));
}
