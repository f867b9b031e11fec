//! The `feeds` section of the config.
//! In: YAML, through serde. Out: how many entries, in which formats, under which addresses.

use serde::{Deserialize, Serialize};

/// The `feeds` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Entries of a feed, at least as far as posts exist (entries; default 20).
    pub limit: usize,
    /// Posts younger than this stay in the feed beyond `limit`, so that a reader who polls
    /// once a day misses none (hours; default 24).
    pub min_age_hours: u32,
    /// Whole articles or summaries only: `full` or `summary` (default `full`).
    pub content: Content,
    /// Formats to write: any of `atom`, `rss`, `json` (default all three).
    pub formats: Vec<Format>,
    /// Where feeds lie; the format's extension is appended.
    pub paths: PathTemplates,
    /// Address of the list of all feeds for feed readers (default `/feeds.opml`).
    pub opml: String,
    /// Address of the page of all feeds for people (default `/index.html`).
    pub index: String,
    /// A page for people beside each feed (default true).
    pub pages: bool,
    /// WebSub hubs: an address or a list. Feeds name them, and each is told when a feed changed
    /// (default none).
    pub hub: Hubs,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            limit: 20,
            min_age_hours: 24,
            content: Content::Full,
            formats: vec![Format::Atom, Format::Rss, Format::Json],
            paths: PathTemplates::default(),
            opml: "/feeds.opml".to_owned(),
            index: "/index.html".to_owned(),
            pages: true,
            hub: Hubs::default(),
        }
    }
}

/// WebSub hubs, as the config writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Hubs {
    /// `~`, the default: readers poll.
    #[default]
    None,
    /// One hub.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Hubs {
    /// Their addresses, in the order of the config.
    pub fn urls(&self) -> &[String] {
        match self {
            Hubs::None => &[],
            Hubs::One(url) => std::slice::from_ref(url),
            Hubs::Many(urls) => urls,
        }
    }
}

/// How much of an article feeds carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// The whole article.
    Full,
    /// The summary only.
    Summary,
}

/// Addresses without extension; `:name` stands for the label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PathTemplates {
    /// The feed of every post (default `/feed`).
    pub site: String,
    /// A category's feed (default `/feed/:name`).
    pub category: String,
    /// A tag's feed (default `/feed/by_tag/:name`).
    pub tag: String,
    /// A topic's feed (default `/feed/by_topic/:name`).
    pub topic: String,
    /// True: names with capital letters are escaped too, so that `Go` and `go` do not meet in
    /// a folder that ignores case (macOS, Windows). False keeps jekyll-feed's addresses
    /// (`/feed/by_tag/AI.xml`), which is right for Linux, Pages and object stores (default false).
    pub ignore_case: bool,
}

impl Default for PathTemplates {
    fn default() -> Self {
        PathTemplates {
            site: "/feed".to_owned(),
            category: "/feed/:name".to_owned(),
            tag: "/feed/by_tag/:name".to_owned(),
            topic: "/feed/by_topic/:name".to_owned(),
            ignore_case: false,
        }
    }
}

/// A feed format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Atom 1.0, RFC 4287.
    Atom,
    /// RSS 2.0.
    Rss,
    /// JSON Feed 1.1.
    Json,
}

impl Format {
    /// Every format, in the order in which people see them.
    pub const ALL: [Format; 3] = [Format::Atom, Format::Rss, Format::Json];

    /// The media type, without charset.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Atom => "application/atom+xml",
            Format::Rss => "application/rss+xml",
            Format::Json => "application/feed+json",
        }
    }

    /// The file extension without its dot: `xml` is Atom, as jekyll-feed has it.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Atom => "xml",
            Format::Rss => "rss",
            Format::Json => "json",
        }
    }

    /// The name that people know it by.
    pub fn title(self) -> &'static str {
        match self {
            Format::Atom => "Atom",
            Format::Rss => "RSS",
            Format::Json => "JSON",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_means_the_defaults_and_unknown_keys_are_refused() {
        let empty: Settings = serde_yaml::from_str("{}").unwrap();
        assert_eq!(empty, Settings::default());
        let some: Settings =
            serde_yaml::from_str("content: summary\nformats: [rss]\npaths: {tag: /t/:name}")
                .unwrap();
        assert_eq!(some.content, Content::Summary);
        assert_eq!(some.formats, [Format::Rss]);
        assert_eq!(some.paths.category, "/feed/:name");
        assert!(serde_yaml::from_str::<Settings>("limits: 3").is_err());
    }
}
