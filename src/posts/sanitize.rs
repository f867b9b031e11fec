//! The allow-list that every body passes last.
//! In: nothing. Out: an ammonia builder; what it does not list never reaches a reader.
//! No script, frame, form, style, handler, SVG or MathML; links http, https and mailto only.

use std::collections::{HashMap, HashSet};

use ammonia::{Builder, UrlRelative};

const TAGS: &[&str] = &[
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
        .generic_attributes(HashSet::from(["lang", "dir"]))
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        // Relative links have been made absolute before: one that is left has no meaning.
        .url_relative(UrlRelative::Deny)
        .link_rel(None)
        .strip_comments(true);
    builder
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
