//! `tagwire held`: posts that wait for somebody's word. In: a decision. Out: rows in the outbox, or a list.

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Verdict, block_on};
use crate::app::{AppError, Setup};
use crate::model::counted;
use crate::store::{Card, Release};

/// What to do with held posts, and how to tell it.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    action: Option<Action>,
    /// One JSON object a line
    #[arg(long, global = true)]
    pub(super) json: bool,
}

/// What to do with held posts.
#[derive(Subcommand, Clone, Copy)]
enum Action {
    /// Show them (the default)
    List,
    /// Announce all of them; a running daemon sends them at once
    Announce,
    /// Announce all of them in digests
    Digest,
    /// Mark all of them as known: nobody is told
    Dismiss,
}

/// Held posts listed at most.
const LISTED: i64 = 1000;

/// Lists held posts or decides about them.
pub fn execute(setup: &Setup, options: &Options) -> Result<Verdict, AppError> {
    if !super::has_store(setup)? {
        return Ok(Verdict::Found);
    }
    block_on(async {
        let store = setup.open_store().await?;
        let release = match options.action.unwrap_or(Action::List) {
            Action::List => None,
            Action::Announce => Some(Release::Announce),
            Action::Digest => Some(Release::Digest),
            Action::Dismiss => Some(Release::Dismiss),
        };
        match release {
            None => {
                let held = store.held(LISTED).await?;
                list(&held, store.counts().await?.held, options.json);
            }
            Some(release) => {
                let now = setup.clock.now();
                let posts = store.release_held(release, i64::MAX, now).await?;
                settled(release, posts, options.json);
            }
        }
        store.close().await;
        Ok(Verdict::Fine)
    })
}

fn list(held: &[(Card, String)], all: i64, is_json: bool) {
    for (card, reason) in held {
        match is_json {
            true => say!("{}", as_json(card, reason)),
            false => say!("{}  {}  ({reason})", card.post, card.title),
        }
    }
    if !is_json {
        let are = if all == 1 { "is" } else { "are" };
        say!("{} {are} held", counted(all.unsigned_abs(), "post"));
    }
}

fn as_json(card: &Card, reason: &str) -> serde_json::Value {
    json!({
        "post": card.post.as_str(),
        "title": card.title,
        "url": card.url,
        "date": card.published.rfc3339(),
        "reason": reason,
    })
}

fn settled(release: Release, posts: u64, is_json: bool) {
    let are = if posts == 1 { "is" } else { "are" };
    let told = counted(posts, "post");
    match (release, is_json) {
        (Release::Announce, true) => say!("{}", json!({"announced": posts})),
        (Release::Digest, true) => say!("{}", json!({"digested": posts})),
        (Release::Dismiss, true) => say!("{}", json!({"dismissed": posts})),
        (Release::Announce, false) => say!("{told} {are} being announced"),
        (Release::Digest, false) => say!("{told} {are} being announced in digests"),
        (Release::Dismiss, false) => say!("{told} dismissed"),
    }
}
