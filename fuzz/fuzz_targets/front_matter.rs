//! Any bytes as a whole file.
#![no_main]

mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::check("posts/2022-02-18-a.md", bytes));
