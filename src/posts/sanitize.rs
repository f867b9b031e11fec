//! The allow-list that every body passes last.
//! In: nothing. Out: an ammonia builder; what it does not list never reaches a reader.
//! No script, frame, form, style, handler, SVG or MathML; links http, https and mailto only.

use std::collections::{HashMap, HashSet};

use ammonia::{Builder, UrlRelative};
use url::Url;

use super::tree::{Mark, Node, ROOT, Step, Tree};
use super::urls;

/// Elements that are written, each as any other.
pub(super) const TAGS: &[&str] = &[
    "a",
    "abbr",
    "b",
    "bdi",
    "bdo",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];

/// Elements that go together with what is in them.
pub(super) const DROPPED: &[&str] = &[
    "script",
    "style",
    "iframe",
    "object",
    "noscript",
    "noembed",
    "noframes",
    "template",
    "svg",
    "math",
    "select",
    "button",
    "textarea",
    "title",
    "head",
    "xmp",
    "plaintext",
];

const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("a", &["href", "title"]),
    ("img", &["src", "alt", "title", "width", "height"]),
    ("td", &["colspan", "rowspan", "align"]),
    ("th", &["colspan", "rowspan", "align", "scope"]),
    ("ol", &["start", "reversed", "type"]),
    ("li", &["value"]),
    ("time", &["datetime"]),
    ("q", &["cite"]),
    ("blockquote", &["cite"]),
    ("del", &["cite", "datetime"]),
    ("ins", &["cite", "datetime"]),
];

/// Attributes of all elements.
const GENERIC: &[&str] = &["lang", "dir"];

const SCHEMES: &[&str] = &["http", "https", "mailto"];

/// The builder, to be made once.
pub(super) fn builder() -> Builder<'static> {
    let mut builder = Builder::empty();
    let attributes: HashMap<&str, HashSet<&str>> = ATTRIBUTES
        .iter()
        .map(|(tag, names)| (*tag, names.iter().copied().collect()))
        .collect();
    builder
        .tags(TAGS.iter().copied().collect())
        .clean_content_tags(DROPPED.iter().copied().collect())
        .tag_attributes(attributes)
        .generic_attributes(GENERIC.iter().copied().collect())
        .url_schemes(SCHEMES.iter().copied().collect())
        // Relative links have been made absolute before: one that is left has no meaning.
        .url_relative(UrlRelative::Deny)
        .link_rel(None)
        .strip_comments(true);
    builder
}

/// What the builder makes of the HTML of a tree that every parser reads as this very tree. Whatever the tree,
/// only what is listed above is written, and every text is escaped.
pub(super) fn write(tree: &Tree<'_>, capacity: usize) -> String {
    let mut out = String::with_capacity(capacity);
    let is_written = |node: &Node<'_>| node.mark == Mark::Kept && node.name.is_safe;
    tree.walk(ROOT, |step| match step {
        Step::Open(node) if node.is_plain => out.push_str(&node.text),
        Step::Open(node) if node.is_text() => escape(&node.text, false, &mut out),
        Step::Open(node) if is_written(node) => open_tag(node, &mut out),
        Step::Close(node) if is_written(node) && !node.name.is_void => node.name.close(&mut out),
        Step::Open(..) | Step::Close(_) => {}
    });
    out
}

fn open_tag(node: &Node<'_>, out: &mut String) {
    if node.attrs.is_empty() {
        return node.name.open(out);
    }
    let tag = node.name.name();
    out.push('<');
    out.push_str(tag);
    for (name, value) in &node.attrs {
        let is_address = matches!(name.as_ref(), "href" | "src");
        if is_listed(tag, name) && (!is_address || is_safe(value)) {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            escape(value, true, out);
            out.push('"');
        }
    }
    out.push('>');
}

fn is_listed(tag: &str, attribute: &str) -> bool {
    let own = ATTRIBUTES.iter().find(|(known, _)| *known == tag);
    GENERIC.contains(&attribute) || own.is_some_and(|(_, names)| names.contains(&attribute))
}

fn is_safe(address: &str) -> bool {
    urls::is_plain(address) || Url::parse(address).is_ok_and(|url| SCHEMES.contains(&url.scheme()))
}

/// Escapes as html5ever does: no-break spaces too, and quotation marks in attributes only.
fn escape(text: &str, is_attribute: bool, out: &mut String) {
    let bytes = text.as_bytes();
    let has_special = memchr::memchr3(b'&', b'<', b'>', bytes).is_some()
        || memchr::memchr2(0xC2, b'"', bytes).is_some();
    if !has_special {
        out.push_str(text);
        return;
    }
    let mut from = 0;
    for at in 0..bytes.len() {
        let (entity, length) = match bytes[at] {
            b'&' => ("&amp;", 1),
            b'<' => ("&lt;", 1),
            b'>' => ("&gt;", 1),
            b'"' if is_attribute => ("&quot;", 1),
            0xC2 if bytes.get(at + 1) == Some(&0xA0) => ("&nbsp;", 2),
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(entity);
        from = at + length;
    }
    out.push_str(&text[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_runs_comes_through() {
        let clean = |html: &str| builder().clean(html).to_string();
        assert_eq!(clean("<p onclick=x>a<script>b</script></p>"), "<p>a</p>");
        assert_eq!(clean("<a href='javascript:x'>a</a>"), "<a>a</a>");
        assert_eq!(clean("<form><input value=x>a</form>"), "a");
        assert_eq!(clean("<svg><a>x</a></svg><b style='x'>y</b>"), "<b>y</b>");
        assert_eq!(clean("<img src=\"data:image/png;base64,x\">"), "<img>");
    }
}
