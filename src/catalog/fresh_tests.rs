//! Whether what a long build remembers of an empty index is what the index says.

use std::collections::HashMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::window_tests::{NOW, reading};
use super::*;
use crate::model::Label;

/// What happens to an index.
#[derive(Debug, Clone)]
enum Step {
    /// A file is read: its number, the post's, its age in hours, its labels, whether it is withdrawn, broken.
    Read(Vec<(usize, usize, i64, u8, bool, bool)>),
    Settle,
    Commit,
    RollBack,
    /// Posts come out that waited.
    Release(i64),
    /// A file goes, and its post after it.
    Lose(usize),
    Ensure(u8),
    Learn(u8),
    Published,
    MarkAll,
    EndRound,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let read = (
        0..30_usize,
        prop::bool::weighted(0.9),
        -9..60_i64,
        any::<u8>(),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.05),
    );
    // Nearly every file has a post of its own.
    let read = read.prop_map(|(file, own, age, labels, withdrawn, broken)| {
        let post = if own { file } else { file / 2 };
        (file, post, age, labels, withdrawn, broken)
    });
    let step = prop_oneof![
        8 => prop::collection::vec(read, 1..8).prop_map(Step::Read),
        4 => Just(Step::Settle),
        2 => Just(Step::Commit),
        1 => Just(Step::RollBack),
        1 => (0..9_i64).prop_map(Step::Release),
        1 => (0..30_usize).prop_map(Step::Lose),
        1 => (0..8_u8).prop_map(Step::Ensure),
        2 => (0..4_u8).prop_map(Step::Learn),
        2 => Just(Step::Published),
        1 => Just(Step::MarkAll),
        1 => Just(Step::EndRound),
    ];
    prop::collection::vec(step, 1..14)
}

fn read(
    (file, post, age, labels, withdrawn, broken): (usize, usize, i64, u8, bool, bool),
) -> Reading {
    let mut reading = reading(post, age * 3600);
    reading.path = format!("posts/{file}.md");
    let digested = reading.post.as_mut().unwrap();
    if labels % 5 == 0 {
        digested.topics = vec!["食品".to_owned()];
    }
    let post = Arc::make_mut(&mut digested.post);
    post.path = reading.path.clone();
    post.tags = (0..labels % 3)
        .map(|tag| format!("标签{}", tag + labels % 2))
        .collect();
    post.categories = vec![format!("c{}", labels % 4)];
    post.withdrawn = withdrawn;
    if broken {
        reading.post = None;
    }
    reading
}

/// Begins a long build, for feeds of so many posts, or an everyday change.
fn begin(catalog: &mut Catalog, shown: Option<usize>) {
    if let Some(shown) = shown {
        catalog.expect_many(shown, shown).unwrap();
    }
    catalog.begin().unwrap();
}

fn take(catalog: &mut Catalog, step: &Step, shown: Option<usize>) {
    let label = |number: u8| Label::tag(format!("标签{number}"));
    match step.clone() {
        Step::Read(files) => {
            let readings: Vec<Reading> = files.into_iter().map(read).collect();
            catalog.upsert(&readings, NOW).unwrap();
        }
        Step::Settle => catalog.settle().unwrap(),
        Step::Commit => {
            catalog.commit().unwrap();
            catalog.begin().unwrap();
        }
        Step::RollBack => {
            catalog.roll_back();
            begin(catalog, shown);
        }
        Step::Release(hours) => {
            catalog.release_due(NOW + hours * 3600).unwrap();
        }
        Step::Lose(file) => {
            let paths = [format!("posts/{file}.md")];
            catalog.mark_missing(&paths, NOW).unwrap();
            catalog.forget_missing(NOW, &[]).unwrap();
        }
        Step::Ensure(number) => catalog.ensure_labels(&[label(number)]).unwrap(),
        Step::Learn(number) => {
            let follow = Follow::Label(Label::category(format!("c{number}")));
            catalog
                .keep_learnt(&[(follow, Some("名".to_owned()))])
                .unwrap();
        }
        Step::Published => {
            catalog.settle().unwrap();
            // From here on marks may be taken back.
            catalog.many_done();
            let dirty = catalog.dirty().unwrap();
            catalog.mark_published(&dirty, &[], &[]).unwrap();
        }
        Step::MarkAll => catalog.mark_all_dirty().unwrap(),
        Step::EndRound => {
            catalog.commit().unwrap();
            catalog.many_done();
            catalog.end_round(true).unwrap();
            assert!(!catalog.links.is_remembering());
            begin(catalog, shown);
        }
    }
}

/// What is known of a label: the ids of its newest posts, and the tags of its oldest.
type Known = (Vec<String>, Vec<Vec<String>>);

fn known(catalog: &Catalog, limit: usize, hours: u32) -> HashMap<Follow, Known> {
    let listing = catalog.listing().unwrap();
    let mut tags = HashMap::new();
    let each = listing.into_iter().map(|listed| {
        let newest = catalog.newest(&listed.follow, limit, hours).unwrap();
        let newest = newest.into_iter().map(|row| row.id.to_string()).collect();
        let oldest = catalog
            .oldest_tags(&listed.follow, limit, &mut tags)
            .unwrap();
        (listed.follow, (newest, oldest))
    });
    each.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_remembered_is_what_the_index_says(
        steps in steps(),
        limit in 1..6_usize,
        hours in 0..20_u32,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str| Catalog::open(&folder.path().join(name), "").unwrap();
        let (mut plain, mut long) = (open("plain.db"), open("long.db"));
        // What an index has before its first post.
        for catalog in [&mut plain, &mut long] {
            catalog.ensure_labels(&[Label::tag("标签1"), Label::topic("食品")]).unwrap();
        }
        begin(&mut plain, None);
        begin(&mut long, Some(limit));
        for step in &steps {
            take(&mut plain, step, None);
            take(&mut long, step, Some(limit));
            if matches!(step, Step::Read(_)) {
                // Rows of labels are asked for only once they are written.
                continue;
            }
            prop_assert_eq!(known(&plain, limit, hours), known(&long, limit, hours));
            prop_assert_eq!(plain.dirty().unwrap(), long.dirty().unwrap());
        }
        for catalog in [&mut plain, &mut long] {
            catalog.commit().unwrap();
        }
        prop_assert_eq!(known(&plain, limit, hours), known(&long, limit, hours));
        prop_assert_eq!(plain.labels_version().unwrap(), long.labels_version().unwrap());
    }
}

#[test]
fn a_long_build_of_an_empty_index_asks_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut catalog = Catalog::open(&folder.path().join("catalog.db"), "").unwrap();
    let tag = Follow::Label(Label::tag("新闻"));
    let newest = |catalog: &Catalog| {
        let slots = catalog.links.newest(&tag, 2, 1);
        slots.map(|slots| {
            slots
                .iter()
                .map(|slot| NOW - slot.published)
                .collect::<Vec<_>>()
        })
    };
    catalog.expect_many(2, 2).unwrap();
    catalog.begin().unwrap();
    let two = [reading(1, 9000), reading(2, 90)];
    catalog.upsert(&two, NOW).unwrap();
    assert_eq!(newest(&catalog), None);
    let rows = |catalog: &Catalog| catalog.listing().unwrap().len();
    // Labels are written with what they are of, many at a time.
    assert_eq!(rows(&catalog), 1);
    catalog.settle().unwrap();
    assert_eq!(rows(&catalog), 2);
    assert_eq!(newest(&catalog), Some(vec![90, 9000]));
    let category = Follow::Label(Label::category("c"));
    assert!(catalog.links.oldest(&category, 2).is_none());
    // A third one is within an hour of the newest, and the index may have more of these.
    catalog
        .upsert(&[reading(3, 100), reading(4, -9)], NOW)
        .unwrap();
    catalog.commit().unwrap();
    assert_eq!(newest(&catalog), None);
    assert_eq!(catalog.newest(&tag, 2, 1).unwrap().len(), 2);
    let mut of_category = [reading(5, 70), reading(6, 60), reading(7, 50)];
    for reading in &mut of_category {
        let post = Arc::make_mut(&mut reading.post.as_mut().unwrap().post);
        post.categories = vec!["c".to_owned()];
    }
    catalog.upsert(&of_category, NOW).unwrap();
    catalog.commit().unwrap();
    let oldest = catalog.links.oldest(&category, 2).unwrap();
    // The site, the category and the tag of each.
    assert_eq!(oldest.map(<[i64]>::len).collect::<Vec<_>>(), [3, 3]);
    // What changes posts has it forgotten, and what only notes something has not.
    let all = catalog.dirty().unwrap();
    catalog.mark_published(&all, &[], &[]).unwrap();
    catalog
        .mark_missing(&["posts/9.md".to_owned()], NOW)
        .unwrap();
    assert!(catalog.links.newest(&Follow::Site, 2, 0).is_some());
    catalog.release_due(NOW + 9).unwrap();
    assert!(catalog.links.newest(&Follow::Site, 2, 0).is_none());
}
