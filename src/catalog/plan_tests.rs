//! What a round asks must not read all posts, or a new post would cost more in a larger site.
//! In: the questions. Out: how SQLite says that it answers them.

use super::*;

/// Tables that grow with the site.
const LARGE: [&str; 5] = ["posts", "files", "labels", "post_labels", "published"];

#[test]
fn no_question_of_a_round_reads_a_whole_table() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = Catalog::open(&folder.path().join("catalog.db"), "x").unwrap();
    let questions = [
        read::UNDATED,
        marks::DIRTY,
        read::DUE,
        archives::UNARCHIVED,
        archives::MARKED,
        &window::NEWEST,
    ];
    for question in questions {
        for step in steps(&catalog, question) {
            let whole = step.strip_prefix("SCAN ");
            let table = whole.and_then(|rest| rest.split(' ').next());
            // An index that holds only the rows in question may be read to its end.
            let is_partial = step.ends_with(" INDEX posts_first_seen");
            assert!(
                is_partial || !table.is_some_and(|table| LARGE.contains(&table)),
                "{question}: {step}"
            );
        }
    }
    assert_eq!(steps(&catalog, "select * from posts"), ["SCAN posts"]);
    let newest = steps(&catalog, &window::NEWEST).join("; ");
    assert!(newest.contains("INDEX posts_hidden"), "{newest}");
    assert!(!newest.contains("TEMP B-TREE"), "{newest}");
    // Those of all labels stand in the right order, and are many more.
    let unarchived = steps(&catalog, archives::UNARCHIVED).join("; ");
    assert!(
        unarchived.contains("INDEX labels_unarchived"),
        "{unarchived}"
    );
    let marked = steps(&catalog, archives::MARKED);
    assert!(marked[0].starts_with("SCAN m"), "{marked:?}");
}

fn steps(catalog: &Catalog, question: &str) -> Vec<String> {
    let mut statement = catalog
        .connection
        .prepare(&format!("explain query plan {question}"))
        .unwrap();
    // Parameters that are not bound are null: the plan does not hang on them.
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get(3).unwrap());
    }
    steps
}
