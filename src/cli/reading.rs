//! Reads the posts for commands that only look: no lock, no catalog, beside a running daemon.
//! In: a setup. Out: each file's reading, in the order of the paths, a batch at a time.

use std::collections::HashMap;

use rayon::prelude::*;

use super::block_on;
use crate::app::{AppError, Setup};
use crate::catalog::Reading;
use crate::config::ConfigError;
use crate::model::{PostId, Problem, Severity};
use crate::pipeline::digest;
use crate::posts::{self, Rules};
use crate::store::path_of;

/// Files read at a time.
const BATCH: usize = 256;

/// What a look at the folder needs.
pub struct Reader<'a> {
    setup: &'a Setup,
    rules: Rules,
    first_seen: HashMap<String, i64>,
    now: i64,
}

impl<'a> Reader<'a> {
    /// Prepares to read.
    pub fn new(setup: &'a Setup) -> Result<Self, AppError> {
        let config = &setup.config;
        let rules = Rules::new(&config.posts, &setup.site, config.naive_dates())
            .map_err(|why| AppError::Config(ConfigError::setting(why)))?;
        Ok(Reader {
            setup,
            rules,
            first_seen: first_seen(setup)?,
            now: setup.clock.seconds(),
        })
    }

    /// A file's text as problems count its lines and columns.
    pub fn text_of(&self, path: &str) -> Option<String> {
        let (bytes, _) = posts::read(path, &self.rules).ok()?;
        Some(posts::text_of(&bytes, &self.rules))
    }

    /// One file.
    pub fn read(&self, path: &str) -> Reading {
        let seen = self.first_seen.get(path).copied().unwrap_or(self.now);
        let budget = self.setup.config.summary.budget;
        match posts::read(path, &self.rules) {
            Ok((bytes, stamp)) => digest(
                path,
                &bytes,
                stamp,
                seen,
                &self.rules,
                &self.setup.matcher,
                budget,
            ),
            Err(error) => crate::pipeline::unreadable(path, &error),
        }
    }

    /// Every file, in the order of the paths; `each` is called in that order. Problems of the scan itself
    /// come first. Posts that share an id are told as the catalog would tell them.
    pub fn read_all(&self, mut each: impl FnMut(Reading)) {
        let mut names = posts::names(&self.setup.config.posts.roots());
        names.files.sort();
        for root in &names.missing_roots {
            each(trouble(Problem {
                path: root.display().to_string(),
                line: 0,
                column: 0,
                severity: Severity::Skipped,
                kind: "missing-folder",
                message: "the folder is not there or cannot be read".into(),
                help: "make it, or set posts.dir".into(),
            }));
        }
        for problem in names.problems {
            each(trouble(problem));
        }
        let mut owners: HashMap<PostId, String> = HashMap::new();
        for start in (0..names.files.len()).step_by(BATCH) {
            let batch = names.files.range(start..start + BATCH);
            let readings: Vec<Reading> = batch.par_iter().map(|path| self.read(path)).collect();
            for mut reading in readings {
                // A draft, when drafts are not wanted.
                if reading.post.is_none() && reading.problems.is_empty() {
                    continue;
                }
                let id = reading
                    .post
                    .as_ref()
                    .map(|digested| digested.post.id.clone());
                if let Some(id) = id {
                    match owners.get(&id) {
                        Some(owner) => {
                            reading.problems.push(crate::catalog::duplicate(
                                &reading.path,
                                &id,
                                owner,
                            ));
                        }
                        None => {
                            owners.insert(id, reading.path.clone());
                        }
                    }
                }
                each(reading);
            }
        }
    }
}

fn trouble(problem: Problem) -> Reading {
    Reading {
        path: problem.path.clone(),
        stamp: posts::Stamp::NONE,
        post: None,
        problems: vec![problem],
    }
}

/// What the store remembers, if there is one: a look must not make one.
fn first_seen(setup: &Setup) -> Result<HashMap<String, i64>, AppError> {
    if !path_of(&setup.config.store.url)?.exists() {
        return Ok(HashMap::new());
    }
    block_on(async {
        let store = setup.open_store().await?;
        let seen = store.first_seen().await?;
        store.close().await;
        Ok(seen)
    })
}
