//! One transaction over many batches: the same index as one for each, or none of it.

use super::window_tests::{NOW, reading};
use super::*;
use crate::model::{Label, LabelKind};

fn posts(catalog: &Catalog) -> Vec<String> {
    let rows = catalog.newest(&Follow::Site, 100, 0).unwrap();
    rows.iter().map(|row| row.id.to_string()).collect()
}

#[test]
fn many_batches_are_one_and_a_broken_one_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    let mut catalog = Catalog::open(&path, "").unwrap();
    catalog.upsert(&[reading(1, 100)], NOW).unwrap();

    catalog.begin().unwrap();
    catalog.upsert(&[reading(2, 50)], NOW).unwrap();
    catalog.roll_back();
    assert_eq!(posts(&catalog), ["/n1"]);

    catalog.begin().unwrap();
    let added = catalog.upsert(&[reading(3, 40), reading(4, 30)], NOW);
    assert_eq!(added.unwrap().delta.added, 2);
    // The third again, as a newer version, before its labels were written.
    let changed = catalog.upsert(&[reading(3, 20)], NOW).unwrap().delta;
    assert_eq!((changed.added, changed.changed), (0, 1));
    assert!(posts(&Catalog::reader(&path).unwrap()) == ["/n1"]);
    catalog.commit().unwrap();
    assert_eq!(posts(&catalog), ["/n3", "/n4", "/n1"]);
    assert!(catalog.dirty().unwrap().len() > 1);

    // Alone, each is a transaction of its own again.
    catalog.upsert(&[reading(5, 10)], NOW).unwrap();
    assert_eq!(posts(&Catalog::reader(&path).unwrap())[0], "/n5");
}

#[test]
fn whatever_changes_after_a_beginning_is_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    let mut catalog = Catalog::open(&path, "").unwrap();
    catalog.upsert(&[reading(1, 10)], NOW).unwrap();
    let gone = [reading(1, 10).path];
    catalog.begin().unwrap();
    catalog.begin().unwrap();
    catalog.upsert(&[reading(2, 5)], NOW).unwrap();
    catalog.mark_missing(&gone, NOW - 9).unwrap();
    let removed = catalog.forget_missing(NOW, &[]).unwrap().removed;
    assert_eq!((posts(&catalog), removed), (vec!["/n2".to_owned()], 1));
    let label = Label::new(LabelKind::Tag, "旧");
    let follow = Follow::Label(label.clone());
    catalog.ensure_labels(&[label]).unwrap();
    let learnt = [(follow.clone(), Some("新".to_owned()))];
    catalog.keep_learnt(&learnt).unwrap();
    catalog
        .mark_archived(std::slice::from_ref(&follow))
        .unwrap();
    catalog.mark_published(&[follow], &[], &[]).unwrap();
    catalog.forget_published(&gone, &[]).unwrap();
    catalog.release_due(NOW).unwrap();
    catalog.mark_planned(&[]).unwrap();
    catalog.serve(&[]).unwrap();
    assert!(
        catalog
            .listing()
            .unwrap()
            .iter()
            .any(|label| label.learnt.is_some())
    );
    assert_eq!(posts(&Catalog::reader(&path).unwrap()), ["/n1"]);
    catalog.roll_back();
    assert_eq!(posts(&catalog), ["/n1"]);

    catalog.begin().unwrap();
    catalog.mark_missing(&gone, NOW - 9).unwrap();
    catalog.forget_missing(NOW, &[]).unwrap();
    catalog.commit().unwrap();
    // Of nothing.
    catalog.commit().unwrap();
    let other = Catalog::reader(&path).unwrap();
    assert_eq!((posts(&catalog).len(), posts(&other).len()), (0, 0));
}

/// Changes of so many bytes.
fn write(catalog: &mut Catalog, bytes: u64) {
    let long = "x".repeat(1 << 16);
    catalog.begin().unwrap();
    for at in 0..bytes >> 16 {
        catalog.note(&at.to_string(), &long).unwrap();
    }
    catalog.commit().unwrap();
}

fn long_build(path: &Path, stays: bool) -> Catalog {
    let mut catalog = Catalog::open(path, "").unwrap();
    catalog.expect_many(9, 9).unwrap();
    catalog.upsert(&[reading(1, 10)], NOW).unwrap();
    write(&mut catalog, 2 * SMALL_LOG);
    catalog.many_done();
    assert!(log_bytes(path) > 2 * SMALL_LOG);
    catalog.end_round(stays).unwrap();
    catalog
}

#[test]
fn a_start_folds_the_log_that_a_long_build_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    drop(long_build(&path, false));
    assert!(log_bytes(&path) > SMALL_LOG);

    // Others that read keep its room, and are not disturbed.
    let reader = Catalog::reader(&path).unwrap();
    reader.connection.execute_batch("begin").unwrap();
    assert_eq!(posts(&reader), ["/n1"]);
    let mut catalog = Catalog::open(&path, "").unwrap();
    catalog.end_round(false).unwrap();
    assert!(catalog.folding.is_none() && log_bytes(&path) > SMALL_LOG);
    reader.connection.execute_batch("commit").unwrap();
    drop(catalog);

    let mut catalog = Catalog::open(&path, "").unwrap();
    catalog.end_round(false).unwrap();
    assert_eq!(log_bytes(&path), 0);
    assert_eq!(posts(&catalog), ["/n1"]);
    assert_eq!(posts(&reader), ["/n1"]);
    drop(catalog);
    assert!(Catalog::open(&path, "").unwrap().folding.is_none());
}

#[test]
fn a_program_that_stays_folds_its_log_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    let mut catalog = long_build(&path, true);
    catalog.upsert(&[reading(2, 5)], NOW).unwrap();
    // Once the log is folded, the end of a round gives its room back; none waits for it.
    while catalog.folding.is_some() {
        catalog.end_round(true).unwrap();
        std::thread::yield_now();
    }
    assert_eq!(log_bytes(&path), 0);
    assert_eq!(posts(&catalog), ["/n2", "/n1"]);
}

#[test]
fn an_index_of_other_pages_is_made_anew_with_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    let old = Connection::open(&path).unwrap();
    let pages = "pragma page_size = 4096; pragma journal_mode = wal; create table files (x)";
    old.execute_batch(pages).unwrap();
    drop(old);
    let mut catalog = Catalog::open(&path, "").unwrap();
    catalog.upsert(&[reading(1, 10)], NOW).unwrap();
    assert_eq!(posts(&catalog), ["/n1"]);
    let page = "pragma page_size";
    let page = |catalog: &Catalog| -> i64 {
        { catalog.connection.query_row(page, [], |row| row.get(0)) }.unwrap()
    };
    assert_eq!(page(&catalog), 8192);
    drop(catalog);
    // And kept from then on.
    assert_eq!(posts(&Catalog::open(&path, "").unwrap()), ["/n1"]);
}

#[test]
fn a_long_build_marks_what_an_everyday_one_would() {
    let folder = tempfile::tempdir().unwrap();
    let mut catalog = Catalog::open(&folder.path().join("catalog.db"), "").unwrap();
    catalog.upsert(&[reading(1, 100)], NOW).unwrap();
    let all = catalog.dirty().unwrap();
    catalog.mark_published(&all, &[], &[]).unwrap();
    assert!(catalog.dirty().unwrap().is_empty() && all.contains(&Follow::Site));

    // What is taken back takes its marks along.
    catalog.expect_many(9, 9).unwrap();
    catalog.begin().unwrap();
    catalog.upsert(&[reading(2, 90)], NOW).unwrap();
    catalog.settle().unwrap();
    catalog.roll_back();
    assert!(catalog.dirty().unwrap().is_empty());
    catalog.upsert(&[reading(2, 90)], NOW).unwrap();
    assert_eq!(catalog.dirty().unwrap(), all);
    catalog.mark_published(&all, &[], &[]).unwrap();

    // Each post of each batch is noted for a history that was up to date.
    catalog.mark_archived(&[Follow::Site]).unwrap();
    catalog.expect_many(9, 9).unwrap();
    for number in [3, 4] {
        catalog.begin().unwrap();
        catalog.upsert(&[reading(number, 10)], NOW).unwrap();
        catalog.commit().unwrap();
    }
    catalog.many_done();
    catalog.end_round(false).unwrap();
    assert_eq!(catalog.dirty().unwrap(), all);
    let places = "select count(*) from archive_marks";
    let places: i64 = { catalog.connection.query_row(places, [], |row| row.get(0)) }.unwrap();
    assert_eq!(places, 2);
}

/// Two connections at the log at once met a bug of SQLite until then (<https://sqlite.org/wal.html#walresetbug>).
#[test]
fn sqlite_is_one_that_stands_two_who_fold_and_write() {
    assert!(rusqlite::version_number() >= 3_051_003);
}

#[test]
fn marks_of_feeds_that_were_not_written_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut catalog = Catalog::open(&folder.path().join("catalog.db"), "").unwrap();
    catalog.upsert(&[reading(1, 10)], NOW).unwrap();
    let dirty = catalog.dirty().unwrap();
    assert!(dirty.len() > 1);
    catalog.mark_published(&dirty[1..], &[], &[]).unwrap();
    assert_eq!(catalog.dirty().unwrap(), dirty[..1]);
    catalog.mark_published(&dirty[..1], &[], &[]).unwrap();
    assert!(catalog.dirty().unwrap().is_empty());
}
