//! What messages are made of: enough of a post that the sender needs neither the file nor the catalog.
//! In: a catalog row at planning time. Out: JSON in the store, and the same card back at sending time.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::StoreError;
use crate::model::{Follow, Label, LabelKind, PostId, PostTime};

/// A post as its messages show it.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// What it is about.
    pub post: PostId,
    /// Plain text.
    pub title: String,
    /// Absolute address of the post.
    pub url: String,
    /// Plain text.
    pub summary: String,
    /// The paper that it came from.
    pub source: Option<String>,
    /// The author's time.
    pub published: PostTime,
    /// Names, in the author's order.
    pub categories: Vec<String>,
    /// Names, in the author's order.
    pub tags: Vec<String>,
    /// Topics as (id, title).
    pub topics: Vec<(String, String)>,
    /// People's own rules that it meets, in their spelling.
    pub rules: Vec<String>,
    /// The same story from others as (source, address), in the order in which they came.
    pub also: Vec<(String, String)>,
}

impl Card {
    /// Everything that a chat may follow to get this post.
    pub fn follows(&self) -> impl Iterator<Item = Follow> + '_ {
        let labels = [
            (LabelKind::Category, &self.categories),
            (LabelKind::Tag, &self.tags),
        ];
        let names = labels
            .into_iter()
            .flat_map(|(kind, names)| names.iter().map(move |name| Label::new(kind, name)));
        let topics = self.topics.iter().map(|(id, _)| Label::topic(id));
        let rules = { self.rules.iter() }.map(|rule| Label::new(LabelKind::Words, rule));
        std::iter::once(Follow::Site).chain(names.chain(topics).chain(rules).map(Follow::Label))
    }

    /// Names what a message about this post shows: another version means that the message is out of date.
    /// Labels do not count; a source that is renamed, a footer that moves or a file that is touched change
    /// nothing that a reader would want to see again.
    pub fn version(&self, withdrawn: bool) -> String {
        let mut hash = Sha256::new();
        for part in [&self.title, &self.summary, &self.url] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        for (source, url) in &self.also {
            hash.update(source.as_bytes());
            hash.update([0]);
            hash.update(url.as_bytes());
            hash.update([1]);
        }
        hash.update([u8::from(withdrawn)]);
        let digest = hash.finalize();
        digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// As the store keeps it.
    pub fn to_json(&self) -> String {
        let wire = Wire {
            title: self.title.clone(),
            url: self.url.clone(),
            summary: self.summary.clone(),
            source: self.source.clone(),
            published: self.published.seconds(),
            offset: self.published.offset_seconds(),
            categories: self.categories.clone(),
            tags: self.tags.clone(),
            topics: self.topics.clone(),
            rules: self.rules.clone(),
            also: self.also.clone(),
        };
        // Strings, numbers and lists of them always have a JSON form.
        serde_json::to_string(&wire).unwrap_or_default()
    }

    /// From what the store keeps.
    ///
    /// # Errors
    /// `Damaged` when the text is not what `to_json` writes.
    pub fn from_json(post: PostId, text: &str) -> Result<Self, StoreError> {
        let damaged = |why: String| StoreError::Damaged(format!("card of {post}: {why}"));
        let wire: Wire = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
        let published = PostTime::from_parts(wire.published, wire.offset)
            .ok_or_else(|| damaged("time out of range".into()))?;
        Ok(Card {
            post,
            title: wire.title,
            url: wire.url,
            summary: wire.summary,
            source: wire.source,
            published,
            categories: wire.categories,
            tags: wire.tags,
            topics: wire.topics,
            rules: wire.rules,
            also: wire.also,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    title: String,
    url: String,
    summary: String,
    source: Option<String>,
    published: i64,
    offset: i32,
    categories: Vec<String>,
    tags: Vec<String>,
    topics: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    also: Vec<(String, String)>,
}
