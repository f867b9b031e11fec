//! Heads of documents. The feeds of a site differ in a few texts only, so the crates write one head with gaps, and each
//! feed fills them in.
//! In: ready views. Out: what stands before and after the entries, as the crates would write it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use memchr::memmem;

use super::Format;
use super::view::FeedView;
use super::xml::escape_into;
use crate::model::time::PostTime;

/// Stands for a text of the feed's own: with a byte that numbers the gap it is a private character (Unicode 23.5).
const GAP: &[u8] = &[0xf3, 0xb0, 0x80];
/// Stands for the time of the newest change, in seconds since 1970; no post is dated so.
const THEN: i64 = 86_399;

/// Heads that were written so far, of one site and one config.
#[derive(Debug, Default)]
pub struct Heads(RwLock<HashMap<Kind, Option<Arc<Head>>>>);

/// What decides about more of a head than the texts in its gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Kind {
    format: Format,
    has_source: bool,
    has_image: bool,
    previous: Option<Format>,
}

/// A head with gaps.
#[derive(Debug)]
struct Head {
    pieces: Vec<(Vec<u8>, Option<Gap>)>,
    end: &'static [u8],
}

/// A text of the feed's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    Title,
    Description,
    Id,
    Url,
    Alternate,
    Previous,
    Updated,
}

impl Gap {
    const TEXTS: [Gap; 6] = [
        Gap::Title,
        Gap::Description,
        Gap::Id,
        Gap::Url,
        Gap::Alternate,
        Gap::Previous,
    ];

    fn mark(self) -> String {
        let mark = char::from_u32(0xf_0000 + self as u32);
        mark.map(String::from).unwrap_or_default()
    }
}

impl Heads {
    /// What stands before and after the entries of a document that `write` writes.
    pub fn around<'a>(
        &self,
        view: &FeedView<'a>,
        format: Format,
        write: impl Fn(&FeedView<'a>) -> (Vec<u8>, &'static [u8]),
    ) -> (Vec<u8>, &'static [u8]) {
        // Feeds without entries and pages of histories are few, and differ in more.
        if view.updated.is_none() || view.is_archive {
            return write(view);
        }
        let kind = Kind {
            format,
            has_source: view.gist.has_source,
            has_image: view.gist.has_image,
            previous: view.previous.as_ref().map(|(_, format)| *format),
        };
        let known = {
            let heads = self.0.read().unwrap_or_else(PoisonError::into_inner);
            heads.get(&kind).cloned()
        };
        let head = known.unwrap_or_else(|| {
            let head = Head::of(view, format, &write).map(Arc::new);
            let mut heads = self.0.write().unwrap_or_else(PoisonError::into_inner);
            heads.insert(kind, head.clone());
            head
        });
        match head {
            Some(head) => (head.filled(view, format), head.end),
            None => write(view),
        }
    }
}

impl Head {
    /// `None` where a text of the site looks like a gap.
    fn of<'a>(
        view: &FeedView<'a>,
        format: Format,
        write: impl Fn(&FeedView<'a>) -> (Vec<u8>, &'static [u8]),
    ) -> Option<Head> {
        let previous = view.previous.as_ref();
        let (bytes, end) = write(&FeedView {
            title: Gap::Title.mark().into(),
            description: Gap::Description.mark(),
            id: Gap::Id.mark(),
            url: Gap::Url.mark(),
            alternate: Gap::Alternate.mark(),
            previous: previous.map(|(_, format)| (Gap::Previous.mark(), *format)),
            updated: PostTime::from_parts(THEN, 0),
            ..view.clone()
        });
        let mut pieces = Vec::new();
        let mut rest = bytes.as_slice();
        while let Some(at) = memmem::find(rest, GAP) {
            let (before, after) = rest.split_at(at);
            let number = after.get(GAP.len())? & 0x3f;
            let gap = Gap::TEXTS.get(usize::from(number))?;
            add(&mut pieces, before, format, Some(*gap));
            rest = &after[GAP.len() + 1..];
        }
        add(&mut pieces, rest, format, None);
        let head = Head { pieces, end };
        let (whole, _) = write(view);
        (head.filled(view, format) == whole).then_some(head)
    }

    fn filled(&self, view: &FeedView<'_>, format: Format) -> Vec<u8> {
        let known: usize = self.pieces.iter().map(|(bytes, _)| bytes.len()).sum();
        let mut out = Vec::with_capacity(known + 1024);
        for (bytes, gap) in &self.pieces {
            out.extend_from_slice(bytes);
            let text = match gap {
                None => continue,
                Some(Gap::Title) => &view.title,
                Some(Gap::Description) => view.description.as_str(),
                Some(Gap::Id) => &view.id,
                Some(Gap::Url) => &view.url,
                Some(Gap::Alternate) => &view.alternate,
                Some(Gap::Previous) => view.previous.as_ref().map_or("", |(url, _)| url),
                Some(Gap::Updated) => {
                    let at = view.updated.map(|at| said(at, format));
                    out.extend_from_slice(at.unwrap_or_default().as_bytes());
                    continue;
                }
            };
            match format {
                Format::Atom | Format::Rss => escape_into(text, &mut out),
                Format::Json => {
                    let quoted = serde_json::to_vec(text).unwrap_or_default();
                    let inner = quoted.len().saturating_sub(1).max(1);
                    out.extend_from_slice(quoted.get(1..inner).unwrap_or_default());
                }
            }
        }
        out
    }
}

/// Adds bytes in which the time of the newest change may stand.
fn add(pieces: &mut Vec<(Vec<u8>, Option<Gap>)>, bytes: &[u8], format: Format, gap: Option<Gap>) {
    let then = PostTime::from_parts(THEN, 0).map(|then| said(then, format));
    let then = then.unwrap_or_default();
    let mut rest = bytes;
    while !then.is_empty()
        && let Some(at) = memmem::find(rest, then.as_bytes())
    {
        pieces.push((rest[..at].to_vec(), Some(Gap::Updated)));
        rest = &rest[at + then.len()..];
    }
    pieces.push((rest.to_vec(), gap));
}

/// A time as a head says it; JSON Feed has no such thing.
fn said(at: PostTime, format: Format) -> String {
    match format {
        Format::Atom => at.rfc3339(),
        Format::Rss => at.rfc2822(),
        Format::Json => String::new(),
    }
}

#[cfg(test)]
#[path = "heads_tests.rs"]
mod tests;
