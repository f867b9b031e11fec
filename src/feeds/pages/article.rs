//! An article on the pages of the feeds that show it: written once, but for its links to other pages, which hang on the
//! page around it.
//! In: an entry, and which labels have pages. Out: HTML, and the labels that it links to.

use std::fmt;

use askama::Template;
use serde::{Deserialize, Serialize};

use super::words::Words;
use super::{in_link, push_relative, target};
use crate::feeds::text::clean;
use crate::feeds::view::EntryView;
use crate::feeds::{Addresses, Entry, Settings};
use crate::model::{Follow, Label, LabelKind, Site};

/// What a page shows of an entry. It borrows from the bytes that it is read from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article<Text> {
    /// HTML, up to its labels.
    html: Text,
    /// Topics, categories, tags.
    labels: Vec<Link<Text>>,
}

/// A label with a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Link<Text> {
    kind: LabelKind,
    name: Text,
    /// The page's file as `in_link`, as HTML.
    file: Text,
    /// What people call it, as HTML.
    shown: Text,
}

#[derive(Template)]
#[template(path = "article.html")]
struct Head<'a> {
    url: &'a str,
    title: &'a str,
    /// RFC 3339.
    instant: String,
    /// On the site's clock.
    clock: String,
    source: Option<&'a str>,
    summary: &'a str,
}

#[derive(Template)]
#[template(path = "labels.html")]
struct Labels<'a> {
    words: &'static Words,
    labels: Vec<(Relative<'a>, &'a str)>,
}

#[derive(Template)]
#[template(source = "{{ text }}", ext = "html")]
struct Escaped<'a> {
    text: &'a str,
}

/// The address of a file, as a page at another file names it: both are `in_link`, as HTML.
struct Relative<'a> {
    from: &'a str,
    to: &'a str,
}

/// The articles of a page.
pub(super) struct Articles<'a> {
    pub articles: &'a [Article<&'a str>],
    /// The feed that the page is about: it does not link to itself.
    pub about: &'a Follow,
    /// The page's file as `in_link`, as HTML.
    pub here: String,
    pub words: &'static Words,
}

impl Article<String> {
    /// What pages show of an entry, with links to those labels that `are_there`.
    pub fn of(
        site: &Site,
        addresses: &Addresses,
        settings: &Settings,
        seen: &EntryView<'_>,
        are_there: impl Fn(&Follow) -> bool,
    ) -> Self {
        let head = Head {
            url: &seen.url,
            title: &seen.title,
            instant: seen.published.rfc3339(),
            clock: seen.published.clock_with_offset(site.timezone),
            source: seen.source.as_deref(),
            summary: &seen.summary,
        };
        let labels = labels(seen.entry).filter(|(label, name)| {
            !name.trim().is_empty() && are_there(&Follow::Label(label.clone()))
        });
        let link = |(label, name): (Label, String)| {
            let follow = Follow::Label(label.clone());
            let file = in_link(&target(addresses, settings, &follow));
            Link {
                kind: label.kind,
                name: label.name,
                file: escaped(&file),
                shown: escaped(&name),
            }
        };
        Article {
            html: html(head),
            labels: labels.map(link).collect(),
        }
    }

    /// The same, borrowed.
    #[cfg(test)]
    pub fn borrowed(&self) -> Article<&str> {
        let labels = self.labels.iter().map(|link| Link {
            kind: link.kind,
            name: &*link.name,
            file: &*link.file,
            shown: &*link.shown,
        });
        Article {
            html: &self.html,
            labels: labels.collect(),
        }
    }
}

/// A text as HTML.
pub(super) fn escaped(text: &str) -> String {
    html(Escaped { text })
}

/// Writing into memory cannot fail; the templates were checked when this was compiled.
fn html(template: impl Template) -> String {
    template.render().unwrap_or_default()
}

/// The labels of an entry, and what people call them.
fn labels(entry: &Entry) -> impl Iterator<Item = (Label, String)> {
    let topics = entry.topics.iter().map(|(id, title)| {
        let shown = if title.trim().is_empty() { id } else { title };
        (Label::topic(id), clean(shown).into_owned())
    });
    let own = entry.post.labels().map(|label| {
        let shown = clean(&label.name).into_owned();
        (label, shown)
    });
    topics.chain(own)
}

impl Articles<'_> {
    pub fn are_none(&self) -> bool {
        self.articles.is_empty()
    }

    /// About as many bytes as they take.
    pub fn length(&self) -> usize {
        let link = |link: &Link<&str>| link.file.len() + link.shown.len() + self.here.len();
        let article = |article: &Article<&str>| {
            article.html.len() + article.labels.iter().map(link).sum::<usize>()
        };
        self.articles.iter().map(article).sum()
    }
}

impl fmt::Display for Articles<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for article in self.articles {
            let others = article.labels.iter().filter(|link| match self.about {
                Follow::Label(label) => label.kind != link.kind || label.name != link.name,
                Follow::Site => true,
            });
            let links = others.map(|link| {
                let (from, to) = (&*self.here, link.file);
                (Relative { from, to }, link.shown)
            });
            let labels: Vec<_> = links.collect();
            out.write_str("\n")?;
            out.write_str(article.html)?;
            if !labels.is_empty() {
                let words = self.words;
                { Labels { words, labels }.render_into(out) }.map_err(|_| fmt::Error)?;
            }
            out.write_str("\n</article>")?;
        }
        Ok(())
    }
}

impl fmt::Display for Relative<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        push_relative(out, self.from, self.to)
    }
}
