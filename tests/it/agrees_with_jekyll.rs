//! The same posts through Jekyll and through tagwire.
//! In: 274 posts of our own below `tests/golden/jekyll`, what Debian's Jekyll 4.3.1 said of them, and, where
//! the folder `shared` is at hand, 3,581 real files with what Jekyll 4.4.1 said. Out: no difference but those meant.

use std::path::{Path, PathBuf};

#[path = "../../examples/jekyll-parity/compare.rs"]
mod compare;

fn agrees(answers: &Path, sites: &Path, least: usize) {
    let text = std::fs::read_to_string(answers).unwrap();
    let report = compare::compare(&text, sites).unwrap();
    println!("{report}");
    assert!(report.compared >= least, "{report}");
    assert_eq!(report.wrong(), Vec::<String>::new());
}

#[test]
fn our_own_posts_read_as_jekyll_reads_them() {
    let sites = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/jekyll");
    agrees(&sites.join("answers.jsonl"), &sites, 260);
}

#[test]
fn real_posts_read_as_jekyll_reads_them() {
    let named = std::env::var_os("TAGWIRE_SHARED").map(PathBuf::from);
    let near = ["../shared", "../../shared"].map(PathBuf::from);
    let mut places = named.into_iter().chain(near);
    let Some(shared) = places.find(|place| place.join("golden/oracle_jk441.jsonl").is_file())
    else {
        eprintln!(
            "SKIPPED real_posts_read_as_jekyll_reads_them: no folder `shared`; set TAGWIRE_SHARED"
        );
        return;
    };
    let answers = shared.join("golden/oracle_jk441.jsonl");
    agrees(&answers, &shared.join("corpus"), 3_500);
}
