//! HTML as plain text: what topics match, summaries shorten and messages quote.
//! In: a cleaned tree. Out: a line for each block, no glued words, no indents.

use super::decode::any_of_three;
use super::names::Role;
use super::tree::{Id, Mark, Node, Step, Tree};

/// Plain text of everything below `from`.
pub(super) fn of(tree: &Tree, from: Id, capacity: usize) -> String {
    let mut lines = Lines {
        out: String::with_capacity(capacity),
        ..Lines::default()
    };
    let mut skipped: Option<*const Node> = None;
    tree.walk(from, |step| match step {
        Step::Open(node) if skipped.is_none() => {
            if node.is_plain {
                lines.word(&node.text);
            } else if node.is_text() {
                lines.push(&node.text);
            } else if is_footnote_mark(node) {
                skipped = Some(node);
            } else {
                lines.open(node);
            }
        }
        Step::Close(node) => {
            if skipped == Some(std::ptr::from_ref(node)) {
                skipped = None;
            } else if skipped.is_none() {
                lines.close(node);
            }
        }
        Step::Open(..) => {}
    });
    lines.finish()
}

/// A footnote's number in the text, and the arrow from the footnote back to it: comrak's and kramdown's.
fn is_footnote_mark(node: &Node) -> bool {
    if node.attrs.is_empty() {
        return false;
    }
    let class = node.attr("class").unwrap_or("");
    match node.name.role {
        Role::Link => class.contains("footnote-backref") || class.contains("reversefootnote"),
        Role::Superscript => {
            let id = node.attr("id").unwrap_or("");
            class.contains("footnote-ref") || id.starts_with("fnref")
        }
        _ => false,
    }
}

#[derive(Default)]
struct Lines {
    out: String,
    /// White space that is written only if something follows it on the line.
    space: Space,
    preformatted: usize,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Space {
    #[default]
    None,
    /// A line break in the source: between Chinese characters it means nothing.
    Soft,
    Blank,
}

impl Lines {
    fn open(&mut self, node: &Node) {
        if node.name.role == Role::Preformatted {
            self.preformatted += 1;
        }
        if breaks(node) {
            self.end_line();
        } else if node.name.role == Role::Cell {
            self.space = Space::Blank;
        }
    }

    fn close(&mut self, node: &Node) {
        if node.name.role == Role::Preformatted {
            self.preformatted = self.preformatted.saturating_sub(1);
        }
        if breaks(node) {
            self.end_line();
        }
    }

    /// A text without white space.
    fn word(&mut self, text: &str) {
        if let Some(c) = text.chars().next() {
            self.space_before(c);
            self.out.push_str(text);
        }
    }

    fn push(&mut self, text: &str) {
        // What stands between most blocks.
        if text == "\n" && self.preformatted == 0 {
            self.soft_break();
            return;
        }
        let mut rest = text;
        while !rest.is_empty() {
            let (run, after) = rest.split_at(run_length(rest));
            self.word(run);
            let mut chars = after.chars();
            let Some(c) = chars.next() else {
                break;
            };
            rest = chars.as_str();
            match c {
                '\n' if self.preformatted > 0 => self.end_line(),
                '\n' | '\r' => self.soft_break(),
                ' ' | '\t' | '\u{A0}' => self.space = Space::Blank,
                '\u{3000}' if self.at_line_start() => {}
                c => {
                    self.space_before(c);
                    self.out.push(c);
                }
            }
        }
    }

    fn soft_break(&mut self) {
        if self.space == Space::None {
            self.space = Space::Soft;
        }
    }

    /// Writes the white space that waited for something to follow it.
    fn space_before(&mut self, c: char) {
        if self.space != Space::None {
            let glue = self.space == Space::Soft
                && is_wide(c)
                && self.out.chars().next_back().is_some_and(is_wide);
            if !self.at_line_start() && !glue {
                self.out.push(' ');
            }
            self.space = Space::None;
        }
    }

    fn at_line_start(&self) -> bool {
        matches!(self.out.as_bytes().last(), None | Some(b'\n'))
    }

    fn end_line(&mut self) {
        self.space = Space::None;
        // The last byte of a blank and of U+3000.
        if let Some(b' ' | 0x80) = self.out.as_bytes().last() {
            let kept = self.out.trim_end_matches([' ', '\u{3000}']).len();
            self.out.truncate(kept);
        }
        if !self.at_line_start() {
            self.out.push('\n');
        }
    }

    fn finish(mut self) -> String {
        self.end_line();
        self.out.truncate(self.out.trim_end().len());
        self.out
    }
}

/// Bytes before the first white space: a line end, blank or tab, U+00A0 or U+3000.
fn run_length(text: &str) -> usize {
    const AT_ONCE: usize = 512;
    // A word of Latin letters ends before many bytes are worth a look at once.
    const WORD: usize = 12;
    let bytes = text.as_bytes();
    let near = bytes.len().min(WORD);
    if let Some(found) = (0..near).find(|at| is_space(&bytes[*at..])) {
        return found;
    }
    let mut from = near;
    while from < bytes.len() {
        let part = &bytes[from..bytes.len().min(from + AT_ONCE)];
        if has_space(part) {
            let mut at = (from..from + part.len()).filter(|at| is_space(&bytes[*at..]));
            if let Some(found) = at.next() {
                return found;
            }
        }
        // U+3000 has three bytes, which may stand across the end of the part.
        from += match part.len() {
            AT_ONCE => AT_ONCE - 2,
            length => length,
        };
    }
    bytes.len()
}

/// Whether there may be white space.
fn has_space(part: &[u8]) -> bool {
    any_of_three(part, |byte, second, third| {
        // Both are 0x80.
        let wide = u8::from(byte == 0xE3) & u8::from(second | third == 0x80);
        u8::from(byte <= b' ') | u8::from(byte == 0xC2) | wide
    })
}

fn is_space(bytes: &[u8]) -> bool {
    match bytes.first() {
        Some(b'\n' | b'\r' | b' ' | b'\t') => true,
        // C2 and E3 begin other characters too.
        Some(0xC2) => bytes.starts_with("\u{A0}".as_bytes()),
        Some(0xE3) => bytes.starts_with("\u{3000}".as_bytes()),
        _ => false,
    }
}

/// True for a text without white space and without any character that HTML escapes.
pub(super) fn is_plain(text: &str) -> bool {
    !any_of_three(text.as_bytes(), |byte, second, third| {
        // Both are 0x80.
        let wide = u8::from(byte == 0xE3) & u8::from(second | third == 0x80);
        // Of ASCII, only `<` and `>` become `>`.
        let tag = u8::from(byte | 2 == b'>');
        u8::from(byte <= b' ') | u8::from(byte == b'&') | tag | u8::from(byte == 0xC2) | wide
    })
}

/// Characters that are written without blanks between words.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF00}'..='\u{FFEF}'
        | '\u{20000}'..='\u{3FFFF}' | '“' | '”' | '…')
}

fn breaks(node: &Node) -> bool {
    node.name.role == Role::Break || (node.mark != Mark::Unwrapped && node.name.is_block)
}

#[cfg(test)]
mod tests {
    use super::super::tree::ROOT;
    use super::*;

    fn text(html: &str) -> String {
        of(&Tree::parse(html), ROOT, 0)
    }

    #[test]
    fn a_line_for_each_block_and_no_glued_words() {
        assert_eq!(text("<p>a<br>b</p><div>c</div>d"), "a\nb\nc\nd");
        assert_eq!(text("<p>a <b> b</b>\n c</p>"), "a b c");
        assert_eq!(text("<table><tr><td>a</td><td>b</td></tr></table>"), "a b");
        assert_eq!(text("<ul><li>a<li>b</ul>"), "a\nb");
        assert_eq!(text("<pre>a\n  b</pre>"), "a\nb");
    }

    #[test]
    fn nothing_that_has_a_meaning_is_plain() {
        for odd in ['\n', '\r', ' ', '\t', '\u{A0}', '\u{3000}', '&', '<', '>'] {
            for before in 0..140 {
                let text = format!("{}{odd}", "a".repeat(before));
                assert!(!is_plain(&text), "{before} {odd:?}");
                assert!(!is_plain(&format!("{text}，b")), "{before} {odd:?}");
            }
        }
        assert!(is_plain(&"“退”怀、…（a=1）".repeat(40)));
    }

    #[test]
    fn chinese_lines_join_and_indents_go() {
        assert_eq!(text("<p>\u{3000}\u{3000}市场\n监管</p>"), "市场监管");
        assert_eq!(text("<p>市场\nmarket</p>"), "市场 market");
        assert_eq!(text("<p>甲\u{3000}乙&nbsp;丙</p>"), "甲\u{3000}乙 丙");
    }
}
