//! Whoever wants something of the bot.
//! In: a chat, a person, the channel that is meant. Out: answers where they belong, in their language.
//! What is about a channel says so, and so do its buttons.

use crate::bot::context::{CommandError, Context};
use crate::bot::place_replies;
use crate::bot::replies::Words;
use crate::bot::update::{Person, Place};
use crate::model::ChatId;
use crate::telegram::{ButtonAction, Message};

/// Who asks, where, and in which language.
pub(super) struct Asker<'a> {
    pub place: &'a Place,
    pub person: Option<&'a Person>,
    pub as_chat: bool,
    pub words: Words,
    /// The channel that is meant, when it is not the chat itself.
    pub channel: Option<Place>,
    /// The message that they answer.
    pub reply_to: Option<i64>,
}

/// What stands before the channel that a button is about.
pub(super) const ABOUT: char = '@';

impl<'a> Asker<'a> {
    /// Where they write, and where answers go.
    pub fn chat(&self) -> &ChatId {
        &self.place.chat
    }

    /// The chat whose settings are meant: a channel that they manage, else where they write.
    pub fn target(&self) -> &Place {
        self.channel.as_ref().unwrap_or(self.place)
    }

    pub fn about(&self, channel: Place) -> Asker<'a> {
        Asker {
            channel: Some(channel),
            ..self.about_own_chat()
        }
    }

    pub fn about_own_chat(&self) -> Asker<'a> {
        Asker {
            channel: None,
            ..*self
        }
    }

    /// Answers where they wrote, in the same forum topic.
    pub async fn reply(&self, context: &Context, message: &Message) {
        context.reply(self.chat(), &self.dressed(message)).await;
    }

    /// Answers in the message with the button that they pressed.
    pub async fn edit(
        &self,
        context: &Context,
        message_id: i64,
        message: &Message,
    ) -> Result<(), CommandError> {
        let message = self.dressed(message);
        context.edit(self.chat(), message_id, &message).await
    }

    /// What is about a channel says so, and so do its buttons, which may be pressed much later.
    pub fn dressed(&self, message: &Message) -> Message {
        let mut message = message.clone();
        message.thread = self.place.thread;
        let Some(channel) = &self.channel else {
            return message;
        };
        for button in message.buttons.iter_mut().flatten() {
            if let ButtonAction::Data(data) = &mut button.action
                && !data.contains(ABOUT)
            {
                *data = format!("{data}{ABOUT}{}", channel.chat);
            }
        }
        message.headed(&place_replies::about_channel(self.words, &channel.title))
    }
}
