//! Finding labels by what people type.
//! In: words. Out: labels, the best match first, with their titles and how much they bring.

use crate::bot::context::{CommandError, Context};
use crate::bot::drafts::is_own;
use crate::bot::replies::{Choice, PAGE};
use crate::catalog::label_key;
use crate::model::{Follow, Label};

/// Days over which is counted how much a label brings.
const COUNTED_DAYS: i64 = 28;

/// What a search found.
pub struct Found {
    /// A page of it.
    pub choices: Vec<Choice>,
    /// All matches.
    pub total: usize,
    /// The one label that was named exactly.
    pub exact: Option<Choice>,
}

/// Searches topics, categories and tags; the first page.
pub async fn labels(context: &Context, query: &str) -> Result<Found, CommandError> {
    labels_from(context, query, 0, PAGE).await
}

/// A page of what a search finds, the best first.
pub async fn labels_from(
    context: &Context,
    query: &str,
    from: usize,
    length: usize,
) -> Result<Found, CommandError> {
    let finder = context.index.finder().await?;
    let hits = finder.find(query);
    let exactly: Vec<&Follow> = hits
        .iter()
        .take_while(|hit| hit.distance == 0)
        .map(|hit| hit.follow)
        .collect();
    let exact = match exactly.as_slice() {
        [only] => Some(choice(context, (*only).clone()).await?),
        _ => None,
    };
    let mut choices = Vec::new();
    for hit in hits.iter().skip(from).take(length) {
        choices.push(choice(context, hit.follow.clone()).await?);
    }
    Ok(Found {
        choices,
        total: hits.len(),
        exact,
    })
}

/// The topics of the config.
pub async fn topics(context: &Context) -> Result<Vec<Choice>, CommandError> {
    let mut choices = Vec::new();
    for topic in context.matcher.topics() {
        choices.push(choice(context, Follow::Label(Label::topic(&topic.id))).await?);
    }
    Ok(choices)
}

/// A label as buttons show it.
pub async fn choice(context: &Context, follow: Follow) -> Result<Choice, CommandError> {
    let wanted = follow.clone();
    let now = context.clock.now().div_euclid(1000);
    let (row, month) = context
        .index
        .ask(move |catalog| {
            let since = now - COUNTED_DAYS * 86_400;
            let month = catalog.posts_between(&wanted, since, now)?;
            Ok((catalog.label(&wanted)?, month))
        })
        .await?;
    // Learns the names, when nobody searched yet.
    context.index.finder().await?;
    Ok(Choice {
        title: context.title(&follow),
        key: label_key(&follow),
        posts: row.map_or(0, |row| row.posts),
        month: (!is_own(&follow)).then_some(month),
        follow,
    })
}

/// The short name of a label in callback data.
pub fn key(follow: &Follow) -> String {
    label_key(follow)
}
