//! `tagwire topic`: rules of topics are looked at, tried on posts, and judged.
//! In: a subcommand. Out: text for people, or JSON; exit code 1 when nothing is found.

mod eval;
mod show;
mod test;

use std::path::PathBuf;

use clap::Subcommand;

use super::Verdict;
use crate::app::{AppError, Setup};
use crate::config::{ConfigError, Source};
use crate::model::nearest;
use crate::topics::TopicError;

/// What to do with topics.
#[derive(Subcommand)]
pub enum Action {
    /// All topics, with the number of their words
    List {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// One topic, with all its words by weight
    Show {
        /// Its id
        id: String,
    },
    /// One topic as a rule file
    Export {
        /// Its id
        id: String,
    },
    /// The JSON Schema of rule files, for editors
    Schema,
    /// Try a rule file, or a topic in force, on the newest posts: what matches, what is new, what is lost
    Test {
        /// A rule file (compared with the topic in force of the same name), or the id of a topic (compared
        /// with what the catalog remembers)
        topic: String,
        /// How many posts
        #[arg(long, default_value_t = 500, value_name = "N")]
        newest: usize,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// Judge a topic by labels that a person gave: precision and recall
    #[command(override_usage = "tagwire topic eval <ID> --labels <FILE> --posts <DIR>...")]
    Eval {
        /// Its id
        id: String,
        /// Lines of path, hash and yes, no or doubtful, with tabs between
        #[arg(long, value_name = "FILE")]
        labels: PathBuf,
        /// Where the paths begin; several are searched in turn
        #[arg(long, value_name = "DIR", required = true, num_args = 1..)]
        posts: Vec<PathBuf>,
        /// The plain word to compare with (default: the topic's title)
        #[arg(long, value_name = "WORD")]
        beside: Option<String>,
        /// Exit code 1 when precision or recall of the held-out half is below
        #[arg(long, value_name = "PART")]
        at_least: Option<f64>,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

impl Action {
    /// Whether a script reads what it says.
    pub(super) fn is_json(&self) -> bool {
        match self {
            Action::List { json } | Action::Test { json, .. } | Action::Eval { json, .. } => *json,
            Action::Show { .. } | Action::Export { .. } | Action::Schema => false,
        }
    }
}

/// Carries out a subcommand.
pub fn execute(source: &Source, action: Action) -> Result<Verdict, AppError> {
    if let Action::Schema = action {
        super::put(crate::topics::SCHEMA);
        return Ok(Verdict::Fine);
    }
    // A rule file that is tried may mend the very error that the folder has.
    let (setup, problems) = Setup::load_what_can_be(source)?;
    if !problems.is_empty() && !matches!(action, Action::Test { .. }) {
        return Err(AppError::Config(ConfigError::of(problems)));
    }
    match action {
        Action::List { json } => Ok(show::list(&setup, json)),
        Action::Show { id } => Ok(show::show(&setup, &id)),
        Action::Export { id } => Ok(show::export(&setup, &id)),
        Action::Test {
            topic,
            newest,
            json,
        } => test::execute(&setup, problems, &topic, newest, json),
        Action::Eval {
            id,
            labels,
            posts,
            beside,
            at_least,
            json,
        } => {
            let task = eval::Task {
                id,
                labels,
                folders: posts,
                beside,
                at_least,
                json,
            };
            eval::execute(&setup, &task)
        }
        Action::Schema => Ok(Verdict::Fine),
    }
}

/// No topic of this id: the nearest one is named.
fn unknown(setup: &Setup, id: &str) -> Verdict {
    let topics = setup.matcher.all_topics().iter();
    match nearest(id, topics.map(|topic| topic.id.as_str())) {
        Some(meant) => warn!("there is no topic `{id}`: did you mean `{meant}`?"),
        None => warn!("there is no topic `{id}`: `tagwire topic list` shows all"),
    }
    Verdict::Found
}

/// Errors of rule files, each with its line and caret.
fn broken(errors: &[TopicError]) -> AppError {
    let texts: Vec<String> = errors.iter().map(TopicError::render).collect();
    AppError::Config(ConfigError::new(texts.join("\n\n")))
}
