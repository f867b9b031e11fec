//! `/latest`: the newest posts of what the chat follows, or of a label. In: words. Out: a reply with links.

use std::cmp::Reverse;

use super::{Asker, search};
use crate::bot::context::{CommandError, Context};
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
    let reply = post_replies::latest(asker.words, &rows, &context.site.url, context.site.timezone);
    asker.reply(context, &reply).await;
    Ok(())
}

async fn newest(context: &Context, follows: Vec<Follow>) -> Result<Vec<Row>, CommandError> {
    let rows = context.index.ask(move |catalog| {
        let mut rows: Vec<Row> = Vec::new();
        for follow in &follows {
            rows.extend(catalog.newest(follow, SHOWN, 0)?);
        }
        Ok(rows)
    });
    let mut rows = rows.await?;
    rows.sort_by_key(|row| (Reverse(row.published.seconds()), row.id.clone()));
    rows.dedup_by(|a, b| a.id == b.id);
    rows.truncate(SHOWN);
    Ok(rows)
}
