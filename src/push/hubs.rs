//! WebSub: hubs are told which feeds changed (W3C Recommendation, section 6: how is left to hubs; this is
//! PubSubHubbub 0.4's way, which they all know).
//! In: feeds that changed. Out: `hub.mode=publish` with a `hub.url` for each, many in one request.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::future::join_all;
use percent_encoding::utf8_percent_encode;
use reqwest::StatusCode;

use super::stage::backoff;
use super::{Book, PushError, Stage};
use crate::catalog::{Owed, Target};
use crate::feeds::Addresses;
use crate::http::COMPONENT;

/// Feeds named in one request: about 4 KB of percent-encoded Chinese.
const BATCH: usize = 20;
const TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(5);

/// The hubs.
pub struct HubList {
    client: reqwest::Client,
    hubs: Vec<Hub>,
    /// Of the feeds' own addresses.
    addresses: Addresses,
}

struct Hub {
    url: String,
    /// Faults in a row, and until when it is not asked again.
    faults: u32,
    paused_until: Option<Instant>,
    /// Versions that it was told of while another hub was down.
    told: HashMap<String, [u8; 16]>,
}

/// What became of one request.
enum Answer {
    Accepted,
    /// The hub will not have it, however often it is asked.
    Refused(StatusCode),
    Failed(String),
}

impl HubList {
    /// Hubs at these addresses for the feeds of a site.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(hubs: &[String], addresses: Addresses) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| error.to_string())?;
        let hub = |url: &String| Hub {
            url: url.clone(),
            faults: 0,
            paused_until: None,
            told: HashMap::new(),
        };
        Ok(HubList {
            client,
            hubs: hubs.iter().map(hub).collect(),
            addresses,
        })
    }

    async fn ask(&self, hub: &str, feeds: &[Owed]) -> Answer {
        let mut form = vec![("hub.mode", "publish".to_owned())];
        form.extend(
            feeds
                .iter()
                .map(|feed| ("hub.url", self.addresses.url_of_file(&feed.path))),
        );
        let body = form_urlencoded(&form);
        let kind = "application/x-www-form-urlencoded";
        let request = self
            .client
            .post(hub)
            .header("content-type", kind)
            .body(body);
        match request.send().await {
            Err(error) => Answer::Failed(error.without_url().to_string()),
            Ok(answer) => match answer.status() {
                status if status.is_success() => Answer::Accepted,
                StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => {
                    Answer::Failed(answer.status().to_string())
                }
                status if status.is_client_error() => Answer::Refused(status),
                status => Answer::Failed(status.to_string()),
            },
        }
    }

    /// Tells one hub; what it refuses is told once more alone, so that one bad feed costs no other.
    async fn tell(&self, hub: &str, feeds: Vec<Owed>) -> (Vec<Owed>, Option<String>) {
        let mut done = Vec::with_capacity(feeds.len());
        let mut waiting: Vec<&[Owed]> = feeds.chunks(BATCH).rev().collect();
        while let Some(batch) = waiting.pop() {
            match self.ask(hub, batch).await {
                Answer::Accepted => done.extend_from_slice(batch),
                Answer::Refused(_) if batch.len() > 1 => waiting.extend(batch.chunks(1)),
                Answer::Refused(status) => {
                    for feed in batch {
                        let feed = &feed.path;
                        tracing::warn!(hub, feed, "the hub refuses a feed: {status}");
                    }
                    done.extend_from_slice(batch);
                }
                Answer::Failed(why) => return (done, Some(format!("{hub}: {why}"))),
            }
        }
        (done, None)
    }
}

#[async_trait]
impl Stage for HubList {
    fn target(&self) -> Target {
        Target::Hubs
    }

    async fn work(&mut self, book: &Book) -> Result<usize, PushError> {
        let owed = book.owed(Target::Hubs).await?;
        let now = Instant::now();
        // All at once: one that does not answer holds up no other.
        let answers = join_all(self.hubs.iter().map(|hub| async {
            if hub.paused_until.is_some_and(|until| until > now) {
                return None;
            }
            let is_news = |row: &&Owed| hub.told.get(&row.path) != row.hash.as_ref();
            let news: Vec<Owed> = owed.iter().filter(is_news).cloned().collect();
            Some(self.tell(&hub.url, news).await)
        }));
        let answers = answers.await;
        let (mut fault, mut is_paused) = (None, false);
        for (hub, answer) in self.hubs.iter_mut().zip(answers) {
            let Some((done, failed)) = answer else {
                is_paused = true;
                continue;
            };
            hub.faults = match &failed {
                Some(_) => hub.faults.saturating_add(1),
                None => 0,
            };
            let pause = hub.faults.checked_sub(1).map(backoff);
            hub.paused_until = pause.map(|pause| Instant::now() + pause);
            fault = fault.or(failed);
            let told = done
                .into_iter()
                .filter_map(|row| row.hash.map(|hash| (row.path, hash)));
            hub.told.extend(told);
        }
        let is_done = |row: &Owed| {
            let told = |hub: &Hub| hub.told.get(&row.path) == row.hash.as_ref();
            self.hubs.iter().all(told)
        };
        let done: Vec<Owed> = owed.iter().filter(|row| is_done(row)).cloned().collect();
        let files = done.len();
        for hub in &mut self.hubs {
            for row in &done {
                hub.told.remove(&row.path);
            }
        }
        book.settle(done).await?;
        match fault {
            Some(why) => Err(PushError::Target(format!("hub {why}"))),
            None if is_paused => Err(PushError::Waits),
            None => Ok(files),
        }
    }

    fn again_in(&self) -> Option<Duration> {
        let pauses = self.hubs.iter().filter_map(|hub| hub.paused_until);
        pauses
            .min()
            .map(|until| until.saturating_duration_since(Instant::now()))
    }
}

/// WHATWG's form encoding, where everything that need not stay is escaped.
fn form_urlencoded(pairs: &[(&str, String)]) -> String {
    let pair = |(name, value): &(&str, String)| {
        format!("{name}={}", utf8_percent_encode(value, COMPONENT))
    };
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}
