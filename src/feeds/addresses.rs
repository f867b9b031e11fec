//! Where each feed lies, on disk and on the web.
//! In: the path templates, the site's address, what a feed follows. Out: relative file paths and
//! absolute ASCII URLs. Both come from the label's name alone, so they never move.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Asset;
use super::archives::Period;
use super::list_at::ListAt;
use super::names::file_name;
use super::settings::{Format, Settings};
use super::template::Template;
use super::text::absolute_uri;
use crate::model::{Follow, LabelKind, Site};

/// Everything but RFC 3986's unreserved characters, within one component.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Ends the name of the folder that holds a feed's history. No file ends so, whatever labels are called: a
/// label `a.json` and the JSON feed of a label `a` would otherwise want one name.
pub(super) const ARCHIVES: &str = ".archive";
/// The same as paths have it.
pub const ARCHIVE_FOLDER: &str = ".archive/";

/// Addresses of feeds.
#[derive(Debug, Clone)]
pub struct Addresses {
    base: String,
    site: Template,
    category: Template,
    tag: Template,
    topic: Template,
    opml: Option<String>,
    index: Option<String>,
    ignore_case: bool,
    pages: bool,
}

impl Addresses {
    /// Checks the templates. The error is a sentence that names the key.
    pub fn new(settings: &Settings, site: &Site) -> Result<Self, String> {
        settings.check()?;
        let paths = &settings.paths;
        let base = absolute_uri(site.url.trim_end_matches('/'))
            .ok_or_else(|| format!("`site.url` is `{}`: it is no web address", site.url))?;
        let all = Addresses {
            base,
            site: Template::parse("paths.site", &paths.site, false)?,
            category: Template::parse("paths.category", &paths.category, true)?,
            tag: Template::parse("paths.tag", &paths.tag, true)?,
            topic: Template::parse("paths.topic", &paths.topic, true)?,
            opml: list_file("opml", &settings.opml)?,
            index: list_file("index", &settings.index)?,
            ignore_case: paths.ignore_case,
            pages: settings.pages,
        };
        all.refuse_meetings(settings)?;
        Ok(all)
    }

    /// Two feeds, or a feed and a page, at one address would overwrite each other.
    fn refuse_meetings(&self, settings: &Settings) -> Result<(), String> {
        let mut templates = vec![
            ("paths.site", self.site.clone()),
            ("paths.category", self.category.clone()),
            ("paths.tag", self.tag.clone()),
            ("paths.topic", self.topic.clone()),
        ];
        if settings.archives.any() {
            let feeds = templates.clone().into_iter();
            templates.extend(feeds.map(|(key, template)| (key, template.archives())));
        }
        let lists = [("opml", &settings.opml), ("index", &settings.index)].into_iter();
        for (key, text) in lists.filter_map(|(key, list)| Some((key, list.address()?))) {
            let feeds = Format::ALL.iter().map(|format| format.extension());
            let endings = feeds.chain(settings.pages.then_some("html"));
            let stem = endings.into_iter().find_map(|ending| {
                let stem = text.strip_suffix(ending)?;
                stem.strip_suffix('.')
            });
            if let Some(stem) = stem {
                templates.push((key, Template::parse(key, stem, false)?));
            }
        }
        for (at, (key, template)) in templates.iter().enumerate() {
            for (other_key, other) in &templates[at + 1..] {
                if key != other_key && template.may_meet(other) {
                    return Err(format!(
                        "`feeds.{key}` and `feeds.{other_key}` could give two feeds one address: \
                         change one of them"
                    ));
                }
            }
        }
        let both = self.opml.as_ref().zip(self.index.as_ref());
        if both.is_some_and(|(opml, index)| opml.eq_ignore_ascii_case(index)) {
            return Err("`feeds.opml` and `feeds.index` are the same address".to_owned());
        }
        Ok(())
    }

    /// The feed's file, relative to `publish.dir`. A label keeps its own characters; what a file
    /// system or web server cannot hold is written `%XX`.
    pub fn file(&self, follow: &Follow, format: Format) -> String {
        let mut file = self.stem(follow);
        file.push('.');
        file.push_str(format.extension());
        file
    }

    /// Every file of a feed besides its history: its formats, and its page.
    pub fn files(&self, settings: &Settings, follow: &Follow) -> Vec<String> {
        let formats = settings.formats.iter();
        let mut files: Vec<String> = formats.map(|format| self.file(follow, *format)).collect();
        let page = match follow {
            Follow::Site => self.index.clone(),
            Follow::Label(_) => Some(self.label_page(follow)),
        };
        files.extend(page.filter(|_| settings.pages));
        files
    }

    /// The page of a label for people, relative to `publish.dir`.
    pub fn label_page(&self, label: &Follow) -> String {
        format!("{}.html", self.stem(label))
    }

    /// The folder of a feed's archive pages, relative to `publish.dir`, with its closing `/`.
    pub fn archive_folder(&self, follow: &Follow) -> String {
        format!("{}{ARCHIVES}/", self.stem(follow))
    }

    /// An archive page, relative to `publish.dir`: `feed.archive/2022-02.xml`.
    pub fn archive_file(&self, follow: &Follow, period: &Period, format: Format) -> String {
        let folder = self.archive_folder(follow);
        format!("{folder}{period}.{}", format.extension())
    }

    /// Absolute address of an archive page.
    pub fn archive_url(&self, follow: &Follow, period: &Period, format: Format) -> String {
        self.url_of_file(&self.archive_file(follow, period, format))
    }

    fn stem(&self, follow: &Follow) -> String {
        match follow {
            Follow::Site => self.site.path(""),
            Follow::Label(label) => {
                let template = match label.kind {
                    LabelKind::Category => &self.category,
                    LabelKind::Tag => &self.tag,
                    LabelKind::Topic | LabelKind::Words => &self.topic,
                };
                template.path(&file_name(&label.name, self.ignore_case))
            }
        }
    }

    /// The feed's address: absolute, percent-encoded ASCII. Decoded once it is the file's path, so
    /// any static web server finds it; a `%` of the file name is `%25` here.
    pub fn url(&self, follow: &Follow, format: Format) -> String {
        self.url_of_file(&self.file(follow, format))
    }

    /// The page that a person would rather read: a label's own, or the site's root.
    pub fn alternate(&self, follow: &Follow) -> String {
        match follow {
            Follow::Label(_) if self.pages => self.url_of_file(&self.label_page(follow)),
            _ => format!("{}/", self.base),
        }
    }

    /// The style sheet of feeds that a browser opens, from the root of the web server: it works below a
    /// base path and behind any host name. `None` without pages.
    pub fn stylesheet(&self) -> Option<String> {
        let url = self.url_of_file(Asset::FeedStyle.file());
        let after_scheme = url.find("://").map_or(0, |at| at + 3);
        let path = url[after_scheme..].find('/')? + after_scheme;
        self.pages.then(|| url[path..].to_owned())
    }

    /// The OPML file, if there is one, relative to `publish.dir`.
    pub fn opml_file(&self) -> Option<&str> {
        self.opml.as_deref()
    }

    /// The page of all feeds, if there is one, relative to `publish.dir`.
    pub fn index_file(&self) -> Option<&str> {
        self.index.as_deref()
    }

    /// Absolute address of a file below `publish.dir`.
    pub fn url_of_file(&self, file: &str) -> String {
        let mut url = String::with_capacity(self.base.len() + 1 + 3 * file.len());
        url.push_str(&self.base);
        for component in file.split('/') {
            url.push('/');
            url.extend(utf8_percent_encode(component, COMPONENT));
        }
        url
    }

    /// The site's address as ASCII, without a trailing slash.
    pub fn base(&self) -> &str {
        &self.base
    }
}

/// Where a list of all feeds lies, relative to `publish.dir`.
fn list_file(key: &str, list: &ListAt) -> Result<Option<String>, String> {
    let file = |address| Template::parse(key, address, false).map(|template| template.path(""));
    list.address().map(file).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::golden_tests::site;
    use crate::model::Label;
    use crate::model::zone::zone;
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    fn addresses() -> Addresses {
        Addresses::new(&Settings::default(), &site()).unwrap()
    }

    fn tag(name: &str) -> Follow {
        Follow::Label(Label::tag(name))
    }

    #[test]
    fn addresses_are_those_of_jekyll_feed() {
        let at = addresses();
        assert_eq!(at.file(&Follow::Site, Format::Atom), "feed.xml");
        assert_eq!(
            at.url(&Follow::Site, Format::Json),
            "https://x.test/news/feed.json"
        );
        let category = Follow::Label(Label::category("21caijingAPP"));
        assert_eq!(at.file(&category, Format::Rss), "feed/21caijingAPP.rss");
        assert_eq!(at.file(&tag("新闻"), Format::Atom), "feed/by_tag/新闻.xml");
        assert_eq!(
            at.url(&tag("新闻"), Format::Atom),
            "https://x.test/news/feed/by_tag/%E6%96%B0%E9%97%BB.xml"
        );
        let topic = Follow::Label(Label::topic("market"));
        assert_eq!(at.file(&topic, Format::Atom), "feed/by_topic/market.xml");
        assert!(
            at.url(&tag("C#"), Format::Atom)
                .ends_with("/feed/by_tag/C%23.xml")
        );
        assert!(
            at.url(&tag(".."), Format::Atom)
                .ends_with("/by_tag/%252E%252E.xml")
        );
    }

    #[test]
    fn histories_lie_in_folders_that_are_no_feeds() {
        let at = addresses();
        let may = Period::year_of(1_645_149_701, zone("Asia/Shanghai"));
        assert_eq!(
            at.archive_file(&Follow::Site, &may, Format::Atom),
            "feed.archive/2022.xml"
        );
        assert_eq!(
            at.archive_url(&tag("新闻"), &may, Format::Rss),
            "https://x.test/news/feed/by_tag/%E6%96%B0%E9%97%BB.archive/2022.rss"
        );
        let mut settings = Settings::default();
        settings.paths.tag = "/feed.archive/:name".to_owned();
        assert!(Addresses::new(&settings, &site()).is_err());
        settings.archives = super::super::Archives::All(false);
        assert!(Addresses::new(&settings, &site()).is_ok());
    }

    #[test]
    fn templates_that_meet_are_refused_with_both_keys() {
        let mut settings = Settings::default();
        settings.paths.tag = "/feed/:name".to_owned();
        let error = Addresses::new(&settings, &site()).unwrap_err();
        assert!(
            error.contains("paths.category") && error.contains("paths.tag"),
            "{error}"
        );
        let opml = Settings {
            opml: ListAt::of("/feed/all.xml"),
            ..Settings::default()
        };
        assert!(Addresses::new(&opml, &site()).is_err());
        let same = Settings {
            opml: ListAt::of("/index.html"),
            ..Settings::default()
        };
        assert!(Addresses::new(&same, &site()).is_err());
    }

    proptest! {
        #[test]
        fn nothing_leaves_the_folder_and_no_two_labels_meet(
            one in any::<String>(), two in any::<String>(), kinds in (0..3usize, 0..3usize),
        ) {
            let at = addresses();
            let label = |kind, name: &str| Follow::Label(Label::new(LabelKind::ALL[kind], name));
            let (one, two) = (label(kinds.0, &one), label(kinds.1, &two));
            let file = at.file(&one, Format::Atom);
            prop_assert!(file.split('/').all(|part| !part.is_empty() && !part.starts_with('.')));
            prop_assert!(file.starts_with("feed/"));
            prop_assert!(file.matches('/').count() == 1 + usize::from(kinds.0 > 0));
            let url = at.url(&one, Format::Atom);
            prop_assert!(url.is_ascii());
            let path = url.strip_prefix("https://x.test/news/").unwrap().to_owned();
            prop_assert_eq!(percent_decode_str(&path).decode_utf8().unwrap(), file.as_str());
            prop_assert_eq!(file == at.file(&two, Format::Atom), one == two);
            prop_assert_ne!(file, at.file(&Follow::Site, Format::Atom));
        }
    }
}
