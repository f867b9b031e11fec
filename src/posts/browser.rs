//! Bodies of any quality, by way of html5ever.
//! In: HTML. Out: the tree that a browser makes of it, whatever it has to mend.
//! Everyday bodies need none of it: `simple` reads them.

use std::borrow::Cow;

use scraper::{Html, Node as Parsed};

use super::names::Name;
use super::sanitize::DROPPED;
use super::tree::{Node, ROOT, Tree};

/// The tree of a fragment as browsers see it; comments and elements that are never shown are left out.
pub(super) fn parse<'t>(html: &str) -> Tree<'t> {
    let parsed = Html::parse_fragment(html);
    let mut tree = Tree::mended();
    let mut open: Vec<_> = parsed
        .tree
        .root()
        .children()
        .map(|node| (node, ROOT))
        .collect();
    // Children are pushed in reverse, so that the stack yields document order.
    open.reverse();
    while let Some((node, parent)) = open.pop() {
        let copy = match node.value() {
            Parsed::Text(text) => Node::text(Cow::Owned(text.to_string())),
            Parsed::Element(element) if DROPPED.contains(&element.name()) => continue,
            Parsed::Element(element) => {
                let owned = |text: &str| Cow::Owned(text.to_owned());
                let attrs = element.attrs();
                let attrs = attrs.map(|(k, v)| (owned(k), owned(v))).collect();
                Node::element(Name::any(element.name()), attrs)
            }
            _ => continue,
        };
        if parent == ROOT && copy.name == "html" {
            // The parser's own wrapper around a fragment.
            open.extend(node.children().rev().map(|child| (child, ROOT)));
            continue;
        }
        let id = tree.append(parent, copy);
        open.extend(node.children().rev().map(|child| (child, id)));
    }
    tree
}
