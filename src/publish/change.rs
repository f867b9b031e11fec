//! One file that may have changed.
//! In: its place, its bytes, what is remembered of it. Out: the file and its copies as they lie there already, or beside
//! their places, and then in them.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder::Folder;
use super::spots::{Place, Spot, split};
use super::write::{Blank, Temp, Within, modified_ns};
use super::{Coding, Published, content_hash};

/// What became of a file so far.
pub(super) enum Done {
    /// The file and the copies that are as they should be; other copies, written beside their places.
    Same(Vec<Published>, Vec<Staged>),
    Staged(Staged),
    Failed(Arc<str>, io::Error),
}

/// A file that has to be written.
struct Change {
    path: Arc<str>,
    parent: Arc<Path>,
    within: Option<Arc<Within>>,
    blank: Option<Blank>,
    bytes: Vec<u8>,
    hash: [u8; 16],
}

/// A file and its copies, in the order in which they get their names: a server that prefers copies then
/// never finds an old one beside a new file.
#[derive(Debug)]
pub(super) struct Staged {
    pub path: Arc<str>,
    pub parts: Vec<Part>,
    /// Copies that nobody keeps up to date: made by an earlier config, or by a stranger.
    stale: Vec<PathBuf>,
    /// Whether it is in a folder that is new.
    is_within: bool,
}

/// Bytes in a temporary file.
#[derive(Debug)]
pub(super) struct Part {
    pub published: Published,
    parent: Arc<Path>,
    temp: Temp,
}

impl Spot {
    /// Compares bytes with what lies at their place, and writes them beside it when they are new.
    pub fn take_in(self, bytes: Vec<u8>, folder: &Folder) -> Done {
        let Place {
            parent,
            within,
            blank,
        } = match self.place {
            Ok(place) => place,
            Err(error) => return Done::Failed(self.path, error),
        };
        let mut change = Change {
            hash: content_hash(&bytes),
            path: self.path,
            parent,
            within,
            blank,
            bytes,
        };
        let done = match change.within {
            // Nothing lies in a new folder.
            Some(_) => change.stage(folder.codings()).map(Done::Staged),
            None => change.compare(self.known, self.copies, folder),
        };
        done.unwrap_or_else(|error| Done::Failed(change.path, error))
    }
}

/// The copies of a file that did not change. One that is as old as the file was made of it; only the
/// others cost a compression.
fn compare_copies(
    published: Published,
    of: &Change,
    copies: Vec<(Coding, Option<Published>)>,
    folder: &Folder,
) -> io::Result<Done> {
    let modified_ns = published.modified_ns;
    let is_current =
        |known: &Published| known.modified_ns == modified_ns && folder.is_intact(known);
    let (mut same, mut missing) = (vec![published], Vec::new());
    for (coding, known) in copies {
        if let Some(known) = known.filter(is_current) {
            same.push(known);
            continue;
        }
        let mut copy = of.copy(coding)?;
        match same_on_disk(&copy.target(), &copy.bytes) {
            Some(at) if at == modified_ns => same.push(copy.published(at)),
            _ => missing.push(Staged {
                path: copy.path.clone(),
                parts: vec![copy.part(modified_ns)?],
                stale: Vec::new(),
                is_within: false,
            }),
        }
    }
    Ok(Done::Same(same, missing))
}

impl Change {
    fn compare(
        &mut self,
        known: Option<Published>,
        copies: Vec<(Coding, Option<Published>)>,
        folder: &Folder,
    ) -> io::Result<Done> {
        let (hash, size, target) = (self.hash, self.bytes.len() as u64, self.target());
        let known = known.filter(|known| known.path == self.path);
        let is_first = known.is_none();
        let same = match known.filter(|known| folder.is_intact(known)) {
            // Remembered and untouched: nothing to read.
            Some(known) => (known.hash == hash && known.size == size).then_some(known),
            None => same_on_disk(&target, &self.bytes).map(|at| self.published(at)),
        };
        match same {
            Some(published) => compare_copies(published, self, copies, folder),
            None if is_first && is_a_strangers(&target) => {
                let words = "tagwire did not make the file that is there: move it away, set publish.dir to a folder of its own or, if it is the site's start page, feeds.index to false";
                Err(io::Error::new(ErrorKind::AlreadyExists, words))
            }
            None => self.stage(folder.codings()).map(Done::Staged),
        }
    }

    fn target(&self) -> PathBuf {
        target(&self.parent, &self.path)
    }

    fn copy(&self, coding: Coding) -> io::Result<Change> {
        let path = Arc::from(coding.copy_of(&self.path));
        let bytes = coding.encode(&self.bytes)?;
        Ok(Change {
            parent: self.parent.clone(),
            within: self.within.clone(),
            blank: None,
            hash: content_hash(&bytes),
            path,
            bytes,
        })
    }

    fn published(&self, modified_ns: i64) -> Published {
        Published {
            path: self.path.clone(),
            hash: self.hash,
            size: self.bytes.len() as u64,
            modified_ns,
        }
    }

    /// The bytes of the file and of its copies, beside their places; the copies first, as they get their
    /// names first.
    fn stage(&mut self, codings: &[Coding]) -> io::Result<Staged> {
        let temp = self.write()?;
        let modified_ns = temp.modified_ns;
        let mut parts = Vec::with_capacity(codings.len() + 1);
        for coding in codings {
            parts.push(self.copy(*coding)?.part(modified_ns)?);
        }
        let may_be = |coding: &&Coding| self.within.is_none() && !codings.contains(coding);
        let beside = |coding: &Coding| {
            let mut name = self.target().into_os_string();
            name.push(coding.ending());
            PathBuf::from(name)
        };
        let stale = Coding::ALL.iter().filter(may_be).map(beside).collect();
        let published = self.published(modified_ns);
        parts.push(Part {
            published,
            parent: self.parent.clone(),
            temp,
        });
        Ok(Staged {
            path: self.path.clone(),
            parts,
            stale,
            is_within: self.within.is_some(),
        })
    }

    fn write(&mut self) -> io::Result<Temp> {
        let blank = match (self.blank.take(), &self.within) {
            (Some(blank), _) => blank,
            (None, Some(folder)) => Blank::within(folder, &self.path)?,
            (None, None) => Blank::beside(&self.target())?,
        };
        blank.fill(&self.bytes)
    }

    /// A copy, dated like its file.
    fn part(&mut self, modified_ns: i64) -> io::Result<Part> {
        let mut temp = self.write()?;
        temp.date(modified_ns)?;
        Ok(Part {
            published: self.published(temp.modified_ns),
            parent: self.parent.clone(),
            temp,
        })
    }
}

impl Part {
    fn target(&self) -> PathBuf {
        target(&self.parent, &self.published.path)
    }
}

/// Where a file belongs, by its folder and its path.
fn target(parent: &Path, path: &str) -> PathBuf {
    parent.join(split(path).1)
}

impl Staged {
    /// Makes the bytes survive a power cut.
    pub fn sync(&self) -> io::Result<()> {
        self.parts.iter().try_for_each(|part| part.temp.sync())
    }

    /// Whether nobody can have read anything in their places.
    pub fn is_new(&self) -> bool {
        let is_free = |part: &Part| {
            let there = part.target().symlink_metadata();
            there.is_err_and(|error| error.kind() == ErrorKind::NotFound)
        };
        self.is_within
            || (self.parts.iter().all(is_free) && !self.stale.iter().any(|copy| copy.exists()))
    }

    /// Gives the parts their names; all of them, or none but old ones.
    pub fn place(self) -> io::Result<Vec<Published>> {
        for copy in &self.stale {
            // Asking first is cheap; a removal keeps all others out of the folder while it looks.
            match copy.symlink_metadata().and_then(|_| fs::remove_file(copy)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let mut placed: Vec<(Published, PathBuf)> = Vec::with_capacity(self.parts.len());
        for part in self.parts {
            let target = part.target();
            if let Err(error) = part.temp.place(&target) {
                // What was placed are copies of bytes that now stay away.
                for (_, copy) in placed {
                    let _ = fs::remove_file(copy);
                }
                return Err(error);
            }
            placed.push((part.published, target));
        }
        Ok(placed.into_iter().map(|(published, _)| published).collect())
    }

    /// The parts have their names with their folder.
    pub fn placed(self) -> Vec<Published> {
        let parts = self.parts.into_iter();
        parts
            .map(|part| {
                part.temp.named_with_folder();
                part.published
            })
            .collect()
    }
}

/// Time of the file's last change when it holds exactly `bytes`.
fn same_on_disk(target: &Path, bytes: &[u8]) -> Option<i64> {
    let found = fs::symlink_metadata(target).ok()?;
    let same = found.is_file()
        && found.len() == bytes.len() as u64
        && fs::read(target).is_ok_and(|old| old == bytes);
    same.then(|| modified_ns(&found))
}

/// Whether these bytes are a text: what a power cut left of a file is empty, or begins with zeros.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let first = bytes.trim_ascii_start().first();
    first.is_some_and(|byte| *byte != 0)
}

/// What every feed that tagwire makes says in its head.
const SIGN: &[u8] = b"tagwire";
/// The same of every page: a page of somebody else may well name tagwire.
const PAGE_SIGN: &[u8] = b"<meta name=\"generator\" content=\"tagwire\">";

/// Kinds of files that others make, too, and that would be missed: somebody's home page, another generator's feed.
const MISSED: [&str; 6] = ["html", "xml", "rss", "atom", "rdf", "json"];

/// Whether it is called like a page or a feed.
pub(super) fn is_page_or_feed(target: &Path) -> bool {
    let kind = target.extension().and_then(|kind| kind.to_str());
    kind.is_some_and(|kind| MISSED.contains(&kind))
}

/// Whether there is a feed or a page of somebody else. What a power cut left of one of ours says nothing, or nothing
/// that can be read.
pub(super) fn is_a_strangers(target: &Path) -> bool {
    if !is_page_or_feed(target) {
        return false;
    }
    // A link is replaced, and what it leads to stays.
    if !fs::symlink_metadata(target).is_ok_and(|found| found.is_file()) {
        return false;
    }
    let says = |bytes: &[u8], what: &[u8]| memchr::memmem::find(bytes, what).is_some();
    // Neither a list of feeds nor a JSON Feed without entries says who made it.
    let is_silent = |bytes: &[u8]| says(bytes, b"<opml") || says(bytes, br#""items":[]"#);
    let is_page = target.extension().is_some_and(|kind| kind == "html");
    let sign = if is_page { PAGE_SIGN } else { SIGN };
    fs::read(target).is_ok_and(|bytes| is_text(&bytes) && !says(&bytes, sign) && !is_silent(&bytes))
}
