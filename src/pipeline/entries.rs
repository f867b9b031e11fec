//! Entries that were rendered lately, so that a post in four feeds is read once.
//! In: digested posts. Out: the same as feed entries; the oldest leave when the room is full.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::feeds::Entry;
use crate::model::PostId;

/// Bytes of HTML that are kept. A full build of 10,000 posts has 35 MB.
const ROOM: usize = 24 << 20;

/// A bounded memory of entries.
#[derive(Default)]
pub struct Entries {
    by_id: HashMap<PostId, Arc<Entry>>,
    order: VecDeque<(PostId, usize)>,
    bytes: usize,
}

impl Entries {
    /// Remembers an entry; a newer version takes the place of the older.
    pub fn put(&mut self, entry: Entry) -> Arc<Entry> {
        let entry = Arc::new(entry);
        let size = entry.post.html.len() + entry.summary.len() + 512;
        let id = entry.post.id.clone();
        self.by_id.insert(id.clone(), entry.clone());
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
        entry
    }

    /// A remembered entry.
    pub fn get(&self, id: &PostId) -> Option<Arc<Entry>> {
        self.by_id.get(id).cloned()
    }
}
