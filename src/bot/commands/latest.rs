//! `/latest`: the newest posts of what the chat follows, or of a label. In: words. Out: a reply with links.

use std::cmp::Reverse;

use super::{Asker, posts, search};
use crate::bot::context::{CommandError, Context};
use crate::bot::drafts::is_own;
use crate::bot::{post_replies, replies};
use crate::catalog::Row;
use crate::model::Follow;

/// Posts shown.
const SHOWN: usize = 5;

/// Answers `/latest` and `/latest WORDS`.
pub async fn asked(context: &Context, asker: &Asker<'_>, query: &str) -> Result<(), CommandError> {
    let query = query.trim();
    let follows: Vec<Follow> = if query.is_empty() {
        context.store.following(&asker.target().chat).await?
    } else {
        let found = search::labels(context, query).await?;
        match found.exact.or_else(|| found.choices.first().cloned()) {
            Some(choice) => vec![choice.follow],
            None => {
                let reply = replies::found(asker.words, query, &[], 0, 0);
                asker.reply(context, &reply).await;
                return Ok(());
            }
        }
    };
    let rows = newest(context, follows).await?;
    let zone = context.zone_of(&asker.target().chat).await?;
    let reply = post_replies::latest(asker.words, &rows, &context.site.url, zone);
    asker.reply(context, &reply).await;
    Ok(())
}

async fn newest(context: &Context, follows: Vec<Follow>) -> Result<Vec<Row>, CommandError> {
    let (own, follows): (Vec<Follow>, Vec<Follow>) = follows.into_iter().partition(is_own);
    let rules: Vec<String> = own.iter().map(|follow| context.title(follow)).collect();
    let is_met = posts::is_met(&rules)?;
    let rows = context.index.ask(move |catalog| {
        let mut rows: Vec<Row> = Vec::new();
        for follow in &follows {
            rows.extend(catalog.newest(follow, SHOWN, 0)?);
        }
        if !rules.is_empty() {
            rows.extend(catalog.newest_where(is_met, posts::LOOKED, 0, SHOWN)?);
        }
        Ok(rows)
    });
    let mut rows = rows.await?;
    rows.sort_by_key(|row| (Reverse(row.published.seconds()), row.id.clone()));
    rows.dedup_by(|a, b| a.id == b.id);
    rows.truncate(SHOWN);
    Ok(rows)
}
