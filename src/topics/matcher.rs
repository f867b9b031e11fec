//! All topics compiled into one automaton, so that an article is read once for all of them.
//! In: topics, then articles. Out: matches with their words, or a verdict for every topic.
//! Words may overlap: a longer word of one topic never hides a shorter one of another.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use aho_corasick::AhoCorasick;
use sha2::{Digest, Sha256};

use super::article::Article;
use super::fold::fold;
use super::rule::{Group, Place, Topic};
use super::tally::{Seen, Tally, tally};
use super::verdict::{Field, Match, Verdict};

/// Goes into the fingerprint: raise it whenever the same rules come to match differently.
const VERSION: u32 = 1;

/// Which rule of which topic a word belongs to.
#[derive(Debug, Clone, Copy)]
struct Use {
    topic: usize,
    rule: usize,
}

/// Everything that was seen of each topic that was seen at all.
type Sightings = BTreeMap<usize, Vec<Seen>>;

/// All topics, ready to match.
#[derive(Debug)]
pub struct Matcher {
    topics: Vec<Topic>,
    /// `None` when no topic looks at text.
    automaton: Option<AhoCorasick>,
    /// Uses of the automaton's patterns, by pattern.
    words: Vec<Vec<Use>>,
    /// Uses of whole labels: categories, tags and sources.
    labels: HashMap<(Field, String), Vec<Use>>,
}

impl Matcher {
    /// Compiles topics. Fails on two topics of one id and on a vocabulary too large for memory.
    pub fn new(topics: Vec<Topic>) -> Result<Matcher, String> {
        let mut ids = HashSet::new();
        if let Some(twice) = topics.iter().find(|t| !ids.insert(t.id.as_str())) {
            return Err(format!("two topics have the id `{}`", twice.id));
        }
        let mut patterns: Vec<String> = Vec::new();
        let mut index: HashMap<String, usize> = HashMap::new();
        let mut words: Vec<Vec<Use>> = Vec::new();
        let mut labels: HashMap<(Field, String), Vec<Use>> = HashMap::new();
        for (topic, rules) in topics.iter().map(|t| &t.rules).enumerate() {
            for (rule, r) in rules.iter().enumerate() {
                let word = fold(&r.word);
                let used = Use { topic, rule };
                if let Some(field) = label_field(r.place) {
                    labels.entry((field, word)).or_default().push(used);
                    continue;
                }
                let pattern = *index.entry(word).or_insert_with_key(|word| {
                    patterns.push(word.clone());
                    words.push(Vec::new());
                    words.len() - 1
                });
                words[pattern].push(used);
            }
        }
        let automaton = if patterns.is_empty() {
            None
        } else {
            let built = AhoCorasick::new(&patterns);
            Some(built.map_err(|e| format!("the words of all topics are too many: {e}"))?)
        };
        Ok(Matcher {
            topics,
            automaton,
            words,
            labels,
        })
    }

    /// The topics, in the order in which they were given.
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// The title of a topic, for people.
    pub fn title_of(&self, id: &str) -> Option<&str> {
        let topic = self.topics.iter().find(|topic| topic.id == id)?;
        Some(&topic.title)
    }

    /// The topics of an article, in the order of the topics.
    pub fn matches(&self, article: &Article) -> Vec<Match> {
        // A topic of which nothing was seen cannot match: every topic has words in any or all.
        let seen = self.look(article);
        let judged = seen.into_iter().map(|(index, seen)| {
            let topic = &self.topics[index];
            (topic, tally(topic, seen))
        });
        judged
            .filter(|(topic, tally)| stopped_by(topic, tally).is_none())
            .map(|(topic, tally)| Match {
                topic: topic.id.clone(),
                score: tally.score,
                hits: tally.hits,
            })
            .collect()
    }

    /// What became of every topic, matching or not, in the order of the topics.
    pub fn explain(&self, article: &Article) -> Vec<Verdict> {
        let mut seen = self.look(article);
        let verdict = |(index, topic): (usize, &Topic)| {
            let tally = tally(topic, seen.remove(&index).unwrap_or_default());
            let stopped_by = stopped_by(topic, &tally);
            Verdict {
                topic: topic.id.clone(),
                title: topic.title.clone(),
                matched: stopped_by.is_none(),
                score: tally.score,
                threshold: topic.threshold,
                hits: tally.hits,
                stopped_by,
            }
        };
        self.topics.iter().enumerate().map(verdict).collect()
    }

    /// Changes when any rule changes, or the way in which rules are read: derived data is built
    /// again then. The same on every machine.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(VERSION.to_be_bytes());
        let mut topics: Vec<&Topic> = self.topics.iter().collect();
        topics.sort_by(|a, b| a.id.cmp(&b.id));
        for topic in topics {
            // Debug quotes strings, so no two different topics read alike.
            hash.update(format!("{topic:?}\n"));
        }
        let mut text = String::with_capacity(32);
        for byte in hash.finalize().iter().take(16) {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    fn look(&self, article: &Article) -> Sightings {
        let mut seen = Sightings::new();
        self.look_in_text(article.title, Field::Title, &mut seen);
        self.look_in_text(article.text, Field::Body, &mut seen);
        let categories = article
            .categories
            .iter()
            .map(|c| (Field::Category, c.as_str()));
        let tags = article.tags.iter().map(|t| (Field::Tag, t.as_str()));
        let source = article.source.iter().map(|s| (Field::Source, *s));
        for (field, label) in categories.chain(tags).chain(source) {
            self.look_at_label(label, field, &mut seen);
        }
        seen
    }

    fn look_in_text(&self, text: &str, field: Field, seen: &mut Sightings) {
        let Some(automaton) = &self.automaton else {
            return;
        };
        let text = fold(text);
        for found in automaton.find_overlapping_iter(&text) {
            let (start, end) = (found.start(), found.end());
            if !stands_alone(&text, start, end) {
                continue;
            }
            for used in &self.words[found.pattern().as_usize()] {
                let rule = used.rule;
                if self.topics[used.topic].rules[rule].place.covers(field) {
                    let place = Seen {
                        field,
                        start,
                        end,
                        rule,
                    };
                    seen.entry(used.topic).or_default().push(place);
                }
            }
        }
    }

    fn look_at_label(&self, label: &str, field: Field, seen: &mut Sightings) {
        if self.labels.is_empty() {
            return;
        }
        let key = (field, fold(label.trim()));
        for used in self.labels.get(&key).into_iter().flatten() {
            let rule = used.rule;
            let place = Seen {
                field,
                start: 0,
                end: 0,
                rule,
            };
            seen.entry(used.topic).or_default().push(place);
        }
    }
}

fn label_field(place: Place) -> Option<Field> {
    match place {
        Place::Category => Some(Field::Category),
        Place::Tag => Some(Field::Tag),
        Place::Source => Some(Field::Source),
        Place::Title | Place::Body | Place::Text => None,
    }
}

/// Latin words end where letters and digits end: `ip` is not in `shipping`, `FDA` is in `向FDA申请`.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let bytes = text.as_bytes();
    let joined = |left: usize, right: usize| {
        let alphanumeric = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        alphanumeric(left) && alphanumeric(right)
    };
    let before = start > 0 && joined(start - 1, start);
    let after = end > start && joined(end - 1, end);
    !before && !after
}

/// What keeps a topic from matching, in a sentence.
fn stopped_by(topic: &Topic, tally: &Tally) -> Option<String> {
    if let Some((word, field)) = &tally.veto {
        return Some(format!("`{word}` in the {field} vetoes"));
    }
    if topic.has(Group::Any) && !tally.any {
        return Some("none of its words occurs".to_owned());
    }
    if let Some(word) = &tally.missing {
        return Some(format!("`{word}` must occur and does not"));
    }
    // Weights are decimal fractions: without the margin 0.1 + 0.2 would not reach 0.3.
    if tally.score < topic.threshold - 1e-9 {
        let (score, threshold) = (tally.score, topic.threshold);
        return Some(format!("the score {score:.2} is below {threshold:.2}"));
    }
    None
}
