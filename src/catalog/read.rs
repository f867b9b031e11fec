//! Questions to the index.
//! In: a label, an id, words. Out: rows, newest first; nothing is changed here.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Params, Row as SqlRow, params};

use super::links::unpacked;
use super::{Catalog, CatalogError, Row, State, follow_of, kind_and_name};
use crate::model::{Follow, PostId, PostTime, Problem, Severity};
use crate::publish::Published;

/// A label with what people want to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelRow {
    /// The site, or a label.
    pub follow: Follow,
    /// Short stable name for callback data and deep links.
    pub key: String,
    /// Posts that carry it.
    pub posts: u64,
}

/// Sizes for `/stats` and the end of a build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Posts in the feeds.
    pub live: u64,
    /// Posts that wait for their date.
    pub waiting: u64,
    /// Posts with `published: false`.
    pub withdrawn: u64,
    /// Labels of all kinds, the site not counted.
    pub labels: u64,
    /// Problem rows.
    pub problems: u64,
}

/// What each round asks, so that its cost hangs on the answers alone.
pub(super) const UNDATED: &str = "select path, published from posts where first_seen = 1";
pub(super) const DUE: &str = "select min(published) from posts where state = 1";

pub(super) const COLUMNS: &str =
    "p.post, p.id, p.path, p.title, p.published, p.published_offset, p.updated, p.updated_offset,
    p.url, p.summary, p.source, p.via, p.state, p.labels";

impl Catalog {
    /// One post by its id.
    ///
    /// # Errors
    /// SQLite's.
    pub fn post(&self, id: &PostId) -> Result<Option<Row>, CatalogError> {
        let sql = format!("select {COLUMNS} from posts p where p.id = ?1");
        Ok(self.rows(&sql, [id.as_str()])?.pop())
    }

    /// Posts that a person may mean by a text: an id, a path, a page's address, perhaps without its ending, a file name or
    /// a part of the title. The newest first, but for what the text names exactly.
    ///
    /// # Errors
    /// SQLite's.
    pub fn find(&self, text: &str, limit: usize) -> Result<Vec<Row>, CatalogError> {
        let sql = format!(
            "select {COLUMNS} from posts p
             where p.id = ?1 or p.path = ?1 or p.path like '%/' || ?1 or p.path like '%/' || ?1 || '.%'
                or instr(p.id, ?1) > 0 or instr(p.title, ?1) > 0 or p.url in (?1, ?1 || '/', ?1 || '.html')
             order by (p.id = ?1 or p.path = ?1 or p.url in (?1, ?1 || '/', ?1 || '.html')) desc, p.published desc
             limit ?2"
        );
        self.rows(&sql, params![text, limit as i64])
    }

    /// The newest live posts whose title and summary are as `is_meant` says: `limit` of them after the first `skip`,
    /// among the newest `looked` posts. Only what is found is read whole.
    ///
    /// # Errors
    /// SQLite's.
    pub fn newest_where(
        &self,
        is_meant: impl Fn(&str, &str) -> bool,
        looked: usize,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<Row>, CatalogError> {
        let found = (|| {
            let mut statement = self.connection.prepare_cached(
                "select p.id, p.title, p.summary from post_labels pl join posts p on p.post = pl.post
                 where pl.label = (select label from labels where kind = ?1 and name = ?2) and p.state = 0
                 order by pl.published desc, pl.tie desc limit ?3",
            )?;
            let (kind, name) = kind_and_name(&Follow::Site);
            let mut rows = statement.query(params![kind, name, looked as i64])?;
            let mut found: Vec<String> = Vec::new();
            let mut met = 0;
            while let Some(row) = rows.next()? {
                let (title, summary) = (row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?);
                if !is_meant(title, summary) {
                    continue;
                }
                met += 1;
                if met > skip {
                    found.push(row.get(0)?);
                }
                if found.len() >= limit {
                    break;
                }
            }
            Ok(found)
        })();
        let sql = format!("select {COLUMNS} from posts p where p.id = ?1");
        let mut posts = Vec::new();
        for id in self.wrap(found)? {
            posts.extend(self.rows(&sql, params![id])?);
        }
        Ok(posts)
    }

    /// Every post in the order of the files, a page at a time: those after `path`.
    ///
    /// # Errors
    /// SQLite's.
    pub fn page(&self, after: &str, limit: usize) -> Result<Vec<Row>, CatalogError> {
        let sql = format!(
            "select {COLUMNS} from files f join posts p on p.id = f.id and p.path = f.path
             where f.path > ?1 order by f.path limit ?2"
        );
        self.rows(&sql, params![after, limit as i64])
    }

    /// Live posts that are not known to be in the store, oldest first; those after `(published, id)`.
    ///
    /// # Errors
    /// SQLite's.
    pub fn unplanned(&self, limit: usize) -> Result<Vec<Row>, CatalogError> {
        let sql = format!(
            "select {COLUMNS} from posts p
             where p.planned = 0 and p.state = 0 order by p.published, p.id limit ?1"
        );
        self.rows(&sql, params![limit as i64])
    }

    /// Ids and times of live posts that were not planned, oldest first, those after `after`.
    ///
    /// # Errors
    /// SQLite's.
    pub fn unplanned_ids(
        &self,
        after: Option<(i64, &PostId)>,
        limit: usize,
    ) -> Result<Vec<(i64, PostId)>, CatalogError> {
        let (published, id) =
            after.map_or((i64::MIN, ""), |(published, id)| (published, id.as_str()));
        let result = (|| {
            let mut statement = self.connection.prepare_cached(
                "select published, id from posts
                 where planned = 0 and state = 0 and (published, id) > (?1, ?2)
                 order by published, id limit ?3",
            )?;
            let ids = statement.query_map(params![published, id, limit as i64], |row| {
                Ok((row.get(0)?, PostId::new(row.get::<_, String>(1)?)))
            })?;
            ids.collect()
        })();
        self.wrap(result)
    }

    /// When the next waiting post comes out, in seconds since 1970.
    ///
    /// # Errors
    /// SQLite's.
    pub fn next_due(&self) -> Result<Option<i64>, CatalogError> {
        self.wrap(self.connection.query_row(DUE, [], |row| row.get(0)))
    }

    /// Files whose post is dated by the time at which the file was first seen.
    ///
    /// # Errors
    /// SQLite's.
    pub fn first_seen(&self) -> Result<Vec<(String, i64)>, CatalogError> {
        let result = (|| {
            self.connection
                .prepare(UNDATED)?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })();
        self.wrap(result)
    }

    /// A label with its short key and the number of its posts.
    ///
    /// # Errors
    /// SQLite's.
    pub fn label(&self, follow: &Follow) -> Result<Option<LabelRow>, CatalogError> {
        let (kind, name) = kind_and_name(follow);
        let found = self
            .connection
            .prepare_cached(
                "select kind, name, key, (select count(*) from post_labels pl where pl.label = l.label)
                 from labels l where kind = ?1 and name = ?2",
            )
            .and_then(|mut statement| statement.query_row([kind, name], label_row).optional());
        self.wrap(found)
    }

    /// Kinds and names of all labels, the site first: what the list of feeds shows.
    ///
    /// # Errors
    /// SQLite's.
    pub fn follows(&self) -> Result<Vec<Follow>, CatalogError> {
        let result = (|| {
            self.connection
                .prepare("select kind, name from labels order by kind <> 'site', kind <> 'topic', kind, name")?
                .query_map([], |row| {
                    let kind: String = row.get(0)?;
                    Ok(follow_of(&kind, row.get(1)?))
                })?
                .collect()
        })();
        self.wrap(result)
    }

    /// The label of a short key (callback data).
    ///
    /// # Errors
    /// SQLite's.
    pub fn label_by_key(&self, key: &str) -> Result<Option<Follow>, CatalogError> {
        let result = (|| {
            self.connection
                .prepare_cached("select kind, name from labels where key = ?1")?
                .query_row([key], |row| {
                    let kind: String = row.get(0)?;
                    Ok(follow_of(&kind, row.get(1)?))
                })
                .optional()
        })();
        self.wrap(result)
    }

    /// Problems, worst first, then by file and line.
    ///
    /// # Errors
    /// SQLite's.
    pub fn problems(&self, limit: usize) -> Result<Vec<Problem>, CatalogError> {
        let result = (|| {
            self.connection
                .prepare("select * from problems order by severity desc, path, line limit ?1")?
                .query_map([limit as i64], problem)?
                .collect()
        })();
        self.wrap(result)
    }

    /// Problems of one file.
    ///
    /// # Errors
    /// SQLite's.
    pub fn problems_of(&self, path: &str) -> Result<Vec<Problem>, CatalogError> {
        let result = (|| {
            self.connection
                .prepare_cached("select * from problems where path = ?1 order by line")?
                .query_map([path], problem)?
                .collect()
        })();
        self.wrap(result)
    }

    /// What is published, as it was written.
    ///
    /// # Errors
    /// SQLite's.
    pub fn published(&self) -> Result<Vec<Published>, CatalogError> {
        let result = (|| {
            self.connection
                .prepare("select path, hash, size, modified_ns from published")?
                .query_map([], |row| {
                    let size: i64 = row.get(2)?;
                    Ok(Published {
                        path: row.get(0)?,
                        hash: row.get(1)?,
                        size: size as u64,
                        modified_ns: row.get(3)?,
                    })
                })?
                .collect()
        })();
        self.wrap(result)
    }

    /// Sizes.
    ///
    /// # Errors
    /// SQLite's.
    pub fn counts(&self) -> Result<Counts, CatalogError> {
        // Nearly all posts are live, and no index holds just these: so they are what the others leave.
        let all = self.count("select count(*) from posts")?;
        let waiting = self.count("select count(*) from posts where state = 1")?;
        let hidden = self.count("select count(*) from posts where state <> 0")?;
        Ok(Counts {
            live: all.saturating_sub(hidden),
            waiting,
            withdrawn: hidden.saturating_sub(waiting),
            labels: self.count("select count(*) from labels where kind <> 'site'")?,
            problems: self.count("select count(*) from problems")?,
        })
    }

    fn count(&self, sql: &str) -> Result<u64, CatalogError> {
        let count: i64 = self.wrap(self.connection.query_row(sql, [], |row| row.get(0)))?;
        Ok(count.unsigned_abs())
    }

    pub(super) fn rows(&self, sql: &str, params: impl Params) -> Result<Vec<Row>, CatalogError> {
        let result = (|| {
            let mut found: Vec<(Vec<i64>, Row)> = self
                .connection
                .prepare_cached(sql)?
                .query_map(params, row)?
                .collect::<rusqlite::Result<_>>()?;
            for (labels, row) in &mut found {
                self.fill_labels(labels, row)?;
            }
            Ok(found.into_iter().map(|(_, row)| row).collect())
        })();
        self.wrap(result)
    }

    fn fill_labels(&self, labels: &[i64], row: &mut Row) -> rusqlite::Result<()> {
        for label in labels {
            let (kind, name) = self.kind_and_name_of(*label)?;
            match kind.as_str() {
                "category" => row.categories.push(name),
                "tag" => row.tags.push(name),
                "topic" => row.topics.push(name),
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn kind_and_name_of(&self, label: i64) -> rusqlite::Result<(String, String)> {
        self.connection
            .prepare_cached("select kind, name from labels where label = ?1")?
            .query_row([label], |row| Ok((row.get(0)?, row.get(1)?)))
    }
}

fn label_row(row: &SqlRow<'_>) -> rusqlite::Result<LabelRow> {
    let kind: String = row.get(0)?;
    let posts: i64 = row.get(3)?;
    Ok(LabelRow {
        follow: follow_of(&kind, row.get(1)?),
        key: row.get(2)?,
        posts: posts.unsigned_abs(),
    })
}

fn problem(row: &SqlRow<'_>) -> rusqlite::Result<Problem> {
    let kind: String = row.get(4)?;
    Ok(Problem {
        path: row.get(0)?,
        line: row.get(1)?,
        column: row.get(2)?,
        severity: match row.get(3)? {
            0u8 => Severity::Note,
            1 => Severity::Recovered,
            _ => Severity::Skipped,
        },
        kind: intern(kind),
        message: row.get(5)?,
        help: row.get(6)?,
    })
}

/// Problem kinds are a small fixed set, so each is kept once for the life of the program.
fn intern(kind: String) -> &'static str {
    use std::sync::{LazyLock, Mutex, PoisonError};
    static KINDS: LazyLock<Mutex<HashMap<String, &'static str>>> = LazyLock::new(Mutex::default);
    let mut kinds = KINDS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kinds.get(&kind) {
        return known;
    }
    let kept: &'static str = Box::leak(kind.clone().into_boxed_str());
    kinds.insert(kind, kept);
    kept
}

/// A row without its labels, and their numbers.
fn row(row: &SqlRow<'_>) -> rusqlite::Result<(Vec<i64>, Row)> {
    let time = |seconds: usize, offset: usize| -> rusqlite::Result<Option<PostTime>> {
        let seconds: Option<i64> = row.get(seconds)?;
        let offset: Option<i32> = row.get(offset)?;
        Ok(seconds
            .zip(offset)
            .and_then(|(seconds, offset)| PostTime::from_parts(seconds, offset)))
    };
    let id: String = row.get(1)?;
    let found = Row {
        id: PostId::new(id),
        path: row.get(2)?,
        title: row.get(3)?,
        published: time(4, 5)?.ok_or(rusqlite::Error::IntegralValueOutOfRange(4, 0))?,
        updated: time(6, 7)?,
        url: row.get(8)?,
        summary: row.get(9)?,
        source: row.get(10)?,
        via: row.get(11)?,
        categories: Vec::new(),
        tags: Vec::new(),
        topics: Vec::new(),
        state: match row.get(12)? {
            0u8 => State::Live,
            1 => State::Waiting,
            _ => State::Withdrawn,
        },
    };
    Ok((unpacked(row.get_ref(13)?.as_blob()?), found))
}
