//! What matching looks at, and nothing more.
//! In: a `Post`, or borrowed pieces. Out: the borrowed view that the matcher takes.
//! Source line, footer and ticker spans are cut before: `Post::match_text` and `Post::text` hold the article alone.

use crate::model::Post;

/// The parts of an article that rules may ask about.
#[derive(Debug, Clone, Copy)]
pub struct Article<'a> {
    /// The title, plain text.
    pub title: &'a str,
    /// The article's plain text, the editor's digest before it.
    pub text: &'a str,
    /// Categories as the author wrote them.
    pub categories: &'a [String],
    /// Tags as the author wrote them.
    pub tags: &'a [String],
    /// The paper or agency that the article came from.
    pub source: Option<&'a str>,
}

impl<'a> From<&'a Post> for Article<'a> {
    fn from(post: &'a Post) -> Self {
        Article {
            title: &post.title,
            text: post.match_text.as_ref().unwrap_or(&post.text),
            categories: &post.categories,
            tags: &post.tags,
            source: post.source.as_deref(),
        }
    }
}
