//! The bot: commands and buttons in, settings and answers out.
//! In: raw updates by long polling, acknowledged only after they were handled. Out: changes in the store,
//! replies. One file a command; who may do what is a value from `access` that the command must hold.

mod access;
mod commands;
mod context;
mod replies;
mod update;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::telegram::TelegramError;

pub use context::{Context, Index};
pub use replies::Words;
pub use update::{Incoming, Person, Place};

/// The longest pause between two polls that fail.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Polls and answers until `stop`. Feeds and deliveries go on whatever happens here.
pub async fn run(context: Arc<Context>, stop: CancellationToken) {
    context.announce_commands().await;
    let mut wait = Duration::from_secs(1);
    while !stop.is_cancelled() {
        let round = tokio::select! {
            () = stop.cancelled() => return,
            round = poll_once(&context) => round,
        };
        match round {
            Ok(()) => wait = Duration::from_secs(1),
            Err(words) => {
                tracing::error!("{words}");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = context.clock.sleep(wait) => {}
                }
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
    }
}

/// One long poll, and everything that it brought.
async fn poll_once(context: &Context) -> Result<(), String> {
    let offset = context
        .store
        .update_offset()
        .await
        .map_err(|error| error.to_string())?;
    let updates = context
        .telegram
        .updates(offset)
        .await
        .map_err(|error| explain(&error))?;
    for raw in updates {
        take(context, &raw).await?;
    }
    Ok(())
}

/// Handles one update, then records that it was handled: a crash between the two repeats it, and
/// every command may be repeated without harm.
async fn take(context: &Context, raw: &Value) -> Result<(), String> {
    let Some(id) = raw["update_id"].as_i64() else {
        return Ok(());
    };
    let incoming = Incoming::read(raw);
    if matches!(incoming, Incoming::Unknown) {
        tracing::info!(
            update = id,
            "an update of a kind that this version does not know was skipped"
        );
    }
    if let Err(error) = commands::handle(context, incoming).await {
        tracing::error!(update = id, %error, "an update could not be handled");
    }
    crate::crash::point("after-command");
    context
        .store
        .set_update_offset(id + 1)
        .await
        .map_err(|error| error.to_string())
}

fn explain(error: &TelegramError) -> String {
    let text = error.to_string();
    let lower = text.to_ascii_lowercase();
    match () {
        () if lower.contains("conflict") => format!(
            "{text}: another program polls with this bot token, or a webhook is set; stop the other one. Feeds and messages go on"
        ),
        () if lower.contains("unauthorized") || lower.contains("invalid bot token") => format!(
            "{text}: the bot token is not accepted; check TAGWIRE_TELEGRAM_TOKEN. Feeds go on, messages wait"
        ),
        () => text,
    }
}
