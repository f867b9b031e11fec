//! HTML blocks as kramdown finds them.
//! In: a text at a `<`. Out: the element's name, whether it begins a block, where it ends.

/// Elements that kramdown takes for a part of a paragraph.
const SPANS: &[&str] = &[
    "a", "abbr", "acronym", "b", "big", "bdo", "br", "button", "cite", "code", "del", "dfn", "em",
    "i", "img", "input", "ins", "kbd", "label", "mark", "option", "q", "rb", "rbc", "rp", "rt",
    "rtc", "ruby", "samp", "select", "small", "span", "strong", "sub", "sup", "tt", "u", "var",
];
const WITHOUT_BODY: &[&str] = &[
    "area", "base", "br", "col", "command", "embed", "hr", "img", "input", "keygen", "link",
    "meta", "param", "source", "track", "wbr",
];
/// Elements whose inside is running text when `markdown="1"` is set.
const TEXT_INSIDE: &[&str] = &[
    "a", "abbr", "b", "caption", "cite", "del", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6",
    "i", "ins", "label", "legend", "p", "q", "small", "span", "strong", "sub", "sup", "th", "u",
];

/// Elements in a paragraph whose inside is no Markdown.
const RAW_SPANS: &[&str] = &["code", "kbd", "samp", "var", "option"];

/// Elements that take all that follows with them, when they are not closed: no Markdown and no HTML goes on in them, or
/// nothing of them is shown.
const SWALLOWING: &[&str] = &[
    "audio",
    "iframe",
    "noembed",
    "noframes",
    "noscript",
    "object",
    "plaintext",
    "script",
    "select",
    "style",
    "template",
    "textarea",
    "title",
    "video",
    "xmp",
];

/// What an element's `markdown` attribute asks for.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Inside {
    Raw,
    Blocks,
    Text,
}

/// An opening tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag<'t> {
    pub name: &'t str,
    /// With its brackets.
    pub whole: &'t str,
    pub closed: bool,
    pub inside: Inside,
}

impl Tag<'_> {
    fn is(&self, names: &[&str]) -> bool {
        names
            .iter()
            .any(|name| self.name.eq_ignore_ascii_case(name))
    }

    /// True when it stands in a paragraph, and its inside is no Markdown.
    pub fn is_raw_span(&self) -> bool {
        self.is(RAW_SPANS) && !self.closed
    }

    /// True when it takes what follows with it, up to where it is closed.
    pub fn swallows(&self) -> bool {
        self.is(SWALLOWING)
    }

    /// The tag, and where it is closed by a slash, which HTML does not know, what closes it.
    pub fn closed_whole(&self) -> String {
        match self.closed && !self.is(WITHOUT_BODY) {
            true => format!("{}</{}>", self.whole, self.name),
            false => self.whole.to_owned(),
        }
    }

    /// True when it begins a block of HTML.
    pub fn is_block(&self) -> bool {
        !self.is(SPANS)
    }
}

/// The opening tag at the beginning of a text.
pub(super) fn tag(text: &str) -> Option<Tag<'_>> {
    let rest = text.strip_prefix('<')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.');
    let length = rest.find(|c: char| !is_name(c))?;
    let name = &rest[..length];
    name.chars().next().filter(char::is_ascii_alphabetic)?;
    let end = tag_end(rest, length)?;
    let attributes = &rest[length..end];
    // `<http://a.test>` is an address.
    let starts = attributes.starts_with([' ', '\t', '\n']) || matches!(attributes, "" | "/");
    if !starts {
        return None;
    }
    let mut tag = Tag {
        name,
        whole: &text[..end + 2],
        closed: attributes.ends_with('/'),
        inside: Inside::Raw,
    };
    tag.closed |= tag.is(WITHOUT_BODY);
    tag.inside = inside(attributes, &tag);
    Some(tag)
}

/// Whether a text has the closing tag of an element.
pub(super) fn closes(text: &str, name: &str) -> bool {
    text.match_indices("</")
        .any(|(at, _)| named(&text[at + 2..], name).is_some())
}

/// Whether a text at a `<` begins a tag, or the like, that it does not end.
pub(super) fn is_endless(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    match chars.next() {
        Some('?') => !text.contains("?>"),
        Some('!') => {
            chars
                .next()
                .is_some_and(|c| c.is_ascii_alphabetic() || c == '[')
                && !text.contains('>')
        }
        Some('/') => {
            chars.next().is_some_and(|c| c.is_ascii_alphabetic()) && tag_end(text, 2).is_none()
        }
        Some(c) => c.is_ascii_alphabetic() && tag_end(text, 1).is_none(),
        None => false,
    }
}

fn inside(attributes: &str, tag: &Tag) -> Inside {
    let Some((_, value)) = attributes.split_once("markdown=") else {
        return Inside::Raw;
    };
    let value = value.trim_start_matches(['"', '\'']);
    if value.starts_with("span") || (value.starts_with('1') && tag.is(TEXT_INSIDE)) {
        Inside::Text
    } else if value.starts_with("block") || value.starts_with('1') {
        Inside::Blocks
    } else {
        Inside::Raw
    }
}

/// The `>` that is in no quotes.
fn tag_end(text: &str, from: usize) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate().skip(from) {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'<') => return None,
            // An apostrophe within a word opens nothing.
            (None, b'"' | b'\'') if text.as_bytes().get(at.wrapping_sub(1)) == Some(&b'=') => {
                quote = Some(byte);
            }
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// Where the element that was opened before `text` ends: the byte of its closing tag, and the byte after
/// that. An element that is never closed takes all the rest, as it does in kramdown.
pub(super) fn close(text: &str, name: &str) -> (usize, usize) {
    let raw = name.eq_ignore_ascii_case("script") || name.eq_ignore_ascii_case("style");
    let mut open = 1_usize;
    let mut search = 0;
    while let Some(at) = text[search..].find('<').map(|at| at + search) {
        search = at + 1;
        let rest = &text[search..];
        if !raw && let Some(comment) = rest.strip_prefix("!--") {
            search += 3 + comment.find("-->").map_or(0, |end| end + 3);
        } else if let Some(closing) = rest.strip_prefix('/') {
            if let Some(after) = named(closing, name)
                && let Some(end) = after.find('>')
            {
                open -= 1;
                if open == 0 {
                    return (at, text.len() - after.len() + end + 1);
                }
            }
        } else if !raw
            && let Some(after) = named(rest, name)
            && let Some(end) = after.find('>')
            && !after[..end].ends_with('/')
        {
            open += 1;
        }
    }
    (text.len(), text.len())
}

/// What follows a name, if it is this one.
fn named<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let start = text.get(..name.len())?;
    let after = &text[name.len()..];
    let ends =
        !after.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':'));
    (start.eq_ignore_ascii_case(name) && ends).then_some(after)
}
