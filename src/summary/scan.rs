//! One pass over a line: what sentences, their words and their likeness are made of.
//! In: a line. Out: its terms, the marks that may end a sentence or close a pair, places of words of interest.
//! Everyday Chinese, nearly all of a text, is read without a branch that could be foretold wrongly.

use std::ops::Range;
use std::sync::LazyLock;

use super::chars::Classes;
use super::terms::{self, Term};
use super::{pairs, words};

/// Two beside each other are a term.
const MATTER: u8 = 1;
/// The first character of a word of interest ...
const BEGINS: u8 = 2;
/// ... its second ...
const FOLLOWS: u8 = 4;
/// ... and its only one.
const ALONE: u8 = 8;
/// May end a sentence.
const ENDS: u8 = 16;
/// Opens or closes a pair.
const PAIRS: u8 = 32;
/// White space other than a blank.
const SPACE: u8 = 64;
const DIGIT: u8 = 128;

/// The marks that may end a sentence.
pub(super) const END_MARKS: [char; 8] = ['。', '！', '？', '；', '!', '?', ';', '.'];

static CLASSES: LazyLock<Classes> = LazyLock::new(|| {
    let all = || '\0'..='\u{FFFF}';
    let mut classes = Classes::none();
    classes.add(MATTER, all().filter(|c| terms::has_matter(*c)));
    for word in words::all() {
        let mut chars = word.chars();
        match (chars.next(), chars.next()) {
            (Some(first), Some(second)) => {
                classes.add(BEGINS, [first]);
                classes.add(FOLLOWS, [second]);
            }
            (only, _) => classes.add(ALONE, only),
        }
    }
    classes.add(ENDS, END_MARKS);
    classes.add(PAIRS, all().filter(|c| pairs::opens(*c) || pairs::ends(*c)));
    classes.add(SPACE, all().filter(|c| *c != ' ' && c.is_whitespace()));
    classes.add(DIGIT, '0'..='9');
    classes
});

/// What is known of a text, or of a line up to some place.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Facts {
    /// Terms of the scan so far.
    pub terms: usize,
    /// Hooks of the line so far.
    pub hooks: usize,
    pub chars: usize,
    /// Characters of U+4000 to U+9FFF, which nearly all Chinese ones are.
    pub han: usize,
    /// An ASCII digit is there.
    pub has_digit: bool,
    /// Other white space than single blanks may be there.
    pub has_odd_space: bool,
    /// A slash is there, as in every address.
    pub has_slash: bool,
}

impl Facts {
    /// What is known further on: counts are those there, and what was seen was seen.
    pub fn with(self, later: &Facts) -> Facts {
        Facts {
            has_digit: self.has_digit || later.has_digit,
            has_odd_space: self.has_odd_space || later.has_odd_space,
            has_slash: self.has_slash || later.has_slash,
            ..*later
        }
    }
}

/// A mark that may end a sentence.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub at: usize,
    pub mark: char,
    /// Those of the line before the mark; yes or no, since the mark before this one.
    pub before: Facts,
}

/// The terms of many lines, one after the other; a term may stand there twice.
#[derive(Debug, Default)]
pub(super) struct Terms {
    /// More than are in use, so that one can be written before it is known whether it counts.
    all: Vec<Term>,
    used: usize,
}

impl Terms {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.used = 0;
    }

    /// Those of a range.
    pub fn of(&self, range: &Range<usize>) -> &[Term] {
        &self.all[range.clone()]
    }

    /// How many there are.
    pub fn used(&self) -> usize {
        self.used
    }

    /// How many there is memory for.
    pub fn room(&self) -> usize {
        self.all.len()
    }
}

/// What one line holds besides its terms. The memory serves the next line again.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// The marks that may end a sentence.
    pub ends: Vec<End>,
    /// The marks that open or close a pair, with their places.
    pub pairs: Vec<(usize, char)>,
    /// Places where a word of interest may have its second or only character.
    hooks: Vec<u32>,
    /// Where the line's terms begin.
    pub start: usize,
    /// What is known of the whole line; yes or no, since the last mark.
    pub rest: Facts,
}

impl Line {
    /// Places of words of interest, in order: what a range of all of them holds.
    pub fn hooks(&self, range: Range<usize>) -> &[u32] {
        &self.hooks[range]
    }

    /// What is known of the whole line.
    pub fn whole(&self) -> Facts {
        let ends = self.ends.iter().map(|end| &end.before);
        let marks = ends.fold(Facts::default(), |facts, end| facts.with(end));
        marks.with(&self.rest)
    }

    /// Reads a line and adds its terms to the others.
    pub fn read(&mut self, line: &str, terms: &mut Terms) {
        let bytes = line.as_bytes();
        self.ends.clear();
        self.pairs.clear();
        self.start = terms.used;
        // A pair needs another character of three bytes, a word two bytes and one that is not of it.
        let most = terms.used + bytes.len() / 3 + 2;
        if terms.all.len() < most {
            terms.all.resize(most, 0);
        }
        if self.hooks.len() <= bytes.len() {
            self.hooks.resize(bytes.len() + 1, 0);
        }
        let classes = &*CLASSES;
        let mut pen = Pen {
            terms: &mut terms.all,
            used: terms.used,
            hooks: &mut self.hooks,
            hooked: 0,
            class: 0,
            code: 0,
        };
        let mut facts = Facts::default();
        // All characters but those that `facts.han` counts.
        let mut others = 0;
        let mut at = 0;
        while let Some(first) = bytes.get(at) {
            if matches!(first, 0xE4..=0xE9) {
                let (chars, _) = bytes[at..].as_chunks();
                let read = pen.take_common(at, chars, classes.table());
                facts.han += read;
                at += 3 * read;
                continue;
            }
            if first.is_ascii_alphanumeric() {
                let rest = &bytes[at..];
                let run = rest.iter().position(|byte| !byte.is_ascii_alphanumeric());
                let end = at + run.unwrap_or(rest.len());
                for (at, byte) in (at..).zip(&bytes[at..end]) {
                    let class = classes.table()[usize::from(*byte)];
                    facts.has_digit |= class & DIGIT > 0;
                    pen.hook(at, class);
                }
                if let Some(term) = terms::of_word(&bytes[at..end]) {
                    pen.terms[pen.used] = term;
                    pen.used += 1;
                }
                pen.code = 0;
                others += end - at;
                at = end;
                continue;
            }
            let Some(c) = line.get(at..).and_then(|rest| rest.chars().next()) else {
                break;
            };
            let mut class = classes.of(c);
            if c > '\u{FFFF}' && terms::has_matter(c) {
                class |= MATTER;
            }
            let blanks = c == ' ' && pen.code == u32::from(' ');
            pen.take(at, u32::from(c), class);
            facts.has_odd_space |= blanks || class & SPACE > 0;
            facts.has_slash |= c == '/';
            if class & ENDS > 0 {
                let before = Facts {
                    terms: pen.used,
                    hooks: pen.hooked,
                    chars: facts.han + others,
                    ..facts
                };
                self.ends.push(End {
                    at,
                    mark: c,
                    before,
                });
                (facts.has_digit, facts.has_odd_space, facts.has_slash) = (false, false, false);
            }
            if class & PAIRS > 0 {
                self.pairs.push((at, c));
            }
            others += 1;
            at += c.len_utf8();
        }
        terms.used = pen.used;
        self.rest = Facts {
            terms: pen.used,
            hooks: pen.hooked,
            chars: facts.han + others,
            ..facts
        };
    }
}

/// Writes terms and hooks down: each always, and the next one over it if it did not count.
struct Pen<'a> {
    terms: &'a mut [Term],
    used: usize,
    hooks: &'a mut [u32],
    hooked: usize,
    /// Classes and number of the character before.
    class: u8,
    code: u32,
}

impl Pen<'_> {
    /// Takes what comes of U+4000 to U+9FFF; so many characters were read.
    fn take_common(&mut self, at: usize, chars: &[[u8; 3]], classes: &[u8; 0x1_0000]) -> usize {
        // Its own hands, so that all fits the processor's registers.
        let Pen {
            mut used,
            mut hooked,
            mut class,
            mut code,
            ..
        } = *self;
        let (terms, hooks) = (&mut self.terms[..], &mut self.hooks[..]);
        let mut place = at;
        for [first, second, third] in chars {
            if !matches!(first, 0xE4..=0xE9) {
                break;
            }
            let next =
                u16::from(first & 15) << 12 | u16::from(second & 63) << 6 | u16::from(third & 63);
            let its = classes[usize::from(next)];
            terms[used] = terms::pair(code, u32::from(next));
            used += usize::from(class & its & MATTER);
            hooks[hooked] = place as u32;
            hooked += is_hook(class, its);
            place += 3;
            (class, code) = (its, u32::from(next));
        }
        (self.used, self.hooked, self.class, self.code) = (used, hooked, class, code);
        (place - at) / 3
    }

    fn take(&mut self, at: usize, code: u32, class: u8) {
        self.terms[self.used] = terms::pair(self.code, code);
        self.used += usize::from(self.class & class & MATTER);
        self.hook(at, class);
        self.code = code;
    }

    fn hook(&mut self, at: usize, class: u8) {
        // Lines are far shorter than 4 GB: a post is.
        self.hooks[self.hooked] = at as u32;
        self.hooked += is_hook(self.class, class);
        self.class = class;
    }
}

/// 1 when the second of two characters is the second or only one of a word, by its and their classes.
fn is_hook(before: u8, class: u8) -> usize {
    let second = ((before & BEGINS) / BEGINS) & ((class & FOLLOWS) / FOLLOWS);
    let only = (class & ALONE) / ALONE;
    usize::from(second | only)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_character_is_of_the_classes_whose_rules_it_meets() {
        for c in '\0'..='\u{FFFF}' {
            let class = CLASSES.of(c);
            assert_eq!(class & MATTER > 0, terms::has_matter(c), "{c:?}");
            assert_eq!(class & ENDS > 0, END_MARKS.contains(&c), "{c:?}");
            assert_eq!(
                class & PAIRS > 0,
                pairs::opens(c) || pairs::ends(c),
                "{c:?}"
            );
            assert_eq!(class & SPACE > 0, c != ' ' && c.is_whitespace(), "{c:?}");
            assert_eq!(class & DIGIT > 0, c.is_ascii_digit(), "{c:?}");
        }
    }

    /// The terms of a text by the rule alone.
    fn plain_terms(text: &str) -> Vec<Term> {
        let mut found = Vec::new();
        let chars: Vec<char> = text.chars().collect();
        for two in chars
            .windows(2)
            .filter(|two| two.iter().all(|c| terms::has_matter(*c)))
        {
            found.push(terms::pair(u32::from(two[0]), u32::from(two[1])));
        }
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        found.extend(words.filter_map(|word| terms::of_word(word.as_bytes())));
        found.sort_unstable();
        found
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_the_rules_say(line in "[市场监管的㐀𠮷〇豈。！？；“”《》()\"'.;a-z0-9 \t\u{3000}\u{2003}é😀/]{0,60}") {
            let (mut read, mut terms) = (Line::default(), Terms::default());
            // What was read before leaves nothing behind.
            read.read("市场。12 “监管”", &mut terms);
            let start = terms.used();
            read.read(&line, &mut terms);
            let facts = read.whole();
            let mut found = terms.of(&(start..facts.terms)).to_vec();
            found.sort_unstable();
            prop_assert_eq!(found, plain_terms(&line));
            prop_assert_eq!(facts.chars, line.chars().count());
            let common = |c: &char| matches!(c, '\u{4000}'..='\u{9FFF}');
            prop_assert_eq!(facts.han, line.chars().filter(common).count());
            prop_assert_eq!(facts.has_digit, line.contains(|c: char| c.is_ascii_digit()));
            prop_assert_eq!(facts.has_slash, line.contains('/'));
            let is_odd = |c: char| c != ' ' && c.is_whitespace();
            prop_assert_eq!(facts.has_odd_space, line.contains("  ") || line.contains(is_odd));
            let ends: Vec<_> = read.ends.iter().map(|end| (end.at, end.mark)).collect();
            let marks = |is_it: fn(char) -> bool| -> Vec<(usize, char)> {
                line.char_indices().filter(|(_, c)| is_it(*c)).collect()
            };
            prop_assert_eq!(ends, marks(|c| END_MARKS.contains(&c)));
            prop_assert_eq!(&read.pairs, &marks(|c| pairs::opens(c) || pairs::ends(c)));
        }
    }
}
