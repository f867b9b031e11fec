//! `tagwire held`: posts that wait for somebody's word. In: a decision. Out: rows in the outbox, or a list.

use clap::Subcommand;

use super::{Verdict, block_on};
use crate::app::{AppError, Setup};
use crate::store::Release;

/// What to do with held posts.
#[derive(Subcommand, Clone, Copy)]
pub enum Action {
    /// Show them (the default)
    List,
    /// Announce all of them; a running daemon sends them at once
    Announce,
    /// Announce all of them in digests
    Digest,
    /// Mark all of them as known: nobody is told
    Dismiss,
}

/// Held posts listed at most.
const LISTED: i64 = 1000;

/// Lists held posts or decides about them.
pub fn execute(setup: &Setup, action: Option<Action>) -> Result<Verdict, AppError> {
    block_on(async {
        let store = setup.open_store().await?;
        let now = setup.clock.now();
        match action.unwrap_or(Action::List) {
            Action::List => {
                for (card, reason) in store.held(LISTED).await? {
                    say!("{}  {}  ({reason})", card.post, card.title);
                }
                say!("{} posts are held", store.counts().await?.held);
            }
            Action::Announce => say!(
                "{} posts are being announced",
                store.release_held(Release::Announce, now).await?
            ),
            Action::Digest => say!(
                "{} posts are being announced in digests",
                store.release_held(Release::Digest, now).await?
            ),
            Action::Dismiss => say!(
                "{} posts dismissed",
                store.release_held(Release::Dismiss, now).await?
            ),
        }
        store.close().await;
        Ok(Verdict::Fine)
    })
}
