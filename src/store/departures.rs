//! Which claimed rows may be with Telegram: a small file beside the store that outlives a killed process.
//! In: rows, right before the first byte of their message goes out. Out: after a crash, those that may have left.
//! It waits for no disk: a kill takes nothing that was written, and after a power cut any claimed row may have left.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::StoreError;

/// Lines of one length, of which none lies on two pages: the system writes each whole.
const LINE: usize = 128;

/// `PATH.leaving` beside a database. A second process never has it: the instance lock goes before it.
#[derive(Debug)]
pub struct Departures {
    path: PathBuf,
    begun: Mutex<Option<Begun>>,
}

#[derive(Debug)]
struct Begun {
    file: File,
    /// The row in each line below the head; `None`: the line is free.
    rows: Vec<Option<i64>>,
}

impl Departures {
    /// Nothing is opened before `begin`.
    pub fn of(database: &Path) -> Self {
        let mut name = database.as_os_str().to_owned();
        name.push(".leaving");
        Departures {
            path: PathBuf::from(name),
            begun: Mutex::default(),
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
        let begin = || -> std::io::Result<File> {
            let mut file = File::create(&self.path)?;
            file.write_all(&line(&head(run).unwrap_or_default()))?;
            Ok(file)
        };
        let file = begin().map_err(|source| StoreError::File {
            path: self.path.display().to_string(),
            source,
        })?;
        *self.lock() = Some(Begun {
            file,
            rows: Vec::new(),
        });
        Ok(())
    }

    /// From now on this row may have left.
    ///
    /// # Errors
    /// It cannot be noted: the message must not leave.
    pub fn note(&self, delivery: i64) -> std::io::Result<()> {
        let mut begun = self.lock();
        let Some(begun) = begun.as_mut() else {
            return Ok(());
        };
        let free = begun.rows.iter().position(Option::is_none);
        let at = free.unwrap_or(begun.rows.len());
        begun.write(at, &delivery.to_string())?;
        match free {
            Some(at) => begun.rows[at] = Some(delivery),
            None => begun.rows.push(Some(delivery)),
        }
        Ok(())
    }

    /// What became of the row is in the store.
    pub fn settled(&self, delivery: i64) {
        let mut begun = self.lock();
        let Some(begun) = begun.as_mut() else { return };
        for at in 0..begun.rows.len() {
            // A line that cannot be freed says of a row too much, which costs a count and no message.
            if begun.rows[at] == Some(delivery) && begun.write(at, "").is_ok() {
                begun.rows[at] = None;
            }
        }
    }

    /// Takes the file away when nothing is under way any more.
    pub fn end(&self) {
        let begun = self.lock().take();
        if begun.is_some_and(|begun| begun.rows.iter().all(Option::is_none)) {
            let _ = std::fs::remove_file(&self.path);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Begun>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Begun {
    fn write(&mut self, at: usize, text: &str) -> std::io::Result<()> {
        let start = (at + 1) * LINE;
        self.file.seek(SeekFrom::Start(start as u64))?;
        self.file.write_all(&line(text))
    }
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
        departures.settled(5);
        assert_eq!(found(&path), Some(vec![6, i64::MAX]));
        departures.note(7).unwrap();
        assert_eq!(found(&path), Some(vec![6, 7, i64::MAX]));
        let size = std::fs::metadata(folder.path().join("store.db.leaving"));
        assert_eq!(
            size.unwrap().len() as usize,
            4 * LINE,
            "lines are used again"
        );
        departures.end();
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
