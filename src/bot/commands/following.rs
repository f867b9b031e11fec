//! `/following` and `/unfollow`: what the chat follows, and the way out. In: words or a pressed button.

use super::{Asker, follow, manager, search};
use crate::bot::context::{CommandError, Context};
use crate::bot::drafts::is_own;
use crate::bot::replies::{self, Choice};
use crate::model::{ChatId, Follow};
use crate::telegram::Message;

/// Answers `/following` with a button for each thing followed.
pub async fn asked(context: &Context, asker: &Asker<'_>) -> Result<(), CommandError> {
    let reply = page(context, asker, 0).await?;
    asker.reply(context, &reply).await;
    Ok(())
}

/// A pressed “more” or “back” button below the list.
pub async fn turned(
    context: &Context,
    asker: &Asker<'_>,
    message_id: i64,
    from: &str,
) -> Result<&'static str, CommandError> {
    let Ok(from) = from.parse::<usize>() else {
        return Ok(replies::stale_button(asker.words));
    };
    let reply = page(context, asker, from).await?;
    asker.edit(context, message_id, &reply).await?;
    Ok("")
}

async fn page(context: &Context, asker: &Asker<'_>, from: usize) -> Result<Message, CommandError> {
    let followed = context.store.following(&asker.target().chat).await?;
    // Some may have gone since the button was made.
    let from = if from < followed.len() { from } else { 0 };
    let muted = context.store.muted(&asker.target().chat).await?;
    let mut choices = Vec::new();
    for follow in followed.iter().skip(from).take(replies::PAGE) {
        let choice = search::choice(context, follow.clone()).await?;
        choices.push((choice, muted.contains(follow)));
    }
    Ok(replies::following(
        asker.words,
        &choices,
        followed.len(),
        from,
    ))
}

/// Answers `/unfollow WORDS`: the one that is meant is removed, else the list is shown.
pub async fn remove_asked(
    context: &Context,
    asker: &Asker<'_>,
    query: &str,
) -> Result<(), CommandError> {
    let choices = choices(context, asker).await?;
    let query = query.trim();
    let named =
        |choice: &&Choice| choice.title.contains(query) || choice.follow.to_string() == query;
    let meant: Vec<&Choice> = choices.iter().filter(named).collect();
    let reply = match meant.as_slice() {
        [only] if !query.is_empty() => {
            if manager(context, asker).await?.is_none() {
                Message::plain(replies::not_manager(asker.words))
            } else {
                context
                    .store
                    .unfollow(&asker.target().chat, &only.follow)
                    .await?;
                if is_own(&only.follow) {
                    context.places.drafts.keep(&only.follow);
                }
                replies::unfollowed(asker.words, only)
            }
        }
        _ => page(context, asker, 0).await?,
    };
    asker.reply(context, &reply).await;
    Ok(())
}

/// A pressed “unfollow” button. It finds its label among what the chat follows, so that it works even
/// when no post carries the label any more.
pub async fn pressed(
    context: &Context,
    asker: &Asker<'_>,
    message_id: i64,
    key: &str,
) -> Result<&'static str, CommandError> {
    let label = match by_key(context, &asker.target().chat, key).await? {
        Some(label) => Some(label),
        None => follow::label(context, key).await?,
    };
    let Some(label) = label else {
        return Ok(replies::stale_button(asker.words));
    };
    if manager(context, asker).await?.is_none() {
        return Ok(replies::not_manager(asker.words));
    }
    context.store.unfollow(&asker.target().chat, &label).await?;
    if is_own(&label) {
        context.places.drafts.keep(&label);
    }
    let choice = search::choice(context, label).await?;
    let reply = replies::unfollowed(asker.words, &choice);
    asker.edit(context, message_id, &reply).await?;
    Ok("")
}

/// What a chat follows, by the key of a button.
pub async fn by_key(
    context: &Context,
    chat: &ChatId,
    key: &str,
) -> Result<Option<Follow>, CommandError> {
    let followed = context.store.following(chat).await?;
    let mut followed = followed.into_iter();
    Ok(followed.find(|follow| search::key(follow) == key))
}

async fn choices(context: &Context, asker: &Asker<'_>) -> Result<Vec<Choice>, CommandError> {
    let followed: Vec<Follow> = context.store.following(&asker.target().chat).await?;
    let mut choices = Vec::new();
    for follow in followed {
        choices.push(search::choice(context, follow).await?);
    }
    Ok(choices)
}
