//! Entries that were read lately, written for every feed that shows them: a post in four feeds is written once.
//! In: records, made by whoever read the posts, and the posts' keys. Out: the same; while a round lasts, those that
//! memory has no room for come from a file without a name. Taking one back costs a copy of its bytes.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use rustix::buffer::spare_capacity;
use serde::{Deserialize, Serialize};

use crate::catalog::PostKey;
use crate::feeds::{Entry, Traits, Written};
use crate::model::{Label, Post};

/// Bytes that are kept in memory.
const ROOM: usize = 26 << 20;

/// Bytes that come and go together: an allocation for each entry would leave holes of all sizes.
const CHUNK: usize = 1 << 20;

/// Chunks that the file holds at most: more posts in one format than 2,000 labels show.
const FILED: usize = 192;

/// Bytes of an everyday article in one format.
const EVERYDAY: usize = 4 << 10;

/// Posts of a build for which there is room, with so many formats; of more, the first would leave before the feeds
/// are written.
pub fn most(formats: usize) -> usize {
    (ROOM + FILED * CHUNK) / (EVERYDAY * formats.max(1))
}

/// A bounded memory of entries.
pub struct Entries {
    places: HashMap<PostKey, Place>,
    /// What is in memory, the newest last.
    chunks: VecDeque<Chunk>,
    /// Number of the first chunk in memory.
    first: usize,
    bytes: usize,
    /// What left the memory last, the newest last: the posts in each chunk.
    filed: VecDeque<Vec<PostKey>>,
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
    /// The posts in it.
    keys: Vec<PostKey>,
}

/// An entry in the formats of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The head, the bytes of the formats, what pages show.
    pieces: Vec<Vec<u8>>,
}

/// What stands first in a record.
#[derive(Serialize, Deserialize)]
struct Head {
    traits: Traits,
    /// Bytes in each format, and of what pages show.
    lengths: Vec<u32>,
}

/// What pages show of an entry, borrowed.
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

/// A record that is looked at.
#[derive(Debug)]
pub struct Shown<'a> {
    bytes: Cow<'a, [u8]>,
    /// What the documents around it have to know.
    pub traits: Traits,
    parts: Vec<Range<usize>>,
}

impl Record {
    /// Keeps what was written of an entry; `is_paged`: pages will show it too.
    pub fn new(entry: &Entry, written: Written, is_paged: bool) -> Record {
        let page = is_paged.then(|| {
            let parts = Parts {
                post: &entry.post,
                summary: &entry.summary,
                topics: &entry.topics,
                names: &entry.names,
            };
            // What cannot be packed is not shown: it never happens, as these are texts and numbers.
            postcard::to_stdvec(&parts).unwrap_or_default()
        });
        let mut pieces = vec![Vec::new()];
        pieces.extend(written.formats.into_iter().chain(page));
        let head = Head {
            traits: written.traits,
            // A file has at most `posts.max_file_bytes`, far below 4 GB.
            lengths: pieces[1..].iter().map(|part| part.len() as u32).collect(),
        };
        pieces[0] = postcard::to_stdvec(&head).unwrap_or_default();
        Record { pieces }
    }

    /// The record as feeds see it.
    pub fn shown(&self) -> Option<Shown<'_>> {
        Shown::of(Cow::Owned(self.pieces.concat()))
    }
}

impl<'a> Shown<'a> {
    /// `None` for bytes that are no record.
    fn of(bytes: Cow<'a, [u8]>) -> Option<Shown<'a>> {
        let (head, rest): (Head, &[u8]) = postcard::take_from_bytes(&bytes).ok()?;
        let mut at = bytes.len() - rest.len();
        let mut parts = Vec::with_capacity(head.lengths.len());
        for length in &head.lengths {
            let end = at + *length as usize;
            parts.push(at..end);
            at = end;
        }
        let is_whole = at == bytes.len();
        let traits = head.traits;
        is_whole.then_some(Shown {
            bytes,
            traits,
            parts,
        })
    }

    /// The bytes in the format of this number.
    pub fn format(&self, number: usize) -> &[u8] {
        let part = self.parts.get(number).cloned().unwrap_or_default();
        &self.bytes[part]
    }

    /// What pages show, without the article itself.
    pub fn for_page(&self) -> Option<Entry> {
        let part = self.parts.last()?.clone();
        let parts: OwnParts = postcard::from_bytes(&self.bytes[part]).ok()?;
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
            chunks: VecDeque::new(),
            first: 0,
            bytes: 0,
            filed: VecDeque::new(),
            file: Filed::Unopened,
            folder: folder.to_owned(),
        }
    }

    /// Takes everything out, to be put back.
    pub fn take(&mut self) -> Entries {
        let empty = Entries::new(&self.folder);
        std::mem::replace(self, empty)
    }

    /// Remembers a post's entry; a newer version takes the place of the older.
    pub fn put(&mut self, key: PostKey, record: &Record) {
        let all: usize = record.pieces.iter().map(Vec::len).sum();
        let Ok(length) = u32::try_from(all) else {
            return self.forget(&key);
        };
        let has_room = |chunk: &Chunk| chunk.bytes.len() + all <= CHUNK;
        if !self.chunks.back().is_some_and(has_room) {
            self.add_chunk(all.max(CHUNK));
        }
        let Some(chunk) = self.chunks.back_mut() else {
            return;
        };
        // A chunk holds a megabyte, or one entry.
        let start = chunk.bytes.len() as u32;
        let pieces = record.pieces.iter();
        pieces.for_each(|piece| chunk.bytes.extend_from_slice(piece));
        chunk.keys.push(key);
        let chunk = self.first + self.chunks.len() - 1;
        let place = Place {
            chunk,
            start,
            length,
        };
        self.places.insert(key, place);
    }

    /// Forgets a post's entry: there is a newer one that nobody keeps.
    pub fn forget(&mut self, key: &PostKey) {
        self.places.remove(key);
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

    /// Whether a post's entry is remembered.
    pub fn has(&self, key: &PostKey) -> bool {
        self.places.contains_key(key)
    }

    /// A remembered entry.
    pub fn get(&self, key: &PostKey) -> Option<Shown<'_>> {
        let place = self.places.get(key)?;
        let (start, length) = (place.start as usize, place.length as usize);
        if let Some(at) = place.chunk.checked_sub(self.first) {
            let bytes = self.chunks.get(at)?.bytes.get(start..start + length)?;
            return Shown::of(Cow::Borrowed(bytes));
        }
        let Filed::Open(file) = &self.file else {
            return None;
        };
        if start + length > CHUNK {
            return None;
        }
        let at = offset(place.chunk) + u64::from(place.start);
        Shown::of(Cow::Owned(read_at(file, at, length).ok()?))
    }

    /// At the end of a round: gives the file back.
    pub fn end_round(&mut self) {
        self.forget_all_filed();
        self.file = Filed::Unopened;
    }
}

/// So many bytes of a file: `FileExt` would have them zeroed first.
fn read_at(file: &File, at: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        let at = at + bytes.len() as u64;
        let read = || rustix::io::pread(file, spare_capacity(&mut bytes), at);
        if rustix::io::retry_on_intr(read)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// Where a chunk stands in the file.
fn offset(chunk: usize) -> u64 {
    (chunk % FILED * CHUNK) as u64
}

#[cfg(test)]
#[path = "entries_tests.rs"]
pub(super) mod tests;
