//! Scores summaries against editors' digests by character ROUGE, beside plain methods.
//! In: `FOLDER… [--budget N]… [--dump FILE] [--add NAME=FILE]…`; posts that begin with `> digest`, hidden
//! from the summariser. Out: a table for each half of the posts. `--dump` writes the articles for
//! `textrank.py`, whose answers `--add` reads.

mod rouge;
mod table;

use std::process::ExitCode;

fn main() -> ExitCode {
    match table::run(std::env::args().skip(1)) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
