//! The site as feeds and permalinks name it.
//! In: the `site` section of the config, checked. Out: plain values for posts, feeds and messages.

use url::Url;

use super::Zone;

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
    pub timezone: Zone,
}

impl Site {
    /// The path below the site that an address means, as permalinks are kept: percent-encoded, without query and
    /// fragment. `None` for what is no address of this site.
    pub fn path_of(&self, address: &str) -> Option<String> {
        let base = Url::parse(&self.url).ok()?;
        let url = match address.starts_with('/') {
            true => Url::parse(&format!("{}{address}", self.url)),
            false => Url::parse(address),
        };
        let url = url.ok().filter(|url| {
            // A site is the same one by http and by https.
            matches!(url.scheme(), "http" | "https")
                && url.host() == base.host()
                && url.port() == base.port()
        })?;
        let path = url.path().strip_prefix(base.path().trim_end_matches('/'))?;
        path.starts_with('/').then(|| path.to_owned())
    }

    /// What to look for when a person names a post: the words themselves and, of an address, the page's path without its
    /// ending. Nothing for words that name no post.
    pub fn names_of_post(&self, words: &str) -> Vec<String> {
        let words = words.trim();
        let page = self.path_of(words);
        let page = page.map(|path| {
            path.trim_end_matches(".html")
                .trim_end_matches('/')
                .to_owned()
        });
        let mut names: Vec<String> = std::iter::once(words.to_owned()).chain(page).collect();
        names.retain(|name| !name.trim_matches('/').is_empty());
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(url: &str) -> Site {
        Site {
            title: String::new(),
            url: url.to_owned(),
            description: None,
            author: None,
            language: "zh-CN".to_owned(),
            timezone: Zone::UTC,
        }
    }

    #[test]
    fn an_address_is_a_path_below_its_own_site_alone() {
        for (url, address, path) in [
            ("https://a.test", "https://a.test/law/x/", Some("/law/x/")),
            (
                "https://a.test",
                "http://A.test/law/x/?q=1#top",
                Some("/law/x/"),
            ),
            ("https://a.test", "/法", Some("/%E6%B3%95")),
            (
                "https://a.test/base",
                "https://a.test/base/x.html",
                Some("/x.html"),
            ),
            ("https://a.test/base", "/x.html", Some("/x.html")),
            ("https://a.test/base", "https://a.test/x.html", None),
            ("https://a.test/base", "https://a.test/baseline/x", None),
            ("https://a.test", "https://b.test/law/x/", None),
            ("https://a.test", "https://a.test:8080/law/x/", None),
            ("https://a.test", "要闻", None),
        ] {
            assert_eq!(site(url).path_of(address).as_deref(), path, "{address}");
        }
    }

    #[test]
    fn a_post_is_named_by_words_or_by_its_page() {
        let names = |words| site("https://a.test").names_of_post(words);
        assert_eq!(names(" 要闻 "), ["要闻"]);
        assert_eq!(names("/law/x"), ["/law/x"]);
        assert_eq!(
            names("https://a.test/x.html"),
            ["https://a.test/x.html", "/x"]
        );
        for nothing in ["", " ", "/", "//"] {
            assert!(names(nothing).is_empty(), "{nothing:?}");
        }
        assert_eq!(names("https://a.test/"), ["https://a.test/"]);
    }
}
