//! Media types.
//! In: a published file's name, and who asks. Out: its `Content-Type`, whether it is text, whether
//! it is a feed.

use std::path::Path;

/// Our pages need their own style and script; nothing else may load or run. Feeds that a browser
/// shows get the same.
pub const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
     img-src 'self' https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What a published file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    Atom,
    Rss,
    JsonFeed,
    Opml,
    Html,
    Css,
    Script,
    Svg,
    Text,
    Other,
}

impl Media {
    /// By extension: only what we publish.
    pub fn of(file: &str) -> Media {
        match Path::new(file).extension().and_then(|end| end.to_str()) {
            Some("xml") => Media::Atom,
            Some("rss") => Media::Rss,
            Some("json") => Media::JsonFeed,
            Some("opml") => Media::Opml,
            Some("html") => Media::Html,
            Some("css") => Media::Css,
            Some("js") => Media::Script,
            Some("svg") => Media::Svg,
            Some("txt") => Media::Text,
            _ => Media::Other,
        }
    }

    /// With charset, as feed readers want it.
    pub fn content_type(self) -> &'static str {
        match self {
            Media::Atom => "application/atom+xml; charset=utf-8",
            Media::Rss => "application/rss+xml; charset=utf-8",
            Media::JsonFeed => "application/feed+json; charset=utf-8",
            Media::Opml => "text/x-opml; charset=utf-8",
            Media::Html => "text/html; charset=utf-8",
            Media::Css => "text/css; charset=utf-8",
            Media::Script => "text/javascript; charset=utf-8",
            Media::Text => "text/plain; charset=utf-8",
            Media::Svg => "image/svg+xml; charset=utf-8",
            Media::Other => "application/octet-stream",
        }
    }

    /// Chromium and Firefox show or save the feeds' own types as they are; as plain XML they apply
    /// the style sheet.
    pub fn has_browser_view(self) -> bool {
        matches!(self, Media::Atom | Media::Rss)
    }

    /// Whether somebody may subscribe to it.
    pub fn is_feed(self) -> bool {
        matches!(self, Media::Atom | Media::Rss | Media::JsonFeed)
    }

    /// Whether compressing it gains anything.
    pub fn is_text(self) -> bool {
        self != Media::Other
    }
}
