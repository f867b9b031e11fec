//! Whole files, good and bad.

use super::super::rules::{example_rules, example_site};
use super::super::settings::{Dirs, NaiveDates, Settings};
use super::*;
use crate::model::{DateSource, Severity};

fn run(path: &str, text: impl AsRef<[u8]>) -> (Option<Post>, Vec<Problem>) {
    let first_seen = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    parse(path, text.as_ref(), first_seen, &example_rules())
}

fn post(path: &str, text: &str) -> Post {
    run(path, text).0.unwrap()
}

fn kinds(problems: &[Problem]) -> Vec<&'static str> {
    problems.iter().map(|problem| problem.kind).collect()
}

#[test]
fn an_ordinary_post_is_read_without_a_problem() {
    let (post, problems) = run(
        "posts/2022-02-18-NW2022.md",
        "---\nlayout: post\ntitle: \"甲乙\"\ndate: 2022-02-18 10:01:41 +0800\ncategories: ribao\ntags: 日报新闻\nauthor: 张三\n---\n<p>丙。</p>\n",
    );
    let post = post.unwrap();
    assert_eq!(problems, []);
    assert_eq!(post.url, "/ribao/2022/02/18/NW2022.html");
    assert_eq!(post.id.as_str(), "/ribao/2022/02/18/NW2022");
    assert_eq!(post.published.rfc2822(), "Fri, 18 Feb 2022 10:01:41 +0800");
    assert_eq!(
        (post.categories, post.tags),
        (vec!["ribao".into()], vec!["日报新闻".into()])
    );
    assert_eq!(post.author.as_deref(), Some("张三"));
    assert_eq!(post.text, "丙。");
}

#[test]
fn the_pilots_broken_post_is_recovered() {
    let (post, problems) = run(
        "posts/-202205262391921712.md",
        "---\ntitle: \"\"\ndate:  +0800\ncategories: emnews\n---\n> 甲公司宣布乙。丙。（某某报）\n\n<p>丁</p>\n\n<>\n",
    );
    let post = post.unwrap();
    assert_eq!(kinds(&problems), ["bad-date", "empty-title"]);
    assert_eq!((problems[0].line, problems[1].line), (3, 2));
    assert_eq!(post.title, "甲公司宣布乙");
    assert_eq!(post.published.rfc3339(), "2022-05-26T00:00:00+08:00");
    assert_eq!(post.date_source, DateSource::NumberInName);
    assert_eq!(post.url, "/emnews/2022/05/26/202205262391921712.html");
}

#[test]
fn dates_come_from_the_name_and_then_from_the_first_sight() {
    let named = post("posts/2022-02-18-a.md", "---\ntitle: x\ndate: soon\n---\n");
    assert_eq!(named.date_source, DateSource::FileName);
    let seen = post("posts/a.md", "---\ntitle: x\n---\n");
    assert_eq!(seen.date_source, DateSource::FirstSeen);
    assert_eq!(seen.published.seconds(), 1_700_000_000);
}

#[test]
fn files_that_are_no_posts_say_why() {
    for (text, kind) in [
        ("hello", "no-front-matter"),
        ("---\ntitle: x\n", "unclosed-front-matter"),
        ("+++\ntitle = 'x'\n", "unclosed-front-matter"),
    ] {
        let (post, problems) = run("posts/a.md", text);
        assert!(post.is_none());
        assert_eq!(
            (kinds(&problems), problems[0].severity),
            (vec![kind], Severity::Skipped)
        );
    }
    let mut random = fastrand::Rng::with_seed(7);
    let noise: Vec<u8> = (0..3_000).map(|_| random.u8(..)).collect();
    let (post, problems) = run("posts/2022-02-18-noise.md", &noise);
    assert!(post.is_none());
    assert_eq!(problems.last().unwrap().kind, "no-text");
    let conflict =
        "---\n<<<<<<< HEAD\ntitle: x\n=======\ntitle: y\n>>>>>>> main\ndate: 2022-02-18\n---\nb\n";
    let (post, problems) = run("posts/2022-02-18-x.md", conflict);
    assert!(post.is_none());
    assert_eq!(kinds(&problems), ["merge-conflict"]);
    assert_eq!(
        (problems[0].line, problems[0].severity),
        (2, Severity::Skipped)
    );
    let whole = "---\ntitle: x\ndate: 2022-02-18 10:00\ncategories: [a]\n---\nb\n";
    let (post, problems) = run("posts/x.md", &whole[4..]);
    assert_eq!(kinds(&problems), ["unopened-front-matter"]);
    assert_eq!(post, run("posts/x.md", whole).0);
    let (post, problems) = run("posts/2022-02-18-hello-world.md", "hello");
    assert_eq!(post.unwrap().title, "Hello World");
    assert_eq!(kinds(&problems), ["no-front-matter"]);
    assert_eq!(
        run("posts/a.md", "\n---\ntitle: x\n---\n").0.unwrap().title,
        "x"
    );
}

#[test]
fn fields_override_what_would_be_made() {
    let text = "---\ntitle: x\ndate: 2022-02-18\nslug: s t\nguid: tag:a.test,2022:1\nlast_modified_at: 2022-02-19\nimage: /i.png\npublished: false\n---\n";
    let post = post("posts/a.md", text);
    assert_eq!(post.url, "/2022/02/18/s-t.html");
    assert_eq!(post.id.as_str(), "tag:a.test,2022:1");
    assert_eq!(post.updated.unwrap().rfc3339(), "2022-02-19T00:00:00+08:00");
    assert_eq!(post.image.as_deref(), Some("https://news.example/i.png"));
    assert!(post.withdrawn);
    let own = self::post(
        "posts/a.md",
        "---\ntitle: x\ndate: 2022-02-18\npermalink: /:year/x y/\npublished: \"false\"\n---\n",
    );
    assert_eq!((own.url.as_str(), own.withdrawn), ("/2022/x%20y/", false));
}

#[test]
fn the_files_name_can_be_the_id() {
    let settings = Settings {
        id: IdStyle::File,
        ..Settings::default()
    };
    let rules = Rules::new(&settings, &example_site(), NaiveDates::SiteTime).unwrap();
    let (post, _) = parse("posts/2022-02-18-a.md", b"x", DateTime::UNIX_EPOCH, &rules);
    assert_eq!(post.unwrap().id.as_str(), "2022-02-18-a");
}

#[test]
fn an_article_is_without_its_footer_and_its_markup() {
    let with = |body: &str| {
        let post = post(
            "posts/2022-02-18-a.md",
            &format!("---\ntitle: x\n---\n{body}"),
        );
        (post.digest, post.text)
    };
    let footer = with("<p>甲</p>\n\n[返回滚动](../x/)｜[返回首页](../)");
    assert_eq!(footer, with("<p class=y>甲</p>"));
    assert_ne!(footer, with("<p>乙</p>"));
    assert_ne!(with("> 甲\n\n乙"), with("> 丙\n\n乙"));
}

#[test]
fn no_forbidden_character_is_in_any_text() {
    let post = post(
        "posts/2022-02-18-a.md",
        "---\ntitle: \"a\\u0008b\"\ntags: [\"c\\u0001\"]\nslug: \"d\\u0002\"\n---\ne&#8;\u{1}f",
    );
    let all = format!("{post:?}");
    assert_eq!((post.title.as_str(), post.text.as_str()), ("ab", "ef"));
    assert!(
        !all.contains("\\u{1}") && !all.contains("\\u{8}") && !all.contains("\\u{2}"),
        "{all}"
    );
}

#[test]
fn any_bytes_are_answered() {
    let mut seed = 7u64;
    for length in 0..300 {
        let alphabet = b"---\n:\"'[]{}<>/&#%! \xEF\xBB\xBF\x00\xFFtitle date\t|*>`\xE4\xB8\xAD";
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                alphabet[(seed >> 33) as usize % alphabet.len()]
            })
            .collect();
        let (post, problems) = run("posts/x.md", [b"---\n".as_slice(), &bytes].concat());
        assert!(post.is_some() || !problems.is_empty());
        run("posts/2022-02-18-x.html", &bytes);
    }
}

fn with(settings: Settings, path: &str, text: &str) -> (Option<Post>, Vec<Problem>) {
    let rules = Rules::new(&settings, &example_site(), NaiveDates::SiteTime).unwrap();
    let stamp = Stamp {
        size: 1,
        modified_ns: 1_600_000_000_000_000_000,
        changed_ns: 0,
    };
    let seen = undated(path, stamp, DateTime::UNIX_EPOCH, &rules);
    parse(path, text.as_bytes(), seen, &rules)
}

#[test]
fn drafts_are_nothing_until_they_are_asked_for() {
    let (post, problems) = run("posts/_drafts/a.md", "no front matter");
    assert!(post.is_none() && problems.is_empty());
    let settings = || Settings {
        drafts: true,
        ..Settings::default()
    };
    let read = |path: &str, text: &str| {
        let (post, problems) = with(settings(), path, text);
        assert_eq!(problems, []);
        post.unwrap()
    };
    let draft = read("posts/zh/_drafts/my-notes.md", "---\n---\n正文。\n");
    assert_eq!(draft.published.rfc3339(), "2020-09-13T20:26:40+08:00");
    assert_eq!(draft.date_source, DateSource::FileTime);
    assert_eq!(
        (draft.title.as_str(), draft.categories),
        ("My Notes", vec!["zh".to_owned()])
    );
    assert_eq!(draft.url, "/zh/2020/09/13/my-notes.html");
    let dated = read("posts/_drafts/2022-02-18-a.md", "---\ntitle: x\n---\n");
    assert_eq!(dated.date_source, DateSource::FileName);
    // A folder of the config that is a drafts folder itself.
    let own = Settings {
        dir: Dirs::Many(vec!["_posts".into(), "_drafts".into()]),
        ..settings()
    };
    let draft = with(own, "_drafts/x.md", "---\ntitle: x\n---\n").0.unwrap();
    assert_eq!(draft.date_source, DateSource::FileTime);
}

#[test]
fn defaults_fill_what_a_post_does_not_say() {
    let settings = || {
        Settings {
        dir: Dirs::One("site/_posts".into()),
        defaults: serde_yaml::from_str(
            "[{scope: {path: ''}, values: {author: 编辑部, categories: 要闻, tags: [甲]}},
              {scope: {path: _posts/markets, type: posts}, values: {author: 市场部, published: false}},
              {scope: {path: '', type: drafts}, values: {author: 谁}}]",
        )
        .unwrap(),
        ..Settings::default()
    }
    };
    let read = |path: &str, text: &str| with(settings(), path, text).0.unwrap();
    let post = read(
        "site/_posts/2022-02-18-a.md",
        "---\ntitle: x\ncategories: [独家, 要闻]\ntags:\n---\n",
    );
    assert_eq!(post.author.as_deref(), Some("编辑部"));
    assert_eq!(post.categories, ["要闻", "独家"]);
    assert_eq!(post.tags, ["甲"]);
    let post = read(
        "site/_posts/markets/2022-02-18-a.md",
        "---\ntitle: x\ntags: 乙\n---\n",
    );
    assert_eq!(
        (post.author.as_deref(), post.withdrawn),
        (Some("市场部"), true)
    );
    assert_eq!(post.tags, ["乙"]);
    // A file without front matter has defaults too.
    assert_eq!(
        read("site/_posts/2022-02-18-a.md", "正文").categories,
        ["要闻"]
    );
}
