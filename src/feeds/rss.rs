//! RSS 2.0 with the namespaces that readers know: the channel by the crate `rss`, items by `xml`.
//! In: a ready view. Out: bytes. Texts are already clean: the crate itself would let through
//! characters that no parser accepts.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap};
use rss::{Channel, Image, Item};

use super::text::html_text;
use super::view::{EntryView, FeedView, HISTORY, image_type};
use super::xml::{cdata, closed, element, empty, escape_into, opened};
use super::{GENERATOR, GENERATOR_VERSION, generator_uri};

const DOCS: &str = "https://www.rssboard.org/rss-specification";
const MEDIA: &str = "http://search.yahoo.com/mrss/";
/// Minutes that a reader may keep its copy: half an hour suits news; conditional requests make
/// asking more often cheap anyway.
const TTL: &str = "30";
/// For an empty feed: the clock is no input, so it cannot be now.
const EPOCH: &str = "Thu, 01 Jan 1970 00:00:00 +0000";

/// What stands before and after the items of a document.
pub fn around(view: &FeedView<'_>) -> (Vec<u8>, &'static [u8]) {
    // The crate declares what its items need, so the head is made around one with the same needs.
    let likeness = view.gist.updated.map(|_| Item {
        content: view.is_full.then(String::new),
        dublin_core_ext: Some(DublinCoreExtension::default()),
        ..Item::default()
    });
    let channel = Channel {
        title: view.title.clone().into_owned(),
        link: view.alternate.clone(),
        description: view.description.clone(),
        language: Some(view.language.to_ascii_lowercase()),
        last_build_date: Some(view.updated.map_or(EPOCH.to_owned(), |at| at.rfc2822())),
        generator: Some(match generator_uri() {
            Some(uri) => format!("{GENERATOR} {GENERATOR_VERSION} ({uri})"),
            None => format!("{GENERATOR} {GENERATOR_VERSION}"),
        }),
        copyright: owned(view.rights.as_ref()),
        managing_editor: owned(view.contact.as_ref()),
        webmaster: owned(view.contact.as_ref()),
        image: view.image.as_ref().map(|url| Image {
            url: url.clone(),
            // The specification wants both to be the channel's.
            title: view.title.clone().into_owned(),
            link: view.alternate.clone(),
            ..Image::default()
        }),
        docs: Some(DOCS.to_owned()),
        ttl: Some(TTL.to_owned()),
        items: likeness.into_iter().collect(),
        atom_ext: Some(AtomExtension { links: links(view) }),
        extensions: archive_mark(view),
        namespaces: namespaces(view),
        ..Channel::default()
    };
    // Writing into memory cannot fail; the crate's signature is about other writers.
    let mut head = channel.write_to(Vec::new()).unwrap_or_default();
    // Nothing follows the one item but the end.
    let end = memchr::memmem::rfind(&head, b"<item>");
    head.truncate(end.unwrap_or(head.len().saturating_sub(END.len())));
    (head, END)
}

/// How the crate ends a document.
const END: &[u8] = b"</channel></rss>";

/// Writes an item. `author` is the site's, for posts without one. Written by hand, as each post of a site comes
/// here, and the crate takes a copy of every text first. `rss_tests` holds each item against the crate's.
pub fn item(view: &EntryView<'_>, author: Option<&str>, out: &mut Vec<u8>) {
    let html = view.html.as_deref();
    out.reserve(html.map_or(0, str::len) + view.summary.len() + 1024);
    out.extend_from_slice(b"<item>");
    element(out, "title", &view.title);
    element(out, "link", &view.url);
    if !view.summary.is_empty() {
        // Read as HTML by everyone, so plain text needs HTML's escapes inside XML's.
        cdata(out, "description", &html_text(&view.summary));
    }
    let mut last: Option<(&Rc<str>, Range<usize>)> = None;
    for category in &view.categories {
        // A post has several of one kind, whose tags are the same.
        match &last {
            Some((scheme, tag)) if Rc::ptr_eq(scheme, &category.scheme) => {
                out.extend_from_within(tag.clone());
            }
            _ => {
                let from = out.len();
                opened(out, "category", &[("domain", &category.scheme)]);
                last = Some((&category.scheme, from..out.len()));
            }
        }
        escape_into(category.shown(), out);
        closed(out, "category");
    }
    // Not a permalink even though it looks like one: the page has an extension.
    opened(out, "guid", &[("isPermaLink", "false")]);
    escape_into(&view.id, out);
    closed(out, "guid");
    element(out, "pubDate", &view.published.rfc2822());
    if let Some(html) = html {
        cdata(out, "content:encoded", html);
    }
    // RSS has no word for an edit; Atom's is understood. pubDate never moves.
    if view.updated != view.published {
        element(out, "atom:updated", &view.updated.rfc3339());
    }
    if let Some(image) = &view.image {
        // Not `enclosure`: that needs the length, and the picture lies elsewhere.
        let medium = [("medium", "image")].into_iter();
        let mime = image_type(image).map(|mime| ("type", mime));
        let content: Vec<(&str, &str)> =
            { medium.chain(mime).chain([("url", image.as_str())]) }.collect();
        opened(out, "media:content", &content);
        closed(out, "media:content");
        opened(out, "media:thumbnail", &[("url", image)]);
        closed(out, "media:thumbnail");
    }
    if let Some(via) = &view.via {
        let title = view.source.as_deref().map(|title| ("title", title));
        let link: Vec<(&str, &str)> = { [("href", via.as_str()), ("rel", "via")].into_iter() }
            .chain(title)
            .collect();
        empty(out, "atom:link", &link);
    }
    if let Some(creator) = view.author.as_deref().or(author) {
        element(out, "dc:creator", creator);
    }
    if let Some(source) = &view.source {
        element(out, "dc:source", source);
    }
    closed(out, "item");
}

/// The crate declares atom, content and dc by itself, but not what stands in extension maps.
fn namespaces(view: &FeedView<'_>) -> BTreeMap<String, String> {
    let media = view
        .gist
        .has_image
        .then(|| ("media".to_owned(), MEDIA.to_owned()));
    let history = view
        .is_archive
        .then(|| ("fh".to_owned(), HISTORY.to_owned()));
    media.into_iter().chain(history).collect()
}

/// RFC 5005, appendix B: RSS borrows Atom's links.
fn links(view: &FeedView<'_>) -> Vec<Link> {
    let mut links = vec![link("self", &view.url, Some("application/rss+xml"), None)];
    for (rel, page) in [("current", &view.current), ("prev-archive", &view.previous)] {
        if let Some((url, format)) = page {
            links.push(link(rel, url, Some(format.content_type()), None));
        }
    }
    links.extend(view.hubs.iter().map(|hub| link("hub", hub, None, None)));
    links
}

/// `<fh:archive/>`, on the pages of a history only.
fn archive_mark(view: &FeedView<'_>) -> ExtensionMap {
    let mut map = ExtensionMap::new();
    if view.is_archive {
        let mark = Extension {
            name: "fh:archive".to_owned(),
            ..Extension::default()
        };
        let named = BTreeMap::from([("archive".to_owned(), vec![mark])]);
        map.insert("fh".to_owned(), named);
    }
    map
}

fn owned(text: Option<&std::borrow::Cow<'_, str>>) -> Option<String> {
    text.map(|text| text.clone().into_owned())
}

fn link(rel: &str, href: &str, mime_type: Option<&str>, title: Option<&str>) -> Link {
    Link {
        rel: rel.to_owned(),
        href: href.to_owned(),
        mime_type: mime_type.map(str::to_owned),
        title: title.map(str::to_owned),
        ..Link::default()
    }
}

#[cfg(test)]
#[path = "rss_tests.rs"]
mod tests;
