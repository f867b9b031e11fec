//! Where updates come from: long polling (the default), or Telegram's posts to our webhook.
//! In: the Bot API, or bodies that the built-in server took. Out: raw updates, one at a time and in order.
//! The config decides; the Bot API is told at the start.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;

use super::context::Context;
use crate::http::Posted;
use crate::telegram::TelegramError;

/// Where updates come from.
pub enum Source {
    /// We ask (`getUpdates`).
    Polling,
    /// Telegram posts to us.
    Webhook {
        /// The address that Telegram is told.
        url: String,
        /// The secret that Telegram is told.
        secret: String,
        /// What the built-in server took.
        posted: mpsc::Receiver<Posted>,
    },
}

/// How long nothing may come by the webhook before Telegram is asked whether it is still set.
pub const QUIET: Duration = Duration::from_secs(600);

impl Source {
    /// Tells Telegram where updates go.
    ///
    /// # Errors
    /// As the API answers, with what to do.
    pub async fn announce(&self, context: &Context) -> Result<(), String> {
        let told = match self {
            Source::Webhook { url, secret, .. } => context.telegram.set_webhook(url, secret).await,
            Source::Polling => end_webhook(context).await,
        };
        told.map_err(|error| explain(&error))
    }
}

/// A webhook of another day would keep every poll from working; updates that wait are kept.
async fn end_webhook(context: &Context) -> Result<(), TelegramError> {
    let url = context.telegram.webhook().await?;
    if url.is_empty() {
        return Ok(());
    }
    tracing::warn!(
        "Telegram still posted updates to a webhook; it is taken back, because telegram.webhook is not set here"
    );
    context.telegram.delete_webhook().await
}

/// One long poll.
///
/// # Errors
/// As the API answers, with what to do.
pub async fn poll(context: &Context) -> Result<Vec<Value>, String> {
    let offset = context.store.update_offset().await;
    let offset = offset.map_err(|error| error.to_string())?;
    let updates = context.telegram.updates(offset).await;
    updates.map_err(|error| explain(&error))
}

fn explain(error: &TelegramError) -> String {
    let text = error.to_string();
    let lower = text.to_ascii_lowercase();
    match () {
        () if lower.contains("webhook is active") => format!(
            "{text}: another program has set a webhook for this bot. Stop that program and start tagwire again, which takes the webhook back; or give tagwire a bot of its own. Feeds and messages go on"
        ),
        () if lower.contains("conflict") => format!(
            "{text}: another program polls with this bot token. Stop the other one, or give it a bot of its own (@BotFather). Feeds and messages go on"
        ),
        () if lower.contains("unauthorized") || lower.contains("invalid bot token") => format!(
            "{text}: the bot token is not accepted; check TAGWIRE_TELEGRAM_TOKEN. Feeds go on, messages wait"
        ),
        () if lower.contains("bad webhook") => format!(
            "{text}: telegram.webhook.url must be https on port 443, 80, 88 or 8443, and reach this server. Feeds and messages go on"
        ),
        () => text,
    }
}
