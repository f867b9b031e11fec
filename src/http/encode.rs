//! Compression of what is published.
//! In: a file's bytes. Out: the same in gzip or brotli; the same input gives the same bytes.

use std::io::{self, Write};

use super::negotiate::Coding;

/// Two thirds of the way: the rest costs several times the work for a few percent.
const GZIP_LEVEL: u32 = 6;
const BROTLI_QUALITY: i32 = 5;
/// Twice what a feed of twenty entries takes; the window is memory of each run, 2 to this power.
const BROTLI_WINDOW: i32 = 19;

/// `bytes` in `coding`.
///
/// # Errors
/// Those of the libraries; writing into memory gives none.
pub fn encode(bytes: Vec<u8>, coding: Coding) -> io::Result<Vec<u8>> {
    match coding {
        Coding::Identity => Ok(bytes),
        Coding::Gzip => {
            let room = Vec::with_capacity(bytes.len() / 3);
            let level = flate2::Compression::new(GZIP_LEVEL);
            let mut gzip = flate2::write::GzEncoder::new(room, level);
            gzip.write_all(&bytes)?;
            gzip.finish()
        }
        Coding::Brotli => {
            let params = brotli::enc::BrotliEncoderParams {
                quality: BROTLI_QUALITY,
                lgwin: BROTLI_WINDOW,
                size_hint: bytes.len(),
                ..Default::default()
            };
            let mut out = Vec::with_capacity(bytes.len() / 3);
            brotli::BrotliCompress(&mut bytes.as_slice(), &mut out, &params)?;
            Ok(out)
        }
    }
}
