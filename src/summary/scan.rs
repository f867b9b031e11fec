//! One pass over a line: what sentences, their words and their likeness are made of.
//! In: a line. Out: its terms, the marks that may end a sentence or close a pair, places of words of interest.
//! Chinese up to the next of those marks, nearly all of a text, is read without a branch that could be foretold wrongly.

use std::ops::Range;
use std::sync::LazyLock;

use super::chars::Classes;
use super::terms::{self, Term};
use super::{pairs, words};

/// What a character is as the second of two stands so many bits below what goes with it in the first.
const SECOND: u32 = 4;
/// Two of these beside each other are a term.
const MATTER: u8 = 1 << SECOND | 1;
/// The first character of a word of interest ...
const BEGINS: u8 = 2 << SECOND;
/// ... its second ...
const FOLLOWS: u8 = 2;
/// ... and its only one.
const ALONE: u8 = 4;
/// May end a sentence, opens or closes a pair, or is white space other than a blank.
const MARK: u8 = 8;
/// Any character: the last two go with whatever is before them.
const ANY: u8 = (ALONE | MARK) << SECOND;

/// The marks that may end a sentence.
pub(super) const END_MARKS: [char; 8] = ['。', '！', '？', '；', '!', '?', ';', '.'];

static CLASSES: LazyLock<Classes> = LazyLock::new(|| {
    let mut classes = Classes::none();
    classes.add(ANY, '\0'..='\u{FFFF}');
    // To ask of each whether it is a function character would take longer than to read many posts.
    classes.add(MATTER, ('\0'..='\u{FFFF}').filter(|c| terms::is_han(*c)));
    classes.remove(MATTER, terms::FUNCTION.chars());
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
    classes.add(MARK, END_MARKS);
    // No letter of the large scripts is one.
    let marks = || ('\0'..'\u{3400}').chain('\u{F900}'..='\u{FFFF}');
    classes.add(
        MARK,
        marks().filter(|c| pairs::opens(*c) || pairs::ends(*c)),
    );
    classes.add(MARK, marks().filter(|c| *c != ' ' && c.is_whitespace()));
    classes
});

pub(super) fn warm_up() {
    LazyLock::force(&CLASSES);
}

/// Two characters beside each other, by their classes: `TERM` when they are one, `HOOK` when the second of them is the
/// second or only one of a word of interest, `MARK` when it is a mark.
fn met(first: u8, second: u8) -> u8 {
    (first >> SECOND) & second
}

const TERM: u8 = 1;
const HOOK: u8 = FOLLOWS | ALONE;

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

/// A place where a word of interest may have its second or only character.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hook {
    /// Where that character begins in its line.
    pub at: usize,
    /// The one before it and that one, as in a term of two.
    pub two: Term,
}

/// What one line holds besides its terms. The memory serves the next line again.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// The marks that may end a sentence.
    pub ends: Vec<End>,
    /// The marks that open or close a pair, with their places.
    pub pairs: Vec<(usize, char)>,
    /// Where a word of interest may have its second or only character.
    hooks: Vec<Hook>,
    /// Where the line's terms begin.
    pub start: usize,
    /// What is known of the whole line; yes or no, since the last mark.
    pub rest: Facts,
}

impl Line {
    /// Where words of interest may be, in order: what a range of all of them holds.
    pub fn hooks(&self, range: Range<usize>) -> &[Hook] {
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
        self.hooks.clear();
        let classes = &*CLASSES;
        let mut pen = Pen {
            terms: &mut terms.all,
            used: terms.used,
            hooks: &mut self.hooks,
            class: ANY,
            code: 0,
        };
        let mut facts = Facts::default();
        // All characters but those that `facts.han` counts.
        let mut others = 0;
        let mut at = 0;
        while let Some(first) = bytes.get(at) {
            match first {
                0xE0..=0xEF => {
                    let (read, han) = pen.take_run(at, bytes, classes.table());
                    facts.han += han;
                    others += read - han;
                    at += 3 * read;
                }
                b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                    let rest = &bytes[at..];
                    let run = rest.iter().position(|byte| !byte.is_ascii_alphanumeric());
                    let word = &rest[..run.unwrap_or(rest.len())];
                    facts.has_digit |= word.iter().any(u8::is_ascii_digit);
                    for (at, byte) in (at..).zip(word) {
                        let class = classes.table()[usize::from(*byte)];
                        pen.take(at, u32::from(*byte), class);
                    }
                    if let Some(term) = terms::of_word(word) {
                        pen.terms[pen.used] = term;
                        pen.used += 1;
                    }
                    others += word.len();
                    at += word.len();
                    continue;
                }
                _ => {
                    let Some(c) = line.get(at..).and_then(|rest| rest.chars().next()) else {
                        break;
                    };
                    let class = match c {
                        '\0'..='\u{FFFF}' => classes.of(c),
                        _ if terms::has_matter(c) => ANY | MATTER,
                        _ => ANY,
                    };
                    facts.has_odd_space |= c == ' ' && pen.code == u32::from(' ');
                    facts.has_slash |= c == '/';
                    pen.take(at, u32::from(c), class);
                    others += 1;
                    at += c.len_utf8();
                }
            }
            if pen.class & MARK == 0 {
                continue;
            }
            let mark = char::from_u32(pen.code).unwrap_or_default();
            let place = at - mark.len_utf8();
            if END_MARKS.contains(&mark) {
                let before = Facts {
                    terms: pen.used,
                    hooks: pen.hooks.len(),
                    chars: facts.han + others - 1,
                    ..facts
                };
                self.ends.push(End {
                    at: place,
                    mark,
                    before,
                });
                (facts.has_digit, facts.has_odd_space, facts.has_slash) = (false, false, false);
            } else if mark.is_whitespace() {
                facts.has_odd_space = true;
            } else {
                self.pairs.push((place, mark));
            }
        }
        terms.used = pen.used;
        self.rest = Facts {
            terms: pen.used,
            hooks: pen.hooks.len(),
            chars: facts.han + others,
            ..facts
        };
    }
}

/// Writes terms and hooks down. Terms are many: each is written always, and the next one over it if it did not count.
struct Pen<'a> {
    terms: &'a mut [Term],
    used: usize,
    hooks: &'a mut Vec<Hook>,
    /// Classes and number of the character before.
    class: u8,
    code: u32,
}

impl Pen<'_> {
    /// Takes characters of three bytes, up to the first mark. How many were read, and how many of them are of U+4000
    /// to U+9FFF.
    fn take_run(&mut self, at: usize, bytes: &[u8], classes: &[u8; 0x1_0000]) -> (usize, usize) {
        // Its own hands, so that all fits the processor's registers.
        let Pen {
            mut used,
            mut class,
            code,
            ..
        } = *self;
        let terms = &mut self.terms[..];
        let mut two = u64::from(code);
        let mut place = at;
        let mut han = 0;
        for [first, second, third] in bytes[at..].as_chunks().0 {
            let bits = u32::from(*first) << 12;
            let bits = bits + (u32::from(*second) << 6) + u32::from(*third);
            // Whatever begins with another byte comes out below or above.
            let code = bits.wrapping_sub(MARKERS);
            if !matches!(code, 0x800..=0xFFFF) {
                break;
            }
            let its = classes[usize::from(code as u16)];
            // What was before the first of the two is shifted out.
            two = two << 32 | u64::from(code);
            terms[used] = two;
            let met = met(class, its);
            used += usize::from(met & TERM);
            han += usize::from(matches!(first, 0xE4..=0xE9));
            class = its;
            if met > TERM {
                if met & HOOK > 0 {
                    self.hooks.push(Hook { at: place, two });
                }
                if met & MARK > 0 {
                    place += 3;
                    break;
                }
            }
            place += 3;
        }
        (self.used, self.class, self.code) = (used, class, two as u32);
        ((place - at) / 3, han)
    }

    fn take(&mut self, at: usize, code: u32, class: u8) {
        let two = u64::from(self.code) << 32 | u64::from(code);
        let met = met(self.class, class);
        self.terms[self.used] = two;
        self.used += usize::from(met & TERM);
        if met & HOOK > 0 {
            self.hooks.push(Hook { at, two });
        }
        (self.class, self.code) = (class, code);
    }
}

/// What the bits that mark first and further bytes add to the number of a character of three bytes.
const MARKERS: u32 = (0xE0 << 12) + (0x80 << 6) + 0x80;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_character_is_of_the_classes_whose_rules_it_meets() {
        for c in '\0'..='\u{FFFF}' {
            let class = CLASSES.of(c);
            assert_eq!(class & MATTER == MATTER, terms::has_matter(c), "{c:?}");
            assert_eq!(class & MATTER == 0, !terms::has_matter(c), "{c:?}");
            let is_mark = END_MARKS.contains(&c)
                || pairs::opens(c)
                || pairs::ends(c)
                || (c != ' ' && c.is_whitespace());
            assert_eq!(class & MARK > 0, is_mark, "{c:?}");
            let words = || words::all().filter(|word| word.chars().nth(1) == Some(c));
            let alone = words::all().any(|word| word.chars().eq([c]));
            assert_eq!(met(ANY, class) & MARK, class & MARK);
            assert_eq!(met(ANY, class) & HOOK > 0, alone, "{c:?}");
            assert_eq!(
                met(ANY | BEGINS, class) & HOOK > 0,
                alone || words().count() > 0,
                "{c:?}"
            );
        }
    }

    #[test]
    fn only_three_bytes_come_out_as_a_character_of_them() {
        for c in '\0'..=char::MAX {
            let mut bytes = [0; 6];
            c.encode_utf8(&mut bytes);
            for next in [0, 0x7F, 0xC2, 0xF4]
                .into_iter()
                .filter(|_| c.len_utf8() < 3)
            {
                bytes[c.len_utf8()] = next;
                bytes[c.len_utf8() + 1] = 0xBF;
                let (mut terms, mut hooks) = ([0; 4], Vec::new());
                let mut pen = Pen {
                    terms: &mut terms,
                    used: 0,
                    hooks: &mut hooks,
                    class: ANY,
                    code: 0,
                };
                assert_eq!(pen.take_run(0, &bytes, CLASSES.table()).0, 0, "{c:?}");
            }
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
        fn what_is_read_is_what_the_rules_say(line in "[市场监管的㐀𠮷〇豈。！？摄；“”《》()\"'.;a-z0-9 \t\u{3000}\u{2003}é😀/]{0,60}") {
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
