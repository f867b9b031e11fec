//! Folders as they are found on real machines.

use super::super::look::{Found, Look, look};
use super::super::paths::split;
use super::*;
use crate::posts::folders::{FolderStamp, keeps_times};
use crate::posts::sight::WORTH_A_HANDLE;
use proptest::prelude::*;
use std::fs;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[&str]) -> Self {
        let folder = Folder(tempfile::tempdir().unwrap());
        for file in files {
            let path = folder.root().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        folder
    }

    fn root(&self) -> PathBuf {
        self.0.path().join("posts")
    }

    fn relative(&self, path: &str) -> String {
        let root = self.root().to_str().unwrap().to_owned() + "/";
        path.strip_prefix(&root).unwrap().to_owned()
    }

    fn names(&self, found: &[Found]) -> Vec<String> {
        found.iter().map(|f| self.relative(&f.path)).collect()
    }

    /// Everything, looked at file by file.
    fn scan(&self) -> Look {
        let mut names = names(&[self.root()]);
        let found: Mutex<Vec<Found>> = Mutex::default();
        let mut kept = names.files.iter().collect::<Vec<_>>();
        names.look(|files| {
            let files = files.iter().map(|(path, stamp)| Found {
                path: (*path).to_owned(),
                stamp: *stamp,
            });
            found.lock().unwrap().extend(files.clone());
            vec![true; files.len()]
        });
        assert_eq!(names.files.iter().collect::<Vec<_>>(), kept);
        let mut found = found.into_inner().unwrap();
        found.sort();
        kept.sort();
        assert!(found.iter().map(|found| &found.path).eq(&kept));
        Look {
            found,
            problems: names.problems,
            missing_roots: names.missing_roots,
            at: Vec::new(),
        }
    }
}

/// On a file system that is not known no folder is ever passed over.
fn is_skipped(folder: &Folder) -> bool {
    let is_skipped = !keeps_times(folder.0.path());
    if is_skipped {
        println!(
            "skipped: the file system of {} is not known",
            folder.0.path().display()
        );
    }
    is_skipped
}

/// A search whose folders can be told apart from later states of theirs: not one in the moment in which they were made.
fn settled(roots: &[PathBuf]) -> Names {
    settled_but(roots, |_| false)
}

/// The same, but for some folders.
fn settled_but(roots: &[PathBuf], may_be_doubtful: impl Fn(&str) -> bool) -> Names {
    let begun = std::time::Instant::now();
    loop {
        let names = names(roots);
        let tells = |(path, stamp)| stamp != FolderStamp::NONE || may_be_doubtful(path);
        if names.folders.iter().all(tells) {
            return names;
        }
        assert!(
            begun.elapsed().as_secs() < 20,
            "still doubtful: {:?}",
            names.folders
        );
    }
}

#[test]
fn posts_are_found_and_temporary_names_are_not() {
    let folder = Folder::new(&[
        "b.md",
        "a/_posts/c.markdown",
        "d.HTML",
        "x.txt",
        ".e.md",
        "_f.md",
        "#g.md",
        "h.md~",
        "~i.md",
        "_drafts/j.md",
        ".git/k.md",
        "l.md/m.md",
    ]);
    let scan = folder.scan();
    assert_eq!(
        folder.names(&scan.found),
        [
            "_drafts/j.md",
            "a/_posts/c.markdown",
            "b.md",
            "d.HTML",
            "l.md/m.md"
        ]
    );
    assert_eq!((scan.problems.len(), scan.missing_roots.len()), (0, 0));
}

#[test]
fn a_missing_root_is_not_an_empty_one() {
    let folder = Folder::new(&["a.md"]);
    let gone = folder.0.path().join("gone");
    let names = names(&[folder.root(), gone.clone()]);
    assert_eq!((names.files.len(), names.missing_roots), (1, vec![gone]));
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_loops_are_not() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new(&["a.md", "../other/b.md"]);
    symlink("../other", folder.root().join("linked")).unwrap();
    symlink("..", folder.root().join("loop")).unwrap();
    symlink("nowhere.md", folder.root().join("dangling.md")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        folder.root().join("pipe.md"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let scan = folder.scan();
    let mut kinds: Vec<_> = scan.problems.iter().map(|p| p.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert!(
        folder
            .names(&scan.found)
            .contains(&"linked/b.md".to_owned())
    );
    assert_eq!(kinds, ["dangling-link", "not-a-file", "symlink-loop"]);
}

#[test]
fn a_hint_is_looked_at() {
    let folder = Folder::new(&["a.md", "n/b.md", "n/_posts/c.md", "x.txt", "_drafts/d.md"]);
    let look = |name: &str| {
        let look = look(&[folder.root()], &[folder.root().join(name)]);
        let at = !look.at.is_empty();
        (folder.names(&look.found), at)
    };
    assert_eq!(look("a.md"), (vec!["a.md".to_owned()], true));
    assert_eq!(look("n").0, ["n/_posts/c.md", "n/b.md"]);
    assert_eq!(look("_drafts").0, ["_drafts/d.md"]);
    assert_eq!(look("gone.md"), (vec![], true));
    assert_eq!(look(""), (folder.names(&folder.scan().found), true));
    for ignored in [".a.md", "../other.md"] {
        assert_eq!(look(ignored), (vec![], false), "{ignored}");
    }
    assert!(look("x.txt").0.is_empty());
    fs::remove_dir_all(folder.root()).unwrap();
    assert_eq!(look("a.md"), (vec![], false));
}

#[cfg(unix)]
#[test]
fn a_look_at_odd_paths_says_what_a_scan_says() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    let folder = Folder::new(&["n/a.md", "n/m/b.md", "../other/c.md", "d.md"]);
    let root = folder.root();
    symlink("..", root.join("n/m/loop")).unwrap();
    symlink("../other", root.join("linked")).unwrap();
    symlink("nowhere.md", root.join("n/dangling.md")).unwrap();
    symlink("self.md", root.join("self.md")).unwrap();
    symlink("d.md", root.join("e.md")).unwrap();
    let odd = OsStr::from_bytes(b"n/\xb2\xe2.md");
    fs::write(root.join(odd), "x").unwrap();
    let all = folder.scan();
    let everything: Vec<PathBuf> = [
        "n",
        "linked",
        "linked/c.md",
        "self.md",
        "d.md",
        "e.md",
        "n/m/loop",
        "n/m/b.md",
        "n/a.md",
    ]
    .iter()
    .map(|name| root.join(name))
    .chain([root.join(odd)])
    .collect();
    let seen = look(std::slice::from_ref(&root), &everything);
    assert_eq!(seen.found, all.found);
    let kinds = |scan: &Look| {
        let mut kinds: Vec<_> = scan
            .problems
            .iter()
            .map(|p| (p.kind, p.path.clone()))
            .collect();
        kinds.sort();
        kinds
    };
    assert_eq!(kinds(&seen), kinds(&all));
    assert_eq!(seen.missing_roots, all.missing_roots);
    let only_loop = look(std::slice::from_ref(&root), &[root.join("n/m/loop")]);
    assert_eq!((only_loop.found.len(), only_loop.problems.len()), (0, 1));
    let one = look(std::slice::from_ref(&root), &[root.join("n/m")]);
    assert_eq!(folder.names(&one.found), ["n/m/b.md"]);
}

#[test]
fn a_large_folder_is_seen_by_its_handle_as_each_file_is_by_its_path() {
    let names: Vec<String> = (0..WORTH_A_HANDLE * 2).map(|n| format!("{n}.md")).collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names.extend(["../other.html", "below/a.md"]);
    let folder = Folder::new(&names);
    std::os::unix::fs::symlink("../../other.html", folder.root().join("link.html")).unwrap();
    std::os::unix::fs::symlink("../other.html", folder.root().join("linked.html")).unwrap();
    let _listens = std::os::unix::net::UnixListener::bind(folder.root().join("socket.md")).unwrap();
    let scan = folder.scan();
    assert_eq!(scan.found.len(), WORTH_A_HANDLE * 2 + 2);
    for found in &scan.found {
        let metadata = fs::metadata(&found.path).unwrap();
        assert_eq!(found.stamp, Stamp::of(&metadata), "{}", found.path);
    }
    let mut kinds: Vec<_> = scan.problems.iter().map(|p| p.kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["dangling-link", "not-a-file"]);
}

#[test]
fn only_what_is_wanted_is_left_and_what_went_meanwhile_is_no_problem() {
    let folder = Folder::new(&["a.md", "b.md", "below/c.md", "gone.md"]);
    if is_skipped(&folder) {
        return;
    }
    let mut names = settled(&[folder.root()]);
    fs::remove_file(folder.root().join("gone.md")).unwrap();
    names.look(|files| {
        let is_wanted = |(path, stamp): &(&str, Stamp)| stamp.size == 1 && !path.ends_with("b.md");
        files.iter().map(is_wanted).collect()
    });
    names.files.sort();
    let left: Vec<String> = names
        .files
        .iter()
        .map(|path| folder.relative(&path))
        .collect();
    assert_eq!(left, ["a.md", "below/c.md"]);
    assert_eq!(names.problems.len(), 0);
    // Its folder may be as it was, where one above was moved away for a moment.
    assert!(
        !names
            .folders
            .are_as_they_were_in(&format!("{}/", folder.root().display()))
    );
}

#[test]
fn a_file_in_two_roots_is_read_once() {
    let folder = Folder::new(&["a.md", "below/b.md"]);
    let mut names = names(&[folder.root().join("below"), folder.root()]);
    assert_eq!(names.files.len(), 3);
    names.files.sort();
    assert_eq!(names.files.len(), 2);
}

#[cfg(unix)]
#[test]
fn links_of_editors_are_nobodys_problem_and_one_to_itself_leads_nowhere() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new(&["a.md"]);
    symlink("li@host.4711", folder.root().join(".#a.md")).unwrap();
    symlink("..", folder.root().join("_up")).unwrap();
    assert_eq!(folder.scan().problems.len(), 0);
    symlink("b.md", folder.root().join("b.md")).unwrap();
    let scan = folder.scan();
    assert_eq!(scan.problems.len(), 1);
    assert_eq!(scan.problems[0].kind, "dangling-link");
    assert_eq!(scan.missing_roots.len(), 0);
}

impl Folder {
    /// Folders that are passed over, and files that are found, relative to the root.
    fn again(&self, known: &Folders) -> (Vec<String>, Vec<String>) {
        let known = known.clone().look();
        let mut found = names_again(&[self.root()], &known).files;
        found.sort();
        let root = self.root().to_str().unwrap().to_owned();
        let passed = { known.iter() }.filter(|(path, _)| known.are_as_they_were_in(path));
        let passed = passed.map(|(path, _)| path.strip_prefix(&root).unwrap().to_owned());
        let found = found.iter().map(|path| self.relative(&path)).collect();
        (passed.collect(), found)
    }
}

#[test]
fn a_folder_as_it_was_is_passed_over_but_not_the_folders_in_it() {
    let folder = Folder::new(&["a.md", "n/b.md", "n/m/c.md", "o/d.md", "x.txt"]);
    if is_skipped(&folder) {
        return;
    }
    let known = settled(&[folder.root()]).folders;
    let none: Vec<String> = Vec::new();
    let all = ["/", "/n/", "/n/m/", "/o/"].map(str::to_owned).to_vec();
    assert_eq!(folder.again(&known), (all.clone(), none.clone()));
    // A new text in an old file is for the file's own stamp to tell.
    fs::write(folder.root().join("a.md"), "another").unwrap();
    assert_eq!(folder.again(&known), (all, none));
    fs::write(folder.root().join("n/m/e.md"), "x").unwrap();
    let passed = ["/", "/n/", "/o/"].map(str::to_owned).to_vec();
    let found = ["n/m/c.md", "n/m/e.md"].map(str::to_owned).to_vec();
    assert_eq!(folder.again(&known), (passed, found.clone()));
    // Another folder takes the place of one.
    fs::rename(folder.root().join("o"), folder.root().join("p")).unwrap();
    fs::rename(folder.root().join("n/m"), folder.root().join("o")).unwrap();
    let found = ["a.md", "n/b.md", "o/c.md", "o/e.md", "p/d.md"];
    let passed: Vec<String> = Vec::new();
    assert_eq!(
        folder.again(&known),
        (passed, found.map(str::to_owned).to_vec())
    );
}

#[test]
fn a_folder_is_asked_again_where_its_times_would_not_tell() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new(&[
        "../other/a.md",
        "file/b.md",
        "dir/c.md",
        "odd/d.md",
        "fine/e.md",
    ]);
    if is_skipped(&folder) {
        return;
    }
    let root = folder.root();
    symlink("../../other/a.md", root.join("file/link.md")).unwrap();
    symlink("../../other", root.join("dir/link")).unwrap();
    // As a folder it would be looked into.
    fs::write(folder.0.path().join("text"), "x").unwrap();
    fs::create_dir(root.join("later")).unwrap();
    symlink("../../text", root.join("later/_posts")).unwrap();
    fs::create_dir(root.join("way")).unwrap();
    symlink("../../nowhere", root.join("way/link")).unwrap();
    std::os::unix::net::UnixListener::bind(root.join("odd/socket.md")).unwrap();
    let fine = ["", "fine/"].map(|name| format!("{}/{name}", root.display()));
    let names = settled_but(&[folder.root()], |folder| {
        !fine.iter().any(|fine| fine == folder)
    });
    let told: Vec<&str> = { names.folders.iter() }
        .filter(|(path, _)| names.folders.are_as_they_were_in(path))
        .map(|(path, _)| path.strip_prefix(root.to_str().unwrap()).unwrap())
        .collect();
    // What a link leads to is known by what it is now.
    assert_eq!(told, ["/", "/fine/"]);
}

#[test]
fn a_link_that_leads_back_is_found_out_below_folders_that_are_passed_over() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new(&["a.md", "n/b.md", "n/m/c.md"]);
    if is_skipped(&folder) {
        return;
    }
    let known = settled(&[folder.root()]).folders;
    symlink("../..", folder.root().join("n/m/up")).unwrap();
    let known = known.look();
    let names = names_again(&[folder.root()], &known);
    let found: Vec<String> = names
        .files
        .iter()
        .map(|path| folder.relative(&path))
        .collect();
    assert_eq!(found, ["n/m/c.md"]);
    let problems: Vec<_> = { names.problems.iter() }
        .map(|problem| (problem.kind, folder.relative(&problem.path)))
        .collect();
    assert_eq!(problems, [("symlink-loop", "n/m/up".to_owned())]);
}

#[test]
fn a_root_may_be_written_in_many_ways() {
    let folder = Folder::new(&["a.md", "n/b.md"]);
    if is_skipped(&folder) {
        return;
    }
    let root = folder.root();
    let path = root.to_str().unwrap();
    std::os::unix::fs::symlink(&root, folder.0.path().join("linked")).unwrap();
    let linked = folder.0.path().join("linked");
    for root in [
        format!("{path}/"),
        format!("{path}//"),
        format!("{path}/."),
        linked.display().to_string(),
    ] {
        let roots = [PathBuf::from(&root)];
        let first = settled(&roots);
        let known = first.folders.clone().look();
        for file in first.files.iter() {
            assert!(
                known.are_as_they_were_in(split(&file).0),
                "{file} of {root}"
            );
        }
        assert_eq!(names_again(&roots, &known).files.len(), 0, "{root}");
        assert_eq!(first.files.len(), 2, "{root}");
    }
}

/// Something that happens between two searches.
#[derive(Debug, Clone)]
enum Change {
    File(usize),
    Gone(usize),
    Moved(usize, usize),
    Link(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let place = || 0..PLACES.len();
    prop_oneof![
        place().prop_map(Change::File),
        place().prop_map(Change::Gone),
        (place(), place()).prop_map(|(from, to)| Change::Moved(from, to)),
        (place(), place()).prop_map(|(from, to)| Change::Link(from, to)),
    ]
}

const PLACES: [&str; 12] = [
    "a.md", "b.md", "n", "n/a.md", "n/m", "n/m/a.md", "n/m/b.md", "o", "o/a.md", "o/p", "o/p/a.md",
    "q.md",
];

impl Change {
    /// As far as it is possible.
    fn make(&self, root: &Path) {
        let at = |place: usize| root.join(PLACES[place]);
        let _ = match self {
            Change::File(place) => fs::create_dir_all(at(*place).parent().unwrap())
                .and_then(|()| fs::write(at(*place), "x")),
            Change::Gone(place) => {
                fs::remove_file(at(*place)).or_else(|_| fs::remove_dir_all(at(*place)))
            }
            Change::Moved(from, to) => fs::rename(at(*from), at(*to)),
            Change::Link(from, to) => std::os::unix::fs::symlink(at(*to), at(*from)),
        };
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn what_is_known_and_what_is_found_are_together_what_a_search_of_everything_finds(
        before in prop::collection::vec(change(), 4..16),
        after in prop::collection::vec(change(), 0..5),
    ) {
        let folder = Folder::new(&["a.md", "n/m/a.md", "o/a.md"]);
        let (root, roots) = (folder.root(), [folder.root()]);
        before.iter().for_each(|change| change.make(&root));
        // Once no folder is so young that its times do not tell.
        let first = {
            let newest = WalkDir::new(&root).into_iter().filter_map(Result::ok);
            let newest = newest.filter_map(|entry| entry.metadata().ok()?.modified().ok()).max().unwrap();
            while newest.elapsed().unwrap_or_default().as_millis() < 12 {}
            names(&roots)
        };
        after.iter().for_each(|change| change.make(&root));
        let known = first.folders.clone().look();
        let some = names_again(&roots, &known);
        let kept = first.files.iter().filter(|path| known.are_as_they_were_in(split(path).0));
        let mut together: Vec<String> = kept.chain(some.files.iter()).collect();
        together.sort();
        let mut all: Vec<String> = names(&roots).files.iter().collect();
        all.sort();
        prop_assert_eq!(together, all);
        let kinds = |names: &Names| {
            let kinds = names.problems.iter().map(|problem| (problem.path.clone(), problem.kind));
            kinds.collect::<std::collections::BTreeSet<_>>()
        };
        prop_assert_eq!(kinds(&some), kinds(&names(&roots)));
    }
}
