//! What `post_url` and `link` point to, from a file's name alone.
//! In: a name as an author writes it, the site's permalink. Out: an address below the site's path.
//! The other file is not opened: its own `permalink`, `slug`, `date` and `categories` do not count.

use super::super::date::{self, read};
use super::super::permalink::{Facts, Template};
use super::super::settings::NaiveDates;
use crate::model::Zone;

/// How names become addresses.
pub(in super::super) struct Addresses<'a> {
    pub template: &'a Template,
    pub zone: Zone,
    /// The path of the site's address, without a slash at its end.
    pub base: &'a str,
}

/// An address, and how sure it is.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Address {
    Known(String),
    /// A page whose own front matter may say something else.
    Guessed(String),
}

impl Addresses<'_> {
    /// `None` when nothing is named.
    pub fn of(&self, tag: &str, name: &str) -> Option<Address> {
        let name = name
            .trim()
            .trim_matches(['"', '\''])
            .trim_start_matches('/');
        if name.is_empty() || name.contains(['{', '}', '\n']) {
            return None;
        }
        if tag == "post_url" {
            let stem = name
                .strip_suffix(".md")
                .or_else(|| name.strip_suffix(".markdown"));
            let (folders, stem) = parts(stem.unwrap_or(name));
            return self.post(&folders, stem).map(Address::Known);
        }
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        let page = matches!(
            ending,
            "md" | "markdown" | "mkd" | "mkdn" | "mkdown" | "html"
        );
        if let Some((before, after)) = posts_folder(stem).filter(|_| page) {
            let (_, stem) = parts(after);
            let folders: Vec<String> = parts(before).0;
            return self.post(&folders, stem).map(Address::Known);
        }
        if !page {
            return Some(Address::Known(format!("{}/{name}", self.base)));
        }
        // A collection's folder begins with `_`, its pages' addresses do not.
        let stem = stem.trim_start_matches('_');
        Some(Address::Guessed(format!("{}/{stem}.html", self.base)))
    }

    fn post(&self, folders: &[String], stem: &str) -> Option<String> {
        let name = date::name(stem);
        let at = read(name.date?, true, self.zone, NaiveDates::SiteTime)?.time;
        let facts = Facts {
            categories: folders,
            slug: name.slug,
            stem,
            date: at.as_chrono(),
        };
        Some(format!("{}{}", self.base, self.template.url(&facts)))
    }
}

/// Folders, and the name after them.
fn parts(path: &str) -> (Vec<String>, &str) {
    let mut folders: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let stem = if path.ends_with('/') {
        ""
    } else {
        folders.pop().unwrap_or("")
    };
    (folders.into_iter().map(str::to_owned).collect(), stem)
}

/// What stands before and after `_posts/`.
fn posts_folder(stem: &str) -> Option<(&str, &str)> {
    if let Some(after) = stem.strip_prefix("_posts/") {
        return Some(("", after));
    }
    let at = stem.find("/_posts/")?;
    Some((&stem[..=at], &stem[at + 8..]))
}
