//! The rule language, told as small stories.

use proptest::prelude::*;

use super::*;

fn topic(id: &str, yaml: &str) -> Topic {
    parse(&format!("config/topics/{id}.yaml"), id, yaml).unwrap()
}

fn matcher(files: &[(&str, &str)]) -> Matcher {
    Matcher::new(files.iter().map(|(id, yaml)| topic(id, yaml)).collect()).unwrap()
}

fn article<'a>(title: &'a str, text: &'a str) -> Article<'a> {
    Article {
        title,
        text,
        categories: &[],
        tags: &[],
        source: None,
    }
}

fn ids(matcher: &Matcher, title: &str, text: &str) -> Vec<String> {
    let matches = matcher.matches(&article(title, text));
    matches.into_iter().map(|m| m.topic).collect()
}

#[test]
fn a_title_word_weighs_more_than_a_body_word() {
    let m = matcher(&[("a", "title: A\nthreshold: 2\nany: {text: [抽检]}")]);
    assert_eq!(ids(&m, "食品抽检", ""), ["a"]);
    assert_eq!(ids(&m, "", "一次抽检"), [""; 0]);
    assert_eq!(ids(&m, "", "抽检之后再抽检"), ["a"]);
}

#[test]
fn a_pattern_hides_no_veto() {
    let yaml = "title: A\nany: {text: [{regex: '处罚.{0,20}公司'}]}\nnone: {text: [证监会]}";
    let m = matcher(&[("a", yaml)]);
    assert_eq!(ids(&m, "", "处罚由证监会作出，公司回应"), [""; 0]);
    assert_eq!(ids(&m, "", "处罚由市监局作出，公司回应"), ["a"]);
    // A longer word still does, within a pattern too: that is how an exception to a veto is written.
    let both = yaml.replace("any: {text: [", "any: {text: [由证监会作出, ");
    let m = matcher(&[("a", &both)]);
    assert_eq!(ids(&m, "", "处罚由证监会作出，公司回应"), ["a"]);
    assert_eq!(ids(&m, "", "处罚由证监会提出，公司回应"), [""; 0]);
    let m = matcher(&[(
        "a",
        &yaml.replace("{regex: '处罚.{0,20}公司'}", "由证监会作出"),
    )]);
    assert_eq!(ids(&m, "", "处罚由证监会作出，公司回应"), ["a"]);
}

#[test]
fn latin_words_end_where_letters_end_with_or_without_an_accent() {
    let m = matcher(&[("a", "title: A\nany: {text: [CAF]}")]);
    assert_eq!(ids(&m, "un café", "CAFé ëCAF"), [""; 0]);
    assert_eq!(ids(&m, "向CAF申请", ""), ["a"]);
}

#[test]
fn repetition_is_capped() {
    let m = matcher(&[("a", "title: A\nany: {text: [抽检]}")]);
    let long = "抽检，".repeat(500);
    assert_eq!(m.matches(&article("", &long))[0].score, 3.0);
}

#[test]
fn all_must_occur_and_any_must_reach_the_threshold() {
    let yaml = "title: A\nany: {text: [抽检, 召回]}\nall: {text: [食品], tag: [海岱日报新闻]}";
    let m = matcher(&[("a", yaml)]);
    let tags = ["海岱日报新闻".to_owned()];
    let with = |title, tags| Article {
        tags,
        ..article(title, "")
    };
    assert_eq!(m.matches(&with("食品抽检", &tags)).len(), 1);
    let verdict = &m.explain(&with("食品抽检", &[]))[0];
    assert_eq!(
        verdict.stopped_by.as_deref(),
        Some("`海岱日报新闻` must occur and does not")
    );
    let verdict = &m.explain(&with("食品", &tags))[0];
    assert_eq!(
        verdict.stopped_by.as_deref(),
        Some("none of its words occurs")
    );
}

#[test]
fn a_topic_without_any_needs_no_score() {
    let m = matcher(&[("a", "title: A\nall: {source: [沪江财经]}")]);
    let from = |source| Article {
        source: Some(source),
        ..article("x", "y")
    };
    assert_eq!(m.matches(&from("沪江财经")).len(), 1);
    assert_eq!(m.matches(&from("沪江财经网")).len(), 0);
}

#[test]
fn none_vetoes_or_subtracts() {
    let yaml = "title: A\nthreshold: 2\nany: {text: [{word: 监管局, weight: 2}]}\n\
                none: {title: [股市], text: [{word: 证监会, weight: -1}]}";
    let m = matcher(&[("a", yaml)]);
    assert_eq!(ids(&m, "", "监管局通报"), ["a"]);
    let verdict = &m.explain(&article("股市周报", "监管局通报"))[0];
    assert_eq!(
        verdict.stopped_by.as_deref(),
        Some("`股市` in the title vetoes")
    );
    let verdict = &m.explain(&article("", "监管局与证监会"))[0];
    assert_eq!(
        verdict.stopped_by.as_deref(),
        Some("the score 1.00 is below 2.00")
    );
    assert_eq!((verdict.score, verdict.threshold), (1.0, 2.0));
}

#[test]
fn the_longest_word_of_a_topic_wins_at_its_place() {
    let yaml = "title: A\nany: {text: [市场监管, 市场监管局]}\n\
                none: {text: [{word: 证券市场监管, weight: 0}]}";
    let m = matcher(&[("a", yaml)]);
    assert_eq!(ids(&m, "", "加强证券市场监管"), [""; 0]);
    let hits = &m.matches(&article("", "市场监管局加强市场监管"))[0].hits;
    assert!(hits.iter().all(|hit| hit.count == 1), "{hits:?}");
}

#[test]
fn a_longer_word_of_one_topic_does_not_hide_a_shorter_one_of_another() {
    let m = matcher(&[
        ("a", "title: A\nany: {text: [国家知识产权局]}"),
        ("b", "title: B\nany: {text: [知识产权]}"),
        ("c", "title: C\nany: {text: [权局通报]}"),
    ]);
    assert_eq!(ids(&m, "", "国家知识产权局通报"), ["a", "b", "c"]);
}

#[test]
fn latin_words_are_whole_words() {
    let m = matcher(&[("a", "title: A\nany: {text: [IP, 12315]}")]);
    assert_eq!(ids(&m, "shipping", "3123150"), [""; 0]);
    assert_eq!(ids(&m, "申请ＩＰ授权", ""), ["a"]);
    assert_eq!(ids(&m, "", "拨打12315热线"), ["a"]);
}

#[test]
fn several_words_of_one_weight_stand_in_one_list() {
    let yaml = "title: A\nany:\n  body:\n    - {words: [甲类, 乙类], weight: 0.5}\n";
    let m = matcher(&[("a", yaml)]);
    assert_eq!(ids(&m, "甲类乙类", "甲类"), [""; 0]);
    assert_eq!(ids(&m, "", "甲类乙类"), ["a"]);
}

#[test]
fn patterns_count_like_words_and_look_where_they_are_told() {
    let yaml = "title: A\nthreshold: 2\nany:\n  text: [{regex: '第[一二三]批抽检', weight: 1}]\n\
                none:\n  category: [{regex: '^(xinlang|souhu)'}]\n";
    let m = matcher(&[("a", yaml)]);
    assert_eq!(ids(&m, "第二批抽檢結果", ""), ["a"]);
    assert_eq!(ids(&m, "", "第二批抽检"), [""; 0]);
    assert_eq!(ids(&m, "", "第二批抽检，第三批抽检"), ["a"]);
    let categories = ["XinLangCaijing".to_owned()];
    let verdict = &m.explain(&Article {
        categories: &categories,
        ..article("第二批抽检", "")
    })[0];
    let why = verdict.stopped_by.as_deref();
    assert_eq!(why, Some("`/^(xinlang|souhu)/` in the category vetoes"));
}

#[test]
fn a_long_text_of_one_letter_does_not_slow_patterns_down() {
    // Finding every place takes quadratic time for this pattern, even in a linear engine.
    let m = matcher(&[("a", "title: A\nany: {body: [{regex: '[^b]*b|a'}]}")]);
    let text = "a".repeat(200_000);
    assert_eq!(ids(&m, "", &text), ["a"]);
}

#[test]
fn a_topic_may_ask_for_another() {
    let files = [
        (
            "child",
            "title: C\nall: {topic: [parent]}\nany: {text: [召回]}",
        ),
        (
            "cousin",
            "title: D\nthreshold: 3\nany: {topic: [{word: parent, weight: 2}], text: [召回]}",
        ),
        (
            "not",
            "title: N\nany: {text: [召回]}\nnone: {topic: [child]}",
        ),
        ("parent", "title: P\nany: {text: [药监局]}"),
    ];
    let m = matcher(&files);
    assert_eq!(ids(&m, "", "药监局通报召回"), ["child", "cousin", "parent"]);
    assert_eq!(ids(&m, "", "药监局通报"), ["parent"]);
    assert_eq!(ids(&m, "", "召回"), ["not"]);
    let verdicts = m.explain(&article("", "召回"));
    let why = |at: usize| verdicts[at].stopped_by.as_deref();
    assert_eq!(why(0), Some("`topic:parent` must occur and does not"));
    assert_eq!(verdicts[1].near_miss(), None);
    let verdicts = m.explain(&article("", "药监局"));
    assert_eq!(verdicts[1].near_miss(), Some(1.0));
    let hit = &m.matches(&article("", "药监局召回"))[1].hits[0];
    assert_eq!(
        (hit.word.as_str(), hit.field),
        ("topic:parent", Field::Topic)
    );
}

#[test]
fn a_hidden_topic_is_there_for_others_only() {
    let m = matcher(&[
        ("a", "title: A\nhidden: true\nany: {text: [罚款, 立案]}"),
        (
            "b",
            "title: B\nthreshold: 2\nany: {topic: [a], text: [抽检]}",
        ),
    ]);
    assert_eq!(ids(&m, "", "抽检后罚款，立案"), ["b"]);
    assert_eq!(ids(&m, "", "罚款，立案"), [""; 0]);
    assert_eq!(m.topics().count(), 1);
    assert!(m.explain(&article("", "罚款"))[0].matched);
}

#[test]
fn keywords_are_found_in_the_same_pass() {
    let topics = vec![topic("a", "title: A\nany: {text: [抽检]}")];
    let keywords = ["食品 抽检", "召回", "ＦＤＡ", "價格", "召回"].map(str::to_owned);
    let m = Matcher::with_keywords(topics, keywords.to_vec()).unwrap();
    let found = m.read(&article("食品", "抽检价格，fda"));
    assert_eq!(found.keywords, ["食品 抽检", "ＦＤＡ", "價格"]);
    assert_eq!(found.topics.len(), 1);
    assert_eq!(m.read(&article("", "召回")).keywords, ["召回", "召回"]);
    assert!(m.read(&article("", "")).keywords.is_empty());
}

#[test]
fn one_agency_counts_once() {
    let m = matcher(&[(
        "a",
        "title: A\nany: {text: [市场监管, 市场监督管理, 市场监督管理总局, 国家市场监督管理总局, 监督管理]}",
    )]);
    let found = m.matches(&article("", "國家市場監督管理總局公布"));
    assert_eq!((found[0].score, found[0].hits.len()), (1.0, 1));
}

#[test]
fn the_fingerprint_follows_the_rules_and_not_their_order() {
    let a = ("a", "title: A\nany: {text: [甲]}");
    let b = ("b", "title: B\nany: {text: [乙]}");
    let other = ("b", "title: B\nany: {text: [{word: 乙, weight: 2}]}");
    let print = |files: &[(&str, &str)]| matcher(files).fingerprint();
    assert_eq!(print(&[a, b]), print(&[b, a]));
    assert_ne!(print(&[a, b]), print(&[a, other]));
    assert_eq!(print(&[a]).len(), 32);
}

#[test]
fn two_topics_of_one_id_are_refused() {
    let t = topic("a", "title: A\nany: {text: [甲]}");
    assert!(Matcher::new(vec![t.clone(), t]).is_err());
    assert!(
        Matcher::new(vec![])
            .unwrap()
            .matches(&article("甲", ""))
            .is_empty()
    );
}

proptest! {
    #[test]
    fn the_hits_sum_up_to_the_score(title in "[市场监管局证券药品召回 a]{0,20}", text in "[市场监管局证券药品召回。 a]{0,200}") {
        let m = matcher(&[
            ("a", "title: A\nthreshold: 3\nany: {text: [市场监管, 监管局, {word: 药品, weight: 0.3}]}\nnone: {text: [{word: 证券, weight: -0.7}]}"),
            ("b", "title: B\nany: {title: [召回], body: [局]}\nnone: {text: [证券市场]}"),
        ]);
        let article = article(&title, &text);
        let verdicts = m.explain(&article);
        let matches = m.matches(&article);
        prop_assert_eq!(verdicts.len(), 2);
        for v in &verdicts {
            let sum: f64 = v.hits.iter().map(|h| h.weight).sum();
            prop_assert!((sum - v.score).abs() < 1e-6);
            prop_assert_eq!(v.matched, v.stopped_by.is_none());
            prop_assert_eq!(v.matched, matches.iter().any(|m| m.topic == v.topic));
        }
    }

    #[test]
    fn no_text_stops_the_reader_of_rule_files(yaml in "\\PC{0,60}") {
        let _ = parse("t.yaml", "t", &yaml);
        let _ = parse("t.yaml", "t", &format!("title: A\nany: {{text: [{yaml}]}}"));
    }
}
