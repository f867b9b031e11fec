//! `tagwire backup` and `tagwire restore`: the precious half, copied and put back.
//! In: a file. Out: a verified copy in it, or the store made of it with the old one kept.

use std::path::Path;

use super::{Verdict, block_on};
use crate::app::{AppError, Setup};
use crate::catalog::Catalog;
use crate::pipeline::PipelineError;
use crate::store::{self, Since, StoreCounts, path_of};

/// Copies the store, beside a running daemon or not.
pub fn execute(setup: &Setup, file: &Path) -> Result<Verdict, AppError> {
    let path = path_of(&setup.config.store.url)?;
    let counts = block_on(async { Ok(store::backup(&path, file).await?) })?;
    say!("{}: {}; verified", file.display(), words(&counts));
    Ok(Verdict::Fine)
}

/// Puts a backup into the store's place.
pub fn restore(setup: &Setup, file: &Path, announce: bool) -> Result<Verdict, AppError> {
    let _locks = (setup.lock_catalog()?, setup.lock_store()?);
    let path = path_of(&setup.config.store.url)?;
    let since = match announce {
        true => Since::Unsent,
        false => Since::TakenForSent,
    };
    let now = setup.clock.now();
    let (counts, aside) = block_on(async { Ok(store::restore(&path, file, since, now).await?) })?;
    // The index's marks say what another store knew.
    Catalog::forget_plans(&setup.config.catalog.path).map_err(PipelineError::from)?;
    say!("{}: {}", path.display(), words(&counts));
    if let Some(aside) = aside {
        say!("the store that was there is kept in {}", aside.display());
    }
    say!(
        "{}",
        match since {
            Since::Unsent =>
                "posts that it does not know are announced, and messages that waited are sent",
            Since::TakenForSent =>
                "posts and messages since the backup are taken for sent; with --announce they would be sent",
        }
    );
    Ok(Verdict::Fine)
}

fn words(counts: &StoreCounts) -> String {
    let deliveries: i64 = counts.deliveries.iter().map(|(_, rows)| rows).sum();
    format!(
        "{} chats, {} subscriptions, {deliveries} deliveries",
        counts.chats + counts.suspended,
        counts.subscriptions
    )
}
