//! Real requests over real sockets.

use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::guard::Guarded;
use super::serve::serve_guarded;
use super::*;
use crate::model::Zone;
use crate::publish::{Folder, Published, Rendered};

pub(super) struct World {
    dir: tempfile::TempDir,
    folder: Folder,
    shelf: Shelf,
    health: Health,
    pub address: SocketAddr,
}

fn site() -> Site {
    Site {
        title: "t".to_owned(),
        url: "https://x.test/news".to_owned(),
        description: None,
        author: None,
        language: "zh-CN".to_owned(),
        timezone: Zone::UTC,
    }
}

pub(super) fn serving(shelf: Shelf) -> Serving {
    Serving {
        shelf,
        health: Health::new(),
        site: site(),
        address: site().url,
        index: Some("index.html".into()),
        hubs: vec!["https://hub.test/".to_owned()],
        retired: BTreeSet::from(["feed/old.xml".to_owned(), "feed/旧.html".to_owned()]),
        access_log: false,
        hook: None,
    }
}

pub(super) async fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    let shelf = Shelf::new(folder.dir().to_owned());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = serving(shelf.clone());
    let health = serving.health.clone();
    tokio::spawn(serve(listener, serving, std::future::pending()));
    let world = World {
        dir,
        folder,
        shelf,
        health,
        address,
    };
    for path in [
        "index.html",
        "feed.xml",
        "feed.rss",
        "feed/by_tag/新闻.json",
        "feed/%2E%2E.xml",
    ] {
        world.publish(path, path.into());
    }
    assert_eq!(world.shelf.len(), 5);
    world
}

/// Long enough to be compressed.
pub(super) fn long(text: &str) -> Vec<u8> {
    text.repeat(200).into_bytes()
}

impl World {
    pub fn publish(&self, path: &str, bytes: Vec<u8>) {
        let rendered = Rendered {
            path: path.to_owned(),
            bytes,
        };
        let known = |path: &str| self.shelf.get(path);
        let outcome = self.folder.publish(vec![rendered], &known);
        assert!(outcome.failed.is_empty());
        self.shelf.put_all(outcome.written);
    }

    /// Gives a file another time of change, in nanoseconds since 1970.
    fn date(&self, path: &str, modified_ns: i64) {
        let since = std::time::Duration::from_nanos(modified_ns.unsigned_abs());
        let times = fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH + since);
        let file = fs::File::options()
            .write(true)
            .open(self.dir.path().join(path));
        file.unwrap().set_times(times).unwrap();
        let known = self.shelf.get(path).unwrap();
        self.shelf.put_all([Published {
            modified_ns,
            ..known
        }]);
    }

    /// A compressed copy is dated like its file.
    fn publish_copy(&self, of: &str, bytes: Vec<u8>) {
        let copy = format!("{of}.gz");
        self.publish(&copy, bytes);
        self.date(&copy, self.shelf.get(of).unwrap().modified_ns);
    }

    /// The head of the answer, and its body as it came.
    async fn ask(&self, head: &str) -> (String, Vec<u8>) {
        let answer = self.bytes(head).await;
        let end = answer.windows(4).position(|at| at == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end + 2].to_vec()).unwrap();
        (head, answer[end + 4..].to_vec())
    }

    /// Sends `head` plus a blank line; the whole answer as text.
    async fn raw(&self, head: &str) -> String {
        String::from_utf8_lossy(&self.bytes(head).await).into_owned()
    }

    async fn bytes(&self, head: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("{head}\r\nHost: x\r\nConnection: close\r\n\r\n");
        // A refused request may be cut off while it is being sent.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        answer
    }

    async fn get(&self, path: &str) -> String {
        self.raw(&format!("GET {path} HTTP/1.1")).await
    }
}

fn header_of<'a>(answer: &'a str, name: &str) -> &'a str {
    let line = answer
        .lines()
        .find(|line| line.starts_with(name))
        .expect(answer);
    line.split_once(": ").unwrap().1
}

#[tokio::test]
async fn feeds_are_served_with_types_and_validators() {
    let world = world().await;
    for (path, kind, body) in [
        ("/", "text/html; charset=utf-8", "index.html"),
        ("/news/", "text/html; charset=utf-8", "index.html"),
        (
            "/feed.xml?x=1",
            "application/atom+xml; charset=utf-8",
            "feed.xml",
        ),
        (
            "/news/feed.rss",
            "application/rss+xml; charset=utf-8",
            "feed.rss",
        ),
        (
            "/feed/by_tag/%E6%96%B0%E9%97%BB.json",
            "application/feed+json; charset=utf-8",
            "feed/by_tag/新闻.json",
        ),
        (
            "/feed/%252E%252E.xml",
            "application/atom+xml; charset=utf-8",
            "feed/%2E%2E.xml",
        ),
    ] {
        let answer = world.get(path).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        assert_eq!(header_of(&answer, "content-type"), kind);
        assert_eq!(header_of(&answer, "x-content-type-options"), "nosniff");
        assert!(answer.ends_with(&format!("\r\n\r\n{body}")), "{answer}");
        assert_eq!(
            answer.contains("content-security-policy"),
            kind.contains("html")
        );
    }
}

#[tokio::test]
async fn clients_that_have_it_get_304() {
    let world = world().await;
    let just_now = world.get("/feed.xml").await;
    assert!(
        !just_now.contains("last-modified"),
        "another version may come within this second: {just_now}"
    );
    let hour = 3_600_000_000_000;
    let written = world.shelf.get("feed.xml").unwrap().modified_ns;
    world.date("feed.xml", written - hour);
    let first = world.get("/feed.xml").await;
    let tag = header_of(&first, "etag").to_owned();
    let date = header_of(&first, "last-modified").to_owned();
    let same = world
        .raw(&format!(
            "GET /feed.xml HTTP/1.1\r\nIf-None-Match: \"x\", W/{tag}"
        ))
        .await;
    assert!(
        same.starts_with("HTTP/1.1 304") && same.ends_with("\r\n\r\n"),
        "{same}"
    );
    assert_eq!(header_of(&same, "etag"), tag);
    let dated = world
        .raw(&format!(
            "GET /feed.xml HTTP/1.1\r\nIf-Modified-Since: {date}"
        ))
        .await;
    assert!(dated.starts_with("HTTP/1.1 304"), "{dated}");
    let set_back = "GET /feed.xml HTTP/1.1\r\nIf-Modified-Since: Sun, 06 Nov 2044 08:49:37 GMT";
    assert!(world.raw(set_back).await.starts_with("HTTP/1.1 200"));
    let both =
        format!("GET /feed.xml HTTP/1.1\r\nIf-None-Match: \"x\"\r\nIf-Modified-Since: {date}");
    assert!(world.raw(&both).await.starts_with("HTTP/1.1 200"));
    let head = world.raw("HEAD /feed.xml HTTP/1.1").await;
    assert_eq!(header_of(&head, "content-length"), "8");
    assert!(
        head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn the_tag_describes_the_bytes_even_before_the_shelf_knows_them() {
    let world = world().await;
    let old = world
        .raw("HEAD /nothing HTTP/1.1\r\nIf-None-Match: *")
        .await;
    assert!(old.starts_with("HTTP/1.1 404"), "{old}");
    let known = world
        .raw("GET /feed.xml HTTP/1.1\r\nIf-None-Match: *")
        .await;
    let path = world.dir.path().join("feed.xml");
    fs::write(&path, "newer!!!").unwrap();
    let new = world.get("/feed.xml").await;
    assert!(new.ends_with("newer!!!"));
    assert_ne!(header_of(&new, "etag"), header_of(&known, "etag"));
    let tag = header_of(&new, "etag");
    let again = world
        .raw(&format!("GET /feed.xml HTTP/1.1\r\nIf-None-Match: {tag}"))
        .await;
    assert!(again.starts_with("HTTP/1.1 304"), "{again}");
    fs::remove_file(&path).unwrap();
    let gone = world.get("/feed.xml").await;
    assert!(gone.starts_with("HTTP/1.1 503"), "{gone}");
    assert!(!world.shelf.is_empty());
}

#[tokio::test]
async fn addresses_that_lead_astray_find_nothing() {
    let world = world().await;
    fs::write(world.dir.path().join("secret"), "secret").unwrap();
    for path in [
        "/secret",
        "/../secret",
        "/%2e%2e/secret",
        "/feed/%2E%2E.xml",
        "/feed/..%2Ffeed.xml",
        "//feed.xml",
        "/feed.xml/",
        "/%zz",
        "/newsfeed.xml",
        "/feed",
    ] {
        let answer = world.get(path).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
    }
    for path in ["/%00", "/%ff"] {
        assert!(world.get(path).await.starts_with("HTTP/1.1 400"), "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "TRACE", "PROPFIND"] {
        let refused = world.raw(&format!("{method} /feed.xml HTTP/1.1")).await;
        assert!(refused.starts_with("HTTP/1.1 405"), "{refused}");
        assert_eq!(header_of(&refused, "allow"), "GET, HEAD, OPTIONS");
    }
    let options = world.raw("OPTIONS * HTTP/1.1").await;
    assert!(options.starts_with("HTTP/1.1 200"), "{options}");
    assert_eq!(header_of(&options, "allow"), "GET, HEAD, OPTIONS");
    let large = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(20_000));
    assert!(world.raw(&large).await.starts_with("HTTP/1.1 431"));
    let huge = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(300_000));
    assert!(!world.raw(&huge).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn health_says_what_is_wrong() {
    let world = world().await;
    assert!(world.get("/healthz").await.starts_with("HTTP/1.1 503"));
    world.health.set_ready(true);
    assert!(world.get("/healthz").await.starts_with("HTTP/1.1 200"));
    world
        .health
        .set_degraded(Some("the disk is full".to_owned()));
    let answer = world.get("/healthz").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.ends_with("the disk is full\n"));
}

#[tokio::test]
async fn a_client_that_never_ends_its_request_is_cut_off() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let guarded = Guarded::with(listener, Duration::from_millis(300), 1);
    let nothing = serving(Shelf::new("x".into()));
    tokio::spawn(serve_guarded(guarded, nothing, std::future::pending()));
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
    let drip = async {
        while slow.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), drip)
        .await
        .expect("never cut off");
    // The only place is free again.
    let mut next = TcpStream::connect(address).await.unwrap();
    next.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    next.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[tokio::test]
async fn serving_stops_when_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let stop = async move { told.await.unwrap_or(()) };
    let nothing = serving(Shelf::new("x".into()));
    let server = tokio::spawn(serve(listener, nothing, stop));
    // An idle connection, and one in the middle of a request, keep nobody from stopping.
    let _idle = TcpStream::connect(address).await.unwrap();
    let mut half = TcpStream::connect(address).await.unwrap();
    half.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let mut kept = TcpStream::connect(address).await.unwrap();
    kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    kept.read_u8().await.unwrap();
    tell.send(()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(20), server).await;
    ended.unwrap().unwrap();
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut gzip = flate2::read::GzDecoder::new(bytes);
    gzip.read_to_end(&mut plain).unwrap();
    plain
}

fn unbrotli(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    brotli::BrotliDecompress(&mut &*bytes, &mut plain).unwrap();
    plain
}

#[tokio::test]
async fn each_coding_has_its_own_tag_and_gets_its_own_304() {
    let world = world().await;
    let body = long("<p>新闻</p>");
    world.publish("feed/a.xml", body.clone());
    let mut tags = BTreeSet::new();
    for (asked, coding) in [("", None), ("gzip", Some("gzip")), ("gzip, br", Some("br"))] {
        let request = format!("GET /feed/a.xml HTTP/1.1\r\nAccept-Encoding: {asked}");
        for _ in 0..2 {
            let (head, sent) = world.ask(&request).await;
            assert_eq!(header_of(&head, "vary"), "accept, accept-encoding");
            assert_eq!(header_of(&head, "content-length"), sent.len().to_string());
            let plain = match coding {
                None => sent,
                Some(token) => {
                    assert_eq!(header_of(&head, "content-encoding"), token);
                    assert!(sent.len() < body.len() / 4);
                    if token == "br" {
                        unbrotli(&sent)
                    } else {
                        gunzip(&sent)
                    }
                }
            };
            assert_eq!(plain, body, "{asked}");
            let tag = header_of(&head, "etag").to_owned();
            let same = format!("{request}\r\nIf-None-Match: W/{tag}");
            let (head, sent) = world.ask(&same).await;
            assert!(
                head.starts_with("HTTP/1.1 304") && sent.is_empty(),
                "{head}"
            );
            assert_eq!(header_of(&head, "etag"), tag);
            assert_eq!(header_of(&head, "vary"), "accept, accept-encoding");
            assert!(!head.contains("content-encoding"), "{head}");
            tags.insert(tag);
        }
    }
    assert_eq!(tags.len(), 3, "{tags:?}");
    let refused = world
        .raw("GET /feed/a.xml HTTP/1.1\r\nAccept-Encoding: identity;q=0")
        .await;
    assert!(refused.starts_with("HTTP/1.1 406"), "{refused}");
    let small = world
        .raw("GET /feed.xml HTTP/1.1\r\nAccept-Encoding: gzip")
        .await;
    assert!(!small.contains("content-encoding"), "{small}");
}

#[tokio::test]
async fn a_fresh_compressed_copy_is_sent_and_a_stale_one_is_not() {
    let world = world().await;
    let old = long("old");
    // Whatever lies there is the copy: that it is no real one shows that it is used.
    world.publish("feed/a.xml", old.clone());
    world.publish_copy("feed/a.xml", b"the copy".to_vec());
    let request = "GET /feed/a.xml HTTP/1.1\r\nAccept-Encoding: gzip";
    assert_eq!(world.ask(request).await.1, b"the copy");
    let (head, plain) = world.ask("GET /feed/a.xml HTTP/1.1").await;
    assert_eq!(plain, old);
    assert!(!head.contains("content-encoding"));
    let new = long("new");
    world.publish("feed/a.xml", new.clone());
    let (head, sent) = world.ask(request).await;
    assert_eq!(gunzip(&sent), new, "{head}");
    // A copy that somebody changed on the disk is not what was published.
    world.publish("feed/b.xml", new.clone());
    world.publish_copy("feed/b.xml", b"the copy".to_vec());
    fs::write(world.dir.path().join("feed/b.xml.gz"), "changed!").unwrap();
    let (_, sent) = world.ask(&request.replace("a.xml", "b.xml")).await;
    assert_eq!(gunzip(&sent), new);
}

#[tokio::test]
async fn head_says_what_get_says() {
    let world = world().await;
    world.publish("feed/by_tag/长.html", long("长"));
    // What is younger than a second has no time yet, and may get one between two questions.
    for path in world.shelf.paths() {
        world.date(&path, 1_645_149_701_000_000_000);
    }
    for path in [
        "/",
        "/feed.xml",
        "/feed/by_tag/%E9%95%BF.html",
        "/healthz",
        "/none",
        "/feed/old.xml",
    ] {
        for coding in ["", "gzip", "br", "identity;q=0"] {
            let rest = format!("{path} HTTP/1.1\r\nAccept-Encoding: {coding}");
            let (get, body) = world.ask(&format!("GET {rest}")).await;
            let (head, nothing) = world.ask(&format!("HEAD {rest}")).await;
            assert!(nothing.is_empty());
            let lines = |text: &str| -> BTreeSet<String> {
                let lines = text.lines().map(str::to_owned);
                lines.filter(|line| !line.starts_with("date:")).collect()
            };
            let (get, head) = (lines(&get), lines(&head));
            let only_get: Vec<_> = get.difference(&head).collect();
            assert!(head.is_subset(&get), "{head:?} {get:?}");
            // An answer that is no file may leave its length out (RFC 9110 section 9.3.2).
            let length = format!("content-length: {}", body.len());
            assert!(only_get.iter().all(|line| **line == length), "{only_get:?}");
        }
    }
}

#[tokio::test]
async fn browsers_see_feeds_with_their_style_sheet_and_readers_their_types() {
    let world = world().await;
    let browser = "\r\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for (path, kind) in [("/feed.xml", "atom"), ("/feed.rss", "rss")] {
        let seen = world.raw(&format!("GET {path} HTTP/1.1{browser}")).await;
        assert_eq!(
            header_of(&seen, "content-type"),
            "application/xml; charset=utf-8"
        );
        assert!(seen.contains("content-security-policy"));
        let read = world.get(path).await;
        assert_eq!(
            header_of(&read, "content-type"),
            format!("application/{kind}+xml; charset=utf-8")
        );
        assert_ne!(header_of(&seen, "etag"), header_of(&read, "etag"));
        assert_eq!(header_of(&seen, "vary"), "accept, accept-encoding");
    }
    let json = world
        .raw(&format!(
            "GET /feed/by_tag/%E6%96%B0%E9%97%BB.json HTTP/1.1{browser}"
        ))
        .await;
    assert_eq!(
        header_of(&json, "content-type"),
        "application/feed+json; charset=utf-8"
    );
    assert_eq!(
        header_of(&json, "link"),
        "<https://x.test/news/feed/by_tag/%E6%96%B0%E9%97%BB.json>; rel=\"self\", \
         <https://hub.test/>; rel=\"hub\""
    );
}

#[tokio::test]
async fn what_is_not_there_is_explained_and_what_was_given_up_is_gone() {
    let world = world().await;
    world.publish("feed/by_tag/新闻.html", b"page".to_vec());
    let page = world
        .raw("GET /news/feed/by_tag/xinwen.xml HTTP/1.1\r\nAccept: text/html")
        .await;
    assert!(page.starts_with("HTTP/1.1 404"), "{page}");
    assert_eq!(header_of(&page, "content-type"), "text/html; charset=utf-8");
    let link = "<a href=\"/news/feed/by_tag/%E6%96%B0%E9%97%BB.html\">新闻</a>";
    assert!(page.contains(link), "{page}");
    let lines = world.get("/feed/xinwen.json").await;
    assert!(
        lines.contains("/news/feed/by_tag/%E6%96%B0%E9%97%BB.json  新闻\n"),
        "{lines}"
    );
    assert_eq!(
        header_of(&lines, "content-type"),
        "text/plain; charset=utf-8"
    );
    for path in ["/feed/old.xml", "/news/feed/%E6%97%A7.html"] {
        assert!(world.get(path).await.starts_with("HTTP/1.1 410"), "{path}");
    }
    // A label that is used again is served again.
    world.publish("feed/old.xml", b"again".to_vec());
    assert!(world.get("/feed/old.xml").await.starts_with("HTTP/1.1 200"));
    let script = world
        .raw("GET /<script>alert(1)</script> HTTP/1.1\r\nAccept: text/html")
        .await;
    assert!(!script.contains("<script"), "{script}");
}

#[tokio::test]
async fn the_base_without_its_slash_leads_to_the_index() {
    let world = world().await;
    let moved = world.get("/news").await;
    assert!(moved.starts_with("HTTP/1.1 308"), "{moved}");
    assert_eq!(header_of(&moved, "location"), "/news/");
}

#[tokio::test]
async fn many_silent_clients_lose_their_places_early() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // So long that only crowding explains the answer.
    let guarded = Guarded::with(listener, Duration::from_secs(3), 4);
    let nothing = serving(Shelf::new("x".into()));
    tokio::spawn(serve_guarded(guarded, nothing, std::future::pending()));
    let mut silent = Vec::new();
    for _ in 0..4 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    let mut next = TcpStream::connect(address).await.unwrap();
    next.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    next.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}
