//! Published files over HTTP.
//! In: a request. Out: the file, 304, or a short refusal. The address is only ever looked up on
//! the shelf, never on the disk, so no address leads anywhere else.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;

use super::conditional::{etag, is_unchanged, last_modified};
use super::shelf::{Shelf, Stamp};
use crate::model::Site;
use crate::publish::content_hash;

/// News within a minute, and yet a burst of readers behind one cache is one request.
const CACHE: &str = "public, max-age=60";
/// Our pages need their own style and script; nothing else may load or run.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' \
     https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Answers requests for published files.
#[derive(Clone)]
pub struct Files {
    shelf: Shelf,
    /// `/base` of `https://host/base`: feeds lie below it in their own links, whether or not a
    /// proxy in front of us takes it away.
    base: String,
}

impl Files {
    /// Files of `shelf`, at the root and below the path of the site's address.
    pub fn new(shelf: Shelf, site: &Site) -> Self {
        let after_scheme = site.url.split_once("://").map_or("", |(_, rest)| rest);
        let base = after_scheme.find('/').map_or("", |at| &after_scheme[at..]);
        let base = percent_decode_str(base.trim_end_matches('/')).decode_utf8_lossy();
        Files {
            shelf,
            base: base.into_owned(),
        }
    }

    /// The answer to one request.
    pub async fn answer(&self, request: Request) -> Response {
        let head = request.method() == Method::HEAD;
        if !head && request.method() != Method::GET {
            let allow = [(header::ALLOW, "GET, HEAD")];
            let words = "only GET and HEAD\n";
            return (StatusCode::METHOD_NOT_ALLOWED, allow, words).into_response();
        }
        let Ok(path) = percent_decode_str(request.uri().path()).decode_utf8() else {
            return (StatusCode::BAD_REQUEST, "the address is not UTF-8\n").into_response();
        };
        if path.contains('\0') {
            return (StatusCode::BAD_REQUEST, "the address holds a NUL\n").into_response();
        }
        let Some((file, stamp)) = self.find(&path) else {
            return (StatusCode::NOT_FOUND, "there is no such feed\n").into_response();
        };
        let headers = request.headers();
        let now = SystemTime::now();
        if is_unchanged(headers, &etag(&stamp), last_modified(&stamp, now)) {
            return bare(StatusCode::NOT_MODIFIED, file, &stamp, now);
        }
        if head {
            let mut response = bare(StatusCode::OK, file, &stamp, now);
            let length = HeaderValue::from(stamp.size);
            response
                .headers_mut()
                .insert(header::CONTENT_LENGTH, length);
            return response;
        }
        self.send(file, stamp, headers, now).await
    }

    /// The shelf's path for a decoded address, with and without the site's own path in front.
    fn find<'p>(&self, path: &'p str) -> Option<(&'p str, Stamp)> {
        let below = path.strip_prefix(self.base.as_str());
        let below = below.filter(|rest| rest.is_empty() || rest.starts_with('/'));
        [Some(path), below].into_iter().flatten().find_map(|path| {
            let file = match path.strip_prefix('/').unwrap_or(path) {
                "" => "index.html",
                file => file,
            };
            self.shelf.find(file).map(|stamp| (file, stamp))
        })
    }

    /// Reads and sends the file. Its validators always describe the bytes that are sent.
    async fn send(
        &self,
        file: &str,
        stamp: Stamp,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Response {
        let path = self.shelf.dir().join(file);
        let read = tokio::task::spawn_blocking(move || read(&path, stamp)).await;
        let (bytes, stamp) = match read.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(file, %error, "a published feed cannot be read");
                // Not 404: readers drop feeds that are gone, and this one comes back.
                let retry = [(header::RETRY_AFTER, "60")];
                let words = "the feed cannot be read just now\n";
                return (StatusCode::SERVICE_UNAVAILABLE, retry, words).into_response();
            }
        };
        // Another version than the shelf knew: the client may have just that one.
        if is_unchanged(headers, &etag(&stamp), last_modified(&stamp, now)) {
            return bare(StatusCode::NOT_MODIFIED, file, &stamp, now);
        }
        let mut response = bare(StatusCode::OK, file, &stamp, now);
        *response.body_mut() = Body::from(bytes);
        response
    }
}

/// The bytes and their stamp. A rename makes versions whole, so one open file is one version;
/// when length and time are those of the shelf, so is the hash.
fn read(path: &PathBuf, stamp: Stamp) -> io::Result<(Vec<u8>, Stamp)> {
    let mut file = File::open(path)?;
    let found = file.metadata()?;
    let modified_ns = modified_ns(&found);
    let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0));
    file.read_to_end(&mut bytes)?;
    let size = bytes.len() as u64;
    if size == stamp.size && modified_ns == stamp.modified_ns {
        return Ok((bytes, stamp));
    }
    let hash = content_hash(&bytes);
    Ok((
        bytes,
        Stamp {
            hash,
            size,
            modified_ns,
        },
    ))
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
fn bare(status: StatusCode, file: &str, stamp: &Stamp, now: SystemTime) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(etag(stamp)) {
        headers.insert(header::ETAG, tag);
    }
    if let Some(at) = last_modified(stamp, now) {
        let date = HeaderValue::try_from(httpdate::fmt_http_date(at));
        headers.extend(date.ok().map(|date| (header::LAST_MODIFIED, date)));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
    if status == StatusCode::OK {
        let kind = content_type(file);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if kind.starts_with("text/html") {
            let policy = HeaderValue::from_static(PAGE_POLICY);
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
    response
}

/// By extension: only what we publish.
fn content_type(file: &str) -> &'static str {
    match Path::new(file).extension().and_then(|end| end.to_str()) {
        Some("xml") => "application/atom+xml; charset=utf-8",
        Some("rss") => "application/rss+xml; charset=utf-8",
        Some("json") => "application/feed+json; charset=utf-8",
        Some("opml") => "text/x-opml; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml; charset=utf-8",
        _ => "application/octet-stream",
    }
}
