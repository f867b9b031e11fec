//! Watching under abuse: whatever happens to the folder, in the end the running program knows what a fresh
//! one would. In: what editors, git, rsync, the system and careless people do. Out: the same catalog and feeds.

mod editors;
mod files;
mod folders;
mod limits;
mod transfers;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tagwire::catalog::Catalog;

use crate::world::{DEADLINE, Daemon, World, today};

/// What a program knows and shows: rows and problems as text, and every published file.
#[derive(PartialEq)]
struct Known {
    rows: Vec<String>,
    files: BTreeMap<String, Vec<u8>>,
}

impl Known {
    fn at(catalog: &Path, public: &Path) -> Known {
        let mut rows = Vec::new();
        let index = Catalog::reader(catalog).unwrap();
        let mut after = String::new();
        loop {
            let page = index.page(&after, 1000).unwrap();
            let Some(last) = page.last() else { break };
            after.clone_from(&last.path);
            rows.extend(page.iter().map(|row| format!("{row:?}")));
        }
        let problems = index.problems(usize::MAX >> 1).unwrap();
        rows.extend(problems.iter().map(|problem| format!("{problem:?}")));
        rows.sort();
        let mut files = BTreeMap::new();
        for entry in walkdir::WalkDir::new(public).into_iter().flatten() {
            // A temporary file of a round in progress may be gone before it is read.
            let name = entry.file_name().to_string_lossy();
            if entry.file_type().is_file()
                && !name.starts_with('.')
                && let Ok(bytes) = std::fs::read(entry.path())
            {
                let path = entry.path().strip_prefix(public).unwrap();
                files.insert(path.to_string_lossy().into_owned(), bytes);
            }
        }
        Known { rows, files }
    }

    fn difference(&self, other: &Known) -> String {
        let only = |a: &Known, b: &Known| -> Vec<String> {
            let rows = a.rows.iter().filter(|row| !b.rows.contains(row));
            rows.take(5).cloned().collect()
        };
        let files = self.files.keys().chain(other.files.keys());
        let differ: Vec<_> = files
            .filter(|name| self.files.get(*name) != other.files.get(*name))
            .take(5)
            .collect();
        format!(
            "{} rows, fresh {}; only running {:#?}; only fresh {:#?}; files that differ {differ:?}",
            self.rows.len(),
            other.rows.len(),
            only(self, other),
            only(other, self)
        )
    }
}

/// A world whose daemon forgets deleted posts at once and looks at everything only when told to.
fn world(posts: &str) -> World {
    World::new().config(&format!(
        "posts: {{delete_grace_seconds: 0, rescan_seconds: 86400, {posts}}}\n"
    ))
}

fn post(title: &str) -> String {
    post_with(title, "正文在此。")
}

fn post_with(title: &str, body: &str) -> String {
    format!(
        "---\ntitle: {title}\ndate: 2026-11-20 08:00:00 +0800\ncategories: demo\ntags: 演示\n---\n{body}\n"
    )
}

/// Adds one more post and waits for its feed, so that whatever came before it has been noticed as well.
fn beat(world: &World, daemon: &Daemon) {
    static BEATS: AtomicUsize = AtomicUsize::new(0);
    let title = format!("脉搏{}完", BEATS.fetch_add(1, Ordering::Relaxed));
    let name = format!(
        "2026-11-21-{}.md",
        title.len() + BEATS.load(Ordering::Relaxed)
    );
    world.post(&name, &today(&title, "demo", "演示", "正文。"));
    daemon.wait_for("/feed.xml", |answer| answer.text().contains(&title));
}

/// The story's end: the running program knows and shows what one that starts now finds.
fn is_as_fresh(world: &World, daemon: &Daemon) {
    beat(world, daemon);
    let fresh = tempfile::tempdir().unwrap();
    let set = |key: &str, name: &str| format!("{key}={}", fresh.path().join(name).display());
    let arguments = [
        "build",
        "--set",
        &set("catalog.path", "catalog.db"),
        "--set",
        &set("publish.dir", "public"),
    ];
    world.run(&arguments, 0);
    let fresh = Known::at(
        &fresh.path().join("catalog.db"),
        &fresh.path().join("public"),
    );
    assert!(!fresh.rows.is_empty() && !fresh.files.is_empty());
    let start = Instant::now();
    loop {
        let running = Known::at(&world.path("var/catalog.db"), &world.path("public"));
        if running == fresh {
            return;
        }
        assert!(
            start.elapsed() < DEADLINE,
            "{}\n{}",
            running.difference(&fresh),
            daemon.output()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Posts that were news to somebody so far are exactly so many. The log tells it, since messages keep their pace.
fn announced(daemon: &Daemon, expected: usize) {
    let start = Instant::now();
    loop {
        let said = daemon.output();
        let counts = said.split("announced=").skip(1);
        let sum: usize = counts
            .map(|rest| rest.split(' ').next().unwrap().parse::<usize>().unwrap())
            .sum();
        if sum == expected {
            return;
        }
        let late = start.elapsed() > DEADLINE;
        assert!(sum < expected && !late, "{sum}, not {expected}\n{said}");
        std::thread::yield_now();
    }
}

/// True if a program is on this machine; says so if not.
fn has(program: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        eprintln!("SKIPPED: {program} is not installed");
    }
    found
}

/// Runs a program in a folder of the world; it must succeed.
fn run_in(folder: &Path, program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .current_dir(folder)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
