//! `/search` and `/feeds`: posts by their words, and where the feeds of a chat's subscriptions are.
//! In: words or a pressed button. Out: replies with links.

use super::{Asker, search};
use crate::bot::context::{CommandError, Context};
use crate::bot::drafts::{is_own, own};
use crate::bot::post_replies::{self, Hits};
use crate::bot::replies;
use crate::model::Follow;
use crate::telegram::Message;
use crate::topics::{Article, OwnRules, OwnWords};

/// Posts on a page of what a search found.
pub const HITS: usize = 5;
/// Newest posts that a search looks at: some 20 microseconds each.
pub const LOOKED: usize = 50_000;
/// Feeds shown: more would not fit into a message.
const FEEDS: usize = 15;

/// Answers `/search WORDS`.
pub async fn search_asked(
    context: &Context,
    asker: &Asker<'_>,
    query: &str,
) -> Result<(), CommandError> {
    let reply = match OwnWords::parse(query.trim()) {
        Ok(rule) => page(context, asker, &own(&rule.to_string()), 0).await?,
        Err(_) => Message::plain(post_replies::search_usage(asker.words)),
    };
    asker.reply(context, &reply).await;
    Ok(())
}

/// A pressed “more” or “back” button: `FROM:KEY`.
pub async fn turned(
    context: &Context,
    asker: &Asker<'_>,
    message_id: i64,
    data: &str,
) -> Result<&'static str, CommandError> {
    let meant = data.split_once(':').and_then(|(from, key)| {
        let from = from.parse::<usize>().ok().filter(|from| *from <= LOOKED)?;
        Some((from, context.places.drafts.get(key)?))
    });
    let Some((from, follow)) = meant.filter(|(_, follow)| is_own(follow)) else {
        return Ok(replies::stale_button(asker.words));
    };
    let reply = page(context, asker, &follow, from).await?;
    asker.edit(context, message_id, &reply).await?;
    Ok("")
}

async fn page(
    context: &Context,
    asker: &Asker<'_>,
    follow: &Follow,
    from: usize,
) -> Result<Message, CommandError> {
    let rule = context.title(follow);
    let key = context.places.drafts.keep(follow);
    let is_meant = is_met(std::slice::from_ref(&rule))?;
    let rows = context
        .index
        .ask(move |catalog| catalog.newest_where(is_meant, LOOKED, from, HITS + 1));
    let mut rows = rows.await?;
    let is_more = rows.len() > HITS;
    rows.truncate(HITS);
    let hits = Hits {
        rule: &rule,
        key: &key,
        rows: &rows,
        from,
        is_more,
    };
    let zone = context.zone_of(&asker.target().chat).await?;
    Ok(post_replies::hits(
        asker.words,
        &hits,
        &context.site.url,
        zone,
    ))
}

/// Whether a post of this title and text meets any of these rules of people's own.
pub fn is_met(rules: &[String]) -> Result<impl Fn(&str, &str) -> bool + use<>, CommandError> {
    let rules = OwnRules::new(rules).map_err(CommandError::Broken)?;
    Ok(move |title: &str, text: &str| {
        let article = Article {
            title,
            text,
            categories: &[],
            tags: &[],
            source: None,
        };
        !rules.met(&article).is_empty()
    })
}

/// Answers `/feeds`.
pub async fn feeds(context: &Context, asker: &Asker<'_>) -> Result<(), CommandError> {
    let followed = context.store.following(&asker.target().chat).await?;
    let followed: Vec<Follow> = { followed.into_iter() }
        .filter(|follow| !is_own(follow))
        .collect();
    let mut shown = Vec::new();
    for follow in followed.iter().take(FEEDS) {
        let choice = search::choice(context, follow.clone()).await?;
        shown.push((asker.words.named(&choice), context.published.url(follow)));
    }
    let rest = followed.len().saturating_sub(FEEDS);
    let all = context.published.all.as_deref();
    let reply = post_replies::feeds(asker.words, &shown, rest, all);
    asker.reply(context, &reply).await;
    Ok(())
}
