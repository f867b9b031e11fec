//! `tagwire init`: a folder that tagwire can run in. In: the folder, perhaps a Jekyll site's `_config.yml`.
//! Out: config, topics and a folder for posts. Nothing that exists is overwritten.

mod jekyll;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Verdict;
use crate::app::AppError;
use crate::config::{Config, ConfigError, DEFAULT_PATH};
use crate::posts::Rules;

const CONFIG: &str = include_str!("../../../config/tagwire.yaml");
/// A file of `config/topics`, as it was when tagwire was built.
macro_rules! topic {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../config/topics/", $name)),
        )
    };
}
/// Topics ask for each other, so all of them go along, and the schema that editors check them by.
const TOPICS: &[(&str, &str)] = &[
    topic!("advertising-and-online-trade.yaml"),
    topic!("antitrust.yaml"),
    topic!("consumer-rights.yaml"),
    topic!("drugs-and-devices.yaml"),
    topic!("enforcement-acts.yaml"),
    topic!("food-safety.yaml"),
    topic!("intellectual-property.yaml"),
    topic!("market-enforcement.yaml"),
    topic!("market-supervision.yaml"),
    topic!("payment-and-credit.yaml"),
    topic!("price-supervision.yaml"),
    topic!("product-quality.yaml"),
    topic!("public-administration.yaml"),
    topic!("registration-and-credit.yaml"),
    topic!("topic.schema.json"),
];

/// Where to begin, and with what.
#[derive(Args)]
pub struct Options {
    /// The folder to make ready
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Take the settings of a Jekyll site: its _config.yml
    #[arg(long, value_name = "FILE")]
    from_jekyll: Option<PathBuf>,
}

/// Makes the folder ready.
pub fn execute(options: &Options) -> Result<Verdict, AppError> {
    let path = options.dir.join(DEFAULT_PATH);
    if path.exists() {
        let text = format!(
            "{} exists already and is left as it is; move it away to begin anew",
            path.display()
        );
        return Err(ConfigError::new(text).into());
    }
    let (text, notes) = match &options.from_jekyll {
        None => (CONFIG.to_owned(), Vec::new()),
        Some(from) => read_jekyll(from, &options.dir)?,
    };
    let fails = |path: &Path, error: io::Error| {
        AppError::Config(ConfigError::new(format!("{}: {error}", path.display())))
    };
    let mut made = vec![(path.clone(), text)];
    for (name, text) in TOPICS {
        let topic = options.dir.join("config/topics").join(name);
        if !topic.exists() {
            made.push((topic, (*text).to_owned()));
        }
    }
    for (path, text) in &made {
        write(path, text).map_err(|error| fails(path, error))?;
        say!("made {}", path.display());
    }
    if options.from_jekyll.is_none() {
        let posts = options.dir.join("posts");
        std::fs::create_dir_all(&posts).map_err(|error| fails(&posts, error))?;
        say!("made {}", posts.display());
        say!(
            "note: set site.url and site.title in {}; every link in the feeds begins with that address",
            path.display()
        );
    }
    for note in notes {
        say!("note: {note}");
    }
    say!(
        "next: cd {} && tagwire check && tagwire run",
        options.dir.display()
    );
    Ok(Verdict::Fine)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

/// The settings of a Jekyll site, checked, and what a person should know about them.
fn read_jekyll(from: &Path, dir: &Path) -> Result<(String, Vec<String>), AppError> {
    let wrong =
        |why: String| AppError::Config(ConfigError::new(format!("{}: {why}", from.display())));
    let text = std::fs::read_to_string(from).map_err(|error| wrong(error.to_string()))?;
    let source = match from.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let folders = post_folders(source);
    let folders: Vec<String> = folders
        .iter()
        .map(|folder| seen_from(dir, folder))
        .collect();
    let (text, notes) = jekyll::convert(&text, &folders).map_err(wrong)?;
    // What Jekyll takes and tagwire does not must show now, not at the first start.
    let config: Config = serde_yaml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    config.validate()?;
    Rules::new(&config.posts, &config.site()?, config.naive_dates())
        .map_err(|why| wrong(format!("{why}; mend it there and run this again")))?;
    Ok((text, notes))
}

/// The folders that hold a site's posts and drafts. Jekyll's own output and hidden folders are left out.
fn post_folders(source: &Path) -> Vec<PathBuf> {
    let wanted = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        let special = ["_posts", "_drafts"].contains(&name.as_ref());
        let hidden = name.starts_with(['.', '_']) && !special;
        let foreign = ["node_modules", "vendor"].contains(&name.as_ref());
        entry.depth() == 0 || (entry.file_type().is_dir() && !hidden && !foreign)
    };
    let walk = walkdir::WalkDir::new(source)
        .sort_by_file_name()
        .into_iter();
    let mut found = Vec::new();
    let mut walk = walk.filter_entry(wanted);
    while let Some(entry) = walk.next() {
        let Ok(entry) = entry else { continue };
        if ["_posts", "_drafts"].contains(&entry.file_name().to_string_lossy().as_ref()) {
            found.push(entry.into_path());
            walk.skip_current_dir();
        }
    }
    // Posts before drafts, which the config lists only to have them at hand.
    found.sort_by_key(|path| path.ends_with("_drafts"));
    found
}

/// A path as the config in `dir` must write it: relative when it lies below.
fn seen_from(dir: &Path, folder: &Path) -> String {
    let real = |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path));
    let (Ok(base), Ok(full)) = (real(dir), real(folder)) else {
        return folder.display().to_string();
    };
    let short = full.strip_prefix(&base).unwrap_or(&full);
    short.display().to_string()
}
