//! A small WebSub hub on loopback.
//! In: publish pings, as hubs take them. Out: the feeds that were named, or a refusal while it is down.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct State {
    pings: Mutex<Vec<BTreeSet<String>>>,
    more: Condvar,
    is_down: AtomicBool,
    refused: AtomicUsize,
}

pub struct Hub {
    port: u16,
    state: Arc<State>,
}

impl Hub {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                std::thread::spawn(move || answer(stream, &state));
            }
        });
        Hub { port, state }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hub", self.port)
    }

    pub fn set_down(&self, is_down: bool) {
        self.state.is_down.store(is_down, Ordering::SeqCst);
    }

    /// Every feed named so far, once one of them is `feed`.
    pub fn wait_for(&self, feed: &str) -> BTreeSet<String> {
        let start = Instant::now();
        let mut pings = self.state.pings.lock().unwrap();
        loop {
            let named: BTreeSet<String> = pings.iter().flatten().cloned().collect();
            if named.contains(feed) {
                return named;
            }
            let left = DEADLINE.saturating_sub(start.elapsed());
            assert!(!left.is_zero(), "never told of {feed}, only of {named:?}");
            pings = self.state.more.wait_timeout(pings, left).unwrap().0;
        }
    }

    /// Requests that came while it was down.
    pub fn refused(&self) -> usize {
        self.state.refused.load(Ordering::SeqCst)
    }

    /// Requests that were accepted.
    pub fn pings(&self) -> usize {
        self.state.pings.lock().unwrap().len()
    }
}

fn answer(stream: TcpStream, state: &State) {
    let mut reader = BufReader::new(stream);
    // A client may use its connection again.
    while let Some((head, body)) = request(&mut reader) {
        let status = verdict(&head, &body, state);
        let text = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        if reader.get_mut().write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, String)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().ok())?
    });
    let mut body = vec![0; length?];
    reader.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).ok()?))
}

fn verdict(head: &str, body: &str, state: &State) -> &'static str {
    if state.is_down.load(Ordering::SeqCst) {
        state.refused.fetch_add(1, Ordering::SeqCst);
        return "503 Service Unavailable";
    }
    let form = "content-type: application/x-www-form-urlencoded";
    if !head.starts_with("POST /hub ") || !head.to_ascii_lowercase().contains(form) {
        return "400 Bad Request";
    }
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    if pairs.first() != Some(&("hub.mode".to_owned(), "publish".to_owned())) {
        return "400 Bad Request";
    }
    let feeds = pairs.into_iter().filter(|(name, _)| name == "hub.url");
    let feeds: BTreeSet<String> = feeds.map(|(_, feed)| feed).collect();
    if feeds.iter().any(|feed| feed.contains("unwanted")) {
        return "422 Unprocessable Content";
    }
    state.pings.lock().unwrap().push(feeds);
    state.more.notify_all();
    "204 No Content"
}
