//! The nouns of an answer: what matched, on which words, and what stopped the rest.
//! In: what the matcher counted. Out: plain values for feeds, messages and `explain`.
//! The weights of the hits of an answer sum up to its score.

use std::fmt;

/// Where a word was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// In the title.
    Title,
    /// In the article's text.
    Body,
    /// As a category.
    Category,
    /// As a tag.
    Tag,
    /// As the source.
    Source,
    /// As another topic that matches.
    Topic,
}

impl Field {
    /// `title`, `body`, `category`, `tag`, `source` or `topic`.
    pub fn as_str(self) -> &'static str {
        match self {
            Field::Title => "title",
            Field::Body => "body",
            Field::Category => "category",
            Field::Tag => "tag",
            Field::Source => "source",
            Field::Topic => "topic",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that was found, and what it did.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The word as the rule file has it; a pattern between slashes, a topic as `topic:ID`.
    pub word: String,
    /// Where it was found.
    pub field: Field,
    /// How often, outside longer words of the same topic.
    pub count: u32,
    /// What it added to the score, repetition included: negative when it subtracted, 0 for a word
    /// of `all` and for one that vetoes.
    pub weight: f64,
}

/// A topic that an article belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// The topic's id.
    pub topic: String,
    /// At least the topic's threshold.
    pub score: f64,
    /// The deciding words, the weightiest first.
    pub hits: Vec<Hit>,
}

/// What became of one topic for one article.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The topic's id.
    pub topic: String,
    /// The topic's title.
    pub title: String,
    /// True when the article belongs to it.
    pub matched: bool,
    /// True for a topic that is only there for others to ask for.
    pub hidden: bool,
    /// The sum of the weights of `hits`.
    pub score: f64,
    /// The score that it takes.
    pub threshold: f64,
    /// All words that were found, the weightiest first.
    pub hits: Vec<Hit>,
    /// Why it did not match, in a sentence; `None` when it did.
    pub stopped_by: Option<String>,
    /// The same for programs.
    pub stage: Option<Stage>,
}

impl Verdict {
    /// What the score lacks, when nothing but the score is in the way and at least half of it is
    /// there: a near miss.
    pub fn near_miss(&self) -> Option<f64> {
        let lacks = self.threshold - self.score;
        let near = lacks > 0.0 && self.score * 2.0 >= self.threshold;
        (near && self.stage == Some(Stage::Score)).then_some(lacks)
    }
}

/// What keeps a topic from matching.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A word of `none` without a weight occurs.
    Veto,
    /// No word of `any` occurs.
    Nothing,
    /// A word of `all` does not occur.
    Missing,
    /// The score is below the threshold.
    Score,
}
