//! An S3-compatible bucket.
//! In: files that are owed. Out: objects with type and cache lifetime; objects of files that went are
//! deleted. A document comes after everything that it links to.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use md5::{Digest, Md5};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, ClientOptions, ObjectStore, ObjectStoreExt, PutOptions, PutPayload,
    RetryConfig,
};

use tokio::task::JoinSet;

use super::{Book, PushError, Stage};
use crate::catalog::{Owed, Target};
use crate::config::Secret;
use crate::feeds::ARCHIVE_FOLDER;
use crate::http;
use crate::publish::{S3Settings, content_hash};

/// Where the keys come from; the last one may be missing.
pub const KEY_VARIABLES: [&str; 3] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
];

/// Objects under way at once: enough to hide the way there and back, few enough for one core.
const AT_ONCE: usize = 8;
/// From so many files on, one question about what is there saves more than it costs.
const WORTH_A_LIST: usize = 20;
/// Files taken off the book in one transaction.
const SETTLED_AT_ONCE: usize = 100;
/// One request, with its body.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Reaching the server at all.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest that a message of the server may be in our log (characters).
const WORDS: usize = 300;

/// The bucket.
pub struct Bucket(Arc<Objects>);

/// What each request needs.
struct Objects {
    store: AmazonS3,
    dir: PathBuf,
    prefix: String,
}

/// MD5 and length of objects by key, as the server lists them.
type Listed = HashMap<String, (String, u64)>;

impl Bucket {
    /// A client of the bucket for the files of `dir`. Asks nothing yet. `keys` in the order of
    /// `KEY_VARIABLES`.
    ///
    /// # Errors
    /// A setting that the client refuses, in words that hold no key.
    pub fn new(
        settings: &S3Settings,
        keys: [Option<Secret>; 3],
        dir: PathBuf,
    ) -> Result<Self, String> {
        // Whoever was first has named one for the process: any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let [Some(id), Some(secret), token] = keys else {
            let [id, secret, _] = KEY_VARIABLES;
            return Err(format!(
                "set {id} and {secret} in the environment: keys do not belong in the config"
            ));
        };
        let client = ClientOptions::new()
            .with_allow_http(true)
            .with_timeout(TIMEOUT)
            .with_connect_timeout(CONNECT);
        // Retries belong to the stage alone.
        let retry = RetryConfig {
            max_retries: 0,
            ..RetryConfig::default()
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_access_key_id(id.reveal())
            .with_secret_access_key(secret.reveal())
            .with_client_options(client)
            // Not every server knows DeleteObjects; every one knows DELETE.
            .with_disable_bulk_delete(true)
            .with_retry(retry);
        if let Some(endpoint) = &settings.endpoint {
            builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
        }
        if let Some(token) = token {
            builder = builder.with_token(token.reveal());
        }
        let store = builder.build().map_err(|error| short(&error))?;
        let prefix = match settings.prefix.trim_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        Ok(Bucket(Arc::new(Objects { store, dir, prefix })))
    }
}

impl Objects {
    fn key(&self, path: &str) -> Result<Path, String> {
        Path::parse(format!("{}{path}", self.prefix)).map_err(|error| error.to_string())
    }

    /// What lies below the prefix.
    async fn list(&self) -> Result<Listed, PushError> {
        let below = Path::parse(self.prefix.trim_end_matches('/')).ok();
        let below = below.filter(|path| !path.as_ref().is_empty());
        let objects = self.store.list(below.as_ref());
        let listed = objects.map_ok(|object| {
            let tag = object.e_tag.unwrap_or_default();
            let tag = tag.trim_matches('"').to_owned();
            (object.location.to_string(), (tag, object.size))
        });
        let listed = listed.try_collect().await;
        listed.map_err(|error| PushError::Target(format!("listing: {}", short(&error))))
    }

    /// Puts a file; the row that this settles, or `None` when the same bytes lie there already.
    async fn put(&self, owed: &Owed, listed: &Listed) -> Result<(Owed, bool), String> {
        let named = |error: &dyn std::fmt::Display| format!("{}: {}", owed.path, short(error));
        let key = self.key(&owed.path).map_err(|error| named(&error))?;
        let bytes = tokio::fs::read(self.dir.join(&owed.path)).await;
        let bytes = bytes.map_err(|error| named(&error))?;
        // Of what was read: a newer version than the row's leaves that row on the book.
        let given = Owed {
            hash: Some(content_hash(&bytes)),
            ..owed.clone()
        };
        let lies_there = listed.get(key.as_ref()).is_some_and(|(tag, size)| {
            *size == bytes.len() as u64 && *tag == hex(&Md5::digest(&bytes))
        });
        if lies_there {
            return Ok((given, false));
        }
        let mut attributes = Attributes::new();
        let kind = http::content_type(&owed.path);
        attributes.insert(Attribute::ContentType, kind.into());
        attributes.insert(Attribute::CacheControl, http::CACHE.into());
        let options = PutOptions {
            attributes,
            ..PutOptions::default()
        };
        let put = self
            .store
            .put_opts(&key, PutPayload::from(bytes), options)
            .await;
        put.map_err(|error| named(&error))?;
        Ok((given, true))
    }

    async fn delete(&self, owed: &Owed) -> Result<(Owed, bool), String> {
        let key = self.key(&owed.path)?;
        match self.store.delete(&key).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok((owed.clone(), true)),
            Err(error) => Err(format!("{}: {}", owed.path, short(&error))),
        }
    }

    async fn give(&self, owed: &Owed, listed: &Listed) -> Result<(Owed, bool), String> {
        match owed.hash {
            Some(_) => self.put(owed, listed).await,
            None => self.delete(owed).await,
        }
    }
}

/// Gives the bucket one phase; how many objects changed there. After a fault nothing new begins.
async fn give_all(
    objects: &Arc<Objects>,
    phase: Vec<Owed>,
    listed: &Arc<Listed>,
    book: &Book,
) -> Result<usize, PushError> {
    let mut under_way = JoinSet::new();
    let mut waiting = phase.into_iter();
    let (mut changed, mut done, mut fault) = (0, Vec::new(), None);
    loop {
        let room = AT_ONCE.saturating_sub(under_way.len());
        let room = if fault.is_none() { room } else { 0 };
        for owed in waiting.by_ref().take(room) {
            let (objects, listed) = (objects.clone(), listed.clone());
            under_way.spawn(async move { objects.give(&owed, &listed).await });
        }
        match under_way.join_next().await {
            None => break,
            Some(Ok(Ok((given, moved)))) => {
                changed += usize::from(moved);
                done.push(given);
            }
            Some(Ok(Err(error))) => fault = fault.or(Some(error)),
            Some(Err(error)) => fault = fault.or(Some(error.to_string())),
        }
        if done.len() >= SETTLED_AT_ONCE {
            book.settle(std::mem::take(&mut done)).await?;
        }
    }
    book.settle(done).await?;
    match fault {
        Some(fault) => Err(PushError::Target(fault)),
        None => Ok(changed),
    }
}

#[async_trait]
impl Stage for Bucket {
    fn target(&self) -> Target {
        Target::Bucket
    }

    async fn work(&mut self, book: &Book) -> Result<usize, PushError> {
        let owed = book.owed(Target::Bucket).await?;
        let listed = match owed.len() >= WORTH_A_LIST {
            // It only saves uploads, and fails for keys of others that are no paths (`photos//a.jpg`).
            true => self.0.list().await.unwrap_or_else(|error| {
                tracing::warn!(
                    "{error}; all files are put there, also those that are as they should be"
                );
                Listed::new()
            }),
            false => Listed::new(),
        };
        let listed = Arc::new(listed);
        let mut changed = 0;
        for phase in phases(owed) {
            changed += give_all(&self.0, phase, &listed, book).await?;
        }
        Ok(changed)
    }
}

/// What is linked to first: archive pages and assets, then feeds and pages, then the lists of them; last
/// what nothing links to any more.
fn phases(owed: Vec<Owed>) -> [Vec<Owed>; 4] {
    let mut phases = [const { Vec::new() }; 4];
    for row in owed {
        let is = |ending: &str| row.path.ends_with(ending);
        let phase = match row.hash {
            None => 3,
            Some(_) if row.path.contains(ARCHIVE_FOLDER) || is(".css") || is(".js") => 0,
            Some(_) if is(".opml") || row.path == "index.html" => 2,
            Some(_) => 1,
        };
        phases[phase].push(row);
    }
    phases
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// An error on one line. Of a server's answer only the code: the rest may repeat the key or what was signed.
fn short(error: &dyn std::fmt::Display) -> String {
    let mut text = error.to_string();
    let code = text
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"));
    let code = code.map(|(code, _)| code.to_owned()).unwrap_or_default();
    if let Some(at) = text.find("<?xml").or_else(|| text.find("<Error")) {
        text.truncate(at);
        text.push_str(&code);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_comes_after_what_it_links_to() {
        let row = |path: &str, is_there: bool| Owed {
            target: Target::Bucket,
            path: path.to_owned(),
            hash: is_there.then_some([1; 16]),
        };
        let owed = vec![
            row("feeds.opml", true),
            row("index.html", true),
            row("feed.xml", true),
            row("feed.archive/2026-11.xml", true),
            row("feed.archive/2026.xml", false),
            row("feed/a.html", true),
            row("pages.css", true),
        ];
        let order: Vec<Vec<String>> = phases(owed)
            .into_iter()
            .map(|phase| phase.into_iter().map(|row| row.path).collect())
            .collect();
        assert_eq!(order[0], ["feed.archive/2026-11.xml", "pages.css"]);
        assert_eq!(order[1], ["feed.xml", "feed/a.html"]);
        assert_eq!(order[2], ["feeds.opml", "index.html"]);
        assert_eq!(order[3], ["feed.archive/2026.xml"]);
    }

    #[test]
    fn of_an_answer_only_the_code_is_told() {
        let answer = "403 Forbidden: <?xml version=\"1.0\"?>\n<Error><Code>SignatureDoesNotMatch</Code>\
            <AWSAccessKeyId>canary</AWSAccessKeyId></Error>";
        assert_eq!(short(&answer), "403 Forbidden: SignatureDoesNotMatch");
    }

    #[test]
    fn keys_are_asked_for_and_an_https_client_can_be_made() {
        let settings = S3Settings {
            endpoint: Some("https://s3.example.org/".to_owned()),
            bucket: "news".to_owned(),
            prefix: "/a/b/".to_owned(),
            ..S3Settings::default()
        };
        let dir = PathBuf::from("public");
        let error = Bucket::new(&settings, [None, None, None], dir.clone()).err();
        assert!(error.unwrap().contains("AWS_SECRET_ACCESS_KEY"));
        let keys = [Some(Secret::new("id")), Some(Secret::new("key")), None];
        let bucket = Bucket::new(&settings, keys, dir).unwrap();
        let key = bucket.0.key("feed/by_tag/新闻%2F~.xml").unwrap();
        assert_eq!(key.as_ref(), "a/b/feed/by_tag/新闻%2F~.xml");
    }
}
