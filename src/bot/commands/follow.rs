//! `/follow`: finds labels and subscribes the chat. In: words, or a pressed button. Out: a subscription.

use super::{Asker, channel, manager, meet, search};
use crate::bot::context::{CommandError, Context};
use crate::bot::place_replies;
use crate::bot::replies::{self, Choice};
use crate::model::Follow;
use crate::telegram::Message;

/// Answers `/follow WORDS`: the one label that is named exactly is followed at once, else there are buttons.
pub async fn asked(context: &Context, asker: &Asker<'_>, query: &str) -> Result<(), CommandError> {
    let query = query.trim();
    let reply = if query.is_empty() {
        replies::suggestions(asker.words, &search::topics(context).await?)
    } else {
        let found = search::labels(context, query).await?;
        match found.exact {
            Some(choice) => subscribe(context, asker, &choice).await?,
            None => replies::found(asker.words, query, &found.choices, found.total),
        }
    };
    asker.reply(context, &reply).await;
    Ok(())
}

/// A pressed “follow” button: the message with the button tells the outcome.
pub async fn pressed(
    context: &Context,
    asker: &Asker<'_>,
    message_id: i64,
    key: &str,
) -> Result<&'static str, CommandError> {
    let Some(follow) = label(context, key).await? else {
        return Ok(replies::stale_button(asker.words));
    };
    if manager(context, asker).await?.is_none() {
        return Ok(replies::not_manager(asker.words));
    }
    let choice = search::choice(context, follow).await?;
    let reply = subscribe(context, asker, &choice).await?;
    asker.edit(context, message_id, &reply).await?;
    Ok("")
}

/// What a deep link names: `site`, or a label's key.
pub async fn linked(context: &Context, key: &str) -> Result<Option<Follow>, CommandError> {
    match key {
        "" => Ok(None),
        "site" => Ok(Some(Follow::Site)),
        key => label(context, key).await,
    }
}

/// Follows exactly this, and says so.
pub async fn at_once(
    context: &Context,
    asker: &Asker<'_>,
    follow: Follow,
) -> Result<(), CommandError> {
    let choice = search::choice(context, follow).await?;
    let reply = subscribe(context, asker, &choice).await?;
    asker.reply(context, &reply).await;
    Ok(())
}

/// The label of a button.
pub async fn label(context: &Context, key: &str) -> Result<Option<Follow>, CommandError> {
    let key = key.to_owned();
    context
        .index
        .ask(move |catalog| catalog.label_by_key(&key))
        .await
}

async fn subscribe(
    context: &Context,
    asker: &Asker<'_>,
    choice: &Choice,
) -> Result<Message, CommandError> {
    if manager(context, asker).await?.is_none() {
        return Ok(Message::plain(replies::not_manager(asker.words)));
    }
    if asker.channel.is_none() {
        meet(context, asker).await?;
    }
    let (place, most) = (asker.target(), context.places.most_follows);
    let followed = context.store.following(&place.chat).await?;
    if followed.len() >= most && !followed.contains(&choice.follow) {
        let word = place_replies::too_many_follows(asker.words, most);
        return Ok(Message::plain(word));
    }
    let new = context
        .store
        .follow(&place.chat, &choice.follow, context.clock.now())
        .await?;
    context
        .store
        .set_thread(&place.chat, &choice.follow, place.thread)
        .await?;
    let mut reply = replies::followed(asker.words, choice, new);
    if let Some(lack) = channel::lacking(context, asker).await? {
        reply.push(&format!("\n\n{lack}"));
    }
    Ok(reply)
}
