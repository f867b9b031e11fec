//! Memory that serves for one file after the other: taken anew, it would come from the far end of the cache each time.
//! In: a thread's memory, and work that needs some. Out: what the work gives; the memory stays with the thread.

use std::cell::Cell;
use std::thread::LocalKey;

/// Bytes that stay; what a giant left is given back.
const KEPT: usize = 1 << 18;

/// Works with a thread's memory, which holds nothing at first.
pub fn with_scratch<T>(
    memory: &'static LocalKey<Cell<Vec<u8>>>,
    work: impl FnOnce(&mut Vec<u8>) -> T,
) -> T {
    let mut bytes = memory.take();
    bytes.clear();
    let done = work(&mut bytes);
    if bytes.capacity() <= KEPT {
        memory.set(bytes);
    }
    done
}
