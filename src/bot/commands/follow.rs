//! `/follow`: finds labels and subscribes the chat. In: words, or a pressed button. Out: a subscription.

use super::{Asker, channel, manager, meet, search};
use crate::bot::context::{CommandError, Context};
use crate::bot::drafts::own;
use crate::bot::replies::{self, Choice};
use crate::bot::{own_replies, place_replies};
use crate::catalog::Row;
use crate::model::Follow;
use crate::telegram::{Button, Message};
use crate::topics::{Article, OwnRules, OwnWords};

/// Newest posts that a preview looks at.
const PREVIEWED: usize = 300;

/// Answers `/follow WORDS`: the one label that is named exactly is followed at once, else there are buttons.
pub async fn asked(context: &Context, asker: &Asker<'_>, query: &str) -> Result<(), CommandError> {
    let query = query.trim();
    let reply = if query.is_empty() {
        replies::suggestions(asker.words, &search::topics(context).await?)
    } else if OwnWords::is_meant(query) {
        match OwnWords::parse(query) {
            Ok(rule) => preview(context, asker, &own(&rule.to_string())).await?,
            Err(why) => own_replies::no_rule(asker.words, why),
        }
    } else {
        let found = search::labels(context, query).await?;
        match found.exact {
            Some(choice) => subscribe(context, asker, &choice).await?,
            None => {
                let mut reply = replies::found(asker.words, query, &found.choices, found.total, 0);
                reply.buttons.extend(offer(context, asker, query));
                reply
            }
        }
    };
    asker.reply(context, &reply).await;
    Ok(())
}

/// A button for the words themselves, when they can be a rule.
fn offer(context: &Context, asker: &Asker<'_>, query: &str) -> Option<Vec<Button>> {
    let rule = OwnWords::parse(query).ok()?.to_string();
    let key = context.places.drafts.keep(&own(&rule));
    Some(vec![own_replies::offer(asker.words, &rule, &key)])
}

/// A pressed “the words themselves”.
pub async fn offered(
    context: &Context,
    asker: &Asker<'_>,
    message_id: i64,
    key: &str,
) -> Result<&'static str, CommandError> {
    let Some(follow) = context.places.drafts.get(key) else {
        return Ok(replies::stale_button(asker.words));
    };
    let reply = preview(context, asker, &follow).await?;
    asker.edit(context, message_id, &reply).await?;
    Ok("")
}

/// What a rule finds among the newest posts, read anew: the index keeps only title and summary, which tell for a file
/// that cannot be read just now.
async fn preview(
    context: &Context,
    asker: &Asker<'_>,
    follow: &Follow,
) -> Result<Message, CommandError> {
    let rule = context.title(follow);
    let key = context.places.drafts.keep(follow);
    let rows = context
        .index
        .ask(|catalog| catalog.newest(&Follow::Site, PREVIEWED, 0))
        .await?;
    let looked = rows.len();
    let rules = OwnRules::new(std::slice::from_ref(&rule)).map_err(CommandError::Broken)?;
    let reread = context.reread.clone();
    let found = tokio::task::spawn_blocking(move || -> Vec<Row> {
        let is_met = |row: &Row| match reread(&row.path) {
            Some(post) => !rules.met(&Article::from(&post)).is_empty(),
            None => !rules.met(&by_summary(row)).is_empty(),
        };
        rows.into_iter().filter(is_met).collect()
    });
    let found = { found.await }.map_err(|error| CommandError::Broken(error.to_string()))?;
    let url = &context.site.url;
    Ok(own_replies::preview(
        asker.words,
        &rule,
        &key,
        &found,
        looked,
        url,
    ))
}

fn by_summary(row: &Row) -> Article<'_> {
    Article {
        title: &row.title,
        text: &row.summary,
        categories: &[],
        tags: &[],
        source: None,
    }
}

/// A pressed “more” or “back” button below what a search found.
pub async fn turned(
    context: &Context,
    asker: &Asker<'_>,
    message_id: i64,
    page: &str,
) -> Result<&'static str, CommandError> {
    let Some((from, query)) = page.split_once(':') else {
        return Ok(replies::stale_button(asker.words));
    };
    let Ok(from) = from.parse::<usize>() else {
        return Ok(replies::stale_button(asker.words));
    };
    let found = search::labels_from(context, query, from, replies::PAGE).await?;
    if found.choices.is_empty() {
        return Ok(replies::stale_button(asker.words));
    }
    let reply = replies::found(asker.words, query, &found.choices, found.total, from);
    asker.edit(context, message_id, &reply).await?;
    Ok("")
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
    if let Some(follow) = context.places.drafts.get(key) {
        return Ok(Some(follow));
    }
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
