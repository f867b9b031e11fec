//! `/why`, and the buttons “why” and “mute” below messages: by which subscriptions a post came, or why it did not.
//! In: a message that is answered, a pressed button, or words that name a post. Out: a reply, or a word on top.

use super::{Asker, follow, following, manager, search};
use crate::bot::context::{CommandError, Context};
use crate::bot::drafts::own;
use crate::bot::post_replies::{self, Reasons};
use crate::bot::replies::{self, Choice};
use crate::model::{ChatId, Follow, LabelKind, PostId};
use crate::store::Card;
use crate::telegram::Message;
use crate::topics::{Article, OwnRules};

/// Subscriptions shown of one message.
const SHOWN: usize = 8;

/// Answers `/why`: about the message that it answers, the post that is named, or else the newest message.
pub async fn asked(context: &Context, asker: &Asker<'_>, query: &str) -> Result<(), CommandError> {
    let chat = &asker.target().chat;
    let query = query.trim();
    let post = match (asker.reply_to, query) {
        (Some(message), "") => {
            let told = context.store.told_by(asker.chat(), message).await?;
            told.into_iter().next()
        }
        (_, "") => context.store.last_told(chat).await?,
        (_, query) => named(context, query).await?,
    };
    let reply = match post {
        Some(post) => explained(context, asker, &post).await?,
        None => None,
    };
    let reply = reply.unwrap_or_else(|| Message::plain(post_replies::no_post(asker.words)));
    asker.reply(context, &reply).await;
    Ok(())
}

/// The newest post that people may mean by an address, an id or a part of a title.
async fn named(context: &Context, query: &str) -> Result<Option<PostId>, CommandError> {
    for name in context.site.names_of_post(query) {
        let rows = context.index.ask(move |catalog| catalog.find(&name, 1));
        if let Some(row) = rows.await?.into_iter().next() {
            return Ok(Some(row.id));
        }
    }
    Ok(None)
}

async fn explained(
    context: &Context,
    asker: &Asker<'_>,
    post: &PostId,
) -> Result<Option<Message>, CommandError> {
    let (store, chat) = (&context.store, &asker.target().chat);
    let wanted = post.clone();
    let row = context.index.ask(move |catalog| catalog.post(&wanted));
    let row = row.await?;
    let card = store.card(post).await?;
    let (title, url) = match (&card, &row) {
        (Some(card), _) => (card.title.clone(), card.url.clone()),
        (None, Some(row)) => (
            row.title.clone(),
            format!("{}{}", context.site.url, row.url),
        ),
        (None, None) => return Ok(None),
    };
    let labels: Vec<Follow> = match (&card, &row) {
        (Some(card), _) => card.follows().collect(),
        (None, Some(row)) => {
            let topics = row.topics.iter().map(crate::model::Label::topic);
            let categories = row.categories.iter().map(crate::model::Label::category);
            let tags = row.tags.iter().map(crate::model::Label::tag);
            let labels = topics.chain(categories).chain(tags).map(Follow::Label);
            let rules = own_rules(context, chat, &row.path).await?;
            let labels = labels.chain(rules);
            std::iter::once(Follow::Site).chain(labels).collect()
        }
        (None, None) => Vec::new(),
    };
    let follows = followed(context, chat, &labels).await?;
    let decision = store.decision(post).await?.map(|(decision, _)| decision);
    let fate = store.fate(post, chat).await?;
    let also = card.map(|card| card.also).unwrap_or_default();
    let reasons = Reasons {
        title: &title,
        url: &url,
        follows: &follows,
        decision: decision.as_deref(),
        fate: fate.as_ref(),
        also: &also,
    };
    let zone = context.zone_of(chat).await?;
    Ok(Some(post_replies::why(asker.words, &reasons, zone)))
}

/// The rules of a chat's own that the post in a file meets; none when it cannot be read.
async fn own_rules(
    context: &Context,
    chat: &ChatId,
    path: &str,
) -> Result<Vec<Follow>, CommandError> {
    let follows = context.store.following(chat).await?;
    let rules: Vec<String> = { follows.into_iter() }
        .filter_map(|follow| match follow {
            Follow::Label(label) if label.kind == LabelKind::Words => Some(label.name),
            _ => None,
        })
        .collect();
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let (reread, path) = (context.reread.clone(), path.to_owned());
    let met = tokio::task::spawn_blocking(move || {
        let post = reread(&path)?;
        let rules = OwnRules::new(&rules).ok()?;
        Some(rules.met(&Article::from(&post)))
    });
    let met = met
        .await
        .map_err(|error| CommandError::Broken(error.to_string()))?;
    Ok(met
        .unwrap_or_default()
        .iter()
        .map(|rule| own(rule))
        .collect())
}

/// What a chat follows of these labels, as buttons show it.
async fn followed(
    context: &Context,
    chat: &ChatId,
    labels: &[Follow],
) -> Result<Vec<Choice>, CommandError> {
    let mut choices = Vec::new();
    for follow in context.store.following(chat).await? {
        if labels.contains(&follow) && choices.len() < SHOWN {
            choices.push(search::choice(context, follow).await?);
        }
    }
    Ok(choices)
}

/// What the chat follows of the posts that a message told.
async fn behind(
    context: &Context,
    asker: &Asker<'_>,
    message_id: i64,
) -> Result<Vec<Choice>, CommandError> {
    let mut labels: Vec<Follow> = Vec::new();
    for post in context.store.told_by(asker.chat(), message_id).await? {
        if let Some(card) = context.store.card(&post).await? {
            labels.extend(Card::follows(&card));
        }
    }
    followed(context, asker.chat(), &labels).await
}

/// A pressed “why” below a message: whoever pressed it sees the answer, the chat does not.
pub async fn pressed(
    context: &Context,
    asker: &Asker<'_>,
    message_id: i64,
) -> Result<String, CommandError> {
    let choices = behind(context, asker, message_id).await?;
    Ok(post_replies::why_short(asker.words, &choices))
}

/// A pressed “mute” below a message: the subscriptions that it came by, with buttons.
pub async fn mute_asked(
    context: &Context,
    asker: &Asker<'_>,
    message_id: i64,
) -> Result<&'static str, CommandError> {
    if manager(context, asker).await?.is_none() {
        return Ok(replies::not_manager(asker.words));
    }
    let choices = behind(context, asker, message_id).await?;
    let reply = match choices.is_empty() {
        true => Message::plain(post_replies::why_short(asker.words, &choices)),
        false => {
            // People's own rules are found again by their drafts.
            for choice in &choices {
                context.places.drafts.keep(&choice.follow);
            }
            post_replies::mute_menu(asker.words, &choices)
        }
    };
    asker.reply(context, &reply).await;
    Ok("")
}

/// A pressed “mute” or “unmute” of a subscription: `1KEY` or `0KEY`.
pub async fn mute_pressed(
    context: &Context,
    asker: &Asker<'_>,
    message_id: i64,
    data: &str,
) -> Result<&'static str, CommandError> {
    let (is_muted, key) = match data.split_at_checked(1) {
        Some(("1", key)) => (true, key),
        Some(("0", key)) => (false, key),
        _ => return Ok(replies::stale_button(asker.words)),
    };
    if manager(context, asker).await?.is_none() {
        return Ok(replies::not_manager(asker.words));
    }
    let chat = &asker.target().chat;
    let label = match following::by_key(context, chat, key).await? {
        Some(label) => Some(label),
        None => follow::label(context, key).await?,
    };
    let Some(label) = label else {
        return Ok(replies::stale_button(asker.words));
    };
    let choice = search::choice(context, label).await?;
    let reply = match context.store.mute(chat, &choice.follow, is_muted).await? {
        true => post_replies::muted(asker.words, &choice, is_muted),
        false => replies::unfollowed(asker.words, &choice),
    };
    asker.edit(context, message_id, &reply).await?;
    Ok("")
}
