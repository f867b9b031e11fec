//! The `feeds` section of the config.
//! In: YAML, through serde. Out: how many entries, in which formats, under which addresses.

use serde::{Deserialize, Serialize};

use super::list_at::ListAt;
use crate::model::{Follow, LabelKind};

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
    /// Address of the list of all feeds for feed readers, or `false` (default `/feeds.opml`).
    pub opml: ListAt,
    /// Address of the page of all feeds for people, or `false`: a site that has a start page of its own
    /// (default `/index.html`).
    pub index: ListAt,
    /// A page for people beside each feed (default true).
    pub pages: bool,
    /// WebSub hubs: an address or a list. Feeds name them, and each is told when a feed changed
    /// (default none).
    pub hub: Hubs,
    /// Which feeds offer their whole history (RFC 5005): `true`, `false`, or a list of `site`,
    /// `category`, `tag`, `topic` (default `[site]`).
    pub archives: Archives,
    /// Formats of the archive pages; other formats link to the first of them (default: the first
    /// of `formats`, XML preferred).
    pub archive_formats: Vec<Format>,
    /// Posts of an archive page; a period with more is cut into smaller ones (posts; default 100).
    pub archive_entries: usize,
    /// Who owns the texts, as Atom's `rights` and RSS's `copyright` (default: not said).
    pub rights: Option<String>,
    /// Address of a square picture, 512 pixels or more: Atom's and JSON Feed's `icon` (default: none).
    pub icon: Option<String>,
    /// Address of a picture twice as wide as high: Atom's `logo` (default: none).
    pub logo: Option<String>,
    /// Address of a picture at most 144 pixels wide: RSS's `image` (default: none).
    pub image: Option<String>,
    /// Who answers for the contents, `mail@host (Name)`: RSS's `managingEditor` and `webMaster`
    /// (default: not said).
    pub contact: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            limit: 20,
            min_age_hours: 24,
            content: Content::Full,
            formats: vec![Format::Atom, Format::Rss, Format::Json],
            paths: PathTemplates::default(),
            opml: ListAt::of("/feeds.opml"),
            index: ListAt::of("/index.html"),
            pages: true,
            hub: Hubs::default(),
            archives: Archives::default(),
            archive_formats: Vec::new(),
            archive_entries: 100,
            rights: None,
            icon: None,
            logo: None,
            image: None,
            contact: None,
        }
    }
}

impl Settings {
    /// The format in which the history of the feed in `format` lies; `None` where nothing fits: XML feeds
    /// may share one XML history, a JSON feed's goes on in JSON.
    pub fn archive_format(&self, format: Format) -> Option<Format> {
        let formats = self.archive_formats();
        let is_xml = |format: &Format| *format != Format::Json;
        let shared = || formats.iter().copied().find(is_xml);
        match formats.contains(&format) {
            true => Some(format),
            false if is_xml(&format) => shared(),
            false => None,
        }
    }

    /// The formats of archive pages.
    pub fn archive_formats(&self) -> Vec<Format> {
        if !self.archive_formats.is_empty() {
            return self.archive_formats.clone();
        }
        let xml = self.formats.iter().find(|format| **format != Format::Json);
        xml.or(self.formats.first()).copied().into_iter().collect()
    }

    /// Checks what serde cannot. The error is a sentence that names the key.
    pub fn check(&self) -> Result<(), String> {
        if self.archive_entries == 0 {
            return Err("`feeds.archive_entries` is 0: write at least 1".to_owned());
        }
        for (key, address) in [
            ("icon", &self.icon),
            ("logo", &self.logo),
            ("image", &self.image),
        ] {
            let address = address.as_deref().unwrap_or("https://x");
            if !address.starts_with("http://") && !address.starts_with("https://") {
                return Err(format!(
                    "`feeds.{key}` is `{address}`: write an address that starts with https://"
                ));
            }
        }
        match &self.contact {
            Some(contact) if !is_contact(contact) => Err(format!(
                "`feeds.contact` is `{contact}`: write it as mail@example.org (Name)"
            )),
            _ => Ok(()),
        }
    }
}

/// `mail@host (Name)`, as the RSS validator wants it.
fn is_contact(text: &str) -> bool {
    let Some((mail, name)) = text.trim().split_once(" (") else {
        return false;
    };
    let (local, host) = mail.split_once('@').unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    let named = name.strip_suffix(')').is_some_and(|name| {
        !name.trim().is_empty() && !name.contains(['(', ')', '<', '>', '\n', '\r'])
    });
    !local.is_empty()
        && local.chars().all(plain)
        && host.contains('.')
        && host.chars().all(plain)
        && named
}

/// Which feeds offer their whole history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "true, false, or a list of kinds")]
pub enum Archives {
    /// All of them, or none.
    All(bool),
    /// These kinds.
    Of(Vec<Archived>),
}

/// A kind of feed that may have archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Archived {
    /// The feed of every post.
    Site,
    /// Feeds of categories.
    Category,
    /// Feeds of tags.
    Tag,
    /// Feeds of topics.
    Topic,
}

impl Archived {
    /// Every kind.
    pub const ALL: [Archived; 4] = [
        Archived::Site,
        Archived::Category,
        Archived::Tag,
        Archived::Topic,
    ];

    /// The spelling of configs and databases.
    pub fn as_str(self) -> &'static str {
        match self {
            Archived::Site => "site",
            Archived::Category => "category",
            Archived::Tag => "tag",
            Archived::Topic => "topic",
        }
    }
}

impl Default for Archives {
    /// The site's feed holds every post once; each other kind holds them all once more.
    fn default() -> Self {
        Archives::Of(vec![Archived::Site])
    }
}

impl Archives {
    /// Whether this feed offers its history.
    pub fn include(&self, follow: &Follow) -> bool {
        let kind = match follow {
            Follow::Site => Archived::Site,
            Follow::Label(label) => match label.kind {
                LabelKind::Category => Archived::Category,
                LabelKind::Tag => Archived::Tag,
                LabelKind::Topic | LabelKind::Words => Archived::Topic,
            },
        };
        self.has(kind)
    }

    /// Whether feeds of this kind offer their history.
    pub fn has(&self, kind: Archived) -> bool {
        match self {
            Archives::All(all) => *all,
            Archives::Of(kinds) => kinds.contains(&kind),
        }
    }

    /// False when no feed does.
    pub fn any(&self) -> bool {
        match self {
            Archives::All(all) => *all,
            Archives::Of(kinds) => !kinds.is_empty(),
        }
    }
}

/// WebSub hubs, as the config writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "an address, or a list of addresses")]
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

    #[test]
    fn archives_are_chosen_by_kind() {
        let read = |text: &str| serde_yaml::from_str::<Settings>(text).unwrap().archives;
        let tag = Follow::Label(crate::model::Label::tag("x"));
        assert!(read("{}").include(&Follow::Site) && !read("{}").include(&tag));
        assert!(read("archives: true").include(&tag) && read("archives: true").any());
        assert!(!read("archives: false").include(&Follow::Site) && !read("archives: []").any());
        assert!(read("archives: [tag]").include(&tag));
        assert!(!read("archives: [tag]").include(&Follow::Site));
        assert!(serde_yaml::from_str::<Settings>("archives: [tags]").is_err());
    }

    #[test]
    fn a_feed_without_archives_of_its_own_format_links_to_those_it_can_share() {
        let read = |text: &str| serde_yaml::from_str::<Settings>(text).unwrap();
        let default = read("{}");
        assert_eq!(default.archive_format(Format::Rss), Some(Format::Atom));
        assert_eq!(default.archive_format(Format::Json), None);
        let json = read("formats: [json]");
        assert_eq!(json.archive_format(Format::Json), Some(Format::Json));
        let both = read("archive_formats: [rss, json]");
        assert_eq!(both.archive_format(Format::Atom), Some(Format::Rss));
        assert_eq!(both.archive_format(Format::Json), Some(Format::Json));
    }

    #[test]
    fn what_readers_could_not_use_is_refused_with_its_key() {
        let check = |text: &str| serde_yaml::from_str::<Settings>(text).unwrap().check();
        assert_eq!(check("contact: news@example.org (新闻编辑部)"), Ok(()));
        for bad in [
            "news@example.org",
            "新闻 (x)",
            "a@b (x)",
            "a@b.c ()",
            "a b@c.d (x)",
        ] {
            let error = check(&format!("contact: {bad}")).unwrap_err();
            assert!(error.contains("feeds.contact"), "{error}");
        }
        assert!(check("icon: /icon.png").unwrap_err().contains("feeds.icon"));
        assert!(check("archive_entries: 0").is_err());
    }
}
