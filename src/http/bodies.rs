//! Bodies that were sent lately.
//! In: bodies under the hash of their file and their coding. Out: the same without reading or
//! compressing again. Bounded in bytes; what is not asked for goes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::negotiate::Coding;

/// Most bytes kept. A feed of twenty entries has about 30 KB in gzip.
const MOST: usize = 16 << 20;

type Key = ([u8; 16], Coding);

/// A cache in two halves: what is used moves to the young one; when that is full, the old one goes.
#[derive(Debug)]
pub struct Bodies {
    halves: Mutex<Halves>,
    half: usize,
}

#[derive(Debug, Default)]
struct Halves {
    young: HashMap<Key, Bytes>,
    young_bytes: usize,
    old: HashMap<Key, Bytes>,
}

impl Default for Bodies {
    fn default() -> Self {
        Bodies::with_room(MOST)
    }
}

impl Bodies {
    fn with_room(most: usize) -> Self {
        Bodies {
            halves: Mutex::default(),
            half: most / 2,
        }
    }

    /// The body, if it is still here.
    pub fn get(&self, hash: [u8; 16], coding: Coding) -> Option<Bytes> {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(body) = halves.young.get(&(hash, coding)) {
            return Some(body.clone());
        }
        let body = halves.old.remove(&(hash, coding))?;
        self.keep(&mut halves, (hash, coding), body.clone());
        Some(body)
    }

    /// Remembers a body. One that would push out most others is not kept.
    pub fn put(&self, hash: [u8; 16], coding: Coding, body: Bytes) {
        let mut halves = self.halves.lock().unwrap_or_else(PoisonError::into_inner);
        self.keep(&mut halves, (hash, coding), body);
    }

    fn keep(&self, halves: &mut Halves, key: Key, body: Bytes) {
        if body.len() > self.half / 4 {
            return;
        }
        if halves.young_bytes + body.len() > self.half {
            halves.old = std::mem::take(&mut halves.young);
            halves.young_bytes = 0;
        }
        halves.young_bytes += body.len();
        let replaced = halves.young.insert(key, body);
        halves.young_bytes -= replaced.map_or(0, |body| body.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(bodies: &Bodies) -> usize {
        let halves = bodies.halves.lock().unwrap();
        let young: usize = halves.young.values().map(Bytes::len).sum();
        assert_eq!(young, halves.young_bytes);
        young + halves.old.values().map(Bytes::len).sum::<usize>()
    }

    #[test]
    fn what_is_used_stays_and_the_rest_makes_room() {
        let bodies = Bodies::with_room(4000);
        let body = Bytes::from(vec![7; 200]);
        for number in 0..=255 {
            bodies.put([number; 16], Coding::Gzip, body.clone());
            assert_eq!(
                bodies.get([0; 16], Coding::Gzip),
                Some(body.clone()),
                "{number}"
            );
            assert!(held(&bodies) <= 4000);
        }
        assert_eq!(bodies.get([9; 16], Coding::Gzip), None);
        assert_eq!(bodies.get([0; 16], Coding::Brotli), None);
        bodies.put([1; 16], Coding::Gzip, Bytes::from(vec![7; 600]));
        assert_eq!(bodies.get([1; 16], Coding::Gzip), None);
        bodies.put([0; 16], Coding::Gzip, body.clone());
        held(&bodies);
    }
}
