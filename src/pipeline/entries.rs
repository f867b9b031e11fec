//! Entries that were read lately, so that a post in four feeds is read once.
//! In: feed entries, packed by whoever made them. Out: the same; the oldest leave when the room is full.
//! Packed they take half the room, and unpacking one costs a tenth of reading its file again.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::feeds::Entry;
use crate::model::{Label, Post, PostId};

/// Bytes that are kept. A full build of 10,000 posts packs 22 MB.
const ROOM: usize = 24 << 20;

/// Bytes that come and go together: an allocation for each entry would leave holes of all sizes.
const CHUNK: usize = 1 << 20;

/// A bounded memory of entries.
#[derive(Default)]
pub struct Entries {
    /// By a hash of the id. Of two ids with one hash the later is remembered, and the other read again.
    places: HashMap<u64, Place>,
    hasher: RandomState,
    chunks: VecDeque<Chunk>,
    /// Number of the first chunk that is kept.
    first: usize,
    bytes: usize,
}

/// Where an entry's bytes are.
#[derive(Clone, Copy)]
struct Place {
    chunk: usize,
    start: usize,
    end: usize,
}

#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    /// Hashes of the ids in it.
    keys: Vec<u64>,
}

/// An entry in as few bytes as can be made in a few microseconds.
pub struct Packed {
    id: PostId,
    /// What cannot be unpacked is read from its file again.
    bytes: Vec<u8>,
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
            bytes: lz4_flex::compress_prepend_size(&plain),
        }
    }

    fn unpack(bytes: &[u8]) -> Option<Entry> {
        let plain = lz4_flex::decompress_size_prepended(bytes).ok()?;
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
    pub fn put(&mut self, packed: &Packed) {
        let bytes = &packed.bytes;
        let has_room = |chunk: &Chunk| chunk.bytes.len() + bytes.len() <= chunk.bytes.capacity();
        if !self.chunks.back().is_some_and(has_room) {
            self.add_chunk(bytes.len().max(CHUNK));
        }
        let Some(chunk) = self.chunks.back_mut() else {
            return;
        };
        let key = self.hasher.hash_one(&packed.id);
        let start = chunk.bytes.len();
        chunk.bytes.extend_from_slice(bytes);
        chunk.keys.push(key);
        let place = Place {
            chunk: self.first + self.chunks.len() - 1,
            start,
            end: start + bytes.len(),
        };
        self.places.insert(key, place);
    }

    /// Adds a chunk, for which old ones leave when the room is full: their memory is the new one's.
    fn add_chunk(&mut self, size: usize) {
        let mut chunk = Chunk::default();
        while self.bytes + size > ROOM {
            let Some(mut oldest) = self.chunks.pop_front() else {
                break;
            };
            self.bytes -= oldest.bytes.capacity();
            for key in oldest.keys.drain(..) {
                if self
                    .places
                    .get(&key)
                    .is_some_and(|place| place.chunk == self.first)
                {
                    self.places.remove(&key);
                }
            }
            self.first += 1;
            oldest.bytes.clear();
            chunk = oldest;
        }
        chunk.bytes.reserve_exact(size);
        self.bytes += chunk.bytes.capacity();
        self.chunks.push_back(chunk);
    }

    /// A remembered entry.
    pub fn get(&self, id: &PostId) -> Option<Entry> {
        let place = self.places.get(&self.hasher.hash_one(id))?;
        let chunk = self.chunks.get(place.chunk.checked_sub(self.first)?)?;
        let entry = Packed::unpack(chunk.bytes.get(place.start..place.end)?)?;
        (entry.post.id == *id).then_some(entry)
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
        entries.put(&Packed::new(&put));
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
            entries.put(&Packed::new(&entry(&number.to_string(), noise(number))));
        }
        assert!(entries.bytes <= ROOM);
        assert_eq!(entries.get(&PostId::new("0")), None);
        assert!(entries.get(&PostId::new("29")).is_some());
        let kept: usize = entries.chunks.iter().map(|chunk| chunk.keys.len()).sum();
        assert_eq!(entries.places.len(), kept);
        let newer = entry("29", "<p>乙</p>".to_owned());
        entries.put(&Packed::new(&newer));
        assert_eq!(entries.get(&newer.post.id), Some(newer));
    }
}
