//! Items are the bytes that the crate `rss` writes of the same item.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rss::extension::atom::AtomExtension;
use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Channel, Guid, Item};

use super::*;
use crate::feeds::golden_tests::{entry, post};
use crate::feeds::{Addresses, Entry, Settings};

/// The bytes of the crate.
fn by_crate(view: &EntryView<'_>, author: Option<&str>) -> String {
    let channel = Channel {
        items: vec![element(view, author)],
        ..Channel::default()
    };
    let all = String::from_utf8(channel.write_to(Vec::new()).unwrap()).unwrap();
    let start = all.find("<item>").unwrap();
    all[start..all.len() - END.len()].to_owned()
}

proptest! {
    #[test]
    fn an_item_is_what_the_crate_writes(
        title in "[a<&>\"'甲 ]{0,8}",
        html in "[a\\]>&<\"甲\n]{0,16}",
        summary in "[a<&>甲]{0,8}",
        label in "[a<&>\"甲]{1,4}",
        source in proptest::option::of("[a<&>\"'甲]{1,6}"),
        author in proptest::option::of("[a<&>\"'甲]{1,6}"),
        image in proptest::option::of("https://x\\.test/[a&\"'=]{1,4}\\.(png|xyz)"),
        via in proptest::option::of("https://x\\.test/[a&'=]{1,4}"),
        is_changed in any::<bool>(),
        is_full in any::<bool>(),
    ) {
        let mut post = post();
        post.title = title;
        post.html = html;
        (post.source, post.author, post.image, post.via) = (source, author, image, via);
        post.tags = vec![label];
        if !is_changed {
            post.updated = None;
        }
        let entry = Entry { summary, ..(*entry(post)).clone() };
        let content = match is_full {
            true => crate::feeds::Content::Full,
            false => crate::feeds::Content::Summary,
        };
        let settings = Settings { content, ..Settings::default() };
        let site = crate::feeds::golden_tests::site();
        let addresses = Addresses::new(&settings, &site).unwrap();
        let view = EntryView::new(&addresses, &settings, &entry);
        for author in [None, Some("甲 & 乙")] {
            let mut bytes = Vec::new();
            item(&view, author, &mut bytes);
            let item = String::from_utf8(bytes).unwrap();
            prop_assert_eq!(item, by_crate(&view, author));
        }
    }
}

fn element(view: &EntryView<'_>, author: Option<&str>) -> Item {
    let creator = view.author.as_deref().or(author);
    let texts = |text: Option<&str>| text.into_iter().map(str::to_owned).collect();
    let via = view.via.as_deref();
    Item {
        title: Some(view.title.clone().into_owned()),
        link: Some(view.url.clone()),
        // Read as HTML by everyone, so plain text needs HTML's escapes inside XML's.
        description: Some(html_text(&view.summary).into_owned()).filter(|text| !text.is_empty()),
        categories: view
            .categories
            .iter()
            .map(|category| Category {
                name: category.shown().to_owned(),
                domain: Some(category.scheme.to_string()),
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
            sources: texts(view.source.as_deref()),
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
