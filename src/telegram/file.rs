//! Files for people (Bot API `sendDocument`).
//! In: a name, bytes, a few words. Out: an `Outcome`.
//! Files go as multipart forms, which teloxide writes; all else goes as JSON.

use teloxide::payloads::SendDocumentSetters;
use teloxide::requests::{Request, Requester};
use teloxide::types::{InputFile, MessageId, Recipient, ThreadId};

use super::Telegram;
use super::outcome::{self, Outcome};
use crate::model::ChatId;

/// A file that a person asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// How it is called there.
    pub name: String,
    /// What is in it; Telegram takes 50 MB.
    pub bytes: Vec<u8>,
    /// Words below it, 1024 characters at most.
    pub caption: String,
    /// The forum topic.
    pub thread: Option<i64>,
}

impl Telegram {
    /// Hands over one file. Never retries.
    pub async fn send_file(&self, chat: &ChatId, file: &File) -> Outcome {
        let to: Recipient = match chat {
            ChatId::Id(id) => teloxide::types::ChatId(*id).into(),
            ChatId::Name(name) => Recipient::ChannelUsername(name.clone()),
        };
        let document = InputFile::memory(file.bytes.clone()).file_name(file.name.clone());
        let mut request = self
            .sends
            .send_document(to, document)
            .caption(&file.caption);
        if let Some(thread) = file.thread.and_then(|thread| i32::try_from(thread).ok()) {
            request = request.message_thread_id(ThreadId(MessageId(thread)));
        }
        match request.send().await {
            Ok(sent) => Outcome::Sent {
                message_id: i64::from(sent.id.0),
            },
            Err(error) => outcome::classify(&error, |text| self.scrub(text)),
        }
    }
}
