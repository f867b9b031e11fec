//! Published files over HTTP.
//! In: a decoded address and headers. Out: the file, 304, or a refusal. The address is only ever
//! looked up on the shelf, never on the disk, so no address leads anywhere else.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::Serving;
use super::answer::{Answer, text, with};
use super::bodies::Bodies;
use super::conditional::{etag, is_unchanged, last_modified};
use super::encode::encode;
use super::media::{Media, PAGE_POLICY};
use super::missing::Missing;
use super::negotiate::{Coding, coding, is_browser};
use super::shelf::{Shelf, Stamp};
use crate::publish::content_hash;

/// News within a minute, and yet a burst of readers behind one cache is one request.
pub const CACHE: &str = "public, max-age=60";
/// Below this the head weighs more than what compression saves (bytes).
const WORTH_CODING: u64 = 600;
/// Files read and compressed at a time; more requests wait, and most of them find the work done.
const AT_WORK: usize = 2;
/// Longest that an answer may take to begin: a disk that hangs must not pile up requests.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Everything but RFC 3986's unreserved characters, within one component, as feeds name themselves.
pub const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Answers requests for published files.
pub struct Files {
    shelf: Shelf,
    bodies: Bodies,
    work: Semaphore,
    missing: Missing,
    retired: BTreeSet<String>,
    /// `/base` of `https://host/base`, decoded: feeds lie below it in their own links, whether or
    /// not a proxy in front of us takes it away.
    base: String,
    /// `https://host/base` in ASCII.
    url: String,
    /// What `/` shows.
    index: Option<String>,
    hubs: Vec<String>,
}

/// What was asked for, and how it goes out.
#[derive(Clone, Copy)]
struct Choice<'f> {
    file: &'f str,
    media: Media,
    coding: Coding,
    is_browser_view: bool,
}

impl Files {
    /// Files of the shelf, at the root and below the path of the site's address.
    pub fn new(serving: Serving) -> Self {
        let url = serving.site.url.trim_end_matches('/').to_owned();
        let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
        let raw_base = after_scheme.find('/').map_or("", |at| &after_scheme[at..]);
        let base = percent_decode_str(raw_base)
            .decode_utf8_lossy()
            .into_owned();
        Files {
            missing: Missing::new(
                serving.shelf.clone(),
                &serving.site,
                raw_base,
                serving.index.is_some(),
            ),
            shelf: serving.shelf,
            bodies: Bodies::default(),
            work: Semaphore::new(AT_WORK),
            retired: serving.retired,
            base,
            url: serving.address,
            index: serving.index,
            hubs: serving.hubs,
        }
    }

    /// The answer to GET of `path`, which is still percent-encoded.
    pub async fn answer(&self, path: &str, headers: &HeaderMap) -> Answer {
        let Ok(path) = percent_decode_str(path).decode_utf8() else {
            return text(StatusCode::BAD_REQUEST, "the address is not UTF-8\n");
        };
        if path.contains('\0') {
            return text(StatusCode::BAD_REQUEST, "the address holds a NUL\n");
        }
        if let Some((file, stamp)) = self.locate(&path, |file| self.shelf.find(file)) {
            return self.answer_with(file, stamp, headers).await;
        }
        // Pages name what lies beside them: that only works below a slash.
        let has_index =
            || { self.index.as_deref() }.is_some_and(|file| self.shelf.find(file).is_some());
        if !self.base.is_empty() && *path == self.base && has_index() {
            return self.redirect_to_root();
        }
        let retired = self.locate(&path, |file| self.retired.contains(file).then_some(()));
        let is_browser = is_browser(headers);
        match retired {
            Some(_) => self.missing.gone(is_browser),
            None => {
                self.missing
                    .not_found(self.below_base(&path), is_browser)
                    .await
            }
        }
    }

    async fn answer_with(&self, file: &str, stamp: Stamp, headers: &HeaderMap) -> Answer {
        let media = Media::of(file);
        let compress = media.is_text() && stamp.size >= WORTH_CODING;
        let Some(coding) = coding(headers, compress) else {
            let words = "gzip, br and identity are what there is\n";
            let refusal = text(StatusCode::NOT_ACCEPTABLE, words);
            return with(refusal, header::VARY, "accept-encoding");
        };
        let choice = Choice {
            file,
            media,
            coding,
            is_browser_view: media.has_browser_view() && is_browser(headers),
        };
        let now = SystemTime::now();
        if self.is_unchanged(&choice, &stamp, headers, now) {
            return bare(StatusCode::NOT_MODIFIED, &choice, &stamp, now);
        }
        let (body, stamp) = match self.bodies.get(stamp.hash, coding) {
            Some(body) => (body, stamp),
            None => match self.load(file, stamp, coding).await {
                Ok(loaded) => loaded,
                Err(error) => {
                    tracing::warn!(file, %error, "a published feed cannot be read");
                    // Not 404: readers drop feeds that are gone, and this one comes back.
                    let words = "the feed cannot be read just now\n";
                    let refusal = text(StatusCode::SERVICE_UNAVAILABLE, words);
                    return with(refusal, header::RETRY_AFTER, "60");
                }
            },
        };
        // Another version than the shelf knew: the client may have just that one.
        if self.is_unchanged(&choice, &stamp, headers, now) {
            return bare(StatusCode::NOT_MODIFIED, &choice, &stamp, now);
        }
        let mut answer = bare(StatusCode::OK, &choice, &stamp, now);
        self.link(&choice, answer.headers_mut());
        *answer.body_mut() = body.into();
        answer
    }

    fn is_unchanged(
        &self,
        choice: &Choice,
        stamp: &Stamp,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> bool {
        let tag = etag(stamp, choice.coding, choice.is_browser_view);
        is_unchanged(headers, &tag, last_modified(stamp, now))
    }

    /// What `find` knows of a decoded address, with and without the site's own path in front.
    fn locate<'p, T>(
        &'p self,
        path: &'p str,
        find: impl Fn(&str) -> Option<T>,
    ) -> Option<(&'p str, T)> {
        let below = self.below_base(path);
        let both = [Some(path), (below.len() < path.len()).then_some(below)];
        both.into_iter().flatten().find_map(|path| {
            let file = match path.strip_prefix('/').unwrap_or(path) {
                // `/news` is no folder: see `redirect_to_root`.
                "" if path.is_empty() => return None,
                "" => self.index.as_deref()?,
                // Browsers ask for it beside everything that names no icon, such as a feed.
                "favicon.ico" => "icon.svg",
                file => file,
            };
            find(file).map(|found| (file, found))
        })
    }

    /// The address without the site's own path, when it lies below that.
    fn below_base<'p>(&self, path: &'p str) -> &'p str {
        let below = path.strip_prefix(self.base.as_str());
        let below = below.filter(|rest| rest.is_empty() || rest.starts_with('/'));
        below.unwrap_or(path)
    }

    /// The body in its coding, and the stamp of what was read.
    async fn load(&self, file: &str, stamp: Stamp, coding: Coding) -> io::Result<(Bytes, Stamp)> {
        let work = async {
            // Never closed.
            let _place = self.work.acquire().await;
            // Whoever was before may have done the same work.
            if let Some(body) = self.bodies.get(stamp.hash, coding) {
                return Ok((body, stamp));
            }
            let source = Source {
                path: self.shelf.dir().join(file).into(),
                stamp,
                coding,
                coded: self.coded_copy(file, &stamp, coding),
            };
            let read = tokio::task::spawn_blocking(move || source.read()).await;
            let (bytes, read) = read.map_err(io::Error::other)??;
            let body = Bytes::from(bytes);
            if read == stamp {
                self.bodies.put(stamp.hash, coding, body.clone());
            }
            Ok((body, read))
        };
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        timeout(ANSWER_WITHIN, work).await.map_err(late)?
    }

    /// The compressed copy beside the file, when one is published of this version: copies are dated like their file.
    fn coded_copy(&self, file: &str, stamp: &Stamp, coding: Coding) -> Option<(Arc<Path>, Stamp)> {
        let ending = match coding {
            Coding::Identity => return None,
            Coding::Gzip => "gz",
            Coding::Brotli => "br",
        };
        let copy = format!("{file}.{ending}");
        let found = self.shelf.find(&copy)?;
        let is_of_it = found.modified_ns == stamp.modified_ns;
        is_of_it.then(|| (self.shelf.dir().join(copy).into(), found))
    }

    /// WebSub, section 4: a feed names itself and its hub in its head too.
    fn link(&self, choice: &Choice, headers: &mut HeaderMap) {
        if !choice.media.is_feed() {
            return;
        }
        let mut link = format!("<{}", self.url);
        for component in choice.file.split('/') {
            link.push('/');
            link.extend(utf8_percent_encode(component, COMPONENT));
        }
        link.push_str(">; rel=\"self\"");
        for hub in &self.hubs {
            link.push_str(&format!(", <{hub}>; rel=\"hub\""));
        }
        let link = HeaderValue::try_from(link).ok();
        headers.extend(link.map(|link| (header::LINK, link)));
    }

    fn redirect_to_root(&self) -> Answer {
        let mut answer = text(StatusCode::PERMANENT_REDIRECT, "");
        let root = self.base.split('/');
        let root = root.map(|part| utf8_percent_encode(part, COMPONENT).to_string());
        let root = root.collect::<Vec<_>>().join("/") + "/";
        let root = HeaderValue::try_from(root).ok();
        let headers = answer.headers_mut();
        headers.extend(root.map(|root| (header::LOCATION, root)));
        answer
    }
}

/// What to read, and how to code it.
struct Source {
    path: Arc<Path>,
    stamp: Stamp,
    coding: Coding,
    coded: Option<(Arc<Path>, Stamp)>,
}

impl Source {
    /// The coded bytes and the stamp of the file that they come from. A rename makes versions
    /// whole, so one open file is one version; when length and time are those of the shelf, so is
    /// the hash.
    fn read(&self) -> io::Result<(Vec<u8>, Stamp)> {
        if let Some((copy, known)) = &self.coded
            && let Ok((bytes, found)) = read(copy, *known)
            && found == *known
        {
            return Ok((bytes, self.stamp));
        }
        let (bytes, stamp) = read(&self.path, self.stamp)?;
        Ok((encode(bytes, self.coding)?, stamp))
    }
}

/// The bytes of a file and their stamp; hashed only when they are not what `known` describes.
fn read(path: &Path, known: Stamp) -> io::Result<(Vec<u8>, Stamp)> {
    let mut file = File::open(path)?;
    let found = file.metadata()?;
    let modified_ns = modified_ns(&found);
    let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0));
    file.read_to_end(&mut bytes)?;
    let size = bytes.len() as u64;
    if size == known.size && modified_ns == known.modified_ns {
        return Ok((bytes, known));
    }
    let hash = content_hash(&bytes);
    let stamp = Stamp {
        hash,
        size,
        modified_ns,
    };
    Ok((bytes, stamp))
}

fn modified_ns(found: &std::fs::Metadata) -> i64 {
    let since = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).ok();
    let nanos = found
        .modified()
        .ok()
        .and_then(since)
        .map(|since| since.as_nanos());
    nanos
        .and_then(|nanos| i64::try_from(nanos).ok())
        .unwrap_or(-1)
}

/// Status and headers without a body. A 304 carries what a cache needs, a 200 the type as well.
fn bare(status: StatusCode, choice: &Choice, stamp: &Stamp, now: SystemTime) -> Answer {
    let mut response = Response::new(Default::default());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let tag = etag(stamp, choice.coding, choice.is_browser_view);
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    if let Some(at) = last_modified(stamp, now) {
        let date = HeaderValue::try_from(httpdate::fmt_http_date(at));
        headers.extend(date.ok().map(|date| (header::LAST_MODIFIED, date)));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
    let vary = match choice.media.has_browser_view() {
        true => "accept, accept-encoding",
        false => "accept-encoding",
    };
    headers.insert(header::VARY, HeaderValue::from_static(vary));
    if status == StatusCode::OK {
        let kind = match choice.is_browser_view {
            true => "application/xml; charset=utf-8",
            false => choice.media.content_type(),
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Some(token) = choice.coding.token() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(token));
        }
        if choice.media == Media::Html || choice.is_browser_view {
            let policy = HeaderValue::from_static(PAGE_POLICY);
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
    response
}
