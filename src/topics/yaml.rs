//! The wire form of a rule file. Nothing here decides; `load` turns it into a `Topic`.
//! In: YAML text, through serde. Out: raw groups of raw words.
//! A word is a string, `{word, weight}`, `{regex, weight}`, or `{words: […], weight}` for many of one weight.

use std::fmt;

use super::rule::Place;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

/// A rule file as written.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTopic {
    pub title: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub threshold: Option<f64>,
    #[serde(default)]
    pub hidden: bool,
    #[serde(default)]
    pub urgent: bool,
    #[serde(default)]
    pub any: RawGroup,
    #[serde(default)]
    pub all: RawGroup,
    #[serde(default)]
    pub none: RawGroup,
}

impl RawGroup {
    /// The list of a place.
    pub(super) fn take(&mut self, place: Place) -> Vec<RawWord> {
        std::mem::take(match place {
            Place::Topic => &mut self.topic,
            Place::Category => &mut self.category,
            Place::Tag => &mut self.tag,
            Place::Source => &mut self.source,
            Place::Title => &mut self.title,
            Place::Body => &mut self.body,
            Place::Text => &mut self.text,
        })
    }
}

/// The keys of a group.
#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawGroup {
    pub topic: Vec<RawWord>,
    pub category: Vec<RawWord>,
    pub tag: Vec<RawWord>,
    pub source: Vec<RawWord>,
    pub title: Vec<RawWord>,
    pub body: Vec<RawWord>,
    pub text: Vec<RawWord>,
}

/// One entry of a list of words.
pub(super) struct RawWord {
    pub words: Vec<String>,
    pub regex: Option<String>,
    pub weight: Option<f64>,
}

/// The mapping form of an entry.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct WeightedWord {
    #[serde(default)]
    word: Option<Scalar>,
    #[serde(default)]
    words: Vec<Scalar>,
    #[serde(default)]
    regex: Option<String>,
    #[serde(default)]
    weight: Option<f64>,
}

/// A word that YAML may take for a number, as `12315`.
struct Scalar(String);

// By hand, not as an untagged enum: that one forgets where in the file it was.
impl<'de> Deserialize<'de> for RawWord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordVisitor)
    }
}

struct WordVisitor;

impl<'de> Visitor<'de> for WordVisitor {
    type Value = RawWord;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a word, `{word: …, weight: …}`, `{words: […], weight: …}` or `{regex: …, weight: …}`",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<RawWord, E> {
        Ok(RawWord {
            words: vec![text.to_owned()],
            regex: None,
            weight: None,
        })
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<RawWord, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawWord, A::Error> {
        let raw = WeightedWord::deserialize(MapAccessDeserializer::new(map))?;
        let words: Vec<String> = raw.word.into_iter().chain(raw.words).map(|s| s.0).collect();
        if words.is_empty() && raw.regex.is_none() {
            return Err(de::Error::missing_field("word"));
        }
        Ok(RawWord {
            words,
            regex: raw.regex,
            weight: raw.weight,
        })
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar(text.to_owned()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar(number.to_string()))
    }
}
