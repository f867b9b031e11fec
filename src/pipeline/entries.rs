//! Entries that were read lately, so that a post in four feeds is read once.
//! In: feed entries, packed by whoever made them. Out: the same; the oldest leave when the room is full.
//! Packed they take half the room, and unpacking one costs a tenth of reading its file again.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::feeds::Entry;
use crate::model::{Label, Post, PostId};

/// Bytes that are kept. A full build of 10,000 posts packs 22 MB.
const ROOM: usize = 26 << 20;

/// What an entry costs besides its bytes: places in two tables, and the allocator's.
const OVERHEAD: usize = 160;

/// A bounded memory of entries.
#[derive(Default)]
pub struct Entries {
    by_id: HashMap<Arc<PostId>, Packed>,
    order: VecDeque<(Arc<PostId>, usize)>,
    bytes: usize,
}

/// An entry in as few bytes as can be made in a few microseconds.
pub struct Packed {
    id: PostId,
    /// What cannot be unpacked is read from its file again.
    bytes: Box<[u8]>,
}

/// What is packed before the HTML, borrowed.
#[derive(Serialize)]
struct Parts<'a> {
    post: &'a Post,
    summary: &'a str,
    topics: &'a [(String, String)],
    names: &'a [(Label, String)],
}

/// The same, owned.
#[derive(Deserialize)]
struct OwnParts {
    post: Post,
    summary: String,
    topics: Vec<(String, String)>,
    names: Vec<(Label, String)>,
}

impl Packed {
    /// Packs an entry.
    pub fn new(entry: &Entry) -> Packed {
        let parts = Parts {
            post: &entry.post,
            summary: &entry.summary,
            topics: &entry.topics,
            names: &entry.names,
        };
        let mut plain = postcard::to_stdvec(&parts).unwrap_or_default();
        plain.extend_from_slice(entry.post.html.as_bytes());
        Packed {
            id: entry.post.id.clone(),
            bytes: lz4_flex::compress_prepend_size(&plain).into_boxed_slice(),
        }
    }

    fn entry(&self) -> Option<Entry> {
        let plain = lz4_flex::decompress_size_prepended(&self.bytes).ok()?;
        let (mut parts, html): (OwnParts, &[u8]) = postcard::take_from_bytes(&plain).ok()?;
        parts.post.html = simdutf8::basic::from_utf8(html).ok()?.to_owned();
        Some(Entry {
            post: Arc::new(parts.post),
            summary: parts.summary,
            topics: parts.topics,
            names: parts.names,
        })
    }
}

impl Entries {
    /// Remembers an entry; a newer version takes the place of the older.
    pub fn put(&mut self, packed: Packed) {
        let size = packed.bytes.len() + packed.id.as_str().len() + OVERHEAD;
        let id = Arc::new(packed.id.clone());
        self.by_id.insert(id.clone(), packed);
        self.order.push_back((id, size));
        self.bytes += size;
        while self.bytes > ROOM {
            let Some((oldest, size)) = self.order.pop_front() else {
                break;
            };
            self.bytes -= size;
            // A replaced entry leaves with its first place; it is read again if it is wanted.
            self.by_id.remove(&oldest);
        }
    }

    /// A remembered entry.
    pub fn get(&self, id: &PostId) -> Option<Entry> {
        self.by_id.get(id).and_then(Packed::entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::PostTime;
    use crate::model::{ContentHash, DateSource};

    fn entry(id: &str, html: String) -> Entry {
        let post = Post {
            id: PostId::new(id),
            path: "posts/甲.md".to_owned(),
            title: "甲".to_owned(),
            published: PostTime::from_parts(1_645_149_701, 8 * 3600).unwrap(),
            date_source: DateSource::FileName,
            updated: PostTime::from_parts(-1, -3600),
            url: "/甲.html".to_owned(),
            categories: vec!["乙".to_owned()],
            tags: vec!["丙".to_owned(), "丁".to_owned()],
            author: Some("戊".to_owned()),
            source: None,
            via: None,
            digest: Some("己".to_owned()),
            excerpt: None,
            image: None,
            html,
            text: String::new(),
            match_text: None,
            withdrawn: false,
            content_hash: ContentHash([7; 16]),
        };
        Entry {
            post: Arc::new(post),
            summary: "庚".to_owned(),
            topics: vec![("a".to_owned(), "辛".to_owned())],
            names: vec![(Label::tag("丙"), "壬".to_owned())],
        }
    }

    #[test]
    fn an_entry_comes_back_as_it_was() {
        let mut entries = Entries::default();
        let put = entry("/a", "<p>市场监管</p>".repeat(300));
        entries.put(Packed::new(&put));
        assert_eq!(entries.get(&put.post.id), Some(put));
        assert_eq!(entries.get(&PostId::new("/b")), None);
    }

    #[test]
    fn the_oldest_leave_when_the_room_is_full() {
        let mut entries = Entries::default();
        let noise = |seed: u64| -> String {
            let mut dice = fastrand::Rng::with_seed(seed);
            (0..1 << 20).map(|_| dice.alphanumeric()).collect()
        };
        for number in 0..30_u64 {
            entries.put(Packed::new(&entry(&number.to_string(), noise(number))));
        }
        assert!(entries.bytes <= ROOM);
        assert_eq!(entries.get(&PostId::new("0")), None);
        assert!(entries.get(&PostId::new("29")).is_some());
        assert_eq!(entries.by_id.len(), entries.order.len());
    }
}
