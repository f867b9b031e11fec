//! `tagwire explain POST`: how a post was read, which labels and topics it has and why, who got it or not.
//! In: a file, an id, an address or a part of a title. Out: text for people, or one JSON object.

mod chats;
mod find;
mod known;
mod text;
mod value;

use std::collections::BTreeSet;

use self::chats::Sent;
use self::find::{Found, Other, Subject};
use self::known::Known;
use super::posts::to_json;
use super::reading::Reader;
use super::{Verdict, block_on};
use crate::app::{AppError, Setup};
use crate::catalog::{Digested, Reading};
use crate::delivery::message::{Form, alert};
use crate::delivery::preview;
use crate::feeds::{Addresses, Format, title_text};
use crate::model::{ChatId, Follow, Label, LabelKind, PostId};
use crate::store::{Card, path_of};
use crate::topics::{Article, OwnRules, Verdict as TopicVerdict};

/// Everything there is to say about one post.
struct Explained<'a> {
    setup: &'a Setup,
    /// What its file gives; `None` when no file is known.
    reading: Option<Reading>,
    /// What is remembered, when the file gives nothing.
    known: Option<Known>,
    /// Posts that may have been meant, too.
    others: Vec<Other>,
    /// One for each topic; none when the file gives no post.
    verdicts: Vec<TopicVerdict>,
    sent: Sent,
}

/// Explains one post.
pub fn execute(setup: &Setup, wanted: &str, json: bool) -> Result<Verdict, AppError> {
    let reader = Reader::new(setup)?;
    let Some(found) = find::post(setup, &reader, wanted)? else {
        warn!(
            "no post is meant by `{wanted}`: give its file, its id, its address, or a part of its title"
        );
        return Ok(Verdict::Found);
    };
    let explained = Explained::of(setup, found)?;
    if json {
        say!("{}", to_json(&value::as_json(&explained)));
    } else {
        super::put(&text::as_text(&explained, wanted));
    }
    Ok(Verdict::Fine)
}

impl<'a> Explained<'a> {
    fn of(setup: &'a Setup, found: Found) -> Result<Self, AppError> {
        let (reading, known) = match found.subject {
            Subject::Store(card) => (None, Some(Known::remembered(*card))),
            Subject::File(reading, Some(row)) if reading.post.is_none() => {
                (Some(*reading), Some(Known::of_row(setup, &row)?))
            }
            Subject::File(reading, _) => (Some(*reading), None),
        };
        let digested = reading.as_ref().and_then(|reading| reading.post.as_ref());
        let article = digested.map(|digested| Article::from(&*digested.post));
        let sent = match (digested, &known) {
            (Some(digested), _) => sent(
                setup,
                &digested.post.id,
                follows(setup, digested),
                article.as_ref(),
            )?,
            (None, Some(known)) => {
                let card = &known.card;
                sent(setup, &card.post, card.follows().collect(), None)?
            }
            (None, None) => Sent::default(),
        };
        let verdicts = { article.iter() }.flat_map(|article| setup.matcher.explain(article));
        Ok(Explained {
            verdicts: verdicts.collect(),
            setup,
            others: found.others,
            reading,
            known,
            sent,
        })
    }
}

fn sent(
    setup: &Setup,
    post: &PostId,
    mut wanted: Vec<Follow>,
    article: Option<&Article<'_>>,
) -> Result<Sent, AppError> {
    if !path_of(&setup.config.store.url)?.exists() {
        return Ok(Sent::default());
    }
    block_on(async {
        let store = setup.open_store().await?;
        let rules = store.own_rules().await?;
        // A rule that the matcher cannot hold was refused when it was written.
        if let (Some(article), Ok(rules)) = (article, OwnRules::new(&rules)) {
            let met = rules.met(article);
            let met = { met.into_iter() }.map(|rule| Label::new(LabelKind::Words, rule));
            wanted.extend(met.map(Follow::Label));
        }
        let told = store.card(post).await?;
        let sent = Sent {
            also: told.map(|card| card.also).unwrap_or_default(),
            decision: store.decision(post).await?,
            decided_at: store.decided_at(post).await?,
            deliveries: store.deliveries_of(post).await?,
            followers: store.followers(&wanted).await?,
        };
        store.close().await;
        Ok(sent)
    })
}

impl Explained<'_> {
    fn digested(&self) -> Option<&Digested> {
        self.reading
            .as_ref()
            .and_then(|reading| reading.post.as_ref())
    }

    /// What is in the way of the whole post, before any chat is looked at.
    fn stage(&self, digested: &Digested) -> Option<&'static str> {
        let problems = self.reading.iter().flat_map(|reading| &reading.problems);
        let is_doubled = { problems }.any(|problem| problem.kind == "duplicate-id");
        let due = digested.post.published.seconds() > self.setup.clock.seconds();
        match &self.sent.decision {
            _ if is_doubled => Some("another file has its id, and stands for it"),
            _ if digested.post.withdrawn => Some("withdrawn (published: false)"),
            None if due => Some("waits for its date"),
            None => Some("not decided about yet: no `run` or `once` has seen it"),
            Some(_) => None,
        }
    }

    /// The feeds that it is in, or will be.
    fn feeds(&self) -> Vec<Follow> {
        match (self.digested(), &self.known) {
            (Some(digested), _) if digested.post.withdrawn => Vec::new(),
            (Some(digested), _) => {
                let labels = self.setup.config.labels().ok();
                let is_retired = |follow: &Follow| {
                    { labels.as_ref() }.is_some_and(|labels| labels.is_retired(follow))
                };
                let mut follows = follows(self.setup, digested);
                follows.retain(|follow| !is_retired(follow));
                follows
            }
            (None, Some(known)) if known.is_in_feeds() => known.card.follows().collect(),
            _ => Vec::new(),
        }
    }

    /// The text of the message.
    fn message(&self) -> Option<String> {
        let zone = self.setup.site.timezone;
        Some(alert(&self.card()?, "zh", zone, Form::Full).text)
    }

    /// The message as the terminal shows it.
    fn preview(&self) -> Option<String> {
        let zone = self.setup.site.timezone;
        let message = alert(&self.card()?, "zh", zone, Form::Full);
        Some(preview(&ChatId::Name("preview".into()), &message))
    }

    fn feed_address(&self, follow: &Follow) -> String {
        let settings = &self.setup.config.feeds;
        let format = settings.formats.first().copied().unwrap_or(Format::Atom);
        match Addresses::new(settings, &self.setup.site) {
            Ok(addresses) => addresses.url(follow, format),
            Err(why) => why,
        }
    }

    /// What the message is made of, with the other sources of the same story.
    fn card(&self) -> Option<Card> {
        let card = match (self.digested(), &self.known) {
            (Some(digested), _) => card(self.setup, digested),
            (None, known) => known.as_ref()?.card.clone(),
        };
        let also = self.sent.also.clone();
        Some(Card { also, ..card })
    }
}

/// What a chat may follow to get this post; labels by the names that `labels.aliases` gives them.
fn follows(setup: &Setup, digested: &Digested) -> Vec<Follow> {
    let topics = digested.topics.iter().map(Label::topic);
    let labels = digested.post.labels().chain(topics).map(Follow::Label);
    let mut follows: Vec<Follow> = std::iter::once(Follow::Site).chain(labels).collect();
    if let Ok(names) = setup.config.labels() {
        follows = follows
            .into_iter()
            .map(|follow| names.canonical_follow(follow))
            .collect();
        let mut known = BTreeSet::new();
        follows.retain(|follow| known.insert(follow.clone()));
    }
    follows
}

fn card(setup: &Setup, digested: &Digested) -> Card {
    let post = &digested.post;
    Card {
        post: post.id.clone(),
        title: title_text(&post.title).into_owned(),
        url: format!("{}{}", setup.site.url, post.url),
        summary: digested.summary.clone(),
        source: post.source.clone(),
        published: post.published,
        categories: post.categories.clone(),
        tags: post.tags.clone(),
        topics: setup.matcher.titled(&digested.topics),
        rules: Vec::new(),
        also: Vec::new(),
    }
}
