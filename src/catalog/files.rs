//! The files that were looked at, whether they gave posts or not.
//! In: a look at the folders. Out: which files are as they were, and which of those that were there have gone.
//! All that is known of a million files is compared in 18 to 40 bytes each: as hashes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{OptionalExtension, Row};
use twox_hash::XxHash3_128;

use super::{Catalog, CatalogError};
use crate::posts::Stamp;

/// What is known of all files, as hashes.
#[derive(Debug, Default)]
pub struct KnownFiles {
    /// By half of the hash of the path.
    versions: HashMap<u64, Version, foldhash::fast::FixedState>,
}

/// The other half of the hash of a path, and its stamp, in 63 bits; and one bit for a file that was seen.
#[derive(Debug)]
struct Version(AtomicU64);

const SEEN: u64 = 1;

impl Version {
    /// Of what is read if it is there, and is not said to have gone if it is not.
    const UNKNOWN: u64 = SEEN;

    fn of(path_hash: u128, stamp: Stamp) -> u64 {
        let Stamp {
            size,
            modified_ns,
            changed_ns,
        } = stamp;
        let mut bytes = [0; 24];
        for (place, of) in
            bytes
                .chunks_exact_mut(8)
                .zip([size, modified_ns as u64, changed_ns as u64])
        {
            place.copy_from_slice(&of.to_le_bytes());
        }
        let seed = (path_hash >> 64) as u64;
        let hash = XxHash3_128::oneshot_with_seed(seed, &bytes) as u64;
        // No version is `UNKNOWN`.
        hash.max(2 * SEEN) & !SEEN
    }
}

impl KnownFiles {
    fn put(&mut self, path: &str, stamp: Stamp, is_missing: bool) {
        let hash = XxHash3_128::oneshot(path.as_bytes());
        let version = match is_missing {
            true => Version::UNKNOWN,
            false => Version::of(hash, stamp),
        };
        { self.versions.entry(hash as u64) }
            // Of two with one hash, both are read.
            .and_modify(|other| *other.0.get_mut() = Version::UNKNOWN)
            .or_insert_with(|| Version(version.into()));
    }

    /// Whether a file that is there is known, as it is and not as missing.
    pub fn are_as(&self, path: &str, stamp: Stamp) -> bool {
        let hash = XxHash3_128::oneshot(path.as_bytes());
        self.versions.get(&(hash as u64)).is_some_and(|version| {
            let known = version.0.load(Ordering::Relaxed);
            // No two versions are stored here, so none is lost by not waiting for each other.
            version.0.store(known | SEEN, Ordering::Relaxed);
            known & !SEEN == Version::of(hash, stamp)
        })
    }

    /// A file that has not been seen, and was not missing before.
    fn is_unseen(&self, path: &str) -> bool {
        let hash = XxHash3_128::oneshot(path.as_bytes());
        { self.versions.get(&(hash as u64)) }
            .is_some_and(|version| version.0.load(Ordering::Relaxed) & SEEN == 0)
    }
}

impl Catalog {
    /// What is known of all files.
    ///
    /// # Errors
    /// SQLite's.
    pub fn known_files(&self) -> Result<KnownFiles, CatalogError> {
        let mut known = KnownFiles::default();
        self.each_file(|path, stamp, is_missing| known.put(path, stamp, is_missing))?;
        Ok(known)
    }

    /// Files that were not seen since `known` was asked for, and are not known as missing, sorted.
    ///
    /// # Errors
    /// SQLite's.
    pub fn unseen(&self, known: &KnownFiles) -> Result<Vec<String>, CatalogError> {
        let mut unseen = Vec::new();
        let mut versions = known.versions.values();
        if versions.any(|version| version.0.load(Ordering::Relaxed) & SEEN == 0) {
            self.each_file(|path, _, _| {
                if known.is_unseen(path) {
                    unseen.push(path.to_owned());
                }
            })?;
        }
        Ok(unseen)
    }

    /// Tells every known file in the order of paths, with its version, and `true` where it is missing at present.
    fn each_file(&self, mut tell: impl FnMut(&str, Stamp, bool)) -> Result<(), CatalogError> {
        let result = (|| {
            let mut statement = self.connection.prepare(
                "select path, size, modified_ns, changed_ns, missing_since is not null from files order by path",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                tell(row.get_ref(0)?.as_str()?, stamp(row, 1)?, row.get(4)?);
            }
            Ok(())
        })();
        self.wrap(result)
    }

    /// Whether no file is known.
    ///
    /// # Errors
    /// SQLite's.
    pub fn knows_no_file(&self) -> Result<bool, CatalogError> {
        let sql = "select not exists (select 1 from files)";
        self.wrap(self.connection.query_row(sql, [], |row| row.get(0)))
    }

    /// The version of one file that was last read; `true` where it is missing at present.
    ///
    /// # Errors
    /// SQLite's.
    pub fn file(&self, path: &str) -> Result<Option<(Stamp, bool)>, CatalogError> {
        let result = (|| {
            self.connection
                .prepare_cached("select size, modified_ns, changed_ns, missing_since is not null from files where path = ?1")?
                .query_row([path], |row| Ok((stamp(row, 0)?, row.get(3)?)))
                .optional()
        })();
        self.wrap(result)
    }

    /// Known files below a folder (given with its trailing `/`).
    ///
    /// # Errors
    /// SQLite's.
    pub fn files_below(&self, folder: &str) -> Result<Vec<String>, CatalogError> {
        let result = (|| {
            self.connection
                .prepare_cached("select path from files where path >= ?1 and path < ?2 and missing_since is null")?
                .query_map([folder, &after_all_below(folder)], |row| row.get(0))?
                .collect()
        })();
        self.wrap(result)
    }

    /// Of the files below a folder (given with its trailing `/`) that hold a post: how many are there, and
    /// how many are missing at present.
    ///
    /// # Errors
    /// SQLite's.
    pub fn presence(&self, folder: &str) -> Result<(usize, usize), CatalogError> {
        let result = self
            .connection
            .prepare_cached(
                "select count(*) - count(missing_since), count(missing_since) from files
                 where path >= ?1 and path < ?2 and id is not null",
            )
            .and_then(|mut statement| {
                statement.query_row([folder, &after_all_below(folder)], |row| {
                    let (there, missing): (i64, i64) = (row.get(0)?, row.get(1)?);
                    Ok((
                        there.unsigned_abs() as usize,
                        missing.unsigned_abs() as usize,
                    ))
                })
            });
        self.wrap(result)
    }
}

/// The first path after all that start with a folder: '0' follows '/' in ASCII.
fn after_all_below(folder: &str) -> String {
    format!("{}0", folder.trim_end_matches('/'))
}

/// Three columns from `first` on.
fn stamp(row: &Row<'_>, first: usize) -> rusqlite::Result<Stamp> {
    let size: i64 = row.get(first)?;
    Ok(Stamp {
        size: size as u64,
        modified_ns: row.get(first + 1)?,
        changed_ns: row.get(first + 2)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp {
        size: 1,
        modified_ns: 2,
        changed_ns: -3,
    };

    fn known() -> KnownFiles {
        let mut known = KnownFiles::default();
        known.put("p/a.md", STAMP, false);
        known.put("p/b.md", STAMP, false);
        known.put("p/gone.md", STAMP, true);
        known
    }

    #[test]
    fn a_file_is_known_by_its_path_and_its_whole_stamp() {
        let known = known();
        assert!(known.are_as("p/a.md", STAMP));
        assert!(!known.are_as("p/c.md", STAMP));
        assert!(!known.are_as("p/gone.md", STAMP));
        for stamp in [
            Stamp { size: 2, ..STAMP },
            Stamp {
                modified_ns: 3,
                ..STAMP
            },
            Stamp {
                changed_ns: 3,
                ..STAMP
            },
        ] {
            assert!(!known.are_as("p/a.md", stamp), "{stamp:?}");
        }
        assert!(known.are_as("p/a.md", STAMP));
    }

    #[test]
    fn what_is_not_seen_is_told() {
        let known = known();
        known.are_as("p/a.md", Stamp::NONE);
        let unseen = ["p/a.md", "p/b.md", "p/gone.md", "p/c.md"].map(|path| known.is_unseen(path));
        assert_eq!(unseen, [false, true, false, false]);
    }

    #[test]
    fn of_two_files_with_one_hash_both_are_read_and_none_is_gone() {
        let mut known = known();
        known.put("p/a.md", Stamp { size: 9, ..STAMP }, false);
        assert!(!known.are_as("p/a.md", STAMP));
        assert!(!known.is_unseen("p/a.md"));
    }
}
