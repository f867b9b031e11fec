//! What `simple` writes: HTML as text, or the tree that parsers make of it.
//! In: elements and texts, in their order. Out: the same as a `String`, or as a `Tree` without any HTML in between.
//! `simple_tests` holds the one against the other.

use std::borrow::Cow;

use super::super::names::{Element, Name, element};
use super::super::tree::{Attr, Id, Node, ROOT, Tree};

/// Where a body is written.
pub(super) trait Page<'t> {
    fn open(&mut self, name: &'static Element);
    fn close(&mut self, name: &'static Element);
    /// Text in which nothing but an ampersand has a meaning for HTML.
    fn text(&mut self, text: &'t str);
    /// Text that is plain (`text::is_plain`).
    fn plain(&mut self, text: &'t str);
    fn link(&mut self, address: &'t str, text: &'t str);
    fn image(&mut self, address: &'t str, text: &'t str);
}

impl<'t> Page<'t> for String {
    fn open(&mut self, name: &'static Element) {
        name.open(self);
    }

    fn close(&mut self, name: &'static Element) {
        name.close(self);
    }

    fn text(&mut self, text: &'t str) {
        push_escaped(text, self);
    }

    fn plain(&mut self, text: &'t str) {
        self.push_str(text);
    }

    fn link(&mut self, address: &'t str, text: &'t str) {
        self.push_str("<a href=\"");
        push_escaped(address, self);
        self.push_str("\">");
        push_escaped(text, self);
        self.push_str("</a>");
    }

    fn image(&mut self, address: &'t str, text: &'t str) {
        self.push_str("<img src=\"");
        push_escaped(address, self);
        for part in ["\" alt=\"", text, "\" />"] {
            self.push_str(part);
        }
    }
}

/// Only addresses have ampersands.
fn push_escaped(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        out.push_str("&amp;");
        rest = after;
    }
    out.push_str(rest);
}

/// A tree on its way.
pub(super) struct Grown<'t> {
    tree: Tree<'t>,
    /// The element that is open, and those around it.
    parent: Id,
    above: Vec<Id>,
    /// Text that may go on.
    text: Cow<'t, str>,
    /// It is known to be plain.
    is_plain: bool,
}

static LINK: Element = element!("a");
static IMAGE: Element = element!("img");

impl<'t> Grown<'t> {
    /// `length` is the source's.
    pub fn new(length: usize) -> Self {
        Grown {
            tree: Tree::certain(length / 64),
            parent: ROOT,
            above: Vec::with_capacity(4),
            text: Cow::Borrowed(""),
            is_plain: false,
        }
    }

    /// The tree.
    pub fn finish(mut self) -> Tree<'t> {
        self.end_text();
        self.tree
    }

    fn end_text(&mut self) {
        let node = match std::mem::take(&mut self.text) {
            text if text.is_empty() => return,
            Cow::Borrowed(text) if self.is_plain => Node::plain(text),
            text => Node::text(text),
        };
        self.is_plain = false;
        self.tree.append(self.parent, node);
    }

    fn append(&mut self, name: &'static Element, attrs: Vec<Attr<'t>>) -> Id {
        self.end_text();
        let node = Node::element(Name::Ours(name), attrs);
        self.tree.append(self.parent, node)
    }
}

fn attr<'t>(name: &'static str, value: &'t str) -> Attr<'t> {
    (Cow::Borrowed(name), Cow::Borrowed(value))
}

impl<'t> Page<'t> for Grown<'t> {
    fn open(&mut self, name: &'static Element) {
        let id = self.append(name, Vec::new());
        self.above.push(std::mem::replace(&mut self.parent, id));
    }

    fn close(&mut self, _: &'static Element) {
        self.end_text();
        self.parent = self.above.pop().unwrap_or(ROOT);
    }

    fn text(&mut self, text: &'t str) {
        match self.text.is_empty() {
            true => self.text = Cow::Borrowed(text),
            false => self.text.to_mut().push_str(text),
        }
    }

    fn plain(&mut self, text: &'t str) {
        self.is_plain = self.text.is_empty();
        self.text(text);
    }

    fn link(&mut self, address: &'t str, text: &'t str) {
        let id = self.append(&LINK, vec![attr("href", address)]);
        self.tree.append(id, Node::text(Cow::Borrowed(text)));
    }

    fn image(&mut self, address: &'t str, text: &'t str) {
        self.append(&IMAGE, vec![attr("alt", text), attr("src", address)]);
    }
}
