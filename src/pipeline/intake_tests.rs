//! Batches of files, and whose entry is kept.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::catalog::PostKey;
use crate::catalog::window_tests::{NOW, reading};
use crate::model::Follow;
use crate::pipeline::entries::tests::record;

#[test]
fn an_entry_is_of_the_file_that_stands_for_the_post_and_of_its_last_version() {
    let folder = tempfile::tempdir().unwrap();
    let mut catalog = Catalog::open(&folder.path().join("catalog.db"), "").unwrap();
    let mut entries = Entries::new(folder.path());
    let mut shown = |path: &str, bytes: Option<&str>| {
        let mut reading = reading(1, 10);
        reading.path = path.to_owned();
        let post = Arc::make_mut(&mut reading.post.as_mut().unwrap().post);
        post.path = path.to_owned();
        let made = bytes.map(|bytes| Made::Alone(record("/n1", &[bytes.as_bytes()])));
        let read = (vec![reading], vec![made]);
        keep(&mut catalog, &mut entries, read, Then::GoOn, NOW).unwrap();
        let slots = catalog.newest_slots(&[Follow::Site], 9, 0).unwrap();
        let keys: Vec<PostKey> = slots[0].iter().map(|slot| slot.key).collect();
        assert_eq!(keys.len(), 1);
        let shown = entries.get(&keys[0]);
        shown.map(|shown| String::from_utf8_lossy(shown.format(0)).into_owned())
    };
    let is = |text: &str| Some(text.to_owned());
    assert_eq!(shown("posts/b.md", Some("b")), is("b"));
    assert_eq!(shown("posts/c.md", Some("c")), is("b"));
    assert_eq!(shown("posts/a.md", Some("a")), is("a"));
    assert_eq!(
        shown("posts/a.md", Some("a, once more")),
        is("a, once more")
    );
    // So many changed at once that the entry of this one was not made: the old one is none of its any more.
    assert_eq!(shown("posts/a.md", None), None);
}

#[test]
fn something_is_read_for_as_long_as_labels_are_written() {
    for total in [2_000, 4_096, 10_000, 50_001] {
        let mut waiting = 0;
        for (range, then) in Batches::of(total, Duration::MAX) {
            if then == Then::Settle {
                // The last batches begin somewhat late where the one before them is full.
                let most = 3 * PER_READ / 2 * range.len();
                assert!(waiting.min(SETTLED) <= most, "{total}: {range:?}");
            }
            waiting = if then == Then::GoOn { waiting } else { 0 } + range.len();
        }
    }
}

proptest! {
    #[test]
    fn each_file_is_in_one_batch_and_little_is_left_to_the_last(
        total in 0_usize..150_000,
        is_slow: bool,
    ) {
        let longest = if is_slow { Duration::ZERO } else { Duration::MAX };
        let together = if is_slow { SETTLED } else { TOGETHER };
        let (mut done, mut last, mut since, mut unsettled) = (0, 0, 0, 0);
        for (range, then) in Batches::of(total, longest) {
            prop_assert!(range.start == done && !range.is_empty());
            (done, last) = (range.end, range.len());
            since = if then == Then::Commit { last } else { since + last };
            unsettled = if then == Then::GoOn { unsettled + last } else { last };
            prop_assert!(since <= together + 5 * BATCH);
            prop_assert!(total < MANY || unsettled <= SETTLED + 5 * BATCH);
            prop_assert!(total >= MANY || then == Then::GoOn);
        }
        prop_assert_eq!(done, total);
        prop_assert!(total < MANY || last == 1);
    }
}
