//! The wire form of a rule file. Nothing here decides; `load` turns it into a `Topic`.
//! In: YAML text, through serde. Out: raw groups of raw words.
//! A word is a string, `{word, weight}`, or `{words: […], weight}` for many of one weight.

use std::fmt;

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
    pub any: RawGroup,
    #[serde(default)]
    pub all: RawGroup,
    #[serde(default)]
    pub none: RawGroup,
}

/// The keys of a group.
#[derive(serde::Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawGroup {
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
        f.write_str("a word, `{word: …, weight: …}` or `{words: […], weight: …}`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<RawWord, E> {
        Ok(RawWord {
            words: vec![text.to_owned()],
            weight: None,
        })
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<RawWord, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawWord, A::Error> {
        let raw = WeightedWord::deserialize(MapAccessDeserializer::new(map))?;
        let words: Vec<String> = raw.word.into_iter().chain(raw.words).map(|s| s.0).collect();
        if words.is_empty() {
            return Err(de::Error::missing_field("word"));
        }
        Ok(RawWord {
            words,
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
