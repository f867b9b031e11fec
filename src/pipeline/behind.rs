//! A first build does not wait for the disk: what replaces nothing can be made again.
//! In: what is published as far as the catalog knows, what an earlier run noted. Out: files that a power cut took, to be
//! written again; the note taken back once everything is known to be on the disk.

use std::io;

use rayon::prelude::*;

use super::{Derived, Patience, Round};
use crate::catalog::CatalogError;
use crate::publish::{Behind, Epoch, Published};

/// Where the catalog notes the epoch in which something was published that may not be on the disk. Its rows of what was
/// published come later, so no power cut leaves them without it.
const NOTE: &str = "behind";
/// In its place once the disk failed: no epoch is called so.
const FAILED: &str = "failed";

/// How far the disk is behind what is published.
#[derive(Debug, Default)]
pub(super) enum Lag {
    /// Not at all; or as it is noted, for a later run.
    #[default]
    None,
    /// Until this round ends nothing is waited for that replaces nothing.
    First,
    /// A sync is under way.
    Syncing(Behind),
    /// Everything was read from the disk.
    Read,
}

impl Derived {
    /// Lets the folder lag where nothing was published before. Else sees to it that what an earlier run left to the
    /// system gets to the disk, and leaves of `published` what a power cut between the two did not take.
    pub(super) fn catch_up(&mut self, published: &mut Vec<Published>) -> Result<(), CatalogError> {
        let noted = self.catalog.noted(NOTE)?;
        let epoch = Epoch::of(self.folder.dir());
        if published.is_empty() {
            let Some(epoch) = epoch else { return Ok(()) };
            self.folder.set_lags(true);
            self.lag = Lag::First;
            return self.catalog.note(NOTE, epoch.as_str());
        }
        let Some(noted) = noted else { return Ok(()) };
        let behind = Behind::begin(self.folder.dir());
        if epoch.is_some_and(|epoch| epoch.as_str() == noted) {
            self.lag = behind.map_or(Lag::None, Lag::Syncing);
            return Ok(());
        }
        // Bytes that wait to be written would be read from memory.
        let is_synced = behind.is_none_or(|behind| behind.end().is_ok());
        let folder = &self.folder;
        let (whole, lost) = { std::mem::take(published).into_par_iter() }
            .partition::<Vec<_>, Vec<_>, _>(|file| folder.holds(file));
        *published = whole;
        let lost: Vec<String> = lost.into_iter().map(|file| file.path).collect();
        if !lost.is_empty() {
            self.catalog.mark_all_dirty()?;
            self.catalog.forget_published(&lost, &[])?;
        }
        if is_synced {
            self.lag = Lag::Read;
        }
        Ok(())
    }

    /// At the end of a round: from now on the disk is waited for. A daemon has it catch up while it goes on; one run
    /// leaves it to the system and to the next run.
    pub(super) fn fall_in(
        &mut self,
        patience: Patience,
        round: &mut Round,
    ) -> Result<(), CatalogError> {
        self.folder.set_lags(false);
        match (std::mem::take(&mut self.lag), patience) {
            (Lag::None, _) | (Lag::First, Patience::OneShot) => Ok(()),
            (Lag::First, Patience::Daemon) => {
                let behind = Behind::begin(self.folder.dir());
                self.lag = behind.map_or(Lag::None, Lag::Syncing);
                Ok(())
            }
            (Lag::Syncing(behind), Patience::Daemon) if !behind.is_over() => {
                self.lag = Lag::Syncing(behind);
                Ok(())
            }
            (Lag::Syncing(behind), _) => self.note_end(behind.end(), round),
            (Lag::Read, _) => self.catalog.forget_note(NOTE),
        }
    }

    fn note_end(&mut self, synced: io::Result<()>, round: &mut Round) -> Result<(), CatalogError> {
        let Err(error) = synced else {
            return self.catalog.forget_note(NOTE);
        };
        round.notices.push(format!(
            "the disk of {} failed ({error}), and published files may be lost: mend it, then start again, which reads each \
             of them from the disk",
            self.folder.dir().display()
        ));
        self.catalog.note(NOTE, FAILED)
    }
}
