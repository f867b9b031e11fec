//! One transaction over many batches: the same index as one for each, or none of it.

use super::window_tests::{NOW, reading};
use super::*;

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
fn a_second_beginning_fails_and_what_it_broke_into_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut catalog = Catalog::open(&folder.path().join("catalog.db"), "").unwrap();
    catalog.begin().unwrap();
    assert!(catalog.begin().is_err());
    catalog.roll_back();
    catalog.upsert(&[reading(1, 10)], NOW).unwrap();
    assert_eq!(posts(&catalog), ["/n1"]);
}

/// Pages that the log holds.
fn logged(catalog: &Catalog) -> i64 {
    let log = "pragma wal_checkpoint(noop)";
    let pages = catalog.connection.query_row(log, [], |row| row.get(1));
    pages.unwrap()
}

fn add(catalog: &mut Catalog, number: usize) {
    catalog.begin().unwrap();
    catalog.upsert(&[reading(number, 10)], NOW).unwrap();
    catalog.commit().unwrap();
}

#[test]
fn what_a_long_build_writes_after_a_fold_takes_the_logs_room_from_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalog.db");
    let mut catalog = Catalog::open(&path, "").unwrap();
    catalog.expect_many().unwrap();
    add(&mut catalog, 1);
    let one = logged(&catalog);
    add(&mut catalog, 2);
    let two = logged(&catalog);
    assert!(0 < one && one < two);

    catalog.fold_log();
    catalog.wait_for_fold();
    add(&mut catalog, 3);
    let rest = logged(&catalog);
    assert!(0 < rest && rest < two, "{rest} of {two}");

    // Others that read keep its room, and nobody waits for them.
    let reader = Catalog::reader(&path).unwrap();
    reader.connection.execute_batch("begin").unwrap();
    assert_eq!(posts(&reader).len(), 3);
    add(&mut catalog, 4);
    catalog.fold_log();
    catalog.wait_for_fold();
    add(&mut catalog, 5);
    assert!(logged(&catalog) > rest);
    assert_eq!(posts(&reader).len(), 3);
    reader.connection.execute_batch("commit").unwrap();

    catalog.many_done().unwrap();
    assert_eq!(posts(&reader).len(), 5);
}

/// Two connections at the log at once met a bug of SQLite until then (<https://sqlite.org/wal.html#walresetbug>).
#[test]
fn sqlite_is_one_that_stands_two_who_fold_and_write() {
    assert!(rusqlite::version_number() >= 3_051_003);
}
