//! A body line by line: HTML blocks aside, attribute lists and definitions out, tables and lists in the
//! words of CommonMark.
//! In: Markdown as kramdown takes it. Out: Markdown as comrak takes it.

use comrak::Options;

use super::super::tree::escape;
use super::fence::Fence;
use super::html::{self, Inside};
use super::lines::{
    is_heading, is_rule, line_at, marker, parenthesis, unwrapped, without_attributes, without_id,
};
use super::{BAR, Kept, MAX_NESTED, addresses, inline, render, tables};

/// Prepares a body.
pub(super) fn prepare(source: &str, kept: &mut Kept, options: &Options, depth: usize) -> String {
    let mut pass = Pass {
        source,
        at: 0,
        out: String::with_capacity(source.len() + 64),
        kept,
        options,
        depth,
        before: Before::Boundary,
        lines: 0,
        fresh: true,
        missing: Vec::new(),
        list: None,
    };
    while pass.at < source.len() {
        pass.step();
    }
    pass.out
}

/// What the line before was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing, or a blank line: any block may begin.
    Boundary,
    /// A heading, HTML, code: a paragraph may begin, but no table and no underlined heading.
    Block,
    Text,
    /// A definition of an address, which another may follow.
    Reference,
    /// A line of an indented code block.
    Code,
    /// A blank line after one, which does not end it.
    BlankInCode,
}

struct Pass<'t, 'o> {
    source: &'t str,
    at: usize,
    out: String,
    kept: &'o mut Kept,
    options: &'o Options<'o>,
    depth: usize,
    before: Before,
    /// Lines of the paragraph so far.
    lines: usize,
    /// True when the paragraph began after a blank line.
    fresh: bool,
    /// Closing marks that the rest of the body does not hold.
    missing: Vec<&'static str>,
    /// The column at which the text of the list's last item begins.
    list: Option<usize>,
}

impl<'t> Pass<'t, '_> {
    fn step(&mut self) {
        let line = line_at(self.source, self.at);
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        if text.trim().is_empty() {
            self.push(line, Before::Boundary);
            return;
        }
        if self.is_boundary() && indent < 2 && marker(text).is_none() {
            self.list = None;
        }
        let code = indent - indent.min(self.list.unwrap_or(0)) >= 4 || text.starts_with('\t');
        if code && !self.is_in_text() {
            self.push(line, Before::Code);
            return;
        }
        let _ = self.fence(line, text)
            || self.html(text, indent)
            || self.extension(line, text)
            || self.definition(text)
            || self.reference(line, text, indent)
            || self.mathematics(text)
            || self.table(line, text)
            || self.text(line, text, indent);
    }

    fn push(&mut self, line: &str, before: Before) {
        self.out.push_str(line);
        self.at += line.len();
        let in_code = matches!(self.before, Before::Code | Before::BlankInCode);
        self.before = match before {
            Before::Boundary if in_code => Before::BlankInCode,
            other => other,
        };
    }

    /// Ends a paragraph without a blank line, which would make a list loose.
    fn mark(&mut self, html: String, indent: usize) {
        let mark = self.kept.mark(html);
        self.out.push_str(&" ".repeat(indent.min(64)));
        self.out.push_str(&mark);
        self.out.push('\n');
        self.before = Before::Block;
    }

    /// A fence, with all that is in it.
    fn fence(&mut self, line: &'t str, text: &str) -> bool {
        let Some(fence) = Fence::of(text) else {
            return false;
        };
        self.push(line, Before::Block);
        while self.at < self.source.len() {
            let line = line_at(self.source, self.at);
            self.push(line, Before::Block);
            if fence.ends_in(line) {
                break;
            }
        }
        self.before = Before::Block;
        true
    }

    /// A comment or an element, to its end.
    fn html(&mut self, text: &'t str, indent: usize) -> bool {
        if !text.starts_with('<') {
            return false;
        }
        let start = self.at + indent;
        let rest = &self.source[start..];
        if rest.starts_with("<!--") {
            let Some(end) = self.find(rest, "-->") else {
                return false;
            };
            self.aside(String::new(), indent, start + end + 3);
            return true;
        }
        let Some(tag) = html::tag(rest).filter(html::Tag::is_block) else {
            return false;
        };
        let open = tag.whole.len();
        if tag.closed {
            self.aside(tag.closed_whole(), indent, start + open);
            return true;
        }
        let (inner, end) = html::close(&rest[open..], tag.name);
        let element = match tag.inside {
            Inside::Raw => rest[..open + end].to_owned(),
            _ if self.depth >= MAX_NESTED => rest[..open + end].to_owned(),
            inside => {
                let inner = render(&rest[open..open + inner], self.options, self.depth + 1);
                let inner = match inside {
                    Inside::Text => unwrapped(&inner),
                    _ => &inner,
                };
                format!("{}{inner}</{}>", tag.whole, tag.name)
            }
        };
        self.aside(element, indent, start + open + end);
        true
    }

    /// Takes HTML aside and goes on after it, at the rest of its last line.
    fn aside(&mut self, html: String, indent: usize, end: usize) {
        self.mark(html, indent);
        let rest = line_at(self.source, end);
        self.at = if rest.trim().is_empty() {
            end + rest.len()
        } else {
            end
        };
    }

    /// `{: .class}`, `{:ref: .class}`, `{:toc}`, `{::comment}`, `{::nomarkdown}`, `{::options /}`, `^`.
    fn extension(&mut self, line: &'t str, text: &str) -> bool {
        let text = text.trim_end();
        if text == "^" {
            self.at += line.len();
            self.mark(String::new(), 0);
            return true;
        }
        if !text.starts_with("{:") {
            return false;
        }
        let comment = text.starts_with("{::comment");
        let opened = text.find('}').map(|end| end + 1);
        if let Some(opened) = opened.filter(|_| comment || text.starts_with("{::nomarkdown")) {
            // It may end in the same line.
            let after = self.at + (line.len() - line.trim_start_matches(' ').len()) + opened;
            let rest = &self.source[after..];
            if let Some(end) = self.find(rest, "{:/") {
                let html = if comment { "" } else { &rest[..end] };
                let length = rest[end..].find('}').map_or(3, |close| close + 1);
                self.aside(html.to_owned(), 0, after + end + length);
                return true;
            }
        }
        // kramdown's attribute lists hold no other brace, and nothing follows them.
        let inner = text[2..]
            .strip_suffix('}')
            .map(|inner| inner.replace("\\}", ""));
        if inner.is_none_or(|inner| inner.contains('}')) {
            return false;
        }
        if text.contains("toc") && text[2..].trim().starts_with("toc") {
            self.forget_last_line();
        }
        self.at += line.len();
        self.mark(String::new(), 0);
        true
    }

    /// The list that kramdown fills with the headings has an item to hold its place.
    fn forget_last_line(&mut self) {
        let kept = self.out.trim_end_matches('\n');
        let start = kept.rfind('\n').map_or(0, |at| at + 1);
        if marker(kept[start..].trim_start()).is_some() {
            self.out.truncate(start);
        }
    }

    /// `*[HTML]: ...`: what a reader sees are the words themselves.
    fn definition(&mut self, text: &str) -> bool {
        let abbreviation = text
            .strip_prefix("*[")
            .and_then(|rest| rest.split_once(']'));
        let found = abbreviation.is_some_and(|(_, after)| after.starts_with(':'));
        if found {
            self.at += line_at(self.source, self.at).len();
        }
        found
    }

    /// `[甲]: /乙`: no paragraph may be open before it.
    fn reference(&mut self, line: &str, text: &str, indent: usize) -> bool {
        if !text.starts_with('[') || self.before == Before::Text {
            return false;
        }
        let Some(definition) = addresses::definition(text) else {
            return false;
        };
        self.out.push_str(&line[..indent]);
        self.out.push_str(&definition);
        self.at += line.len();
        self.count_line();
        self.before = Before::Reference;
        true
    }

    /// A block of mathematics.
    fn mathematics(&mut self, text: &str) -> bool {
        if !self.is_boundary() || !text.starts_with("$$") {
            return false;
        }
        let start = self.at + line_at(self.source, self.at).len() - text.len() + 2;
        let rest = &self.source[start..];
        let end = rest.find("\n\n").unwrap_or(rest.len());
        let Some(close) = rest[..end].find("$$").filter(|close| *close > 0) else {
            return false;
        };
        let after = start + close + 2;
        if !line_at(self.source, after).trim().is_empty() {
            return false;
        }
        let mut html = "\\[".to_owned();
        escape(rest[..close].trim(), &mut html);
        html.push_str("\\]\n");
        self.aside(html, 0, after);
        true
    }

    /// All lines up to the next blank one, if each has a bar.
    fn table(&mut self, line: &str, text: &str) -> bool {
        let other = marker(text).is_some() || text.starts_with('>') || is_heading(text);
        if !self.is_boundary() || other || !tables::has_bar(line) {
            return false;
        }
        let mut lines = Vec::new();
        let mut at = self.at;
        while at < self.source.len() {
            let line = line_at(self.source, at);
            if line.trim().is_empty() || line.trim_start().starts_with("{:") {
                break;
            }
            if !line.contains('|') {
                return false;
            }
            lines.push(line.trim_end());
            at += line.len();
        }
        let Some(table) = tables::table(&lines) else {
            return false;
        };
        for line in table.split_inclusive('\n') {
            inline::line(line, "", self.kept, &mut self.out);
        }
        self.kept.heads = true;
        self.at = at;
        self.before = Before::Block;
        // What follows without a blank line would be a row.
        self.out.push('\n');
        true
    }

    fn text(&mut self, line: &str, text: &str, indent: usize) -> bool {
        self.at += line.len();
        let lazy = indent - indent.min(self.list.unwrap_or(0)) >= 4;
        if let Some(width) = marker(text).filter(|_| !lazy) {
            let number = text.starts_with(|c: char| c.is_ascii_digit());
            // CommonMark lets only a 1 end a paragraph.
            if number && self.is_in_text() && self.list.is_none() {
                self.mark(String::new(), indent);
            }
            self.list = Some(indent + width);
            // All bullets are one to kramdown; to CommonMark another one begins another list.
            let mark = &line[..indent + width];
            self.out.push_str(&if number {
                mark.to_owned()
            } else {
                mark.replace(['*', '+'], "-")
            });
            let inner = without_attributes(&text[width..]);
            if let Some(tag) = html::tag(inner).filter(|tag| tag.is_block() && !tag.closed) {
                let start = self.at - inner.len();
                let (_, end) = html::close(&self.source[start + tag.whole.len()..], tag.name);
                let end = start + tag.whole.len() + end;
                self.aside(self.source[start..end].to_owned(), 0, end);
                return true;
            }
            inline::line(inner, &self.source[self.at..], self.kept, &mut self.out);
            self.before = Before::Text;
            return true;
        }
        let heading = is_heading(text);
        let text = if heading {
            without_id(text)
        } else {
            text.to_owned()
        };
        self.out.push_str(&line[..indent]);
        match text.as_bytes() {
            // A heading without a text.
            [b'#', ..] if text.trim_end().bytes().all(|b| b == b'#') => self.bar(),
            // kramdown's headings have one line, and only a blank line parts text from a rule.
            [b'-' | b'=' | b'*' | b'_', ..]
                if self.is_in_text() && self.list.is_none() && self.is_bare(&text) =>
            {
                self.bar();
            }
            [b'<', ..] if html::tag(&text).is_some() => self.bar(),
            _ => {}
        }
        let text = parenthesis(&text);
        let text = match text.trim_end().strip_suffix("\\\\") {
            Some(broken) if text.ends_with('\n') => format!("{broken}\\\n"),
            _ => text,
        };
        // A heading ends with its line.
        let beyond = if heading { "" } else { &self.source[self.at..] };
        inline::line(&text, beyond, self.kept, &mut self.out);
        self.count_line();
        self.before = if heading { Before::Block } else { Before::Text };
        true
    }
}

impl Pass<'_, '_> {
    /// What closes something; what was not found once is not looked for again.
    fn find(&mut self, rest: &str, end: &'static str) -> Option<usize> {
        if self.missing.contains(&end) {
            return None;
        }
        let found = rest.find(end);
        if found.is_none() {
            self.missing.push(end);
        }
        found
    }

    fn is_boundary(&self) -> bool {
        matches!(self.before, Before::Boundary | Before::BlankInCode)
    }

    /// One more of a paragraph, or its first.
    fn count_line(&mut self) {
        if self.is_in_text() {
            self.lines += 1;
        } else {
            self.lines = 1;
            self.fresh = self.is_boundary();
        }
    }

    fn is_in_text(&self) -> bool {
        matches!(self.before, Before::Text | Before::Reference)
    }

    fn bar(&mut self) {
        self.out.push(BAR);
        self.kept.bars = true;
    }

    /// True for a rule, or a line below a heading, that is none to kramdown.
    fn is_bare(&self, text: &str) -> bool {
        let text = text.trim_end();
        let under = matches!(text.as_bytes(), [b'-' | b'=', ..])
            && text.bytes().all(|b| b == text.as_bytes()[0]);
        if under {
            return self.lines > 1 || !self.fresh;
        }
        is_rule(text)
    }
}
