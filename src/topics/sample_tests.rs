//! The topics that we ship, on the posts that we ship and on sentences that look alike.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::*;

fn root(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

fn shipped() -> Matcher {
    let (topics, errors) = load_dir(&root("config/topics"));
    assert!(errors.is_empty(), "{errors:?}");
    Matcher::new(topics).unwrap()
}

/// Title and article of a sample post, near enough: the real reader is another room's.
fn read(file: &Path) -> (String, String) {
    let text = fs::read_to_string(file).unwrap();
    let mut parts = text.splitn(3, "---\n").skip(1);
    let front = parts.next().unwrap();
    let title = front.lines().find_map(|line| line.strip_prefix("title: "));
    let body = parts.next().unwrap();
    let noise =
        Regex::new(r#"(?s)<p class="em_media">.*?</p>|<http.*|\n\[返回.*|<[^>]*>"#).unwrap();
    (
        title.unwrap().trim_matches('"').to_owned(),
        noise.replace_all(body, "").into_owned(),
    )
}

/// Titles and bodies of our labelled posts whose name holds `part`.
fn golden(part: &str) -> Vec<(String, String)> {
    let mut files: Vec<PathBuf> = fs::read_dir(root("tests/golden/topics/posts"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(part))
        .collect();
    files.sort();
    files.iter().map(|file| read(file)).collect()
}

#[test]
fn the_parts_of_market_supervision_hold_their_own() {
    let matcher = shipped();
    for (part, topic) in [
        ("-food-", "food-safety"),
        ("-drug-", "drugs-and-devices"),
        ("-cosmetics-", "drugs-and-devices"),
        ("-measure-", "product-quality"),
        ("-quality-", "product-quality"),
        ("-ip-", "intellectual-property"),
        ("-price-", "price-supervision"),
        ("-ads-", "advertising-and-online-trade"),
        ("-antitrust-", "antitrust"),
        ("-consumer-", "consumer-rights"),
        ("-registration-", "registration-and-credit"),
    ] {
        let posts = golden(part);
        let taken = |(title, text): &&(String, String)| {
            topics_of(&matcher, title, text).contains(&topic.to_owned())
        };
        let count = posts.iter().filter(taken).count();
        assert!(
            count * 2 > posts.len(),
            "{topic} takes {count} of {}",
            posts.len()
        );
        // What a part takes, the whole takes.
        for (title, text) in &posts {
            let topics = topics_of(&matcher, title, text);
            let whole = topics.contains(&"market-supervision".to_owned());
            assert!(whole || topics.is_empty(), "{title}: {topics:?}");
        }
    }
    for (title, text) in golden("-x-") {
        assert_eq!(topics_of(&matcher, &title, &text), [""; 0], "{title}");
    }
}

/// Which of our topics take an article, by id.
fn topics_of(matcher: &Matcher, title: &str, text: &str) -> Vec<String> {
    let article = Article {
        title,
        text,
        categories: &[],
        tags: &[],
        source: None,
    };
    let matches = matcher.matches(&article);
    matches.into_iter().map(|m| m.topic).collect()
}

#[test]
fn the_sample_posts_fall_into_their_topics() {
    let matcher = shipped();
    let mut found: Vec<(String, String)> = Vec::new();
    for entry in fs::read_dir(root("posts")).unwrap() {
        let file = entry.unwrap().path();
        let (title, text) = read(&file);
        let day = file.file_name().unwrap().to_string_lossy()[..10].to_owned();
        for topic in topics_of(&matcher, &title, &text) {
            found.push((topic, day.clone()));
        }
    }
    found.sort();
    let days = |topic: &str| {
        let of_topic = found.iter().filter(|(t, _)| t == topic);
        of_topic.map(|(_, day)| &day[8..]).collect::<Vec<_>>()
    };
    assert_eq!(
        days("market-supervision"),
        [
            "02", "03", "04", "05", "05", "06", "09", "10", "11", "12", "16", "17", "18"
        ]
    );
    assert_eq!(days("payment-and-credit"), ["05", "06", "19"]);
}

#[test]
fn what_only_sounds_alike_is_not_market_supervision() {
    let matcher = shipped();
    for (title, text) in [
        (
            "市场情绪回暖",
            "市场认为，监管态度明确，市场信心正在恢复，监管层多次发声。",
        ),
        ("监管部门出手", "监管部门表示，将加强监管，坚持监管全覆盖。"),
        (
            "加强资本市场监管",
            "证券市场监管要长牙带刺，期货市场监管同样如此。",
        ),
        (
            "某药业获批首仿药",
            "公司收到国家药品监督管理局核准签发的《药品注册证书》，药品将于年内上市。",
        ),
        (
            "某科技获得发明专利",
            "公司取得国家知识产权局颁发的发明专利证书，形成自主知识产权。",
        ),
        (
            "某车企在美召回2万辆汽车",
            "NHTSA公告称，召回涉及的车辆存在缺陷，召回将于下月开始。",
        ),
        (
            "欧盟对某平台展开反垄断调查",
            "欧盟委员会称，反垄断调查将于年底前完成。",
        ),
        (
            "疫苗概念股走强",
            "疫苗、医疗器械板块领涨，个股掀起涨停潮，北向资金净流入。",
        ),
        (
            "电梯龙头三季报",
            "公司电梯业务净利润同比增长，锅炉业务平稳，券商给予买入评级。",
        ),
        (
            "某公司完成工商变更",
            "公司取得市场监督管理局换发的营业执照，工商变更登记手续已办理完毕。",
        ),
    ] {
        let topics = topics_of(&matcher, title, text);
        assert!(
            !topics.contains(&"market-supervision".to_owned()),
            "{title}"
        );
    }
}

#[test]
fn each_remit_of_market_supervision_is_known() {
    let matcher = shipped();
    for (title, text) in [
        ("县市场监管局开展节前检查", "检查组走访了三家超市。"),
        (
            "校园食堂食品安全专项检查启动",
            "检查覆盖全部中小学，抽检样品千批次，不合格产品将下架。",
        ),
        (
            "药品网络销售专项整治",
            "药监部门对网售处方药开展检查，药监局公布投诉举报电话。",
        ),
        (
            "因滥用市场支配地位，某原料药企业被罚",
            "该企业以不公平的高价销售商品。",
        ),
        (
            "某品牌召回部分儿童座椅",
            "生产者向市场监管总局备案了召回计划，缺陷产品将免费更换。",
        ),
        (
            "强制性产品认证目录调整",
            "认监委公布新目录，三类产品纳入强制性产品认证。",
        ),
        (
            "旅游景区涉企收费与价格违法整治",
            "对未按规定明码标价的行为依法查处。",
        ),
        (
            "虚假违法广告典型案例公布",
            "医疗广告占三成，罚款合计百万元。",
        ),
        (
            "注册资本登记新规施行",
            "经营主体登记更便利，企业开办一日办结。",
        ),
    ] {
        let topics = topics_of(&matcher, title, text);
        assert!(topics.contains(&"market-supervision".to_owned()), "{title}");
    }
}
