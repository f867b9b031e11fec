//! The loop around a target.
//! In: how many rounds the stage before has finished. Out: the same number, once this one has too.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Book, PushError, Stage};

/// The first pause after a fault; each further one is twice as long.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause: what is back is noticed within minutes.
const LONGEST: Duration = Duration::from_secs(300);

/// How long to wait after so many faults in a row.
pub fn backoff(faults: u32) -> Duration {
    FIRST
        .saturating_mul(2_u32.saturating_pow(faults))
        .min(LONGEST)
}

/// Works until `stop`. After a fault new rounds do not hurry it, unless its parts pause by themselves: the pause is kept.
pub async fn run(
    mut stage: Box<dyn Stage>,
    book: Book,
    mut rounds: watch::Receiver<u64>,
    done: watch::Sender<u64>,
    stop: CancellationToken,
) {
    let mut faults = 0;
    loop {
        let own_pause = stage.again_in();
        let go_on = async {
            match faults {
                0 => rounds.changed().await.is_ok(),
                _ => {
                    tokio::select! {
                        () = tokio::time::sleep(own_pause.unwrap_or(backoff(faults - 1))) => {}
                        Ok(()) = rounds.changed(), if own_pause.is_some() => {}
                    }
                    true
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            go_on = go_on => if !go_on { return },
        }
        let round = *rounds.borrow_and_update();
        let worked = tokio::select! {
            () = stop.cancelled() => return,
            worked = stage.work(&book) => worked,
        };
        let target = stage.target().as_str();
        match worked {
            Ok(files) => {
                if faults > 0 {
                    tracing::info!(target, files, "the target is in step again");
                } else if files > 0 {
                    tracing::info!(target, files, "pushed");
                }
                faults = 0;
                done.send_replace(round);
            }
            Err(PushError::Waits) => {
                tracing::debug!(target, "a part of the target waits");
                faults = faults.max(1);
            }
            Err(error) => {
                let again = backoff(faults).as_secs();
                faults = faults.saturating_add(1);
                tracing::warn!(target, "{error}; tried again in {again} s, nothing is lost");
            }
        }
    }
}
