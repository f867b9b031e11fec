//! Bodies as most are written: everyday elements, each closed where it was opened.
//! In: HTML. Out: the tree that a browser's parser builds of it, or nothing when that is not certain.
//! Nothing is mended here: what any rule below does not allow is left to html5ever, and `simple_tests` holds
//! every answer against its.

use std::borrow::Cow;

use super::decode;
use super::names::{Element, Name, element};
use super::text::is_plain;
use super::tree::{Attr, Node, ROOT, Tree};

/// Elements within each other; more are no article.
const MAX_DEPTH: usize = 32;

/// What matters of an element to the HTML standard's tree construction ("in body").
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Closed by the beginning of any block.
    Paragraph,
    Heading,
    Block,
    List,
    Item,
    Link,
    Inline,
    /// Has neither content nor an end tag.
    Void,
    /// `<hr>`: without content, and no part of a paragraph.
    Rule,
}

static ELEMENTS: &[(Element, Kind)] = &[
    (element!("p"), Kind::Paragraph),
    (element!("br"), Kind::Void),
    (element!("a"), Kind::Link),
    (element!("img"), Kind::Void),
    (element!("strong"), Kind::Inline),
    (element!("span"), Kind::Inline),
    (element!("b"), Kind::Inline),
    (element!("em"), Kind::Inline),
    (element!("i"), Kind::Inline),
    (element!("u"), Kind::Inline),
    (element!("s"), Kind::Inline),
    (element!("font"), Kind::Inline),
    (element!("code"), Kind::Inline),
    (element!("del"), Kind::Inline),
    (element!("ins"), Kind::Inline),
    (element!("sub"), Kind::Inline),
    (element!("sup"), Kind::Inline),
    (element!("small"), Kind::Inline),
    (element!("mark"), Kind::Inline),
    (element!("q"), Kind::Inline),
    (element!("cite"), Kind::Inline),
    (element!("time"), Kind::Inline),
    (element!("wbr"), Kind::Void),
    (element!("hr"), Kind::Rule),
    (element!("h1"), Kind::Heading),
    (element!("h2"), Kind::Heading),
    (element!("h3"), Kind::Heading),
    (element!("h4"), Kind::Heading),
    (element!("h5"), Kind::Heading),
    (element!("h6"), Kind::Heading),
    (element!("div"), Kind::Block),
    (element!("center"), Kind::Block),
    (element!("blockquote"), Kind::Block),
    (element!("section"), Kind::Block),
    (element!("article"), Kind::Block),
    (element!("figure"), Kind::Block),
    (element!("figcaption"), Kind::Block),
    (element!("ul"), Kind::List),
    (element!("ol"), Kind::List),
    (element!("li"), Kind::Item),
];

/// Names with a meaning of their own to all parsers alike; others are left to html5ever.
const ENTITIES: &[(&str, &str)] = &[
    ("amp;", "&"),
    ("lt;", "<"),
    ("gt;", ">"),
    ("quot;", "\""),
    ("nbsp;", "\u{A0}"),
];

/// The tree of a fragment, when it is certain. `is_everyday`: it is known to be that.
pub(super) fn parse(html: &str, is_everyday: bool) -> Option<Tree<'_>> {
    // A parser takes the first U+FEFF for a byte order mark; what comes after cleaning may begin with another.
    if !(is_everyday || decode::is_everyday(html)) {
        return None;
    }
    let mut parser = Parser {
        tree: Tree::certain(html.len() / 64),
        open: Vec::with_capacity(MAX_DEPTH),
        rest: html,
    };
    while !parser.rest.is_empty() {
        let length = memchr::memchr(b'<', parser.rest.as_bytes()).unwrap_or(parser.rest.len());
        let (text, rest) = parser.rest.split_at(length);
        if !text.is_empty() {
            let node = match is_plain(text) {
                true => Node::plain(text),
                false => Node::text(decoded(text, false)?),
            };
            parser.append(node);
        }
        parser.rest = rest;
        if let Some(tag) = rest.strip_prefix('<') {
            parser.rest = tag;
            parser.tag()?;
        }
    }
    parser.open.is_empty().then_some(parser.tree)
}

struct Parser<'t> {
    tree: Tree<'t>,
    /// Index and kind of each open element.
    open: Vec<(usize, Kind)>,
    rest: &'t str,
}

impl<'t> Parser<'t> {
    fn append(&mut self, node: Node<'t>) -> usize {
        let parent = self.open.last().map_or(ROOT, |(id, _)| *id);
        self.tree.append(parent, node)
    }

    /// A tag after its `<`.
    fn tag(&mut self) -> Option<()> {
        if let Some(closing) = self.rest.strip_prefix('/') {
            let (id, _) = self.open.pop()?;
            let name = self.tree.node(id).name.name();
            self.rest = closing.strip_prefix(name)?.strip_prefix('>')?;
            return Some(());
        }
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric();
        let length = self.rest.bytes().take_while(is_name).count();
        let (name, rest) = self.rest.split_at(length);
        let (name, kind) = ELEMENTS.iter().find(|(known, _)| known.name() == name)?;
        if !self.may_hold(*kind) || self.open.len() >= MAX_DEPTH {
            return None;
        }
        self.rest = rest;
        let attrs = self.attributes(matches!(kind, Kind::Void | Kind::Rule))?;
        let id = self.append(Node::element(Name::Ours(name), attrs));
        if !matches!(kind, Kind::Void | Kind::Rule) {
            self.open.push((id, *kind));
        }
        Some(())
    }

    /// Whether an element stays where it is written, and moves nothing else.
    fn may_hold(&self, kind: Kind) -> bool {
        let is_open = |kind: Kind| self.open.iter().any(|(_, open)| *open == kind);
        match kind {
            Kind::Inline | Kind::Void => true,
            Kind::Link => !is_open(Kind::Link),
            Kind::Paragraph | Kind::Block | Kind::List | Kind::Rule => !is_open(Kind::Paragraph),
            Kind::Heading => !is_open(Kind::Paragraph) && !is_open(Kind::Heading),
            Kind::Item => self
                .open
                .last()
                .is_some_and(|(_, open)| *open == Kind::List),
        }
    }

    /// Attributes up to and with the tag's `>`, in alphabetical order.
    fn attributes(&mut self, is_void: bool) -> Option<Vec<Attr<'t>>> {
        // Most tags have none.
        if let Some(rest) = self.rest.strip_prefix('>') {
            self.rest = rest;
            return Some(Vec::new());
        }
        let mut attrs: Vec<Attr<'t>> = Vec::new();
        loop {
            let rest = self.rest.trim_start_matches([' ', '\n', '\t']);
            let end = rest.strip_prefix('>');
            let end = end.or_else(|| rest.strip_prefix("/>").filter(|_| is_void));
            if let Some(rest) = end {
                self.rest = rest;
                attrs.sort_unstable();
                let is_double = |two: &[Attr<'_>]| two[0].0 == two[1].0;
                return (!attrs.windows(2).any(is_double)).then_some(attrs);
            }
            // Attributes are parted by white space.
            if rest.len() == self.rest.len() {
                return None;
            }
            self.rest = rest;
            attrs.push(self.attribute()?);
        }
    }

    /// `name`, `name="value"` or `name='value'`.
    fn attribute(&mut self) -> Option<Attr<'t>> {
        let is_name = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        let length = self.rest.bytes().take_while(is_name).count();
        let (name, rest) = self.rest.split_at(length);
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            return None;
        }
        let name = Cow::Borrowed(name);
        let Some(value) = rest.strip_prefix('=') else {
            self.rest = rest;
            return Some((name, Cow::Borrowed("")));
        };
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, rest) = value[1..].split_once(quote)?;
        // Whoever counts tags without reading them takes it for one.
        if value.contains('<') {
            return None;
        }
        self.rest = rest;
        Some((name, decoded(value, true)?))
    }
}

/// Text with its entities read, when it is certain what they are.
fn decoded(text: &str, is_attribute: bool) -> Option<Cow<'_, str>> {
    let Some(first) = memchr::memchr(b'&', text.as_bytes()) else {
        return Some(Cow::Borrowed(text));
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut next = Some(first);
    while let Some(at) = next {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let known = ENTITIES.iter().find(|(name, _)| rest.starts_with(name));
        if let Some((name, sign)) = known {
            out.push_str(sign);
            rest = &rest[name.len()..];
        } else if is_ampersand(rest, is_attribute) {
            out.push('&');
        } else {
            return None;
        }
        next = memchr::memchr(b'&', rest.as_bytes());
    }
    out.push_str(rest);
    Some(Cow::Owned(out))
}

/// Whether the `&` before this text begins no entity: no name follows, or, in an address, `name=`.
fn is_ampersand(rest: &str, is_attribute: bool) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric();
    let length = rest.bytes().take_while(is_name).count();
    match length {
        0 => !rest.starts_with('#'),
        _ => is_attribute && rest[length..].starts_with('='),
    }
}

#[cfg(test)]
#[path = "simple_tests.rs"]
mod tests;
