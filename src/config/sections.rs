//! The shape of the config: a section for each room, every key with a default that works in an empty folder.
//! In: serde. Out: plain settings; `check` makes nouns of them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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
    #[serde(default, deserialize_with = "hours")]
    pub digest: Option<String>,
    /// Hours without alerts, such as `22:00-07:00`.
    #[serde(default)]
    pub quiet: Option<String>,
    /// Messages come without a sound.
    #[serde(default)]
    pub silent: bool,
}

/// One full hour is a number for YAML.
fn hours<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "full hours such as 8 or 8,18")]
    enum Hours {
        One(u8),
        Text(String),
    }
    let hours = Option::<Hours>::deserialize(value)?;
    Ok(hours.map(|hours| match hours {
        Hours::One(hour) => hour.to_string(),
        Hours::Text(text) => text,
    }))
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
    /// Seconds after a change of a post before a daemon edits its messages; `once` does so at once. Default 60.
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
