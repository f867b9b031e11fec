//! Labels: what a post carries (category, tag) or earns (topic), and what a chat may follow.
//! In: names as authors wrote them. Out: typed labels that never mix the three kinds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The kinds of label. A category and a tag of the same name are two labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LabelKind {
    /// `categories` of the front matter, and folders above `_posts`.
    Category,
    /// `tags` of the front matter.
    Tag,
    /// Earned by matching the rules in `config/topics`.
    Topic,
    /// A rule of somebody's own (`反垄断 -证监会`): posts that meet it are sent, and it has no feed.
    Words,
}

impl LabelKind {
    /// The kinds that have feeds, in the order in which people see them.
    pub const ALL: [LabelKind; 3] = [LabelKind::Category, LabelKind::Tag, LabelKind::Topic];

    /// `category`, `tag` or `topic`: the spelling of configs, databases and commands.
    pub fn as_str(self) -> &'static str {
        match self {
            LabelKind::Category => "category",
            LabelKind::Tag => "tag",
            LabelKind::Topic => "topic",
            LabelKind::Words => "words",
        }
    }
}

impl fmt::Display for LabelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One category, tag or topic. `name` is exactly what the author wrote (for a topic, its id).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Label {
    /// Category, tag or topic.
    pub kind: LabelKind,
    /// The name, case and width kept.
    pub name: String,
}

impl Label {
    /// A label of `kind` with `name` kept as it is.
    pub fn new(kind: LabelKind, name: impl Into<String>) -> Self {
        Label {
            kind,
            name: name.into(),
        }
    }

    /// Shorthand for a category.
    pub fn category(name: impl Into<String>) -> Self {
        Label::new(LabelKind::Category, name)
    }

    /// Shorthand for a tag.
    pub fn tag(name: impl Into<String>) -> Self {
        Label::new(LabelKind::Tag, name)
    }

    /// Shorthand for a topic, by its id.
    pub fn topic(id: impl Into<String>) -> Self {
        Label::new(LabelKind::Topic, id)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.name)
    }
}

/// What a chat can follow: the whole site, or one label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Follow {
    /// Every post.
    Site,
    /// Every post that carries this label.
    Label(Label),
}

impl Follow {
    /// A short stable name, `site` or 16 hexadecimal digits, for places that hold 64 plain
    /// characters: Telegram's callback data and deep links.
    pub fn key(&self) -> String {
        if *self == Follow::Site {
            return "site".to_owned();
        }
        let digest = Sha256::digest(self.to_string().as_bytes());
        let half = |four: u8| char::from_digit(u32::from(four), 16).unwrap_or_default();
        let hex = { digest[..8].iter() }.flat_map(|byte| [half(byte >> 4), half(byte & 15)]);
        hex.collect()
    }
}

impl fmt::Display for Follow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Follow::Site => f.write_str("site"),
            Follow::Label(label) => label.fmt(f),
        }
    }
}

/// A text that names nothing to follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names nothing to follow: write `site`, `topic:ID`, `category:NAME` or `tag:NAME`")]
pub struct InvalidFollow(pub String);

impl FromStr for Follow {
    type Err = InvalidFollow;

    fn from_str(text: &str) -> Result<Self, InvalidFollow> {
        let text = text.trim();
        if text == "site" {
            return Ok(Follow::Site);
        }
        let (kind, name) = text
            .split_once(':')
            .ok_or_else(|| InvalidFollow(text.to_owned()))?;
        let name = name.trim();
        let kind = match kind.trim() {
            "category" => LabelKind::Category,
            "tag" => LabelKind::Tag,
            "topic" => LabelKind::Topic,
            "words" => LabelKind::Words,
            _ => return Err(InvalidFollow(text.to_owned())),
        };
        if name.is_empty() {
            return Err(InvalidFollow(text.to_owned()));
        }
        Ok(Follow::Label(Label::new(kind, name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_follow_reads_back_as_it_was_written() {
        for text in [
            "site",
            "topic:market-supervision",
            "tag:大众日报新闻",
            "category:a:b",
        ] {
            assert_eq!(text.parse::<Follow>().unwrap().to_string(), text);
        }
        assert!("tag:".parse::<Follow>().is_err());
        assert!("大众日报".parse::<Follow>().is_err());
    }
}
