//! The chats of the config: what they are called, what they follow, how they want it.
//! In: the config, what Telegram says of names and ids. Out: the store, as the config says.

use crate::bot::{Context, Words};
use crate::feeds::Labels;
use crate::model::{ChatId, Follow, LabelKind, nearest};
use crate::store::{Card, Millis, Store, StoreError};

use super::setup::{AppError, Setup};

/// Where the demo's messages go: everything that is new, on the terminal.
const TERMINAL: &str = "@terminal";

/// Chats of the config and what they follow.
pub(super) type Channels = Vec<(ChatId, Vec<Follow>)>;

impl Setup {
    /// Whoever follows a label by an old name follows the one that it stands for now.
    async fn follow_aliases(&self, store: &dyn Store) -> Result<(), AppError> {
        let labels = self.config.labels()?;
        if !labels.change_labels() {
            return Ok(());
        }
        for old in store.followed().await? {
            if matches!(&old, Follow::Label(label) if label.kind == LabelKind::Words) {
                continue;
            }
            let new = labels.canonical_follow(old.clone());
            if new != old {
                let moved = store.rename_follow(&old, &new).await?;
                tracing::info!(%old, %new, moved, "subscriptions moved with labels.aliases");
            }
        }
        relabel_waiting(store, &labels).await?;
        Ok(())
    }

    /// Makes the subscriptions of the config's chats equal to the config. Without a token and without
    /// chats in the config, the terminal follows the whole site.
    ///
    /// # Errors
    /// A chat of the config is none, or the store's.
    pub async fn subscribe_channels(&self, store: &dyn Store) -> Result<(), AppError> {
        self.follow_aliases(store).await?;
        let mut channels = self.config.channels()?;
        if let Some(error) = self.unknown_topics()?.into_iter().next() {
            return Err(AppError::Config(error));
        }
        let terminal = ChatId::Name(TERMINAL.to_owned());
        if !self.has_token() && channels.is_empty() {
            channels.push((terminal, vec![Follow::Site]));
        } else {
            // What was meant for the terminal is not for Telegram.
            store
                .suspend(&terminal, "the terminal is not in use", self.clock.now())
                .await?;
        }
        let language = Words::of(Some(&self.config.site.language)).code();
        subscribe(store, &channels, language, self.clock.now()).await?;
        let urgent = self.matcher.topics().filter(|topic| topic.urgent);
        let urgent: Vec<String> = urgent.map(|topic| topic.id.clone()).collect();
        store.set_urgent_topics(&urgent).await?;
        let wishes = self.config.channel_preferences()?;
        for ((chat, _), wishes) in self.config.channels()?.iter().zip(&wishes) {
            let chat = known_as(store, chat).await?;
            store.configure(&chat, wishes).await?;
        }
        Ok(())
    }

    /// Warns of labels that chats of the config follow and no post carries: a name is easily mistyped, and then nothing ever
    /// comes. `known` is what there is.
    pub(super) fn warn_of_unknown_labels(&self, known: &[Follow]) {
        let Ok(channels) = self.config.channels() else {
            return;
        };
        for (chat, follows) in channels {
            for follow in follows.iter().filter(|follow| !known.contains(follow)) {
                let Follow::Label(label) = follow else {
                    continue;
                };
                if !matches!(label.kind, LabelKind::Category | LabelKind::Tag) {
                    continue;
                }
                let names = known.iter().filter_map(|other| match other {
                    Follow::Label(other) if other.kind == label.kind => Some(other.name.as_str()),
                    _ => None,
                });
                let meant = nearest(&label.name, names);
                let meant = meant.map(|name| format!("; did you mean `{name}`?"));
                let meant = meant.unwrap_or_default();
                tracing::warn!(
                    "telegram.channels: {chat} follows {follow}, and no post carries it{meant}"
                );
            }
        }
    }
}

/// What waits goes to those who follow the new names of its labels.
async fn relabel_waiting(store: &dyn Store, labels: &Labels) -> Result<(), StoreError> {
    let waiting = store.waiting().await?.into_iter();
    let renamed = waiting.filter_map(|mut card| {
        let before = (card.categories.clone(), card.tags.clone());
        card.categories = labels.canonical_names(LabelKind::Category, &before.0);
        card.tags = labels.canonical_names(LabelKind::Tag, &before.1);
        (before != (card.categories.clone(), card.tags.clone())).then_some(card)
    });
    let renamed: Vec<Card> = renamed.collect();
    if !renamed.is_empty() {
        store.relabel(&renamed).await?;
    }
    Ok(())
}

/// Asks Telegram which chats the config's names are. Whoever comes by number (an update, a command) is then
/// the same chat as the one that comes by name, and gets one copy of a message.
pub(super) async fn name_channels(context: &Context, channels: &Channels) {
    let mut is_new = false;
    for (chat, _) in channels {
        let ChatId::Name(name) = chat else { continue };
        let id = match context.telegram.chat(chat).await {
            Ok(found) => found["id"].as_i64().filter(|id| *id < 0).map(ChatId::Id),
            Err(error) => {
                tracing::warn!(%chat, %error, "telegram.channels: Telegram does not show this chat; check its name, and that the bot is its administrator");
                None
            }
        };
        let Some(id) = id else { continue };
        let learnt = async {
            if context.store.named(name).await? != Some(id.clone()) {
                is_new = true;
                context.store.name_chat(name, &id).await?;
            }
            Ok::<_, StoreError>(())
        };
        if let Err(error) = learnt.await {
            tracing::error!(%chat, %error, "the number of a chat cannot be written");
        }
    }
    if is_new {
        let now = context.clock.now();
        let language = Words::of(Some(&context.site.language)).code();
        let done = subscribe(context.store.as_ref(), channels, language, now).await;
        if let Err(error) = done {
            tracing::error!(%error, "the subscriptions of telegram.channels cannot be written");
        }
    }
}

/// What the store calls a chat of the config: by the number of its name, or by the id that it moved to.
async fn known_as(store: &dyn Store, chat: &ChatId) -> Result<ChatId, StoreError> {
    let known = store.named(&chat.to_string()).await?;
    Ok(known.unwrap_or_else(|| chat.clone()))
}

/// Telegram knows names in any case.
fn is_one(a: &ChatId, b: &ChatId) -> bool {
    match (a, b) {
        (ChatId::Name(a), ChatId::Name(b)) => a.eq_ignore_ascii_case(b),
        (a, b) => a == b,
    }
}

/// Makes the subscriptions of the config's chats equal to the config, each chat under one name.
async fn subscribe(
    store: &dyn Store,
    channels: &Channels,
    language: &str,
    now: Millis,
) -> Result<(), StoreError> {
    let mut known: Channels = Vec::new();
    for (chat, follows) in channels {
        let chat = known_as(store, chat).await?;
        match known.iter_mut().find(|(other, _)| is_one(other, &chat)) {
            Some((_, all)) => all.extend(follows.iter().cloned()),
            None => known.push((chat, follows.clone())),
        }
    }
    store.sync_channels(&known, language, now).await
}
