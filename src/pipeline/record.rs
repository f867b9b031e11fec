//! An entry between its reading and its feeds: written once in each format of a site, as one row of bytes.
//! In: an entry's bytes in each format and, where there are pages, its article; the room behind others or of its own.
//! Out: what feeds and pages show of those bytes.

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::feeds::{Article, Traits, Written};

/// An entry in the formats of a site, in memory of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record(Vec<u8>);

/// What stands last in a record, before its own length in four bytes.
#[derive(Serialize, Deserialize)]
struct Tail {
    traits: Traits,
    /// Bytes in each format, and of what pages show.
    lengths: Vec<u32>,
}

/// Bytes of a tail's length.
const LENGTH: usize = size_of::<u32>();

/// A record that is looked at.
#[derive(Debug)]
pub struct Shown<'a> {
    bytes: Cow<'a, [u8]>,
    /// What the documents around it have to know.
    pub traits: Traits,
    parts: Vec<Range<usize>>,
}

/// Ends a record whose formats were just written to `out`; `article` is what pages show, where there are any.
pub fn end(out: &mut Vec<u8>, written: &Written, article: Option<&Article<String>>) {
    // A file has at most `posts.max_file_bytes`, far below 4 GB.
    let mut lengths: Vec<u32> = { written.lengths.iter() }
        .map(|length| *length as u32)
        .collect();
    if let Some(article) = article {
        lengths.push(pack(out, article));
    }
    let tail = Tail {
        traits: written.traits,
        lengths,
    };
    let length = pack(out, &tail);
    out.extend_from_slice(&length.to_le_bytes());
}

/// Adds a value; gives its length. What cannot be packed has none and is not shown: it never happens, as these are
/// texts and numbers.
fn pack(out: &mut Vec<u8>, value: &impl Serialize) -> u32 {
    let start = out.len();
    if postcard::to_io(value, &mut *out).is_err() {
        out.truncate(start);
    }
    (out.len() - start) as u32
}

impl Record {
    /// What `write` writes.
    pub fn of(write: impl FnOnce(&mut Vec<u8>)) -> Record {
        let mut bytes = Vec::new();
        write(&mut bytes);
        Record(bytes)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The record as feeds see it.
    pub fn shown(&self) -> Option<Shown<'_>> {
        Shown::of(Cow::Borrowed(&self.0))
    }
}

impl<'a> Shown<'a> {
    /// `None` for bytes that are no record.
    pub fn of(bytes: Cow<'a, [u8]>) -> Option<Shown<'a>> {
        let (rest, length) = bytes.split_last_chunk::<LENGTH>()?;
        let tail = rest
            .len()
            .checked_sub(u32::from_le_bytes(*length) as usize)?;
        let (formats, tail) = rest.split_at(tail);
        let Tail { traits, lengths } = postcard::from_bytes(tail).ok()?;
        let mut at = 0;
        let mut parts = Vec::with_capacity(lengths.len());
        for length in &lengths {
            let end = at + *length as usize;
            parts.push(at..end);
            at = end;
        }
        let is_whole = at == formats.len();
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

    /// What pages show.
    pub fn article(&self) -> Option<Article<&str>> {
        let part = self.parts.last()?.clone();
        postcard::from_bytes(&self.bytes[part]).ok()
    }
}
