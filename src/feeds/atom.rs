//! Atom 1.0 (RFC 4287), by `atom_syndication`.
//! In: a ready view. Out: bytes. Texts are already clean: the crate itself would let through
//! characters that no parser accepts.

use std::collections::BTreeMap;

use atom_syndication as atom;
use atom_syndication::extension::{Extension, ExtensionMap};
use chrono::DateTime;
use quick_xml::escape::escape;

use super::view::{EntryView, FeedView, HISTORY, image_type};
use super::{GENERATOR, GENERATOR_VERSION, generator_uri};

/// Dublin Core: the only common way to name a source that has no feed of its own.
const DC: &str = "http://purl.org/dc/elements/1.1/";
/// Media RSS, as jekyll-feed uses it for the lead picture.
const MEDIA: &str = "http://search.yahoo.com/mrss/";

/// What stands before and after the entries of a document.
pub fn around(view: &FeedView<'_>) -> (Vec<u8>, &'static [u8]) {
    let author = view.author.as_ref().unwrap_or(&view.site_title);
    let feed = atom::Feed {
        title: atom::Text::plain(view.title.clone()),
        id: view.id.clone(),
        updated: view
            .updated
            .map_or(DateTime::UNIX_EPOCH.fixed_offset(), |at| at.as_chrono()),
        authors: vec![person(author)],
        generator: Some(atom::Generator {
            value: GENERATOR.to_owned(),
            uri: generator_uri().map(str::to_owned),
            version: Some(GENERATOR_VERSION.to_owned()),
        }),
        icon: view.icon.clone(),
        logo: view.logo.clone(),
        rights: view
            .rights
            .as_ref()
            .map(|rights| atom::Text::plain(rights.clone().into_owned())),
        links: links(view),
        subtitle: Some(atom::Text::plain(view.description.clone())),
        namespaces: namespaces(view),
        lang: Some(view.language.to_owned()),
        ..atom::Feed::default()
    };
    // Writing into memory cannot fail; the crate's signature is about other writers.
    let mut head = feed.write_to(Vec::new()).unwrap_or_default();
    head.truncate(head.len().saturating_sub(END.len()));
    if view.is_archive {
        // Before the entries, where RFC 4287's grammar wants what a feed says of itself.
        head.extend_from_slice(b"<fh:archive/>");
    }
    (head, END)
}

/// How the crate ends a document.
const END: &[u8] = b"</feed>";

/// Writes an entry.
pub fn entry(view: &EntryView<'_>, out: &mut Vec<u8>) {
    let html = view.html.as_ref().map_or(0, |html| html.len());
    let room = html + html / 4 + 2 * view.summary.len() + 2048;
    let feed = atom::Feed {
        entries: vec![element(view)],
        ..atom::Feed::default()
    };
    let bytes = feed.write_to(Vec::with_capacity(room)).unwrap_or_default();
    // The feed says nothing of its own.
    let start = memchr::memmem::find(&bytes, b"<entry>").unwrap_or(0);
    let end = bytes.len().saturating_sub(END.len());
    out.extend_from_slice(bytes.get(start..end).unwrap_or_default());
}

fn links(view: &FeedView<'_>) -> Vec<atom::Link> {
    let mut links = vec![
        link("self", &view.url, Some("application/atom+xml")),
        atom::Link {
            hreflang: Some(view.language.to_owned()),
            ..link("alternate", &view.alternate, Some("text/html"))
        },
    ];
    for (rel, page) in [("current", &view.current), ("prev-archive", &view.previous)] {
        if let Some((url, format)) = page {
            links.push(link(rel, url, Some(format.content_type())));
        }
    }
    links.extend(view.hubs.iter().map(|hub| link("hub", hub, None)));
    links
}

fn namespaces(view: &FeedView<'_>) -> BTreeMap<String, String> {
    let mut used = BTreeMap::new();
    if view.gist.has_source {
        used.insert("dc".to_owned(), DC.to_owned());
    }
    if view.gist.has_image {
        used.insert("media".to_owned(), MEDIA.to_owned());
    }
    if view.is_archive {
        used.insert("fh".to_owned(), HISTORY.to_owned());
    }
    used
}

fn element(view: &EntryView<'_>) -> atom::Entry {
    let mut links = vec![link("alternate", &view.url, Some("text/html"))];
    if let Some(via) = &view.via {
        links.push(atom::Link {
            title: view.source.as_deref().map(str::to_owned),
            ..link("via", via, None)
        });
    }
    atom::Entry {
        title: atom::Text::plain(view.title.clone()),
        id: view.id.clone(),
        updated: view.updated.as_chrono(),
        authors: view.author.iter().map(|name| person(name)).collect(),
        categories: view
            .categories
            .iter()
            .map(|category| atom::Category {
                term: category.term.clone().into_owned(),
                scheme: Some(category.scheme.to_string()),
                label: category.label.as_deref().map(str::to_owned),
            })
            .collect(),
        links,
        published: Some(view.published.as_chrono()),
        summary: (!view.summary.is_empty()).then(|| atom::Text::plain(view.summary.clone())),
        content: view.html.as_ref().map(|html| atom::Content {
            base: Some(view.url.clone()),
            value: Some(html.clone().into_owned()),
            content_type: Some("html".to_owned()),
            ..atom::Content::default()
        }),
        extensions: extensions(view),
        ..atom::Entry::default()
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
    if let Some(source) = &view.source {
        add(
            "dc",
            "source",
            Some(source.clone().into_owned()),
            BTreeMap::new(),
        );
    }
    if let Some(image) = &view.image {
        // atom_syndication 0.12 writes the attributes of extensions as they are; rss escapes them.
        let url = ("url".to_owned(), escape(image.as_str()).into_owned());
        let medium = ("medium".to_owned(), "image".to_owned());
        let mime = image_type(image).map(|mime| ("type".to_owned(), mime.to_owned()));
        add("media", "thumbnail", None, BTreeMap::from([url.clone()]));
        let attributes = [url, medium].into_iter().chain(mime).collect();
        add("media", "content", None, attributes);
    }
    map
}

fn person(name: &str) -> atom::Person {
    atom::Person {
        name: name.to_owned(),
        ..atom::Person::default()
    }
}

fn link(rel: &str, href: &str, mime_type: Option<&str>) -> atom::Link {
    atom::Link {
        href: href.to_owned(),
        rel: rel.to_owned(),
        mime_type: mime_type.map(str::to_owned),
        ..atom::Link::default()
    }
}
