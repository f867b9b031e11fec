//! The `tagwire` program: hands the command line to the library and reports its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    tagwire::cli::main()
}
