//! `tagwire explain POST`: how a post was read, which labels and topics it has and why, who got it or not.
//! In: a file, an id or a part of a title. Out: text for people, or one JSON object.

use std::path::Path;

use serde_json::{Value, json};

use super::posts::{PostJson, to_json};
use super::reading::Reader;
use super::{Verdict, block_on};
use crate::app::{AppError, Setup};
use crate::catalog::{Catalog, Digested, Reading};
use crate::delivery::message::{Form, alert};
use crate::delivery::preview;
use crate::feeds::Addresses;
use crate::model::{Follow, Label};
use crate::store::{Card, DeliveryRow, path_of};
use crate::topics::{Article, Verdict as TopicVerdict};

/// What the store says about the post.
#[derive(Default)]
struct Sent {
    decision: Option<(String, Option<String>)>,
    deliveries: Vec<DeliveryRow>,
}

/// Explains one post.
pub fn execute(setup: &Setup, wanted: &str, json: bool) -> Result<Verdict, AppError> {
    let reader = Reader::new(setup)?;
    let Some(reading) = find(setup, &reader, wanted) else {
        eprintln!("no post is meant by `{wanted}`: give its file, its id, or a part of its title");
        return Ok(Verdict::Found);
    };
    let sent = sent(setup, &reading)?;
    if json {
        println!("{}", to_json(&as_json(setup, &reading, &sent)));
    } else {
        print!("{}", as_text(setup, &reading, &sent));
    }
    Ok(Verdict::Fine)
}

/// The file itself, else what the catalog finds, else the first file whose post fits.
fn find(setup: &Setup, reader: &Reader<'_>, wanted: &str) -> Option<Reading> {
    if Path::new(wanted).is_file() {
        return Some(reader.read(wanted));
    }
    let catalog = Catalog::reader(&setup.config.catalog.path);
    if let Ok(rows) = catalog.and_then(|catalog| catalog.find(wanted, 1))
        && let Some(row) = rows.first()
    {
        return Some(reader.read(&row.path));
    }
    let mut found: Option<Reading> = None;
    reader.read_all(|reading| {
        let fits = reading.path.ends_with(wanted)
            || reading.post.as_ref().is_some_and(|digested| {
                digested.post.id.as_str().contains(wanted) || digested.post.title.contains(wanted)
            });
        if fits && found.is_none() {
            found = Some(reading);
        }
    });
    found
}

fn sent(setup: &Setup, reading: &Reading) -> Result<Sent, AppError> {
    let Some(digested) = &reading.post else {
        return Ok(Sent::default());
    };
    if !path_of(&setup.config.store.url)?.exists() {
        return Ok(Sent::default());
    }
    block_on(async {
        let store = setup.open_store().await?;
        let sent = Sent {
            decision: store.decision(&digested.post.id).await?,
            deliveries: store.deliveries_of(&digested.post.id).await?,
        };
        store.close().await;
        Ok(sent)
    })
}

fn as_text(setup: &Setup, reading: &Reading, sent: &Sent) -> String {
    let mut text = format!("file       {}\n", reading.path);
    for problem in &reading.problems {
        text.push_str(&format!("problem    {problem}\n"));
    }
    let Some(digested) = &reading.post else {
        text.push_str("stopped    the file gives no post that can be used\n");
        return text;
    };
    let post = &digested.post;
    text.push_str(&format!("id         {}\n", post.id));
    text.push_str(&format!("title      {}\n", post.title));
    text.push_str(&format!(
        "published  {} (from {:?})\n",
        post.published.rfc3339(),
        post.date_source
    ));
    text.push_str(&format!("url        {}{}\n", setup.site.url, post.url));
    for (name, value) in [
        ("source", &post.source),
        ("via", &post.via),
        ("digest", &post.digest),
    ] {
        if let Some(value) = value {
            text.push_str(&format!("{name:10} {value}\n"));
        }
    }
    text.push_str(&format!("summary    {}\n", digested.summary));
    for follow in follows(digested) {
        text.push_str(&format!(
            "feed       {follow}  {}\n",
            feed_address(setup, &follow)
        ));
    }
    for verdict in setup.matcher.explain(&Article::from(&**post)) {
        text.push_str(&topic_line(&verdict));
    }
    text.push_str(&stage(setup, digested, sent));
    let message = alert(
        &card(setup, digested),
        "zh",
        setup.site.timezone,
        Form::Full,
    );
    text.push_str(&preview(
        &crate::model::ChatId::Name("preview".into()),
        &message,
    ));
    text
}

fn topic_line(verdict: &TopicVerdict) -> String {
    let word = if verdict.matched {
        "matches"
    } else {
        "no match"
    };
    let mut line = format!(
        "topic      {} ({}): {word}, score {:.2} of {:.2}",
        verdict.topic, verdict.title, verdict.score, verdict.threshold
    );
    if let Some(why) = &verdict.stopped_by {
        line.push_str(&format!(", stopped by {why}"));
    }
    line.push('\n');
    for hit in &verdict.hits {
        line.push_str(&format!(
            "             {} x{} in {} ({:+.2})\n",
            hit.word, hit.count, hit.field, hit.weight
        ));
    }
    line
}

/// Who got it, or the stage at which it was stopped.
fn stage(setup: &Setup, digested: &Digested, sent: &Sent) -> String {
    let mut text = String::new();
    let due = digested.post.published.seconds() > setup.clock.seconds();
    match &sent.decision {
        _ if digested.post.withdrawn => text.push_str("stopped    withdrawn (published: false)\n"),
        None if due => text.push_str("stopped    waits for its date\n"),
        None => text.push_str("stopped    not decided about yet: no `run` or `once` has seen it\n"),
        Some((decision, reason)) => {
            let reason = reason
                .as_ref()
                .map(|reason| format!(" ({reason})"))
                .unwrap_or_default();
            text.push_str(&format!("decision   {decision}{reason}\n"));
        }
    }
    for row in &sent.deliveries {
        let message = row
            .message_id
            .map(|id| format!(" message {id}"))
            .unwrap_or_default();
        let reason = row
            .reason
            .as_ref()
            .map(|reason| format!(" ({reason})"))
            .unwrap_or_default();
        text.push_str(&format!(
            "delivery   {} {}{message}{reason}\n",
            row.chat, row.state
        ));
    }
    if sent
        .decision
        .as_ref()
        .is_some_and(|(decision, _)| decision == "announced")
        && sent.deliveries.is_empty()
    {
        text.push_str("delivery   no chat follows any of its labels\n");
    }
    text
}

fn as_json(setup: &Setup, reading: &Reading, sent: &Sent) -> Value {
    let post = serde_json::to_value(PostJson::from(reading)).unwrap_or_default();
    let verdicts: Vec<Value> = reading
        .post
        .iter()
        .flat_map(|digested| setup.matcher.explain(&Article::from(&*digested.post)))
        .map(|verdict| {
            let hits: Vec<Value> = verdict
                .hits
                .iter()
                .map(|hit| json!({"word": hit.word, "field": hit.field.as_str(), "count": hit.count, "weight": hit.weight}))
                .collect();
            json!({"topic": verdict.topic, "matched": verdict.matched, "score": verdict.score,
                   "threshold": verdict.threshold, "stopped_by": verdict.stopped_by, "hits": hits})
        })
        .collect();
    let feeds: Vec<Value> = reading
        .post
        .iter()
        .flat_map(follows)
        .map(|follow| json!({"follow": follow.to_string(), "feed": feed_address(setup, &follow)}))
        .collect();
    let deliveries: Vec<Value> = sent
        .deliveries
        .iter()
        .map(|row| json!({"chat": row.chat.to_string(), "state": row.state, "reason": row.reason, "message_id": row.message_id}))
        .collect();
    let message = reading.post.as_ref().map(|digested| {
        alert(
            &card(setup, digested),
            "zh",
            setup.site.timezone,
            Form::Full,
        )
        .text
    });
    json!({"post": post, "topics": verdicts, "feeds": feeds, "message": message, "deliveries": deliveries,
           "decision": sent.decision.as_ref().map(|(decision, _)| decision),
           "reason": sent.decision.as_ref().and_then(|(_, reason)| reason.as_ref())})
}

fn follows(digested: &Digested) -> Vec<Follow> {
    let topics = digested.topics.iter().map(Label::topic);
    let labels = digested.post.labels().chain(topics).map(Follow::Label);
    std::iter::once(Follow::Site).chain(labels).collect()
}

fn feed_address(setup: &Setup, follow: &Follow) -> String {
    let settings = &setup.config.feeds;
    let format = settings
        .formats
        .first()
        .copied()
        .unwrap_or(crate::feeds::Format::Atom);
    match Addresses::new(settings, &setup.site) {
        Ok(addresses) => addresses.url(follow, format),
        Err(why) => why,
    }
}

fn card(setup: &Setup, digested: &Digested) -> Card {
    let post = &digested.post;
    let topics = digested.topics.iter().map(|id| {
        let title = setup.matcher.title_of(id).unwrap_or(id);
        (id.clone(), title.to_owned())
    });
    Card {
        post: post.id.clone(),
        title: post.title.clone(),
        url: format!("{}{}", setup.site.url, post.url),
        summary: digested.summary.clone(),
        source: post.source.clone(),
        published: post.published,
        categories: post.categories.clone(),
        tags: post.tags.clone(),
        topics: topics.collect(),
    }
}
