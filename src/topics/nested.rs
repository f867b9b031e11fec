//! Which topic uses which: all of them must exist, and none may use itself by a way around.
//! In: rule files that are right in themselves. Out: those that can be matched, and errors for the rest.
//! A circle is told with the line of each of its topics.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::error::{Also, Fault, TopicError, line_of};
use super::load::RuleFile;
use super::rule::{Place, Topic};
use super::spots::Spots;
use crate::model::nearest;

/// Sorts out what cannot be matched. `broken` are ids of files that have errors of their own.
pub(super) fn check(
    mut files: Vec<RuleFile>,
    mut broken: HashSet<String>,
) -> (Vec<RuleFile>, Vec<TopicError>) {
    let mut errors = Vec::new();
    let mut circular: HashSet<String> = HashSet::new();
    for circle in circles(&files) {
        errors.push(circle_error(&circle, &files));
        circular.extend(circle.into_iter().map(|step| step.id));
    }
    files.retain(|file| !circular.contains(&file.topic.id));
    broken.extend(circular);
    // A topic that falls out takes along those that use it: until nothing falls out any more.
    loop {
        let known: HashSet<String> = files.iter().map(|file| file.topic.id.clone()).collect();
        let fallen = files.iter().find_map(|file| {
            let mut uses = file.topic.uses();
            let (rule, used) = uses.find(|(_, used)| !known.contains(*used))?;
            Some((file, rule, used))
        });
        let Some((file, rule, used)) = fallen else {
            return (files, errors);
        };
        errors.push(missing_error(file, rule, used, &known, &broken));
        let id = file.topic.id.clone();
        files.retain(|file| file.topic.id != id);
        broken.insert(id);
    }
}

fn place_of(file: &RuleFile, rule: usize) -> (u32, u32) {
    let rule = &file.topic.rules[rule];
    Spots::new(&file.yaml).word(rule.group, Place::Topic, &rule.word, 0)
}

fn missing_error(
    file: &RuleFile,
    rule: usize,
    used: &str,
    known: &HashSet<String>,
    broken: &HashSet<String>,
) -> TopicError {
    let others = known.iter().filter(|id| **id != file.topic.id);
    let meant = nearest(used, others.map(String::as_str));
    let (message, help) = if broken.contains(used) {
        let message = format!("the topic `{used}` cannot be used: it has an error itself");
        (message, format!("mend `{used}` first"))
    } else {
        let help = match meant {
            Some(id) => format!("did you mean `{id}`?"),
            None => format!("write it as {used}.yaml beside this file, or remove the line"),
        };
        (format!("there is no topic `{used}`"), help)
    };
    Fault::new(place_of(file, rule), message, help).in_file(&file.path, &file.yaml)
}

/// One topic of a circle, and its rule that leads on.
struct Step {
    id: String,
    rule: usize,
}

fn circle_error(circle: &[Step], files: &[RuleFile]) -> TopicError {
    let places: Vec<Also> = circle
        .iter()
        .filter_map(|step| {
            let file = files.iter().find(|file| file.topic.id == step.id)?;
            let (line, column) = place_of(file, step.rule);
            let used = &file.topic.rules[step.rule].word;
            Some(Also {
                path: file.path.clone(),
                line,
                column,
                note: format!("`{}` uses `{used}`", step.id),
                source: line_of(&file.yaml, line),
            })
        })
        .collect();
    let names: Vec<&str> = circle.iter().map(|step| step.id.as_str()).collect();
    let first = names.first().copied().unwrap_or_default();
    let message = match names.len() {
        1 => format!("the topic `{first}` uses itself"),
        _ => format!(
            "topics use each other in a circle: {} → {first}",
            names.join(" → ")
        ),
    };
    let mut places = places.into_iter();
    let head = places.next();
    let (path, line, column, source) = head
        .map(|also| (also.path, also.line, also.column, also.source))
        .unwrap_or_default();
    TopicError {
        path,
        line,
        column,
        message,
        help: "remove one of these lines".to_owned(),
        source: source.into(),
        also: places.collect(),
    }
}

/// Every circle once, found from its first topic by id.
fn circles(files: &[RuleFile]) -> Vec<Vec<Step>> {
    let topics: BTreeMap<&str, &Topic> = files
        .iter()
        .map(|file| (file.topic.id.as_str(), &file.topic))
        .collect();
    let mut done: HashSet<&str> = HashSet::new();
    let mut found = Vec::new();
    for start in topics.keys() {
        // The way from `start` to here, each step with the uses that are still to be followed.
        let mut way: Vec<(&str, Vec<(usize, &str)>)> = Vec::new();
        enter(start, &topics, &mut done, &mut way);
        while let Some((_, rest)) = way.last() {
            let Some((_, next)) = rest.last().copied() else {
                way.pop();
                continue;
            };
            if let Some(at) = way.iter().position(|(id, _)| *id == next) {
                found.push(way[at..].iter().filter_map(step).collect());
            } else {
                enter(next, &topics, &mut done, &mut way);
                if way.last().is_some_and(|(id, _)| *id == next) {
                    continue;
                }
            }
            advance(&mut way);
        }
    }
    found
}

/// The use that is followed just now.
fn step((id, rest): &(&str, Vec<(usize, &str)>)) -> Option<Step> {
    let (rule, _) = rest.last()?;
    Some(Step {
        id: (*id).to_owned(),
        rule: *rule,
    })
}

fn enter<'a>(
    id: &'a str,
    topics: &BTreeMap<&'a str, &'a Topic>,
    done: &mut HashSet<&'a str>,
    way: &mut Vec<(&'a str, Vec<(usize, &'a str)>)>,
) {
    if let Some(topic) = topics.get(id)
        && done.insert(id)
    {
        way.push((id, topic.uses().collect()));
    }
}

fn advance(way: &mut [(&str, Vec<(usize, &str)>)]) {
    if let Some((_, rest)) = way.last_mut() {
        rest.pop();
    }
}

/// The indices of `topics` so that each comes after those it uses; `Err` names what is in the way.
pub(super) fn order(topics: &[Topic]) -> Result<Vec<usize>, String> {
    let index: HashMap<&str, usize> = topics
        .iter()
        .enumerate()
        .map(|(at, topic)| (topic.id.as_str(), at))
        .collect();
    let mut waits: Vec<usize> = Vec::with_capacity(topics.len());
    let mut users: HashMap<usize, Vec<usize>> = HashMap::new();
    for (at, topic) in topics.iter().enumerate() {
        for (_, used) in topic.uses() {
            let used = index.get(used).ok_or_else(|| {
                format!("the topic `{}` uses `{used}`, which is not there", topic.id)
            })?;
            users.entry(*used).or_default().push(at);
        }
        waits.push(topic.uses().count());
    }
    let mut order: Vec<usize> = (0..topics.len()).filter(|at| waits[*at] == 0).collect();
    let mut next = 0;
    while let Some(done) = order.get(next).copied() {
        next += 1;
        for user in users.get(&done).into_iter().flatten() {
            waits[*user] -= 1;
            if waits[*user] == 0 {
                order.push(*user);
            }
        }
    }
    if order.len() < topics.len() {
        return Err("topics use each other in a circle".to_owned());
    }
    Ok(order)
}
