//! The folder against crashes, strangers and itself.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::*;

fn batch(rows: &[(&str, &str)]) -> Vec<Rendered> {
    let rendered = |(path, bytes): &(&str, &str)| Rendered {
        path: (*path).to_owned(),
        bytes: bytes.as_bytes().to_vec(),
    };
    rows.iter().map(rendered).collect()
}

fn unknown(_: &str) -> Option<Published> {
    None
}

fn files_below(dir: &Path) -> Vec<String> {
    let walk = walkdir::WalkDir::new(dir).sort_by_file_name();
    let files = walk
        .into_iter()
        .flatten()
        .filter(|found| !found.file_type().is_dir());
    files
        .map(|found| found.file_name().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn a_batch_is_written_once_and_then_left_alone() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::open(temp.path().join("public")).unwrap();
    let rows = [("feed.xml", "a"), ("feed/by_tag/新闻.xml", "b")];
    let first = folder.publish(batch(&rows), &unknown);
    assert_eq!((first.written.len(), first.failed.len()), (2, 0));
    assert!(
        first
            .written
            .iter()
            .all(|published| folder.is_intact(published))
    );
    let known = |path: &str| first.written.iter().find(|row| *row.path == *path).cloned();
    let again = folder.publish(batch(&rows), &known);
    assert_eq!(again.unchanged, first.written);
    let forgotten = folder.publish(batch(&rows), &unknown);
    assert_eq!(forgotten.unchanged, first.written);
    let changed = folder.publish(batch(&[("feed.xml", "c")]), &known);
    assert_eq!(changed.written.len(), 1);
    assert_eq!(
        fs::read_to_string(folder.dir().join("feed.xml")).unwrap(),
        "c"
    );
}

#[test]
fn a_file_that_a_stranger_changed_or_removed_is_put_right() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    let first = folder.publish(batch(&[("a.xml", "right"), ("b.xml", "b")]), &unknown);
    let known = |path: &str| first.written.iter().find(|row| *row.path == *path).cloned();
    fs::write(temp.path().join("a.xml"), "wrong").unwrap();
    fs::remove_file(temp.path().join("b.xml")).unwrap();
    let outcome = folder.publish(batch(&[("a.xml", "right"), ("b.xml", "b")]), &known);
    assert_eq!(outcome.written.len(), 2);
    assert_eq!(
        fs::read_to_string(temp.path().join("a.xml")).unwrap(),
        "right"
    );
}

#[test]
fn large_batches_arrive_whole() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    let rows: Vec<Rendered> = (0..300)
        .map(|n| Rendered {
            path: format!("feed/{}/{n}.xml", n % 3),
            bytes: vec![b'x'; n],
        })
        .collect();
    let outcome = folder.publish(rows, &unknown);
    assert_eq!((outcome.written.len(), outcome.failed.len()), (300, 0));
    assert!(
        outcome
            .written
            .iter()
            .all(|published| folder.is_intact(published))
    );
    assert_eq!(files_below(temp.path()).len(), 300);
}

/// Names of everything in a folder, folders included.
fn names_in(dir: &Path) -> BTreeSet<String> {
    let names = fs::read_dir(dir).unwrap();
    names
        .map(|found| found.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_new_folder_gets_its_name_only_with_all_its_files() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    let mut staging = folder.stage(false);
    staging.add(batch(&[("feed/a.xml", "a")]), &unknown);
    staging.add(
        batch(&[("feed/by_tag/b.xml", "b"), ("feed.xml", "c")]),
        &unknown,
    );
    assert!(!temp.path().join("feed").exists());
    assert_eq!(staging.waiting(), 3);
    let outcome = staging.commit();
    assert_eq!((outcome.written.len(), outcome.failed.len()), (3, 0));
    assert_eq!(
        names_in(temp.path()),
        ["feed", "feed.xml"].map(String::from).into()
    );
    assert_eq!(
        fs::read(temp.path().join("feed/by_tag/b.xml")).unwrap(),
        b"b"
    );
    assert!(outcome.written.iter().all(|row| folder.is_intact(row)));
}

#[test]
fn a_file_of_a_new_folder_that_gets_no_bytes_leaves_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    let mut staging = folder.stage(false);
    let (finder, writer) = staging.halves();
    let names = ["feed/a.xml", "feed/b.xml", "feed/c.xml"];
    let paths = |job: usize| vec![names[job].to_owned()];
    let places = finder.places(names.len(), &paths, &unknown);
    assert!(!places.make_ahead(usize::MAX));
    assert_eq!(files_below(temp.path()), ["a.xml", "b.xml", "c.xml"]);
    writer.write(&places, 0, vec!["a", ""], |text| match text {
        "" => Err(std::io::Error::other("no bytes")),
        text => Ok(vec![text.as_bytes().to_vec()]),
    });
    drop(places);
    let outcome = staging.commit();
    assert_eq!((outcome.written.len(), outcome.failed.len()), (1, 1));
    assert_eq!(outcome.failed[0].0, "feed/b.xml");
    assert_eq!(files_below(temp.path()), ["a.xml"]);
}

#[test]
fn more_files_than_are_opened_at_once_are_written_too() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    let mut staging = folder.stage(false);
    let (finder, writer) = staging.halves();
    let names: Vec<String> = (0..600)
        .map(|number| format!("feed/{number}.xml"))
        .collect();
    let paths = |job: usize| vec![names[job].clone()];
    let places = finder.places(names.len(), &paths, &unknown);
    assert!(!places.make_ahead(usize::MAX));
    let most = places.most;
    assert!((1..=448).contains(&most));
    assert_eq!(files_below(temp.path()).len(), most);
    rayon::in_place_scope(|cores| {
        for (batch, names) in names.chunks(50).enumerate() {
            places.run_ahead(cores);
            writer.write(&places, 50 * batch, names.to_vec(), |name| {
                Ok(vec![name.into_bytes()])
            });
        }
    });
    drop(places);
    assert_eq!(staging.commit().written.len(), 600);
    let is_own = |name: &String| fs::read(temp.path().join(name)).unwrap() == name.as_bytes();
    assert!(names.iter().all(is_own));
}

#[test]
fn of_two_jobs_with_one_path_the_first_has_it_whoever_asks_first() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    let mut staging = folder.stage(false);
    let names = ["feed/a.xml", "feed/b.xml", "feed/a.xml"];
    let paths = |job: usize| vec![names[job].to_owned()];
    let places = staging.halves().0.places(names.len(), &paths, &unknown);
    let is_found = [2, 0, 1].map(|job| {
        let spots = places.take(job);
        assert_eq!((spots.len(), &*spots[0].path), (1, names[job]));
        spots[0].place.is_ok()
    });
    assert_eq!(is_found, [false, true, true]);
}

#[test]
fn a_new_folder_that_is_given_up_leaves_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    let mut staging = folder.stage(false);
    staging.add(batch(&[("feed/by_tag/b.xml", "b")]), &unknown);
    assert_eq!(names_in(temp.path()).len(), 1);
    drop(staging);
    assert_eq!(names_in(temp.path()), BTreeSet::new());
}

#[test]
fn a_new_folder_whose_name_is_taken_meanwhile_gives_its_files_one_by_one() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    let mut staging = folder.stage(false);
    let rows = [
        ("feed/a.xml", "a"),
        ("feed/by_tag/b.xml", "b"),
        ("file/c.xml", "c"),
    ];
    staging.add(batch(&rows), &unknown);
    fs::create_dir(temp.path().join("feed")).unwrap();
    fs::write(temp.path().join("feed/.htaccess"), "a stranger's").unwrap();
    fs::write(temp.path().join("feed/a.xml"), "a stranger's").unwrap();
    fs::write(temp.path().join("file"), "in the way").unwrap();
    let outcome = staging.commit();
    let failed: Vec<&str> = outcome
        .failed
        .iter()
        .map(|(path, _)| path.as_str())
        .collect();
    assert_eq!((outcome.written.len(), failed), (2, vec!["file/c.xml"]));
    assert_eq!(fs::read(temp.path().join("feed/a.xml")).unwrap(), b"a");
    assert_eq!(
        names_in(temp.path()),
        ["feed", "file"].map(String::from).into()
    );
    let there = [".htaccess", "a.xml", "by_tag"].map(String::from);
    assert_eq!(names_in(&temp.path().join("feed")), there.into());
}

#[test]
fn two_names_that_a_file_system_takes_for_one_are_no_error() {
    let temp = tempfile::tempdir().unwrap();
    for is_open in [true, false] {
        let open = is_open.then(|| fs::File::open(temp.path()).unwrap().into());
        let folder = write::Within::new(temp.path().to_owned(), open);
        let folder = std::sync::Arc::new(folder);
        let write = |bytes| {
            write::Blank::within(&folder, &"feed/a.xml".into())
                .unwrap()
                .fill(bytes)
                .unwrap()
        };
        let (first, second) = (write(b"first"), write(b"second"));
        assert_eq!(fs::read(temp.path().join("a.xml")).unwrap(), b"second");
        assert_eq!(files_below(temp.path()).len(), 1);
        drop((first, second));
        assert_eq!(files_below(temp.path()).len(), 0);
    }
}

#[test]
fn paths_that_lead_out_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    symlink(outside.path(), temp.path().join("out")).unwrap();
    fs::write(temp.path().join("file"), "").unwrap();
    let bad = [
        "../x",
        "/etc/x",
        "a/../../x",
        "",
        ".",
        "a//b",
        "a/",
        "a\0b",
        "out/x",
        "out/deep/x",
        "file/x",
        ".tagwire-1.tmp",
    ];
    let rows: Vec<(&str, &str)> = bad.iter().map(|path| (*path, "x")).collect();
    let outcome = folder.publish(batch(&rows), &unknown);
    assert_eq!(outcome.failed.len(), bad.len(), "{outcome:?}");
    assert!(files_below(outside.path()).is_empty());
}

#[test]
fn a_link_in_a_feeds_place_is_replaced_not_followed() {
    let temp = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    let precious = outside.path().join("precious");
    fs::write(&precious, "old").unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    symlink(&precious, temp.path().join("feed.xml")).unwrap();
    folder.publish(batch(&[("feed.xml", "new")]), &unknown);
    assert_eq!(fs::read_to_string(precious).unwrap(), "old");
    assert_eq!(
        fs::read_to_string(temp.path().join("feed.xml")).unwrap(),
        "new"
    );
}

#[test]
fn what_cannot_be_written_fails_alone_and_leaves_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    fs::create_dir(temp.path().join("taken.xml")).unwrap();
    let long = format!("{}.xml", "x".repeat(300));
    let rows = [
        ("taken.xml", "x"),
        (long.as_str(), "x"),
        ("good.xml", "x"),
        ("good.xml", "y"),
    ];
    let outcome = folder.publish(batch(&rows), &unknown);
    assert_eq!((outcome.written.len(), outcome.failed.len()), (1, 3));
    assert_eq!(files_below(temp.path()), ["good.xml"]);
}

#[test]
fn a_file_that_was_not_finished_never_takes_the_old_ones_place() {
    // A full disk needs a mount, so it was tried by hand (tmpfs of 2 MB): rows fail with
    // StorageFull, old files stay whole. Here: an unplaced file vanishes.
    let temp = tempfile::tempdir().unwrap();
    let target = temp.path().join("feed.xml");
    fs::write(&target, "old").unwrap();
    let written = write::Blank::beside(&target)
        .unwrap()
        .fill(b"half")
        .unwrap();
    drop(written);
    assert_eq!(files_below(temp.path()), ["feed.xml"]);
    assert_eq!(fs::read_to_string(&target).unwrap(), "old");
}

#[test]
fn temporary_files_of_a_crash_are_removed_and_others_kept() {
    let temp = tempfile::tempdir().unwrap();
    fs::create_dir(temp.path().join("feed")).unwrap();
    for name in [
        ".tagwire-1-2.tmp",
        "feed/.tagwire-3-4.tmp",
        "feed/.htaccess",
        "CNAME",
    ] {
        fs::write(temp.path().join(name), "x").unwrap();
    }
    fs::create_dir_all(temp.path().join("feed/.tagwire-5-6.tmp/by_tag")).unwrap();
    fs::write(temp.path().join("feed/.tagwire-5-6.tmp/by_tag/a.xml"), "x").unwrap();
    Folder::open(temp.path()).unwrap();
    assert_eq!(files_below(temp.path()), ["CNAME", ".htaccess"]);
    assert!(!temp.path().join("feed/.tagwire-5-6.tmp").exists());
}

fn copies(folder: &Folder, name: &str) -> (Vec<u8>, Vec<u8>) {
    let read = |coding: Coding| fs::read(folder.dir().join(coding.copy_of(name))).unwrap();
    (read(Coding::Gzip), read(Coding::Br))
}

fn unpacked((gzip, br): (Vec<u8>, Vec<u8>)) -> (Vec<u8>, Vec<u8>) {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let mut gzip = flate2::read::GzDecoder::new(gzip.as_slice());
    std::io::Read::read_to_end(&mut gzip, &mut first).unwrap();
    brotli::BrotliDecompress(&mut br.as_slice(), &mut second).unwrap();
    (first, second)
}

#[test]
fn copies_lie_beside_their_file_and_are_as_old_as_it() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    let folder = folder.with_copies(&[Coding::Br, Coding::Gzip]);
    let text = "新闻 ".repeat(500);
    let outcome = folder.publish(batch(&[("feed/a.xml", &text)]), &unknown);
    assert_eq!((outcome.written.len(), outcome.failed.len()), (3, 0));
    let times: BTreeSet<i64> = outcome.written.iter().map(|row| row.modified_ns).collect();
    assert_eq!(times.len(), 1);
    assert!(outcome.written.iter().all(|row| folder.is_intact(row)));
    let expected = (text.clone().into_bytes(), text.into_bytes());
    let made = copies(&folder, "feed/a.xml");
    assert_eq!(unpacked(made.clone()), expected);
    // RFC 1952: no flags, no name, no time; the same bytes on any day.
    assert_eq!(made.0[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
}

#[test]
fn a_copy_is_made_again_only_when_it_is_missing_or_not_of_its_file() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    let folder = folder.with_copies(&Coding::ALL);
    let first = folder.publish(batch(&[("a.xml", "a"), ("b.xml", "b")]), &unknown);
    let known = |path: &str| first.written.iter().find(|row| *row.path == *path).cloned();
    let rows = [("a.xml", "a"), ("b.xml", "b")];
    let again = folder.publish(batch(&rows), &known);
    assert_eq!((again.unchanged.len(), again.written.len()), (6, 0));
    let forgotten = folder.publish(batch(&rows), &unknown);
    assert_eq!((forgotten.unchanged.len(), forgotten.written.len()), (6, 0));
    fs::remove_file(temp.path().join("a.xml.gz")).unwrap();
    fs::write(temp.path().join("b.xml.br"), "by a stranger").unwrap();
    let mended = folder.publish(batch(&rows), &known);
    let written: BTreeSet<&str> = mended.written.iter().map(|row| &*row.path).collect();
    assert_eq!(written, BTreeSet::from(["a.xml.gz", "b.xml.br"]));
    assert_eq!(unpacked(copies(&folder, "b.xml")).1, b"b");
    let file = known("a.xml").unwrap().modified_ns;
    assert!(mended.written.iter().any(|row| row.modified_ns == file));
}

#[test]
fn a_copy_that_nobody_keeps_goes_before_its_file_changes() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    let both = folder.clone().with_copies(&Coding::ALL);
    let first = both.publish(batch(&[("a.xml", "old")]), &unknown);
    let known = |path: &str| first.written.iter().find(|row| *row.path == *path).cloned();
    folder.publish(batch(&[("a.xml", "new")]), &known);
    assert_eq!(files_below(temp.path()), ["a.xml"]);
}

#[test]
fn a_file_that_cannot_be_placed_leaves_no_copy_of_what_is_not_there() {
    let temp = tempfile::tempdir().unwrap();
    let folder = Folder::open(temp.path()).unwrap();
    let folder = folder.with_copies(&Coding::ALL);
    fs::create_dir(temp.path().join("taken.xml")).unwrap();
    fs::create_dir(temp.path().join("other.xml.br")).unwrap();
    let rows = [("taken.xml", "x"), ("other.xml", "x"), ("good.xml", "x")];
    let outcome = folder.publish(batch(&rows), &unknown);
    assert_eq!((outcome.written.len(), outcome.failed.len()), (3, 2));
    assert_eq!(
        files_below(temp.path()),
        ["good.xml", "good.xml.br", "good.xml.gz"]
    );
}
