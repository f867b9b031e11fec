//! `cargo run --release --locked --example bench`: whole runs of tagwire beside Hugo, on posts that it makes itself.
//! In: sizes and rounds from the command line. Out: a table on the terminal, and with `--save` in benches/RESULTS.md.
//! Both programs build the same posts in turns, each into a fresh folder; ratios count, seconds hang on the machine.

mod hugo;
mod new_post;
mod posts;
mod report;
mod run;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;

use hugo::Hugo;
use report::{Builds, Report};
use run::{Extent, Used, tagwire, tagwire_config};

#[derive(Parser)]
#[command(about = "Whole runs of tagwire beside Hugo")]
struct Arguments {
    /// Numbers of posts.
    #[arg(long, value_delimiter = ',', default_values_t = [2_000, 10_000, 50_000])]
    posts: Vec<usize>,
    /// Also a million posts (needs 10 GB and several minutes); Hugo is left out there.
    #[arg(long)]
    million: bool,
    /// Full builds of each program for each size.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// New posts for the time from rename to feed; 0 leaves this part out.
    #[arg(long, default_value_t = 40)]
    new_posts: usize,
    /// The tagwire to measure; default: the release build of this folder, built first.
    #[arg(long)]
    tagwire: Option<PathBuf>,
    /// The folder with Hugo's configuration and layouts.
    #[arg(long, default_value = "../shared/bench/hugo")]
    hugo_site: PathBuf,
    /// Where posts and feeds are made; a folder in it is used, and removed at the end.
    #[arg(long)]
    work: Option<PathBuf>,
    /// Writes the tables into benches/RESULTS.md.
    #[arg(long)]
    save: bool,
}

/// Above this many posts Hugo would need more memory than the machine has.
const HUGO_MOST: usize = 100_000;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let program = match &arguments.tagwire {
        Some(path) => path.canonicalize().context("the tagwire to measure")?,
        None => run::build_release()?,
    };
    let hugo = Hugo::find(&arguments.hugo_site);
    if let Err(why) = &hugo {
        eprintln!("Hugo is left out: {why}");
    }
    let hugo = hugo.ok();
    let mut sizes = arguments.posts.clone();
    if arguments.million {
        sizes.push(1_000_000);
    }
    let work = match &arguments.work {
        Some(folder) => tempfile::tempdir_in(folder),
        None => tempfile::tempdir(),
    }
    .context("a folder to work in")?;

    let mut report = Report::new(&program, hugo.as_ref())?;
    for size in sizes {
        let folder = work.path().join(size.to_string());
        report.builds.push(one_size(
            &program,
            hugo.as_ref(),
            &folder,
            size,
            &arguments,
        )?);
        println!("{}", report.text());
    }
    if arguments.save {
        report.save(Path::new("benches/RESULTS.md"))?;
    }
    Ok(())
}

/// Everything that is measured with so many posts. Its files stay until the bench ends: for minutes after many files were
/// deleted, ext4 takes up to twenty times as long to make one.
fn one_size(
    program: &Path,
    hugo: Option<&Hugo>,
    folder: &Path,
    size: usize,
    arguments: &Arguments,
) -> Result<Builds> {
    let posts = folder.join("posts");
    eprintln!("{size} posts: making them");
    let bytes = posts::write(&posts, size)?;
    let mut builds = Builds::new(size, bytes);
    let site = match hugo {
        Some(hugo) if size <= HUGO_MOST => Some(hugo.site(folder, &posts)?),
        _ => None,
    };
    let one_format = tagwire_config(folder, &posts, Extent::One)?;
    let all_formats = tagwire_config(folder, &posts, Extent::All)?;
    let history = tagwire_config(folder, &posts, Extent::History)?;
    for round in 0..arguments.rounds {
        eprintln!("{size} posts: round {} of {}", round + 1, arguments.rounds);
        run::sync()?;
        let out = folder.join(format!("one-{round}"));
        // Who comes second finds memory and disk as the first left them: each is first every other round.
        for is_ours in [round % 2 == 1, round % 2 == 0] {
            if is_ours {
                let used = tagwire(program, &one_format, &out)?;
                builds.tagwire.push(used);
                builds.tagwire_on_disk.push(run::with_sync(used)?);
            } else if let Some(site) = &site {
                let used = site.build(&folder.join(format!("hugo-{round}")))?;
                builds.hugo.push(used);
                builds.hugo_on_disk.push(run::with_sync(used)?);
            }
        }
        let all = folder.join(format!("all-{round}"));
        builds
            .all_formats
            .push(tagwire(program, &all_formats, &all)?);
        run::sync()?;
        builds.again.push(tagwire(program, &one_format, &out)?);
        if round == 0 {
            run::sync()?;
            let out = folder.join("history");
            builds.history.push(tagwire(program, &history, &out)?);
        }
        // A long run that is broken off has still said what it saw.
        let last = [
            &builds.hugo,
            &builds.tagwire,
            &builds.all_formats,
            &builds.again,
        ];
        let last = last.map(|runs| runs.last().map(|used| used.wall));
        eprintln!("{size} posts: Hugo, one format, all formats, start again: {last:?} s");
    }
    builds.catalog_bytes = catalog_size(&folder.join("one-0"))?;
    if arguments.new_posts > 0 {
        eprintln!("{size} posts: {} new ones", arguments.new_posts);
        builds.new_posts = Some(new_post::measure(
            program,
            &one_format,
            &folder.join("one-0"),
            &posts,
            arguments.new_posts,
        )?);
    }
    Ok(builds)
}

/// Bytes of the catalog's files, its log included.
fn catalog_size(run: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(run.join("var"))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("catalog") {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}

/// The value in the middle.
fn median(runs: &[Used], value: impl Fn(&Used) -> f64) -> Option<f64> {
    let mut values: Vec<f64> = runs.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
