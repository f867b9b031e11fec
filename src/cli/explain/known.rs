//! What is remembered of a post whose file gives none now: it is gone, or cannot be read.
//! In: the catalog's row, or the store's card. Out: the card, and whether feeds still have it, and until when.

use std::path::Path;

use crate::app::{AppError, Setup};
use crate::catalog::{Catalog, Row, State};
use crate::model::time::in_site;
use crate::pipeline::{self, PipelineError};
use crate::store::Card;

/// A post as it is remembered.
pub(super) struct Known {
    pub card: Card,
    /// What the catalog has of it; `None` when the store alone knows it.
    listed: Option<Listed>,
}

struct Listed {
    state: State,
    is_file_there: bool,
    /// Since when its file is missing or gives no post, in seconds since 1970.
    missing_since: Option<i64>,
    /// When a running tagwire takes it out of the feeds; never, while its whole folder is gone.
    until: Option<i64>,
}

impl Known {
    /// By the store alone.
    pub fn remembered(card: Card) -> Self {
        Known { card, listed: None }
    }

    /// By the catalog.
    ///
    /// # Errors
    /// The catalog's.
    pub fn of_row(setup: &Setup, row: &Row) -> Result<Self, AppError> {
        let posts = &setup.config.posts;
        let catalog = Catalog::reader(&setup.config.catalog.path);
        let missing_since = catalog
            .and_then(|catalog| catalog.missing_since(&row.path))
            .map_err(PipelineError::from)?;
        let is_folder_gone = { posts.roots().into_iter() }
            .any(|root| !root.is_dir() && Path::new(&row.path).starts_with(root));
        let grace = i64::try_from(posts.delete_grace_seconds).unwrap_or(i64::MAX / 2);
        let until = missing_since.filter(|_| !is_folder_gone);
        Ok(Known {
            card: pipeline::card(row, &setup.matcher, &setup.site),
            listed: Some(Listed {
                state: row.state,
                is_file_there: Path::new(&row.path).exists(),
                missing_since,
                until: until.map(|since| since.saturating_add(grace)),
            }),
        })
    }

    /// Whether readers of feeds see it.
    pub fn is_in_feeds(&self) -> bool {
        { self.listed.as_ref() }.is_some_and(|listed| listed.state == State::Live)
    }

    /// `live`, `waiting`, `withdrawn` or `gone`.
    pub fn state(&self) -> &'static str {
        match self.listed.as_ref().map(|listed| listed.state) {
            Some(State::Live) => "live",
            Some(State::Waiting) => "waiting",
            Some(State::Withdrawn) => "withdrawn",
            None => "gone",
        }
    }

    /// Since when its file is missing or broken, and until when feeds have it, on the site's clock.
    pub fn times(&self, setup: &Setup) -> (Option<String>, Option<String>) {
        let told = |seconds: i64| in_site(seconds.saturating_mul(1000), setup.site.timezone);
        let listed = self.listed.as_ref();
        let since = listed.and_then(|listed| listed.missing_since);
        let until = listed
            .and_then(|listed| listed.until)
            .filter(|_| self.is_in_feeds());
        (since.map(told), until.map(told))
    }

    /// All of that in a sentence.
    pub fn told(&self, setup: &Setup) -> String {
        let Some(listed) = &self.listed else {
            return "in no feed: its file is gone; this is what the store remembers".to_owned();
        };
        let place = match self.state() {
            "waiting" => "it waits for its date",
            "withdrawn" => "it is withdrawn (published: false)",
            _ => "it is in the feeds",
        };
        let lost = match listed.is_file_there {
            true => "its file gives no post",
            false => "its file is gone",
        };
        match self.times(setup) {
            (None, _) => format!("{lost}, and no round has seen that yet; {place}"),
            (Some(since), Some(until)) => format!(
                "{lost} since {since}; it stays in the feeds until {until} (posts.delete_grace_seconds), or until the next `build` or `once`"
            ),
            (Some(since), None) if self.is_in_feeds() => format!(
                "{lost} since {since}, with its whole folder: it stays in the feeds until the folder is back"
            ),
            (Some(since), None) => format!("{lost} since {since}; {place}"),
        }
    }
}
