//! The `tagwire` program: hands the command line to the library and reports its exit code.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    tagwire::cli::main()
}
