//! A reader that follows a feed into the past gets every post exactly once, and what it has read stays.

use std::collections::{BTreeMap, BTreeSet};

use crate::world::World;

const BASE: &str = "http://news.example.cn/";

/// A post at a time of 2019 to 2023, told by its number: most days have some, 2021-05-06 has hundreds, a
/// second of it dozens, 2020 none at all.
fn post(number: u32) -> (String, String) {
    let (day, clock) = match number % 10 {
        0 => ("2021-05-06".to_owned(), "09:30:00".to_owned()),
        1 => (
            "2021-05-06".to_owned(),
            format!("{:02}:{:02}:07", 8 + number / 10 % 3, number % 60),
        ),
        _ => {
            let year = [2019, 2021, 2022, 2023][number as usize % 4];
            let (month, day) = (1 + number / 7 % 12, 1 + number / 3 % 28);
            (
                format!("{year}-{month:02}-{day:02}"),
                format!("{:02}:{:02}:11", number % 24, number % 60),
            )
        }
    };
    let label = if number.is_multiple_of(3) {
        "quiet"
    } else {
        "busy"
    };
    let matter = format!(
        "title: 第{number}条\ndate: {day} {clock} +0800\ncategories: [{label}]\ntags: [新闻]"
    );
    (
        format!("{day}-n{number}.md"),
        format!("---\n{matter}\n---\n正文{number}\n"),
    )
}

fn archives(world: &World) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let public = world.path("public");
    for entry in walkdir::WalkDir::new(&public).into_iter().flatten() {
        let path = entry
            .path()
            .strip_prefix(&public)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        if path.contains(".archive/") && entry.file_type().is_file() {
            found.insert(path, std::fs::read(entry.path()).unwrap());
        }
    }
    found
}

/// The ids of a document's entries, and the file that it says comes before.
fn read(world: &World, file: &str) -> (Vec<String>, Option<String>) {
    let xml = world.read(&format!("public/{file}"));
    let document = roxmltree::Document::parse(&xml).unwrap();
    let texts = |parent: &str, name: &str| -> Vec<String> {
        let of_entry = |node: &roxmltree::Node<'_, '_>| {
            node.tag_name().name() == name
                && node
                    .parent()
                    .is_some_and(|node| node.tag_name().name() == parent)
        };
        let found = document.descendants().filter(of_entry);
        found.map(|node| node.text().unwrap().to_owned()).collect()
    };
    let mut ids = texts("entry", "id");
    ids.extend(texts("item", "guid"));
    let previous = document
        .descendants()
        .find(|node| node.attribute("rel") == Some("prev-archive"))
        .map(|node| {
            node.attribute("href")
                .unwrap()
                .strip_prefix(BASE)
                .unwrap()
                .to_owned()
        });
    (ids, previous)
}

/// Every id of the pages that a reader meets on its way into the past.
fn walk(world: &World, feed: &str) -> Vec<String> {
    let (mut ids, mut seen) = (Vec::new(), BTreeSet::new());
    let mut next = read(world, feed).1;
    while let Some(file) = next {
        assert!(seen.insert(file.clone()), "{file} leads back to itself");
        let (more, previous) = read(world, &file);
        ids.extend(more);
        next = previous;
    }
    ids
}

fn assert_each_once(ids: &[String], count: usize) {
    let unique: BTreeSet<&String> = ids.iter().collect();
    assert_eq!((ids.len(), unique.len()), (count, count));
}

fn world_of(count: u32, feeds: &str) -> World {
    let world = World::new().config(&format!("feeds: {{{feeds}}}\n"));
    for number in 0..count {
        let (name, text) = post(number);
        world.post(&name, &text);
    }
    world.run(&["build"], 0);
    world
}

/// Adds a post, and checks that besides new pages only those of its own period have other bytes.
fn assert_touches_its_own_period(world: &World, number: u32, time: &str) {
    let (day, year, month) = (&time[..10], &time[..4], &time[..7]);
    let earlier = archives(world);
    let matter = format!("title: 新\ndate: {time} +0800\ncategories: [busy]");
    let text = format!("---\n{matter}\n---\n正文\n");
    world.post(&format!("{day}-n{number}.md"), &text);
    world.run(&["build"], 0);
    let later = archives(world);
    let paths = later.keys();
    let changed: Vec<&String> = paths
        .filter(|path| earlier.get(*path) != later.get(*path))
        .collect();
    assert!(!changed.is_empty() && changed.len() <= 20, "{changed:?}");
    for path in changed {
        let (_, name) = path.rsplit_once('/').unwrap();
        let own = name.starts_with(&format!("{year}.")) || name.starts_with(month);
        assert!(own, "{path} is not a page of {time}");
    }
}

#[test]
fn every_post_of_5000_is_met_exactly_once_and_a_new_one_touches_its_own_period_only() {
    let world = world_of(5000, "formats: [atom]");
    assert_each_once(&walk(&world, "feed.xml"), 5000);
    // What the feed itself shows is in the history too: nothing falls between the two.
    let history: BTreeSet<String> = walk(&world, "feed.xml").into_iter().collect();
    let (shown, _) = read(&world, "feed.xml");
    assert!(shown.len() >= 20 && shown.iter().all(|id| history.contains(id)));
    assert_touches_its_own_period(&world, 9001, "2023-12-28 23:00:00");
    assert_each_once(&walk(&world, "feed.xml"), 5001);
}

#[test]
fn labels_and_rss_have_histories_and_a_late_post_changes_no_page_of_another_time() {
    let settings = "archives: [site, category], archive_formats: [atom, rss], formats: [atom, rss]";
    let world = world_of(600, &format!("{settings}, archive_entries: 6"));
    for (feed, count) in [
        ("feed.xml", 600),
        ("feed.rss", 600),
        ("feed/quiet.xml", 200),
        ("feed/busy.rss", 400),
    ] {
        assert_each_once(&walk(&world, feed), count);
    }
    let before = archives(&world);
    assert!(
        before.contains_key("feed.archive/2020.xml"),
        "an empty year keeps the chain"
    );
    assert!(
        before.contains_key("feed.archive/2021-05-06-09-30-00-f.xml"),
        "a second is cut by hash"
    );
    assert!(
        !before.keys().any(|path| path.contains("by_tag")),
        "tags have none"
    );
    // Late into a second that is cut into pieces, and into a year that had no post.
    assert_touches_its_own_period(&world, 9002, "2021-05-06 09:30:00");
    assert_touches_its_own_period(&world, 9003, "2020-02-29 12:00:00");
    assert_each_once(&walk(&world, "feed.xml"), 602);

    // The same posts give the same pages, however they came in.
    let grown = archives(&world);
    std::fs::remove_dir_all(world.path("public")).unwrap();
    std::fs::remove_dir_all(world.path("var")).unwrap();
    world.run(&["build"], 0);
    let afresh = archives(&world);
    assert!(grown.keys().eq(afresh.keys()));
    for (path, bytes) in &grown {
        assert_eq!(bytes, &afresh[path], "{path}");
    }
}

#[test]
fn a_history_shrinks_and_moves_with_its_posts_and_the_config() {
    let world = World::new().config("feeds: {limit: 3, min_age_hours: 0, archive_entries: 4}\n");
    let name = |month: u32, day: u32| format!("2022-{month:02}-{day:02}-a.md");
    for day in 1..=6 {
        world.post(&name(2, day), &format!("---\ntitle: {day}\n---\n正文\n"));
    }
    world.run(&["build"], 0);
    let files = |world: &World| archives(world).into_keys().collect::<Vec<_>>();
    assert_eq!(
        files(&world)[..2],
        ["feed.archive/2022-01.xml", "feed.archive/2022-02-01.xml"]
    );
    assert_each_once(&walk(&world, "feed.xml"), 6);

    // Few enough for one page again: the small pages go.
    world.delete(&format!("posts/{}", name(2, 5)));
    world.delete(&format!("posts/{}", name(2, 6)));
    world.run(&["build"], 0);
    assert_eq!(files(&world), ["feed.archive/2022.xml"]);
    assert_each_once(&walk(&world, "feed.xml"), 4);

    // An older post: the year that was the oldest now leads on.
    world.post("2019-07-01-old.md", "---\ntitle: 旧\n---\n正文\n");
    world.run(&["build"], 0);
    assert_each_once(&walk(&world, "feed.xml"), 5);
    let years = ["2019", "2020", "2021", "2022"].map(|year| format!("feed.archive/{year}.xml"));
    assert_eq!(files(&world), years);
    world.delete("posts/2019-07-01-old.md");
    world.run(&["build"], 0);
    assert_eq!(files(&world), ["feed.archive/2022.xml"]);
    assert_eq!(read(&world, "feed.archive/2022.xml").1, None);

    // The feed shows every post: it is its own history.
    world.delete(&format!("posts/{}", name(2, 4)));
    world.run(&["build"], 0);
    assert_eq!((files(&world).len(), read(&world, "feed.xml").1), (0, None));
    world.post(&name(2, 4), "---\ntitle: 4\n---\n正文\n");
    world.run(&["build"], 0);
    assert_eq!(files(&world).len(), 1);
    world.run(&["build", "--set", "feeds.archives=false"], 0);
    assert_eq!((files(&world).len(), read(&world, "feed.xml").1), (0, None));
}
