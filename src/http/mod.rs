//! The built-in web server: published feeds, pages and a health answer.
//! In: requests, and the shelf of what is published. Out: files with validators, compressed as the
//! client asks, so that most polls end in a 304 without a byte read from disk.

mod answer;
mod bodies;
mod conditional;
mod encode;
mod files;
mod guard;
mod health;
mod hook;
mod media;
mod missing;
mod negotiate;
mod serve;
mod shelf;
mod suggest;

#[cfg(test)]
mod h2c_tests;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::Site;

pub use files::{CACHE, COMPONENT};
pub use health::Health;
pub use hook::{Hook, Posted};
pub use serve::serve;
pub use shelf::{Shelf, Stock};

/// The `http` section of the config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address and port to listen on; empty: no server (default `127.0.0.1:8080`).
    pub listen: String,
    /// A line on standard error for each request, without its query (default false).
    pub access_log: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            listen: "127.0.0.1:8080".to_owned(),
            access_log: false,
        }
    }
}

/// The media type of a published file, with its charset, for servers that are told it.
pub fn content_type(file: &str) -> &'static str {
    media::Media::of(file).content_type()
}

/// What the server is made of.
#[derive(Debug, Clone)]
pub struct Serving {
    /// What is published.
    pub shelf: Shelf,
    /// What `/healthz` tells.
    pub health: Health,
    /// Whose feeds these are.
    pub site: Site,
    /// Before each file's path, to make a feed's own address: ASCII, without a trailing slash.
    pub address: String,
    /// The page of all feeds, relative to the published folder: it is what `/` shows.
    pub index: Option<String>,
    /// The WebSub hubs that feeds name in their `Link` header.
    pub hubs: Vec<String>,
    /// Files of feeds that were given up on purpose, relative to the published folder: 410.
    pub retired: BTreeSet<String>,
    /// A log line for each request.
    pub access_log: bool,
    /// Where Telegram posts updates, if it does.
    pub hook: Option<Hook>,
}
