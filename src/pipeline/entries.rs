//! Entries that were read lately, so that a post in four feeds is read once.
//! In: feed entries, packed by whoever made them. Out: the same; while a round lasts, those that memory has no room
//! for come from a file without a name. Unpacking an entry costs a tenth of reading its post again.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::feeds::Entry;
use crate::model::{Label, Post, PostId};

/// Bytes that are kept in memory. A full build of 10,000 posts packs 22 MB.
const ROOM: usize = 12 << 20;

/// Bytes that come and go together: an allocation for each entry would leave holes of all sizes.
const CHUNK: usize = 1 << 20;

/// Chunks that the file holds at most: more posts than 2,000 labels show.
const FILED: usize = 192;

/// A bounded memory of entries.
pub struct Entries {
    /// By a hash of the id. Of two ids with one hash the later is remembered, and the other read again.
    places: HashMap<u64, Place>,
    hasher: RandomState,
    /// What is in memory, the newest last.
    chunks: VecDeque<Chunk>,
    /// Number of the first chunk in memory.
    first: usize,
    bytes: usize,
    /// What left the memory last, the newest last: hashes of the ids in each chunk.
    filed: VecDeque<Vec<u64>>,
    file: Filed,
    folder: PathBuf,
}

/// The file of a round.
enum Filed {
    /// Nothing has left the memory in this round.
    Unopened,
    Open(File),
    /// It could not be opened or written: what leaves the memory is read again.
    Broken,
}

/// Where an entry's bytes are.
#[derive(Clone, Copy)]
struct Place {
    chunk: usize,
    start: u32,
    length: u32,
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
    /// Nothing yet. A file of at most 192 MB, which has no name and goes with the program, is made in this folder
    /// when memory has no room.
    pub fn new(folder: &Path) -> Entries {
        Entries {
            places: HashMap::new(),
            hasher: RandomState::new(),
            chunks: VecDeque::new(),
            first: 0,
            bytes: 0,
            filed: VecDeque::new(),
            file: Filed::Unopened,
            folder: folder.to_owned(),
        }
    }

    /// Remembers an entry; a newer version takes the place of the older.
    pub fn put(&mut self, packed: &Packed) {
        let bytes = &packed.bytes;
        let Ok(length) = u32::try_from(bytes.len()) else {
            return;
        };
        let has_room = |chunk: &Chunk| chunk.bytes.len() + bytes.len() <= CHUNK;
        if !self.chunks.back().is_some_and(has_room) {
            self.add_chunk(bytes.len().max(CHUNK));
        }
        let Some(chunk) = self.chunks.back_mut() else {
            return;
        };
        let key = self.hasher.hash_one(&packed.id);
        // A chunk holds a megabyte, or one entry.
        let start = chunk.bytes.len() as u32;
        chunk.bytes.extend_from_slice(bytes);
        chunk.keys.push(key);
        let chunk = self.first + self.chunks.len() - 1;
        let place = Place {
            chunk,
            start,
            length,
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
            self.put_down(&mut oldest);
            oldest.bytes.clear();
            if oldest.bytes.capacity() == CHUNK {
                chunk = oldest;
            }
        }
        chunk.bytes.reserve_exact(size);
        self.bytes += chunk.bytes.capacity();
        self.chunks.push_back(chunk);
    }

    /// Moves what was the first chunk in memory into the file, over the oldest there when it is full.
    fn put_down(&mut self, chunk: &mut Chunk) {
        if self.filed.len() == FILED {
            self.forget_filed();
        }
        let number = self.first;
        self.filed.push_back(std::mem::take(&mut chunk.keys));
        self.first += 1;
        if let Err(error) = self.write(number, &chunk.bytes) {
            tracing::debug!(%error, folder = %self.folder.display(), "entries that memory has no room for are read again");
            self.file = Filed::Broken;
        }
        if let Filed::Broken = self.file {
            self.forget_all_filed();
        }
    }

    fn write(&mut self, number: usize, bytes: &[u8]) -> io::Result<()> {
        if let Filed::Unopened = self.file {
            self.file = Filed::Open(tempfile::tempfile_in(&self.folder)?);
        }
        match &self.file {
            // One entry that is larger than a place in the file is cut there, and is read again.
            Filed::Open(file) => {
                file.write_all_at(&bytes[..bytes.len().min(CHUNK)], offset(number))
            }
            Filed::Unopened | Filed::Broken => Ok(()),
        }
    }

    /// Forgets the oldest chunk of the file.
    fn forget_filed(&mut self) {
        let number = self.first - self.filed.len();
        for key in self.filed.pop_front().unwrap_or_default() {
            let place = self.places.get(&key);
            if place.is_some_and(|place| place.chunk == number) {
                self.places.remove(&key);
            }
        }
    }

    fn forget_all_filed(&mut self) {
        while !self.filed.is_empty() {
            self.forget_filed();
        }
    }

    /// A remembered entry.
    pub fn get(&self, id: &PostId) -> Option<Entry> {
        let place = self.places.get(&self.hasher.hash_one(id))?;
        let (start, length) = (place.start as usize, place.length as usize);
        let entry = match place.chunk.checked_sub(self.first) {
            Some(at) => Packed::unpack(self.chunks.get(at)?.bytes.get(start..start + length)?)?,
            None => {
                let Filed::Open(file) = &self.file else {
                    return None;
                };
                if start + length > CHUNK {
                    return None;
                }
                let mut bytes = vec![0; length];
                let at = offset(place.chunk) + u64::from(place.start);
                file.read_exact_at(&mut bytes, at).ok()?;
                Packed::unpack(&bytes)?
            }
        };
        (entry.post.id == *id).then_some(entry)
    }

    /// At the end of a round: gives the file back.
    pub fn end_round(&mut self) {
        self.forget_all_filed();
        self.file = Filed::Unopened;
    }
}

/// Where a chunk stands in the file.
fn offset(chunk: usize) -> u64 {
    (chunk % FILED * CHUNK) as u64
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
        let mut entries = Entries::new(Path::new("/nowhere"));
        let put = entry("/a", "<p>市场监管</p>".repeat(300));
        entries.put(&Packed::new(&put));
        assert_eq!(entries.get(&put.post.id), Some(put));
        assert_eq!(entries.get(&PostId::new("/b")), None);
    }

    /// An entry that does not pack.
    fn noise(seed: u64, length: usize) -> Entry {
        let mut dice = fastrand::Rng::with_seed(seed);
        let html = (0..length).map(|_| dice.alphanumeric()).collect();
        entry(&seed.to_string(), html)
    }

    fn is_there(entries: &Entries, put: &Entry) -> bool {
        let got = entries.get(&put.post.id);
        got.inspect(|got| assert_eq!(got, put)).is_some()
    }

    #[test]
    fn what_memory_has_no_room_for_is_filed_until_the_round_ends() {
        let folder = tempfile::tempdir().unwrap();
        let mut entries = Entries::new(folder.path());
        // Two of them fill a chunk, and one is larger than a chunk.
        let mut put: Vec<Entry> = (0..79).map(|seed| noise(seed, CHUNK * 2 / 5)).collect();
        put.insert(20, noise(79, CHUNK * 2));
        let packed: Vec<Packed> = put.iter().map(Packed::new).collect();
        assert!(packed[20].bytes.len() > CHUNK);
        packed.iter().for_each(|packed| entries.put(packed));
        assert!(entries.bytes <= ROOM && !entries.filed.is_empty());
        for (at, entry) in put.iter().enumerate() {
            assert_eq!(is_there(&entries, entry), at != 20, "{at}");
        }
        // Of two versions the newer counts, wherever the older is.
        let newer = entry("0", "<p>乙</p>".to_owned());
        entries.put(&Packed::new(&newer));
        assert!(is_there(&entries, &newer));

        entries.end_round();
        assert!(!is_there(&entries, &put[1]));
        assert!(is_there(&entries, &put[78]) && is_there(&entries, &newer));
        let kept: usize = entries.chunks.iter().map(|chunk| chunk.keys.len()).sum();
        assert_eq!(entries.places.len(), kept);
        packed.iter().for_each(|packed| entries.put(packed));
        assert!(is_there(&entries, &put[1]));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_full_file_gives_the_oldest_place_to_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let mut entries = Entries::new(folder.path());
        let packed = Packed::new(&noise(1, CHUNK / 2 + CHUNK / 4));
        let numbered = |number: u64| Packed {
            id: PostId::new(number.to_string()),
            bytes: packed.bytes.clone(),
        };
        for number in 0..300 {
            entries.put(&numbered(number));
        }
        assert_eq!(entries.filed.len(), FILED);
        assert_eq!(entries.places.len(), FILED + entries.chunks.len());
        let Filed::Open(file) = &entries.file else {
            panic!("no file");
        };
        assert!(file.metadata().unwrap().len() <= (FILED * CHUNK) as u64);
    }

    #[test]
    fn without_a_file_the_oldest_leave() {
        let mut entries = Entries::new(Path::new("/nowhere"));
        let put: Vec<Entry> = (0..30).map(|seed| noise(seed, CHUNK)).collect();
        put.iter()
            .for_each(|entry| entries.put(&Packed::new(entry)));
        assert!(entries.bytes <= ROOM);
        assert!(!is_there(&entries, &put[0]) && is_there(&entries, &put[29]));
        assert_eq!(entries.places.len(), entries.chunks.len());
    }
}
