//! Markdown as kramdown reads it in Jekyll's posts, by way of comrak.
//! In: a body after Liquid. Out: HTML that nobody has cleaned yet.
//!
//! comrak is CommonMark, and kramdown is older: an HTML block goes on over blank lines to its closing tag,
//! tables need no head, attribute lists are no text. `blocks` turns the one into the other line by line;
//! what must not be touched (HTML, mathematics) waits aside (`Kept`) while a mark stands in its place.

mod addresses;
mod blocks;
mod fence;
mod footnotes;
mod html;
mod inline;
mod lines;
mod page;
mod simple;
mod tables;

use comrak::Options;

pub(super) use fence::Fence;

use super::tree::Tree;

/// Elements with `markdown="1"` within each other.
const MAX_NESTED: usize = 8;

/// comrak's settings, to be made once.
pub(super) fn options() -> Options<'static> {
    let mut options = Options::default();
    options.extension.table = true;
    options.extension.strikethrough = true;
    options.extension.footnotes = true;
    options.extension.description_lists = true;
    options.extension.tasklist = true;
    options.extension.cjk_friendly_emphasis = true;
    // Comrak's autolink takes the Chinese text after a bare address into the link.
    options.extension.autolink = false;
    options.parse.smart = true;
    // Raw HTML passes here, because the sanitiser comes after it.
    options.render.r#unsafe = true;
    options
}

/// Markdown as posts have it, rendered and not yet cleaned or made safe: for comparisons with kramdown.
pub fn kramdown(source: &str) -> String {
    to_html(source, &options())
}

/// A body as HTML.
pub(super) fn to_html(source: &str, options: &Options) -> String {
    simple::to_html(source).unwrap_or_else(|| long_way(source, options))
}

/// The tree of a body's HTML, when it is certain. The body is everyday text (`decode::is_everyday`).
pub(super) fn tree(source: &str) -> Option<Tree<'_>> {
    simple::tree(source)
}

/// A body of which there is no such tree, as HTML.
pub(super) fn long_way(source: &str, options: &Options) -> String {
    render(source, options, 0)
}

fn render(source: &str, options: &Options, depth: usize) -> String {
    let mut kept = Kept::default();
    let markdown = blocks::prepare(source, &mut kept, options, depth);
    let html = footnotes::to_html(&markdown, options);
    kept.put_back(html)
}

/// What waits aside, each for the one mark that stands for it.
#[derive(Default)]
struct Kept {
    html: Vec<String>,
    /// True when a table was given a head that has to go.
    heads: bool,
    /// True when a line was given a `BAR`.
    bars: bool,
}

const OPEN: &str = "<!--tagwire:";
const CLOSE: &str = "-->";
/// Before a line that CommonMark would take for a block and kramdown takes for text. No text may hold it.
const BAR: char = '\u{FDD0}';

impl Kept {
    /// Takes HTML aside; the mark is a comment, which ends a paragraph and needs no blank line.
    fn mark(&mut self, html: String) -> String {
        self.html.push(html);
        format!("{OPEN}{}{CLOSE}", self.html.len() - 1)
    }

    /// Puts each HTML where its mark is, once: a body could name a mark of its own many times.
    fn put_back(mut self, mut html: String) -> String {
        if self.bars {
            html.retain(|c| c != BAR);
        }
        if self.heads {
            html = tables::without_empty_heads(&html);
        }
        if self.html.is_empty() {
            return html;
        }
        let aside: usize = self.html.iter().map(String::len).sum();
        let mut out = String::with_capacity(html.len() + aside);
        let mut rest = html.as_str();
        while let Some(at) = rest.find(OPEN) {
            out.push_str(&rest[..at]);
            rest = &rest[at + OPEN.len()..];
            let number = rest.find(CLOSE).filter(|end| *end <= 8);
            let Some(end) = number else {
                continue;
            };
            let place: Option<usize> = rest[..end].parse().ok();
            if let Some(html) = place.and_then(|place| self.html.get_mut(place)) {
                out.push_str(&std::mem::take(html));
            }
            rest = &rest[end + CLOSE.len()..];
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests;
