//! Bytes become files: only what changed, each whole or not at all, safe against a power cut.
//! In: rendered feeds with their relative paths, and what is known to lie there already.
//! Out: what was written, what was the same, what failed and why.

mod folder;
mod paths;
mod write;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use folder::{Folder, Staging};

/// The `publish` section of the config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The folder that feeds are written to; made when it is missing (default `public`).
    pub dir: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            dir: PathBuf::from("public"),
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

/// A file that lies in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Relative to the folder, `/` between its parts.
    pub path: String,
    /// SHA-256 of the content, cut to 16 bytes.
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

/// SHA-256 of `bytes`, cut to 16 bytes: what `Published` holds and `ETag`s show.
pub fn content_hash(bytes: &[u8]) -> [u8; 16] {
    use sha2::{Digest, Sha256};
    let mut cut = [0; 16];
    cut.copy_from_slice(&Sha256::digest(bytes)[..16]);
    cut
}
