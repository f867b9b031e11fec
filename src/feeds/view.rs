//! What all three formats say, said once: clean texts, absolute addresses, chosen dates.
//! In: a feed with its site and addresses. Out: plain strings that each format only has to
//! place. Every text passes `text::clean` here and nowhere else.

use std::borrow::Cow;
use std::rc::Rc;

use super::settings::{Content, Format, Settings};
use super::text::{absolute_uri, clean, has_scheme, push_uri_path, title_text, uri_path};
use super::{Addresses, Entry, Frame, Gist, Period};
use crate::model::time::PostTime;
use crate::model::{Follow, Label, LabelKind, Site};

/// Feed History (RFC 5005, section 1.2).
pub const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// A feed, ready to be written.
#[derive(Clone)]
pub struct FeedView<'a> {
    /// `大众日报新闻 | Site`; the site feed has the site's title.
    pub title: Cow<'a, str>,
    /// One sentence, never empty.
    pub description: String,
    /// The feed's Atom id: its address, for the pages of its history too.
    pub id: String,
    /// The document's own address.
    pub url: String,
    /// The page for people.
    pub alternate: String,
    /// BCP 47.
    pub language: &'a str,
    /// The site's author.
    pub author: Option<Cow<'a, str>>,
    /// The site's title, for formats that demand an author.
    pub site_title: Cow<'a, str>,
    /// The newest change of any entry; 1970 for an empty feed, as the clock is no input.
    pub updated: Option<PostTime>,
    /// What is to be known of the entries.
    pub gist: Gist,
    /// Entries carry whole articles.
    pub is_full: bool,
    /// True for a page of a history.
    pub is_archive: bool,
    /// The feed that a page of a history belongs to, and its media type.
    pub current: Option<(String, Format)>,
    /// The page of the history that comes next, towards the past.
    pub previous: Option<(String, Format)>,
    /// Who owns the texts.
    pub rights: Option<Cow<'a, str>>,
    /// A square picture.
    pub icon: Option<String>,
    /// A wide picture.
    pub logo: Option<String>,
    /// A small picture.
    pub image: Option<String>,
    /// `mail@host (Name)`.
    pub contact: Option<Cow<'a, str>>,
    /// WebSub hubs; not for pages of a history, which nobody subscribes to.
    pub hubs: &'a [String],
}

/// An entry, ready to be written.
pub struct EntryView<'a> {
    /// What is seen.
    pub entry: &'a Entry,
    /// The site's address and the post's id, as jekyll-feed publishes it.
    pub id: String,
    /// The post's page.
    pub url: String,
    /// Plain text.
    pub title: Cow<'a, str>,
    /// Plain text; may be empty.
    pub summary: Cow<'a, str>,
    /// Absent when the feed carries summaries only.
    pub html: Option<Cow<'a, str>>,
    /// The author's date.
    pub published: PostTime,
    /// The last change that the author dated.
    pub updated: PostTime,
    /// The post's own author.
    pub author: Option<Cow<'a, str>>,
    /// The paper or agency.
    pub source: Option<Cow<'a, str>>,
    /// The article at its source.
    pub via: Option<String>,
    /// The lead picture.
    pub image: Option<String>,
    /// Categories, tags, topics.
    pub categories: Vec<CategoryView<'a>>,
}

/// A category, tag or topic of an entry.
pub struct CategoryView<'a> {
    /// The label's name; a topic's id.
    pub term: Cow<'a, str>,
    /// Tells the three kinds apart: `<site>/categories`, `/tags`, `/topics`.
    pub scheme: Rc<str>,
    /// What people call it, where that differs from the term.
    pub label: Option<Cow<'a, str>>,
}

impl CategoryView<'_> {
    /// What people call it.
    pub fn shown(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.term)
    }
}

impl<'a> FeedView<'a> {
    /// Gathers and cleans everything that a document in `format` will say about itself.
    pub fn new(
        site: &'a Site,
        addresses: &Addresses,
        settings: &'a Settings,
        frame: &Frame<'a>,
        format: Format,
    ) -> Self {
        let site_title = named(&site.title, addresses.base());
        let title = match frame.follow {
            Follow::Site => site_title.clone(),
            Follow::Label(_) => Cow::Owned(format!("{} | {site_title}", clean(frame.title))),
        };
        let page = |period: &Period| page(addresses, settings, frame.follow, period, format);
        let url = addresses.url(frame.follow, format);
        let view = FeedView {
            description: description(site, frame, &site_title),
            title,
            id: url.clone(),
            url,
            alternate: addresses.alternate(frame.follow),
            language: &site.language,
            author: author_of(site),
            site_title,
            updated: frame.gist.updated,
            gist: frame.gist,
            is_full: settings.content == Content::Full,
            is_archive: false,
            current: None,
            previous: frame.history.and_then(page),
            rights: filled(&settings.rights),
            icon: settings.icon.as_deref().and_then(absolute_uri),
            logo: settings.logo.as_deref().and_then(absolute_uri),
            image: settings.image.as_deref().and_then(absolute_uri),
            contact: filled(&settings.contact),
            hubs: settings.hub.urls(),
        };
        match frame.page {
            Some((period, previous)) => FeedView {
                previous: previous.and_then(page),
                ..view.of_archive(site, addresses, settings, frame.follow, period, format)
            },
            None => view,
        }
    }

    /// The same for a page of a feed's history: it is the feed's own document with the period's entries.
    fn of_archive(
        self,
        site: &Site,
        addresses: &Addresses,
        settings: &Settings,
        follow: &Follow,
        period: &Period,
        format: Format,
    ) -> Self {
        let subscribed = match settings.formats.contains(&format) {
            true => format,
            false => settings.formats.first().copied().unwrap_or(format),
        };
        let id = addresses.url(follow, subscribed);
        FeedView {
            title: Cow::Owned(format!("{} ({period})", self.title)),
            updated: Some(self.updated.unwrap_or(period.begins(site.timezone))),
            url: addresses.archive_url(follow, period, format),
            is_archive: true,
            hubs: &[],
            current: Some((id.clone(), subscribed)),
            id,
            ..self
        }
    }
}

/// The site's author.
pub fn author_of(site: &Site) -> Option<Cow<'_, str>> {
    filled(&site.author)
}

impl<'a> EntryView<'a> {
    /// Gathers and cleans everything that the formats will say about an entry.
    pub fn new(addresses: &Addresses, settings: &Settings, entry: &'a Entry) -> Self {
        let post = &*entry.post;
        let below = |path: &str| {
            let base = addresses.base();
            let mut address = String::with_capacity(base.len() + path.len());
            address.push_str(base);
            push_uri_path(&mut address, &clean(path));
            address
        };
        EntryView {
            entry,
            id: match post.id.as_str() {
                id if id.starts_with('/') => below(id),
                id if has_scheme(id) => uri_path(&clean(id)),
                id => below(&format!("/{id}")),
            },
            url: below(&post.url),
            title: title_text(&post.title),
            summary: clean(entry.summary.trim()),
            html: (settings.content == Content::Full).then(|| clean(&post.html)),
            published: post.published,
            updated: changed(entry),
            author: filled(&post.author),
            source: filled(&post.source),
            via: post.via.as_deref().and_then(absolute_uri),
            image: post.image.as_deref().and_then(absolute_uri),
            categories: categories(addresses, entry),
        }
    }
}

/// The address of a page of a history, as a document in `format` names it.
fn page(
    addresses: &Addresses,
    settings: &Settings,
    follow: &Follow,
    period: &Period,
    format: Format,
) -> Option<(String, Format)> {
    let format = settings.archive_format(format)?;
    Some((addresses.archive_url(follow, period, format), format))
}

fn changed(entry: &Entry) -> PostTime {
    entry.post.updated.unwrap_or(entry.post.published)
}

fn categories<'a>(addresses: &Addresses, entry: &'a Entry) -> Vec<CategoryView<'a>> {
    let post = &entry.post;
    let most = post.categories.len() + post.tags.len() + entry.topics.len();
    let mut categories = Vec::with_capacity(most);
    let mut add = |scheme: &Rc<str>, name: &'a str, label: Option<Cow<'a, str>>| {
        let term = clean(name);
        if !term.trim().is_empty() {
            categories.push(CategoryView {
                term,
                scheme: Rc::clone(scheme),
                label,
            });
        }
    };
    let scheme = |path: &str| Rc::from([addresses.base(), path].concat());
    let labels = [
        (LabelKind::Category, &post.categories, "/categories"),
        (LabelKind::Tag, &post.tags, "/tags"),
    ];
    for (kind, names, path) in labels {
        if !names.is_empty() {
            let scheme = scheme(path);
            for name in names {
                add(&scheme, name, shown(entry, kind, name));
            }
        }
    }
    if !entry.topics.is_empty() {
        let scheme = scheme("/topics");
        for (id, title) in &entry.topics {
            let title = Some(clean(title)).filter(|title| !title.is_empty() && **title != *id);
            add(&scheme, id, title);
        }
    }
    categories
}

/// What people call a label, where the config says so.
fn shown<'a>(entry: &'a Entry, kind: LabelKind, name: &str) -> Option<Cow<'a, str>> {
    let is_it = |label: &Label| label.kind == kind && label.name == name;
    let found = entry.names.iter().find(|(label, _)| is_it(label));
    found.map(|(_, shown)| clean(shown))
}

/// The media type of a picture, as far as its address tells.
pub fn image_type(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let ending = path.rsplit_once('.')?.1.to_ascii_lowercase();
    match ending.as_str() {
        "jpg" | "jpeg" => Some("image/jpeg"),
        "png" => Some("image/png"),
        "gif" => Some("image/gif"),
        "webp" => Some("image/webp"),
        "avif" => Some("image/avif"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

/// Text that is there and not blank.
fn filled(text: &Option<String>) -> Option<Cow<'_, str>> {
    text.as_deref()
        .map(clean)
        .filter(|text| !text.trim().is_empty())
}

/// Titles may not be empty (RSS 2.0, JSON Feed).
fn named<'a>(title: &'a str, fallback: &str) -> Cow<'a, str> {
    match clean(title) {
        blank if blank.trim().is_empty() => Cow::Owned(fallback.to_owned()),
        title => title,
    }
}

/// RSS demands a description for each feed. A label's tells the whole name, which the address of
/// a very long one does not.
fn description(site: &Site, frame: &Frame<'_>, site_title: &str) -> String {
    match frame.follow {
        Follow::Site => filled(&site.description)
            .unwrap_or(site_title.into())
            .into_owned(),
        Follow::Label(label) => {
            let shown = if label.kind == LabelKind::Topic {
                frame.title
            } else {
                &label.name
            };
            format!("{site_title} · {}{}", kind_word(site, label), clean(shown))
        }
    }
}

/// `标签：` or `Tag: `, by the site's language.
fn kind_word(site: &Site, label: &Label) -> &'static str {
    let chinese = site.language.to_ascii_lowercase().starts_with("zh");
    match (label.kind, chinese) {
        (LabelKind::Category, true) => "分类：",
        (LabelKind::Tag, true) => "标签：",
        (LabelKind::Topic | LabelKind::Words, true) => "主题：",
        (LabelKind::Category, false) => "Category: ",
        (LabelKind::Tag, false) => "Tag: ",
        (LabelKind::Topic | LabelKind::Words, false) => "Topic: ",
    }
}
