//! Folders as they are found on real machines.

use super::super::look::{Found, Look, look};
use super::*;
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
    let mut names = names(&[folder.root()]);
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
