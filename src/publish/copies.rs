//! Compressed copies beside published files, for servers that send them as they are.
//! In: a file's bytes. Out: the same in gzip or brotli; the same input gives the same bytes, on any
//! machine and at any hour: a gzip header holds no name and no time.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

/// Two thirds of the way: the rest costs several times the work for a few percent.
const GZIP_LEVEL: u32 = 6;
const BROTLI_QUALITY: i32 = 5;
/// Twice what a feed of twenty entries takes; the window is memory of each run, 2 to this power.
const BROTLI_WINDOW: i32 = 19;

/// How a copy is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Coding {
    /// RFC 1952; the copy's name ends in `.gz`.
    Gzip,
    /// RFC 7932; the copy's name ends in `.br`.
    Br,
}

impl Coding {
    /// Both.
    pub const ALL: [Coding; 2] = [Coding::Gzip, Coding::Br];

    /// What is appended to the file's name, with its dot: nginx, Caddy and Apache look for these.
    pub fn ending(self) -> &'static str {
        match self {
            Coding::Gzip => ".gz",
            Coding::Br => ".br",
        }
    }

    /// The copy's path.
    pub fn copy_of(self, path: &str) -> String {
        format!("{path}{}", self.ending())
    }

    /// The coding of a path that is a copy. No file of ours besides copies ends so.
    pub fn of_copy(path: &str) -> Option<Coding> {
        Coding::ALL
            .into_iter()
            .find(|coding| path.ends_with(coding.ending()))
    }

    /// The path of the file itself, given it or a copy of it.
    pub fn original_of(path: &str) -> &str {
        let strip = |coding: Coding| path.strip_suffix(coding.ending());
        Coding::ALL.into_iter().find_map(strip).unwrap_or(path)
    }

    /// `bytes`, compressed.
    ///
    /// # Errors
    /// Those of the libraries; writing into memory gives none.
    pub fn encode(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(bytes.len() / 3);
        match self {
            Coding::Gzip => {
                let level = flate2::Compression::new(GZIP_LEVEL);
                let mut gzip = flate2::write::GzEncoder::new(out, level);
                gzip.write_all(bytes)?;
                gzip.finish()
            }
            Coding::Br => {
                let params = brotli::enc::BrotliEncoderParams {
                    quality: BROTLI_QUALITY,
                    lgwin: BROTLI_WINDOW,
                    size_hint: bytes.len(),
                    ..Default::default()
                };
                let mut bytes = bytes;
                brotli::BrotliCompress(&mut bytes, &mut out, &params)?;
                Ok(out)
            }
        }
    }
}
