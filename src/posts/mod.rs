//! A folder of Jekyll posts becomes posts and problems.
//! In: files, as `scan`, `look` and `watch` find them and `read` reads them whole.
//! Out: `Post` values, and `Problem` rows for everything that was wrong; `parse` never fails.
//!
//! The order of use: [`names()`] (or [`look()`] after a [`watch::Hint`]), [`read()`], [`parse()`].
//! Invariants: `parse` does no input or output and asks for no clock; the sanitiser is the last
//! step of every body; a file that changes while it is read is not parsed.

mod body;
mod browser;
mod clean;
mod conflict;
mod date;
mod decode;
mod defaults;
mod depth;
mod excerpt;
mod fields;
mod findings;
mod folders;
mod front_matter;
mod labels;
mod liquid;
mod look;
mod markdown;
mod names;
#[cfg(test)]
mod oracle;
mod parse;
mod paths;
mod permalink;
mod plain_yaml;
mod read;
mod recover;
mod rules;
mod sanitize;
mod scan;
mod scratch;
mod separators;
mod settings;
mod sight;
mod simple;
mod slips;
mod text;
mod toml_front_matter;
mod tree;
mod urls;
pub mod watch;
mod when;

pub use defaults::{FrontMatterDefault, Scope};
pub use excerpt::excerpt;
pub use folders::{FolderStamp, Folders};
pub use look::{Found, Look, look};
pub use markdown::kramdown;
pub use parse::{Parsed, load, parse, text_of, undated};
pub use paths::{Paths, split};
pub use read::{Nearby, ReadError, Stamp, read, read_into};
pub use rules::{Rules, fingerprint, warm_up};
pub use scan::{Ahead, Names, names, names_again};
pub(crate) use scratch::with_scratch;
pub use settings::{Cleaning, Dirs, IdStyle, NaiveDates, Settings};
pub use sight::{Lookout, Seen, Sight};
