//! The shape of the config: a section for each room, every key with a default that works in an empty folder.
//! In: serde. Out: plain settings, and the checked nouns made of them (`Site`, chats, follows).

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::feeds::Labels;
use crate::model::{ChatId, Follow, Preferences, Rhythm, Site};
use crate::posts::NaiveDates;
use crate::publish::CommandLine;

/// The whole config file.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The site as feeds name it.
    pub site: SiteSettings,
    /// Where posts lie and how they are read.
    pub posts: crate::posts::Settings,
    /// How dates are read.
    pub dates: DatesSettings,
    /// The derived index.
    pub catalog: crate::catalog::Settings,
    /// The precious data.
    pub store: crate::store::Settings,
    /// What the feeds hold and where they lie.
    pub feeds: crate::feeds::Settings,
    /// What people call labels, and which are one.
    pub labels: crate::feeds::LabelSettings,
    /// Where the feeds are written.
    pub publish: crate::publish::Settings,
    /// The built-in server.
    pub http: crate::http::Settings,
    /// The topic filters.
    pub topics: crate::topics::Settings,
    /// How long summaries are.
    pub summary: crate::summary::Settings,
    /// When posts of several sources are one story.
    pub stories: crate::topics::story::Settings,
    /// The bot.
    pub telegram: TelegramSettings,
    /// What is announced, and what happens to doubtful messages.
    pub delivery: DeliverySettings,
}

/// `site`: as in Jekyll's `_config.yml`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SiteSettings {
    /// Title of the site feed. Default: the host of `url`.
    pub title: Option<String>,
    /// Address of the site, http or https, without a trailing slash. Default `http://localhost:8080`.
    pub url: String,
    /// Subtitle of the site feed.
    pub description: Option<String>,
    /// Author of posts that name none.
    pub author: Option<String>,
    /// Language tag (BCP 47). Default `zh-CN`.
    pub language: String,
    /// IANA zone of dates without an offset. Default `Asia/Shanghai`.
    pub timezone: String,
}

impl Default for SiteSettings {
    fn default() -> Self {
        SiteSettings {
            title: None,
            url: "http://localhost:8080".into(),
            description: None,
            author: None,
            language: "zh-CN".into(),
            timezone: "Asia/Shanghai".into(),
        }
    }
}

/// `dates`: how dates are read.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatesSettings {
    /// A date with seconds but without an offset: `site` (default) reads it in the site's zone, `utc` as Jekyll does.
    pub naive: Naive,
}

/// The two readings of a date without an offset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Naive {
    /// A wall clock in `site.timezone`.
    #[default]
    Site,
    /// UTC, as Jekyll reads it.
    Utc,
}

/// `telegram`: the bot. The token is not here: `TAGWIRE_TELEGRAM_TOKEN`, or `token_file`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelegramSettings {
    /// Bot API server. Default `https://api.telegram.org`.
    pub api_url: String,
    /// User name of the bot, for links that open it (`https://t.me/NAME?start=...`). Default: no links.
    pub bot: Option<String>,
    /// A file that holds the token and nothing else.
    pub token_file: Option<PathBuf>,
    /// User ids of the people who may use the admin commands.
    pub admins: Vec<i64>,
    /// Chats that the config subscribes.
    pub channels: Vec<Channel>,
    /// Requests under way at once. Default 64.
    pub in_flight: usize,
    /// Seconds after which a send counts as ambiguous. Default 60.
    pub send_timeout_seconds: u64,
    /// Seconds that one long poll lasts. Default 30.
    pub poll_seconds: u64,
    /// Telegram posts updates to the built-in server instead of being polled. Default: polling.
    pub webhook: Option<Webhook>,
    /// Commands and buttons of one person a minute; more are passed over. Default 60.
    pub commands_per_minute: u32,
    /// The most that one chat may follow. Default 500.
    pub most_follows: usize,
}

/// `telegram.webhook`. The secret is not here: `TAGWIRE_TELEGRAM_WEBHOOK_SECRET`, or `secret_file`, or one that
/// tagwire makes.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// The address that Telegram posts to: https, port 443, 80, 88 or 8443.
    pub url: String,
    /// Where the built-in server listens for it. Default: the path of `url`.
    #[serde(default)]
    pub path: Option<String>,
    /// A file that holds the secret and nothing else: 16 to 256 of A-Z a-z 0-9 _ -.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
}

impl Webhook {
    /// The address below the host, with its slash.
    ///
    /// # Errors
    /// `url` or `path` cannot be used.
    pub fn listen_path(&self) -> Result<String, ConfigError> {
        let wrong = || {
            ConfigError::key(
                "telegram.webhook.url",
                format!(
                    "`{}`: write one like https://bot.example.org/telegram",
                    self.url
                ),
            )
        };
        let url = url::Url::parse(&self.url).map_err(|_| wrong())?;
        let port = url.port().unwrap_or(443);
        if url.scheme() != "https" || ![443, 80, 88, 8443].contains(&port) {
            return Err(wrong());
        }
        let path = self.path.clone().unwrap_or_else(|| url.path().to_owned());
        match path.strip_prefix('/') {
            Some(rest) if !rest.is_empty() && !path.contains(['?', '#', ' ']) => Ok(path),
            _ => Err(ConfigError::key(
                "telegram.webhook.path",
                format!("`{path}` is no path of its own: write one like /telegram"),
            )),
        }
    }
}

impl Default for TelegramSettings {
    fn default() -> Self {
        TelegramSettings {
            api_url: "https://api.telegram.org".into(),
            bot: None,
            token_file: None,
            admins: Vec::new(),
            channels: Vec::new(),
            in_flight: 64,
            send_timeout_seconds: 60,
            poll_seconds: 30,
            webhook: None,
            commands_per_minute: 60,
            most_follows: 500,
        }
    }
}

/// One chat that the config subscribes.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// Numeric id, or `@name`.
    pub chat: ChatText,
    /// `site`, `topic:ID`, `category:NAME`, `tag:NAME`.
    pub follow: Vec<String>,
    /// `off` (default), `hourly`, or full hours such as `8,18`.
    #[serde(default)]
    pub digest: Option<String>,
    /// Hours without alerts, such as `22:00-07:00`.
    #[serde(default)]
    pub quiet: Option<String>,
    /// Messages come without a sound.
    #[serde(default)]
    pub silent: bool,
}

/// YAML writes ids as numbers and names as text.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(untagged, expecting = "a number, or @name")]
pub enum ChatText {
    /// A numeric id.
    Id(i64),
    /// `@name`, or a quoted number.
    Name(String),
}

/// `delivery`: what is announced, and what happens to doubtful messages.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeliverySettings {
    /// More new posts than this at once are held until an admin decides. Default 200.
    pub burst_limit: u64,
    /// Posts dated earlier than this many days ago are held until an admin decides. Default 7.
    pub max_age_days: u64,
    /// A message whose fate is unknown: `resend` once (default), or `hold`.
    pub unknown: UnknownPolicy,
    /// Alerts that could not be sent for this many hours are skipped. Default 72.
    pub expire_hours: u32,
    /// More alerts than this that wait in a chat at once become a digest; 0: only where a chat or an admin
    /// wants one. Default 20, a minute's worth in a group.
    pub fold_above: u32,
    /// The same for alerts that come late: after quiet hours, a pause, an outage. Default 5.
    pub fold_late_above: u32,
    /// Sent messages follow their post for this many hours; 0: never. Default 48, as Telegram allows.
    pub correct_for_hours: u32,
    /// Seconds after a change of a post before its messages are edited. Default 60.
    pub correct_after_seconds: u32,
    /// A message whose post was withdrawn: `strike` it through (default), `delete` it, or `keep` it.
    pub withdrawn: WithdrawnPolicy,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        DeliverySettings {
            burst_limit: 200,
            max_age_days: 7,
            unknown: UnknownPolicy::Resend,
            expire_hours: 72,
            fold_above: 20,
            fold_late_above: 5,
            correct_for_hours: 48,
            correct_after_seconds: 60,
            withdrawn: WithdrawnPolicy::Strike,
        }
    }
}

/// What happens to the messages of a post that goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WithdrawnPolicy {
    /// The title is struck through, and the message says so.
    Strike,
    /// The message is taken away.
    Delete,
    /// The message stays as it is.
    Keep,
}

/// What happens to a message that may or may not have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownPolicy {
    /// Sent once more: never lost, at most two copies.
    Resend,
    /// Left as it is: never doubled, perhaps lost.
    Hold,
}

impl Config {
    /// The site, checked.
    ///
    /// # Errors
    /// Names the key that is wrong and what it takes.
    pub fn site(&self) -> Result<Site, ConfigError> {
        let url = self.site.url.trim_end_matches('/');
        let parsed = url::Url::parse(url).map_err(|error| ConfigError::key("site.url", error))?;
        if !matches!(parsed.scheme(), "http" | "https")
            || parsed.query().is_some()
            || parsed.fragment().is_some()
        {
            return Err(ConfigError::key(
                "site.url",
                "write http://host or https://host, without ? and #",
            ));
        }
        let timezone = self.site.timezone.parse().map_err(|_| {
            ConfigError::key(
                "site.timezone",
                format!(
                    "`{}` is no IANA zone: write one like Asia/Shanghai",
                    self.site.timezone
                ),
            )
        })?;
        let host = parsed.host_str().unwrap_or("localhost").to_owned();
        Ok(Site {
            title: self.site.title.clone().unwrap_or(host),
            url: url.to_owned(),
            description: self.site.description.clone(),
            author: self.site.author.clone(),
            language: self.site.language.clone(),
            timezone,
        })
    }

    /// How dates without an offset are read.
    pub fn naive_dates(&self) -> NaiveDates {
        match self.dates.naive {
            Naive::Site => NaiveDates::SiteTime,
            Naive::Utc => NaiveDates::Utc,
        }
    }

    /// The chats that the config subscribes, checked.
    ///
    /// # Errors
    /// Names the entry that is wrong and what it takes.
    pub fn channels(&self) -> Result<Vec<(ChatId, Vec<Follow>)>, ConfigError> {
        let labels = self.labels()?;
        let mut channels = Vec::new();
        for (index, channel) in self.telegram.channels.iter().enumerate() {
            let key = format!("telegram.channels[{index}]");
            let text = match &channel.chat {
                ChatText::Id(id) => id.to_string(),
                ChatText::Name(name) => name.clone(),
            };
            let chat = text
                .parse()
                .map_err(|error| ConfigError::key(&key, error))?;
            let follows: Result<Vec<Follow>, _> =
                channel.follow.iter().map(|text| text.parse()).collect();
            let follows = follows.map_err(|error| ConfigError::key(&key, error))?;
            let meant = follows
                .into_iter()
                .map(|follow| labels.canonical_follow(follow));
            channels.push((chat, meant.collect()));
        }
        Ok(channels)
    }

    /// How the chats of `telegram.channels` want their messages.
    ///
    /// # Errors
    /// Names the entry that is wrong and what it takes.
    pub fn channel_preferences(&self) -> Result<Vec<Preferences>, ConfigError> {
        let channels = self.telegram.channels.iter().enumerate();
        channels
            .map(|(index, channel)| {
                let key = |name| format!("telegram.channels[{index}].{name}");
                let rhythm = match &channel.digest {
                    None => Ok(Rhythm::AtOnce),
                    Some(text) => text
                        .parse()
                        .map_err(|error| ConfigError::key(&key("digest"), error)),
                };
                let quiet = match &channel.quiet {
                    None => Ok(None),
                    Some(text) => text
                        .parse()
                        .map(Some)
                        .map_err(|error| ConfigError::key(&key("quiet"), error)),
                };
                Ok(Preferences {
                    rhythm: rhythm?,
                    quiet: quiet?,
                    silent: channel.silent,
                    ..Preferences::default()
                })
            })
            .collect()
    }

    /// Checks where files go beyond their folder.
    fn validate_targets(&self) -> Result<(), ConfigError> {
        if let Some(s3) = &self.publish.s3 {
            if s3.bucket.is_empty() {
                return Err(ConfigError::key("publish.s3.bucket", "name a bucket"));
            }
            if let Some(endpoint) = &s3.endpoint {
                web_address("publish.s3.endpoint", endpoint, "https://s3.example.org")?;
            }
        }
        let is_empty = match &self.publish.command {
            None => false,
            Some(CommandLine::Shell(line)) => line.trim().is_empty(),
            Some(CommandLine::Words(words)) => words.is_empty(),
        };
        match is_empty {
            true => Err(ConfigError::key(
                "publish.command",
                "write a command, or leave the key out",
            )),
            false => Ok(()),
        }
    }

    /// The labels' names and aliases, checked.
    ///
    /// # Errors
    /// Names the key that is wrong.
    pub fn labels(&self) -> Result<Labels, ConfigError> {
        Labels::new(&self.labels).map_err(ConfigError::setting)
    }

    /// Checks what serde cannot.
    ///
    /// # Errors
    /// The first key that is wrong.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.site()?;
        self.labels()?;
        self.channels()?;
        if self.feeds.limit == 0 {
            return Err(ConfigError::key("feeds.limit", "write at least 1"));
        }
        for hub in self.feeds.hub.urls() {
            web_address("feeds.hub", hub, "https://hub.example.org/")?;
        }
        self.validate_targets()?;
        if self.telegram.in_flight == 0 {
            return Err(ConfigError::key("telegram.in_flight", "write at least 1"));
        }
        let listen = self.http.listen.trim();
        if !listen.is_empty() && !is_place_to_listen(listen) {
            return Err(ConfigError::key(
                "http.listen",
                format!(
                    "`{listen}` is no address with a port: write one like 127.0.0.1:8080, or nothing for no server"
                ),
            ));
        }
        if let Some(webhook) = &self.telegram.webhook {
            webhook.listen_path()?;
            if self.http.listen.trim().is_empty() {
                return Err(ConfigError::key(
                    "telegram.webhook",
                    "needs the built-in server: set http.listen",
                ));
            }
        }
        if url::Url::parse(&self.telegram.api_url).is_err() {
            return Err(ConfigError::key(
                "telegram.api_url",
                "write an address like https://api.telegram.org",
            ));
        }
        Ok(())
    }
}

/// `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`. Whether the name is known shows when it is listened to.
fn is_place_to_listen(text: &str) -> bool {
    let named = text.rsplit_once(':');
    text.parse::<SocketAddr>().is_ok()
        || named.is_some_and(|(host, port)| {
            !host.is_empty() && !host.contains(':') && port.parse::<u16>().is_ok()
        })
}

fn web_address(key: &str, text: &str, example: &str) -> Result<(), ConfigError> {
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.username().is_empty() => Ok(()),
        _ => Err(ConfigError::key(
            key,
            format!("`{text}` is no web address: write one like {example}, without a user"),
        )),
    }
}
