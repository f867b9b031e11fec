//! Fences of code: CommonMark 0.31, section 4.5.
//! In: a line without its indent. Out: whether a fence opens there, or ends.

/// What opened a block of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::posts) struct Fence {
    mark: char,
    length: usize,
}

impl Fence {
    /// The fence that a line opens.
    pub fn of(line: &str) -> Option<Fence> {
        let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let length = line.chars().take_while(|c| *c == mark).count();
        // Else it is code within a line.
        let is_fence = length >= 3 && !(mark == '`' && line[length..].contains('`'));
        is_fence.then_some(Fence { mark, length })
    }

    /// Whether a line ends it.
    pub fn ends_in(self, line: &str) -> bool {
        let line = line.trim();
        line.len() >= self.length && line.chars().all(|c| c == self.mark)
    }
}
