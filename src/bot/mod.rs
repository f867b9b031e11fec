//! The bot: commands and buttons in, settings and answers out.
//! In: raw updates, polled or posted, acknowledged only when they were handled. Out: changes in the store,
//! replies. One file a command; who may do what is a value from `access` that the command must hold.

mod access;
mod admin_replies;
mod commands;
mod context;
mod data_replies;
mod drafts;
pub mod find;
mod limits;
mod menus;
mod own_replies;
mod place_replies;
mod post_replies;
mod replies;
mod settings_replies;
mod source;
mod update;
mod wishes;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::delivery::Clock;
use crate::http::Posted;
use context::{CommandError, Tally};
use source::QUIET;

pub use context::{Context, Index, Naming, Places, Published, Reread};
pub use replies::Words;
pub use source::Source;
pub use update::{Incoming, Person, Place};

/// The longest pause after a failure.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Takes updates and answers until `stop`. Feeds and deliveries go on whatever happens here.
pub async fn run(context: Arc<Context>, source: Source, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = listen(&context, source, &stop) => {}
    }
}

async fn listen(context: &Context, mut source: Source, stop: &CancellationToken) {
    let mut patience = Patience::default();
    while let Err(words) = source.announce(context).await {
        tracing::error!("{words}");
        patience.wait(&context.clock).await;
    }
    menus::announce(context).await;
    let mut patience = Patience::default();
    while !stop.is_cancelled() {
        let round = match &mut source {
            Source::Polling => poll_once(context).await,
            Source::Webhook { posted, .. } => {
                match tokio::time::timeout(QUIET, posted.recv()).await {
                    Ok(Some(posted)) => take_posted(context, posted).await,
                    Ok(None) => return,
                    // Somebody else may have taken the webhook back; setting it again changes nothing else.
                    Err(_) => source.announce(context).await,
                }
            }
        };
        match round {
            Ok(()) => patience = Patience::default(),
            Err(words) => {
                tracing::error!("{words}");
                patience.wait(&context.clock).await;
            }
        }
    }
}

/// Pauses that grow.
#[derive(Default)]
struct Patience(Option<Duration>);

impl Patience {
    async fn wait(&mut self, clock: &Clock) {
        let wait = self.0.unwrap_or(Duration::from_secs(1));
        self.0 = Some((wait * 2).min(LONGEST_WAIT));
        clock.sleep(wait).await;
    }
}

/// One long poll, and everything that it brought.
async fn poll_once(context: &Context) -> Result<(), String> {
    for raw in source::poll(context).await? {
        take(context, &raw).await?;
    }
    Ok(())
}

/// One post to the webhook. What is no JSON would be none the next time either.
async fn take_posted(context: &Context, posted: Posted) -> Result<(), String> {
    let taken = match serde_json::from_slice(&posted.body) {
        Ok(raw) => take(context, &raw).await,
        Err(error) => {
            Tally::count(&context.places.tally.unknown);
            tracing::warn!(%error, "a post to the webhook is no update and was skipped");
            Ok(())
        }
    };
    // Telegram may have hung up meanwhile; then it comes again and is known by its number.
    let _ = posted.done.send(taken.is_ok());
    taken
}

/// How far numbers go back at most when an update comes again. Telegram begins anew at a random number after
/// a quiet week (Bot API, type Update).
const SAME_SERIES: i64 = 100_000;

/// Handles one update and writes down that it was handled; see `Context::mark_handled` for the order.
async fn take(context: &Context, raw: &Value) -> Result<(), String> {
    let tally = &context.places.tally;
    let Some(id) = raw["update_id"]
        .as_i64()
        .filter(|id| (0..i64::MAX).contains(id))
    else {
        Tally::count(&tally.unknown);
        return Ok(());
    };
    let offset = context.store.update_offset().await;
    let behind = offset.map_err(|error| error.to_string())? - id;
    if (1..=SAME_SERIES).contains(&behind) {
        Tally::count(&tally.repeated);
        return Ok(());
    }
    Tally::count(&tally.updates);
    context.places.under_way.store(id, Ordering::SeqCst);
    // A fault of ours costs one answer, never the bot.
    let handled = AssertUnwindSafe(understand(context, id, raw)).catch_unwind();
    match handled.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(update = id, %error, "an update could not be handled"),
        Err(_) => tracing::error!(
            update = id,
            "a fault in tagwire while an update was handled: report it"
        ),
    }
    crate::crash::point("after-command");
    let marked = context.mark_handled().await;
    marked.map_err(|error| error.to_string())
}

async fn understand(context: &Context, id: i64, raw: &Value) -> Result<(), CommandError> {
    let incoming = Incoming::read(raw);
    if matches!(incoming, Incoming::Unknown) {
        Tally::count(&context.places.tally.unknown);
        tracing::info!(
            update = id,
            "an update of a kind that this version does not know was skipped"
        );
    }
    commands::handle(context, incoming).await
}
