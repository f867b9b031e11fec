//! The bot's wiring: who it is, where its updates come from, which chats the config's names are.
//! In: the config and the store. Out: a running bot.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::channels::{Channels, name_channels};
use super::run::say;
use super::setup::{AppError, Setup};
use crate::bot::{self, Context, Published, Reread, Source};
use crate::config;
use crate::feeds::{Addresses, Format};
use crate::http::Hook;
use crate::posts::{self, Rules};
use crate::store::Store;
use crate::telegram::Seal;

/// Posts to the webhook that wait for the bot.
const WAITING_POSTS: usize = 64;
/// Pause before the bot asks again who it is.
const ASK_AGAIN: Duration = Duration::from_secs(15);

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
        let all = addresses.index_file().or(addresses.opml_file());
        let all = all.map(|file| addresses.url_of_file(file));
        Ok(Published {
            format: settings.formats.first().copied().unwrap_or(Format::Atom),
            all: all.map(|all| all.trim_end_matches("index.html").to_owned()),
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
    tokio::select! {
        () = stop.cancelled() => return,
        () = begin(&mut context, &channels, is_quiet) => {}
    }
    bot::run(Arc::new(context), source, stop).await;
}

async fn begin(context: &mut Context, channels: &Channels, is_quiet: bool) {
    while let Err(error) = who(context).await {
        tracing::error!(%error, "the bot cannot start yet; check the token and the network. Feeds go on, and so do messages where Telegram takes them");
        context.clock.sleep(ASK_AGAIN).await;
    }
    if !is_quiet {
        say(&format!("bot: @{}", context.username));
    }
    name_channels(context, channels).await;
}

async fn who(context: &mut Context) -> Result<(), AppError> {
    let me = context.telegram.me().await?;
    context.store.set_bot(me.id).await?;
    context.places.bot = me.id;
    context.username = me.username;
    Ok(())
}
