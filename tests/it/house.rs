//! The house keeps its shape: who may import whom, and what must stay out of which room.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Each room and the rooms that it may import, besides `model` and `crash`.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("crash", &[]),
    ("topics", &[]),
    ("summary", &[]),
    ("posts", &[]),
    ("feeds", &[]),
    ("publish", &[]),
    ("store", &[]),
    ("http", &["publish"]),
    ("catalog", &["posts", "publish"]),
    (
        "config",
        &[
            "catalog", "feeds", "http", "posts", "publish", "store", "summary", "topics",
        ],
    ),
    ("telegram", &["config"]),
    ("push", &["catalog", "config", "feeds", "http", "publish"]),
    ("delivery", &["store", "summary", "telegram"]),
    (
        "pipeline",
        &[
            "catalog", "config", "delivery", "feeds", "http", "posts", "publish", "store",
            "summary", "topics",
        ],
    ),
    (
        "bot",
        &[
            "catalog", "delivery", "feeds", "http", "store", "telegram", "topics",
        ],
    ),
    (
        "app",
        &[
            "bot", "catalog", "config", "delivery", "feeds", "http", "pipeline", "posts", "push",
            "store", "telegram", "topics",
        ],
    ),
    (
        "cli",
        &[
            "app", "catalog", "config", "delivery", "feeds", "pipeline", "posts", "store",
            "telegram", "topics",
        ],
    ),
];

fn sources() -> BTreeMap<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = walkdir::WalkDir::new(&root).into_iter().flatten();
    let rust = files.filter(|entry| {
        entry
            .path()
            .extension()
            .is_some_and(|ending| ending == "rs")
    });
    rust.map(|entry| {
        let path = entry.path().strip_prefix(&root).unwrap().to_owned();
        (path, std::fs::read_to_string(entry.path()).unwrap())
    })
    .collect()
}

fn room(path: &Path) -> String {
    let first = path
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The part of a file that is not a test.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or(text)
}

#[test]
fn arrows_of_import_run_one_way() {
    let known: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    for (path, text) in sources() {
        let here = room(&path);
        if ["lib", "main"].contains(&here.as_str()) || path.to_string_lossy().contains("test") {
            continue;
        }
        let allowed = known
            .get(here.as_str())
            .unwrap_or_else(|| panic!("{here} is no known room"));
        for (at, _) in without_tests(&text).match_indices("crate::") {
            let rest = &text[at + "crate::".len()..];
            let there: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            let fine = there == here
                || there == "model"
                || there == "crash"
                || there.is_empty()
                || allowed.contains(&there.as_str());
            assert!(
                fine,
                "src/{} imports crate::{there}, which {here} may not",
                path.display()
            );
        }
    }
}

#[test]
fn what_is_absent_on_purpose_is_absent() {
    let rules: &[(&str, &[&str])] = &[
        // The clock is an argument everywhere below the edges.
        ("Utc::now", &["app", "delivery"]),
        ("sqlx::", &["store"]),
        ("rusqlite::", &["catalog"]),
        ("teloxide::", &["telegram", "bot"]),
        (
            "async fn",
            &[
                "app", "bot", "cli", "delivery", "http", "pipeline", "push", "store", "telegram",
            ],
        ),
    ];
    for (path, text) in sources() {
        if path.to_string_lossy().contains("test") {
            continue;
        }
        let here = room(&path);
        for (word, rooms) in rules {
            let found = without_tests(&text).contains(word);
            assert!(
                !found || rooms.contains(&here.as_str()),
                "src/{} uses {word}",
                path.display()
            );
        }
    }
}

/// `docs/COMMANDS.md` says which stories show a command: it must name all commands, and no story that there is not.
#[test]
fn every_command_has_its_stories() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = std::fs::read_to_string(root.join("docs/COMMANDS.md")).unwrap();
    let menus = std::fs::read_to_string(root.join("src/bot/menus.rs")).unwrap();
    let menus = menus.split("pub async fn").next().unwrap_or_default();
    let names = menus.split("(\n        \"").chain(menus.split("(\""));
    let commands: std::collections::BTreeSet<&str> = names
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase()))
        .collect();
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands {
        assert!(table.contains(&format!("| `/{command}` |")), "/{command}");
    }
    let stories: String = walkdir::WalkDir::new(root.join("tests/it"))
        .into_iter()
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "rs"))
        .map(|entry| std::fs::read_to_string(entry.path()).unwrap())
        .collect();
    let quoted = table.split('`').skip(1).step_by(2);
    let is_story = |text: &&str| text.matches('_').count() > 2 && !text.contains(['/', ':']);
    let named = quoted.filter(is_story);
    for story in named {
        assert!(
            stories.contains(&format!("fn {story}(")),
            "{story} is no story"
        );
    }
}
