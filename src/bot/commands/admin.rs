//! Commands for admins, who prove it with an `Admin`: `/stats`, `/problems`, `/held`, `/topic`, `/chat`, `/broadcast`,
//! `/audit`. In: an asker. Out: replies, and what they did in the book.

use super::{Asker, search};
use crate::bot::access::Admin;
use crate::bot::admin_replies::{self, ChatFacts, TopicFacts};
use crate::bot::context::{CommandError, Context};
use crate::bot::replies;
use crate::model::{ChatId, Follow, Label, PostId};
use crate::store::{Action, DeliveryFilter, Release};
use crate::telegram::{Message, utf16_len};
use crate::topics::{Article, Backtest};

/// Problems shown: with their texts they fill a message.
const PROBLEMS: usize = 6;
/// Held posts shown.
const HELD: usize = 10;
/// Newest messages of a chat that are shown.
const MESSAGES: i64 = 8;
/// Actions shown.
const ACTIONS: i64 = 20;
/// UTF-16 units of a word to everybody: its preview says more, and Telegram takes 4096.
const LONGEST: usize = 3_500;
/// Newest posts on which a topic is tried.
const TRIED: usize = 500;

/// Answers `/stats`.
pub async fn stats(
    context: &Context,
    asker: &Asker<'_>,
    _admin: &Admin,
) -> Result<(), CommandError> {
    let posts = context.index.ask(|catalog| catalog.counts()).await?;
    let store = context.store.counts().await?;
    let tally = context.places.tally.all();
    let reply = admin_replies::stats(asker.words, posts, &store, tally);
    asker.reply(context, &reply).await;
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
    let reply = admin_replies::problems(asker.words, &problems, total);
    asker.reply(context, &reply).await;
    Ok(())
}

/// Answers `/held`.
pub async fn held(
    context: &Context,
    asker: &Asker<'_>,
    _admin: &Admin,
) -> Result<(), CommandError> {
    // Before the list: none that it does not count is decided about by its buttons.
    let newest = context.store.newest_held().await?;
    let total = context.store.counts().await?.held;
    let held = context.store.held(HELD as i64).await?;
    let titles: Vec<(String, String)> = held
        .into_iter()
        .map(|(card, reason)| (card.title, reason))
        .collect();
    let reply = admin_replies::held(asker.words, &titles, total, newest);
    asker.reply(context, &reply).await;
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
    let meant = choice.split_once(':').and_then(|(choice, newest)| {
        let release = match choice {
            "announce" => Release::Announce,
            "digest" => Release::Digest,
            "dismiss" => Release::Dismiss,
            _ => return None,
        };
        Some((choice, release, newest.parse().ok()?))
    });
    let Some((choice, release, newest)) = meant else {
        return Ok(replies::stale_button(asker.words));
    };
    let now = context.clock.now();
    let count = context.store.release_held(release, newest, now).await?;
    note(context, asker, "held", &format!("{choice}: {count} posts")).await?;
    let left = context.store.counts().await?.held;
    let reply = admin_replies::released(asker.words, count, release, left);
    asker.edit(context, message_id, &reply).await?;
    Ok("")
}

/// Writes down what an admin did.
async fn note(
    context: &Context,
    asker: &Asker<'_>,
    action: &str,
    detail: &str,
) -> Result<(), CommandError> {
    let user = asker.person.map_or(0, |person| person.id);
    let action = Action {
        at: context.clock.now(),
        user,
        action: action.to_owned(),
        detail: detail.to_owned(),
    };
    tracing::info!(user, action = action.action, detail, "an admin acted");
    Ok(context.store.note_action(&action).await?)
}

/// Answers `/audit`.
pub async fn audit(
    context: &Context,
    asker: &Asker<'_>,
    _admin: &Admin,
) -> Result<(), CommandError> {
    let actions = context.store.actions(ACTIONS).await?;
    let reply = admin_replies::audit(asker.words, &actions, context.site.timezone);
    asker.reply(context, &reply).await;
    Ok(())
}

/// Answers `/chat ID`.
pub async fn chat(
    context: &Context,
    asker: &Asker<'_>,
    _admin: &Admin,
    id: &str,
) -> Result<(), CommandError> {
    let reply = facts(context, asker, id.trim()).await?;
    let reply = reply.unwrap_or_else(|| Message::plain(admin_replies::no_chat(asker.words)));
    asker.reply(context, &reply).await;
    Ok(())
}

async fn facts(
    context: &Context,
    asker: &Asker<'_>,
    id: &str,
) -> Result<Option<Message>, CommandError> {
    let Ok(chat) = id.parse::<ChatId>() else {
        return Ok(None);
    };
    let chat = match &chat {
        ChatId::Name(name) => context.store.named(name).await?.unwrap_or(chat),
        ChatId::Id(_) => chat,
    };
    let Some(row) = context.store.chat(&chat).await? else {
        return Ok(None);
    };
    let mut follows = Vec::new();
    for follow in context.store.following(&chat).await? {
        let choice = search::choice(context, follow).await?;
        follows.push(asker.words.named(&choice));
    }
    let filter = DeliveryFilter {
        chat: Some(chat),
        limit: MESSAGES,
        ..DeliveryFilter::default()
    };
    let mut messages = Vec::new();
    for row in context.store.deliveries(&filter).await? {
        let card = context.store.card(&row.post).await?;
        let title = card.map_or_else(|| row.post.to_string(), |card| card.title);
        messages.push((title, row.state));
    }
    let facts = ChatFacts {
        row: &row,
        follows: &follows,
        messages: &messages,
    };
    Ok(Some(admin_replies::chat(asker.words, &facts)))
}

/// Answers `/broadcast TEXT` with a preview.
pub async fn broadcast(
    context: &Context,
    asker: &Asker<'_>,
    _admin: &Admin,
    text: &str,
) -> Result<(), CommandError> {
    let text = text.trim();
    let reply = if text.is_empty() || utf16_len(text) > LONGEST {
        admin_replies::broadcast_usage(asker.words, LONGEST)
    } else {
        let counts = context.store.counts().await?;
        let key = context.places.texts.keep(text, context.clock.now());
        admin_replies::broadcast(asker.words, text, counts.chats, &key)
    };
    asker.reply(context, &reply).await;
    Ok(())
}

/// A pressed button below the preview.
pub async fn broadcast_pressed(
    context: &Context,
    asker: &Asker<'_>,
    _admin: &Admin,
    message_id: i64,
    key: &str,
) -> Result<&'static str, CommandError> {
    let chats = match key {
        "no" => None,
        key => {
            let post = format!("broadcast:{key}");
            match context.places.texts.take(key) {
                Some(text) => Some(broadcast_to_all(context, asker, key, &post, text).await?),
                // The press comes again where a crash kept it from being answered.
                None => match planned(context, post).await? {
                    0 => return Ok(replies::stale_button(asker.words)),
                    chats => Some(chats),
                },
            }
        }
    };
    let reply = admin_replies::broadcast_done(asker.words, chats);
    asker.edit(context, message_id, &reply).await?;
    Ok("")
}

async fn broadcast_to_all(
    context: &Context,
    asker: &Asker<'_>,
    key: &str,
    post: &str,
    text: String,
) -> Result<u64, CommandError> {
    let done = async {
        // In the book first: a crash in between leaves an action that did not happen, never one unnoted.
        note(context, asker, "broadcast", &text).await?;
        let now = context.clock.now();
        Ok(context.store.broadcast(post, &text, now).await?)
    };
    let done = done.await;
    if done.is_err() {
        context.places.texts.put_back(key, text);
    }
    done
}

/// To how many chats a word goes already.
async fn planned(context: &Context, post: String) -> Result<u64, CommandError> {
    let filter = DeliveryFilter {
        post: Some(PostId::new(post)),
        limit: i64::MAX,
        ..DeliveryFilter::default()
    };
    Ok(context.store.deliveries(&filter).await?.len() as u64)
}

/// Answers `/topic` with all topics, `/topic ID` with what one matches among the newest posts.
pub async fn topic(
    context: &Context,
    asker: &Asker<'_>,
    _admin: &Admin,
    id: &str,
) -> Result<(), CommandError> {
    let id = id.trim();
    let reply = match id.strip_prefix("test ").unwrap_or(id).trim() {
        "" => {
            let mut facts = Vec::new();
            for topic in context.matcher.topics() {
                let follow = Follow::Label(Label::topic(&topic.id));
                let choice = search::choice(context, follow).await?;
                facts.push(TopicFacts {
                    id: topic.id.clone(),
                    key: choice.key,
                    title: choice.title,
                    posts: choice.posts,
                    month: choice.month.unwrap_or(0),
                });
            }
            admin_replies::topics(asker.words, &facts)
        }
        id => tried(context, asker, id).await?,
    };
    asker.reply(context, &reply).await;
    Ok(())
}

/// A pressed “test” button below the list of topics.
pub async fn topic_pressed(
    context: &Context,
    asker: &Asker<'_>,
    _admin: &Admin,
    id: &str,
) -> Result<&'static str, CommandError> {
    let mut topics = context.matcher.topics();
    let meant = topics.find(|topic| Follow::Label(Label::topic(&topic.id)).key() == id);
    let Some(topic) = meant else {
        return Ok(replies::stale_button(asker.words));
    };
    let reply = tried(context, asker, &topic.id).await?;
    asker.reply(context, &reply).await;
    Ok("")
}

/// Tries a topic's rules on the newest posts, read anew from their files: what the feeds show may be older.
async fn tried(context: &Context, asker: &Asker<'_>, id: &str) -> Result<Message, CommandError> {
    let Some(topic) = context.matcher.topic(id) else {
        return Ok(Message::plain(admin_replies::no_topic(asker.words)));
    };
    let (matcher, reread) = (context.matcher.clone(), context.reread.clone());
    let (id, title) = (id.to_owned(), topic.title.clone());
    let newest = context
        .index
        .ask(|catalog| catalog.newest(&Follow::Site, TRIED, 0));
    let rows = newest.await?;
    let looked = tokio::task::spawn_blocking(move || {
        let mut backtest = Backtest::default();
        for row in rows.iter().take(TRIED) {
            if let Some(post) = reread(&row.path) {
                let before = row.topics.contains(&id);
                backtest.look(&matcher, &id, &row.path, &Article::from(&post), before);
            }
        }
        backtest
    });
    let backtest = looked
        .await
        .map_err(|error| CommandError::Broken(error.to_string()))?;
    Ok(admin_replies::backtest(asker.words, &title, &backtest))
}
