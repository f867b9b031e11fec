//! Addresses as kramdown takes them: with blanks, and with quotation marks in their titles.
//! In: what follows the brackets of a link, or a line that may define one. Out: the same in the angle brackets and
//! with the escapes that CommonMark asks for. What both read alike stays as it is written.

const BLANKS: [char; 6] = [' ', '\t', '\n', '\r', '\u{B}', '\u{C}'];

/// The brackets that are open in a line.
#[derive(Default)]
pub(super) struct Brackets {
    open: Vec<Bracket>,
    /// Of the outer ones, so many are text, whatever they were.
    text: usize,
}

/// What the closing bracket may make of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bracket {
    Link,
    Image,
    Text,
}

impl Brackets {
    /// At an opening one.
    pub fn open(&mut self, text: &str, at: usize) {
        let bracket = match text[at..].starts_with("[^") {
            true => Bracket::Text,
            false if text[..at].ends_with('!') => Bracket::Image,
            false => Bracket::Link,
        };
        self.open.push(bracket);
    }

    /// At a closing one: how long that and the parentheses behind it are, and what is to be written for them.
    pub fn close(&mut self, text: &str) -> Option<(usize, String)> {
        let bracket = self.open.pop()?;
        let is_text =
            bracket == Bracket::Text || (bracket == Bracket::Link && self.open.len() < self.text);
        self.text = self.text.min(self.open.len());
        if is_text {
            return None;
        }
        let target = in_parentheses(text.strip_prefix("]")?)?;
        if bracket == Bracket::Link {
            // CommonMark allows no link around another.
            self.text = self.open.len();
        }
        Some((1 + target.length, format!("]({})", target.written()?)))
    }
}

/// Where a link leads.
struct Target<'t> {
    address: &'t str,
    title: Option<Title<'t>>,
    /// In bytes, with the parentheses.
    length: usize,
}

struct Title<'t> {
    mark: char,
    text: &'t str,
}

/// An address up to the parenthesis that closes, or to a blank and a quotation mark: then a title follows.
fn in_parentheses(text: &str) -> Option<Target<'_>> {
    if !text.starts_with('(') {
        return None;
    }
    let mut depth = 0_usize;
    for (at, mark) in text.match_indices(['(', ')', '"', '\'']) {
        match mark {
            "(" => depth += 1,
            ")" if depth > 1 => depth -= 1,
            ")" => {
                return Some(Target {
                    address: &text[1..at],
                    title: None,
                    length: at + 1,
                });
            }
            _ if text[..at].ends_with(BLANKS) => {
                let (title, length) = title(&text[at..])?;
                return Some(Target {
                    address: &text[1..at],
                    title: Some(title),
                    length: at + length + 1,
                });
            }
            _ => {}
        }
    }
    None
}

/// A title may hold its own marks: it ends at the first one that the parenthesis follows. With the bytes up to that.
fn title(text: &str) -> Option<(Title<'_>, usize)> {
    let mark = text.chars().next()?;
    let inner = &text[1..];
    let closing = inner.match_indices(mark).skip_while(|(at, _)| *at == 0);
    let mut ends = closing.map(|(at, _)| (at, inner[at + 1..].trim_start_matches(BLANKS)));
    let (at, rest) = ends.find(|(_, rest)| rest.starts_with(')'))?;
    let title = Title {
        mark,
        text: &inner[..at],
    };
    Some((title, text.len() - rest.len()))
}

impl Target<'_> {
    /// For CommonMark, if it would take them for something else as they are.
    fn written(&self) -> Option<String> {
        let address = self.address.trim_matches(BLANKS);
        let in_angles = address.starts_with('<') && address.contains('>');
        let has_marks = |title: &Title| title.text.contains(title.mark);
        let is_odd = address.contains(BLANKS)
            || address.starts_with('<')
            || address.ends_with('\\')
            || self.title.as_ref().is_some_and(has_marks);
        // A bar ends a table's cell, and the angle would not be closed.
        if in_angles || !is_odd || address.contains('|') {
            return None;
        }
        let mut out = String::from("<");
        push_escaped(address, &['<', '>', '\\'], &mut out);
        out.push('>');
        if let Some(title) = &self.title {
            out.push_str(" \"");
            push_escaped(title.text, &['"', '\\'], &mut out);
            out.push('"');
        }
        Some(out)
    }
}

fn push_escaped(text: &str, marks: &[char], out: &mut String) {
    for c in text.chars() {
        if marks.contains(&c) {
            out.push('\\');
        }
        out.push(c);
    }
}

/// An address, and the title behind it, which ends with the text.
fn titled(text: &str, mark: char) -> (&str, Option<Title<'_>>) {
    let inner = &text[..text.len() - 1];
    let opening = inner.match_indices(mark).map(|(at, _)| at);
    let mut apart = opening.filter(|at| inner[..*at].ends_with(BLANKS));
    let Some(at) = apart.find(|at| at + 1 < inner.len()) else {
        return (text, None);
    };
    let title = Title {
        mark,
        text: &inner[at + 1..],
    };
    (&text[..at], Some(title))
}

/// `[甲]: /乙 丙.png "丁"`: the line to write for one that defines where links lead, without its indent.
pub(super) fn definition(line: &str) -> Option<String> {
    let close = line.strip_prefix('[')?.find(']')? + 1;
    let rest = line[close + 1..].strip_prefix(':')?.trim_matches(BLANKS);
    if close == 1 || line.starts_with("[^") || rest.is_empty() {
        return None;
    }
    let (address, title) = match rest.chars().next_back() {
        Some(mark @ ('"' | '\'')) => titled(rest, mark),
        _ => (rest, None),
    };
    // A title that does not end is none, and the line is text.
    let is_apart = |(at, _)| address[..at].ends_with(BLANKS);
    if address.match_indices(['"', '\'']).any(is_apart) {
        return None;
    }
    let target = Target {
        address,
        title,
        length: 0,
    };
    Some(match target.written() {
        Some(target) => format!("{} {target}\n", &line[..close + 2]),
        None => line.to_owned(),
    })
}
