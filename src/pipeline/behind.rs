//! A first build does not wait for the disk: what replaces nothing can be made again.
//! In: what is published as far as the catalog knows, what an earlier run noted. Out: files that a power cut broke,
//! taken away so that they are made again; the note taken back once everything is known to be on the disk.

use std::io::{self, ErrorKind};
use std::path::Path;

use rayon::prelude::*;

use super::{Derived, Patience, Round};
use crate::catalog::{CatalogError, LAGGING};
use crate::publish::{Behind, Epoch, Folder, Published};

/// What the catalog notes instead of an epoch once the disk failed: none is called so.
const FAILED: &str = "failed -";

/// How far the disk is behind what is published. The catalog notes (`LAGGING`) in which epoch and folder something was
/// published that may not be on the disk; its rows of what was published come later, so no power cut leaves them without
/// the note.
#[derive(Debug, Default)]
pub(super) enum Lag {
    /// Not at all; or as it is noted, for a later run.
    #[default]
    None,
    /// Until this round ends nothing is waited for that replaces nothing.
    First,
    /// A sync is under way.
    Syncing(Behind),
    /// Everything was synced, or that failed, and read from the disk after it.
    Read { synced: io::Result<()>, lost: usize },
}

impl Lag {
    /// Whether nothing is waited for that replaces nothing.
    pub fn is_first(&self) -> bool {
        matches!(self, Lag::First)
    }
}

impl Derived {
    /// Lets the first round lag where nothing was published before. Else sees to it that what an earlier run left to the
    /// system gets to the disk, and takes away what a power cut between the two broke: it is made again as whatever
    /// somebody else took away.
    pub(super) fn catch_up(&mut self, published: &mut Vec<Published>) -> Result<(), CatalogError> {
        let dir = self.folder.dir();
        let noted = self.catalog.noted(LAGGING)?;
        if noted.is_none() && !published.is_empty() {
            return Ok(());
        }
        let now = Epoch::of(dir).map(|epoch| note(epoch.as_str(), dir));
        let is_same = now.is_some() && noted == now;
        if published.is_empty() {
            // What an earlier catalog noted stays for a start that has something to look at.
            if let Some(now) = now
                && (is_same || noted.is_none())
            {
                self.lag = Lag::First;
                return self.catalog.note(LAGGING, &now);
            }
            return Ok(());
        }
        let Some(noted) = noted else { return Ok(()) };
        if is_same {
            self.lag = Behind::begin(dir).map_or_else(
                |error| Lag::Read {
                    synced: Err(at(dir, error)),
                    lost: 0,
                },
                Lag::Syncing,
            );
            return Ok(());
        }
        // Bytes that wait to be written would be read from memory.
        let synced = synced(dir);
        if let Some(there) = moved_from(&noted, dir) {
            // Nothing here was published by that run, and nobody looks at what it published there.
            let synced = synced.and(self::synced(there));
            self.lag = Lag::Read { synced, lost: 0 };
            return Ok(());
        }
        let told = |done, total| self.tell("reading published files", done, total);
        let broken = broken(&self.folder, published, told);
        // Somebody else's page is not what a power cut left; of a feed it may have left as much as says nothing.
        let is_left =
            |path: &String| path.ends_with(".html") && self.folder.holds_a_strangers(path);
        let (mut stuck, broken): (Vec<String>, Vec<String>) = broken.into_iter().partition(is_left);
        let lost = broken.len();
        let gone = |path: &String| self.folder.remove(path).is_ok();
        stuck.extend(broken.into_iter().filter(|path| !gone(path)));
        if !stuck.is_empty() {
            // Not known any more, they are compared by their bytes.
            self.catalog.mark_all_dirty()?;
            self.catalog.forget_published(&stuck, &[])?;
            published.retain(|file| !stuck.iter().any(|path| **path == *file.path));
        }
        self.lag = Lag::Read { synced, lost };
        Ok(())
    }

    /// At the end of a round: from now on the disk is waited for. A daemon has it catch up while it goes on; one run
    /// leaves it to the system and to the next run.
    pub(super) fn fall_in(
        &mut self,
        patience: Patience,
        round: &mut Round,
    ) -> Result<(), CatalogError> {
        match (std::mem::take(&mut self.lag), patience) {
            (Lag::None, _) => Ok(()),
            // A sync that failed meanwhile tells nobody once more what it lost.
            (Lag::First, _) if !round.failed.is_empty() => self.note_failure(),
            (Lag::First, Patience::OneShot) => Ok(()),
            (Lag::First, Patience::Daemon) => {
                let behind = Behind::begin(self.folder.dir());
                self.lag = behind.map_or(Lag::None, Lag::Syncing);
                Ok(())
            }
            (Lag::Syncing(behind), Patience::Daemon) if !behind.is_over() => {
                self.lag = Lag::Syncing(behind);
                Ok(())
            }
            (Lag::Syncing(behind), _) => {
                let synced = behind.end().map_err(|error| at(self.folder.dir(), error));
                self.note_end(synced, round)
            }
            (Lag::Read { synced, lost }, _) => {
                if lost > 0 {
                    round.notices.push(format!(
                        "{lost} published files had not reached the disk when the system stopped, and are made again"
                    ));
                }
                self.note_end(synced, round)
            }
        }
    }

    fn note_end(&mut self, synced: io::Result<()>, round: &mut Round) -> Result<(), CatalogError> {
        let Err(error) = synced else {
            return self.catalog.forget_note(LAGGING);
        };
        round.notices.push(format!(
            "a disk failed ({error}), and published files may be lost: mend it, then start again, which reads each of them \
             from the disk"
        ));
        self.note_failure()
    }

    fn note_failure(&mut self) -> Result<(), CatalogError> {
        self.catalog.note(LAGGING, &note(FAILED, self.folder.dir()))
    }
}

/// Two words and the folder that they are about.
fn note(epoch: &str, dir: &Path) -> String {
    format!("{epoch} {}", dir.display())
}

/// The folder of a note, if that is another one.
fn moved_from<'a>(noted: &'a str, dir: &Path) -> Option<&'a Path> {
    let there = noted.splitn(3, ' ').nth(2)?;
    (there != dir.display().to_string()).then_some(Path::new(there))
}

fn at(dir: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", dir.display()))
}

/// Waits for the file system of a folder; where no call does that, the bytes are taken for written.
fn synced(dir: &Path) -> io::Result<()> {
    match Behind::begin(dir).and_then(Behind::end) {
        Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::NotFound) => {
            Ok(())
        }
        synced => synced.map_err(|error| at(dir, error)),
    }
}

/// Files read between two words of how far that is.
const TOLD: usize = 256;

/// Files that do not hold on the disk what was published.
fn broken(folder: &Folder, published: &[Published], told: impl Fn(u64, u64)) -> Vec<String> {
    let files = published.len();
    let mut broken = Vec::new();
    for (number, some) in published.chunks(TOLD).enumerate() {
        let lost = { some.par_iter() }.filter(|file| !folder.holds(file));
        broken.par_extend(lost.map(|file| file.path.to_string()));
        told((number * TOLD + some.len()) as u64, files as u64);
    }
    let lost = broken.len();
    tracing::debug!(files, lost, "read from the disk");
    broken
}
