//! The folder of rule files becomes topics, or errors that say where and how to mend.
//! In: a folder, and perhaps one file to try. Out: topics sorted by id.
//! The only IO of this room; one bad file never costs the others.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::{Fault, TopicError};
use super::nested;
use super::parse::{MAX_FILE_BYTES, parse};
use super::rule::Topic;

/// A rule file that was read and is right in itself.
pub(super) struct RuleFile {
    pub path: String,
    pub yaml: String,
    pub topic: Topic,
}

/// Reads every `.yaml` and `.yml` of a folder. A missing folder has no topics and no errors.
pub fn load_dir(dir: &Path) -> (Vec<Topic>, Vec<TopicError>) {
    let (files, errors) = load_files(dir);
    let (topics, more) = link(
        files,
        errors.iter().map(|error| error.path.clone()).collect(),
    );
    (topics, errors.into_iter().chain(more).collect())
}

/// As `load_dir`, with one file in the place of the topic of its name: what a change would make.
/// The id of that topic is the file's stem.
pub fn load_dir_with(dir: &Path, file: &Path) -> (Vec<Topic>, Vec<TopicError>) {
    let id = id_of(file);
    let (mut files, mut errors) = load_files(dir);
    files.retain(|known| known.topic.id != id);
    errors.retain(|error| id_of(Path::new(&error.path)) != id);
    match load_file(file) {
        Ok(loaded) => files.push(loaded),
        Err(error) => errors.push(error),
    }
    let (topics, more) = link(
        files,
        errors.iter().map(|error| error.path.clone()).collect(),
    );
    (topics, errors.into_iter().chain(more).collect())
}

/// Checks which topics use which, and sorts them by id.
fn link(files: Vec<RuleFile>, broken: Vec<String>) -> (Vec<Topic>, Vec<TopicError>) {
    let broken = broken.iter().map(|path| id_of(Path::new(path))).collect();
    let (files, errors) = nested::check(files, broken);
    let mut topics: Vec<Topic> = files.into_iter().map(|file| file.topic).collect();
    topics.sort_by(|a, b| a.id.cmp(&b.id));
    (topics, errors)
}

fn load_files(dir: &Path) -> (Vec<RuleFile>, Vec<TopicError>) {
    let mut loaded: Vec<RuleFile> = Vec::new();
    let mut errors = Vec::new();
    let files = match rule_files(dir) {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return (loaded, errors),
        Err(error) => {
            errors.push(unreadable(dir, &error));
            return (loaded, errors);
        }
    };
    for file in files {
        match load_file(&file) {
            Ok(new) if loaded.iter().any(|known| known.topic.id == new.topic.id) => {
                let message = format!("the topic `{}` exists already", new.topic.id);
                let fault = Fault::new((0, 0), message, "keep one of .yaml and .yml");
                errors.push(fault.in_file(&new.path, ""));
            }
            Ok(new) => loaded.push(new),
            Err(error) => errors.push(error),
        }
    }
    (loaded, errors)
}

/// The rule files of a folder, sorted, so that errors and duplicates come out the same on every machine.
pub fn rule_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
        if yaml && !hidden {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn load_file(path: &Path) -> Result<RuleFile, TopicError> {
    let yaml = read_capped(path).map_err(|error| unreadable(path, &error))?;
    let path_text = path.display().to_string();
    let topic = parse(&path_text, &id_of(path), &yaml)?;
    Ok(RuleFile {
        path: path_text,
        yaml,
        topic,
    })
}

fn id_of(path: &Path) -> String {
    let stem = path.file_stem();
    stem.map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Never more than one byte beyond the limit, which `parse` then reports.
fn read_capped(path: &Path) -> io::Result<String> {
    let mut yaml = String::new();
    let limit = MAX_FILE_BYTES as u64 + 1;
    fs::File::open(path)?
        .take(limit)
        .read_to_string(&mut yaml)?;
    Ok(yaml)
}

fn unreadable(path: &Path, error: &io::Error) -> TopicError {
    let help = "check that it exists, is UTF-8 text and may be read";
    Fault::new((0, 0), error.to_string(), help).in_file(&path.display().to_string(), "")
}
