//! One article from several sources is one story.
//! In: file names, titles and cleaned texts. Out: the article's number; whether two are one story.
//! Rather two messages than one too few: any number, name or date that differs keeps posts apart.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::story_diff;

/// The `stories` section of the config.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Posts that come in within so many hours may be one story. 0: every post is one of its own. Default 48.
    pub window_hours: u32,
    /// Finds the article's number in a file name: posts with the same number are one story. An empty
    /// pattern finds none. Default: the first 15 or more digits in a row.
    pub key: String,
    /// How much of the shorter text must stand in the longer one, in percent; above 100 texts are not
    /// compared. Default 80.
    pub similarity: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            window_hours: 48,
            key: NUMBER.into(),
            similarity: 80,
        }
    }
}

/// The settings, checked.
#[derive(Debug, Clone)]
pub struct Rules {
    key: Option<Key>,
    similarity: f64,
    /// Milliseconds.
    window: i64,
}

/// The number that some papers give an article in the name of its file.
const NUMBER: &str = "[0-9]{15,}";

static NUMBER_REGEX: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(NUMBER).ok());

#[derive(Debug, Clone)]
enum Key {
    /// `NUMBER`, compiled when it is asked for: in a run that announces nothing it never is.
    Ours,
    Own(Regex),
}

impl Key {
    fn pattern(&self) -> Option<&Regex> {
        match self {
            Key::Ours => NUMBER_REGEX.as_ref(),
            Key::Own(own) => Some(own),
        }
    }
}

impl Rules {
    /// Compiles the pattern.
    ///
    /// # Errors
    /// Says what is wrong with the pattern.
    pub fn new(settings: &Settings) -> Result<Rules, String> {
        let key = match settings.key.as_str() {
            "" => None,
            NUMBER => Some(Key::Ours),
            own => {
                let wrong = |error| format!("stories.key: {error}");
                Some(Key::Own(Regex::new(own).map_err(wrong)?))
            }
        };
        Ok(Rules {
            key,
            similarity: f64::from(settings.similarity) / 100.0,
            window: i64::from(settings.window_hours) * 3_600_000,
        })
    }

    /// How long a story stays one, in milliseconds; 0 when posts are never joined.
    pub fn window(&self) -> i64 {
        self.window
    }

    /// The article's number in the name of a file: the first group of the pattern, or all of it.
    pub fn key<'a>(&self, path: &'a str) -> Option<&'a str> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let found = self.key.as_ref()?.pattern()?.captures(name)?;
        let group = found.get(1).or_else(|| found.get(0))?;
        Some(group.as_str()).filter(|key| !key.is_empty())
    }

    /// Whether two posts tell one story.
    pub fn same(&self, a: &Story, b: &Story) -> bool {
        if let (Some(a), Some(b)) = (&a.key, &b.key)
            && a == b
        {
            return true;
        }
        // What one source says in two posts are two stories, however much they share: a series has the same
        // opening and closing words in each part, and its parts may differ in nothing but a film.
        let one_source = a.source.is_some() && a.source == b.source;
        !one_source
            && a.likeness(b) >= self.similarity
            && !story_diff::differ((&a.title, &a.text), (&b.title, &b.text))
    }
}

/// Characters of a text that are compared.
const LONGEST: usize = 6_000;
/// Texts with fewer letters say too little to be told apart.
const SHORTEST: usize = 40;
/// Letters in a shingle.
const SHINGLE: usize = 4;

/// What is kept of a post to recognise its story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// The article's number, if its file name has one.
    pub key: Option<String>,
    /// What names its source; `None` when that is not known. Posts of one source are one story only by their number.
    pub source: Option<String>,
    /// Plain text.
    pub title: String,
    /// The beginning of the article, plain text.
    pub text: String,
    /// Sorted: the first ones are as good as drawn by lot.
    shingles: Vec<u64>,
}

impl Story {
    /// Prepares a post for comparing. `text` has neither source line nor footer.
    pub fn new(key: Option<String>, source: Option<String>, title: &str, text: &str) -> Self {
        let text: String = text.chars().take(LONGEST).collect();
        Story {
            shingles: shingles(&text),
            key,
            source,
            title: title.to_owned(),
            text,
        }
    }

    /// Whether this is the other to the letter, and of the same source: when the other's file is gone, it was moved.
    pub fn is_copy_of(&self, other: &Story) -> bool {
        self.source.is_some()
            && (&self.source, &self.title, &self.text) == (&other.source, &other.title, &other.text)
    }

    /// How much of the shorter text stands in the longer, 0 to 1.
    fn likeness(&self, other: &Story) -> f64 {
        let (short, long) = if self.shingles.len() <= other.shingles.len() {
            (&self.shingles, &other.shingles)
        } else {
            (&other.shingles, &self.shingles)
        };
        if short.len() < SHORTEST {
            return 0.0;
        }
        // Most pairs are about different things: a few shingles show it.
        let few = short.iter().take(SHORTEST);
        if few
            .filter(|shingle| long.binary_search(shingle).is_ok())
            .count()
            * 4
            < SHORTEST
        {
            return 0.0;
        }
        let shared = short
            .iter()
            .filter(|shingle| long.binary_search(shingle).is_ok())
            .count();
        shared as f64 / short.len() as f64
    }
}

/// Each run of four letters, as a number.
fn shingles(text: &str) -> Vec<u64> {
    let letters: Vec<u64> = text
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .map(|c| u64::from(u32::from(c)))
        .collect();
    // Four times 21 bits do not fit: the multiplication mixes them.
    let mix = |run: &[u64]| {
        run.iter().fold(0_u64, |sum, c| {
            (sum ^ c)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .rotate_left(23)
        })
    };
    let mut shingles: Vec<u64> = letters.windows(SHINGLE).map(mix).collect();
    shingles.sort_unstable();
    shingles.dedup();
    shingles
}
