//! How long a new post takes from its rename into the folder to its category's feed on disk.
//! In: a folder that was built before. Out: percentiles beyond the debounce, and the daemon's peak memory.
//! The daemon is the real one (`tagwire run`), watched from outside through its files alone.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::posts;

/// `posts.debounce_ms`, as the daemon is told.
const DEBOUNCE: Duration = Duration::from_millis(100);
/// No single post may take longer.
const LONGEST: Duration = Duration::from_secs(120);
/// The first comes out when the daemon has started, and has noted for its chats what is no news.
const STARTING: Duration = Duration::from_secs(3600);

/// What was seen.
#[derive(Debug, Clone, Copy)]
pub struct NewPosts {
    /// Milliseconds beyond the debounce, half of all posts.
    pub median: f64,
    /// Milliseconds beyond the debounce, 95 of 100.
    pub p95: f64,
    /// Peak resident memory of the daemon in bytes.
    pub memory: u64,
}

/// Adds posts one by one to a running daemon.
///
/// # Errors
/// When the daemon ends, or a post does not come out in two minutes (the first: in an hour).
pub fn measure(
    program: &Path,
    config: &Path,
    folder: &Path,
    posts_folder: &Path,
    number: usize,
) -> Result<NewPosts> {
    let there = fs::read_dir(posts_folder)?.count();
    let mut daemon = Daemon::start(program, config, folder)?;
    let feeds = folder.join("public/feed");
    // The first ones are not counted: they show that the daemon watches.
    let warm = 3;
    let mut times = Vec::with_capacity(number);
    for index in 0..warm + number {
        let (category, name, text) = posts::newest(index, there);
        let draft = folder.join("draft.tmp");
        fs::write(&draft, text)?;
        fs::rename(&draft, posts_folder.join(&name))?;
        let start = Instant::now();
        let feed = feeds.join(format!("{category}.rss"));
        let marker = name
            .trim_end_matches(".html")
            .rsplit('-')
            .next()
            .unwrap_or(&name)
            .to_owned();
        while !fs::read_to_string(&feed).is_ok_and(|text| text.contains(&marker)) {
            let longest = if index == 0 { STARTING } else { LONGEST };
            if start.elapsed() > longest {
                bail!("{name} did not come out within {longest:?}");
            }
            daemon.still_runs()?;
            sleep(Duration::from_millis(1));
        }
        if index == 0 {
            eprintln!("the daemon and its first post: {:.1?}", start.elapsed());
        }
        if index >= warm {
            times.push(start.elapsed().saturating_sub(DEBOUNCE).as_secs_f64() * 1e3);
        }
        // Another batch must not begin inside the debounce of this one.
        sleep(DEBOUNCE);
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let last = times.len().saturating_sub(1);
        times
            .get((last as f64 * share).round() as usize)
            .copied()
            .unwrap_or(f64::NAN)
    };
    Ok(NewPosts {
        median: at(0.5),
        p95: at(0.95),
        memory: daemon.peak()?,
    })
}

/// Ends with its value.
struct Daemon(Child);

impl Daemon {
    fn start(program: &Path, config: &Path, folder: &Path) -> Result<Self> {
        let child = Command::new(program)
            .current_dir(folder)
            .arg("--config")
            .arg(config)
            .arg("--set")
            .arg(format!("posts.debounce_ms={}", DEBOUNCE.as_millis()))
            .arg("run")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting tagwire run")?;
        Ok(Daemon(child))
    }

    fn still_runs(&mut self) -> Result<()> {
        match self.0.try_wait()? {
            Some(status) => bail!("tagwire run ended with {status}"),
            None => Ok(()),
        }
    }

    fn peak(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let kib: u64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok())
            .context("VmHWM in /proc")?;
        Ok(kib * 1024)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
