//! What a summary may be made of: sentences that tell something, lists joined to what introduces them.
//! In: an article's text, a line for each block, and its title. Out: units in order.
//! Captions, credits, tables, code, headings and echoes of the title are no units.

use std::borrow::Cow;
use std::ops::Range;

use super::boilerplate::{self, Title, Told};
use super::centrality::Shared;
use super::pairs::Depths;
use super::scan::{Facts, Line, Terms};
use super::sentences::{self, Sentence};
use super::terms::{self, is_han};
use super::words::Kinds;
use super::{digest, leans, postings};

/// Units that are looked at: what stands further down is seldom the news. Ten times as many (and
/// three times the steps of `centrality`) cost a build 31 µs more a post and win 0.0005 of ROUGE-L at 120 characters, 0.003 at 200 (`benches/RESULTS.md`).
const MOST: usize = postings::MOST;

/// The widest joined list, in characters.
const LIST: usize = 160;

/// The longest line, in characters, that may be an item of a list.
const ITEM: usize = 90;

/// A sentence, or a list in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unit<'a> {
    /// What would stand in the summary.
    pub text: Cow<'a, str>,
    /// The line it is from.
    pub line: usize,
    /// It stands first on its line.
    pub opens: bool,
    /// A mark ends it.
    pub ended: bool,
    /// It only makes sense after the unit before it.
    pub leans: bool,
    /// Words of interest in it.
    pub words: Kinds,
    /// Its terms in `Scan::terms`.
    pub terms: Range<usize>,
    pub chars: usize,
    /// An ASCII digit is in it.
    pub has_digit: bool,
    /// Other white space than single blanks may be in it.
    pub has_odd_space: bool,
}

/// Memory that serves one line after the other, and one text after the other.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The terms of all units.
    pub terms: Terms,
    line: Line,
    /// What is read besides, while a line is in use.
    other: Line,
    depths: Depths,
    /// What units have in common.
    pub shared: Shared,
}

impl Scan {
    /// Reads what is no sentence of the line in use: its terms, the words of interest in it, and what else is known.
    pub fn read(&mut self, text: &str) -> (Range<usize>, Kinds, Facts) {
        let start = self.terms.used();
        self.other.read(text, &mut self.terms);
        let facts = self.other.whole();
        let words = Kinds::of(text, 0, self.other.hooks(0..facts.hooks));
        (
            self.looked_at(text, facts.chars, start..facts.terms),
            words,
            facts,
        )
    }

    /// Of a text of more characters than are looked at, the terms of those that are.
    fn looked_at(&mut self, text: &str, chars: usize, terms: Range<usize>) -> Range<usize> {
        if chars <= terms::LONGEST {
            return terms;
        }
        let start = self.terms.used();
        self.other.read(terms::looked_at(text), &mut self.terms);
        start..self.terms.used()
    }
}

/// The units of a text, in order.
pub(super) fn of<'a>(text: &'a str, title: &str, scan: &mut Scan) -> Vec<Unit<'a>> {
    scan.terms.clear();
    let title = Title::new(title);
    let mut chinese = None;
    let mut lines = sentences::lines(text)
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let mut units: Vec<Unit<'a>> = Vec::with_capacity(MOST);
    let mut at = 0;
    while units.len() < MOST
        && let Some(line) = lines.next()
    {
        if !units.is_empty() && boilerplate::ends_article(line) {
            break;
        }
        if let Some((list, items)) = list(line, &lines) {
            units.extend(list.map(|text| list_unit(text, at, scan)));
            lines.by_ref().take(items).for_each(drop);
        } else if !is_table_row(line) {
            scan.line.read(line, &mut scan.terms);
            let mut is_chinese = || *chinese.get_or_insert_with(|| is_chinese(text));
            if !is_foreign(line, &scan.line.whole(), &mut is_chinese) {
                push_line(line, at, &title, scan, &mut units);
            }
        }
        at += 1;
    }
    units
}

fn list_unit(text: String, line: usize, scan: &mut Scan) -> Unit<'static> {
    let (terms, words, facts) = scan.read(&text);
    Unit {
        text: Cow::Owned(text),
        line,
        opens: true,
        ended: true,
        leans: false,
        words,
        terms,
        chars: facts.chars,
        has_digit: facts.has_digit,
        has_odd_space: facts.has_odd_space,
    }
}

/// Adds the units of the line that was read.
fn push_line<'a>(
    line: &'a str,
    at: usize,
    title: &Title,
    scan: &mut Scan,
    units: &mut Vec<Unit<'a>>,
) {
    let mut opens = true;
    let mut previous = "";
    let mut kept_previous = false;
    // Both are not in use elsewhere until all sentences are through.
    let read = std::mem::take(&mut scan.line);
    let mut depths = std::mem::take(&mut scan.depths);
    depths.find(read.pairs.iter().copied());
    for sentence in sentences::of_line(line, &read, &depths) {
        if units.len() == MOST {
            break;
        }
        let text = sentence.text;
        let part = previous.ends_with(['；', ';']);
        let unit = unit(sentence, &read, title, scan);
        let fine = unit.is_some();
        units.extend(unit.map(|unit| Unit {
            leans: (part && kept_previous) || unit.leans,
            line: at,
            opens,
            ..unit
        }));
        kept_previous = fine;
        previous = text;
        opens = false;
    }
    (scan.line, scan.depths) = (read, depths);
}

/// The unit that a sentence is, if it tells something.
fn unit<'a>(
    sentence: Sentence<'a>,
    read: &Line,
    title: &Title,
    scan: &mut Scan,
) -> Option<Unit<'a>> {
    let Sentence {
        text,
        start,
        mut terms,
        hooks,
        mut chars,
        mut han,
        mut facts,
    } = sentence;
    let mut words = Kinds::of(text, start, read.hooks(hooks));
    let told = boilerplate::strip_lead(text, title, words);
    let is_whole = told.len() == text.len();
    if !is_whole {
        (terms, words, facts) = scan.read(told);
        (chars, han) = (facts.chars, facts.han);
    }
    let told = Told {
        text: told,
        words,
        ended: is_ended(told),
        han,
        has_slash: facts.has_slash,
    };
    if !boilerplate::tells(&told, title) {
        return None;
    }
    if is_whole {
        terms = scan.looked_at(text, chars, terms);
    }
    Some(Unit {
        text: Cow::Borrowed(told.text),
        line: 0,
        opens: false,
        ended: told.ended,
        leans: leans::leans(digest::without_connective(told.text)),
        words,
        terms,
        chars,
        has_digit: facts.has_digit,
        has_odd_space: facts.has_odd_space,
    })
}

/// A line that introduces (`要求如下：`) with its items becomes one unit; so many lines after it were used up.
/// `None` when no list begins here; a list that is too long is used up without a unit.
fn list<'a>(
    intro: &str,
    rest: &(impl Iterator<Item = &'a str> + Clone),
) -> Option<(Option<String>, usize)> {
    if !intro.ends_with(['：', ':']) || intro.chars().count() > ITEM {
        return None;
    }
    let items: Vec<&str> = rest
        .clone()
        .take_while(|line| is_item(line) && !is_table_row(line))
        .collect();
    if items.len() < 2 {
        // An introduction without its list tells nothing: what follows is prose and stands for itself.
        return Some((None, 0));
    }
    let total: usize = items.iter().map(|item| item.chars().count() + 1).sum();
    let used = items.len();
    if total + intro.chars().count() > LIST {
        return Some((None, 0));
    }
    let chinese = intro.ends_with('：') || intro.chars().any(is_han);
    let (mark, end) = if chinese { ("；", "。") } else { ("; ", ".") };
    let bare = |item: &&str| {
        let item = item.trim_start_matches(['-', '*', '•', '·', '●', '■', '◆', '○']);
        item.trim()
            .trim_end_matches(['；', ';', '。', '.', '，', ','])
            .to_owned()
    };
    let items: Vec<String> = items.iter().map(bare).collect();
    let gap = if chinese { "" } else { " " };
    Some((Some(format!("{intro}{gap}{}{end}", items.join(mark))), used))
}

/// A short line that no full stop ends, or only one at its very end.
fn is_item(line: &str) -> bool {
    let inner = line.trim_end_matches(['。', '；', ';', '.', '！', '？']);
    line.chars().count() <= ITEM
        && !inner.contains(['。', '！', '？'])
        && !line.ends_with(['：', ':'])
}

/// Cells beside each other: words without a mark between them, most of them short.
fn is_table_row(line: &str) -> bool {
    if is_ended(line) || line.contains(['。', '，', '；']) {
        return false;
    }
    let cells: Vec<&str> = line.split_whitespace().collect();
    let numbers = cells
        .iter()
        .filter(|cell| cell.chars().any(|c| c.is_ascii_digit()) && !cell.chars().any(is_han))
        .count();
    cells.len() >= 3
        && (numbers * 3 >= cells.len()
            || cells
                .iter()
                .all(|cell| cell.chars().count() <= 12 && cell.chars().any(is_han)))
}

/// How many bytes are of a kind: counted in bytes, the processor takes many at a time.
fn count(bytes: &[u8], is_it: impl Fn(u8) -> bool) -> usize {
    let some = |part: &[u8]| {
        part.iter()
            .fold(0_u8, |sum, byte| sum + u8::from(is_it(*byte)))
    };
    bytes.chunks(255).map(|part| usize::from(some(part))).sum()
}

/// Characters of U+4000 to U+9FFF, which nearly all Chinese ones are, by the bytes that begin them.
fn common_han(text: &[u8]) -> usize {
    count(text, |byte| matches!(byte, 0xE4..=0xE9))
}

/// More Chinese characters than Latin words: the text is Chinese.
fn is_chinese(text: &str) -> bool {
    const LOOKED_AT: usize = 4000;
    // At least so many Chinese characters, and at most so many letters, are among the first 4000.
    let bytes = text.as_bytes();
    let han = common_han(&bytes[..bytes.len().min(LOOKED_AT)]);
    let letters = &bytes[..bytes.len().min(4 * LOOKED_AT)];
    if han * 4 >= count(letters, |byte| byte.is_ascii_alphabetic()) {
        return true;
    }
    let (mut han, mut letters) = (0, 0);
    for c in text.chars().take(LOOKED_AT) {
        han += usize::from(is_han(c));
        letters += usize::from(c.is_ascii_alphabetic());
    }
    han * 4 >= letters
}

/// Code and commands, and in a Chinese text also lines without any Chinese.
fn is_foreign(line: &str, facts: &Facts, chinese: impl FnOnce() -> bool) -> bool {
    // At least so many Chinese characters make the answer certain.
    if facts.han > 0 && facts.han * 5 >= facts.chars {
        return false;
    }
    let (mut han, mut odd, mut all) = (0, 0, 0);
    for c in line.chars() {
        all += 1;
        han += usize::from(is_han(c));
        odd += usize::from(c.is_ascii() && "{}<>=$#|\\/_~^*@&;`[]".contains(c));
    }
    if han == 0 && chinese() {
        return true;
    }
    han * 5 < all && (odd * 8 > all || line.starts_with("$ ") || line.starts_with("# "))
}

/// A mark ends the sentence, perhaps before closing quotes.
pub(super) fn is_ended(sentence: &str) -> bool {
    let closing = |c: char| {
        matches!(
            c,
            '”' | '’' | '」' | '』' | '）' | ')' | '】' | '》' | '"' | '\'' | ' '
        )
    };
    sentence.ends_with('。')
        || sentence
            .trim_end_matches(closing)
            .ends_with(['。', '！', '？', '；', '!', '?', ';', '.', '…'])
}
