//! The same Markdown through kramdown and through tagwire.
//! In: cases of our own below `tests/golden/kramdown`, and what kramdown 2.4.0 made of them. Out: no difference
//! but those meant. Ruby is not needed: `ask-kramdown` beside the cases makes the answers anew.

use std::path::Path;

#[path = "../../examples/kramdown-parity/compare.rs"]
mod compare;

#[test]
fn markdown_reads_as_kramdown_reads_it() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/kramdown");
    let answers = std::fs::read_to_string(cases.join("answers.jsonl")).unwrap();
    let report = compare::compare(&answers, &cases).unwrap();
    println!("{report}");
    assert!(report.compared() >= 160, "{report}");
    assert_eq!(report.wrong(), Vec::<String>::new());
}
