//! Bytes become files: only what changed, each whole or not at all; what replaces something, safe against a power cut.
//! In: rendered feeds with their relative paths, and what is known to lie there already.
//! Out: what was written, what was the same, what failed and why.

mod change;
mod copies;
mod epoch;
mod folder;
mod parents;
mod paths;
mod spots;
mod staging;
mod sync;
mod write;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use copies::Coding;
pub use epoch::Epoch;
pub use folder::Folder;
pub use spots::{Finder, Places, expect_files};
pub use staging::{Staging, Writer};
pub use sync::Behind;

/// The `publish` section of the config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The folder that feeds are written to; made when it is missing (default `public`).
    pub dir: PathBuf,
    /// Compressed copies to keep beside each file, for a web server that sends them as they are: any
    /// of `gzip`, `br` (default none; the built-in server compresses by itself).
    pub compress: Vec<Coding>,
    /// An S3-compatible bucket that gets the same files (default none).
    pub s3: Option<S3Settings>,
    /// A command that runs after files changed: a line for `/bin/sh`, or a list of words (default none).
    pub command: Option<CommandLine>,
    /// The command is ended after this (seconds; default 300).
    pub command_timeout_seconds: u64,
}

/// `publish.s3`. Its keys come from the environment only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S3Settings {
    /// Address of the server (default: Amazon's of the region).
    pub endpoint: Option<String>,
    /// Name of the bucket, which must exist.
    pub bucket: String,
    /// What object names begin with, like a folder (default: nothing).
    pub prefix: String,
    /// Region (default `us-east-1`, which most other servers take too).
    pub region: String,
}

impl Default for S3Settings {
    fn default() -> Self {
        S3Settings {
            endpoint: None,
            bucket: String::new(),
            prefix: String::new(),
            region: "us-east-1".to_owned(),
        }
    }
}

/// A command as the config writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a command, or a list of its words")]
pub enum CommandLine {
    /// For `/bin/sh -c`.
    Shell(String),
    /// A program and its arguments, as they are.
    Words(Vec<String>),
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            dir: PathBuf::from("public"),
            compress: Vec::new(),
            s3: None,
            command: None,
            command_timeout_seconds: 300,
        }
    }
}

/// Bytes on their way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Relative to the folder, `/` between its parts.
    pub path: String,
    /// The whole content.
    pub bytes: Vec<u8>,
}

/// What the caller remembers of the file at a path.
pub type Known<'a> = &'a (dyn Fn(&str) -> Option<Published> + Sync);

/// A file that lies in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Relative to the folder, `/` between its parts. All that is known of the file shares it.
    pub path: Arc<str>,
    /// `content_hash` of the content.
    pub hash: [u8; 16],
    /// Length in bytes.
    pub size: u64,
    /// Time of the last change, in nanoseconds since 1970.
    pub modified_ns: i64,
}

/// What became of a batch, each row once.
#[derive(Debug, Default)]
pub struct Outcome {
    /// New bytes are in place.
    pub written: Vec<Published>,
    /// The same bytes lay there; nothing was touched.
    pub unchanged: Vec<Published>,
    /// The old file, if any, is still whole; try again later.
    pub failed: Vec<(String, std::io::Error)>,
}

/// XXH3 of `bytes`, 128 bits: what `Published` holds and `ETag`s show. It tells versions of one file apart, and is no
/// guard against whoever makes them: that is who may write the file.
pub fn content_hash(bytes: &[u8]) -> [u8; 16] {
    twox_hash::XxHash3_128::oneshot(bytes).to_be_bytes()
}
