//! Rules of people's own that a button is about before they are followed, or after.
//! In: a rule's spelling. Out: the same by its short key, which fits into a button.
//! A bounded number is kept in memory: after a restart such a button says that it no longer works.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::model::{Follow, Label, LabelKind};
use crate::store::Millis;

/// Drafts kept; the oldest go first.
const MOST: usize = 2_000;
/// Texts kept.
const MOST_TEXTS: usize = 20;

/// Rules that buttons are about.
#[derive(Debug, Default)]
pub struct Drafts(Mutex<VecDeque<(String, Follow)>>);

impl Drafts {
    /// Keeps a rule, and gives its key.
    pub fn keep(&self, follow: &Follow) -> String {
        let key = follow.key();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| *known != key);
        kept.push_back((key.clone(), follow.clone()));
        if kept.len() > MOST {
            kept.pop_front();
        }
        key
    }

    /// The rule of a key.
    pub fn get(&self, key: &str) -> Option<Follow> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|(known, _)| known == key);
        found.map(|(_, follow)| follow.clone())
    }
}

/// Texts that wait for a button, by its key.
#[derive(Debug, Default)]
pub struct Texts(Mutex<(Millis, VecDeque<(String, String)>)>);

impl Texts {
    /// Keeps a text, and gives its key, which no other has, whoever writes at the same moment.
    pub fn keep(&self, text: &str, now: Millis) -> String {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0 = now.max(kept.0 + 1);
        let key = format!("{:x}", kept.0);
        kept.1.push_back((key.clone(), text.to_owned()));
        if kept.1.len() > MOST_TEXTS {
            kept.1.pop_front();
        }
        key
    }

    /// What was taken out and could not be used.
    pub fn put_back(&self, key: &str, text: String) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.1.push_back((key.to_owned(), text));
    }

    /// Takes a text out: a button counts once.
    pub fn take(&self, key: &str) -> Option<String> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.1.iter().position(|(known, _)| known == key)?;
        kept.1.remove(at).map(|(_, text)| text)
    }
}

/// What follows a rule, by its spelling.
pub fn own(spelling: &str) -> Follow {
    Follow::Label(Label::new(LabelKind::Words, spelling))
}

/// Whether this is a rule of somebody's own.
pub fn is_own(follow: &Follow) -> bool {
    matches!(follow, Follow::Label(label) if label.kind == LabelKind::Words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_found_by_its_key_until_many_came_after_it() {
        let drafts = Drafts::default();
        let key = drafts.keep(&own("反垄断"));
        assert_eq!(drafts.get(&key), Some(own("反垄断")));
        for number in 0..MOST {
            drafts.keep(&own(&format!("词{number}")));
        }
        assert_eq!(drafts.get(&key), None);
        assert!(is_own(&own("反垄断")) && !is_own(&Follow::Site));
    }

    #[test]
    fn two_texts_of_one_moment_have_two_keys_and_each_counts_once() {
        let texts = Texts::default();
        let (a, b) = (texts.keep("a", 7), texts.keep("b", 7));
        assert_ne!(a, b);
        assert_eq!(texts.take(&b).as_deref(), Some("b"));
        assert_eq!(texts.take(&a).as_deref(), Some("a"));
        assert_eq!(texts.take(&a), None);
    }
}
