//! Hints as they come from a real folder.

use super::*;
use notify::event::{AccessKind, AccessMode, CreateKind, DataChange, Event, EventKind, ModifyKind};
use std::fs;

fn settings() -> Settings {
    Settings {
        debounce_ms: 30,
        poll_seconds: 1,
        ..Settings::default()
    }
}

fn start(root: &Path) -> (Watcher, Receiver<Hint>, Arc<Writers>) {
    let (tx, hints) = mpsc::channel();
    let writers = Arc::new(Writers::default());
    let watcher = Watcher::start(&[root.to_owned()], &settings(), writers.clone(), tx);
    (watcher, hints, writers)
}

/// True once a hint that asks to look at `path` has come.
fn told(hints: &Receiver<Hint>, path: &Path) -> bool {
    let end = Instant::now() + Duration::from_secs(10);
    while let Ok(hint) = hints.recv_timeout(end.saturating_duration_since(Instant::now())) {
        match hint {
            Hint::Rescan => return true,
            Hint::Paths(paths) if paths.iter().any(|p| path.starts_with(p)) => return true,
            Hint::Paths(_) | Hint::Notice(_) => {}
        }
    }
    false
}

#[test]
fn a_new_file_and_a_moved_folder_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("posts");
    fs::create_dir(&root).unwrap();
    let (watcher, hints, _) = start(&root);
    fs::write(root.join("a.md"), "x").unwrap();
    assert!(told(&hints, &root.join("a.md")));
    fs::create_dir(dir.path().join("new")).unwrap();
    fs::write(dir.path().join("new/b.md"), "x").unwrap();
    fs::rename(dir.path().join("new"), root.join("new")).unwrap();
    assert!(told(&hints, &root.join("new/b.md")));
    drop(watcher);
    assert!(hints.iter().all(|hint| !matches!(hint, Hint::Notice(_))));
}

#[test]
fn a_root_that_comes_late_is_watched() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("posts");
    let (_watcher, hints, _) = start(&root);
    fs::create_dir(&root).unwrap();
    assert!(told(&hints, &root));
    fs::write(root.join("a.md"), "x").unwrap();
    assert!(told(&hints, &root.join("a.md")));
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_is_watched_as_soon_as_it_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("posts");
    fs::create_dir(&root).unwrap();
    fs::create_dir(dir.path().join("elsewhere")).unwrap();
    let (_watcher, hints, _) = start(&root);
    std::os::unix::fs::symlink("../elsewhere", root.join("link")).unwrap();
    assert!(told(&hints, &root.join("link")));
    fs::write(dir.path().join("elsewhere/a.md"), "x").unwrap();
    assert!(told(&hints, &root.join("link/a.md")));
}

#[test]
fn many_changes_are_one_batch_and_own_reads_and_hidden_files_are_none() {
    let mut batch = Batch::default();
    let roots = [PathBuf::from("/posts")];
    let mut take = |kind, path: &str| {
        let event = Event::new(kind).add_path(PathBuf::from(path));
        batch.take(event, |path| concerns(&roots, path));
        (batch.paths.len(), batch.due(Duration::ZERO).is_some())
    };
    assert_eq!(
        take(EventKind::Access(AccessKind::Any), "/posts/a.md"),
        (0, false)
    );
    for hidden in ["/posts/.a.md.swp", "/posts/.git/index", "/posts/#a.md#"] {
        assert_eq!(take(EventKind::Any, hidden), (0, false), "{hidden}");
    }
    for n in 0..500 {
        take(EventKind::Any, &format!("/posts/{n}.md"));
    }
    assert_eq!(take(EventKind::Any, "/posts/0.md"), (500, true));
}

#[test]
fn a_file_is_being_written_until_it_is_closed() {
    let writers = Writers::default();
    let path = PathBuf::from("/posts/a.md");
    let note = |kind| writers.note(&Ok(Event::new(kind).add_path(path.clone())));
    note(EventKind::Create(CreateKind::File));
    assert!(!writers.are_at(&path));
    note(EventKind::Modify(ModifyKind::Data(DataChange::Any)));
    assert!(writers.are_at(&path));
    note(EventKind::Access(AccessKind::Close(AccessMode::Read)));
    assert!(writers.are_at(&path));
    note(EventKind::Access(AccessKind::Close(AccessMode::Write)));
    assert!(!writers.are_at(&path));
    note(EventKind::Modify(ModifyKind::Data(DataChange::Any)));
    writers.note(&Err(notify::Error::generic("overflow")));
    assert!(!writers.are_at(&path));
}
