//! What a post is about: named topics with rules, matched in one pass for all of them.
//! In: rule files as text, and the title, text and labels of an article.
//! Out: the topics that match, each with the words that decided; errors that name line and mend.

mod article;
mod backtest;
mod compile;
mod error;
mod evaluate;
mod export;
mod fold;
mod load;
mod look;
mod matcher;
mod nested;
mod own_words;
mod parse;
mod pattern;
mod rule;
mod spots;
pub mod story;
mod story_diff;
mod tally;
mod verdict;
mod yaml;

#[cfg(test)]
mod load_tests;
#[cfg(test)]
mod sample_tests;
#[cfg(test)]
mod schema_tests;
#[cfg(test)]
mod story_tests;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use article::Article;
pub use backtest::{Backtest, Found, Shift};
pub use error::{Also, TopicError};
pub use evaluate::{Answer, Confusion, Evaluation, Half, Labelled, Score, hash_of, read_labels};
pub use export::to_yaml;
pub use load::{load_dir, load_dir_with, rule_files};
pub use matcher::{Findings, Matcher};
pub use own_words::{NoRule, OwnRules, OwnWords};
pub use parse::parse;
pub use rule::{Group, Kind, Place, Rule, Topic};
pub use verdict::{Field, Hit, Match, Stage, Verdict};

/// The JSON Schema of rule files, for editors: the file that stands beside the rules that we ship.
pub const SCHEMA: &str = include_str!("../../config/topics/topic.schema.json");

/// The `topics` section of the config.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The folder with one rule file a topic.
    pub dir: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            dir: PathBuf::from("config/topics"),
        }
    }
}
