//! The site as feeds and permalinks name it.
//! In: the `site` section of the config, checked. Out: plain values for posts, feeds and messages.

use chrono_tz::Tz;

/// What the `site` section of the config says, validated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Shown as the title of the site feed.
    pub title: String,
    /// `https://host/base` without a trailing slash, http or https.
    pub url: String,
    /// Shown as the subtitle of the site feed.
    pub description: Option<String>,
    /// The default author of posts.
    pub author: Option<String>,
    /// BCP 47, for example `zh-CN`.
    pub language: String,
    /// For dates without an offset, and for times shown to people.
    pub timezone: Tz,
}
