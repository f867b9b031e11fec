//! Classes of characters that are asked about every character of a text.
//! In: characters and the classes they are of, a bit each. Out: all classes of a character at one look.
//! A byte for each of the Basic Multilingual Plane: 64 KB, of which a text touches few lines.

/// The classes of the characters up to U+FFFF.
pub(super) struct Classes(Box<[u8; 0x1_0000]>);

impl Classes {
    /// No character is of any class.
    pub fn none() -> Classes {
        Classes(Box::new([0; 0x1_0000]))
    }

    /// These are of that class too; what lies beyond U+FFFF is of none.
    pub fn add(&mut self, class: u8, chars: impl IntoIterator<Item = char>) {
        let codes = chars.into_iter().filter_map(|c| u16::try_from(c).ok());
        codes.for_each(|code| self.0[usize::from(code)] |= class);
    }

    /// These are not of that class after all.
    pub fn remove(&mut self, class: u8, chars: impl IntoIterator<Item = char>) {
        let codes = chars.into_iter().filter_map(|c| u16::try_from(c).ok());
        codes.for_each(|code| self.0[usize::from(code)] &= !class);
    }

    /// All classes of a character.
    pub fn of(&self, c: char) -> u8 {
        u16::try_from(c).map_or(0, |code| self.0[usize::from(code)])
    }

    /// The classes of all, by their numbers.
    pub fn table(&self) -> &[u8; 0x1_0000] {
        &self.0
    }
}
