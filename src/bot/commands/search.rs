//! Finding labels by what people type.
//! In: words. Out: labels, the best match first, with their titles and numbers of posts.

use unicode_normalization::UnicodeNormalization;

use crate::bot::context::{CommandError, Context};
use crate::bot::replies::Choice;
use crate::catalog::label_key;
use crate::model::{Follow, Label, LabelKind};

/// Labels shown at a time: as many as a phone shows without scrolling far.
pub const PAGE: usize = 8;

/// What a search found.
pub struct Found {
    /// The first page.
    pub choices: Vec<Choice>,
    /// All matches.
    pub total: usize,
    /// The one label that was named exactly.
    pub exact: Option<Choice>,
}

/// A page of what a search finds, the best first.
pub async fn page(
    context: &Context,
    query: &str,
    from: usize,
    length: usize,
) -> Result<Vec<Choice>, CommandError> {
    let mut choices = Vec::new();
    for (_, follow) in matches(context, query)
        .await?
        .into_iter()
        .skip(from)
        .take(length)
    {
        choices.push(choice(context, follow).await?);
    }
    Ok(choices)
}

/// All that a search finds, the best first, with its rank.
async fn matches(context: &Context, query: &str) -> Result<Vec<(u8, Follow)>, CommandError> {
    let wanted = fold(query);
    let mut matches: Vec<(u8, Follow)> = Vec::new();
    for follow in context.index.ask(|catalog| catalog.follows()).await? {
        let names = [fold(&context.title(&follow)), fold(name(&follow))];
        if let Some(rank) = names.iter().filter_map(|name| rank(name, &wanted)).min() {
            matches.push((rank, follow));
        }
    }
    if let Ok(follow) = query.trim().parse::<Follow>() {
        matches
            .iter_mut()
            .filter(|(_, other)| *other == follow)
            .for_each(|(rank, _)| *rank = 0);
        if !matches.iter().any(|(_, other)| *other == follow) && is_known(context, &follow).await? {
            matches.push((0, follow));
        }
    }
    matches.sort_by(|(a, left), (b, right)| {
        (a, is_no_topic(left), left).cmp(&(b, is_no_topic(right), right))
    });
    Ok(matches)
}

/// Searches topics, categories and tags. Width and case do not matter.
pub async fn labels(context: &Context, query: &str) -> Result<Found, CommandError> {
    let matches = matches(context, query).await?;
    let total = matches.len();
    let exactly: Vec<&Follow> = matches
        .iter()
        .filter(|(rank, _)| *rank == 0)
        .map(|(_, follow)| follow)
        .collect();
    let exact = match exactly.as_slice() {
        [only] => Some(choice(context, (*only).clone()).await?),
        _ => None,
    };
    let mut choices = Vec::new();
    for (_, follow) in matches.into_iter().take(PAGE) {
        choices.push(choice(context, follow).await?);
    }
    Ok(Found {
        choices,
        total,
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
    let row = context
        .index
        .ask(move |catalog| catalog.label(&wanted))
        .await?;
    Ok(Choice {
        title: context.title(&follow),
        key: key(&follow),
        posts: row.map_or(0, |row| row.posts),
        follow,
    })
}

/// The short name of a label in callback data.
pub fn key(follow: &Follow) -> String {
    match follow {
        Follow::Site => "site".to_owned(),
        label => label_key(label),
    }
}

async fn is_known(context: &Context, follow: &Follow) -> Result<bool, CommandError> {
    let wanted = follow.clone();
    Ok(context
        .index
        .ask(move |catalog| catalog.label(&wanted))
        .await?
        .is_some())
}

fn name(follow: &Follow) -> &str {
    match follow {
        Follow::Site => "site",
        Follow::Label(label) => &label.name,
    }
}

/// Exact before beginning before part, topics before the rest.
fn rank(name: &str, wanted: &str) -> Option<u8> {
    match () {
        () if wanted.is_empty() => None,
        () if name == wanted => Some(0),
        () if name.starts_with(wanted) => Some(1),
        () if name.contains(wanted) => Some(2),
        () => None,
    }
}

fn is_no_topic(follow: &Follow) -> bool {
    !matches!(follow, Follow::Label(label) if label.kind == LabelKind::Topic)
}

fn fold(text: &str) -> String {
    text.nfkc()
        .flat_map(char::to_lowercase)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_and_case_do_not_matter_and_the_exact_name_wins() {
        assert_eq!(rank(&fold("ＴechWeb"), &fold("techweb")), Some(0));
        assert_eq!(rank(&fold("大众日报新闻"), &fold("大众")), Some(1));
        assert_eq!(rank(&fold("大众日报新闻"), &fold("日报")), Some(2));
        assert_eq!(rank(&fold("大众日报新闻"), &fold("财联社")), None);
        assert_eq!(rank("x", ""), None);
    }
}
