//! `tagwire topic eval NAME`: how well a topic agrees with a person who read the posts.
//! In: labels by hand and the posts they are about. Out: precision and recall of both halves, beside a plain
//! search for one word, and each post where person and rules differ, with the deciding words.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::super::Verdict;
use super::super::posts::to_json;
use super::super::reading::Reader;
use super::super::words::{hits_json, hits_line};
use super::unknown;
use crate::app::{AppError, Setup};
use crate::config::ConfigError;
use crate::topics::{
    Answer, Article, Confusion, Evaluation, Half, Labelled, Score, hash_of, read_labels,
};

/// What is asked.
pub(super) struct Task {
    pub id: String,
    pub labels: PathBuf,
    pub folders: Vec<PathBuf>,
    pub beside: Option<String>,
    pub at_least: Option<f64>,
    pub json: bool,
}

/// Labels whose post was not judged.
#[derive(Default)]
struct LeftOut {
    missing: Vec<String>,
    changed: Vec<String>,
    unread: Vec<String>,
}

/// Judges a topic.
pub(super) fn execute(setup: &Setup, task: &Task) -> Result<Verdict, AppError> {
    let Some(topic) = setup.matcher.topic(&task.id) else {
        return Ok(unknown(setup, &task.id));
    };
    let name = task.labels.display();
    let error = |why: String| AppError::Config(ConfigError::new(format!("{name}: {why}")));
    let text = std::fs::read_to_string(&task.labels).map_err(|e| error(e.to_string()))?;
    let labels = read_labels(&text).map_err(|lines| error(lines.join("\n")))?;
    let plain = task.beside.as_deref().unwrap_or(&topic.title);
    let (evaluation, left_out) = judge(setup, task, &labels, plain)?;
    if task.json {
        say!("{}", to_json(&as_json(&evaluation, &left_out, plain)));
    } else {
        super::super::put(&as_text(&evaluation, &left_out, plain));
    }
    let held = evaluation.held_out;
    let reached = |part: Option<f64>| task.at_least.is_none_or(|least| part >= Some(least));
    Ok(match reached(held.precision()) && reached(held.recall()) {
        true => Verdict::Fine,
        false => Verdict::Found,
    })
}

fn judge(
    setup: &Setup,
    task: &Task,
    labels: &[Labelled],
    plain: &str,
) -> Result<(Evaluation, LeftOut), AppError> {
    let reader = Reader::new(setup)?;
    let mut evaluation = Evaluation::default();
    let mut left_out = LeftOut::default();
    let mut nameless = Nameless::default();
    for label in labels {
        let paths = task.folders.iter().map(|folder| folder.join(&label.path));
        let found = match label.path.ends_with("/*") {
            true => paths
                .into_iter()
                .find_map(|path| nameless.find(&path, &label.hash)),
            false => paths.into_iter().find(|path| path.is_file()),
        };
        let Some(path) = found else {
            left_out.missing.push(label.path.clone());
            continue;
        };
        let bytes = std::fs::read(&path).unwrap_or_default();
        if !hash_of(&bytes).starts_with(&label.hash) {
            left_out.changed.push(label.path.clone());
            continue;
        }
        let reading = reader.read(&path.to_string_lossy());
        let Some(digested) = &reading.post else {
            left_out.unread.push(label.path.clone());
            continue;
        };
        let article = Article::from(&*digested.post);
        let occurs = article.title.contains(plain) || article.text.contains(plain);
        if let Some(verdict) = setup.matcher.verdict(&task.id, &article) {
            evaluation.add(label, verdict, occurs);
        }
    }
    Ok((evaluation, left_out))
}

/// The files of folders whose labels name no file, by hash.
#[derive(Default)]
struct Nameless(HashMap<PathBuf, Vec<(String, PathBuf)>>);

impl Nameless {
    fn find(&mut self, pattern: &Path, hash: &str) -> Option<PathBuf> {
        let folder = pattern.parent()?.to_path_buf();
        let files = self.0.entry(folder).or_insert_with_key(|folder| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let hashed = entries.filter_map(|entry| {
                let bytes = std::fs::read(entry.path()).ok()?;
                Some((hash_of(&bytes), entry.path()))
            });
            hashed.collect()
        });
        let found = files.iter().find(|(known, _)| known.starts_with(hash));
        found.map(|(_, path)| path.clone())
    }
}

fn as_text(evaluation: &Evaluation, left_out: &LeftOut, plain: &str) -> String {
    let mut text = String::new();
    for confusion in &evaluation.confusions {
        text.push_str(&confusion_text(confusion));
    }
    for (what, paths) in [
        ("not found, left out", &left_out.missing),
        ("changed since it was labelled, left out", &left_out.changed),
        ("gives no post, left out", &left_out.unread),
    ] {
        if let Some(first) = paths.first() {
            text.push_str(&format!("{} {what}: {first}", paths.len()));
            text.push_str(if paths.len() > 1 { " …\n" } else { "\n" });
        }
    }
    if evaluation.doubtful > 0 {
        text.push_str(&format!("{} doubtful, left out\n", evaluation.doubtful));
    }
    text.push_str("\nhalf      rules            posts  about  right  false alarms  missed  precision  recall\n");
    for (half, name, score) in [
        (Half::Tune, "topic", evaluation.tune),
        (Half::Tune, plain, evaluation.plain_tune),
        (Half::HeldOut, "topic", evaluation.held_out),
        (Half::HeldOut, plain, evaluation.plain_held_out),
    ] {
        text.push_str(&score_line(half, name, score));
    }
    text
}

fn score_line(half: Half, name: &str, score: Score) -> String {
    let posts = score.hits + score.false_alarms + score.misses + score.rest;
    let part = |part: Option<f64>| part.map_or("-".to_owned(), |part| format!("{part:.3}"));
    // A Chinese character takes two columns.
    let columns: usize = name.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
    let padding = " ".repeat(15usize.saturating_sub(columns));
    format!(
        "{:8}  {name}{padding}  {posts:5}  {:5}  {:5}  {:12}  {:6}  {:>9}  {:>6}\n",
        half.as_str(),
        score.hits + score.misses,
        score.hits,
        score.false_alarms,
        score.misses,
        part(score.precision()),
        part(score.recall()),
    )
}

fn confusion_text(confusion: &Confusion) -> String {
    let verdict = &confusion.verdict;
    let kind = match confusion.answer {
        Answer::Yes => "missed",
        _ => "false alarm",
    };
    let half = confusion.half.as_str();
    let mut text = format!(
        "{kind} ({half}, {:.2} of {:.2}): {}\n",
        verdict.score, verdict.threshold, confusion.path
    );
    if !verdict.hits.is_empty() {
        text.push_str(&format!("    {}\n", hits_line(&verdict.hits)));
    }
    text
}

fn as_json(evaluation: &Evaluation, left_out: &LeftOut, plain: &str) -> Value {
    let score = |score: Score| {
        json!({"right": score.hits, "false_alarms": score.false_alarms, "missed": score.misses,
               "rest": score.rest, "precision": score.precision(), "recall": score.recall()})
    };
    let confusions: Vec<Value> = evaluation
        .confusions
        .iter()
        .map(|confusion| {
            let verdict = &confusion.verdict;
            json!({"path": confusion.path, "half": confusion.half.as_str(),
                   "about": confusion.answer == Answer::Yes, "score": verdict.score,
                   "stopped_by": verdict.stopped_by, "hits": hits_json(&verdict.hits)})
        })
        .collect();
    json!({
        "tune": {"topic": score(evaluation.tune), "plain": score(evaluation.plain_tune)},
        "held_out": {"topic": score(evaluation.held_out), "plain": score(evaluation.plain_held_out)},
        "plain": plain, "doubtful": evaluation.doubtful, "confusions": confusions,
        "missing": left_out.missing, "changed": left_out.changed, "unread": left_out.unread,
    })
}
