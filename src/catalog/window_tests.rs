//! What a feed holds on quiet and on busy days, and what its history holds, against a plain list.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::model::{DateSource, Follow, Label};

pub(crate) const NOW: i64 = 1_700_000_000;

/// A post `age` seconds before now.
pub(crate) fn reading(number: usize, age: i64) -> Reading {
    let id = format!("/n{number}");
    let post = Post {
        id: PostId::new(&id),
        path: format!("posts/{number}.md"),
        title: "标题".to_owned(),
        published: PostTime::from_parts(NOW - age, 8 * 3600).unwrap(),
        date_source: DateSource::FrontMatter,
        updated: None,
        url: format!("{id}.html"),
        categories: Vec::new(),
        tags: vec!["新闻".to_owned()],
        author: None,
        source: None,
        via: None,
        digest: None,
        excerpt: None,
        match_text: None,
        image: None,
        html: String::new(),
        text: String::new(),
        withdrawn: false,
    };
    Reading {
        path: post.path.clone(),
        stamp: Stamp {
            size: 1,
            modified_ns: 1,
            changed_ns: 0,
        },
        post: Some(Digested {
            post: Arc::new(post),
            summary: String::new(),
            topics: Vec::new(),
        }),
        problems: Vec::new(),
    }
}

/// By time, then by the first bytes of the id's hash.
fn place(number: usize, age: i64) -> (i64, i64) {
    let digest = blake3::hash(format!("/n{number}").as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&digest.as_bytes()[..8]);
    (NOW - age, i64::from_be_bytes(first))
}

fn ids(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.id.to_string()).collect()
}

fn ids_in(catalog: &Catalog, span: &Span) -> Vec<String> {
    let slots = catalog.in_span(&Follow::Site, span).unwrap().into_iter();
    let keys: Vec<PostKey> = slots.map(|slot| slot.key).collect();
    let rows = catalog.fill(&keys).unwrap().into_iter();
    rows.map(|(_, row)| row.id.to_string()).collect()
}

#[test]
fn a_reading_tells_its_post_unless_another_file_stands_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut catalog = Catalog::open(&folder.path().join("catalog.db"), "").unwrap();
    let of = |path: &str| {
        let mut reading = reading(1, 10);
        let post = Arc::make_mut(&mut reading.post.as_mut().unwrap().post);
        post.path = path.to_owned();
        reading.path = path.to_owned();
        reading
    };
    let mut keys = |readings: &[Reading]| catalog.upsert(readings, NOW).unwrap().keys;
    let first = keys(&[of("posts/b.md"), of("posts/c.md")]);
    assert!(first[0].is_some() && first[1].is_none());
    // A file that comes before it takes its place, and changes are of the same post.
    assert_eq!(keys(&[of("posts/a.md")]), [first[0]]);
    assert_eq!(
        keys(&[of("posts/b.md"), of("posts/a.md")]),
        [None, first[0]]
    );
    let shown = catalog
        .newest_slots(&[Follow::Site], 9, 0)
        .unwrap()
        .remove(0);
    assert_eq!(Some(shown[0].key), first[0]);

    // The number of a post that is gone becomes another's, and the key does not.
    let gone = ["posts/a.md", "posts/b.md", "posts/c.md"].map(str::to_owned);
    catalog.mark_missing(&gone, NOW).unwrap();
    catalog.forget_missing(NOW, &[]).unwrap();
    let other = catalog.upsert(&[reading(2, 10)], NOW).unwrap().keys[0].unwrap();
    assert_eq!(other.post, shown[0].key.post);
    assert_ne!(other, shown[0].key);
}

#[test]
fn a_history_that_is_out_of_date_as_a_whole_is_named_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut catalog = Catalog::open(&folder.path().join("catalog.db"), "").unwrap();
    catalog.upsert(&[reading(1, 10)], NOW).unwrap();
    catalog.mark_archived(&[Follow::Site]).unwrap();
    catalog.upsert(&[reading(2, 5)], NOW).unwrap();
    let kind = kind_and_name(&Follow::Site).0;
    let outdated = catalog.outdated(&[kind]).unwrap();
    assert!(outdated.len() == 1 && outdated[0].places.is_some());
    // A post came late, and then everything was marked, as after a build that was killed.
    catalog.mark_all_dirty().unwrap();
    let outdated = catalog.outdated(&[kind]).unwrap();
    assert!(outdated.len() == 1 && outdated[0].places.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_feed_holds_the_newest_and_whatever_is_young_enough(
        // Seconds, hours and days apart, some in the same second, some still to come.
        ages in proptest::collection::vec(
            prop_oneof![0..5i64, (0..50i64).prop_map(|hours| hours * 3600), 0..400_000i64, -9..0i64],
            0..40,
        ),
        limit in 1..12usize,
        hours in 0..60u32,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open(&folder.path().join("catalog.db"), "").unwrap();
        let readings: Vec<Reading> = ages.iter().enumerate().map(|(n, age)| reading(n, *age)).collect();
        catalog.upsert(&readings, NOW).unwrap();
        // Some are withdrawn, and some of these come back.
        for (withdrawn, each) in [(true, 3), (false, 6)] {
            let numbers = (0..ages.len()).filter(|number| number % each == 1);
            let mut changed: Vec<Reading> = numbers.map(|number| reading(number, ages[number])).collect();
            for reading in &mut changed {
                Arc::make_mut(&mut reading.post.as_mut().unwrap().post).withdrawn = withdrawn;
            }
            catalog.upsert(&changed, NOW).unwrap();
        }
        let is_live = |number: usize| number % 3 != 1 || number % 6 == 1;

        let due = ages.iter().copied().enumerate();
        let mut due: Vec<(usize, i64)> = due.filter(|(number, age)| *age >= 0 && is_live(*number)).collect();
        due.sort_by_key(|(number, age)| std::cmp::Reverse(place(*number, *age)));
        let since = due.first().map_or(0, |(_, age)| NOW - age - i64::from(hours) * 3600);
        let wanted: Vec<String> = due
            .iter()
            .enumerate()
            .filter(|(rank, (_, age))| *rank < limit || NOW - age > since)
            .map(|(_, (number, _))| format!("/n{number}"))
            .collect();
        for follow in [Follow::Site, Follow::Label(Label::tag("新闻"))] {
            prop_assert_eq!(&ids(&catalog.newest(&follow, limit, hours).unwrap()), &wanted);
        }

        // The history has them all, in the same order, and says rightly whether there are more than so many.
        let everything = Span { seconds: i64::MIN..i64::MAX, ties: (i64::MIN, i64::MAX) };
        let all: Vec<String> = due.iter().map(|(number, _)| format!("/n{number}")).collect();
        prop_assert_eq!(ids_in(&catalog, &everything), all);
        prop_assert_eq!(catalog.has_more(&Follow::Site, &everything, limit).unwrap(), due.len() > limit);
        let ends = due.last().zip(due.first()).map(|((_, oldest), (_, newest))| (NOW - oldest, NOW - newest));
        prop_assert_eq!(catalog.ends(&Follow::Site, &everything).unwrap(), ends);

        // One second by itself, cut in two by hash: each post once.
        let mut parts = Vec::new();
        for ties in [(i64::MIN, -1), (0, i64::MAX)] {
            let second = Span { seconds: NOW..NOW + 1, ties };
            parts.extend(ids_in(&catalog, &second));
        }
        parts.sort();
        let mut wanted: Vec<String> = due.iter().filter(|(_, age)| *age == 0).map(|(n, _)| format!("/n{n}")).collect();
        wanted.sort();
        prop_assert_eq!(parts, wanted);
    }
}

#[test]
fn a_post_that_saves_break_again_and_again_goes_when_the_first_is_long_ago() {
    let folder = tempfile::tempdir().unwrap();
    let mut catalog = Catalog::open(&folder.path().join("catalog.db"), "").unwrap();
    catalog.upsert(&[reading(1, 0)], NOW).unwrap();
    let broken = Reading {
        post: None,
        ..reading(1, 0)
    };
    for age in [30, 20, 10] {
        let done = catalog.upsert(std::slice::from_ref(&broken), NOW - age);
        assert_eq!(done.unwrap().delta.removed, 0);
    }
    assert_eq!(catalog.forget_missing(NOW - 31, &[]).unwrap().removed, 0);
    assert_eq!(catalog.forget_missing(NOW - 30, &[]).unwrap().removed, 1);
    // Mended in time, it is as if nothing had happened.
    catalog.upsert(&[reading(1, 0)], NOW).unwrap();
    catalog.upsert(&[broken], NOW).unwrap();
    catalog.upsert(&[reading(1, 0)], NOW).unwrap();
    assert_eq!(catalog.forget_missing(NOW, &[]).unwrap().removed, 0);
}

#[test]
fn a_file_without_a_post_that_was_away_for_a_moment_stays_known_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let mut catalog = Catalog::open(&folder.path().join("catalog.db"), "").unwrap();
    let broken = Reading {
        post: None,
        problems: vec![crate::catalog::duplicate(
            "posts/1.md",
            &PostId::new("/n1"),
            "posts/2.md",
        )],
        ..reading(1, 0)
    };
    catalog.upsert(std::slice::from_ref(&broken), NOW).unwrap();
    catalog
        .mark_missing(std::slice::from_ref(&broken.path), NOW)
        .unwrap();
    catalog.upsert(&[broken], NOW + 1).unwrap();
    catalog.forget_missing(NOW + 9, &[]).unwrap();
    assert_eq!(catalog.problems(9).unwrap().len(), 1);
}
