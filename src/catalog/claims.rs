//! Files that hold a post of the same id: the first of them by path stands for it, the others stand back.
//! In: a file that is read, or goes, and the id. Out: who stands for it, who would next, and the problem rows of the others.

use rusqlite::{Connection, OptionalExtension};

use super::write::insert_problem;
use crate::model::{Post, PostId, Problem, Severity};

/// Notes that a file stands back behind another one of its id.
pub fn claim(transaction: &Connection, id: &PostId, path: &str) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("insert or ignore into claims values (?1, ?2)")?
        .execute([id.as_str(), path])
        .map(|_| ())
}

/// Tells all files that stand back behind another one of their id which one it is now; what they are told.
pub fn tell_claimants(
    transaction: &Connection,
    id: &PostId,
    winner: &str,
) -> rusqlite::Result<Vec<Problem>> {
    let claimants: Vec<String> = transaction
        .prepare_cached(
            "select f.path from claims c join files f on f.path = c.path and f.id = c.id
             where c.id = ?1 and c.path <> ?2 and f.missing_since is null",
        )?
        .query_map([id.as_str(), winner], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut told = Vec::new();
    for path in claimants {
        transaction
            .prepare_cached("delete from problems where path = ?1 and kind = 'duplicate-id'")?
            .execute([&path])?;
        let doubled = duplicate(&path, id, winner);
        insert_problem(transaction, &doubled)?;
        told.push(doubled);
    }
    Ok(told)
}

/// Another file that is there and stands for the same post.
pub fn rival(transaction: &Connection, post: &Post) -> rusqlite::Result<Option<String>> {
    transaction
        .prepare_cached(
            "select p.path from posts p join files f on f.path = p.path
             where p.id = ?1 and p.path <> ?2 and f.missing_since is null",
        )?
        .query_row([post.id.as_str(), &post.path], |row| row.get(0))
        .optional()
}

/// The problem of a file whose post another file stands for.
pub fn duplicate(path: &str, id: &PostId, winner: &str) -> Problem {
    Problem {
        path: path.to_owned(),
        line: 0,
        column: 0,
        severity: Severity::Skipped,
        kind: "duplicate-id",
        message: format!("this post has the id {id}, which {winner} has already"),
        help: "give one of them another slug, category or day, or a `guid` of its own".into(),
    }
}

/// The file that stands for the post of this id once `path` has gone. It is read again by the next look, if not before.
pub fn heir(transaction: &Connection, id: &str, path: &str) -> rusqlite::Result<Option<String>> {
    first_claimant(transaction, id, path, true)
}

/// A file that comes before `path` and stands back, although whoever stood for the post is missing: it is its turn.
pub fn earlier_claimant(
    transaction: &Connection,
    id: &PostId,
    path: &str,
) -> rusqlite::Result<Option<String>> {
    first_claimant(transaction, id.as_str(), path, false)
}

/// Of the other files that claim this id and are there the first by path: before `path`, or anywhere.
fn first_claimant(
    transaction: &Connection,
    id: &str,
    path: &str,
    anywhere: bool,
) -> rusqlite::Result<Option<String>> {
    let first: Option<String> = transaction
        .prepare_cached(
            "select f.path from claims c join files f on f.path = c.path and f.id = c.id
             where c.id = ?1 and (c.path < ?2 or (?3 and c.path > ?2)) and f.missing_since is null
             order by c.path limit 1",
        )?
        .query_row((id, path, anywhere), |row| row.get(0))
        .optional()?;
    if let Some(first) = &first {
        // No real file has this stamp: should we end before it is read, the next look reads it.
        transaction
            .prepare_cached("update files set size = -1, modified_ns = -1 where path = ?1")?
            .execute([first])?;
    }
    Ok(first)
}

#[cfg(test)]
mod tests {
    use super::super::window_tests::{NOW, reading};
    use super::super::{Catalog, Reading};
    use crate::model::PostId;

    fn at(path: &str) -> Reading {
        let mut reading = reading(1, 10);
        reading.path = path.to_owned();
        let post = reading.post.as_mut().unwrap();
        std::sync::Arc::make_mut(&mut post.post).path = path.to_owned();
        reading
    }

    #[test]
    fn while_the_first_is_missing_the_second_stands_in_whoever_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut catalog = Catalog::open(&folder.path().join("catalog.db"), "").unwrap();
        for path in ["a", "b", "c"] {
            catalog.upsert(&[at(path)], NOW).unwrap();
        }
        let stands = |catalog: &Catalog| catalog.post(&PostId::new("/n1")).unwrap().unwrap().path;
        catalog.mark_missing(&["a".to_owned()], NOW).unwrap();
        let done = catalog.upsert(&[at("c")], NOW).unwrap();
        assert_eq!(
            (done.delta.reread, done.keys),
            (vec!["b".to_owned()], vec![None])
        );
        assert_eq!(stands(&catalog), "a", "for as long as it is not forgotten");
        catalog.upsert(&[at("b")], NOW).unwrap();
        assert_eq!(stands(&catalog), "b");
        catalog.upsert(&[at("a")], NOW).unwrap();
        assert_eq!(stands(&catalog), "a");
    }

    #[test]
    fn those_that_stand_back_are_told_behind_whom_in_whatever_order_they_come() {
        let told = |catalog: &Catalog| {
            let problems = catalog.problems(9).unwrap().into_iter();
            let mut told: Vec<String> = problems
                .map(|problem| format!("{}: {}", problem.path, problem.message))
                .collect();
            told.sort();
            told
        };
        let behind = |paths: &[&str], winner: &str| -> Vec<String> {
            let told = paths.iter();
            told.map(|path| format!("{path}: this post has the id /n1, which {winner} has already"))
                .collect()
        };
        for order in [
            ["a", "b", "c"],
            ["c", "b", "a"],
            ["b", "c", "a"],
            ["c", "a", "b"],
        ] {
            let folder = tempfile::tempdir().unwrap();
            let mut catalog = Catalog::open(&folder.path().join("catalog.db"), "").unwrap();
            for path in order {
                catalog.upsert(&[at(path)], NOW).unwrap();
            }
            assert_eq!(told(&catalog), behind(&["b", "c"], "a"), "{order:?}");
            catalog.mark_missing(&["a".to_owned()], NOW).unwrap();
            let gone = catalog.forget_missing(NOW, &[]).unwrap();
            assert_eq!(gone.reread, ["b"]);
            catalog.upsert(&[at("b")], NOW).unwrap();
            assert_eq!(told(&catalog), behind(&["c"], "b"), "{order:?}");
        }
    }
}
