//! Whole files, by their paths and by their names in open folders.

use std::fs::{self, File};

use super::super::rules::example_rules;
use super::*;

#[test]
fn whole_files_only() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let rules = example_rules();
    fs::write(path("a.md"), "abc").unwrap();
    let (bytes, stamp) = read(&path("a.md"), &rules).unwrap();
    assert_eq!((bytes.as_slice(), stamp.size), (&b"abc"[..], 3));
    assert!(matches!(
        read(&path("none.md"), &rules),
        Err(ReadError::Gone)
    ));
    fs::write(path("new.md"), "").unwrap();
    assert!(matches!(
        read(&path("new.md"), &rules),
        Err(ReadError::Changing)
    ));
    File::options()
        .append(true)
        .open(path("a.md"))
        .unwrap()
        .set_len(2 << 20)
        .unwrap();
    let error = read(&path("a.md"), &rules).unwrap_err();
    assert!(matches!(error, ReadError::TooLarge(_)));
    assert_eq!(error.problem("a.md").unwrap().kind, "too-large");
}

#[test]
fn a_new_text_of_the_same_size_and_time_has_another_stamp() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.md");
    let text = path.to_str().unwrap();
    let rules = example_rules();
    fs::write(&path, "abc").unwrap();
    let (_, before) = read(text, &rules).unwrap();
    fs::write(&path, "xyz").unwrap();
    let time = UNIX_EPOCH + Duration::from_nanos(before.modified_ns.unsigned_abs());
    let file = File::options().write(true).open(&path).unwrap();
    file.set_modified(time).unwrap();
    let (_, after) = read(text, &rules).unwrap();
    assert_eq!(before.modified_ns, after.modified_ns);
    assert_ne!(before, after);
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (pipe, socket) = (dir.path().join("a.md"), dir.path().join("b.md"));
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        Mode::RUSR | Mode::WUSR,
        0,
    )
    .unwrap();
    let _listens = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [dir.path(), &pipe, &socket] {
        let error = read(path.to_str().unwrap(), &example_rules()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the file cannot be read: it is no regular file"
        );
    }
}

/// Reads a file by its folder, which is open, once it has rested for long enough.
fn rested(file: &Nearby<'_>) -> (Vec<u8>, Stamp) {
    let mut bytes = Vec::new();
    let begun = std::time::Instant::now();
    loop {
        if let Some(stamp) = file.read_rested(&mut bytes) {
            return (bytes, stamp);
        }
        assert!(begun.elapsed() < Duration::from_secs(9));
        std::thread::yield_now();
    }
}

#[test]
fn the_folder_of_many_files_is_open_while_they_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let path =
        |folder: &str, number: usize| format!("{}/{folder}/{number}.md", dir.path().display());
    let mut paths = vec!["7.md".to_owned(), "/7.md".to_owned()];
    for folder in ["a", "b", "c", "d", "e"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
        let many = if folder == "b" {
            NEIGHBOURS - 1
        } else {
            NEIGHBOURS
        };
        paths.extend((0..many).map(|number| path(folder, number)));
    }
    for path in &paths[2..] {
        fs::write(path, path).unwrap();
    }
    let files = Nearby::all(&paths);
    assert!(
        files
            .iter()
            .map(|file| file.path)
            .eq(paths.iter().map(String::as_str))
    );
    let is_open = |folder: &str| {
        let path = path(folder, 3);
        files
            .iter()
            .any(|file| file.path == path && file.folder.is_some())
    };
    assert_eq!(
        ["a", "b", "c", "d", "e"].map(is_open),
        [true, false, true, true, true]
    );
    assert!(files[..2].iter().all(|file| file.folder.is_none()));
    let mut bytes = Vec::new();
    for file in &files[2..] {
        let stamp = read_into(file, &example_rules(), &mut bytes).unwrap();
        let other = read(file.path, &example_rules()).unwrap();
        assert_eq!((bytes.as_slice(), stamp), (file.path.as_bytes(), other.1));
        if file
            .folder
            .as_ref()
            .is_some_and(|folder| folder.local.is_some())
        {
            assert_eq!(rested(file), other);
        }
    }
    // One more would be too many.
    let folders = [0, 1, 2, 3, 4]
        .map(|folder| (0..NEIGHBOURS).map(move |number| format!("{folder}/{number}")));
    let folders: Vec<String> = folders.into_iter().flatten().collect();
    for path in &folders {
        fs::create_dir_all(dir.path().join(path)).unwrap();
    }
    let folders: Vec<String> = folders
        .iter()
        .map(|path| format!("{}/{path}", dir.path().display()))
        .collect();
    let open = Nearby::all(&folders);
    let open = open.iter().filter(|file| file.folder.is_some()).count();
    assert_eq!(open, FOLDERS * NEIGHBOURS);
}

#[test]
fn what_is_in_a_pipe_stays_there_and_what_is_elsewhere_is_looked_at_twice() {
    let dir = tempfile::tempdir().unwrap();
    let name = |number: usize| dir.path().join(format!("{number}.md"));
    let mode = Mode::RUSR | Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, name(0), FileType::Fifo, mode, 0).unwrap();
    let pipe = File::options()
        .read(true)
        .write(true)
        .open(name(0))
        .unwrap();
    std::io::Write::write_all(&mut &pipe, b"kept").unwrap();
    std::os::unix::fs::symlink("/proc/self/status", name(1)).unwrap();
    fs::write(name(2), "").unwrap();
    fs::create_dir(name(3)).unwrap();
    (4..NEIGHBOURS).for_each(|number| fs::write(name(number), "abc").unwrap());
    let paths = (0..NEIGHBOURS).map(|number| name(number).to_str().unwrap().to_owned());
    let paths: Vec<String> = paths.collect();
    let files = Nearby::all(&paths);
    let mut bytes = Vec::new();
    if files[4].folder.as_ref().unwrap().local.is_some() {
        rested(&files[4]);
    }
    for file in &files[..4] {
        assert_eq!(file.read_rested(&mut bytes), None, "{}", file.path);
        assert!(read_into(file, &example_rules(), &mut bytes).is_err());
    }
    let mut kept = [0; 4];
    std::io::Read::read_exact(&mut &pipe, &mut kept).unwrap();
    assert_eq!(&kept, b"kept");
}

#[test]
fn a_folder_that_another_one_took_the_name_of_meanwhile_hides_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let (posts, old, new) = (
        dir.path().join("posts"),
        dir.path().join("old"),
        dir.path().join("new"),
    );
    for (folder, text) in [(&posts, "before"), (&new, "after")] {
        fs::create_dir(folder).unwrap();
        (0..NEIGHBOURS)
            .for_each(|number| fs::write(folder.join(number.to_string()), text).unwrap());
    }
    let paths = (0..NEIGHBOURS).map(|number| format!("{}/{number}", posts.display()));
    let paths: Vec<String> = paths.collect();
    let files = Nearby::all(&paths);
    fs::rename(&posts, &old).unwrap();
    fs::rename(&new, &posts).unwrap();
    fs::remove_dir_all(&old).unwrap();
    let mut bytes = Vec::new();
    for file in &files {
        read_into(file, &example_rules(), &mut bytes).unwrap();
        assert_eq!(bytes, b"after");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_does_not_tell_its_size_is_not_taken_for_empty() {
    let error = read("/proc/self/status", &example_rules()).unwrap_err();
    assert!(matches!(error, ReadError::Changing));
}
