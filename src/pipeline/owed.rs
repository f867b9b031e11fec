//! What changed files owe to the targets of the config.
//! In: files that were written or taken away, and what the shelf knew of them. Out: rows for the book.

use super::Derived;
use crate::catalog::{Owed, Target};
use crate::config::Config;
use crate::feeds::{ARCHIVE_FOLDER, Format};
use crate::publish::{Coding, Published};

/// The targets that the config names, with what tells one from another of its kind.
pub(super) fn targets(config: &Config) -> Vec<(Target, String)> {
    let mut targets = Vec::new();
    if let Some(s3) = &config.publish.s3 {
        let place = format!("{:?}|{}|{}", s3.endpoint, s3.bucket, s3.prefix);
        targets.push((Target::Bucket, place));
    }
    // A command that was mended, or a hub that moved, gets what its predecessor was owed.
    if config.publish.command.is_some() {
        targets.push((Target::Command, "on".to_owned()));
    }
    if !config.feeds.hub.urls().is_empty() {
        targets.push((Target::Hubs, "on".to_owned()));
    }
    targets
}

impl Derived {
    /// What new versions of files owe. Compressed copies are for web servers beside them, hubs are told of
    /// feeds that somebody may have subscribed to, and a file that only got a new date is the same.
    pub(super) fn owed_for(&self, news: &[Published]) -> Vec<Owed> {
        let mut owed = Vec::new();
        for file in news.iter().filter(|file| is_original(&file.path)) {
            let before = self.shelf.get(&file.path);
            if before
                .as_ref()
                .is_some_and(|before| before.hash == file.hash)
            {
                continue;
            }
            for (target, _) in &self.targets {
                if *target != Target::Hubs || (before.is_some() && is_subscribed(&file.path)) {
                    owed.push(Owed {
                        target: *target,
                        path: file.path.to_string(),
                        hash: Some(file.hash),
                    });
                }
            }
        }
        owed
    }

    /// What files owe that were taken away.
    pub(super) fn owed_for_gone(&self, gone: &[String]) -> Vec<Owed> {
        let targets = self.targets.iter().map(|(target, _)| *target);
        let targets = targets.filter(|target| *target != Target::Hubs);
        let row = |target: Target| {
            let gone = gone.iter().filter(|path| is_original(path));
            gone.map(move |path| Owed {
                target,
                path: path.clone(),
                hash: None,
            })
        };
        targets.flat_map(row).collect()
    }
}

fn is_original(path: &str) -> bool {
    Coding::of_copy(path).is_none()
}

/// Readers subscribe to feeds, not to pages of their history.
fn is_subscribed(path: &str) -> bool {
    let ending = path.rsplit('.').next().unwrap_or_default();
    let is_feed = |format: &Format| format.extension() == ending;
    !path.contains(ARCHIVE_FOLDER) && Format::ALL.iter().any(is_feed)
}
