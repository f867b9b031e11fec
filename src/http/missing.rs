//! What is said of feeds that are not there.
//! In: an address, and who asks. Out: 404 with the feeds that may be meant, or 410 for those that
//! were given up; a page for browsers, a few lines for programs.

use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use hyper::StatusCode;
use hyper::header::{self, HeaderValue};
use percent_encoding::utf8_percent_encode;
use tokio::sync::Semaphore;

use super::answer::{Answer, of, with};
use super::media::PAGE_POLICY;
use super::shelf::Shelf;
use super::suggest::{Name, names, nearest};
use crate::model::Site;

/// Suggestions shown.
const MOST: usize = 5;

/// Answers for what is not there.
pub struct Missing {
    shelf: Shelf,
    language: String,
    words: &'static Words,
    /// The path of the site's address, percent-encoded.
    base: String,
    /// `/` shows all feeds.
    has_index: bool,
    /// The names of so many files of the shelf.
    names: Mutex<(usize, Arc<Vec<Name>>)>,
    /// To compare with thousands of names takes milliseconds: strangers get one core for it at most.
    turn: Arc<Semaphore>,
}

struct Words {
    not_found: &'static str,
    gone: &'static str,
    meant: &'static str,
    all_feeds: &'static str,
}

const CHINESE: Words = Words {
    not_found: "没有这个订阅",
    gone: "这个订阅已停止更新，不再提供",
    meant: "也许您要找的是",
    all_feeds: "全部订阅",
};

const ENGLISH: Words = Words {
    not_found: "There is no such feed",
    gone: "This feed has been given up",
    meant: "Perhaps you mean",
    all_feeds: "All feeds",
};

#[derive(Template)]
#[template(path = "missing.html")]
struct Page<'a> {
    language: &'a str,
    base: &'a str,
    has_index: bool,
    has_style: bool,
    title: &'static str,
    words: &'static Words,
    suggestions: &'a [(String, String)],
}

impl Missing {
    /// Suggests from `shelf`; `base` is the path of the site's address, below which there is a page of all feeds or not.
    pub fn new(shelf: Shelf, site: &Site, base: &str, has_index: bool) -> Self {
        let is_chinese = site.language.to_ascii_lowercase().starts_with("zh");
        Missing {
            shelf,
            language: site.language.clone(),
            words: if is_chinese { &CHINESE } else { &ENGLISH },
            base: base.to_owned(),
            has_index,
            names: Mutex::default(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// 404 for a decoded address.
    pub async fn not_found(&self, path: &str, is_browser: bool) -> Answer {
        let suggestions = self.suggest(path, is_browser).await;
        let title = self.words.not_found;
        self.say(StatusCode::NOT_FOUND, title, &suggestions, is_browser)
    }

    /// 410: readers drop the feed.
    pub fn gone(&self, is_browser: bool) -> Answer {
        self.say(StatusCode::GONE, self.words.gone, &[], is_browser)
    }

    /// Addresses and names; nothing while another stranger's address is being looked at.
    async fn suggest(&self, path: &str, is_browser: bool) -> Vec<(String, String)> {
        let Ok(turn) = Arc::clone(&self.turn).try_acquire_owned() else {
            return Vec::new();
        };
        let (shelf, path) = (self.shelf.clone(), path.to_owned());
        let (len, known) = self
            .names
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let look = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let paths = (shelf.len() != len).then(|| shelf.paths());
            let known = paths.map_or(known, |paths| Arc::new(names(&paths)));
            let near = nearest(&known, &path, MOST);
            let near = near.into_iter().filter_map(|name| {
                Some((
                    file_of(name, &shelf, &path, is_browser)?,
                    name.shown.clone(),
                ))
            });
            (near.collect::<Vec<_>>(), shelf.len(), known)
        });
        let Ok((near, len, known)) = look.await else {
            return Vec::new();
        };
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = (len, known);
        let address = |file: String| {
            let parts = file.split('/');
            let parts = parts.map(|part| utf8_percent_encode(part, super::files::COMPONENT));
            parts.fold(self.base.clone(), |address, part| {
                format!("{address}/{part}")
            })
        };
        near.into_iter()
            .map(|(file, shown)| (address(file), shown))
            .collect()
    }

    fn say(
        &self,
        status: StatusCode,
        title: &'static str,
        suggestions: &[(String, String)],
        is_browser: bool,
    ) -> Answer {
        let words = self.words;
        let mut answer = match is_browser {
            true => {
                let page = Page {
                    language: &self.language,
                    base: &self.base,
                    has_index: self.has_index,
                    has_style: self.shelf.find("pages.css").is_some(),
                    title,
                    words,
                    suggestions,
                };
                // Writing into memory cannot fail; the template was checked when this was compiled.
                let page = page.render().unwrap_or_default();
                of(status, "text/html; charset=utf-8", page)
            }
            false => {
                let mut lines = format!("{title}\n");
                if !suggestions.is_empty() {
                    lines.push_str(&format!("{}:\n", words.meant));
                }
                for (address, shown) in suggestions {
                    lines.push_str(&format!("  {address}  {}\n", shown.escape_debug()));
                }
                of(status, "text/plain; charset=utf-8", lines)
            }
        };
        let policy = HeaderValue::from_static(PAGE_POLICY);
        answer
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
        let answer = with(answer, header::VARY, "accept");
        // A label may appear at any time.
        with(answer, header::CACHE_CONTROL, "no-cache")
    }
}

/// The file of a name that fits: the page for browsers, else the format that was asked for.
fn file_of(name: &Name, shelf: &Shelf, asked: &str, is_browser: bool) -> Option<String> {
    let extension = asked.rsplit('/').next().unwrap_or(asked).rsplit_once('.');
    let asked = extension.map_or("xml", |(_, extension)| extension);
    let wanted = if is_browser { "html" } else { asked };
    let endings = [wanted, "xml", "rss", "json", "html"].into_iter();
    let mut files = endings.map(|ending| format!("{}.{ending}", name.stem));
    files.find(|file| shelf.find(file).is_some())
}
