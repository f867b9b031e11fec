//! `tagwire explain POST`: how a post was read, which labels and topics it has and why, who got it or not.
//! In: a file, an id or a part of a title. Out: text for people, or one JSON object.

mod chats;
mod text;
mod value;

use std::path::Path;

use self::chats::Sent;
use super::posts::to_json;
use super::reading::Reader;
use super::{Verdict, block_on};
use crate::app::{AppError, Setup};
use crate::catalog::{Catalog, Digested, Reading};
use crate::delivery::message::{Form, alert};
use crate::delivery::preview;
use crate::feeds::{Addresses, Format};
use crate::model::{ChatId, Follow, Label, LabelKind};
use crate::store::{Card, path_of};
use crate::topics::{Article, OwnRules, Verdict as TopicVerdict};

/// Everything there is to say about one post.
struct Explained<'a> {
    setup: &'a Setup,
    reading: Reading,
    /// One for each topic; none when the file gives no post.
    verdicts: Vec<TopicVerdict>,
    sent: Sent,
}

/// Explains one post.
pub fn execute(setup: &Setup, wanted: &str, json: bool) -> Result<Verdict, AppError> {
    let reader = Reader::new(setup)?;
    let Some(reading) = find(setup, &reader, wanted) else {
        eprintln!("no post is meant by `{wanted}`: give its file, its id, or a part of its title");
        return Ok(Verdict::Found);
    };
    let articles = reading
        .post
        .iter()
        .map(|digested| Article::from(&*digested.post));
    let explained = Explained {
        verdicts: articles
            .flat_map(|article| setup.matcher.explain(&article))
            .collect(),
        sent: sent(setup, &reading)?,
        setup,
        reading,
    };
    if json {
        say!("{}", to_json(&value::as_json(&explained)));
    } else {
        super::put(&text::as_text(&explained));
    }
    Ok(Verdict::Fine)
}

/// The file itself, else what the catalog finds, else the first file whose post fits.
fn find(setup: &Setup, reader: &Reader<'_>, wanted: &str) -> Option<Reading> {
    if wanted.trim().is_empty() {
        // Every path ends with it.
        return None;
    }
    if Path::new(wanted).is_file() {
        return Some(reader.read(wanted));
    }
    let catalog = Catalog::reader(&setup.config.catalog.path);
    if let Ok(rows) = catalog.and_then(|catalog| catalog.find(wanted, 1))
        && let Some(row) = rows.first()
    {
        return Some(reader.read(&row.path));
    }
    let mut found: Option<Reading> = None;
    reader.read_all(|reading| {
        let fits = reading.path.ends_with(wanted)
            || reading.post.as_ref().is_some_and(|digested| {
                digested.post.id.as_str().contains(wanted) || digested.post.title.contains(wanted)
            });
        if fits && found.is_none() {
            found = Some(reading);
        }
    });
    found
}

fn sent(setup: &Setup, reading: &Reading) -> Result<Sent, AppError> {
    let Some(digested) = &reading.post else {
        return Ok(Sent::default());
    };
    if !path_of(&setup.config.store.url)?.exists() {
        return Ok(Sent::default());
    }
    block_on(async {
        let store = setup.open_store().await?;
        let post = &digested.post.id;
        let mut wanted = follows(digested);
        let rules = store.own_rules().await?;
        // A rule that the matcher cannot hold was refused when it was written.
        if let Ok(rules) = OwnRules::new(&rules) {
            let met = rules.met(&Article::from(&*digested.post));
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
    /// What is in the way of the whole post, before any chat is looked at.
    fn stage(&self, digested: &Digested) -> Option<&'static str> {
        let due = digested.post.published.seconds() > self.setup.clock.seconds();
        match &self.sent.decision {
            _ if digested.post.withdrawn => Some("withdrawn (published: false)"),
            None if due => Some("waits for its date"),
            None => Some("not decided about yet: no `run` or `once` has seen it"),
            Some(_) => None,
        }
    }

    /// The text of the message.
    fn message(&self, digested: &Digested) -> String {
        let zone = self.setup.site.timezone;
        alert(&self.card(digested), "zh", zone, Form::Full).text
    }

    /// The message as the terminal shows it.
    fn preview(&self, digested: &Digested) -> String {
        let zone = self.setup.site.timezone;
        let message = alert(&self.card(digested), "zh", zone, Form::Full);
        preview(&ChatId::Name("preview".into()), &message)
    }

    fn feed_address(&self, follow: &Follow) -> String {
        let settings = &self.setup.config.feeds;
        let format = settings.formats.first().copied().unwrap_or(Format::Atom);
        match Addresses::new(settings, &self.setup.site) {
            Ok(addresses) => addresses.url(follow, format),
            Err(why) => why,
        }
    }
}

/// What a chat may follow to get this post.
fn follows(digested: &Digested) -> Vec<Follow> {
    let topics = digested.topics.iter().map(Label::topic);
    let labels = digested.post.labels().chain(topics).map(Follow::Label);
    std::iter::once(Follow::Site).chain(labels).collect()
}

impl Explained<'_> {
    /// What the message is made of, with the other sources of the same story.
    fn card(&self, digested: &Digested) -> Card {
        Card {
            also: self.sent.also.clone(),
            ..card(self.setup, digested)
        }
    }
}

fn card(setup: &Setup, digested: &Digested) -> Card {
    let post = &digested.post;
    let topics = digested.topics.iter().map(|id| {
        let title = setup.matcher.title_of(id).unwrap_or(id);
        (id.clone(), title.to_owned())
    });
    Card {
        post: post.id.clone(),
        title: post.title.clone(),
        url: format!("{}{}", setup.site.url, post.url),
        summary: digested.summary.clone(),
        source: post.source.clone(),
        published: post.published,
        categories: post.categories.clone(),
        tags: post.tags.clone(),
        topics: topics.collect(),
        rules: Vec::new(),
        also: Vec::new(),
    }
}
