//! Real requests over real sockets.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::publish::{Folder, Rendered};

struct World {
    dir: tempfile::TempDir,
    shelf: Shelf,
    health: Health,
    address: SocketAddr,
}

fn site() -> Site {
    Site {
        title: "t".to_owned(),
        url: "https://x.test/news".to_owned(),
        description: None,
        author: None,
        language: "zh-CN".to_owned(),
        timezone: chrono_tz::UTC,
    }
}

async fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    let files = [
        "index.html",
        "feed.xml",
        "feed.rss",
        "feed/by_tag/新闻.json",
        "feed/%2E%2E.xml",
    ];
    let batch = files.map(|path| Rendered {
        path: path.to_owned(),
        bytes: path.into(),
    });
    let outcome = folder.publish(batch.to_vec(), &|_| None);
    let shelf = Shelf::new(folder.dir().to_owned());
    shelf.put_all(&outcome.written);
    assert_eq!(shelf.len(), 5);
    let health = Health::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = router(shelf.clone(), health.clone(), &site());
    tokio::spawn(serve(listener, router, std::future::pending()));
    World {
        dir,
        shelf,
        health,
        address,
    }
}

impl World {
    /// Sends `head` plus a blank line; the whole answer as text.
    async fn raw(&self, head: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("{head}\r\nHost: x\r\nConnection: close\r\n\r\n");
        // A refused request may be cut off while it is being sent.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
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
    let old = world.get("/feed.xml").await;
    let path = world.dir.path().join("feed.xml");
    fs::write(&path, "newer!!!").unwrap();
    let new = world.get("/feed.xml").await;
    assert!(new.ends_with("newer!!!"));
    assert_ne!(header_of(&new, "etag"), header_of(&old, "etag"));
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
    assert!(
        world
            .raw("POST /feed.xml HTTP/1.1")
            .await
            .starts_with("HTTP/1.1 405")
    );
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
    let guarded = guard::Guarded::with(listener, Duration::from_millis(300), 1);
    let router = router(Shelf::new("x".into()), Health::new(), &site());
    tokio::spawn(async move { axum::serve(guarded, router).await });
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
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let router = router(Shelf::new("x".into()), Health::new(), &site());
    let stop = async move { told.await.unwrap_or(()) };
    let server = tokio::spawn(serve(listener, router, stop));
    tell.send(()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(5), server).await;
    ended.unwrap().unwrap().unwrap();
}
