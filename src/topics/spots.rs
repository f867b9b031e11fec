//! Where in a rule file something stands.
//! In: the file's text, and what was read from it. Out: line and column, for errors.
//! The YAML reader keeps no places of what it accepts, so they are looked up in the text again.

use super::rule::{Group, Place};

/// The text of a rule file with its comments blanked out.
pub(super) struct Spots {
    text: String,
}

impl Spots {
    /// Looks through a rule file.
    pub(super) fn new(yaml: &str) -> Self {
        Spots {
            text: yaml.split_inclusive('\n').map(without_comment).collect(),
        }
    }

    /// A key of the outermost level.
    pub(super) fn key(&self, key: &str) -> (u32, u32) {
        self.start_of(key).map_or((0, 0), |at| self.position(at))
    }

    /// The `nth` mention of a word, from 0, below its group and place.
    pub(super) fn word(&self, group: Group, place: Place, word: &str, nth: usize) -> (u32, u32) {
        let group = self.start_of(group.as_str()).unwrap_or(0);
        let place = self.token(place.as_str(), group, 0).unwrap_or(group);
        // An entry with escapes in quotes reads otherwise than it is written: its list is close.
        let found = self.token(word, place, nth);
        let found = found.or_else(|| self.token(word, place, 0));
        self.position(found.unwrap_or(place))
    }

    fn start_of(&self, key: &str) -> Option<usize> {
        let mut from = 0;
        for line in self.text.split_inclusive('\n') {
            let rest = line.strip_prefix(key).map(str::trim_start);
            if rest.is_some_and(|rest| rest.starts_with(':')) {
                return Some(from);
            }
            from += line.len();
        }
        None
    }

    /// The `nth` place from `from` on where `word` is no part of a longer word.
    fn token(&self, word: &str, from: usize, nth: usize) -> Option<usize> {
        let part = |c: char| !c.is_whitespace() && !",:[]{}\"'".contains(c);
        let rest = &self.text[from..];
        let alone = |(at, _): &(usize, &str)| {
            let before = rest[..*at].chars().next_back();
            let after = rest[at + word.len()..].chars().next();
            !before.is_some_and(part) && !after.is_some_and(part)
        };
        let found = rest.match_indices(word).filter(alone).nth(nth);
        found.map(|(at, _)| from + at)
    }

    fn position(&self, at: usize) -> (u32, u32) {
        let before = &self.text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let small = |n: usize| u32::try_from(n).unwrap_or(0);
        (small(line), small(column))
    }
}

/// Blanks of the same length stand for a comment.
fn without_comment(line: &str) -> String {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '#' && before.is_whitespace() => {
                let blank = line[at..]
                    .bytes()
                    .map(|b| if b == b'\n' { '\n' } else { ' ' });
                return line[..at].chars().chain(blank).collect();
            }
            None if (c == '"' || c == '\'') && !before.is_alphanumeric() => quote = Some(c),
            _ => {}
        }
        before = c;
    }
    line.to_owned()
}
