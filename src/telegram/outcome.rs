//! What an answer of the Bot API means for the message.
//! In: teloxide's errors. Out: one of the few things that can be done next.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error};
use teloxide::types::{ChatId, Seconds};
use teloxide::{ApiError, RequestError};

/// What became of one send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Telegram has it.
    Sent {
        /// Telegram's id of the message.
        message_id: i64,
    },
    /// 429: wait so many seconds. One cannot tell a chat's limit from the bot's (tdlib/td#715).
    RetryAfter {
        /// Seconds.
        seconds: u64,
    },
    /// The group became a supergroup with this id (`migrate_to_chat_id`).
    Moved {
        /// The new id.
        to: i64,
    },
    /// The chat cannot be written to any more: blocked, kicked, deactivated, not found.
    Gone {
        /// Telegram's words.
        reason: String,
    },
    /// The bot may not write there at present.
    Closed {
        /// Telegram's words.
        reason: String,
    },
    /// 400: this message is not accepted.
    Refused {
        /// Telegram's words.
        reason: String,
    },
    /// 400 on an edit: the message is gone, or may not be changed any more.
    Beyond {
        /// Telegram's words.
        reason: String,
    },
    /// Certainly not sent: no connection, or a server error told in JSON.
    NotSent {
        /// What happened.
        reason: String,
    },
    /// May have been sent: a timeout after connecting, a reset, an answer that is no JSON.
    Ambiguous {
        /// What happened.
        reason: String,
    },
    /// 401 or 404: the token is wrong; nothing can be sent at all.
    Unauthorized {
        /// Telegram's words.
        reason: String,
    },
}

/// Seconds to wait on a 429 that does not say how long.
const WAIT_UNSAID: u64 = 5;

/// What every method answers (Bot API, "Making requests"). Fields that this version does not know mean nothing.
#[derive(Deserialize)]
struct Answer<T> {
    ok: bool,
    #[serde(default = "Option::default")]
    result: Option<T>,
    description: Option<String>,
    #[serde(default)]
    parameters: Parameters,
}

/// Bot API `ResponseParameters`.
#[derive(Default, Deserialize)]
struct Parameters {
    retry_after: Option<u32>,
    migrate_to_chat_id: Option<i64>,
}

/// Reads an answer into teloxide's types.
///
/// # Errors
/// The API's refusal, or that this is no answer of it.
pub fn answer<T: DeserializeOwned>(text: &str) -> Result<T, RequestError> {
    let no_answer = |error| RequestError::InvalidJson {
        source: Arc::new(error),
        raw: text.into(),
    };
    let answer: Answer<T> = serde_json::from_str(text).map_err(no_answer)?;
    let Parameters {
        retry_after,
        migrate_to_chat_id,
    } = answer.parameters;
    match (answer.ok, answer.result, answer.description) {
        (true, Some(result), _) => Ok(result),
        (true, None, _) => Err(no_answer(Error::missing_field("result"))),
        (false, _, None) => Err(no_answer(Error::missing_field("description"))),
        (false, _, Some(words)) => Err(match (migrate_to_chat_id, retry_after) {
            (Some(id), _) => RequestError::MigrateToChatId(ChatId(id)),
            (None, Some(seconds)) => RequestError::RetryAfter(Seconds::from_seconds(seconds)),
            (None, None) => RequestError::Api(ApiError::Unknown(words)),
        }),
    }
}

/// Sorts an error of a send.
pub fn classify(error: &RequestError, scrub: impl Fn(&str) -> String) -> Outcome {
    match error {
        RequestError::RetryAfter(seconds) => Outcome::RetryAfter {
            seconds: u64::from(seconds.seconds()),
        },
        RequestError::MigrateToChatId(id) => Outcome::Moved { to: id.0 },
        RequestError::Api(error) => refused(scrub(&words(error))),
        RequestError::Network(network) if network.is_connect() => Outcome::NotSent {
            reason: scrub(&plain(error)),
        },
        other => Outcome::Ambiguous {
            reason: scrub(&plain(other)),
        },
    }
}

/// Telegram's own words for an API error.
pub fn words(error: &ApiError) -> String {
    match error {
        ApiError::Unknown(text) => text.clone(),
        known => known.to_string(),
    }
}

/// A network or format error without the raw answer, which may hold people's messages.
pub fn plain(error: &RequestError) -> String {
    match error {
        RequestError::InvalidJson { source, .. } => {
            format!("the answer is not understood: {source}")
        }
        RequestError::Network(error) if error.is_timeout() => "no answer in time".into(),
        RequestError::Network(error) if error.is_connect() => "no connection".into(),
        RequestError::Network(error) => {
            let mut cause: &dyn std::error::Error = &**error;
            while let Some(deeper) = cause.source() {
                cause = deeper;
            }
            format!("the connection broke: {cause}")
        }
        other => other.to_string(),
    }
}

/// Telegram's words when a forum topic is closed or gone (td, `MessagesManager`; Bot API's error texts).
pub fn is_thread_gone(reason: &str) -> bool {
    let lower = reason.to_ascii_lowercase();
    let words = [
        "message thread not found",
        "topic_closed",
        "topic_deleted",
        "topic_id_invalid",
    ];
    words.iter().any(|words| lower.contains(words))
}

/// Telegram's words for messages that are gone or may not be changed any more (tdlib, `MessagesManager`).
pub fn is_beyond_edit(reason: &str) -> bool {
    let beyond = [
        "message to edit not found",
        "message can't be edited",
        "message to delete not found",
        "message can't be deleted",
        "message_id_invalid",
    ];
    let lower = reason.to_ascii_lowercase();
    beyond.iter().any(|words| lower.contains(words))
}

/// Texts are matched by their beginnings: Telegram adds new endings, and teloxide knows only old ones.
fn refused(reason: String) -> Outcome {
    let lower = reason.to_ascii_lowercase();
    let gone = [
        "forbidden",
        "bad request: chat not found",
        "bad request: private chat not found",
        "bad request: peer_id_invalid",
        "bad request: group chat was deactivated",
        "bad request: user is deactivated",
        "bad request: group chat was upgraded",
    ];
    // Groups that close for the night say so, too; a right that is really lost comes as an update of its own
    // (`my_chat_member`). Telegram has said it of channels without a reason, for a day.
    let closed = [
        "bad request: chat_write_forbidden",
        "bad request: chat_restricted",
        "bad request: chat_send_plain_forbidden",
        "bad request: chat_admin_required",
        "bad request: need administrator rights in the channel chat",
        "bad request: not enough rights to send",
        "bad request: have no rights to send a message",
    ];
    match () {
        () if closed.iter().any(|start| lower.starts_with(start)) => Outcome::Closed { reason },
        () if gone.iter().any(|start| lower.starts_with(start)) => Outcome::Gone { reason },
        () if lower.starts_with("bad request") => Outcome::Refused { reason },
        () if lower.starts_with("too many requests") => Outcome::RetryAfter {
            seconds: lower
                .rsplit(' ')
                .next()
                .and_then(|word| word.parse().ok())
                .unwrap_or(WAIT_UNSAID),
        },
        () if lower.starts_with("unauthorized")
            || lower == "not found"
            || lower.contains("invalid bot token") =>
        {
            Outcome::Unauthorized { reason }
        }
        () => Outcome::NotSent { reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_whatever_else_is_in_them() {
        let read = |text: &str| match answer::<u8>(text) {
            Ok(result) => format!("{result}"),
            Err(error) => format!("{:?}", classify(&error, str::to_owned)),
        };
        assert_eq!(read(r#"{"ok":true,"result":7,"new":{}}"#), "7");
        let wait = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 5","parameters":{"retry_after":5,"new":1}}"#;
        assert_eq!(read(wait), "RetryAfter { seconds: 5 }");
        let moved = r#"{"ok":false,"description":"Bad Request: group chat was upgraded","parameters":{"migrate_to_chat_id":-1001}}"#;
        assert_eq!(read(moved), "Moved { to: -1001 }");
        assert_eq!(
            read(r#"{"ok":false,"description":"Bad Request: message text is empty"}"#),
            r#"Refused { reason: "Bad Request: message text is empty" }"#
        );
        for doubtful in [
            "",
            "<html>",
            r#"{"ok":true}"#,
            r#"{"ok":false}"#,
            r#"{"ok":true,"result":"x"}"#,
        ] {
            assert!(read(doubtful).starts_with("Ambiguous"), "{doubtful}");
        }
    }

    #[test]
    fn texts_that_teloxide_does_not_know_are_sorted_by_their_beginning() {
        let gone = "Forbidden: bot was kicked from the group chat";
        assert_eq!(
            refused(gone.into()),
            Outcome::Gone {
                reason: gone.into()
            }
        );
        assert!(matches!(
            refused("Bad Request: message is too long".into()),
            Outcome::Refused { .. }
        ));
        assert!(matches!(
            refused("Bad Request: chat not found".into()),
            Outcome::Gone { .. }
        ));
        assert_eq!(
            refused("Too Many Requests: retry after 35".into()),
            Outcome::RetryAfter { seconds: 35 }
        );
        assert_eq!(
            refused("Too Many Requests".into()),
            Outcome::RetryAfter {
                seconds: WAIT_UNSAID
            }
        );
        assert!(matches!(
            refused("Bad Gateway".into()),
            Outcome::NotSent { .. }
        ));
        assert!(matches!(
            refused("Unauthorized".into()),
            Outcome::Unauthorized { .. }
        ));
    }
}
