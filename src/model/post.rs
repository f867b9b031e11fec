//! A post as the rest of tagwire sees it: read, dated, addressed, cleaned.
//! In: what `posts` made of one file. Out: the value that catalog, feeds, topics and summary take.

use std::fmt;

use super::label::{Label, LabelKind};
use super::time::PostTime;

/// The id that jekyll-feed would publish, without the site's address: `/cat/2022/02/18/slug`
/// (Jekyll `Document#id`), or the front matter's `guid`/`id`. Never changes, never reused.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PostId(String);

impl PostId {
    /// Wraps an id that the parser made.
    pub fn new(id: impl Into<String>) -> Self {
        PostId(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a post's date came from, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateSource {
    /// The front matter's `date`.
    FrontMatter,
    /// `YYYY-MM-DD-` at the start of the file name.
    FileName,
    /// A leading `YYYYMMDD` of a long number in the file name.
    NumberInName,
    /// A draft without a date: the file's last change.
    FileTime,
    /// Nothing else was usable: the time at which the file was first seen.
    FirstSeen,
}

/// One post, ready for every later stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// Stable identity.
    pub id: PostId,
    /// The file, as `posts.dir` leads to it, with `/` between folders.
    pub path: String,
    /// Plain text, one line, never empty.
    pub title: String,
    /// The author's date with the author's offset.
    pub published: PostTime,
    /// Where `published` came from.
    pub date_source: DateSource,
    /// `updated` or `last_modified_at` of the front matter.
    pub updated: Option<PostTime>,
    /// Permalink below the site's address, percent-encoded, starting with `/`.
    pub url: String,
    /// In the author's order, without repetition.
    pub categories: Vec<String>,
    /// In the author's order, without repetition.
    pub tags: Vec<String>,
    /// The front matter's author, if it names one.
    pub author: Option<String>,
    /// The paper or agency that the article came from (`（文章来源：X）`).
    pub source: Option<String>,
    /// The article's address at its source (the trailing `<http://…>` line); http or https only.
    pub via: Option<String>,
    /// The editor's digest (`> …` as the first paragraph), plain text.
    pub digest: Option<String>,
    /// What the author chose for a summary: `description` or `excerpt` of the front matter, or the text before a
    /// separator that the site or the post names. Plain text.
    pub excerpt: Option<String>,
    /// First image of the article, absolute.
    pub image: Option<String>,
    /// The cleaned and sanitised body, links absolute, digest included.
    pub html: String,
    /// The article's plain text: a line for each block, without digest, source line and footer.
    pub text: String,
    /// What topics match on, where that is not `text`: with the digest, and without the words of concept links.
    pub match_text: Option<String>,
    /// `published: false`: known, but neither shown nor announced.
    pub withdrawn: bool,
}

impl Post {
    /// Categories and tags as labels, categories first.
    pub fn labels(&self) -> impl Iterator<Item = Label> + '_ {
        let names = self.label_names();
        names.map(|(kind, name)| Label::new(kind, name))
    }

    /// The same as kinds and names.
    pub fn label_names(&self) -> impl Iterator<Item = (LabelKind, &str)> {
        let categories = self.categories.iter();
        let tags = self.tags.iter();
        { categories.map(|name| (LabelKind::Category, name.as_str())) }
            .chain(tags.map(|name| (LabelKind::Tag, name.as_str())))
    }
}
