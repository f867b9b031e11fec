//! RSS 2.0 with the namespaces that readers know, by the crate `rss`.
//! In: a ready view. Out: bytes. Texts are already clean: the crate itself would let through
//! characters that no parser accepts.

use std::collections::BTreeMap;

use rss::extension::atom::{AtomExtension, Link};
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Channel, Guid, Image, Item};

use super::text::html_text;
use super::view::{EntryView, FeedView, HISTORY, image_type};
use super::{GENERATOR, GENERATOR_VERSION, generator_uri};

const DOCS: &str = "https://www.rssboard.org/rss-specification";
const MEDIA: &str = "http://search.yahoo.com/mrss/";
/// Minutes that a reader may keep its copy: half an hour suits news; conditional requests make
/// asking more often cheap anyway.
const TTL: &str = "30";
/// For an empty feed: the clock is no input, so it cannot be now.
const EPOCH: &str = "Thu, 01 Jan 1970 00:00:00 +0000";

/// The whole document.
pub fn render(view: &FeedView<'_>) -> Vec<u8> {
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
        items: view.entries.iter().map(|entry| item(view, entry)).collect(),
        atom_ext: Some(AtomExtension { links: links(view) }),
        extensions: archive_mark(view),
        namespaces: namespaces(view),
        ..Channel::default()
    };
    // Writing into memory cannot fail; the crate's signature is about other writers.
    channel.write_to(Vec::new()).unwrap_or_default()
}

/// The crate declares atom, content and dc by itself, but not what stands in extension maps.
fn namespaces(view: &FeedView<'_>) -> BTreeMap<String, String> {
    let image = view.entries.iter().any(|entry| entry.image.is_some());
    let media = image.then(|| ("media".to_owned(), MEDIA.to_owned()));
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

fn item(feed: &FeedView<'_>, view: &EntryView<'_>) -> Item {
    let creator = view.author.as_ref().or(feed.author.as_ref());
    let texts = |text: Option<&std::borrow::Cow<'_, str>>| -> Vec<String> {
        text.into_iter()
            .map(|text| text.clone().into_owned())
            .collect()
    };
    let via = view.via.as_deref();
    Item {
        title: Some(view.title.clone().into_owned()),
        link: Some(view.url.clone()),
        // Read as HTML by everyone, so plain text needs HTML's escapes inside XML's.
        description: Some(html_text(&view.summary)).filter(|text| !text.is_empty()),
        categories: view
            .categories
            .iter()
            .map(|category| Category {
                name: category.shown().to_owned(),
                domain: Some(category.scheme.clone()),
            })
            .collect(),
        // Not a permalink even though it looks like one: the page has an extension.
        guid: Some(Guid {
            value: view.id.clone(),
            permalink: false,
        }),
        pub_date: Some(view.published.rfc2822()),
        content: view.html.as_ref().map(|html| html.clone().into_owned()),
        extensions: extensions(view),
        atom_ext: via.map(|via| AtomExtension {
            links: vec![link("via", via, None, view.source.as_deref())],
        }),
        dublin_core_ext: Some(DublinCoreExtension {
            creators: texts(creator),
            sources: texts(view.source.as_ref()),
            ..DublinCoreExtension::default()
        }),
        ..Item::default()
    }
}

fn extensions(view: &EntryView<'_>) -> ExtensionMap {
    let mut map = ExtensionMap::new();
    let mut add = |prefix: &str, local: &str, value: Option<String>, attrs| {
        let element = Extension {
            name: format!("{prefix}:{local}"),
            value,
            attrs,
            children: BTreeMap::new(),
        };
        let elements = map.entry(prefix.to_owned()).or_default();
        elements.entry(local.to_owned()).or_default().push(element);
    };
    // RSS has no word for an edit; Atom's is understood. pubDate never moves.
    if view.updated != view.published {
        add(
            "atom",
            "updated",
            Some(view.updated.rfc3339()),
            BTreeMap::new(),
        );
    }
    if let Some(image) = &view.image {
        let url = ("url".to_owned(), image.clone());
        let medium = ("medium".to_owned(), "image".to_owned());
        let mime = image_type(image).map(|mime| ("type".to_owned(), mime.to_owned()));
        add("media", "thumbnail", None, BTreeMap::from([url.clone()]));
        // Not `enclosure`: that needs the length, and the picture lies elsewhere.
        let attributes = [url, medium].into_iter().chain(mime).collect();
        add("media", "content", None, attributes);
    }
    map
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
