//! Bodies of any quality, by way of html5ever.
//! In: HTML. Out: the tree that a browser makes of it, whatever it has to mend.
//! Everyday bodies need none of it: `simple` reads them.

use std::borrow::Cow;

use scraper::{Html, Node as Parsed};

use super::names::Name;
use super::sanitize::DROPPED;
use super::tree::{Node, ROOT, Tree};

/// What is played where a page has it.
const MEDIA: [&str; 2] = ["audio", "video"];

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
            Parsed::Element(element) if MEDIA.contains(&element.name()) => {
                // Feeds hold neither; a reader can still follow a link.
                let own = element.attr("src");
                let within = { node.children() }.filter_map(|child| child.value().as_element());
                let source = own.or_else(|| { within }.find_map(|child| child.attr("src")));
                let address = source.map(str::trim).unwrap_or_default();
                let is_within = ["data:", "blob:"]
                    .iter()
                    .any(|scheme| address.starts_with(scheme));
                if !address.is_empty() && !is_within {
                    let name = address.rsplit('/').find(|part| !part.is_empty());
                    let name = Node::text(Cow::Owned(name.unwrap_or(address).to_owned()));
                    let attrs = vec![(Cow::Borrowed("href"), Cow::Owned(address.to_owned()))];
                    let link = tree.append(parent, Node::element(Name::any("a"), attrs));
                    tree.append(link, name);
                }
                // A text within is for browsers of old; more than that is the article, behind a tag that nothing closes.
                let is_old = |name: &str| matches!(name, "source" | "track" | "a");
                let mut within = { node.children() }.filter_map(|child| child.value().as_element());
                if !within.all(|element| is_old(element.name())) {
                    open.extend(node.children().rev().map(|child| (child, parent)));
                }
                continue;
            }
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
