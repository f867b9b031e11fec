//! Many paths in few bytes: each folder once, however many files are in it.
//! In: paths, one after the other. Out: the same, in the order of whole paths once they are sorted.
//! A million names are half as large here as their paths are.

use std::cmp::Ordering;
use std::ops::Range;

use rayon::prelude::*;

/// Paths of files, as `posts.dir` leads to them, with `/` between folders.
#[derive(Debug, Default)]
pub struct Paths {
    /// With their last `/`; empty for a name alone. One that was left and entered again is here twice.
    folders: Vec<Box<str>>,
    names: Vec<Name>,
}

/// A name in a folder of `Paths::folders`.
#[derive(Debug)]
struct Name {
    folder: u32,
    name: Box<str>,
}

impl Paths {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Adds one at the end.
    pub fn push(&mut self, path: &str) {
        let (folder, name) = split(path);
        if self.folders.last().is_none_or(|last| **last != *folder) {
            self.folders.push(folder.into());
        }
        self.names.push(Name {
            folder: u32::try_from(self.folders.len() - 1).unwrap_or(u32::MAX),
            name: name.into(),
        });
    }

    /// Brings them into the order of their bytes, and leaves each once.
    pub fn sort(&mut self) {
        let Paths { folders, names } = self;
        let folder = |name: &Name| &*folders[name.folder as usize];
        names.par_sort_unstable_by(|a, b| match a.folder == b.folder {
            true => a.name.cmp(&b.name),
            false => compare((folder(a), &a.name), (folder(b), &b.name)),
        });
        names.dedup_by(|a, b| a.name == b.name && folder(a) == folder(b));
    }

    /// Of sorted ones, brings the last block first, then the one before it: names of posts begin with the date, and in a
    /// block the order stays.
    pub fn last_first(&mut self, block: usize) {
        let mut names = std::mem::take(&mut self.names);
        self.names.reserve_exact(names.len());
        while !names.is_empty() {
            let start = names.len().saturating_sub(block.max(1));
            self.names.extend(names.drain(start..));
        }
    }

    /// Some of them, as far as there are so many.
    pub fn range(&self, range: Range<usize>) -> Vec<String> {
        let end = range.end.min(self.names.len());
        let names = self.names.get(range.start..end).unwrap_or_default();
        names.iter().map(|name| self.path(name)).collect()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = String> {
        self.names.iter().map(|name| self.path(name))
    }

    /// Leaves those that `wanted` says, which is asked on all cores about some at a time, each given as its folder with
    /// the last `/` and its name: for each of them, in their order.
    pub(super) fn retain(
        &mut self,
        at_a_time: usize,
        wanted: impl Fn(&[(&str, &str)]) -> Vec<bool> + Sync,
    ) {
        let folders = &self.folders;
        let names = std::mem::take(&mut self.names);
        let left = names
            .into_par_iter()
            .chunks(at_a_time)
            .flat_map_iter(|piece| {
                let folder = |name: &Name| &*folders[name.folder as usize];
                let asked: Vec<(&str, &str)> = { piece.iter() }
                    .map(|name| (folder(name), &*name.name))
                    .collect();
                let wanted = wanted(&asked);
                let both = piece.into_iter().zip(wanted);
                both.filter_map(|(name, is_wanted)| is_wanted.then_some(name))
            });
        self.names = left.collect();
    }

    fn path(&self, name: &Name) -> String {
        [&*self.folders[name.folder as usize], &*name.name].concat()
    }
}

impl<P: AsRef<str>> FromIterator<P> for Paths {
    fn from_iter<I: IntoIterator<Item = P>>(paths: I) -> Paths {
        let mut all = Paths::default();
        all.extend(paths);
        all
    }
}

impl<P: AsRef<str>> Extend<P> for Paths {
    fn extend<I: IntoIterator<Item = P>>(&mut self, paths: I) {
        paths.into_iter().for_each(|path| self.push(path.as_ref()));
    }
}

/// A folder with its last `/`, and a name in it.
pub fn split(path: &str) -> (&str, &str) {
    path.split_at(path.rfind('/').map_or(0, |at| at + 1))
}

/// The order of two whole paths, of which each is given as a folder and a name.
fn compare(a: (&str, &str), b: (&str, &str)) -> Ordering {
    let common = a.0.len().min(b.0.len());
    let (a_start, a_rest) = a.0.as_bytes().split_at(common);
    let (b_start, b_rest) = b.0.as_bytes().split_at(common);
    // One of the rests is empty.
    let a_end = a_rest.iter().chain(a.1.as_bytes());
    let b_end = b_rest.iter().chain(b.1.as_bytes());
    a_start.cmp(b_start).then_with(|| a_end.cmp(b_end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn paths_are_sorted_and_kept_as_strings_are(
            mut paths in prop::collection::vec("[ab./-]{0,4}(/[ab.-]{0,3}){0,3}", 0..40),
            at_a_time in 1_usize..9,
        ) {
            let mut compact: Paths = paths.iter().collect();
            prop_assert_eq!(compact.iter().collect::<Vec<_>>(), paths.clone());
            compact.sort();
            paths.sort();
            paths.dedup();
            prop_assert_eq!(compact.range(0..compact.len()), paths.clone());
            compact.last_first(at_a_time);
            let blocks = paths.rchunks(at_a_time).flatten().cloned();
            prop_assert_eq!(compact.iter().collect::<Vec<_>>(), blocks.collect::<Vec<_>>());
            compact.sort();
            let is_wanted = |folder: &str, name: &str| !(folder.len() + name.len()).is_multiple_of(3);
            compact.retain(at_a_time, |asked| asked.iter().map(|(folder, name)| is_wanted(folder, name)).collect());
            paths.retain(|path| is_wanted(path, ""));
            prop_assert_eq!(compact.len(), paths.len());
            prop_assert_eq!(compact.iter().collect::<Vec<_>>(), paths);
        }
    }
}
