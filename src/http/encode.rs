//! Compression of what is published.
//! In: a file's bytes. Out: the same in gzip or brotli, exactly as the copies that `publish.compress`
//! asks for.

use std::io;

use super::negotiate::Coding;
use crate::publish;

/// `bytes` in `coding`.
///
/// # Errors
/// Those of the libraries; writing into memory gives none.
pub fn encode(bytes: Vec<u8>, coding: Coding) -> io::Result<Vec<u8>> {
    match coding {
        Coding::Identity => Ok(bytes),
        Coding::Gzip => publish::Coding::Gzip.encode(&bytes),
        Coding::Brotli => publish::Coding::Br.encode(&bytes),
    }
}
