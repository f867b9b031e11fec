//! One run of a program, and what it used.
//! In: a command and a folder of its own. Out: wall clock, processor time and peak memory of the whole process.
//! A run that fails ends the benchmark: half a build must not look fast.

use std::fs;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use wait4::Wait4;

/// What one run used.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// Seconds on the wall.
    pub wall: f64,
    /// Seconds of processor time, of user and system, over all threads.
    pub processor: f64,
    /// Peak resident memory in bytes.
    pub memory: u64,
}

/// Runs to the end. Fails when the program does.
pub fn timed(command: &mut Command) -> Result<Used> {
    let mut said = tempfile::tempfile()?;
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(said.try_clone()?)
        .spawn()
        .with_context(|| format!("starting {:?}", command.get_program()))?;
    let end = child.wait4().context("waiting for the program")?;
    let wall = start.elapsed().as_secs_f64();
    if !end.status.success() {
        let mut words = String::new();
        said.rewind()?;
        said.read_to_string(&mut words)?;
        bail!("{command:?} ended with {}: {words}", end.status);
    }
    Ok(Used {
        wall,
        processor: (end.rusage.utime + end.rusage.stime).as_secs_f64(),
        memory: end.rusage.maxrss,
    })
}

/// One build by tagwire; the folder holds its catalog and feeds, and a second build in it is a warm one.
pub fn tagwire(program: &Path, config: &Path, folder: &Path) -> Result<Used> {
    fs::create_dir_all(folder)?;
    timed(
        Command::new(program)
            .current_dir(folder)
            .arg("--config")
            .arg(config)
            .arg("build"),
    )
}

/// What a build writes besides RSS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Nothing, as Hugo's side: feeds alone.
    One,
    /// Atom, JSON Feed, pages and the lists of all feeds.
    All,
    /// The same, and the whole history of the site's feed: every post once more.
    History,
}

/// A configuration that matches Hugo's: site, categories and tags, full content, 20 entries, no topics.
pub fn tagwire_config(folder: &Path, posts: &Path, extent: Extent) -> Result<PathBuf> {
    let (name, formats, pages) = match extent {
        Extent::One => (
            "one",
            "[rss]",
            ", pages: false, archives: [], opml: false, index: false",
        ),
        Extent::All => ("all", "[atom, rss, json]", ", archives: []"),
        Extent::History => ("history", "[atom, rss, json]", ""),
    };
    let file = folder.join(format!("{name}.yaml"));
    let text = format!(
        "site: {{title: 市场监管新闻, url: 'https://news.example.cn'}}\n\
         posts: {{dir: '{}'}}\n\
         topics: {{dir: '{}'}}\n\
         feeds: {{formats: {formats}{pages}}}\n\
         http: {{listen: ''}}\n",
        posts.display(),
        folder.join("no-topics").display(),
    );
    fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
    Ok(file)
}

/// Builds the release program of this folder.
pub fn build_release() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "--quiet"])
        .current_dir(root)
        .status()
        .context("cargo build --release")?;
    if !status.success() {
        bail!("cargo build --release ended with {status}");
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Ok(target.join("release/tagwire"))
}

/// Puts down what was written before, so that no timed run pays for another's bytes. Seconds that it took.
pub fn sync() -> Result<f64> {
    let start = Instant::now();
    let status = Command::new("sync").status().context("sync")?;
    if !status.success() {
        bail!("sync ended with {status}");
    }
    Ok(start.elapsed().as_secs_f64())
}

/// The same run with the `sync` that puts down what it wrote: its wall clock until the bytes are on the disk.
pub fn with_sync(used: Used) -> Result<Used> {
    let wall = used.wall + sync()?;
    Ok(Used { wall, ..used })
}
