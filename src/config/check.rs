//! What serde cannot check.
//! In: plain settings. Out: the nouns made of them (`Site`, chats, follows, labels), or the key that is wrong and what
//! it takes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::ConfigError;
use super::sections::{ChatText, Config, Naive, Webhook};
use crate::feeds::Labels;
use crate::model::{ChatId, Follow, InvalidZone, Preferences, Rhythm, Site};
use crate::posts::NaiveDates;
use crate::publish::CommandLine;

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
        let timezone = self.site.timezone.parse();
        let timezone = timezone
            .map_err(|error: InvalidZone| ConfigError::key("site.timezone", error.to_string()))?;
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

    /// Checks that feeds are not taken for posts, nor posts for feeds.
    fn validate_folders(&self) -> Result<(), ConfigError> {
        let publish = whole(&self.publish.dir);
        let roots = self.posts.roots();
        match roots.iter().find(|root| publish.starts_with(whole(root))) {
            Some(root) => Err(ConfigError::key(
                "publish.dir",
                format!(
                    "{} lies in posts.dir {}, where its pages would be read as posts: name a folder beside it",
                    self.publish.dir.display(),
                    root.display()
                ),
            )),
            None => Ok(()),
        }
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
        self.channel_preferences()?;
        if self.feeds.limit == 0 {
            return Err(ConfigError::key("feeds.limit", "write at least 1"));
        }
        for hub in self.feeds.hub.urls() {
            web_address("feeds.hub", hub, "https://hub.example.org/")?;
        }
        self.validate_folders()?;
        self.validate_targets()?;
        self.validate_server()?;
        self.validate_telegram()
    }

    fn validate_server(&self) -> Result<(), ConfigError> {
        let listen = self.http.listen.trim();
        if !listen.is_empty() && !is_place_to_listen(listen) {
            return Err(ConfigError::key(
                "http.listen",
                format!(
                    "`{listen}` is no address with a port: write one like 127.0.0.1:8080, or nothing for no server"
                ),
            ));
        }
        Ok(())
    }

    fn validate_telegram(&self) -> Result<(), ConfigError> {
        if self.telegram.in_flight == 0 {
            return Err(ConfigError::key("telegram.in_flight", "write at least 1"));
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

/// Where a path leads, through links as far as there is something.
fn whole(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = path
        .ancestors()
        .find_map(|above| Some((above, above.canonicalize().ok()?)));
    match there {
        Some((above, real)) => real.join(path.strip_prefix(above).unwrap_or(Path::new(""))),
        None => path,
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
