//! The command line: one file a subcommand.
//! In: arguments. Out: an exit code, and words on standard output; logs and progress go to standard error.
//! Exit codes: 0 done; 1 problems found (also in config and topics, by `check`), or nothing found; 2 wrong arguments or config; 3 another tagwire
//! works on the same files; 4 something failed (the message says what).

/// As `println!`, but what cannot be written ends in an exit code; who stops reading wants no more.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::cli::put(&::std::format!("{}\n", ::std::format_args!($($words)*)))
    };
}

/// As `eprintln!`, but standard error that takes no more words, as a file on a full disk, ends nothing.
macro_rules! warn {
    ($($words:tt)*) => {{
        use ::std::io::Write as _;
        let _ = ::std::writeln!(::std::io::stderr(), $($words)*);
    }};
}

mod backup;
mod build;
mod check;
mod config;
mod deliveries;
mod doctor;
mod explain;
mod held;
mod init;
mod once;
mod posts;
mod reading;
mod run;
mod screen;
mod topic;
mod words;

use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, Parser, Subcommand};

use crate::app::{AppError, Setup};
use crate::config::Source;
use crate::pipeline;

/// A folder of Jekyll posts in; RSS, Atom and JSON feeds and Telegram messages out.
#[derive(Parser)]
#[command(name = "tagwire", version, about, long_about = None)]
#[command(
    after_help = "Exit codes: 0 done; 1 problems or nothing found; 2 wrong arguments or config; \
3 another tagwire works on the same files; 4 something failed."
)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Options of every subcommand.
#[derive(Args)]
struct Common {
    /// The config file (default: config/tagwire.yaml if it is there)
    #[arg(long, global = true, env = "TAGWIRE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set a config key, for example --set posts.dir=/data/_posts
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// More about what happens; twice for even more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Only errors, and no progress bar
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Watch the posts, publish the feeds, serve them, deliver the messages
    Run,
    /// One pass of everything, then end: for cron and CI
    Once {
        /// Progress and result as JSON, an object a line
        #[arg(long)]
        json: bool,
    },
    /// Build the feeds, then end
    Build {
        /// Progress and result as JSON, an object a line
        #[arg(long)]
        json: bool,
    },
    /// Show every problem of posts, topics and config; exit code 1 if there is one
    Check(check::Options),
    /// Show what was read of each post
    Posts {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Say how a post was read, what matched, and who got it
    Explain {
        /// Its file, id, address, or part of its title
        post: String,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// The outbox: what was sent to whom, what waits, and why
    Deliveries(deliveries::Options),
    /// Look at everything around tagwire: token, rights, clock, disks, store; say how to mend what is wrong
    Doctor(doctor::Options),
    /// Look at topics, try rules on posts, judge them by labels
    Topic {
        #[command(subcommand)]
        action: topic::Action,
    },
    /// Posts that are held until somebody decides
    Held(held::Options),
    /// Make a folder ready: config, topics, a place for posts
    Init(init::Options),
    /// Copy the store (who follows what, what was sent) to a new file; a running daemon goes on
    Backup {
        /// The file to write
        file: PathBuf,
    },
    /// Put a backup into the store's place; the old store is kept beside it
    Restore {
        /// The file that `tagwire backup` wrote
        file: PathBuf,
        /// Nothing was sent since the backup: announce what it does not know, send what waited
        #[arg(long)]
        announce: bool,
    },
    /// The settings in force
    Config {
        #[command(subcommand)]
        action: config::Action,
    },
}

/// Whether words for standard output were lost.
static LOST: AtomicBool = AtomicBool::new(false);

/// Takes note of what became of words for standard output.
fn said(written: std::io::Result<()>) {
    let lost = { written.err() }.filter(|error| error.kind() != ErrorKind::BrokenPipe);
    LOST.fetch_or(lost.is_some(), Ordering::Relaxed);
}

/// Writes a text to standard output.
fn put(text: &str) {
    said(std::io::stdout().write_all(text.as_bytes()));
}

impl Command {
    /// Whether a script reads what it says.
    fn is_json(&self) -> bool {
        match self {
            Command::Once { json }
            | Command::Build { json }
            | Command::Posts { json }
            | Command::Explain { json, .. } => *json,
            Command::Deliveries(options) => options.json,
            Command::Doctor(options) => options.json,
            Command::Check(options) => options.json,
            Command::Held(options) => options.json,
            Command::Topic { action } => action.is_json(),
            Command::Run
            | Command::Init(_)
            | Command::Backup { .. }
            | Command::Restore { .. }
            | Command::Config { .. } => false,
        }
    }
}

/// What a subcommand found.
pub(crate) enum Verdict {
    /// All is well.
    Fine,
    /// It did its work, and what it found is not fine.
    Found,
}

/// Whether there is a store to look at; says so where there is none, since looking makes none.
fn has_store(setup: &Setup) -> Result<bool, AppError> {
    let is_there = setup.has_store()?;
    if !is_there {
        let url = &setup.config.store.url;
        warn!("there is no store yet at {url}: `tagwire run` or `once` makes it");
    }
    Ok(is_there)
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    pipeline::expect_files();
    screen::start_logs(cli.common.verbose, cli.common.quiet);
    let code = end(cli);
    said(std::io::stdout().flush());
    match LOST.load(Ordering::Relaxed) {
        false => code,
        true => {
            warn!("error: what this command says cannot be written to standard output");
            ExitCode::from(4)
        }
    }
}

fn end(cli: Cli) -> ExitCode {
    let is_json = cli.command.is_json();
    let source = Source {
        path: cli.common.config.clone(),
        set: cli.common.set.clone(),
    };
    let done = execute(cli, &source).map_err(|error| match error {
        // Some settings are looked at only by what uses them.
        AppError::Config(error) => AppError::Config(error.placed(&source)),
        other => other,
    });
    match done {
        Ok(Verdict::Fine) => ExitCode::SUCCESS,
        Ok(Verdict::Found) => ExitCode::from(1),
        Err(error) => {
            let text = error.to_string();
            // A config error shown under its line says so itself.
            let prefix = if text.starts_with("error:") {
                ""
            } else {
                "error: "
            };
            warn!("{prefix}{text}");
            let code = code(&error);
            if is_json {
                say!("{}", serde_json::json!({"error": text, "code": code}));
            }
            ExitCode::from(code)
        }
    }
}

fn code(error: &AppError) -> u8 {
    match error {
        AppError::Config(_) => 2,
        AppError::Lock(crate::store::LockError::Taken { .. }) => 3,
        _ => 4,
    }
}

fn execute(cli: Cli, source: &Source) -> Result<Verdict, AppError> {
    if let Command::Check(options) = &cli.command {
        return check::execute(source, options);
    }
    if let Command::Doctor(options) = &cli.command {
        return doctor::execute(source, options);
    }
    if let Command::Topic { action } = cli.command {
        return topic::execute(source, action);
    }
    if let Command::Init(options) = &cli.command {
        return init::execute(options);
    }
    match cli.command {
        Command::Build { .. } => pipeline::take_part(),
        Command::Once { .. } => pipeline::warm_up(),
        _ => {}
    }
    let setup = Setup::load(source)?;
    let quiet = cli.common.quiet;
    match cli.command {
        Command::Run => run::execute(setup, quiet),
        Command::Once { json } => {
            let setup = setup.with_output_for_data(json);
            once::execute(&setup, screen::Manner { quiet, json })
        }
        Command::Build { json } => build::execute(&setup, screen::Manner { quiet, json }),
        Command::Posts { json } => posts::execute(&setup, json),
        Command::Explain { post, json } => explain::execute(&setup, &post, json),
        Command::Deliveries(options) => deliveries::execute(&setup, &options),
        Command::Backup { file } => backup::execute(&setup, &file),
        Command::Restore { file, announce } => backup::restore(&setup, &file, announce),
        Command::Held(options) => held::execute(&setup, &options),
        Command::Config { action } => config::execute(&setup, &action),
        Command::Check(_) | Command::Doctor(_) | Command::Init(_) | Command::Topic { .. } => {
            Ok(Verdict::Fine)
        }
    }
}

/// Runs async work to its end. What holds one thread up, such as a terminal that takes no more words, holds up no other.
fn block_on<T>(work: impl Future<Output = Result<T, AppError>>) -> Result<T, AppError> {
    let mut cores = tokio::runtime::Builder::new_multi_thread();
    run_to_end(cores.worker_threads(2), work)
}

/// The same on this thread alone, where one thing is done after the other.
fn block_on_alone<T>(work: impl Future<Output = Result<T, AppError>>) -> Result<T, AppError> {
    run_to_end(&mut tokio::runtime::Builder::new_current_thread(), work)
}

fn run_to_end<T>(
    runtime: &mut tokio::runtime::Builder,
    work: impl Future<Output = Result<T, AppError>>,
) -> Result<T, AppError> {
    match runtime.enable_all().build() {
        Ok(runtime) => runtime.block_on(work),
        Err(source) => Err(AppError::Start(source)),
    }
}
