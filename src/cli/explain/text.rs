//! An explained post for people. In: what is known of it. Out: lines, each with a word for its kind in front.

use std::path::Path;

use super::super::words::hits_line;
use super::Explained;
use super::chats::Fate;
use super::find::{MOST, Other};
use super::known::Known;
use crate::catalog::Digested;
use crate::model::DateSource;
use crate::topics::Verdict;

/// Chats that are shown; the others are counted.
const CHATS_SHOWN: usize = 50;

/// Other posts that are named.
const OTHERS_SHOWN: usize = 5;

/// All lines.
pub(super) fn as_text(explained: &Explained, wanted: &str) -> String {
    let mut lines = Lines::default();
    others(&mut lines, &explained.others, wanted);
    if let Some(reading) = &explained.reading {
        lines.add("file", &reading.path);
        // That the file is gone is told below.
        let is_told = explained.known.is_some() && !Path::new(&reading.path).exists();
        for problem in reading.problems.iter().filter(|_| !is_told) {
            lines.add("problem", problem);
        }
    }
    match (explained.digested(), &explained.known) {
        (Some(digested), _) => how_it_was_read(&mut lines, explained, digested),
        (None, Some(known)) => what_is_known(&mut lines, explained, known),
        (None, None) => {
            lines.add("stopped", "the file gives no post that can be used");
            return lines.0;
        }
    }
    for follow in explained.feeds() {
        let address = explained.feed_address(&follow);
        lines.add("feed", format!("{follow}  {address}"));
    }
    topics(&mut lines, &explained.verdicts);
    who_got_it(&mut lines, explained);
    lines.0 += &explained.preview().unwrap_or_default();
    lines.0
}

/// What else may have been meant.
fn others(lines: &mut Lines, others: &[Other], wanted: &str) {
    let (posts, fit) = match others.len() {
        0 => return,
        1 => ("1 more post".to_owned(), "fits"),
        many if many + 1 >= MOST => (format!("{many} more posts, or even more,"), "fit"),
        many => (format!("{many} more posts"), "fit"),
    };
    let told = "the newest is told, name another one by its id or file";
    lines.add("others", format!("{posts} {fit} `{wanted}`; {told}"));
    for other in others.iter().take(OTHERS_SHOWN) {
        let name = match other.id.is_empty() {
            true => other.path.as_deref().unwrap_or_default(),
            false => &other.id,
        };
        lines.add("", format!("  {name}  {}", other.title));
    }
    if others.len() > OTHERS_SHOWN {
        let more = others.len() - OTHERS_SHOWN;
        lines.add("", format!("  and {more} more; --json has them"));
    }
}

/// A post whose file gives none now.
fn what_is_known(lines: &mut Lines, explained: &Explained, known: &Known) {
    let card = &known.card;
    lines.add("id", &card.post);
    lines.add("title", &card.title);
    lines.add("published", card.published.rfc3339());
    lines.add("url", &card.url);
    if let Some(source) = &card.source {
        lines.add("source", source);
    }
    lines.add("summary", &card.summary);
    lines.add("state", known.told(explained.setup));
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, kind: &str, what: impl std::fmt::Display) {
        self.0 += &format!("{kind:10} {what}\n");
    }
}

fn how_it_was_read(lines: &mut Lines, explained: &Explained, digested: &Digested) {
    let post = &digested.post;
    lines.add("id", &post.id);
    lines.add("title", &post.title);
    let date = post.published.rfc3339();
    let source = date_source(post.date_source);
    lines.add("published", format!("{date} (from {source})"));
    if let Some(updated) = post.updated {
        lines.add("updated", updated.rfc3339());
    }
    lines.add("url", format!("{}{}", explained.setup.site.url, post.url));
    for (name, value) in [
        ("author", &post.author),
        ("source", &post.source),
        ("via", &post.via),
        ("digest", &post.digest),
        ("image", &post.image),
    ] {
        if let Some(value) = value {
            lines.add(name, value);
        }
    }
    let characters = post.text.chars().count();
    lines.add(
        "text",
        format!("{characters} characters, without source line, footer and tickers"),
    );
    lines.add("summary", &digested.summary);
}

fn date_source(source: DateSource) -> &'static str {
    match source {
        DateSource::FrontMatter => "the front matter",
        DateSource::FileName => "the file's name",
        DateSource::NumberInName => "the number in the file's name",
        DateSource::FileTime => "the file's last change",
        DateSource::FirstSeen => "the time at which the file was first seen",
    }
}

/// Matches and near misses first, then what else was seen; topics of which nothing was seen in one line.
fn topics(lines: &mut Lines, verdicts: &[Verdict]) {
    let rank = |verdict: &Verdict| match verdict {
        v if v.matched && !v.hidden => 0,
        v if v.near_miss().is_some() => 1,
        v if v.matched => 2,
        _ => 3,
    };
    let mut seen: Vec<&Verdict> = verdicts.iter().filter(|v| !v.hits.is_empty()).collect();
    seen.sort_by_key(|verdict| rank(verdict));
    for verdict in seen {
        lines.add("topic", topic_line(verdict));
        lines.add("", format!("  {}", hits_line(&verdict.hits)));
    }
    let unseen = verdicts.iter().filter(|v| v.hits.is_empty());
    let unseen: Vec<&str> = unseen.map(|verdict| verdict.topic.as_str()).collect();
    if !unseen.is_empty() {
        lines.add("topic", format!("no word of {}", unseen.join(", ")));
    }
}

fn topic_line(verdict: &Verdict) -> String {
    let hidden = if verdict.hidden { ", hidden" } else { "" };
    let name = format!("{} ({}{hidden})", verdict.topic, verdict.title);
    let score = format!("score {:.2} of {:.2}", verdict.score, verdict.threshold);
    match (&verdict.stopped_by, verdict.near_miss()) {
        (None, _) => format!("{name}: matches, {score}"),
        (_, Some(lacks)) => format!("{name}: near miss, {score}, lacks {lacks:.2}"),
        (Some(why), None) => format!("{name}: no match, {score}, stopped by {why}"),
    }
}

fn who_got_it(lines: &mut Lines, explained: &Explained) {
    let sent = &explained.sent;
    if let Some(stage) = explained.digested().and_then(|post| explained.stage(post)) {
        lines.add("stopped", stage);
    } else if let Some((decision, reason)) = &sent.decision {
        let reason = reason.as_ref().map(|reason| format!(" ({reason})"));
        lines.add(
            "decision",
            format!("{decision}{}", reason.unwrap_or_default()),
        );
    }
    for (source, url) in &sent.also {
        lines.add("also", format!("{source}  {url}"));
    }
    let fates = sent.fates();
    for fate in fates.iter().take(CHATS_SHOWN) {
        match &fate.stopped {
            None => lines.add("delivery", delivery_line(fate)),
            Some(why) => lines.add(
                "no message",
                format!("{}: {why}{}", fate.chat, follows_of(fate)),
            ),
        }
    }
    if fates.len() > CHATS_SHOWN {
        let more = fates.len() - CHATS_SHOWN;
        lines.add("", format!("and {more} more chats; --json shows all"));
    }
    if fates.is_empty() {
        lines.add("delivery", "no chat follows any of its labels");
    }
}

fn delivery_line(fate: &Fate) -> String {
    let Some(row) = &fate.row else {
        return fate.chat.to_string();
    };
    let message = row.message_id.map(|id| format!(" message {id}"));
    let reason = row.reason.as_ref().map(|reason| format!(" ({reason})"));
    format!(
        "{} {}{}{}{}",
        row.chat,
        row.state,
        message.unwrap_or_default(),
        reason.unwrap_or_default(),
        follows_of(fate)
    )
}

fn follows_of(fate: &Fate) -> String {
    if fate.follows.is_empty() {
        return ", follows none of its labels today".to_owned();
    }
    let follows: Vec<String> = fate.follows.iter().map(ToString::to_string).collect();
    format!(", follows {}", follows.join(", "))
}
