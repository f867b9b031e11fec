//! The webhook: one address that takes what Telegram posts, for whoever holds the secret.
//! In: a POST with Telegram's secret in a header. Out: its body for the bot, and 200 only when the bot is done
//! with it, so that Telegram brings again whatever a crash cut off.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Body;
use hyper::{Method, Request, StatusCode};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::answer::{Answer, text};

/// An update is a few kilobytes; the longest message with all its entities stays far below this.
pub const LARGEST_BODY: usize = 1 << 20;
/// Longest that a body may take to come in.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// Longest that an answer may take, before the connection ends (`guard`); after that the update comes again, and is known by
/// its number.
const HANDLED_WITHIN: Duration = Duration::from_secs(19);
/// Bot API `setWebhook`, `secret_token`.
const SECRET_HEADER: &str = "x-telegram-bot-api-secret-token";

/// What came, and the way to say that it was handled.
#[derive(Debug)]
pub struct Posted {
    /// The body.
    pub body: Bytes,
    /// `true` when it needs not come again.
    pub done: oneshot::Sender<bool>,
}

/// Where the webhook is, and who takes what comes.
#[derive(Clone)]
pub struct Hook {
    /// The address below the host, with its slash.
    pub path: String,
    /// What the header must hold.
    pub secret: String,
    /// Takes what comes.
    pub posted: mpsc::Sender<Posted>,
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hook({}, secret hidden)", self.path)
    }
}

impl Hook {
    /// Whether a request is for the webhook.
    pub fn is_meant<B>(&self, request: &Request<B>) -> bool {
        *request.method() == Method::POST && request.uri().path() == self.path
    }

    /// Takes one POST.
    pub async fn answer<B>(&self, request: Request<B>) -> Answer
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let given = request.headers().get(SECRET_HEADER);
        if !given.is_some_and(|given| is_same(given.as_bytes(), self.secret.as_bytes())) {
            tracing::warn!("a POST to the webhook without Telegram's secret was refused");
            return text(StatusCode::UNAUTHORIZED, "the secret is wrong\n");
        }
        let body = Limited::new(request.into_body(), LARGEST_BODY).collect();
        let body = match timeout(BODY_WITHIN, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(_)) => return text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n"),
            Err(_) => return text(StatusCode::REQUEST_TIMEOUT, "the body takes too long\n"),
        };
        let (done, handled) = oneshot::channel();
        // A full queue is no place to wait in: Telegram comes again by itself.
        if self.posted.try_send(Posted { body, done }).is_err() {
            return text(StatusCode::SERVICE_UNAVAILABLE, "busy; come again\n");
        }
        match timeout(HANDLED_WITHIN, handled).await {
            Ok(Ok(true)) => text(StatusCode::OK, ""),
            _ => text(
                StatusCode::SERVICE_UNAVAILABLE,
                "not handled yet; come again\n",
            ),
        }
    }
}

/// As long for any wrong secret of the right length, so that time does not tell how much of it was right.
fn is_same(given: &[u8], secret: &[u8]) -> bool {
    let differs = given.iter().zip(secret).fold(0, |d, (a, b)| d | (a ^ b));
    given.len() == secret.len() && differs == 0
}
