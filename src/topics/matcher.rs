//! All topics and all subscribers' keywords in one, so that an article is read once for all of them.
//! In: topics and keywords, then articles. Out: matches with their words, or a verdict for every topic.
//! Words may overlap: a longer word of one topic never hides a shorter one of another.

use std::collections::HashSet;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::article::Article;
use super::compile::{Compiled, Use};
use super::look::{Sightings, look};
use super::nested;
use super::rule::{Group, Rule, Topic};
use super::tally::{Tally, tally};
use super::verdict::{Field, Match, Stage, Verdict};

/// Goes into the fingerprint: raise it whenever the same rules come to match differently.
const VERSION: u32 = 3;

/// All topics and keywords, ready to match.
#[derive(Debug)]
pub struct Matcher {
    topics: Vec<Topic>,
    /// Each topic after those it uses.
    order: Vec<usize>,
    /// By topic: the rules elsewhere that ask whether it matches.
    users: Vec<Vec<Use>>,
    keywords: Vec<String>,
    compiled: Compiled,
}

/// What one look at an article found.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings<'a> {
    /// The topics of the article, in the order of the topics.
    pub topics: Vec<Match>,
    /// The keywords that occur, as they were given and in that order.
    pub keywords: Vec<&'a str>,
}

impl Matcher {
    /// Compiles topics. Fails on two topics of one id, on a topic that uses itself or one that is
    /// not there, and on a vocabulary too large for memory.
    pub fn new(topics: Vec<Topic>) -> Result<Matcher, String> {
        Matcher::with_keywords(topics, Vec::new())
    }

    /// Compiles topics and keywords. A keyword matches when all its words, parted by white space,
    /// occur in title or body. Fails as `new` does.
    pub fn with_keywords(topics: Vec<Topic>, keywords: Vec<String>) -> Result<Matcher, String> {
        let mut ids = HashSet::new();
        if let Some(twice) = topics.iter().find(|t| !ids.insert(t.id.as_str())) {
            return Err(format!("two topics have the id `{}`", twice.id));
        }
        let order = nested::order(&topics)?;
        let mut users = vec![Vec::new(); topics.len()];
        for (topic, t) in topics.iter().enumerate() {
            for (rule, used) in t.uses() {
                if let Some(used) = topics.iter().position(|other| other.id == used) {
                    users[used].push(Use { topic, rule });
                }
            }
        }
        Ok(Matcher {
            compiled: Compiled::new(&topics, &keywords)?,
            topics,
            order,
            users,
            keywords,
        })
    }

    /// The topics that people can follow, in the order in which they were given.
    pub fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.topics.iter().filter(|topic| !topic.hidden)
    }

    /// All topics, with those that are there for others to ask for.
    pub fn all_topics(&self) -> &[Topic] {
        &self.topics
    }

    /// One topic by its id.
    pub fn topic(&self, id: &str) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.id == id)
    }

    /// The title of a topic, for people.
    pub fn title_of(&self, id: &str) -> Option<&str> {
        self.topic(id).map(|topic| topic.title.as_str())
    }

    /// Topics with their titles; one that is not known any more has its id for a title.
    pub fn titled(&self, ids: &[String]) -> Vec<(String, String)> {
        let titled = |id: &String| {
            let title = self.title_of(id).unwrap_or(id).to_owned();
            (id.clone(), title)
        };
        ids.iter().map(titled).collect()
    }

    /// The topics of an article that people can follow, in the order of the topics.
    pub fn matches(&self, article: &Article) -> Vec<Match> {
        self.read(article).topics
    }

    /// The topics and the keywords of an article, in one pass.
    pub fn read(&self, article: &Article) -> Findings<'_> {
        let mut seen = look(&self.compiled, &self.topics, article);
        let mut topics: Vec<(usize, Match)> = Vec::new();
        // A topic of which nothing was seen cannot match: every topic has words in any or all.
        for index in &self.order {
            let Some(sightings) = seen.topics.remove(index) else {
                continue;
            };
            let topic = &self.topics[*index];
            let tally = tally(topic, sightings);
            if stopped_by(topic, &tally).is_none() {
                self.tell_users(*index, &mut seen);
                if topic.hidden {
                    continue;
                }
                let found = Match {
                    topic: topic.id.clone(),
                    score: tally.score,
                    hits: tally.hits,
                };
                topics.push((*index, found));
            }
        }
        topics.sort_by_key(|(index, _)| *index);
        Findings {
            topics: topics.into_iter().map(|(_, found)| found).collect(),
            keywords: self.keywords_of(&seen),
        }
    }

    /// What became of every topic, matching or not, in the order of the topics; of hidden ones too.
    pub fn explain(&self, article: &Article) -> Vec<Verdict> {
        let mut seen = look(&self.compiled, &self.topics, article);
        let mut verdicts: Vec<(usize, Verdict)> = Vec::with_capacity(self.topics.len());
        for index in &self.order {
            let topic = &self.topics[*index];
            let tally = tally(topic, seen.topics.remove(index).unwrap_or_default());
            let stopped = stopped_by(topic, &tally);
            if stopped.is_none() {
                self.tell_users(*index, &mut seen);
            }
            let (stage, stopped_by) = stopped.unzip();
            let verdict = Verdict {
                topic: topic.id.clone(),
                title: topic.title.clone(),
                matched: stage.is_none(),
                hidden: topic.hidden,
                score: tally.score,
                threshold: topic.threshold,
                hits: tally.hits,
                stopped_by,
                stage,
            };
            verdicts.push((*index, verdict));
        }
        verdicts.sort_by_key(|(index, _)| *index);
        verdicts.into_iter().map(|(_, verdict)| verdict).collect()
    }

    /// What became of one topic; `None` when there is none of this id.
    pub fn verdict(&self, id: &str, article: &Article) -> Option<Verdict> {
        let verdicts = self.explain(article).into_iter();
        verdicts.into_iter().find(|verdict| verdict.topic == id)
    }

    /// Changes when any rule changes, or the way in which rules are read: derived data is built
    /// again then. The same on every machine. Keywords have no part in it.
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

    fn tell_users(&self, matched: usize, seen: &mut Sightings) {
        for user in &self.users[matched] {
            seen.add(*user, Field::Topic, 0, 0);
        }
    }

    /// The parts of a keyword stand next to each other, since they are kept sorted.
    fn keywords_of(&self, seen: &Sightings) -> Vec<&str> {
        let mut found = Vec::new();
        let mut parts = seen.parts.iter().peekable();
        while let Some(first) = parts.next() {
            let mut count = 1;
            while parts.next_if(|p| p.keyword == first.keyword).is_some() {
                count += 1;
            }
            if self.compiled.parts.get(first.keyword) == Some(&count) {
                found.extend(self.keywords.get(first.keyword).map(String::as_str));
            }
        }
        found
    }
}

/// What keeps a topic from matching: the stage, and a sentence.
fn stopped_by(topic: &Topic, tally: &Tally) -> Option<(Stage, String)> {
    if let Some((rule, field)) = tally.veto {
        let word = topic.rules[rule].shown();
        return Some((Stage::Veto, format!("`{word}` in the {field} vetoes")));
    }
    if topic.has(Group::Any) && !tally.any {
        let message = "none of its words occurs".to_owned();
        return Some((Stage::Nothing, message));
    }
    if let Some(word) = tally.missing.map(|rule| Rule::shown(&topic.rules[rule])) {
        let message = format!("`{word}` must occur and does not");
        return Some((Stage::Missing, message));
    }
    // Weights are decimal fractions: without the margin 0.1 + 0.2 would not reach 0.3.
    if tally.score < topic.threshold - 1e-9 {
        let (score, threshold) = (tally.score, topic.threshold);
        let message = format!("the score {score:.2} is below {threshold:.2}");
        return Some((Stage::Score, message));
    }
    None
}
