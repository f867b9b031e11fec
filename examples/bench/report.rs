//! The tables of the benchmark.
//! In: what each run used. Out: Markdown, on the terminal and between two marks of benches/RESULTS.md.
//! Every figure is a median of the runs of this call; ratios are of runs side by side.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::hugo::Hugo;
use crate::median;
use crate::new_post::NewPosts;
use crate::run::Used;

const BEGIN: &str =
    "<!-- bench: begin; written by `cargo run --release --example bench -- --save` -->";
const END: &str = "<!-- bench: end -->";

/// All that was measured with one number of posts.
pub struct Builds {
    posts: usize,
    bytes: u64,
    /// Hugo's full builds; empty where it was left out.
    pub hugo: Vec<Used>,
    /// The same with the `sync` after each: both leave the bytes of a full build to the system.
    pub hugo_on_disk: Vec<Used>,
    /// Full builds in one format, as Hugo's.
    pub tagwire: Vec<Used>,
    /// The same with the `sync` after each.
    pub tagwire_on_disk: Vec<Used>,
    /// Full builds in three formats, with pages and OPML.
    pub all_formats: Vec<Used>,
    /// The same with the whole history of the site's feed; one run.
    pub history: Vec<Used>,
    /// Second builds with nothing changed.
    pub again: Vec<Used>,
    /// Size of the catalog on disk.
    pub catalog_bytes: u64,
    /// New posts one by one.
    pub new_posts: Option<NewPosts>,
}

impl Builds {
    /// Nothing measured yet.
    pub fn new(posts: usize, bytes: u64) -> Self {
        Builds {
            posts,
            bytes,
            hugo: Vec::new(),
            hugo_on_disk: Vec::new(),
            tagwire: Vec::new(),
            tagwire_on_disk: Vec::new(),
            all_formats: Vec::new(),
            history: Vec::new(),
            again: Vec::new(),
            catalog_bytes: 0,
            new_posts: None,
        }
    }
}

/// All sizes, and where they were measured.
pub struct Report {
    head: String,
    /// One for each size.
    pub builds: Vec<Builds>,
}

impl Report {
    /// Notes machine, day, commit and versions.
    pub fn new(program: &Path, hugo: Option<&Hugo>) -> Result<Self> {
        let version = said(Command::new(program).arg("--version"))?;
        let commit = said(Command::new("git").args(["rev-parse", "--short", "HEAD"]))
            .unwrap_or_else(|_| "unknown".into());
        let changed = said(Command::new("git").args(["status", "--porcelain", "-uno", "src"]))
            .is_ok_and(|status| !status.is_empty());
        let cores = std::thread::available_parallelism()?;
        let beside = hugo.map_or("without Hugo".into(), |hugo| {
            format!("Hugo {}", hugo.version)
        });
        Ok(Report {
            head: format!(
                "{}, commit {commit}{}, {version}, {beside}, {cores} cores.",
                chrono::Local::now().format("%Y-%m-%d"),
                if changed { " with changes" } else { "" },
            ),
            builds: Vec::new(),
        })
    }

    /// The tables as Markdown.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.head);
        if let Ok(load) = fs::read_to_string("/proc/loadavg") {
            let load = load
                .split_whitespace()
                .next()
                .unwrap_or_default()
                .to_owned();
            let _ = writeln!(text, "Load of the machine at the end: {load}.");
        }
        self.full_builds(&mut text);
        self.costs(&mut text);
        self.arrivals(&mut text);
        text
    }

    fn full_builds(&self, text: &mut String) {
        text.push_str(
            "\n| full build, posts | Hugo | Hugo and `sync` | tagwire | tagwire and `sync` | faster, wall | faster, both on the disk | faster, processor | start again |\n\
             |---|---|---|---|---|---|---|---|---|\n",
        );
        for builds in &self.builds {
            let ratio = |hugo: &[Used], ours: &[Used], value: fn(&Used) -> f64| match (
                median(hugo, value),
                median(ours, value),
            ) {
                (Some(hugo), Some(ours)) => format!("{:.1}", hugo / ours),
                _ => "-".into(),
            };
            let seconds = |runs: &[Used]| {
                median(runs, wall).map_or("-".into(), |seconds| format!("{seconds:.2} s"))
            };
            let part = match (median(&builds.again, wall), median(&builds.tagwire, wall)) {
                (Some(again), Some(full)) => format!("{again:.2} s, {:.1} %", 100.0 * again / full),
                _ => "-".into(),
            };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {part} |",
                builds.posts,
                cell(&builds.hugo),
                seconds(&builds.hugo_on_disk),
                cell(&builds.tagwire),
                seconds(&builds.tagwire_on_disk),
                ratio(&builds.hugo, &builds.tagwire, wall),
                ratio(&builds.hugo_on_disk, &builds.tagwire_on_disk, wall),
                ratio(&builds.hugo, &builds.tagwire, |used| used.processor),
            );
        }
    }

    fn costs(&self, text: &mut String) {
        text.push_str(
            "\n| posts | bytes a post | µs a post | processor µs a post | all formats, pages, OPML | the same with the site's history (one run) | catalog, bytes a post |\n\
             |---|---|---|---|---|---|---|\n",
        );
        for builds in &self.builds {
            let each = |value: fn(&Used) -> f64| {
                median(&builds.tagwire, value).unwrap_or(f64::NAN) * 1e6 / builds.posts as f64
            };
            let all = median(&builds.all_formats, wall).unwrap_or(f64::NAN);
            let one = median(&builds.tagwire, wall).unwrap_or(f64::NAN);
            let _ = writeln!(
                text,
                "| {} | {} | {:.0} | {:.0} | {}: {:.1} times one format | {} | {} |",
                builds.posts,
                builds.bytes / builds.posts.max(1) as u64,
                each(wall),
                each(|used| used.processor),
                cell(&builds.all_formats),
                all / one,
                cell(&builds.history),
                builds.catalog_bytes / builds.posts.max(1) as u64,
            );
        }
    }

    fn arrivals(&self, text: &mut String) {
        if self.builds.iter().all(|builds| builds.new_posts.is_none()) {
            return;
        }
        text.push_str(
            "\n| one new post among | median beyond the debounce | p95 | daemon's peak memory |\n|---|---|---|---|\n",
        );
        for builds in &self.builds {
            if let Some(new) = builds.new_posts {
                let _ = writeln!(
                    text,
                    "| {} | {:.0} ms | {:.0} ms | {} MB |",
                    builds.posts,
                    new.median,
                    new.p95,
                    megabytes(new.memory)
                );
            }
        }
    }

    /// Replaces what stands between the marks.
    pub fn save(&self, file: &Path) -> Result<()> {
        let old =
            fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        let (Some(begin), Some(end)) = (old.find(BEGIN), old.find(END)) else {
            bail!("{} has no `{BEGIN}` and `{END}`", file.display());
        };
        let new = format!(
            "{}{BEGIN}\n\n{}\n{}",
            &old[..begin],
            self.text(),
            &old[end..]
        );
        fs::write(file, new).with_context(|| format!("writing {}", file.display()))
    }
}

fn wall(used: &Used) -> f64 {
    used.wall
}

fn cell(runs: &[Used]) -> String {
    match (
        median(runs, wall),
        median(runs, |used| used.processor),
        runs.iter().map(|used| used.memory).max(),
    ) {
        (Some(wall), Some(processor), Some(memory)) => {
            format!("{wall:.2} s ({processor:.2} s), {} MB", megabytes(memory))
        }
        _ => "-".into(),
    }
}

fn megabytes(bytes: u64) -> u64 {
    (bytes + 500_000) / 1_000_000
}

fn said(command: &mut Command) -> Result<String> {
    let answer = command.output()?;
    if !answer.status.success() {
        bail!("{command:?} ended with {}", answer.status);
    }
    Ok(String::from_utf8_lossy(&answer.stdout).trim().to_owned())
}
