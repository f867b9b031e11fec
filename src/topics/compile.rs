//! The words of all topics and keywords, ready to be looked for in one pass.
//! In: topics and keywords. Out: an automaton for words, tables for labels, a set for patterns.
//! A word that several ask for is looked for once.

use std::collections::HashMap;

use aho_corasick::AhoCorasick;
use regex::{Regex, RegexSet};

use super::fold::fold;
use super::pattern;
use super::rule::{Kind, Place, Topic};
use super::verdict::Field;

/// Patterns in one set: more would outgrow the cache that makes a set quick.
const PATTERNS_PER_SET: usize = 64;

/// A rule of a topic.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use {
    pub topic: usize,
    pub rule: usize,
}

/// A part of a keyword: all parts must occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    pub keyword: usize,
    pub part: usize,
}

/// Who asks for one word.
#[derive(Debug, Default)]
pub(super) struct Word {
    pub rules: Vec<Use>,
    pub parts: Vec<Part>,
}

/// Patterns that are tried together, and one by one where the set says that they occur.
#[derive(Debug)]
pub(super) struct Patterns {
    pub set: RegexSet,
    pub each: Vec<(Regex, Use)>,
}

/// Everything that is looked for.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    /// `None` when nobody looks at text.
    pub automaton: Option<AhoCorasick>,
    /// By pattern of the automaton.
    pub words: Vec<Word>,
    /// Whole labels: categories, tags and sources.
    pub labels: HashMap<(Field, String), Vec<Use>>,
    pub patterns: Vec<Patterns>,
    /// How many parts each keyword has.
    pub parts: Vec<usize>,
}

impl Compiled {
    /// True when nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.automaton.is_none() && self.labels.is_empty() && self.patterns.is_empty()
    }

    /// Fails on a vocabulary too large for memory.
    pub fn new(topics: &[Topic], keywords: &[String]) -> Result<Compiled, String> {
        let mut compiled = Compiled::default();
        let mut vocabulary = Vocabulary::default();
        let mut patterns: Vec<(&str, Use)> = Vec::new();
        for (topic, rules) in topics.iter().map(|t| &t.rules).enumerate() {
            for (rule, r) in rules.iter().enumerate() {
                let used = Use { topic, rule };
                match (r.kind, label_field(r.place)) {
                    (Kind::Regex, _) => patterns.push((&r.word, used)),
                    (Kind::Word, _) if r.place == Place::Topic => {}
                    (Kind::Word, Some(field)) => {
                        let key = (field, fold(&r.word));
                        compiled.labels.entry(key).or_default().push(used);
                    }
                    (Kind::Word, None) => vocabulary.word(fold(&r.word)).rules.push(used),
                }
            }
        }
        for (keyword, text) in keywords.iter().enumerate() {
            let folded = fold(text);
            let mut parts: Vec<&str> = folded.split_whitespace().collect();
            parts.sort_unstable();
            parts.dedup();
            compiled.parts.push(parts.len());
            for (part, word) in parts.into_iter().enumerate() {
                let parts = &mut vocabulary.word(word.to_owned()).parts;
                parts.push(Part { keyword, part });
            }
        }
        for chunk in patterns.chunks(PATTERNS_PER_SET) {
            compiled.patterns.push(Patterns::new(chunk)?);
        }
        if !vocabulary.texts.is_empty() {
            let built = AhoCorasick::new(&vocabulary.texts);
            let built = built.map_err(|e| format!("the words of all topics are too many: {e}"))?;
            compiled.automaton = Some(built);
        }
        compiled.words = vocabulary.words;
        Ok(compiled)
    }
}

/// Words that are told apart by what folding leaves of them.
#[derive(Default)]
struct Vocabulary {
    texts: Vec<String>,
    words: Vec<Word>,
    index: HashMap<String, usize>,
}

impl Vocabulary {
    fn word(&mut self, text: String) -> &mut Word {
        let at = *self.index.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            self.words.push(Word::default());
            self.words.len() - 1
        });
        &mut self.words[at]
    }
}

impl Patterns {
    fn new(patterns: &[(&str, Use)]) -> Result<Patterns, String> {
        let texts: Vec<&str> = patterns.iter().map(|(text, _)| *text).collect();
        let each: Result<Vec<_>, String> = patterns
            .iter()
            .map(|(text, used)| {
                let regex = pattern::compile(text).map_err(|(message, _)| message)?;
                Ok((regex, *used))
            })
            .collect();
        Ok(Patterns {
            set: pattern::set(&texts)?,
            each: each?,
        })
    }
}

fn label_field(place: Place) -> Option<Field> {
    match place {
        Place::Category => Some(Field::Category),
        Place::Tag => Some(Field::Tag),
        Place::Source => Some(Field::Source),
        Place::Topic | Place::Title | Place::Body | Place::Text => None,
    }
}
