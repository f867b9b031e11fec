//! `/stats`, `/problems`, `/held`: for admins, who prove it with an `Admin`. In: an asker. Out: replies.

use super::Asker;
use crate::bot::access::Admin;
use crate::bot::context::{CommandError, Context};
use crate::bot::replies;
use crate::store::Release;

/// Problems shown: with their texts they fill a message.
const PROBLEMS: usize = 6;
/// Held posts shown.
const HELD: usize = 10;

/// Answers `/stats`.
pub async fn stats(
    context: &Context,
    asker: &Asker<'_>,
    _admin: &Admin,
) -> Result<(), CommandError> {
    let posts = context.index.ask(|catalog| catalog.counts()).await?;
    let store = context.store.counts().await?;
    context
        .reply(asker.chat(), &replies::stats(asker.words, posts, &store))
        .await;
    Ok(())
}

/// Answers `/problems`.
pub async fn problems(
    context: &Context,
    asker: &Asker<'_>,
    _admin: &Admin,
) -> Result<(), CommandError> {
    let (problems, total) = context
        .index
        .ask(|catalog| Ok((catalog.problems(PROBLEMS)?, catalog.counts()?.problems)))
        .await?;
    let reply = replies::problems(asker.words, &problems, total);
    context.reply(asker.chat(), &reply).await;
    Ok(())
}

/// Answers `/held`.
pub async fn held(
    context: &Context,
    asker: &Asker<'_>,
    _admin: &Admin,
) -> Result<(), CommandError> {
    let total = context.store.counts().await?.held;
    let held = context.store.held(HELD as i64).await?;
    let titles: Vec<(String, String)> = held
        .into_iter()
        .map(|(card, reason)| (card.title, reason))
        .collect();
    let reply = replies::held(asker.words, &titles, total);
    context.reply(asker.chat(), &reply).await;
    Ok(())
}

/// A pressed button below `/held`.
pub async fn held_pressed(
    context: &Context,
    asker: &Asker<'_>,
    _admin: &Admin,
    message_id: i64,
    choice: &str,
) -> Result<&'static str, CommandError> {
    let release = match choice {
        "announce" => Release::Announce,
        "digest" => Release::Digest,
        "dismiss" => Release::Dismiss,
        _ => return Ok(replies::stale_button(asker.words)),
    };
    let count = context
        .store
        .release_held(release, context.clock.now())
        .await?;
    let reply = replies::released(asker.words, count, release);
    context
        .telegram
        .edit(asker.chat(), message_id, &reply)
        .await?;
    Ok("")
}
