//! `tagwire topic list`, `show` and `export`. In: the topics in force. Out: text, JSON lines, or a rule file.

use serde_json::json;

use super::super::Verdict;
use super::super::posts::to_json;
use super::unknown;
use crate::app::Setup;
use crate::catalog::Catalog;
use crate::model::{Follow, Label};
use crate::topics::{Group, Place, Rule, Topic, to_yaml};

/// All topics.
pub(super) fn list(setup: &Setup, json: bool) -> Verdict {
    let catalog = Catalog::reader(&setup.config.catalog.path).ok();
    for topic in setup.matcher.all_topics() {
        let follow = Follow::Label(Label::topic(&topic.id));
        let row = catalog
            .as_ref()
            .and_then(|c| c.label(&follow).ok().flatten());
        let posts = row.map(|row| row.posts);
        let uses: Vec<&str> = topic.uses().map(|(_, id)| id).collect();
        if json {
            let line = json!({"topic": topic.id, "title": topic.title, "description": topic.description,
                "threshold": topic.threshold, "hidden": topic.hidden, "words": topic.rules.len(), "uses": uses, "posts": posts});
            say!("{}", to_json(&line));
            continue;
        }
        let mut line = format!("{}  {}  {} words", topic.id, topic.title, topic.rules.len());
        if !uses.is_empty() {
            line.push_str(&format!(", asks for {}", uses.join(", ")));
        }
        if topic.hidden {
            line.push_str(", hidden");
        } else if let Some(posts) = posts {
            line.push_str(&format!(", {posts} posts"));
        }
        say!("{line}");
    }
    Verdict::Fine
}

/// One topic with all its words.
pub(super) fn show(setup: &Setup, id: &str) -> Verdict {
    let Some(topic) = setup.matcher.topic(id) else {
        return unknown(setup, id);
    };
    say!("{}  {}", topic.id, topic.title);
    if let Some(description) = &topic.description {
        say!("{description}");
    }
    if topic.threshold > 0.0 {
        say!("matches from a score of {}", topic.threshold);
    }
    for group in Group::ALL {
        for place in Place::ALL {
            show_words(topic, group, place);
        }
    }
    let users = setup.matcher.all_topics().iter();
    let users = users.filter(|other| other.uses().any(|(_, used)| used == id));
    let users: Vec<&str> = users.map(|other| other.id.as_str()).collect();
    if !users.is_empty() {
        say!("\nasked for by {}", users.join(", "));
    }
    Verdict::Fine
}

fn show_words(topic: &Topic, group: Group, place: Place) {
    let rules = topic.rules.iter();
    let mut rules: Vec<&Rule> = rules
        .filter(|rule| rule.group == group && rule.place == place)
        .collect();
    let weight = |rule: &Rule| {
        rule.weight
            .unwrap_or(if group == Group::None { -1e9 } else { 1.0 })
    };
    rules.sort_by(|a, b| weight(b).abs().total_cmp(&weight(a).abs()));
    for run in rules.chunk_by(|a, b| a.weight == b.weight) {
        let words: Vec<String> = run.iter().map(|rule| rule.shown()).collect();
        let meaning = match (group, run[0].weight) {
            (Group::All, _) => "must occur".to_owned(),
            (Group::None, None) => "veto".to_owned(),
            _ => format!("{:+}", run[0].worth()),
        };
        let words = words.join(" ");
        say!(
            "\n{} {} ({meaning}): {words}",
            group.as_str(),
            place.as_str()
        );
    }
}

/// One topic as a rule file.
pub(super) fn export(setup: &Setup, id: &str) -> Verdict {
    let Some(topic) = setup.matcher.topic(id) else {
        return unknown(setup, id);
    };
    say!("# yaml-language-server: $schema=topic.schema.json");
    super::super::put(&to_yaml(topic));
    Verdict::Fine
}
