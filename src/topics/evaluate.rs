//! How well a topic agrees with a person who read the posts.
//! In: labels by hand, and what the topic says of each post. Out: precision, recall, and where they differ.
//! Posts fall into two halves by a hash of their path: rules are tuned on one and judged on the other.

use sha2::{Digest, Sha256};

use super::verdict::Verdict;

/// What a person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The post is about the topic.
    Yes,
    /// It is not.
    No,
    /// A careful reader may say either; left out of the figures.
    Doubtful,
}

/// One line of a labels file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// Below one of the folders that are searched. With `*` for a file name that would tell too much:
    /// then the hash says which file of the folder is meant.
    pub path: String,
    /// The first hexadecimal digits of the SHA-256 of the file that was read.
    pub hash: String,
    /// What the person says.
    pub answer: Answer,
}

impl Labelled {
    /// The half of the post: the same on every machine and for ever.
    pub fn half(&self) -> Half {
        let key = match self.path.ends_with("/*") {
            true => &self.hash,
            false => &self.path,
        };
        match Sha256::digest(key.as_bytes())[0] % 2 {
            0 => Half::Tune,
            _ => Half::HeldOut,
        }
    }
}

/// Which of the two halves a post is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Half {
    /// Seen while rules are written.
    Tune,
    /// Never looked at while rules are written.
    HeldOut,
}

impl Half {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Half::Tune => "tune",
            Half::HeldOut => "held-out",
        }
    }
}

/// Reads a labels file: `path`, hash and `yes`, `no` or `doubtful`, parted by tabs; `#` comments.
///
/// # Errors
/// Each line that cannot be read, by its number.
pub fn read_labels(text: &str) -> Result<Vec<Labelled>, Vec<String>> {
    let mut labels = Vec::new();
    let mut errors = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        match read_line(line) {
            Ok(label) => labels.push(label),
            Err(why) => errors.push(format!("line {}: {why}", index + 1)),
        }
    }
    match errors.is_empty() {
        true => Ok(labels),
        false => Err(errors),
    }
}

fn read_line(line: &str) -> Result<Labelled, String> {
    let mut columns = line.split('\t').map(str::trim);
    let (path, hash) = (columns.next(), columns.next());
    let (Some(path), Some(hash)) = (path, hash) else {
        return Err("write PATH, HASH and yes, no or doubtful, with tabs between".to_owned());
    };
    let answer = match columns.next() {
        Some("yes") => Answer::Yes,
        Some("no") => Answer::No,
        Some("doubtful") => Answer::Doubtful,
        other => {
            let other = other.unwrap_or_default();
            return Err(format!("`{other}` is none of yes, no and doubtful"));
        }
    };
    if hash.len() < 8 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(format!(
            "`{hash}` is no hash: 8 hexadecimal digits at least"
        ));
    }
    Ok(Labelled {
        path: path.to_owned(),
        hash: hash.to_ascii_lowercase(),
        answer,
    })
}

/// The SHA-256 of a file's bytes, in hexadecimal digits.
pub fn hash_of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Agreement in figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Score {
    /// Both say yes.
    pub hits: u32,
    /// Only the rules say yes.
    pub false_alarms: u32,
    /// Only the person says yes.
    pub misses: u32,
    /// Both say no.
    pub rest: u32,
}

impl Score {
    fn add(&mut self, person: bool, rules: bool) {
        match (person, rules) {
            (true, true) => self.hits += 1,
            (false, true) => self.false_alarms += 1,
            (true, false) => self.misses += 1,
            (false, false) => self.rest += 1,
        }
    }

    /// Of what the rules take, the part that is right; `None` when they take nothing.
    pub fn precision(&self) -> Option<f64> {
        part(self.hits, self.hits + self.false_alarms)
    }

    /// Of what is right, the part that the rules take; `None` when nothing is.
    pub fn recall(&self) -> Option<f64> {
        part(self.hits, self.hits + self.misses)
    }
}

fn part(some: u32, all: u32) -> Option<f64> {
    (all > 0).then(|| f64::from(some) / f64::from(all))
}

/// A post about which person and rules differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Confusion {
    /// The post.
    pub path: String,
    /// Its half.
    pub half: Half,
    /// What the person says.
    pub answer: Answer,
    /// What the rules say, with the deciding words.
    pub verdict: Verdict,
}

/// The outcome.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evaluation {
    /// The topic's figures on the half for tuning.
    pub tune: Score,
    /// The topic's figures on the half that counts.
    pub held_out: Score,
    /// Beside it: a plain search for one word.
    pub plain_tune: Score,
    /// The same on the half that counts.
    pub plain_held_out: Score,
    /// How many were doubtful and left out.
    pub doubtful: u32,
    /// Where they differ.
    pub confusions: Vec<Confusion>,
}

impl Evaluation {
    /// Adds one post: what the person says, the rules say, and whether the plain word occurs.
    pub fn add(&mut self, labelled: &Labelled, verdict: Verdict, plain: bool) {
        let person = match labelled.answer {
            Answer::Yes => true,
            Answer::No => false,
            Answer::Doubtful => {
                self.doubtful += 1;
                return;
            }
        };
        let half = labelled.half();
        let (own, beside) = match half {
            Half::Tune => (&mut self.tune, &mut self.plain_tune),
            Half::HeldOut => (&mut self.held_out, &mut self.plain_held_out),
        };
        own.add(person, verdict.matched);
        beside.add(person, plain);
        if person != verdict.matched {
            self.confusions.push(Confusion {
                path: labelled.path.clone(),
                half,
                answer: labelled.answer,
                verdict,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_or_refused_by_line() {
        let labels = read_labels("# c\na.md\t0123abcd\tyes\n\nb.md\t0123ABCD\tdoubtful\twhy\n");
        let labels = labels.unwrap();
        assert_eq!(labels.len(), 2);
        assert_eq!(labels[1].answer, Answer::Doubtful);
        assert_eq!(labels[1].hash, "0123abcd");
        let errors = read_labels("a.md\nb.md\tx\tyes\nc.md\t0123abcd\tmaybe").unwrap_err();
        assert_eq!(errors.len(), 3);
        assert!(errors[2].contains("line 3: `maybe`"), "{errors:?}");
    }

    #[test]
    fn figures_are_what_they_are_called() {
        let mut score = Score::default();
        assert_eq!((score.precision(), score.recall()), (None, None));
        for (person, rules) in [(true, true), (true, true), (false, true), (true, false)] {
            score.add(person, rules);
        }
        assert_eq!(score.precision(), Some(2.0 / 3.0));
        assert_eq!(score.recall(), Some(2.0 / 3.0));
    }

    #[test]
    fn a_post_stays_in_its_half() {
        let label = |path: String, hash: String| Labelled {
            path,
            hash,
            answer: Answer::Yes,
        };
        let named = |n: u32| label(format!("posts/{n}.md"), format!("{n:08x}")).half();
        let nameless = |n: u32| label("posts/*".to_owned(), format!("{n:08x}")).half();
        let held = (0..400).filter(|n| named(*n) == Half::HeldOut).count();
        assert!((150..250).contains(&held), "{held}");
        let held = (0..400).filter(|n| nameless(*n) == Half::HeldOut).count();
        assert!((150..250).contains(&held), "{held}");
    }
}
