//! Sets of characters that are asked about every character of a text.
//! In: characters. Out: whether one of the Basic Multilingual Plane is among them.
//! A bit for each: one look at 8 KB that stay near the processor.

/// A set of characters up to U+FFFF.
pub(super) struct CharSet(Box<[u64; 1024]>);

impl FromIterator<char> for CharSet {
    fn from_iter<T: IntoIterator<Item = char>>(chars: T) -> Self {
        let mut bits = Box::new([0; 1024]);
        for c in chars {
            if let Some(word) = bits.get_mut(c as usize / 64) {
                *word |= 1 << (c as usize % 64);
            }
        }
        CharSet(bits)
    }
}

impl CharSet {
    /// True for a character of the set; what lies beyond U+FFFF is in none.
    pub fn has(&self, c: char) -> bool {
        let word = self.0.get(c as usize / 64).copied().unwrap_or(0);
        word >> (c as usize % 64) & 1 == 1
    }
}
