//! The `tagwire` program: hands the command line to the library and reports its exit code.

use std::process::ExitCode;

// It takes the place of C's `malloc`, which SQLite and the standard library call: to name it here as the allocator as well
// would send each call through its slower way, for alignments that nobody asks for.
use mimalloc as _;

fn main() -> ExitCode {
    tagwire::cli::main()
}
