//! What published files still owe to the world: a bucket, a command, WebSub hubs.
//! In: files that changed or went, for each target. Out: what a target has not been given yet. The rows
//! are written in the transaction that records the files, so no crash loses one.

use std::path::Path;

use rusqlite::{Connection, params};

use super::marks::{note, noted};
use super::{Catalog, CatalogError, error, schema};

/// Where published files go beyond their folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    /// `publish.s3`.
    Bucket,
    /// `publish.command`.
    Command,
    /// `feeds.hub`.
    Hubs,
}

impl Target {
    /// All of them, in the order in which files pass them.
    pub const ALL: [Target; 3] = [Target::Bucket, Target::Command, Target::Hubs];

    /// The word of the table and of messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Target::Bucket => "bucket",
            Target::Command => "command",
            Target::Hubs => "hubs",
        }
    }
}

/// One file that one target has not been given yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// Who waits for it.
    pub target: Target,
    /// Relative to the published folder.
    pub path: String,
    /// Of the version that is owed; `None`: the file is gone.
    pub hash: Option<[u8; 16]>,
}

pub(super) fn owe(transaction: &Connection, owed: &[Owed]) -> rusqlite::Result<()> {
    let mut insert =
        transaction.prepare_cached("insert or replace into owed values (?1, ?2, ?3)")?;
    for row in owed {
        insert.execute(params![row.target.as_str(), row.path, row.hash])?;
    }
    Ok(())
}

impl Catalog {
    /// Keeps book for these targets, each with a word on what it is (an address, say). A target that is
    /// new, or another one than before, is owed every file in `all` when it is a bucket, and nothing
    /// otherwise. What was owed to targets that are no more is forgotten.
    ///
    /// # Errors
    /// SQLite's.
    pub fn serve(&mut self, targets: &[(Target, String)]) -> Result<(), CatalogError> {
        self.change_others(|connection| {
            for target in Target::ALL {
                let key = format!("target:{}", target.as_str());
                let wanted = targets.iter().find(|(wanted, _)| *wanted == target);
                let wanted = wanted.map_or("", |(_, identity)| identity.as_str());
                if noted(connection, &key)?.unwrap_or_default() == wanted {
                    continue;
                }
                connection.execute("delete from owed where target = ?1", [target.as_str()])?;
                if target == Target::Bucket && !wanted.is_empty() {
                    connection.execute(
                        "insert into owed select ?1, path, hash from published
                         where path not like '%.gz' and path not like '%.br'",
                        [target.as_str()],
                    )?;
                }
                note(connection, &key, wanted)?;
            }
            Ok(())
        })
    }
}

/// A connection of its own to what is owed, so that no target waits for a round or holds one up.
pub struct Ledger(Catalog);

impl Ledger {
    /// Opens the book of an index that exists.
    ///
    /// # Errors
    /// SQLite's.
    pub fn open(path: &Path) -> Result<Self, CatalogError> {
        let open = || {
            let connection = Connection::open(path)?;
            schema::tune(&connection)?;
            // A fold waits for the disk, and feeds that are written meanwhile would wait with it.
            schema::never_fold_log(&connection)?;
            Ok(connection)
        };
        let connection = open().map_err(|source| error(path, source))?;
        Ok(Ledger(Catalog::over(connection, path)))
    }

    /// What `target` waits for and those before it have been given, by path: a hub must not be told of a feed that the
    /// bucket does not have yet.
    ///
    /// # Errors
    /// SQLite's.
    pub fn owed(&self, target: Target) -> Result<Vec<Owed>, CatalogError> {
        let result = (|| {
            self.0
                .connection
                .prepare_cached(
                    "select path, hash from owed o where target = ?1 and not exists (
                       select 1 from owed e where e.path = o.path and (
                         (e.target = 'bucket' and ?1 <> 'bucket') or (e.target = 'command' and ?1 = 'hubs')))
                     order by path",
                )?
                .query_map([target.as_str()], |row| {
                    Ok(Owed {
                        target,
                        path: row.get(0)?,
                        hash: row.get(1)?,
                    })
                })?
                .collect()
        })();
        self.0.wrap(result)
    }

    /// Takes rows off the book that are done. A file that changed since stays on it.
    ///
    /// # Errors
    /// SQLite's.
    pub fn settle(&mut self, done: &[Owed]) -> Result<(), CatalogError> {
        self.0.change(|connection| {
            for row in done {
                connection
                    .prepare_cached(
                        "delete from owed where target = ?1 and path = ?2 and hash is ?3",
                    )?
                    .execute(params![row.target.as_str(), row.path, row.hash])?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::Published;

    fn row(target: Target, path: &str, hash: Option<u8>) -> Owed {
        Owed {
            target,
            path: path.to_owned(),
            hash: hash.map(|byte| [byte; 16]),
        }
    }

    fn published(path: &str, hash: u8) -> Published {
        Published {
            path: path.into(),
            hash: [hash; 16],
            size: 1,
            modified_ns: 1,
        }
    }

    #[test]
    fn what_is_owed_survives_and_a_newer_version_is_not_settled_by_an_older() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.db");
        let mut catalog = Catalog::open(&path, "x").unwrap();
        let first = row(Target::Bucket, "a.xml", Some(1));
        let second = row(Target::Bucket, "a.xml", Some(2));
        let hubs = row(Target::Hubs, "a.xml", Some(1));
        let files = [published("a.xml", 1)];
        let owed = [first.clone(), hubs.clone()];
        catalog.mark_published(&[], &files, &owed).unwrap();
        let mut ledger = Ledger::open(&path).unwrap();
        assert_eq!(
            ledger.owed(Target::Bucket).unwrap(),
            std::slice::from_ref(&first)
        );
        let files = [published("a.xml", 2)];
        catalog
            .mark_published(&[], &files, std::slice::from_ref(&second))
            .unwrap();
        ledger.settle(&[first]).unwrap();
        assert_eq!(
            ledger.owed(Target::Bucket).unwrap(),
            std::slice::from_ref(&second)
        );
        drop(catalog);
        drop(Catalog::open(&path, "x").unwrap());
        ledger.settle(&[second]).unwrap();
        assert!(ledger.owed(Target::Bucket).unwrap().is_empty());
        assert_eq!(ledger.owed(Target::Hubs).unwrap(), [hubs]);
        let gone = row(Target::Command, "b.xml", None);
        owe_one(&path, &gone);
        ledger.settle(std::slice::from_ref(&gone)).unwrap();
        assert!(ledger.owed(Target::Command).unwrap().is_empty());
    }

    fn owe_one(path: &Path, row: &Owed) {
        let mut catalog = Catalog::open(path, "x").unwrap();
        let rows = std::slice::from_ref(row);
        catalog.mark_published(&[], &[], rows).unwrap();
    }

    #[test]
    fn a_new_bucket_is_owed_everything_and_a_target_that_went_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.db");
        let mut catalog = Catalog::open(&path, "x").unwrap();
        let files = [
            published("a.xml", 1),
            published("a.xml.gz", 2),
            published("b.rss", 3),
        ];
        catalog.mark_published(&[], &files, &[]).unwrap();
        let here = vec![
            (Target::Bucket, "here".to_owned()),
            (Target::Command, "true".to_owned()),
        ];
        catalog.serve(&here).unwrap();
        let mut ledger = Ledger::open(&path).unwrap();
        let paths = |ledger: &Ledger| -> Vec<String> {
            let owed = ledger.owed(Target::Bucket).unwrap();
            owed.into_iter().map(|row| row.path).collect()
        };
        assert_eq!(paths(&ledger), ["a.xml", "b.rss"]);
        assert!(ledger.owed(Target::Command).unwrap().is_empty());
        ledger
            .settle(&ledger.owed(Target::Bucket).unwrap())
            .unwrap();
        catalog.serve(&here).unwrap();
        assert!(paths(&ledger).is_empty());
        catalog
            .serve(&[(Target::Bucket, "there".to_owned())])
            .unwrap();
        assert_eq!(paths(&ledger), ["a.xml", "b.rss"]);
        catalog.serve(&[]).unwrap();
        assert!(paths(&ledger).is_empty());
    }

    #[test]
    fn a_target_waits_for_those_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.db");
        let mut catalog = Catalog::open(&path, "").unwrap();
        let all = Target::ALL.map(|target| (target, "on".to_owned()));
        catalog.serve(&all).unwrap();
        let rows = Target::ALL.map(|target| row(target, "a", Some(1)));
        catalog
            .mark_published(&[], &[published("a", 1)], &rows)
            .unwrap();
        let other = row(Target::Hubs, "b", Some(2));
        catalog
            .mark_published(&[], &[published("b", 2)], &[other])
            .unwrap();
        let mut ledger = Ledger::open(&path).unwrap();
        let waits = |ledger: &Ledger, target| -> Vec<String> {
            let owed = ledger.owed(target).unwrap().into_iter();
            owed.map(|row| row.path).collect()
        };
        assert_eq!(waits(&ledger, Target::Bucket), ["a"]);
        assert_eq!(waits(&ledger, Target::Command), [""; 0]);
        assert_eq!(waits(&ledger, Target::Hubs), ["b"]);
        ledger.settle(&rows[..1]).unwrap();
        assert_eq!(waits(&ledger, Target::Command), ["a"]);
        assert_eq!(waits(&ledger, Target::Hubs), ["b"]);
        ledger.settle(&rows[..2]).unwrap();
        assert_eq!(waits(&ledger, Target::Hubs), ["a", "b"]);
    }
}
