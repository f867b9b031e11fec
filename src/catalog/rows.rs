//! Many rows with one statement.
//! In: rows of four columns. Out: the same in their table.

use rusqlite::{Connection, Statement};

/// Rows of four columns that one statement writes: beginning and ending one costs about as much as a row.
const MANY: usize = 16;

/// Writes rows of four columns, many with each statement: `into` begins it, and `bind` gives it the values of a row from a
/// parameter on.
pub(super) fn insert_fours<T>(
    transaction: &Connection,
    into: &str,
    rows: &[T],
    bind: impl Fn(&mut Statement<'_>, usize, &T) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let insert = |rows: &mut dyn Iterator<Item = &[T]>, many: usize| {
        let places = vec!["(?, ?, ?, ?)"; many].join(", ");
        let mut insert = transaction.prepare_cached(&format!("{into} values {places}"))?;
        for rows in rows {
            for (at, row) in rows.iter().enumerate() {
                bind(&mut insert, 4 * at + 1, row)?;
            }
            insert.raw_execute()?;
        }
        Ok(())
    };
    let (many, rest) = rows.as_chunks::<MANY>();
    insert(&mut many.iter().map(<[T; MANY]>::as_slice), MANY)?;
    insert(&mut rest.chunks(1), 1)
}
