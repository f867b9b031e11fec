//! `tagwire topic test FILE|NAME`: what rules would do to the newest posts.
//! In: a rule file or a topic's id, and the posts. Out: what matches, what is new, what is lost, and why.

use std::collections::BinaryHeap;
use std::path::Path;

use serde_json::{Value, json};

use super::super::Verdict;
use super::super::posts::to_json;
use super::super::reading::Reader;
use super::super::words::{hits_json, hits_line};
use super::{broken, unknown};
use crate::app::{AppError, Setup};
use crate::catalog::{Catalog, Digested, Reading};
use crate::config::ConfigError;
use crate::model::{Follow, Problem};
use crate::topics::{Article, Backtest, Found, Matcher, load_dir_with};

/// Near misses that are shown: the rest is as far away or farther.
const NEAR_SHOWN: usize = 10;

/// Tries rules on posts.
pub(super) fn execute(
    setup: &Setup,
    problems: Vec<Problem>,
    topic: &str,
    newest: usize,
    json: bool,
) -> Result<Verdict, AppError> {
    let file = Path::new(topic);
    let looks_like_file =
        topic.contains('/') || topic.ends_with(".yaml") || topic.ends_with(".yml");
    let (tried, id);
    let rules: &Matcher = if file.is_file() {
        let stem = file.file_stem().unwrap_or_default();
        id = stem.to_string_lossy().into_owned();
        tried = with_file(setup, file)?;
        &tried
    } else if looks_like_file {
        let why = format!("{topic}: there is no such file");
        return Err(AppError::Config(ConfigError::new(why)));
    } else {
        id = topic.to_owned();
        &setup.matcher
    };
    if rules.topic(&id).is_none() {
        // It may be in one of the files that cannot be used.
        if !problems.is_empty() {
            return Err(AppError::Config(ConfigError::of(problems)));
        }
        return Ok(unknown(setup, &id));
    }
    let is_file = file.is_file();
    let mut backtest = Backtest::default();
    newest_posts(setup, newest, |reading, remembered| {
        let Some(digested) = &reading.post else {
            return;
        };
        let article = Article::from(&*digested.post);
        if is_file {
            backtest.look_beside(rules, &id, &article, &digested.topics);
        }
        // A file is compared with the rules in force, the rules in force with what readers see; of hidden topics they
        // see nothing.
        let before = match is_file || rules.topic(&id).is_some_and(|topic| topic.hidden) {
            true => { setup.matcher.verdict(&id, &article) }.is_some_and(|verdict| verdict.matched),
            false => remembered.contains(&id),
        };
        backtest.look(rules, &id, &reading.path, &article, before);
    })?;
    if json {
        say!("{}", to_json(&as_json(&id, &backtest)));
    } else {
        super::super::put(&as_text(&id, &backtest));
    }
    Ok(Verdict::Fine)
}

/// The topics in force with a file in the place of the topic of its name.
fn with_file(setup: &Setup, file: &Path) -> Result<Matcher, AppError> {
    let (topics, errors) = load_dir_with(&setup.config.topics.dir, file);
    if !errors.is_empty() {
        return Err(broken(&errors));
    }
    Matcher::new(topics).map_err(|why| AppError::Config(ConfigError::new(format!("topics: {why}"))))
}

/// The newest posts, newest first, with the topics that the catalog has for each. Without a catalog
/// the folder is read, and nothing is remembered.
fn newest_posts(
    setup: &Setup,
    newest: usize,
    mut each: impl FnMut(&Reading, &[String]),
) -> Result<(), AppError> {
    let reader = Reader::new(setup)?;
    let catalog = Catalog::reader(&setup.config.catalog.path);
    if let Ok(rows) = catalog.and_then(|catalog| catalog.newest(&Follow::Site, newest, 0))
        && !rows.is_empty()
    {
        for row in rows.iter().take(newest) {
            each(&reader.read(&row.path), &row.topics);
        }
        return Ok(());
    }
    // The oldest of those kept is on top, to be pushed out by a newer one.
    let mut kept: BinaryHeap<std::cmp::Reverse<(i64, String)>> = BinaryHeap::new();
    reader.read_all(|reading| {
        let is_public = |digested: &&Digested| {
            let is_due = digested.post.published.seconds() <= setup.clock.seconds();
            is_due && !digested.post.withdrawn
        };
        if let Some(digested) = reading.post.as_ref().filter(is_public) {
            let key = (digested.post.published.seconds(), reading.path.clone());
            kept.push(std::cmp::Reverse(key));
            if kept.len() > newest {
                kept.pop();
            }
        }
    });
    for std::cmp::Reverse((_, path)) in kept.into_sorted_vec() {
        each(&reader.read(&path), &[]);
    }
    Ok(())
}

fn as_text(id: &str, backtest: &Backtest) -> String {
    let mut text = String::new();
    let new = backtest.new_ones().count();
    let mut list = |title: &str, found: &[&Found]| {
        if found.is_empty() {
            return;
        }
        text.push_str(&format!("{title}\n"));
        for found in found {
            text.push_str(&line(found));
        }
        text.push('\n');
    };
    list("newly matched", &backtest.new_ones().collect::<Vec<_>>());
    list(
        "no longer matched",
        &backtest.lost.iter().collect::<Vec<_>>(),
    );
    let old = backtest.matched.iter().filter(|found| found.before);
    list("matched as before", &old.collect::<Vec<_>>());
    list(
        "near misses",
        &backtest.near.iter().take(NEAR_SHOWN).collect::<Vec<_>>(),
    );
    text.push_str(&format!(
        "{id}: matches {} of the newest {} posts, {new} new, {} no longer\n",
        backtest.matched.len(),
        backtest.looked,
        backtest.lost.len()
    ));
    for (other, shift) in &backtest.others {
        text.push_str(&format!(
            "{other}, which hangs on it: {} new, {} no longer\n",
            shift.new, shift.lost
        ));
    }
    text
}

fn line(found: &Found) -> String {
    let verdict = &found.verdict;
    let mut text = format!(
        "  {:6.2} of {:.2}  {}  {}\n",
        verdict.score, verdict.threshold, found.title, found.post
    );
    if let Some(why) = &verdict.stopped_by {
        text.push_str(&format!("         stopped: {why}\n"));
    }
    if !verdict.hits.is_empty() {
        text.push_str(&format!("         {}\n", hits_line(&verdict.hits)));
    }
    text
}

fn as_json(id: &str, backtest: &Backtest) -> Value {
    let list = |found: &[Found]| found.iter().map(found_json).collect::<Vec<_>>();
    let others = backtest.others.iter();
    let others: Vec<Value> = others
        .map(|(topic, shift)| json!({"topic": topic, "new": shift.new, "lost": shift.lost}))
        .collect();
    json!({"topic": id, "looked": backtest.looked, "matched": list(&backtest.matched),
           "new": backtest.new_ones().count(), "lost": list(&backtest.lost), "near": list(&backtest.near),
           "others": others})
}

fn found_json(found: &Found) -> Value {
    let verdict = &found.verdict;
    json!({"path": found.post, "title": found.title, "before": found.before, "score": verdict.score,
           "threshold": verdict.threshold, "stopped_by": verdict.stopped_by, "hits": hits_json(&verdict.hits)})
}
