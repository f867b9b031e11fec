//! The bot's wiring: who it is, where its updates come from, which chats the config's names are.
//! In: the config and the store. Out: a running bot.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::run::say;
use super::setup::{AppError, Setup};
use crate::bot::{self, Context, Published, Reread, Source};
use crate::config;
use crate::feeds::{Addresses, Format};
use crate::http::Hook;
use crate::model::{ChatId, Follow};
use crate::posts::{self, Rules};
use crate::store::{Millis, Store, StoreError};
use crate::telegram::Seal;

/// Posts to the webhook that wait for the bot.
const WAITING_POSTS: usize = 64;
/// Pause before the bot asks again who it is.
const ASK_AGAIN: Duration = Duration::from_secs(15);

/// Chats of the config and what they follow.
pub(super) type Channels = Vec<(ChatId, Vec<Follow>)>;

impl Setup {
    /// Where updates come from, and what the built-in server needs for it.
    ///
    /// # Errors
    /// The webhook's address or secret cannot be used.
    pub(super) async fn source(
        &self,
        store: &dyn Store,
    ) -> Result<(Source, Option<Hook>), AppError> {
        let Some(webhook) = self
            .config
            .telegram
            .webhook
            .as_ref()
            .filter(|_| self.has_token())
        else {
            return Ok((Source::Polling, None));
        };
        let secret = match config::webhook_secret(webhook.secret_file.as_deref())? {
            Some(secret) => secret.reveal().to_owned(),
            None => Seal::new(store.seal_key().await?).derive("webhook"),
        };
        let (sender, posted) = mpsc::channel(WAITING_POSTS);
        let hook = Hook {
            path: webhook.listen_path()?,
            secret: secret.clone(),
            posted: sender,
        };
        let url = webhook.url.clone();
        let source = Source::Webhook {
            url,
            secret,
            posted,
        };
        Ok((source, Some(hook)))
    }
}

impl Setup {
    /// Where the feeds are, for people.
    ///
    /// # Errors
    /// What is wrong with the addresses of the config.
    pub(super) fn published(&self) -> Result<Published, AppError> {
        let settings = &self.config.feeds;
        let addresses = Addresses::new(settings, &self.site)
            .map_err(|why| AppError::Config(config::ConfigError::setting(why)))?;
        let all = addresses.url_of_file(settings.index.trim_start_matches('/'));
        Ok(Published {
            format: settings.formats.first().copied().unwrap_or(Format::Atom),
            all: all.trim_end_matches("index.html").to_owned(),
            addresses,
        })
    }

    /// Reads posts again, as the config says.
    ///
    /// # Errors
    /// What is wrong with the rules of the config.
    pub(super) fn reread(&self) -> Result<Reread, AppError> {
        let config = &self.config;
        let rules = Rules::new(&config.posts, &self.site, config.naive_dates())
            .map_err(|why| AppError::Config(config::ConfigError::setting(why)))?;
        Ok(Arc::new(move |path: &str| {
            // Topics do not look at dates.
            let seen = chrono::DateTime::UNIX_EPOCH;
            let (bytes, _) = posts::read(path, &rules).ok()?;
            posts::parse(path, &bytes, seen, &rules).0
        }))
    }
}

/// Learns who the bot is, as often as it takes, then lets it answer.
pub(super) async fn start(
    mut context: Context,
    source: Source,
    channels: Channels,
    is_quiet: bool,
    stop: CancellationToken,
) {
    loop {
        match who(&mut context).await {
            Ok(()) => break,
            Err(error) => {
                tracing::error!(%error, "the bot cannot start yet; check the token and the network. Feeds go on, messages wait");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = context.clock.sleep(ASK_AGAIN) => {}
        }
    }
    if !is_quiet {
        say(&format!("bot: @{}", context.username));
    }
    tokio::select! {
        () = stop.cancelled() => return,
        () = name_channels(&context, &channels) => {}
    }
    bot::run(Arc::new(context), source, stop).await;
}

async fn who(context: &mut Context) -> Result<(), AppError> {
    let me = context.telegram.me().await?;
    context.store.set_bot(me.id).await?;
    context.places.bot = me.id;
    context.username = me.username;
    Ok(())
}

/// Asks Telegram which chats the config's names are. Whoever comes by number (an update, a command) is then
/// the same chat as the one that comes by name, and gets one copy of a message.
async fn name_channels(context: &Context, channels: &Channels) {
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
        if let Err(error) = subscribe(context.store.as_ref(), channels, now).await {
            tracing::error!(%error, "the subscriptions of telegram.channels cannot be written");
        }
    }
}

/// What the store calls a chat of the config: by the number of its name, or by the id that it moved to.
pub(super) async fn known_as(store: &dyn Store, chat: &ChatId) -> Result<ChatId, StoreError> {
    let known = store.named(&chat.to_string()).await?;
    Ok(known.unwrap_or_else(|| chat.clone()))
}

/// Makes the subscriptions of the config's chats equal to the config, each chat under one name.
pub(super) async fn subscribe(
    store: &dyn Store,
    channels: &Channels,
    now: Millis,
) -> Result<(), StoreError> {
    let mut known: Channels = Vec::new();
    for (chat, follows) in channels {
        let chat = known_as(store, chat).await?;
        match known.iter_mut().find(|(other, _)| *other == chat) {
            Some((_, all)) => all.extend(follows.iter().cloned()),
            None => known.push((chat, follows.clone())),
        }
    }
    store.sync_channels(&known, now).await
}
