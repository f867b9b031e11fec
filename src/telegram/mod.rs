//! A thin Bot API client over teloxide.
//! In: messages of our own type, and the methods the bot needs. Out: an `Outcome` that says what may be
//! done next, with the token scrubbed from every text.

mod file;
mod inspect;
mod leaving;
mod message;
mod outcome;
mod outlet;
mod seal;

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use teloxide::Bot;
use teloxide::RequestError;
use teloxide::requests::{JsonRequest, Payload, Request};

use crate::config::Secret;
use crate::model::ChatId;

pub use file::File;
pub use inspect::Inspection;
pub use leaving::Leaving;
pub use message::{Button, ButtonAction, Entity, Message, Span, utf16_len};
pub use outcome::{Outcome, is_beyond_edit, is_thread_gone};
pub use seal::{LONGEST_BUTTON, Seal};

/// Where finished messages go: Telegram, or the terminal when there is no token.
#[async_trait]
pub trait Outlet: Send + Sync {
    /// Hands over one message, and says when it leaves. Never retries: the outbox does.
    async fn send(&self, chat: &ChatId, message: &Message, leaving: &Leaving) -> Outcome;
    /// Gives a message that was sent another content. May be repeated.
    async fn edit(&self, chat: &ChatId, message_id: i64, message: &Message) -> Outcome;
    /// Takes a message away. May be repeated.
    async fn delete(&self, chat: &ChatId, message_id: i64) -> Outcome;
    /// Whether messages can be handed over at present: asked before anything doubtful is tried again.
    async fn is_well(&self) -> bool;
}

/// The Bot API.
pub struct Telegram {
    sends: Bot,
    polls: Bot,
    token: Secret,
    poll_seconds: u64,
    seal: Option<Seal>,
}

/// The kinds of updates that are read. Posts in channels are not: a busy channel would bring a flood of them.
pub const ALLOWED_UPDATES: [&str; 4] = [
    "message",
    "callback_query",
    "my_chat_member",
    "inline_query",
];

/// Why the API cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TelegramError {
    /// No client or no address.
    #[error("telegram: {0}")]
    Setup(String),
    /// The API said no; the code tells why.
    #[error("telegram: {0}")]
    Refused(String),
    /// The API was not reached, or its answer was not understood.
    #[error("telegram: {0}")]
    Unreachable(String),
}

/// Who the bot is (Bot API `getMe`).
#[derive(Debug, Clone, Deserialize)]
pub struct Me {
    /// The bot's user id.
    pub id: i64,
    /// The bot's name, without `@`. Every bot has one, but the Bot API's type says that it may be missing.
    #[serde(default)]
    pub username: String,
}

/// The part of a sent message that we need. Telegram's full answer may hold kinds that teloxide does
/// not know, and would then look like a failure although the message went out.
#[derive(Deserialize)]
struct Sent {
    message_id: i64,
}

macro_rules! method {
    ($type:ident, $name:literal, $output:ty) => {
        #[derive(Serialize)]
        #[serde(transparent)]
        struct $type(Value);

        impl Payload for $type {
            type Output = $output;
            const NAME: &'static str = $name;
        }
    };
}

method!(GetMe, "getMe", Me);
method!(GetUpdates, "getUpdates", Vec<Value>);
method!(EditMessageText, "editMessageText", Value);
method!(DeleteMessage, "deleteMessage", Value);
method!(AnswerCallbackQuery, "answerCallbackQuery", bool);
method!(SetMyCommands, "setMyCommands", bool);
method!(GetChatMember, "getChatMember", Value);
method!(GetChat, "getChat", Value);
method!(AnswerInlineQuery, "answerInlineQuery", bool);
method!(SetWebhook, "setWebhook", bool);
method!(DeleteWebhook, "deleteWebhook", bool);
method!(GetWebhookInfo, "getWebhookInfo", Value);

impl Telegram {
    /// A client for the API at `api_url`. A send is ambiguous after `send_timeout`; a poll lasts `poll_seconds`.
    ///
    /// # Errors
    /// The address is none, or TLS cannot be set up.
    pub fn new(
        token: Secret,
        api_url: &str,
        send_timeout: Duration,
        poll_seconds: u64,
    ) -> Result<Self, TelegramError> {
        let setup = |error: &dyn std::fmt::Display| TelegramError::Setup(error.to_string());
        let url = reqwest::Url::parse(api_url).map_err(|error| setup(&error))?;
        let bot = |timeout: Duration| -> Result<Bot, TelegramError> {
            let client = reqwest::Client::builder()
                .connect_timeout(Duration::from_secs(5))
                .timeout(timeout)
                .tcp_nodelay(true)
                .build()
                .map_err(|error| setup(&error))?;
            Ok(Bot::with_client(token.reveal(), client).set_api_url(url.clone()))
        };
        Ok(Telegram {
            sends: bot(send_timeout)?,
            polls: bot(Duration::from_secs(poll_seconds + 15))?,
            token: token.clone(),
            poll_seconds,
            seal: None,
        })
    }

    /// From now on buttons carry a seal, and only sealed ones are taken back.
    pub fn sealed(mut self, seal: Seal) -> Self {
        self.seal = Some(seal);
        self
    }

    /// What a pressed button of ours carries; `None` when it is forged, or from before there were seals.
    pub fn opened<'d>(&self, data: &'d str) -> Option<&'d str> {
        match &self.seal {
            Some(seal) => seal.open(data),
            None => Some(data),
        }
    }

    fn parameters(&self, chat: &ChatId, message: &Message, fresh: bool) -> Value {
        let Some(seal) = &self.seal else {
            return message.to_json(chat, fresh);
        };
        let mut message = message.clone();
        seal.buttons(&mut message.buttons);
        message.to_json(chat, fresh)
    }

    /// Who we are; the first call, which also shows whether the token is right.
    ///
    /// # Errors
    /// As the API answers.
    pub async fn me(&self) -> Result<Me, TelegramError> {
        self.call(&self.sends, GetMe(json!({}))).await
    }

    /// Waits for updates from `offset` on (Bot API `getUpdates`), as raw JSON: kinds and fields that this
    /// version does not know must not cost a command.
    ///
    /// # Errors
    /// As the API answers.
    pub async fn updates(&self, offset: i64) -> Result<Vec<Value>, TelegramError> {
        let parameters = json!({
            "offset": offset, "timeout": self.poll_seconds, "limit": 100,
            "allowed_updates": ALLOWED_UPDATES,
        });
        self.call(&self.polls, GetUpdates(parameters)).await
    }

    /// Replaces text and buttons of a message of ours (Bot API `editMessageText`).
    ///
    /// # Errors
    /// As the API answers; an edit that changes nothing is no error.
    pub async fn edit(
        &self,
        chat: &ChatId,
        message_id: i64,
        message: &Message,
    ) -> Result<(), TelegramError> {
        let mut parameters = self.parameters(chat, message, false);
        parameters["message_id"] = json!(message_id);
        match self.call(&self.sends, EditMessageText(parameters)).await {
            Err(TelegramError::Refused(text)) if text.contains("message is not modified") => Ok(()),
            answer => answer.map(|_| ()),
        }
    }

    /// Ends the waiting sign on a pressed button (Bot API `answerCallbackQuery`), with a short word.
    ///
    /// # Errors
    /// As the API answers.
    pub async fn answer(
        &self,
        query: &str,
        text: &str,
        in_a_window: bool,
    ) -> Result<(), TelegramError> {
        let text: String = text.chars().take(200).collect();
        let mut parameters = json!({"callback_query_id": query, "text": text});
        if in_a_window {
            parameters["show_alert"] = json!(true);
        }
        self.call(&self.sends, AnswerCallbackQuery(parameters))
            .await
            .map(|_| ())
    }

    /// The command menu (Bot API `setMyCommands`) of a `BotCommandScope` for a language (`None`: everybody else).
    ///
    /// # Errors
    /// As the API answers.
    pub async fn set_commands(
        &self,
        commands: &[(&str, &str)],
        scope: &Value,
        language: Option<&str>,
    ) -> Result<(), TelegramError> {
        let commands: Vec<Value> = commands
            .iter()
            .map(|(command, description)| json!({"command": command, "description": description}))
            .collect();
        let mut parameters = json!({ "commands": commands, "scope": scope });
        if let Some(language) = language {
            parameters["language_code"] = json!(language);
        }
        self.call(&self.sends, SetMyCommands(parameters))
            .await
            .map(|_| ())
    }

    /// What a user is in a chat (Bot API `getChatMember`), as raw JSON.
    ///
    /// # Errors
    /// As the API answers.
    pub async fn member(&self, chat: &ChatId, user: i64) -> Result<Value, TelegramError> {
        let parameters = json!({"chat_id": message::chat_json(chat), "user_id": user});
        self.call(&self.sends, GetChatMember(parameters)).await
    }

    /// A chat (Bot API `getChat`), as raw JSON: its id, kind and title, for example of an `@name`.
    ///
    /// # Errors
    /// As the API answers.
    pub async fn chat(&self, chat: &ChatId) -> Result<Value, TelegramError> {
        let parameters = json!({"chat_id": message::chat_json(chat)});
        self.call(&self.sends, GetChat(parameters)).await
    }

    /// Answers a word in inline mode (Bot API `answerInlineQuery`) with its parameters but the id.
    ///
    /// # Errors
    /// As the API answers.
    pub async fn answer_inline(&self, query: &str, mut answer: Value) -> Result<(), TelegramError> {
        answer["inline_query_id"] = json!(query);
        self.call(&self.sends, AnswerInlineQuery(answer))
            .await
            .map(|_| ())
    }

    /// Updates come to this address from now on (Bot API `setWebhook`), one at a time so that they keep
    /// their order, with a secret in a header.
    ///
    /// # Errors
    /// As the API answers.
    pub async fn set_webhook(&self, url: &str, secret: &str) -> Result<(), TelegramError> {
        let parameters = json!({
            "url": url, "secret_token": secret, "max_connections": 1,
            "allowed_updates": ALLOWED_UPDATES,
        });
        self.call(&self.sends, SetWebhook(parameters))
            .await
            .map(|_| ())
    }

    /// Updates are polled from now on (Bot API `deleteWebhook`); what waits is kept.
    ///
    /// # Errors
    /// As the API answers.
    pub async fn delete_webhook(&self) -> Result<(), TelegramError> {
        self.call(&self.sends, DeleteWebhook(json!({})))
            .await
            .map(|_| ())
    }

    /// The address that updates go to at present (Bot API `getWebhookInfo`); empty when they are polled.
    ///
    /// # Errors
    /// As the API answers.
    pub async fn webhook(&self) -> Result<String, TelegramError> {
        let info = self.call(&self.sends, GetWebhookInfo(json!({}))).await?;
        Ok(info["url"].as_str().unwrap_or_default().to_owned())
    }

    /// Removes the token from a text that goes to a log, a page or the store.
    pub fn scrub(&self, text: &str) -> String {
        text.replace(self.token.reveal(), "[token]")
    }

    async fn call<P>(&self, bot: &Bot, payload: P) -> Result<P::Output, TelegramError>
    where
        P: Payload + Serialize + 'static,
        P::Output: serde::de::DeserializeOwned + 'static,
    {
        let answer = JsonRequest::new(bot.clone(), payload).send().await;
        answer.map_err(|error| match &error {
            RequestError::Api(error) => TelegramError::Refused(self.scrub(&outcome::words(error))),
            RequestError::RetryAfter(seconds) => TelegramError::Refused(format!(
                "Too Many Requests: retry after {}",
                seconds.seconds()
            )),
            RequestError::MigrateToChatId(id) => {
                TelegramError::Refused(format!("the group has the new id {id}"))
            }
            other => TelegramError::Unreachable(self.scrub(&outcome::plain(other))),
        })
    }
}
