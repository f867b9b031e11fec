//! One file becomes a reading, or a feed entry.
//! In: paths and rows. Out: posts with topics and summary. It shares nothing that changes, so that all
//! cores read at once.

use std::cell::Cell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use super::Patience;
use super::entries::Made;
use super::record::Record;
use super::shape::Shape;
use crate::catalog::{Digested, Reading, Row};
use crate::feeds::Entry;
use crate::model::{DateSource, LabelKind, Post, Problem, Severity};
use crate::posts::watch::Writers;
use crate::posts::{self, Nearby, ReadError, Stamp};
use crate::topics::{Article, Matcher, OwnRules};

thread_local! {
    static BYTES: Cell<Vec<u8>> = Cell::default();
}

/// Reads files by fixed rules.
pub struct Reader {
    pub(super) rules: posts::Rules,
    pub(super) matcher: Arc<Matcher>,
    /// What the store remembers of files without a usable date, in seconds since 1970.
    pub(super) first_seen: HashMap<String, i64>,
    pub(super) budget: usize,
    pub(super) settle_ms: i64,
    pub(super) writers: Arc<Writers>,
    /// What feeds are written by.
    pub(super) shape: Arc<Shape>,
}

impl Reader {
    /// Reads a file that is new or has changed. `now` is seconds since 1970; `make` writes the record of a post that
    /// feeds will show soon.
    pub fn read_one(
        &self,
        file: &Nearby<'_>,
        patience: Patience,
        now: i64,
        make: impl Fn(&mut Digested) -> Option<Made>,
    ) -> ReadOutcome {
        let path = file.path;
        posts::with_scratch(&BYTES, |bytes| {
            match posts::read_into(file, &self.rules, bytes) {
                Ok(stamp) => self.read_bytes(path, bytes, stamp, patience, now, make),
                Err(ReadError::Gone) => ReadOutcome::Gone,
                Err(ReadError::Changing) if patience == Patience::Daemon => ReadOutcome::Unsettled,
                Err(error) => ReadOutcome::Read(Box::new(unreadable(path, &error)), None),
            }
        })
    }

    fn read_bytes(
        &self,
        path: &str,
        bytes: &[u8],
        stamp: Stamp,
        patience: Patience,
        now: i64,
        make: impl Fn(&mut Digested) -> Option<Made>,
    ) -> ReadOutcome {
        if patience == Patience::Daemon && self.writers.are_at(Path::new(path)) {
            return ReadOutcome::Unsettled;
        }
        let seen = self.first_seen.get(path).copied().unwrap_or(now);
        let reading = digest(
            path,
            bytes,
            stamp,
            seen,
            &self.rules,
            &self.matcher,
            self.budget,
        );
        let mut reading = self.with_labels(reading);
        let fresh = is_younger(stamp, self.settle_ms, now);
        let bodiless =
            { reading.post.as_ref() }.is_some_and(|read| read.post.text.trim().is_empty());
        let doubtful = bodiless
            || reading
                .problems
                .iter()
                .any(|problem| problem.severity > Severity::Note);
        if patience == Patience::Daemon && fresh && doubtful {
            return ReadOutcome::Unsettled;
        }
        let mut made = None;
        if let Some(digested) = &mut reading.post {
            made = make(digested);
            // The index keeps neither, and many posts wait for it at once.
            let post = Arc::make_mut(&mut digested.post);
            (post.html, post.text, post.match_text) = Default::default();
        }
        ReadOutcome::Read(Box::new(reading), made)
    }

    /// The record of a row, from its file; `None` when the file cannot be read just now.
    pub fn load_one(&self, row: &Row) -> Option<Record> {
        self.post_of(row).map(|mut post| {
            self.rename_labels(&mut post);
            self.record_of(row, post)
        })
    }

    /// People's own rules that a row's post meets; by title and summary when its file cannot be read just now.
    pub fn rules_met(&self, row: &Row, rules: &OwnRules) -> Vec<String> {
        let post = self.post_of(row).unwrap_or_else(|| {
            tracing::warn!(post = %row.id, path = row.path, "own rules look at the summary alone, because the file cannot be read");
            let mut post = without_body(row);
            post.text = row.summary.clone();
            post
        });
        rules.met(&Article::from(&post))
    }

    /// The article without what is cut from it; empty when its file cannot be read just now, so that only its
    /// number tells its story.
    pub fn text_of(&self, row: &Row) -> String {
        self.post_of(row).map(|post| post.text).unwrap_or_default()
    }

    fn post_of(&self, row: &Row) -> Option<Post> {
        let seen = self
            .first_seen
            .get(&row.path)
            .copied()
            .unwrap_or(row.published.seconds());
        let seen = chrono::DateTime::from_timestamp(seen, 0).unwrap_or_default();
        let read = crate::posts::read(&row.path, &self.rules).ok();
        let post = read.and_then(|(bytes, stamp)| {
            let seen = posts::undated(&row.path, stamp, seen, &self.rules);
            posts::parse(&row.path, &bytes, seen, &self.rules).0
        });
        post.filter(|post| post.id == row.id)
    }

    /// After topics and permalink, which go by what the author wrote.
    fn with_labels(&self, mut reading: Reading) -> Reading {
        if let Some(digested) = &mut reading.post {
            self.rename_labels(Arc::make_mut(&mut digested.post));
        }
        reading
    }

    fn rename_labels(&self, post: &mut Post) {
        if self.shape.labels.change_labels() {
            let kinds = [
                (LabelKind::Category, &mut post.categories),
                (LabelKind::Tag, &mut post.tags),
            ];
            for (kind, names) in kinds {
                *names = self.shape.labels.canonical_names(kind, names);
            }
        }
    }

    /// The record of a row whose file cannot be read just now: with the summary for a body.
    pub fn stand_in(&self, row: &Row) -> Record {
        self.record_of(row, without_body(row))
    }

    fn record_of(&self, row: &Row, post: Post) -> Record {
        let mut digested = Digested {
            post: Arc::new(post),
            summary: row.summary.clone(),
            topics: row.topics.clone(),
        };
        Record::of(|out| self.record(&mut digested, out))
    }

    /// About the bytes of a post's record: most posts have less.
    pub fn room_for(&self, digested: &Digested) -> usize {
        let text = digested.post.html.len() + digested.summary.len();
        // Escaped text is longer; what pages show counts as one format.
        (text + text / 8 + (4 << 10)) * (self.shape.formats() + 1)
    }

    /// Writes a post in the formats of the site. The plain text is left out, since no feed shows it.
    pub fn record(&self, digested: &mut Digested, out: &mut Vec<u8>) {
        let post = Arc::make_mut(&mut digested.post);
        (post.text, post.match_text) = Default::default();
        let labels = self.shape.labels.has_names().then(|| post.labels());
        let named = labels.into_iter().flatten().filter_map(|label| {
            let name = self.shape.labels.name_of(&label)?.to_owned();
            Some((label, name))
        });
        let entry = Entry {
            names: named.collect(),
            post: digested.post.clone(),
            summary: digested.summary.clone(),
            topics: self.matcher.titled(&digested.topics),
        };
        self.shape.record(&entry, out);
    }
}

/// Makes what the first articles would wait for.
pub fn warm_up() {
    crate::summary::warm_up();
    posts::warm_up();
}

/// True for a file that changed less than `milliseconds` before `now` (seconds since 1970).
pub fn is_younger(stamp: Stamp, milliseconds: i64, now: i64) -> bool {
    let age_ms = now
        .saturating_mul(1000)
        .saturating_sub(stamp.modified_ns.div_euclid(1_000_000));
    // A time in the future is no sign of a writer: such a file would never settle.
    age_ms.saturating_abs() < milliseconds
}

/// What came of a look at a file.
pub enum ReadOutcome {
    /// A post, problems, or both; and the post for feeds, where that was asked for.
    Read(Box<Reading>, Option<Made>),
    /// Looks half written: again when it has been quiet for a while.
    Unsettled,
    Gone,
}

/// Reads a post and derives its topics and summary. Nothing that a post can hold stops the run: should
/// the parser itself break on it, that is a problem of this file, and the others go on.
pub fn digest(
    path: &str,
    bytes: &[u8],
    stamp: Stamp,
    first_seen: i64,
    rules: &posts::Rules,
    matcher: &Matcher,
    budget: usize,
) -> Reading {
    let seen = chrono::DateTime::from_timestamp(first_seen, 0).unwrap_or_default();
    let seen = posts::undated(path, stamp, seen, rules);
    let read = || {
        let (post, problems) = posts::parse(path, bytes, seen, rules);
        let post = post.map(|post| derive(post, matcher, budget));
        (post, problems)
    };
    let (post, problems) = catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        let message = "tagwire itself broke on this file".to_owned();
        let help = "please report it with the file; the post is left out until then";
        (None, vec![skipped(path, "internal-error", message, help)])
    });
    Reading {
        path: path.to_owned(),
        stamp,
        post,
        problems,
    }
}

fn derive(post: Post, matcher: &Matcher, budget: usize) -> Digested {
    let matches = matcher.matches(&Article::from(&post));
    let mut topics: Vec<String> = matches.into_iter().map(|found| found.topic).collect();
    topics.sort();
    let summary = crate::summary::summarise(&post, budget);
    Digested {
        post: Arc::new(post),
        summary,
        topics,
    }
}

fn skipped(path: &str, kind: &'static str, message: String, help: &str) -> Problem {
    Problem {
        path: path.to_owned(),
        line: 0,
        column: 0,
        severity: Severity::Skipped,
        kind,
        message,
        help: help.to_owned(),
    }
}

/// A file that cannot be read is a problem row, and is tried again when it changes.
pub fn unreadable(path: &str, error: &ReadError) -> Reading {
    let (kind, message, help) = match error {
        ReadError::TooLarge(size) => (
            "too-large",
            format!("the file has {size} bytes"),
            "raise posts.max_file_bytes, or split the post",
        ),
        ReadError::Changing => (
            "changing",
            "the file is empty, or changes while it is read".to_owned(),
            "write it under another name and rename it when it is whole",
        ),
        other => (
            "unreadable",
            format!("the file cannot be read: {other}"),
            "check that it is a plain file that tagwire may read",
        ),
    };
    Reading {
        path: path.to_owned(),
        stamp: Stamp::NONE,
        post: None,
        problems: vec![skipped(path, kind, message, help)],
    }
}

/// A post whose file cannot be read just now keeps its entry, with the summary for a body.
fn without_body(row: &Row) -> Post {
    Post {
        id: row.id.clone(),
        path: row.path.clone(),
        title: row.title.clone(),
        published: row.published,
        date_source: DateSource::FrontMatter,
        updated: row.updated,
        url: row.url.clone(),
        categories: row.categories.clone(),
        tags: row.tags.clone(),
        author: None,
        source: row.source.clone(),
        via: row.via.clone(),
        digest: None,
        excerpt: None,
        match_text: None,
        image: None,
        html: format!("<p>{}</p>", quick_xml::escape::escape(row.summary.as_str())),
        text: String::new(),
        withdrawn: false,
    }
}
