//! The files that were looked at, whether they gave posts or not.
//! In: a look at the folders. Out: which files are as they were, and which of those that were there have gone.
//! All that is known of a million files is compared in 18 to 40 bytes each: as hashes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{OptionalExtension, Row, params};
use twox_hash::XxHash3_128;

use super::{Catalog, CatalogError};
use crate::posts::{FolderStamp, Folders, Stamp};

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

    fn see(&self) -> u64 {
        let known = self.0.load(Ordering::Relaxed);
        // Whoever sees the same file meanwhile stores the same.
        self.0.store(known | SEEN, Ordering::Relaxed);
        known & !SEEN
    }

    fn is_seen(&self) -> bool {
        self.0.load(Ordering::Relaxed) & SEEN > 0
    }
}

/// Of a file: half of the hash of its path, and its version.
fn hashes(path: &str, stamp: Stamp) -> (u64, u64) {
    let path = XxHash3_128::oneshot(path.as_bytes());
    let Stamp {
        size,
        modified_ns,
        changed_ns,
    } = stamp;
    let mut bytes = [0; 24];
    let parts = [size, modified_ns as u64, changed_ns as u64];
    for (place, part) in bytes.chunks_exact_mut(8).zip(parts) {
        place.copy_from_slice(&part.to_le_bytes());
    }
    let version = XxHash3_128::oneshot_with_seed((path >> 64) as u64, &bytes) as u64;
    // No version is `UNKNOWN`.
    (path as u64, version.max(2 * SEEN) & !SEEN)
}

impl KnownFiles {
    fn of(files: Vec<(u64, u64)>) -> KnownFiles {
        let mut versions = HashMap::with_capacity_and_hasher(files.len(), Default::default());
        for (hash, version) in files {
            { versions.entry(hash) }
                // Of two with one hash, both are read.
                .and_modify(|other: &mut Version| *other.0.get_mut() = Version::UNKNOWN)
                .or_insert_with(|| Version(version.into()));
        }
        KnownFiles { versions }
    }

    /// Which of these files, which are there, are known as they are, and not as missing.
    pub fn are_as(&self, files: &[(&str, Stamp)]) -> Vec<bool> {
        let hashes = files.iter().map(|(path, stamp)| hashes(path, *stamp));
        let hashes: Vec<(u64, u64)> = hashes.collect();
        // By itself: the processor then waits for several of them at a time.
        let known = hashes.iter().map(|(hash, now)| {
            let version = self.versions.get(hash);
            version.is_some_and(|version| version.see() == *now)
        });
        known.collect()
    }

    /// A file that has not been seen, and was not missing before.
    fn is_unseen(&self, path: &str) -> bool {
        let (hash, _) = hashes(path, Stamp::NONE);
        { self.versions.get(&hash) }.is_some_and(|version| !version.is_seen())
    }
}

impl Catalog {
    /// What is known of all files but those that `takes` says, which is asked about each that is not missing, in the order
    /// of paths: whoever takes one looks at it, and it does not count as unseen.
    ///
    /// # Errors
    /// SQLite's.
    pub fn known_files(
        &self,
        mut takes: impl FnMut(&str, Stamp) -> bool,
    ) -> Result<KnownFiles, CatalogError> {
        let mut files = Vec::new();
        self.each_file(|path, stamp, is_missing| {
            if !is_missing && takes(path, stamp) {
                return;
            }
            let (hash, version) = hashes(path, stamp);
            let known = match is_missing {
                true => Version::UNKNOWN,
                false => version,
            };
            files.push((hash, known));
        })?;
        Ok(KnownFiles::of(files))
    }

    /// The folders of the last search that told of all.
    ///
    /// # Errors
    /// SQLite's.
    pub fn folders(&self) -> Result<Folders, CatalogError> {
        let sql = "select path, device, inode, modified_ns, changed_ns, user from folders";
        let result = self.connection.prepare(sql).and_then(|mut statement| {
            let rows = statement.query_map([], |row| {
                let [device, inode] = [row.get::<_, i64>(1)?, row.get(2)?].map(|n| n as u64);
                let stamp = FolderStamp {
                    device,
                    inode,
                    modified_ns: row.get(3)?,
                    changed_ns: row.get(4)?,
                    user: row.get(5)?,
                };
                Ok((row.get::<_, String>(0)?, stamp))
            })?;
            rows.collect()
        });
        self.wrap(result)
    }

    /// Keeps the folders of a search, once every file that it found is known.
    ///
    /// # Errors
    /// SQLite's.
    pub fn keep_folders(&mut self, folders: &Folders) -> Result<(), CatalogError> {
        let known = self.folders()?;
        if known == *folders {
            return Ok(());
        }
        self.change_others(|connection| {
            let mut delete = connection.prepare("delete from folders where path = ?1")?;
            for (path, _) in known.iter().filter(|(path, _)| !folders.has(path)) {
                delete.execute([path])?;
            }
            let insert = "insert or replace into folders values (?1, ?2, ?3, ?4, ?5, ?6)";
            let mut insert = connection.prepare(insert)?;
            let news = folders.iter();
            for (path, stamp) in news.filter(|(path, stamp)| known.stamp(path) != Some(*stamp)) {
                let FolderStamp {
                    device,
                    inode,
                    modified_ns,
                    changed_ns,
                    user,
                } = stamp;
                let (device, inode) = (device as i64, inode as i64);
                insert.execute(params![path, device, inode, modified_ns, changed_ns, user])?;
            }
            Ok(())
        })
    }

    /// Files that were not seen since `known` was asked for, and are not known as missing, sorted.
    ///
    /// # Errors
    /// SQLite's.
    pub fn unseen(&self, known: &KnownFiles) -> Result<Vec<String>, CatalogError> {
        let mut unseen = Vec::new();
        let mut versions = known.versions.values();
        if versions.any(|version| !version.is_seen()) {
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

    /// Whether a file below a folder (given with its trailing `/`) holds a post and is there.
    ///
    /// # Errors
    /// SQLite's.
    pub fn has_post_below(&self, folder: &str) -> Result<bool, CatalogError> {
        let any = "select exists (select 1 from files
                   where path >= ?1 and path < ?2 and id is not null and missing_since is null)";
        let result = self.connection.prepare_cached(any);
        let result = result.and_then(|mut statement| {
            statement.query_row([folder, &after_all_below(folder)], |row| row.get(0))
        });
        self.wrap(result)
    }

    /// Whether a file could not be looked at, or not be read.
    ///
    /// # Errors
    /// SQLite's.
    pub fn has_unseen(&self) -> Result<bool, CatalogError> {
        let any = "select exists (select 1 from files where id is null and changed_ns = ?1)";
        let result = self.connection.prepare_cached(any);
        let none = Stamp::NONE.changed_ns;
        self.wrap(result.and_then(|mut statement| statement.query_row([none], |row| row.get(0))))
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

    fn known(more: &[(u64, u64)]) -> KnownFiles {
        let mut files = vec![
            hashes("p/a.md", STAMP),
            hashes("p/b.md", STAMP),
            (hashes("p/gone.md", STAMP).0, Version::UNKNOWN),
        ];
        files.extend(more);
        KnownFiles::of(files)
    }

    #[test]
    fn a_file_is_known_by_its_path_and_its_whole_stamp() {
        let known = known(&[]);
        let longer = Stamp { size: 2, ..STAMP };
        let later = Stamp {
            modified_ns: 3,
            ..STAMP
        };
        let changed = Stamp {
            changed_ns: 3,
            ..STAMP
        };
        let files = [
            ("p/a.md", STAMP),
            ("p/c.md", STAMP),
            ("p/gone.md", STAMP),
            ("p/a.md", longer),
            ("p/a.md", later),
            ("p/a.md", changed),
            ("p/a.md", STAMP),
        ];
        let as_they_were = [true, false, false, false, false, false, true];
        assert_eq!(known.are_as(&files), as_they_were);
    }

    #[test]
    fn what_is_not_seen_is_told() {
        let known = known(&[]);
        known.are_as(&[("p/a.md", Stamp::NONE)]);
        let unseen = ["p/a.md", "p/b.md", "p/gone.md", "p/c.md"].map(|path| known.is_unseen(path));
        assert_eq!(unseen, [false, true, false, false]);
    }

    #[test]
    fn of_two_files_with_one_hash_both_are_read_and_none_is_gone() {
        let (hash, version) = hashes("p/a.md", STAMP);
        let known = known(&[(hash, version + 2)]);
        assert_eq!(known.are_as(&[("p/a.md", STAMP)]), [false]);
        assert!(!known.is_unseen("p/a.md"));
        assert!(known.is_unseen("p/b.md"));
    }
}
