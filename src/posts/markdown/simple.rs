//! Markdown as most is written: paragraphs, with a link, an image or strong words in them; headings, quotations.
//! In: a body after Liquid. Out: the HTML that the long way makes of it, as text or as its tree, or nothing when
//! that is not certain. What any rule below does not allow is left to `blocks` and comrak, and `simple_tests` holds
//! every answer against theirs.

use super::super::decode::any_of_three;
use super::super::names::{Element, element};
use super::super::tree::Tree;
use super::page::{Grown, Page};

/// A block whose next line may follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    None,
    Paragraph,
    Quotation,
}

static PARAGRAPH: Element = element!("p");
static QUOTATION: Element = element!("blockquote");
static STRONG: Element = element!("strong");
static HEADINGS: [Element; 6] = [
    element!("h1"),
    element!("h2"),
    element!("h3"),
    element!("h4"),
    element!("h5"),
    element!("h6"),
];

/// A body as HTML, when it is certain.
pub(super) fn to_html(source: &str) -> Option<String> {
    let mut out = String::with_capacity(source.len() + source.len() / 16 + 64);
    write(source, &mut out)?;
    Some(out)
}

/// The tree of that HTML. Nothing in the source may be odd to a parser.
pub(super) fn tree(source: &str) -> Option<Tree<'_>> {
    let mut grown = Grown::new(source.len());
    write(source, &mut grown)?;
    Some(grown.finish())
}

fn write<'t>(source: &'t str, page: &mut impl Page<'t>) -> Option<()> {
    // Whether it is one more byte order mark is not for us to say.
    if source.starts_with('\u{FEFF}') {
        return None;
    }
    let mut open = Open::None;
    let mut rest = source;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('\n') {
            close(&mut open, page);
            rest = after;
        } else {
            let (text, after) = first_line(rest);
            line(text, &mut open, page)?;
            rest = after;
        }
    }
    close(&mut open, page);
    Some(())
}

fn close<'t>(open: &mut Open, page: &mut impl Page<'t>) {
    if *open != Open::None {
        page.close(&PARAGRAPH);
        page.text("\n");
    }
    if *open == Open::Quotation {
        page.close(&QUOTATION);
        page.text("\n");
    }
    *open = Open::None;
}

/// The first line of a text, without its end, and what follows it.
fn first_line(text: &str) -> (&str, &str) {
    match memchr::memchr(b'\n', text.as_bytes()) {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, ""),
    }
}

/// A line that is not empty.
fn line<'t>(text: &'t str, open: &mut Open, page: &mut impl Page<'t>) -> Option<()> {
    if text.starts_with('#') {
        return heading(text, *open, page);
    }
    let quoted = text.strip_prefix("> ");
    let kind = quoted.map_or(Open::Paragraph, |_| Open::Quotation);
    let text = quoted.unwrap_or(text);
    if !begins_text(text) {
        return None;
    }
    match (*open, kind) {
        (Open::None, kind) => {
            if kind == Open::Quotation {
                page.open(&QUOTATION);
                page.text("\n");
            }
            page.open(&PARAGRAPH);
        }
        (open, kind) if open == kind => page.text("\n"),
        _ => return None,
    }
    *open = kind;
    Line::new(text, page).finish()
}

fn heading<'t>(text: &'t str, open: Open, page: &mut impl Page<'t>) -> Option<()> {
    let level = text.bytes().take_while(|byte| *byte == b'#').count();
    let words = text[level..].strip_prefix(' ')?;
    if level > 6 || open != Open::None || words.starts_with([' ', '#']) {
        return None;
    }
    let name = &HEADINGS[level - 1];
    page.open(name);
    Line::new(words, page).finish()?;
    // Marks at the end are no part of it.
    if words.trim_end().is_empty() || words.trim_end().ends_with('#') {
        return None;
    }
    page.close(name);
    page.text("\n");
    Some(())
}

/// Whether a line is text by its beginning alone, whatever stands before it.
fn begins_text(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'0'..=b'9') => {
            let digits = bytes
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            !matches!(bytes.get(digits), Some(b'.' | b')'))
        }
        Some(b'*') => text.starts_with("**"),
        Some(b'a'..=b'z' | b'A'..=b'Z' | b'(' | b'[' | b'!' | b'<') => true,
        // A line of nothing but white space is blank to one parser and text to another.
        Some(0x80..) => !text.trim_start().is_empty(),
        _ => false,
    }
}

/// The text of one line on its way into HTML.
struct Line<'t, 'p, P> {
    whole: &'t str,
    rest: &'t str,
    page: &'p mut P,
    is_strong: bool,
}

impl<'t, 'p, P: Page<'t>> Line<'t, 'p, P> {
    fn new(text: &'t str, page: &'p mut P) -> Self {
        Line {
            whole: text,
            rest: text,
            page,
            is_strong: false,
        }
    }

    /// Writes all of the line.
    fn finish(mut self) -> Option<()> {
        // Blanks at the end may break the line.
        if self.whole.is_empty() || self.whole.ends_with(' ') {
            return None;
        }
        if is_words(self.whole) {
            self.page.plain(self.whole);
            return Some(());
        }
        loop {
            self.words()?;
            match self.rest.as_bytes() {
                [] => return (!self.is_strong).then_some(()),
                [b'*', b'*', ..] => self.strong()?,
                [b'!', b'[', ..] => self.image()?,
                [b'[', ..] => self.link()?,
                [b'<', ..] => self.address()?,
                _ => return None,
            }
        }
    }

    /// Text that stands for itself.
    fn words(&mut self) -> Option<()> {
        let bytes = self.rest.as_bytes();
        let mut length = 0;
        loop {
            length += plain_length(&bytes[length..]);
            let single = match &bytes[length..] {
                [b'!', b'[', ..] => false,
                [b'!', ..] => true,
                // Three points, two dashes or two dollars have a meaning.
                [mark @ (b'.' | b'-' | b'$'), after @ ..] => {
                    if after.first() == Some(mark) {
                        return None;
                    }
                    true
                }
                _ => false,
            };
            if !single {
                break;
            }
            length += 1;
        }
        let (words, rest) = self.rest.split_at(length);
        self.page.text(words);
        self.rest = rest;
        Some(())
    }

    /// Two asterisks where all rules agree on what they do: between letters of all kinds and Chinese marks, or at
    /// either end of the line.
    fn strong(&mut self) -> Option<()> {
        let before = self.whole[..self.whole.len() - self.rest.len()]
            .chars()
            .next_back();
        self.rest = &self.rest[2..];
        let after = self.rest.chars().next();
        let (outer, inner) = match self.is_strong {
            true => (after, before),
            false => (before, after),
        };
        let inner = inner.filter(|c| !c.is_whitespace() && *c != '*')?;
        if outer.is_some_and(|outer| !(is_letter(outer) && is_letter(inner))) {
            return None;
        }
        match self.is_strong {
            true => self.page.close(&STRONG),
            false => self.page.open(&STRONG),
        }
        self.is_strong = !self.is_strong;
        Some(())
    }

    /// `[text](address)`
    fn link(&mut self) -> Option<()> {
        let (text, address) = self.bracketed(1)?;
        if text.is_empty() {
            return None;
        }
        self.page.link(address, text);
        Some(())
    }

    /// `![text](address)`
    fn image(&mut self) -> Option<()> {
        let (text, address) = self.bracketed(2)?;
        self.page.image(address, text);
        Some(())
    }

    /// Text in brackets and address in parentheses, behind a mark of some bytes.
    fn bracketed(&mut self, mark: usize) -> Option<(&'t str, &'t str)> {
        let inside = &self.rest[mark..];
        let (text, rest) = inside.split_at(plain_length_of_text(inside)?);
        let rest = rest.strip_prefix("](")?;
        let (address, rest) = rest.split_at(address_length(rest)?);
        self.rest = rest.strip_prefix(')')?;
        Some((text, address))
    }

    /// `<http://a.test/>`
    fn address(&mut self) -> Option<()> {
        let inside = &self.rest[1..];
        if !(inside.starts_with("http://") || inside.starts_with("https://")) {
            return None;
        }
        let (address, rest) = inside.split_at(address_length(inside)?);
        self.rest = rest.strip_prefix('>')?;
        self.page.link(address, address);
        Some(())
    }
}

/// True for letters, digits and marks of Chinese alone, as most lines are: text that stands for itself here, and is
/// plain. Both are seen in one pass.
fn is_words(text: &str) -> bool {
    !any_of_three(text.as_bytes(), |byte, second, third| {
        let letter = u8::from((byte | 0x20).wrapping_sub(b'a') < 26);
        let digit = u8::from(byte.wrapping_sub(b'0') < 10);
        let mark = u8::from(byte < 0x80) & ((letter | digit) ^ 1);
        // Both are 0x80.
        let wide = u8::from(byte == 0xE3) & u8::from(second | third == 0x80);
        mark | u8::from(byte == 0xC2) | wide
    })
}

/// Bytes before the first one that may have a meaning.
fn plain_length(bytes: &[u8]) -> usize {
    const AT_ONCE: usize = 128;
    // All marks of ASCII and its control characters: seldom enough, and quick to look for in many bytes at once.
    let is_mark = |byte: u8| {
        u8::from(byte < b' ')
            | u8::from(byte.wrapping_sub(b'!') <= b'/' - b'!')
            | u8::from(byte.wrapping_sub(b':') <= b'@' - b':')
            | u8::from(byte.wrapping_sub(b'[') <= b'`' - b'[')
            | u8::from(byte.wrapping_sub(b'{') <= 0x7F - b'{')
    };
    let mut from = 0;
    for part in bytes.chunks(AT_ONCE) {
        if part.iter().fold(0, |any, byte| any | is_mark(*byte)) != 0
            && let Some(found) = part.iter().position(|byte| has_meaning(*byte))
        {
            return from + found;
        }
        from += part.len();
    }
    from
}

/// All of ASCII but letters, digits, blanks and `#%(),/:;=?@`; `+` stands for itself within a line.
fn has_meaning(byte: u8) -> bool {
    MEANINGS[usize::from(byte)]
}

const MEANINGS: [bool; 256] = {
    let mut meanings = [false; 256];
    let mut byte = 0;
    while byte < 0x80 {
        meanings[byte] = byte < 0x20 || byte == 0x7F;
        byte += 1;
    }
    let mut at = 0;
    let marks = b"!\"$&'*-.<>[\\]^_`{|}~";
    while at < marks.len() {
        meanings[marks[at] as usize] = true;
        at += 1;
    }
    meanings
};

/// The length of a text in brackets that holds nothing but itself.
fn plain_length_of_text(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        at += plain_length(&bytes[at..]);
        match bytes.get(at..)? {
            [mark @ (b'.' | b'-'), after @ ..] if after.first() != Some(mark) => at += 1,
            _ => return Some(at),
        }
    }
}

/// The length of an address of characters that stand for themselves.
fn address_length(text: &str) -> Option<usize> {
    let is_part = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'/' | b'-' | b'_' | b'.' | b'?' | b'=' | b'&' | b'+' | b',' | b':' | b'%' | b'#'
            )
    };
    let length = text.bytes().take_while(|byte| is_part(byte)).count();
    // Long dashes are kramdown's.
    (length > 0 && !text[..length].contains("--")).then_some(length)
}

/// A letter or digit of ASCII, a Chinese character or mark.
fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || matches!(c, '\u{3001}'..='\u{3011}' | '\u{4E00}'..='\u{9FFF}' | '\u{FF01}'..='\u{FF1F}')
}

#[cfg(test)]
#[path = "simple_tests.rs"]
mod tests;
