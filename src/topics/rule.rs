//! The nouns of a rule file: a topic is a list of rules, a rule is a word, a place and a group.
//! In: what `yaml` read and `parse` checked. Out: values that the matcher compiles.
//! A word may be a regular expression, and a place may be another topic.

use super::verdict::Field;

/// A word in the title counts this many times as much as one in the body.
pub(super) const TITLE_FACTOR: f64 = 2.0;

/// How a rule takes part in the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// Adds its weight to the score.
    Any,
    /// Must occur.
    All,
    /// Must not occur; with a negative weight it subtracts instead.
    None,
}

impl Group {
    /// The groups in the order of rule files.
    pub const ALL: [Group; 3] = [Group::Any, Group::All, Group::None];

    /// `any`, `all` or `none`, as rule files spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Group::Any => "any",
            Group::All => "all",
            Group::None => "none",
        }
    }
}

/// Where a rule looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// A category of the post is this word.
    Category,
    /// A tag of the post is this word.
    Tag,
    /// The source of the post is this word.
    Source,
    /// The title contains the word.
    Title,
    /// The body contains the word.
    Body,
    /// Title or body contain the word.
    Text,
    /// The topic of this id matches.
    Topic,
}

impl Place {
    /// The places in the order of rule files.
    pub const ALL: [Place; 7] = [
        Place::Topic,
        Place::Category,
        Place::Tag,
        Place::Source,
        Place::Title,
        Place::Body,
        Place::Text,
    ];

    /// The key of rule files.
    pub fn as_str(self) -> &'static str {
        match self {
            Place::Category => "category",
            Place::Tag => "tag",
            Place::Source => "source",
            Place::Title => "title",
            Place::Body => "body",
            Place::Text => "text",
            Place::Topic => "topic",
        }
    }

    /// True when a rule for this place looks at `field`.
    pub(super) fn covers(self, field: Field) -> bool {
        match self {
            Place::Text => matches!(field, Field::Title | Field::Body),
            Place::Category => field == Field::Category,
            Place::Tag => field == Field::Tag,
            Place::Source => field == Field::Source,
            Place::Title => field == Field::Title,
            Place::Body => field == Field::Body,
            Place::Topic => field == Field::Topic,
        }
    }
}

/// How a rule's word is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// As it stands.
    Word,
    /// As a regular expression of the crate `regex`, which takes linear time.
    Regex,
}

/// One word of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// How it takes part.
    pub group: Group,
    /// Where it looks.
    pub place: Place,
    /// As it stands, or a pattern.
    pub kind: Kind,
    /// The word as its author wrote it.
    pub word: String,
    /// The author's weight; without one, 1, and 2 for a `title` word.
    pub weight: Option<f64>,
}

impl Rule {
    /// What one occurrence in `field` is worth. An author's weight of a `title` word is meant as
    /// it stands; that of a `text` word is meant for the body.
    pub(super) fn points(&self, field: Field) -> f64 {
        match (self.place, field) {
            (Place::Text, Field::Title) => self.worth() * TITLE_FACTOR,
            _ => self.worth(),
        }
    }

    /// What one occurrence is worth where the rule looks; of a `text` word in the body.
    pub fn worth(&self) -> f64 {
        let usual = match self.place {
            Place::Title => TITLE_FACTOR,
            _ => 1.0,
        };
        self.weight.unwrap_or(usual)
    }

    /// True for a rule that stops its topic by itself.
    pub(super) fn vetoes(&self) -> bool {
        self.group == Group::None && self.weight.is_none()
    }

    /// The word for people: a pattern between slashes, another topic with its key.
    pub fn shown(&self) -> String {
        match (self.kind, self.place) {
            (Kind::Regex, _) => format!("/{}/", self.word),
            (Kind::Word, Place::Topic) => format!("topic:{}", self.word),
            (Kind::Word, _) => self.word.clone(),
        }
    }
}

/// A named filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// The file's stem: a-z, 0-9 and `-`.
    pub id: String,
    /// For people.
    pub title: String,
    /// For people, in a sentence.
    pub description: Option<String>,
    /// The score from which the topic matches; 0 when it has no `any` group, which needs no score.
    pub threshold: f64,
    /// For other topics to ask for: it has no feed, and nobody follows it.
    pub hidden: bool,
    /// Alerts to its followers wait for no quiet hours and no digest.
    pub urgent: bool,
    /// All words of all groups, in the order of the file.
    pub rules: Vec<Rule>,
}

impl Topic {
    /// True when a rule of `group` exists.
    pub(super) fn has(&self, group: Group) -> bool {
        self.rules.iter().any(|rule| rule.group == group)
    }

    /// The ids of the topics that this one asks about, with the index of the rule.
    pub fn uses(&self) -> impl Iterator<Item = (usize, &str)> {
        let nested = |(_, rule): &(usize, &Rule)| rule.place == Place::Topic;
        let rules = self.rules.iter().enumerate().filter(nested);
        rules.map(|(index, rule)| (index, rule.word.as_str()))
    }
}
