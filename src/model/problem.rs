//! What was wrong with a post, and what was done about it.
//! In: the place and the finding, from the parser. Out: rows of the problems list.

use std::fmt;

/// How much a problem took from the post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The post is read as its author meant it; something small was put right.
    Note,
    /// The post is used, with an assumption that its author should check.
    Recovered,
    /// The post is not used until it is mended.
    Skipped,
}

impl Severity {
    /// `note`, `recovered` or `skipped`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Recovered => "recovered",
            Severity::Skipped => "skipped",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One finding about one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the config's `posts.dir` leads to it, with `/` between folders.
    pub path: String,
    /// Line in the file, from 1; 0 when the file as a whole is meant.
    pub line: u32,
    /// Column in characters, from 1; 0 when the line as a whole is meant.
    pub column: u32,
    /// How much it took from the post.
    pub severity: Severity,
    /// Stable short name, for filters and tests: `empty-title`, `broken-yaml`.
    pub kind: &'static str,
    /// What was found and what was assumed, in a sentence.
    pub message: String,
    /// How to mend it, in a sentence.
    pub help: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        write!(
            f,
            ": {} [{}]: {}; {}",
            self.severity, self.kind, self.message, self.help
        )
    }
}
