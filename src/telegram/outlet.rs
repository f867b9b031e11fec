//! Messages of the outbox on their way out.
//! In: a message, or what is to become of one that was sent. Out: an `Outcome`, never a retry.
//! Part of `Telegram`; bots may edit their own messages for ever, and delete them for 48 hours.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use teloxide::RequestError;
use teloxide::requests::{JsonRequest, Request};

use super::message::chat_json;
use super::outcome::{self, Outcome, is_beyond_edit};
use super::{
    DeleteMessage, EditMessageText, Message, Outlet, SendMessage, Telegram, TelegramError,
};
use crate::model::ChatId;

/// How long the API may take to say that it is there.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

#[async_trait]
impl Outlet for Telegram {
    async fn send(&self, chat: &ChatId, message: &Message) -> Outcome {
        let payload = SendMessage(self.parameters(chat, message, true));
        match JsonRequest::new(self.sends.clone(), payload).send().await {
            Ok(sent) => Outcome::Sent {
                message_id: sent.message_id,
            },
            Err(error) => outcome::classify(&error, |text| self.scrub(text)),
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
            tokio::time::timeout(PROBE_TIMEOUT, self.me()).await,
            Ok(Ok(_) | Err(TelegramError::Refused(_)))
        )
    }
}

impl Telegram {
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
