//! The text of a rule file becomes a topic, or an error that says where and how to mend.
//! In: YAML. Out: a checked topic; whether the topics that it uses exist is `nested`'s to say.
//! Everything is capped here: words, patterns, weights, bytes.

use std::collections::HashSet;

use super::error::{Fault, TopicError};
use super::fold::fold;
use super::pattern;
use super::rule::{Group, Kind, Place, Rule, Topic};
use super::spots::Spots;
use super::yaml::{RawGroup, RawTopic};
use crate::model::{in_words, meant_key};

/// A rule file beyond this is a mistake; deep nesting costs the YAML reader quadratic time.
pub(super) const MAX_FILE_BYTES: usize = 256 * 1024;
/// Enough for any vocabulary, small enough for one automaton over all topics.
const MAX_WORDS: usize = 10_000;
/// In characters; longer ones are sentences, which no other article repeats.
const MAX_WORD_CHARS: usize = 100;
/// Larger weights would hide all others.
const MAX_WEIGHT: f64 = 1000.0;

/// Each pattern costs a look at the text of its own.
const MAX_PATTERNS: usize = 100;

/// Reads one rule file. `path` is for messages only, `id` is the file's stem.
pub fn parse(path: &str, id: &str, yaml: &str) -> Result<Topic, TopicError> {
    read_topic(id, yaml).map_err(|fault| fault.in_file(path, yaml))
}

fn read_topic(id: &str, yaml: &str) -> Result<Topic, Fault> {
    check_id(id)?;
    if yaml.len() > MAX_FILE_BYTES {
        let message = format!("the file has more than {MAX_FILE_BYTES} bytes");
        return Err(Fault::new((0, 0), message, "split it into several topics"));
    }
    let yaml = yaml.strip_prefix('\u{feff}').unwrap_or(yaml);
    let mut raw: RawTopic = serde_yaml::from_str(yaml).map_err(|e| yaml_fault(&e))?;
    let spots = Spots::new(yaml);
    let title = raw.title.trim().to_owned();
    if title.is_empty() {
        let help = "give the name that people shall see";
        return Err(Fault::new(spots.key("title"), "the title is empty", help));
    }
    let mut rules = Vec::new();
    add_rules(Group::Any, &mut raw.any, &spots, &mut rules)?;
    add_rules(Group::All, &mut raw.all, &spots, &mut rules)?;
    add_rules(Group::None, &mut raw.none, &spots, &mut rules)?;
    let topic = Topic {
        id: id.to_owned(),
        title,
        description: raw
            .description
            .map(|d| d.trim().to_owned())
            .filter(|d| !d.is_empty()),
        threshold: 0.0,
        hidden: raw.hidden,
        urgent: raw.urgent,
        rules,
    };
    let threshold = check_threshold(&topic, raw.threshold, &spots)?;
    Ok(Topic { threshold, ..topic })
}

/// Ids become file names, addresses and hashtags.
pub(super) fn check_id(id: &str) -> Result<(), Fault> {
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
fn check_threshold(topic: &Topic, given: Option<f64>, spots: &Spots) -> Result<f64, Fault> {
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
            spots.key("threshold"),
            format!("a threshold of {value} is not above 0"),
            "leave it out for 1, which a single word reaches",
        )),
        Some(_) if !has_any => Err(Fault::new(
            spots.key("threshold"),
            "a threshold without an `any` group: nothing adds to the score",
            "add an `any` group, or leave the threshold out",
        )),
        Some(value) => Ok(value),
        None if has_any => Ok(1.0),
        None => Ok(0.0),
    }
}

fn add_rules(
    group: Group,
    raw: &mut RawGroup,
    spots: &Spots,
    rules: &mut Vec<Rule>,
) -> Result<(), Fault> {
    for place in Place::ALL {
        let mut seen = HashSet::new();
        for entry in raw.take(place) {
            let words = entry.words.into_iter().map(|word| (Kind::Word, word));
            let regex = entry.regex.into_iter().map(|regex| (Kind::Regex, regex));
            for (kind, word) in words.chain(regex) {
                let rule = Rule {
                    group,
                    place,
                    kind,
                    word: word.trim().to_owned(),
                    weight: entry.weight,
                };
                check_word(&rule, spots)?;
                check_weight(&rule, spots)?;
                if !seen.insert((kind, folded(&rule))) {
                    return Err(listed_twice(&rule, spots));
                }
                rules.push(rule);
            }
        }
    }
    if rules.len() > MAX_WORDS {
        let message = format!("the topic has more than {MAX_WORDS} words");
        return Err(Fault::new((0, 0), message, "split it into several topics"));
    }
    let patterns = rules.iter().filter(|rule| rule.kind == Kind::Regex);
    if patterns.count() > MAX_PATTERNS {
        let message = format!("the topic has more than {MAX_PATTERNS} patterns");
        let help = "join them with `|`, or use plain words, which cost nothing";
        return Err(Fault::new((0, 0), message, help));
    }
    Ok(())
}

/// What tells a word from the others of its list.
fn folded(rule: &Rule) -> String {
    match rule.kind {
        Kind::Word => fold(&rule.word),
        Kind::Regex => rule.word.clone(),
    }
}

fn listed_twice(rule: &Rule, spots: &Spots) -> Fault {
    let (group, place) = (rule.group.as_str(), rule.place.as_str());
    Fault::new(
        spots.word(rule.group, rule.place, &rule.word, 1),
        format!("`{}` stands twice in `{group}: {place}`", rule.word),
        "keep one of them (width, case, simplified and traditional make no difference)",
    )
}

fn check_word(rule: &Rule, spots: &Spots) -> Result<(), Fault> {
    let at = || spots.word(rule.group, rule.place, &rule.word, 0);
    match (rule.kind, rule.place) {
        (Kind::Regex, Place::Topic) => {
            let message = "a pattern under `topic`, which takes the ids of topics";
            return Err(Fault::new(at(), message, "name each topic by its id"));
        }
        (Kind::Regex, _) => {
            let compiled = pattern::compile(&rule.word);
            return match compiled {
                Ok(_) => Ok(()),
                Err((message, help)) => Err(Fault::new(at(), message, help)),
            };
        }
        (Kind::Word, Place::Topic) => {
            return check_id(&rule.word).map_err(|fault| Fault {
                at: at(),
                help: "use the name of a rule file without its ending".to_owned(),
                ..fault
            });
        }
        (Kind::Word, _) => {}
    }
    let folded = fold(&rule.word);
    if folded.trim().is_empty() {
        let message = format!("an empty word in `{}`", rule.group.as_str());
        return Err(Fault::new(at(), message, "remove it"));
    }
    if folded.chars().count() > MAX_WORD_CHARS {
        let message = format!("a word of more than {MAX_WORD_CHARS} characters");
        return Err(Fault::new(at(), message, "use a shorter part of it"));
    }
    Ok(())
}

fn check_weight(rule: &Rule, spots: &Spots) -> Result<(), Fault> {
    let at = || spots.word(rule.group, rule.place, &rule.word, 0);
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
    let help = if let Some(meant) = meant_key(&message) {
        format!("did you mean `{meant}`?")
    } else if message.contains("missing field `title`") {
        "add `title: …`, the name that people shall see".to_owned()
    } else {
        "see the comments in config/topics/market-supervision.yaml for each key".to_owned()
    };
    Fault::new(at, in_words(&message), help)
}
