//! Which claimed rows may be with Telegram: a small file beside the store that outlives a killed process.
//! In: rows, right before the first byte of their message goes out. Out: after a crash, those that may have left.
//! It waits for no disk: a kill takes nothing that was written, and after a power cut any claimed row may have left.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{StoreError, disk_is_believed};

/// Lines of one length, of which none lies on two pages: the system writes each whole.
const LINE: usize = 128;

/// `PATH.leaving` beside a database. A second process never has it: the instance lock goes before it.
#[derive(Debug)]
pub struct Departures {
    path: PathBuf,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
enum Book {
    /// Whoever only looks notes nothing.
    #[default]
    Shut,
    Open {
        file: File,
        /// One for each line below the head.
        lines: Vec<Line>,
    },
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Free,
    UnderWay(i64),
    /// Settled, but not yet freed in the file.
    Settled,
}

impl Departures {
    /// Nothing is opened before `begin`.
    pub fn of(database: &Path) -> Self {
        let mut name = database.as_os_str().to_owned();
        name.push(".leaving");
        Departures {
            path: PathBuf::from(name),
            book: Mutex::default(),
        }
    }

    /// The rows that may have left before a crash; `None`: any may have, since the file is missing, from before the
    /// machine was started, of another `run` than the store's last, or not understood.
    pub fn found(&self, run: &str) -> Option<BTreeSet<i64>> {
        let text = std::fs::read_to_string(&self.path).ok()?;
        let mut lines = text.lines().map(str::trim_end);
        if lines.next()? != head(run)? {
            return None;
        }
        let rows = lines.filter(|line| !line.is_empty());
        rows.map(|row| row.parse().ok()).collect()
    }

    /// Begins anew, once what was found has been acted on and the store knows this `run` as its last.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn begin(&self, run: &str) -> Result<(), StoreError> {
        let begin = || -> io::Result<File> {
            let mut file = File::create(&self.path)?;
            file.write_all(&line(&head(run).unwrap_or_default()))?;
            Ok(file)
        };
        let file = begin().map_err(|source| StoreError::File {
            path: self.path.display().to_string(),
            source,
        })?;
        let lines = Vec::new();
        *self.lock() = Book::Open { file, lines };
        Ok(())
    }

    /// From now on this row may have left.
    ///
    /// # Errors
    /// It cannot be noted: the message must not leave.
    pub fn note(&self, delivery: i64) -> io::Result<()> {
        match &mut *self.lock() {
            Book::Shut => Ok(()),
            Book::Ended => Err(io::Error::other("the store is closed")),
            Book::Open { file, lines } => {
                free(file, lines);
                let at = lines.iter().position(|line| *line == Line::Free);
                let at = at.unwrap_or(lines.len());
                write(file, at, &delivery.to_string())?;
                match lines.get_mut(at) {
                    Some(line) => *line = Line::UnderWay(delivery),
                    None => lines.push(Line::UnderWay(delivery)),
                }
                Ok(())
            }
        }
    }

    /// The lines of a row that is about to be settled. It may be claimed again as soon as that is committed, and then
    /// has another line.
    pub fn of_row(&self, delivery: i64) -> Vec<usize> {
        match &*self.lock() {
            Book::Open { lines, .. } => {
                let wanted =
                    |(at, line): (usize, &Line)| (*line == Line::UnderWay(delivery)).then_some(at);
                lines.iter().enumerate().filter_map(wanted).collect()
            }
            Book::Shut | Book::Ended => Vec::new(),
        }
    }

    /// What became of the row of these lines is in the store.
    pub fn settled(&self, rows: &[usize]) {
        if let Book::Open { file, lines } = &mut *self.lock() {
            for at in rows {
                lines[*at] = Line::Settled;
            }
            free(file, lines);
        }
    }

    /// Takes the file away when nothing is under way any more, or when nothing on this disk can be believed.
    pub fn end(&self) {
        let book = std::mem::replace(&mut *self.lock(), Book::Ended);
        if let Book::Open { lines, .. } = book {
            let is_idle = !lines.iter().any(|line| matches!(line, Line::UnderWay(_)));
            if is_idle || disk_is_believed().is_err() {
                let _ = std::fs::remove_file(&self.path);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Frees what was settled. A line that cannot be freed now is tried again: while it stands, a crash takes its row, if it
/// is claimed once more, for one that has left.
fn free(file: &mut File, lines: &mut [Line]) {
    for (at, line) in lines.iter_mut().enumerate() {
        if *line == Line::Settled && write(file, at, "").is_ok() {
            *line = Line::Free;
        }
    }
}

fn write(file: &mut File, at: usize, text: &str) -> io::Result<()> {
    let start = (at + 1) * LINE;
    file.seek(SeekFrom::Start(start as u64))?;
    file.write_all(&line(text))
}

fn line(text: &str) -> Vec<u8> {
    let mut line = format!("{text:<width$}", width = LINE - 1).into_bytes();
    line.push(b'\n');
    line
}

/// Names this run of the program and of the machine (Linux, random(4)); `None` where the system does not tell.
fn head(run: &str) -> Option<String> {
    let mut boot = String::new();
    let mut file = File::open("/proc/sys/kernel/random/boot_id").ok()?;
    file.read_to_string(&mut boot).ok()?;
    Some(format!("run {run} boot {}", boot.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &Path) -> Option<Vec<i64>> {
        let found = Departures::of(path).found("1");
        found.map(|rows| rows.into_iter().collect())
    }

    #[test]
    fn what_is_under_way_outlives_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        assert_eq!(found(&path), None, "nobody knows");
        let departures = Departures::of(&path);
        departures.begin("1").unwrap();
        assert_eq!(found(&path), Some(vec![]));
        for row in [5, 6, i64::MAX] {
            departures.note(row).unwrap();
        }
        let lines = departures.of_row(5);
        departures.note(5).unwrap();
        departures.settled(&lines);
        assert_eq!(found(&path), Some(vec![5, 6, i64::MAX]), "claimed again");
        departures.settled(&departures.of_row(5));
        assert_eq!(found(&path), Some(vec![6, i64::MAX]));
        departures.note(7).unwrap();
        assert_eq!(found(&path), Some(vec![6, 7, i64::MAX]));
        let size = std::fs::metadata(folder.path().join("store.db.leaving"));
        assert_eq!(
            size.unwrap().len() as usize,
            5 * LINE,
            "lines are used again"
        );
        departures.end();
        assert!(departures.note(8).is_err(), "nothing may leave any more");
        assert_eq!(found(&path), Some(vec![6, 7, i64::MAX]));
        departures.begin("1").unwrap();
        assert_eq!(found(&path), Some(vec![]));
        departures.end();
        assert_eq!(found(&path), None, "an end in peace leaves nothing");
    }

    #[test]
    fn another_run_of_the_machine_or_a_broken_file_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let file = folder.path().join("store.db.leaving");
        let departures = Departures::of(&path);
        departures.begin("1").unwrap();
        departures.note(5).unwrap();
        let whole = std::fs::read_to_string(&file).unwrap();
        let boot = whole.find("boot ").unwrap() + 5;
        let other = format!("{}?{}", &whole[..boot], &whole[boot + 1..]);
        for broken in ["", &whole.replace("\n5 ", "\nx "), &other] {
            std::fs::write(&file, broken).unwrap();
            assert_eq!(found(&path), None, "{broken:?}");
        }
        std::fs::write(&file, &whole).unwrap();
        assert_eq!(found(&path), Some(vec![5]));
        assert_eq!(
            departures.found("2"),
            None,
            "the store has seen another run"
        );
    }
}
