//! A body as a tree that can be marked and written again.
//! In: HTML of any quality, parsed by html5ever as browsers do. Out: nodes in an arena, on which
//! cleaning sets marks (`Cut`, `Unwrapped`), and HTML of what is left.

use std::borrow::Cow;
use std::cell::Cell;

use super::browser;
use super::depth::too_deep;
use super::names::{Name, Role};
use super::sanitize;
use super::simple;
use super::text::is_plain;

/// Index of a node in its tree.
pub(super) type Id = usize;

/// What stays of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// All of it.
    Kept,
    /// What is in it, without the element itself.
    Unwrapped,
    /// Nothing.
    Cut,
}

/// Name and value of an attribute.
pub(super) type Attr<'t> = (Cow<'t, str>, Cow<'t, str>);

/// An element or a text.
#[derive(Debug, PartialEq)]
pub(super) struct Node<'t> {
    /// Element name in lower case; empty for a text.
    pub name: Name,
    /// In alphabetical order.
    pub attrs: Vec<Attr<'t>>,
    /// Text, if it is one.
    pub text: Cow<'t, str>,
    /// It is a text in which every character stands for itself, in HTML and in plain text.
    pub is_plain: bool,
    /// What stays of it.
    pub mark: Mark,
    links: Links,
}

/// The nodes around a node; `ROOT`, which is nobody's child, stands for none.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
struct Links {
    parent: Id,
    first: Id,
    last: Id,
    previous: Id,
    next: Id,
}

/// A step of a walk over all that is not cut.
pub(super) enum Step<'a> {
    /// A text, or an element's beginning.
    Open(&'a Node<'a>),
    /// The element's end.
    Close(&'a Node<'a>),
}

/// A fragment of HTML; the root is node 0 and has no name and no text.
#[derive(Debug)]
pub(super) struct Tree<'t> {
    nodes: Vec<Node<'t>>,
    /// Every parser reads the HTML of this tree, whatever is cut or unwrapped, as this tree again.
    is_certain: bool,
}

thread_local! {
    /// Memory for one tree after the other: taken anew, it would come from the far end of the cache each time.
    static NODES: Cell<Vec<Node<'static>>> = Cell::default();
}

/// More nodes than any article has: what a giant left is given back.
const KEPT: usize = 1 << 12;

/// The root of every tree.
pub(super) const ROOT: Id = 0;

impl<'t> Node<'t> {
    /// An element without content; the root has no name.
    pub fn element(name: Name, attrs: Vec<Attr<'t>>) -> Self {
        Node {
            name,
            attrs,
            text: Cow::Borrowed(""),
            is_plain: false,
            mark: Mark::Kept,
            links: Links::default(),
        }
    }

    /// A text.
    pub fn text(text: Cow<'t, str>) -> Self {
        Node {
            is_plain: is_plain(&text),
            text,
            ..Node::element(Name::NONE, Vec::new())
        }
    }

    /// A text that is known to be plain.
    pub fn plain(text: &'t str) -> Self {
        Node {
            is_plain: true,
            text: Cow::Borrowed(text),
            ..Node::element(Name::NONE, Vec::new())
        }
    }

    /// The value of an attribute.
    pub fn attr(&self, name: &str) -> Option<&str> {
        let found = self.attrs.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_ref())
    }

    /// True for a text node.
    pub fn is_text(&self) -> bool {
        self.name.name().is_empty()
    }
}

impl<'t> Tree<'t> {
    /// A tree of which no parser makes another, as yet without any content; `capacity` nodes are expected.
    pub fn certain(capacity: usize) -> Tree<'t> {
        Tree::empty(true, capacity)
    }

    /// A tree without any content, of which a parser may make another.
    pub fn mended() -> Tree<'t> {
        Tree::empty(false, 0)
    }

    fn empty(is_certain: bool, capacity: usize) -> Tree<'t> {
        let mut nodes: Vec<Node<'t>> = NODES.take();
        nodes.reserve(capacity + 1);
        nodes.push(Node::element(Name::NONE, Vec::new()));
        Tree { nodes, is_certain }
    }

    /// Keeps the memory for the next tree.
    pub fn recycle(self) {
        let mut nodes = self.nodes;
        nodes.clear();
        if nodes.capacity() <= KEPT {
            // Nothing is in it, so that it may as well hold nodes of any life.
            NODES.set(nodes.into_iter().map_while(|_| None).collect());
        }
    }

    /// Adds a node behind the children that its parent has.
    pub fn append(&mut self, parent: Id, mut node: Node<'t>) -> Id {
        let id = self.nodes.len();
        let previous = std::mem::replace(&mut self.nodes[parent].links.last, id);
        match previous {
            ROOT => self.nodes[parent].links.first = id,
            previous => self.nodes[previous].links.next = id,
        }
        node.links.parent = parent;
        node.links.previous = previous;
        self.nodes.push(node);
        id
    }

    /// Parses a fragment; comments and elements that are never shown are left out. `None` when elements are
    /// nested deeper than `depth`. `is_everyday`: the HTML is known to be that.
    pub fn parse_within(html: &'t str, depth: usize, is_everyday: bool) -> Option<Tree<'t>> {
        // What the short way takes is never deep.
        simple::parse(html, is_everyday)
            .or_else(|| (!too_deep(html, depth)).then(|| browser::parse(html)))
    }

    /// Parses a fragment of any depth.
    #[cfg(test)]
    pub fn parse(html: &'t str) -> Tree<'t> {
        Tree::parse_within(html, usize::MAX, false).unwrap()
    }

    /// True when the tree was certain, so that nothing in it is an entity's odd character.
    pub fn is_certain(&self) -> bool {
        self.is_certain
    }

    /// A node.
    pub fn node(&self, id: Id) -> &Node<'t> {
        &self.nodes[id]
    }

    /// All ids but the root's, in document order.
    pub fn ids(&self) -> std::ops::Range<Id> {
        1..self.nodes.len()
    }

    /// The children of a node that are not cut.
    pub fn children(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        self.siblings(self.nodes[id].links.first, |links| links.next)
    }

    /// The last child of a node that is not cut.
    pub fn last_child(&self, id: Id) -> Option<Id> {
        let last = self.nodes[id].links.last;
        self.siblings(last, |links| links.previous).next()
    }

    /// The sibling before a node that is not cut.
    pub fn previous(&self, id: Id) -> Option<Id> {
        let previous = self.nodes[id].links.previous;
        self.siblings(previous, |links| links.previous).next()
    }

    fn siblings(&self, from: Id, next: fn(&Links) -> Id) -> impl Iterator<Item = Id> + '_ {
        let is_one = |id: &Id| *id != ROOT;
        let all = std::iter::successors(Some(from).filter(is_one), move |id| {
            Some(next(&self.nodes[*id].links)).filter(is_one)
        });
        all.filter(|id| self.nodes[*id].mark != Mark::Cut)
    }

    /// Marks a node; what is cut stays cut.
    pub fn mark(&mut self, id: Id, mark: Mark) {
        if self.nodes[id].mark != Mark::Cut {
            self.nodes[id].mark = mark;
        }
    }

    /// Sets the value of an attribute that is there; `None` takes it away.
    pub fn set_attr(&mut self, id: Id, name: &str, value: Option<String>) {
        let attrs = &mut self.nodes[id].attrs;
        match value {
            None => attrs.retain(|(key, _)| key != name),
            Some(value) => {
                if let Some(found) = attrs.iter_mut().find(|(key, _)| key == name) {
                    found.1 = Cow::Owned(value);
                }
            }
        }
    }

    /// Puts one sign (U+FFFC) in the place of all that is in an element.
    pub fn blot(&mut self, id: Id) {
        let links = &mut self.nodes[id].links;
        (links.first, links.last) = (ROOT, ROOT);
        self.append(id, Node::text(Cow::Borrowed("\u{FFFC}")));
    }

    /// Shortens a text to its first `length` bytes.
    pub fn truncate_text(&mut self, id: Id, length: usize) {
        match &mut self.nodes[id].text {
            Cow::Borrowed(text) => *text = &text[..length],
            Cow::Owned(text) => text.truncate(length),
        }
    }

    /// Visits everything below `from` that is not cut. A loop, not a recursion: depth is the
    /// author's choice, the stack is ours.
    pub fn walk<'a>(&'a self, from: Id, mut visit: impl FnMut(Step<'a>)) {
        let mut parent = from;
        let mut at = self.nodes[from].links.first;
        loop {
            if at == ROOT {
                if parent == from {
                    return;
                }
                let node = &self.nodes[parent];
                visit(Step::Close(node));
                (at, parent) = (node.links.next, node.links.parent);
                continue;
            }
            let node = &self.nodes[at];
            if node.mark == Mark::Cut {
                at = node.links.next;
                continue;
            }
            visit(Step::Open(node));
            if node.is_text() {
                at = node.links.next;
            } else {
                (at, parent) = (node.links.first, at);
            }
        }
    }

    /// Everything below a node that is not cut, in document order.
    pub fn below(&self, from: Id) -> impl Iterator<Item = Id> + '_ {
        let mut last = Some(from);
        std::iter::from_fn(move || {
            let mut at = last?;
            let mut next = self.nodes[at].links.first;
            loop {
                while next == ROOT {
                    if at == from {
                        last = None;
                        return None;
                    }
                    next = self.nodes[at].links.next;
                    if next == ROOT {
                        at = self.nodes[at].links.parent;
                    }
                }
                at = next;
                if self.nodes[at].mark != Mark::Cut {
                    last = Some(at);
                    return last;
                }
                next = self.nodes[at].links.next;
                if next == ROOT {
                    at = self.nodes[at].links.parent;
                }
            }
        })
    }

    /// The text of an element in which nothing else is.
    pub fn only_text(&self, id: Id) -> Option<&str> {
        let links = &self.nodes[id].links;
        let child = &self.nodes[links.first];
        let is_only = links.first == links.last && child.is_text() && child.mark != Mark::Cut;
        (is_only && links.first != ROOT).then_some(&*child.text)
    }

    /// The texts of a node and all below it as they stand, a line break for each `<br>`.
    pub fn texts(&self, id: Id) -> impl Iterator<Item = &str> + '_ {
        let below = self.below(id).map(|id| &self.nodes[id]);
        let texts = below.map(|node| match node.name.role {
            Role::Break => "\n",
            _ => &*node.text,
        });
        std::iter::once(&*self.nodes[id].text).chain(texts)
    }

    /// True when there is nothing but white space in the first `limit` bytes of the text below a node.
    pub fn is_blank(&self, id: Id, limit: usize) -> bool {
        let mut length = 0;
        for text in self.texts(id) {
            if !text.trim_start().is_empty() {
                return false;
            }
            length += text.len();
            if length >= limit {
                break;
            }
        }
        true
    }

    /// The text below a node as it stands, without any spacing of blocks; no text begins after `limit` bytes.
    pub fn inner_text(&self, id: Id, limit: usize) -> String {
        let mut out = String::new();
        for text in self.texts(id) {
            out.push_str(text);
            if out.len() >= limit {
                break;
            }
        }
        out
    }

    /// Safe HTML of what is left: by the sanitiser, unless all that it would do is to leave out what it does not
    /// list.
    pub fn safe_html(&self, sanitizer: &ammonia::Builder<'_>, capacity: usize) -> String {
        match self.is_certain {
            true => sanitize::write(self, capacity),
            false => sanitizer.clean(&self.html(capacity)).to_string(),
        }
    }

    /// HTML of what is left.
    pub fn html(&self, capacity: usize) -> String {
        let mut out = String::with_capacity(capacity);
        self.walk(ROOT, |step| match step {
            Step::Open(node) if node.is_text() => escape(&node.text, &mut out),
            Step::Open(node) if node.mark == Mark::Kept => open_tag(node, &mut out),
            Step::Close(node) if node.mark == Mark::Kept && !node.name.is_void => {
                node.name.close(&mut out)
            }
            Step::Open(..) | Step::Close(_) => {}
        });
        out
    }
}

fn open_tag(node: &Node, out: &mut String) {
    out.push('<');
    out.push_str(node.name.name());
    for (name, value) in &node.attrs {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        escape(value, out);
        out.push('"');
    }
    out.push('>');
    // A parser drops a line break right after these, so one that is meant needs another.
    if node.name.role == Role::Preformatted {
        out.push('\n');
    }
}

/// Escapes text for HTML.
pub(super) fn escape(text: &str, out: &mut String) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(entity);
        from = at + 1;
    }
    out.push_str(&text[from..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_marked_is_not_written() {
        let mut tree = Tree::parse("<p>a<b>b</b><i>c</i><!-- x --><script>d</script> &lt;</p>");
        for id in tree.ids() {
            match tree.node(id).name.name() {
                "b" => tree.mark(id, Mark::Unwrapped),
                "i" => tree.mark(id, Mark::Cut),
                _ => {}
            }
        }
        assert_eq!(tree.html(0), "<p>ab &lt;</p>");
    }
}
