//! Entries that were read lately, written for every feed that shows them: a post in four feeds is written once.
//! In: records, made by whoever read the posts, and the posts' keys. Out: the same; while a round lasts, those that
//! memory has no room for come from a file without a name. In a build each core writes into a chunk of its own, which
//! is taken over as it is.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::{HashMap, HashMapExt};
use rustix::buffer::spare_capacity;

use super::record::{Record, Shown};
use crate::catalog::PostKey;

/// Bytes that are kept in memory, besides what the cores of a build have open: a chunk each, and one to follow it.
const ROOM: usize = 26 << 20;

/// Bytes that come and go together: an allocation for each entry would leave holes of all sizes.
const CHUNK: usize = 1 << 20;

/// Chunks that the file holds at most: more posts in one format than 2,000 labels show.
const MOST_FILED: usize = 192;

/// Bytes of an everyday article in one format.
const EVERYDAY: usize = 4 << 10;

/// Posts of a build for which there is room, with so many formats; of more, the first would leave before the feeds
/// are written.
pub fn most(formats: usize) -> usize {
    (ROOM + MOST_FILED * CHUNK) / (EVERYDAY * formats.max(1))
}

/// A bounded memory of entries.
pub struct Entries {
    places: HashMap<PostKey, Place>,
    chunks: HashMap<usize, Held>,
    /// The chunks in memory, the newest last, and their bytes.
    in_memory: VecDeque<usize>,
    bytes: usize,
    /// What left the memory last, the newest last, and how much has left it in this round.
    in_file: VecDeque<usize>,
    filed: usize,
    file: RoundFile,
    folder: PathBuf,
    /// Numbers that no chunk had before.
    numbers: Arc<AtomicUsize>,
}

/// The file of a round.
enum RoundFile {
    /// Nothing has left the memory in this round.
    Unopened,
    Open(File),
    /// It could not be opened or written: what leaves the memory is read again.
    Broken,
}

/// Where a chunk is.
enum Held {
    Memory(Vec<u8>),
    /// From here on in the file.
    File(u64),
}

/// Where an entry's bytes are.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    chunk: usize,
    start: u32,
    length: u32,
}

/// An entry that was just written.
#[derive(Debug)]
pub enum Made {
    /// By itself.
    Alone(Record),
    /// Among others, in a chunk that its writer has open.
    Among(Place),
}

/// The chunks that the cores of a build write into.
pub struct OpenChunks {
    /// One for each core.
    open: Vec<Mutex<Option<Chunk>>>,
    full: Mutex<Vec<Chunk>>,
    /// Memory of chunks that were filed.
    spare: Mutex<Vec<Vec<u8>>>,
    numbers: Arc<AtomicUsize>,
}

struct Chunk {
    number: usize,
    bytes: Vec<u8>,
}

impl OpenChunks {
    /// Writes an entry of about so many bytes into the chunk of this core. `None` where it has no place: it is read
    /// again.
    pub fn write(&self, about: usize, write: impl FnOnce(&mut Vec<u8>)) -> Option<Place> {
        if about > CHUNK / 2 {
            // By itself, or chunks would be closed half empty.
            let mut chunk = Chunk {
                number: number(&self.numbers),
                bytes: Vec::with_capacity(about),
            };
            let place = chunk.write(write);
            lock(&self.full).push(chunk);
            return place;
        }
        let core = rayon::current_thread_index().unwrap_or_default();
        let mut open = lock(self.open.get(core)?);
        if let Some(full) = open.take_if(|chunk| chunk.bytes.len() + about > CHUNK) {
            lock(&self.full).push(full);
        }
        let chunk = open.get_or_insert_with(|| Chunk {
            number: number(&self.numbers),
            bytes: lock(&self.spare).pop().unwrap_or_default(),
        });
        chunk.bytes.reserve_exact(CHUNK - chunk.bytes.len());
        chunk.write(write)
    }
}

impl Chunk {
    fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Option<Place> {
        let start = self.bytes.len();
        write(&mut self.bytes);
        Some(Place {
            chunk: self.number,
            start: u32::try_from(start).ok()?,
            length: u32::try_from(self.bytes.len() - start).ok()?,
        })
    }
}

fn number(numbers: &AtomicUsize) -> usize {
    numbers.fetch_add(1, Ordering::Relaxed)
}

/// What a thread that broke left behind is whole: bytes behind the last place are of nobody.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Entries {
    /// Nothing yet. A file of at most 192 MB, which has no name and goes with the program, is made in this folder
    /// when memory has no room.
    pub fn new(folder: &Path) -> Entries {
        Entries {
            places: HashMap::new(),
            chunks: HashMap::new(),
            in_memory: VecDeque::new(),
            bytes: 0,
            in_file: VecDeque::new(),
            filed: 0,
            file: RoundFile::Unopened,
            folder: folder.to_owned(),
            numbers: Arc::default(),
        }
    }

    /// Takes everything out, to be put back.
    pub fn take(&mut self) -> Entries {
        let empty = Entries::new(&self.folder);
        std::mem::replace(self, empty)
    }

    /// Chunks for the cores of a build. What they write is remembered here once it was `keep`t, and can be had after
    /// `close`.
    pub fn open(&mut self) -> OpenChunks {
        // A build that broke off took its chunks with it.
        let Entries { places, chunks, .. } = self;
        places.retain(|_, place| chunks.contains_key(&place.chunk));
        OpenChunks {
            open: { 0..rayon::current_num_threads() }
                .map(|_| Mutex::default())
                .collect(),
            full: Mutex::default(),
            spare: Mutex::default(),
            numbers: self.numbers.clone(),
        }
    }

    /// Takes over the chunks that are full; old ones leave, and their memory is given back to the cores.
    pub fn relieve(&mut self, open: &OpenChunks) {
        let full = std::mem::take(&mut *lock(&open.full));
        for chunk in full {
            let left = self.make_room(chunk.bytes.capacity());
            let mut spare = lock(&open.spare);
            spare.extend(left);
            // One for each core; the rest is given back.
            spare.truncate(open.open.len());
            drop(spare);
            self.hold(chunk);
        }
    }

    /// Takes over the rest.
    pub fn close(&mut self, open: OpenChunks) {
        self.relieve(&open);
        let rest = open.open.iter().filter_map(|chunk| lock(chunk).take());
        for chunk in rest {
            self.make_room(chunk.bytes.capacity());
            self.hold(chunk);
        }
    }

    /// Remembers a post's entry that was just read; a newer version takes the place of the older.
    pub fn keep(&mut self, key: PostKey, made: Made) {
        match made {
            Made::Alone(record) => self.put(key, &record),
            Made::Among(place) => {
                self.places.insert(key, place);
            }
        }
    }

    /// The same of a record by itself, which is copied.
    pub fn put(&mut self, key: PostKey, record: &Record) {
        let bytes = record.bytes();
        let Ok(length) = u32::try_from(bytes.len()) else {
            return self.forget(&key);
        };
        let last = self.in_memory.back().copied();
        let has_room = |number: &usize| match self.chunks.get(number) {
            Some(Held::Memory(chunk)) => chunk.len() + bytes.len() <= CHUNK,
            _ => false,
        };
        let number = last.filter(has_room).unwrap_or_else(|| {
            let size = bytes.len().max(CHUNK);
            let mut bytes = self.make_room(size).pop().unwrap_or_default();
            bytes.reserve_exact(size);
            let number = number(&self.numbers);
            self.hold(Chunk { number, bytes });
            number
        });
        let Some(Held::Memory(chunk)) = self.chunks.get_mut(&number) else {
            return self.forget(&key);
        };
        let place = Place {
            chunk: number,
            // A chunk holds a megabyte, or one entry.
            start: chunk.len() as u32,
            length,
        };
        chunk.extend_from_slice(bytes);
        self.places.insert(key, place);
    }

    /// Forgets a post's entry: there is a newer one that nobody keeps.
    pub fn forget(&mut self, key: &PostKey) {
        self.places.remove(key);
    }

    /// Adds a chunk, for which there is room.
    fn hold(&mut self, Chunk { number, bytes }: Chunk) {
        self.bytes += bytes.capacity();
        self.in_memory.push_back(number);
        self.chunks.insert(number, Held::Memory(bytes));
    }

    /// Old chunks leave until there is room for so many bytes; gives their memory.
    fn make_room(&mut self, size: usize) -> Vec<Vec<u8>> {
        let mut left = Vec::new();
        while self.bytes + size > ROOM {
            let Some(oldest) = self.in_memory.pop_front() else {
                break;
            };
            let Some(Held::Memory(mut memory)) = self.chunks.remove(&oldest) else {
                continue;
            };
            self.bytes -= memory.capacity();
            self.put_down(oldest, &memory);
            memory.clear();
            if memory.capacity() == CHUNK {
                left.push(memory);
            }
        }
        left
    }

    /// Moves what was the first chunk in memory into the file, over the oldest there when it is full.
    fn put_down(&mut self, number: usize, bytes: &[u8]) {
        if self.in_file.len() == MOST_FILED
            && let Some(oldest) = self.in_file.pop_front()
        {
            self.chunks.remove(&oldest);
            self.forget_all(&[oldest]);
        }
        let offset = (self.filed % MOST_FILED * CHUNK) as u64;
        match self.write(offset, bytes) {
            Ok(true) => {
                self.filed += 1;
                self.in_file.push_back(number);
                self.chunks.insert(number, Held::File(offset));
                return;
            }
            Ok(false) => {}
            Err(error) => {
                tracing::debug!(%error, folder = %self.folder.display(), "entries that memory has no room for are read again");
                self.file = RoundFile::Broken;
                self.forget_filed();
            }
        }
        self.forget_all(&[number]);
    }

    /// `false` where the file is broken.
    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<bool> {
        if let RoundFile::Unopened = self.file {
            self.file = RoundFile::Open(tempfile::tempfile_in(&self.folder)?);
        }
        let RoundFile::Open(file) = &self.file else {
            return Ok(false);
        };
        // One entry that is larger than a place in the file is cut there, and is read again.
        file.write_all_at(&bytes[..bytes.len().min(CHUNK)], offset)?;
        Ok(true)
    }

    fn forget_filed(&mut self) {
        let gone: Vec<usize> = self.in_file.drain(..).collect();
        self.filed = 0;
        { gone.iter() }.for_each(|number| drop(self.chunks.remove(number)));
        self.forget_all(&gone);
    }

    /// Forgets the entries in these chunks.
    fn forget_all(&mut self, chunks: &[usize]) {
        let is_there = |place: &Place| !chunks.contains(&place.chunk);
        self.places.retain(|_, place| is_there(place));
    }

    /// Whether a post's entry is remembered.
    pub fn has(&self, key: &PostKey) -> bool {
        self.find(key).is_some()
    }

    fn find(&self, key: &PostKey) -> Option<(&Held, Place)> {
        let place = *self.places.get(key)?;
        let held = self.chunks.get(&place.chunk)?;
        let is_cut =
            matches!(held, Held::File(_)) && place.start as usize + place.length as usize > CHUNK;
        (!is_cut).then_some((held, place))
    }

    /// A remembered entry.
    pub fn get(&self, key: &PostKey) -> Option<Shown<'_>> {
        let (held, place) = self.find(key)?;
        let (start, length) = (place.start as usize, place.length as usize);
        match (held, &self.file) {
            (Held::Memory(bytes), _) => Shown::of(Cow::Borrowed(bytes.get(start..start + length)?)),
            (Held::File(offset), RoundFile::Open(file)) => {
                let bytes = read_at(file, offset + u64::from(place.start), length);
                Shown::of(Cow::Owned(bytes.ok()?))
            }
            (Held::File(_), RoundFile::Unopened | RoundFile::Broken) => None,
        }
    }

    /// At the end of a round: gives the file back.
    pub fn end_round(&mut self) {
        if !self.in_file.is_empty() {
            self.forget_filed();
        }
        self.file = RoundFile::Unopened;
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

#[cfg(test)]
#[path = "entries_tests.rs"]
pub(super) mod tests;
