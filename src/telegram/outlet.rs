//! Messages of the outbox on their way out.
//! In: a message, or what is to become of one that was sent. Out: an `Outcome`, never a retry.
//! Part of `Telegram`; bots may edit their own messages for ever, and delete them for 48 hours.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use serde_json::{Value, json};
use teloxide::requests::{JsonRequest, Request};
use teloxide::{ApiError, RequestError};

use super::leaving::LeavingBody;
use super::message::chat_json;
use super::outcome::{self, Outcome, is_beyond_edit};
use super::{DeleteMessage, EditMessageText, Leaving, Message, Outlet, Sent, Telegram};
use crate::model::ChatId;

/// How long the API may take to say that it is there.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// As many as reqwest follows.
const MOST_REDIRECTS: usize = 10;

/// Where the same request is to go instead (RFC 9110, 15.4.8 and 15.4.9): reqwest cannot send a body again that tells
/// when it leaves.
fn redirect(answer: &reqwest::Response) -> Option<reqwest::Url> {
    let kept = [
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    let target = kept
        .contains(&answer.status())
        .then(|| answer.headers().get(LOCATION));
    answer.url().join(target??.to_str().ok()?).ok()
}

#[async_trait]
impl Outlet for Telegram {
    /// Bot API `sendMessage`.
    async fn send(&self, chat: &ChatId, message: &Message, leaving: &Leaving) -> Outcome {
        let parameters = self.parameters(chat, message, true);
        let error = match self.send_message(&parameters, leaving).await {
            Ok(Sent { message_id }) => return Outcome::Sent { message_id },
            Err(error) => error,
        };
        match outcome::classify(&error, |text| self.scrub(text)) {
            Outcome::Ambiguous { reason } if leaving.withdraw() => Outcome::NotSent { reason },
            outcome => outcome,
        }
    }

    /// Bot API `editMessageText`.
    async fn edit(&self, chat: &ChatId, message_id: i64, message: &Message) -> Outcome {
        let mut parameters = self.parameters(chat, message, false);
        parameters["message_id"] = json!(message_id);
        let payload = EditMessageText(parameters);
        let answer = JsonRequest::new(self.sends.clone(), payload).send().await;
        self.changed(answer.map(|_| ()), message_id)
    }

    /// Bot API `deleteMessage`; bots may delete their own messages for 48 hours.
    async fn delete(&self, chat: &ChatId, message_id: i64) -> Outcome {
        let parameters = json!({"chat_id": chat_json(chat), "message_id": message_id});
        let payload = DeleteMessage(parameters);
        let answer = JsonRequest::new(self.sends.clone(), payload).send().await;
        self.changed(answer.map(|_| ()), message_id)
    }

    async fn is_well(&self) -> bool {
        matches!(
            tokio::time::timeout(PROBE_TIMEOUT, self.probe()).await,
            Ok(Ok(true))
        )
    }
}

impl Telegram {
    /// Whether `getMe` is answered, if only by a refusal. A server error is none, in JSON or not; teloxide, past which
    /// this goes, would not tell it from one.
    async fn probe(&self) -> reqwest::Result<bool> {
        let request = self.sends.client().post(self.url_of("getMe"));
        let request = request.header(CONTENT_TYPE, "application/json").body("{}");
        let answer = request.send().await?;
        if answer.status().is_server_error() {
            return Ok(false);
        }
        let answer = outcome::answer::<Value>(&answer.text().await?);
        Ok(!matches!(answer, Err(RequestError::InvalidJson { .. })))
    }

    fn url_of(&self, method: &str) -> reqwest::Url {
        let mut url = self.sends.api_url();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend([&format!("bot{}", self.token.reveal()), method]);
        }
        url
    }

    /// Past teloxide, whose requests do not tell when they leave, and which waits for ten seconds on any 5xx.
    async fn send_message(
        &self,
        parameters: &Value,
        leaving: &Leaving,
    ) -> Result<Sent, RequestError> {
        let mut url = self.url_of("sendMessage");
        let bytes = Bytes::from(parameters.to_string());
        for _ in 0..MOST_REDIRECTS {
            let body = LeavingBody::new(bytes.clone(), leaving);
            let request = self.sends.client().post(url);
            let request = request.header(CONTENT_TYPE, "application/json");
            let answer = request.body(reqwest::Body::wrap(body)).send().await?;
            match redirect(&answer) {
                Some(other) => url = other,
                None => return outcome::answer(&answer.text().await?),
            }
        }
        Err(RequestError::Api(ApiError::Unknown(
            "the API redirects in circles: look at telegram.api_url".into(),
        )))
    }

    /// What became of an edit or a deletion. Both may be repeated, so nothing about them is ambiguous.
    fn changed(&self, answer: Result<(), RequestError>, message_id: i64) -> Outcome {
        let Err(error) = answer else {
            return Outcome::Sent { message_id };
        };
        match outcome::classify(&error, |text| self.scrub(text)) {
            Outcome::Ambiguous { reason } => Outcome::NotSent { reason },
            Outcome::Refused { reason } if reason.contains("message is not modified") => {
                Outcome::Sent { message_id }
            }
            Outcome::Refused { reason } if is_beyond_edit(&reason) => Outcome::Beyond { reason },
            other => other,
        }
    }
}
