//! The `posts` section of the config.
//! In: YAML of an admin, through serde. Out: plain values; `Rules::new` checks and compiles them.
//! A key left out has the default that its doc comment names.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::defaults::FrontMatterDefault;

/// One folder or several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a folder, or a list of folders")]
pub enum Dirs {
    /// `dir: posts`
    One(PathBuf),
    /// `dir: [_posts, old_post]`
    Many(Vec<PathBuf>),
}

/// What identifies a post whose front matter has neither `guid` nor `id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdStyle {
    /// The id that jekyll-feed publishes: it changes with category, day and slug.
    #[default]
    Jekyll,
    /// The file's name without its ending: it changes only when the file is renamed.
    File,
}

/// How to read a date with seconds but without an offset (`dates.naive`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum NaiveDates {
    /// A wall clock in `site.timezone`: what its author meant.
    #[default]
    #[serde(rename = "site", alias = "site_time")]
    SiteTime,
    /// UTC, as Jekyll reads it.
    #[serde(rename = "utc")]
    Utc,
}

/// The `posts` section of the config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Folder or list of folders, searched recursively. Default `posts`.
    pub dir: Dirs,
    /// Where folders begin to be categories, as in Jekyll those between the site's folder and `_posts` are. Not set:
    /// at each folder of `dir`.
    pub site_dir: Option<PathBuf>,
    /// Jekyll's styles (`date`, `pretty`, `ordinal`, `weekdate`, `none`) or a template such as
    /// `/:year/:title/`. Default `date`.
    pub permalink: String,
    /// `jekyll` or `file`. Default `jekyll`.
    pub id: IdStyle,
    /// The encoding of files that are not UTF-8, by its name on the web (`gb18030`, `big5`,
    /// `shift_jis`, ...), or `auto`: GB18030 or Big5, whichever reads as Chinese. Default `auto`.
    pub encoding: String,
    /// Milliseconds of quiet after a change before it is looked at. Default 250.
    pub debounce_ms: u64,
    /// Milliseconds; a file younger than this that reads with a problem is read again before the
    /// problem counts. Default 2000.
    pub settle_ms: u64,
    /// Seconds between looks where the system cannot report changes. Default 5.
    pub poll_seconds: u64,
    /// Seconds between full scans, always. Default 300.
    pub rescan_seconds: u64,
    /// Seconds for which a deleted file stays in the feeds. Default 600.
    pub delete_grace_seconds: u64,
    /// Posts; a folder that held more and holds none is taken for unmounted, and they stay. 0 takes it at its
    /// word. Default 20.
    pub vanish_guard: usize,
    /// Bytes; a larger file is skipped with a problem. Default 1048576 (1 MiB).
    pub max_file_bytes: u64,
    /// Labels (categories and tags together) that a post may carry. Default 100.
    pub max_labels: usize,
    /// Characters; a longer label is dropped with a problem. Default 200.
    pub max_label_chars: usize,
    /// Read the posts in `_drafts` folders too; a draft without a date has that of the file's last change.
    /// Default false.
    pub drafts: bool,
    /// Fields of posts that do not have them, as Jekyll's `defaults`. Default none.
    pub defaults: Vec<FrontMatterDefault>,
    /// What ends the excerpt of a post that names no separator of its own. A summary is cut there only when
    /// this is not Jekyll's default. Default a blank line, as in Jekyll; empty for none.
    pub excerpt_separator: String,
    /// What Liquid in posts sees as `{{ site.NAME }}`, besides `title`, `url`, `baseurl`,
    /// `description`, `author`, `lang` and `timezone`. Default none.
    pub site_variables: BTreeMap<String, serde_yaml::Value>,
    /// What is not the article and goes. Defaults fit the pilot site.
    pub cleaning: Cleaning,
}

/// Rules for boilerplate. Lists of expressions are in the syntax of the `regex` crate and are
/// searched in a block's or link's plain text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cleaning {
    /// Cut elements that a browser would not show. Default true.
    pub hidden: bool,
    /// Take a trailing `<http://...>` line as the article's address at its source. Default true.
    pub via_line: bool,
    /// Blocks that name the source; the first group is its name. Default `（文章来源：X）`.
    pub source_lines: Vec<String>,
    /// Texts of links that make up a footer. Default: those that start with `返回`.
    pub footer_links: Vec<String>,
    /// Blocks that credit an image and go. Default `图片来源：X`.
    pub image_credits: Vec<String>,
    /// Descriptions (`alt`) of images that no feed shows as an article's lead. Default: stock charts, `K图 …`.
    pub chart_images: Vec<String>,
    /// Classes of links and spans whose text stays and whose link goes. Default: stock tickers.
    pub ticker_classes: Vec<String>,
    /// Beginnings of ids of spans whose text stays and whose link goes. Default: stock tickers.
    pub ticker_ids: Vec<String>,
    /// Beginnings of ids of spans that topics do not see, since a link to a board of stocks says nothing of the
    /// article. Default: the pilot's concept boards.
    pub concept_ids: Vec<String>,
}

impl Settings {
    /// Jekyll's `excerpt_separator`: a blank line.
    pub const EXCERPT_SEPARATOR: &str = "\n\n";

    /// The folders to search; without those that lie in another one by another spelling, whose files would be two.
    pub fn roots(&self) -> Vec<PathBuf> {
        let roots: &[PathBuf] = match &self.dir {
            Dirs::One(dir) => std::slice::from_ref(dir),
            Dirs::Many(dirs) => dirs,
        };
        let lies_in = |inner: usize, outer: usize| {
            let (a, b) = (plain(&roots[inner]), plain(&roots[outer]));
            a.starts_with(&b) && (a != b || outer < inner)
        };
        let is_apart = |inner: usize| {
            !(0..roots.len()).any(|outer| {
                outer != inner && lies_in(inner, outer) && !roots[inner].starts_with(&roots[outer])
            })
        };
        let apart = (0..roots.len()).filter(|number| is_apart(*number));
        apart.map(|number| roots[number].clone()).collect()
    }
}

/// A path without `.`, which changes nothing.
fn plain(path: &Path) -> PathBuf {
    let parts = path.components();
    parts.filter(|part| *part != Component::CurDir).collect()
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            dir: Dirs::One(PathBuf::from("posts")),
            site_dir: None,
            permalink: "date".to_owned(),
            encoding: "auto".to_owned(),
            id: IdStyle::Jekyll,
            debounce_ms: 250,
            settle_ms: 2000,
            poll_seconds: 5,
            rescan_seconds: 300,
            delete_grace_seconds: 600,
            vanish_guard: 20,
            max_file_bytes: 1 << 20,
            max_labels: 100,
            max_label_chars: 200,
            drafts: false,
            defaults: Vec::new(),
            excerpt_separator: Settings::EXCERPT_SEPARATOR.to_owned(),
            site_variables: BTreeMap::new(),
            cleaning: Cleaning::default(),
        }
    }
}

/// `（文章来源：X）`
pub(super) const SOURCE_LINE: &str = r"^[（(]\s*(?:文章|信息|稿件)来源\s*[：:]\s*(.+?)\s*[）)]$";

/// `图片来源：X`
pub(super) const IMAGE_CREDIT: &str = r"^[（(]?\s*(?:图片来源|图源)\s*[：:].{1,40}$";

impl Default for Cleaning {
    fn default() -> Self {
        let list = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect();
        Cleaning {
            hidden: true,
            via_line: true,
            source_lines: list(&[SOURCE_LINE]),
            footer_links: list(&["^返回"]),
            image_credits: list(&[IMAGE_CREDIT]),
            chart_images: list(&["^K图"]),
            ticker_classes: list(&["keytip", "em_stock_key_common"]),
            ticker_ids: list(&["stock_", "quote_", "bk_", "bkquote_"]),
            concept_ids: list(&["bk_", "bkquote_"]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_folder_or_several_and_unknown_keys_are_refused() {
        let read = |text: &str| serde_yaml::from_str::<Settings>(text);
        assert_eq!(read("dir: a").unwrap().roots(), [PathBuf::from("a")]);
        assert_eq!(read("dir: [a, b]").unwrap().roots().len(), 2);
        assert_eq!(read("id: file").unwrap().id, IdStyle::File);
        let named = |text: &str| {
            let roots = read(text).unwrap().roots().into_iter();
            let names = roots.map(|root| root.display().to_string());
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(named("dir: [./a/b, a, c]"), "a c");
        assert_eq!(named("dir: [a, a/b]"), "a a/b", "the search sees these");
        assert_eq!(named("dir: [ab, a]"), "ab a");
        assert_eq!(named("dir: [a, .]"), ".");
        assert!(read("dirs: a").is_err());
        assert!(read("cleaning: {hide: true}").is_err());
        let text = serde_yaml::to_string(&Settings::default()).unwrap();
        assert_eq!(read(&text).unwrap(), Settings::default());
    }
}
