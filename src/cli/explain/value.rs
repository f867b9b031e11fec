//! An explained post for programs. In: what is known of it. Out: one JSON object.

use serde_json::{Value, json};

use super::super::posts::PostJson;
use super::super::words::hits_json;
use super::Explained;
use super::known::Known;
use crate::topics::Verdict;

/// The object.
pub(super) fn as_json(explained: &Explained) -> Value {
    let sent = &explained.sent;
    let post = explained.reading.as_ref().map(PostJson::from);
    let post = serde_json::to_value(post).unwrap_or_default();
    let topics: Vec<Value> = explained.verdicts.iter().map(topic).collect();
    let feeds: Vec<Value> = { explained.feeds().into_iter() }
        .map(
            |follow| json!({"follow": follow.to_string(), "feed": explained.feed_address(&follow)}),
        )
        .collect();
    let deliveries: Vec<Value> = sent
        .deliveries
        .iter()
        .map(|row| {
            json!({"chat": row.chat.to_string(), "kind": row.kind, "state": row.state, "reason": row.reason,
                   "message_id": row.message_id})
        })
        .collect();
    let chats: Vec<Value> = sent
        .fates()
        .iter()
        .map(|fate| {
            let follows: Vec<String> = fate.follows.iter().map(ToString::to_string).collect();
            let row = fate.row.as_ref();
            json!({"chat": fate.chat.to_string(), "follows": follows, "state": row.map(|row| &row.state),
                   "message_id": row.and_then(|row| row.message_id),
                   "reason": row.and_then(|row| row.reason.as_ref()), "stopped": fate.stopped})
        })
        .collect();
    let digested = explained.digested();
    let known = explained.known.as_ref();
    let stopped = match (digested, known) {
        (Some(digested), _) => explained.stage(digested).map(str::to_owned),
        (None, Some(known)) => Some(known.told(explained.setup)),
        (None, None) => Some("the file gives no post that can be used".to_owned()),
    };
    let known = known.map(|known| remembered(explained, known));
    let others: Vec<Value> = { explained.others.iter() }
        .map(|other| json!({"id": other.id, "title": other.title, "path": other.path}))
        .collect();
    let also = { sent.also.iter() }.map(|(source, url)| json!({"source": source, "url": url}));
    let also: Vec<Value> = also.collect();
    json!({"post": post, "known": known, "others": others, "also": also, "date_source": digested.map(|d| format!("{:?}", d.post.date_source)),
           "characters": digested.map(|d| d.post.text.chars().count()),
           "topics": topics, "feeds": feeds, "message": explained.message(), "deliveries": deliveries, "chats": chats,
           "decision": sent.decision.as_ref().map(|(decision, _)| decision),
           "reason": sent.decision.as_ref().and_then(|(_, reason)| reason.as_ref()),
           "stopped": stopped})
}

/// A post whose file gives none now.
fn remembered(explained: &Explained, known: &Known) -> Value {
    let card = &known.card;
    let (since, until) = known.times(explained.setup);
    json!({"id": card.post.as_str(), "title": card.title, "url": card.url, "date": card.published.rfc3339(),
           "source": card.source, "summary": card.summary, "state": known.state(), "missing_since": since,
           "until": until})
}

fn topic(verdict: &Verdict) -> Value {
    json!({"topic": verdict.topic, "title": verdict.title, "matched": verdict.matched,
           "hidden": verdict.hidden, "score": verdict.score, "threshold": verdict.threshold,
           "lacks": verdict.near_miss(), "stopped_by": verdict.stopped_by, "hits": hits_json(&verdict.hits)})
}
