//! Compares tagwire's Markdown with kramdown's, feature by feature.
//! In: `ANSWERS.jsonl FOLDER`, for example `tests/golden/kramdown/answers.jsonl tests/golden/kramdown`.
//! Out: a table, and with `--show N` the first N differences in full; exit code 1 when something differs
//! that is not meant to.

mod compare;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (answers, folder, show) = match arguments.as_slice() {
        [answers, folder] => (answers, folder, 0),
        [answers, folder, flag, count] if flag == "--show" => {
            (answers, folder, count.parse().unwrap_or(20))
        }
        _ => {
            eprintln!("usage: kramdown-parity ANSWERS.jsonl FOLDER [--show N]");
            return ExitCode::from(2);
        }
    };
    let read = std::fs::read_to_string(answers).map_err(|error| format!("{answers}: {error}"));
    match read.and_then(|text| compare::compare(&text, Path::new(folder))) {
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
        Ok(report) => {
            print!("{report}");
            println!("{} compared", report.compared());
            let wrong = report.wrong();
            wrong
                .iter()
                .take(show)
                .for_each(|text| println!("WRONG {text}"));
            ExitCode::from(u8::from(!wrong.is_empty()))
        }
    }
}
