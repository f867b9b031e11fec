//! Rule files become topics, or errors that say where and how to mend.
//! In: the text of a rule file, or the folder that holds them. Out: topics sorted by id.
//! Reading the folder is the only IO of this room; one bad file never costs the others.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::fold::fold;
use super::rule::{Group, Place, Rule, Topic};
use super::yaml::{RawGroup, RawTopic};

/// A rule file beyond this is a mistake; deep nesting costs the YAML reader quadratic time.
const MAX_FILE_BYTES: usize = 256 * 1024;
/// Enough for any vocabulary, small enough for one automaton over all topics.
const MAX_WORDS: usize = 10_000;
/// In characters; longer ones are sentences, which no other article repeats.
const MAX_WORD_CHARS: usize = 100;
/// Larger weights would hide all others.
const MAX_WEIGHT: f64 = 1000.0;

/// A rule file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicError {
    /// The file.
    pub path: String,
    /// From 1; 0 when unknown.
    pub line: u32,
    /// From 1; 0 when unknown.
    pub column: u32,
    /// What was found, in a sentence.
    pub message: String,
    /// How to mend it, in a sentence.
    pub help: String,
}

impl fmt::Display for TopicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        write!(f, ": {}; {}", self.message, self.help)
    }
}

impl std::error::Error for TopicError {}

/// A finding before it has its file's name.
struct Fault {
    at: (u32, u32),
    message: String,
    help: String,
}

impl Fault {
    fn new(at: (u32, u32), message: impl Into<String>, help: impl Into<String>) -> Self {
        Fault {
            at,
            message: message.into(),
            help: help.into(),
        }
    }

    fn in_file(self, path: &str) -> TopicError {
        TopicError {
            path: path.to_owned(),
            line: self.at.0,
            column: self.at.1,
            message: self.message,
            help: self.help,
        }
    }
}

/// Reads one rule file. `path` is for messages only, `id` is the file's stem.
pub fn parse(path: &str, id: &str, yaml: &str) -> Result<Topic, TopicError> {
    read_topic(id, yaml).map_err(|fault| fault.in_file(path))
}

fn read_topic(id: &str, yaml: &str) -> Result<Topic, Fault> {
    check_id(id)?;
    if yaml.len() > MAX_FILE_BYTES {
        let message = format!("the file has more than {MAX_FILE_BYTES} bytes");
        return Err(Fault::new((0, 0), message, "split it into several topics"));
    }
    let yaml = yaml.strip_prefix('\u{feff}').unwrap_or(yaml);
    let raw: RawTopic = serde_yaml::from_str(yaml).map_err(|e| yaml_fault(&e))?;
    let title = raw.title.trim().to_owned();
    if title.is_empty() {
        let help = "give the name that people shall see";
        return Err(Fault::new(find(yaml, "title"), "the title is empty", help));
    }
    let mut rules = Vec::new();
    for (group, words) in [
        (Group::Any, raw.any),
        (Group::All, raw.all),
        (Group::None, raw.none),
    ] {
        add_rules(group, words, yaml, &mut rules)?;
    }
    let topic = Topic {
        id: id.to_owned(),
        title,
        description: raw
            .description
            .map(|d| d.trim().to_owned())
            .filter(|d| !d.is_empty()),
        threshold: 0.0,
        rules,
    };
    let threshold = check_threshold(&topic, raw.threshold, yaml)?;
    Ok(Topic { threshold, ..topic })
}

/// Ids become file names, addresses and hashtags.
fn check_id(id: &str) -> Result<(), Fault> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if (1..=64).contains(&id.len()) && id.chars().all(plain) {
        return Ok(());
    }
    Err(Fault::new(
        (0, 0),
        format!("`{id}` is no topic id"),
        "name the file with a-z, 0-9 and `-` only, as in market-supervision.yaml",
    ))
}

/// The threshold in force: the author's, 1 without one, and none where nothing scores.
fn check_threshold(topic: &Topic, given: Option<f64>, yaml: &str) -> Result<f64, Fault> {
    let has_any = topic.has(Group::Any);
    if !has_any && !topic.has(Group::All) {
        return Err(Fault::new(
            (0, 0),
            "no article can ever match: both `any` and `all` are empty",
            "list words under `any: text:`",
        ));
    }
    match given {
        Some(value) if !(value > 0.0 && value.is_finite()) => Err(Fault::new(
            find(yaml, "threshold"),
            format!("a threshold of {value} is not above 0"),
            "leave it out for 1, which a single word reaches",
        )),
        Some(_) if !has_any => Err(Fault::new(
            find(yaml, "threshold"),
            "a threshold without an `any` group: nothing adds to the score",
            "add an `any` group, or leave the threshold out",
        )),
        Some(value) => Ok(value),
        None if has_any => Ok(1.0),
        None => Ok(0.0),
    }
}

fn add_rules(group: Group, raw: RawGroup, yaml: &str, rules: &mut Vec<Rule>) -> Result<(), Fault> {
    let places = [
        (Place::Category, raw.category),
        (Place::Tag, raw.tag),
        (Place::Source, raw.source),
        (Place::Title, raw.title),
        (Place::Body, raw.body),
        (Place::Text, raw.text),
    ];
    for (place, entries) in places {
        let mut seen = HashSet::new();
        for entry in entries {
            for word in entry.words {
                let rule = Rule {
                    group,
                    place,
                    word: word.trim().to_owned(),
                    weight: entry.weight,
                };
                check_rule(&rule, yaml)?;
                if !seen.insert(fold(&rule.word)) {
                    return Err(listed_twice(&rule, yaml));
                }
                rules.push(rule);
            }
        }
    }
    if rules.len() > MAX_WORDS {
        let message = format!("the topic has more than {MAX_WORDS} words");
        return Err(Fault::new((0, 0), message, "split it into several topics"));
    }
    Ok(())
}

fn listed_twice(rule: &Rule, yaml: &str) -> Fault {
    let (group, place) = (rule.group.as_str(), rule.place.as_str());
    let again = yaml
        .rfind(&rule.word)
        .map_or((0, 0), |at| position(yaml, at));
    Fault::new(
        again,
        format!("`{}` stands twice in `{group}: {place}`", rule.word),
        "keep one of them (width and case make no difference)",
    )
}

fn check_rule(rule: &Rule, yaml: &str) -> Result<(), Fault> {
    let at = || find(yaml, &rule.word);
    let folded = fold(&rule.word);
    if folded.trim().is_empty() {
        let message = format!("an empty word in `{}`", rule.group.as_str());
        return Err(Fault::new((0, 0), message, "remove it"));
    }
    if folded.chars().count() > MAX_WORD_CHARS {
        let message = format!("a word of more than {MAX_WORD_CHARS} characters");
        return Err(Fault::new(at(), message, "use a shorter part of it"));
    }
    let Some(weight) = rule.weight else {
        return Ok(());
    };
    let word = &rule.word;
    if !weight.is_finite() || weight.abs() > MAX_WEIGHT {
        let message = format!("`{word}` has the weight {weight}");
        let help = format!("use a number between -{MAX_WEIGHT} and {MAX_WEIGHT}");
        return Err(Fault::new(at(), message, help));
    }
    match rule.group {
        Group::Any if weight < 0.0 => Err(Fault::new(
            at(),
            format!("`{word}` in `any` has a negative weight"),
            "move it to `none`, where a negative weight subtracts",
        )),
        Group::None if weight > 0.0 => Err(Fault::new(
            at(),
            format!("`{word}` in `none` has a positive weight"),
            "write a negative weight to subtract, or none at all to veto",
        )),
        Group::All => Err(Fault::new(
            at(),
            format!("`{word}` in `all` has a weight, and `all` does not score"),
            "leave the weight out, or move the word to `any`",
        )),
        _ => Ok(()),
    }
}

/// serde knows what is wrong and where; people want to know what was meant.
fn yaml_fault(error: &serde_yaml::Error) -> Fault {
    let at = error.location().map_or((0, 0), |place| {
        let small = |n: usize| u32::try_from(n).unwrap_or(0);
        (small(place.line()), small(place.column()))
    });
    let text = error.to_string();
    let message = match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    };
    let help = if message.contains("unknown field") {
        suggestion(&message)
    } else if message.contains("missing field `title`") {
        "add `title: …`, the name that people shall see".to_owned()
    } else {
        "see the comments in config/topics/market-supervision.yaml for each key".to_owned()
    };
    Fault::new(at, message, help)
}

/// Reads serde's ``unknown field `txt`, expected one of `text`, …`` and names the nearest.
fn suggestion(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let wrong = quoted.next().unwrap_or_default();
    let known: Vec<&str> = quoted.collect();
    let near = |name: &&str| strsim::jaro_winkler(wrong, name);
    let best = known.iter().max_by(|a, b| near(a).total_cmp(&near(b)));
    match best {
        Some(name) if near(name) > 0.7 => format!("did you mean `{name}`?"),
        _ => format!("the keys here are {}", known.join(", ")),
    }
}

/// Line and column of the first mention of `needle`; serde keeps no position of accepted values.
fn find(yaml: &str, needle: &str) -> (u32, u32) {
    yaml.find(needle).map_or((0, 0), |at| position(yaml, at))
}

fn position(yaml: &str, at: usize) -> (u32, u32) {
    let before = &yaml[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    let small = |n: usize| u32::try_from(n).unwrap_or(0);
    (small(line), small(column))
}

/// Reads every `.yaml` and `.yml` of a folder. A missing folder has no topics and no errors.
pub fn load_dir(dir: &Path) -> (Vec<Topic>, Vec<TopicError>) {
    let mut topics: Vec<Topic> = Vec::new();
    let mut errors = Vec::new();
    let files = match rule_files(dir) {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return (topics, errors),
        Err(error) => {
            errors.push(unreadable(dir, &error));
            return (topics, errors);
        }
    };
    for file in files {
        match load_file(&file) {
            Ok(topic) if topics.iter().any(|known| known.id == topic.id) => {
                let message = format!("the topic `{}` exists already", topic.id);
                let fault = Fault::new((0, 0), message, "keep one of .yaml and .yml");
                errors.push(fault.in_file(&file.display().to_string()));
            }
            Ok(topic) => topics.push(topic),
            Err(error) => errors.push(error),
        }
    }
    topics.sort_by(|a, b| a.id.cmp(&b.id));
    (topics, errors)
}

/// Sorted, so that errors and duplicates come out the same on every machine.
fn rule_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
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

fn load_file(path: &Path) -> Result<Topic, TopicError> {
    let yaml = read_capped(path).map_err(|error| unreadable(path, &error))?;
    let id = path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    parse(&path.display().to_string(), &id, &yaml)
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
    Fault::new((0, 0), error.to_string(), help).in_file(&path.display().to_string())
}
