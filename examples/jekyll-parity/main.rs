//! Compares tagwire with Jekyll, field by field.
//! In: `ANSWERS.jsonl SITES`, for example `tests/golden/jekyll/answers.jsonl tests/golden/jekyll`.
//! Out: a table; exit code 1 when something differs that is not meant to.

mod compare;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [answers, sites] = arguments.as_slice() else {
        eprintln!("usage: jekyll-parity ANSWERS.jsonl SITES");
        return ExitCode::from(2);
    };
    let read = std::fs::read_to_string(answers).map_err(|error| format!("{answers}: {error}"));
    match read.and_then(|text| compare::compare(&text, Path::new(sites))) {
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
        Ok(report) => {
            print!("{report}");
            let wrong = report.wrong();
            wrong.iter().for_each(|text| println!("WRONG {text}"));
            ExitCode::from(u8::from(!wrong.is_empty()))
        }
    }
}
