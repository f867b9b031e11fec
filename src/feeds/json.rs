//! JSON Feed 1.1, by own wire structs.
//! In: a ready view. Out: bytes, compact, fields always in the same order.

use serde::Serialize;

use super::view::{EntryView, FeedView};

const VERSION: &str = "https://jsonfeed.org/version/1.1";

#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    favicon: Option<&'a str>,
    description: &'a str,
    language: &'a str,
    authors: [Author<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    /// Last, so that what follows the head is known.
    items: [(); 0],
}

#[derive(Serialize)]
struct Hub<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<&'a str>,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_html: Option<&'a str>,
    /// Each item needs one of the two contents; without the article this is the summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_text: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    date_published: String,
    date_modified: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    authors: Option<[Author<'a>; 1]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
    /// Extension (names with `_`): JSON Feed has neither sources nor kinds of tags.
    #[serde(rename = "_tagwire")]
    own: Own<'a>,
}

#[derive(Serialize)]
struct Own<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    categories: Vec<Category<'a>>,
}

#[derive(Serialize)]
struct Category<'a> {
    term: &'a str,
    scheme: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
}

/// What stands before and after the items of a document.
pub fn around(view: &FeedView<'_>) -> (Vec<u8>, &'static [u8]) {
    let author = view.author.as_ref().unwrap_or(&view.site_title);
    let feed = JsonFeed {
        version: VERSION,
        title: &view.title,
        home_page_url: &view.alternate,
        feed_url: &view.url,
        next_url: view.previous.as_ref().map(|(url, _)| url.as_str()),
        icon: view.icon.as_deref(),
        favicon: view.icon.as_deref(),
        description: &view.description,
        language: view.language,
        authors: [Author { name: author }],
        hubs: view
            .hubs
            .iter()
            .map(|url| Hub {
                kind: "WebSub",
                url,
            })
            .collect(),
        items: [],
    };
    // Strings and lists always serialize.
    let mut head = serde_json::to_vec(&feed).unwrap_or_default();
    head.truncate(head.len().saturating_sub(END.len()));
    (head, END)
}

/// How a document ends.
const END: &[u8] = b"]}";

/// Writes an item.
pub fn item(view: &EntryView<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    // Texts and times in memory: there is nothing to fail.
    if serde_json::to_writer(&mut *out, &object(view)).is_err() {
        out.truncate(start);
    }
}

fn object<'a>(view: &'a EntryView<'_>) -> Item<'a> {
    let mut tags = Vec::new();
    for category in &view.categories {
        if !tags.contains(&category.shown()) {
            tags.push(category.shown());
        }
    }
    let text = if view.summary.is_empty() {
        &view.title
    } else {
        &view.summary
    };
    Item {
        id: &view.id,
        url: &view.url,
        external_url: view.via.as_deref(),
        title: &view.title,
        content_html: view.html.as_deref(),
        content_text: view.html.is_none().then_some(text),
        summary: &view.summary,
        image: view.image.as_deref(),
        date_published: view.published.rfc3339(),
        date_modified: view.updated.rfc3339(),
        authors: view.author.as_deref().map(|name| [Author { name }]),
        tags,
        own: Own {
            source: view.source.as_deref(),
            categories: view
                .categories
                .iter()
                .map(|category| Category {
                    term: &category.term,
                    scheme: &category.scheme,
                    label: category.label.as_deref(),
                })
                .collect(),
        },
    }
}
