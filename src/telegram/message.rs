//! A message as Telegram takes it: text plus entities, never markup, so that nothing has to be escaped.
//! In: pieces of text with a style. Out: JSON for `sendMessage` and `editMessageText`.
//! Entity offsets count UTF-16 units (core.telegram.org/api/entities).

use serde_json::{Value, json};

use crate::model::ChatId;

/// A text with styles and buttons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// Plain text, at most 4096 UTF-16 units.
    pub text: String,
    /// Styles, in the order of their offsets.
    pub entities: Vec<Entity>,
    /// Rows of buttons.
    pub buttons: Vec<Vec<Button>>,
    /// The forum topic that it goes to (`message_thread_id`); the general one without.
    pub thread: Option<i64>,
    /// It comes without a sound (Bot API `disable_notification`).
    pub silent: bool,
    /// Telegram shows a preview of its first link.
    pub preview: bool,
}

/// A style on a part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// First UTF-16 unit.
    pub offset: usize,
    /// Number of UTF-16 units.
    pub length: usize,
    /// What it looks like.
    pub span: Span,
}

/// What a part of the text looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// Bold.
    Bold,
    /// Italic.
    Italic,
    /// Struck through.
    Strike,
    /// A link; http or https only.
    Link(String),
    /// Fixed width.
    Code,
}

/// A button below a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What it says.
    pub text: String,
    /// What it does.
    pub action: ButtonAction,
}

/// What a button does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ButtonAction {
    /// Opens an address; http or https only.
    Url(String),
    /// Comes back to the bot; 1 to 64 bytes.
    Data(String),
}

impl Button {
    /// A button that comes back to the bot.
    pub fn data(text: impl Into<String>, data: impl Into<String>) -> Self {
        Button {
            text: text.into(),
            action: ButtonAction::Data(data.into()),
        }
    }

    /// A button that opens an address.
    pub fn url(text: impl Into<String>, url: impl Into<String>) -> Self {
        Button {
            text: text.into(),
            action: ButtonAction::Url(url.into()),
        }
    }
}

impl Message {
    /// A text without styles.
    pub fn plain(text: impl Into<String>) -> Self {
        Message {
            text: text.into(),
            ..Message::default()
        }
    }

    /// Adds plain text.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds text in a style. Blank edges stay outside the style, because Telegram trims them away.
    pub fn push_as(&mut self, text: &str, spans: &[Span]) {
        let inner = text.trim();
        let lead = &text[..text.len() - text.trim_start().len()];
        self.text.push_str(lead);
        let offset = utf16_len(&self.text);
        self.text.push_str(inner);
        for span in spans {
            if !inner.is_empty() {
                self.entities.push(Entity {
                    offset,
                    length: utf16_len(inner),
                    span: span.clone(),
                });
            }
        }
        self.text.push_str(&text[lead.len() + inner.len()..]);
    }

    /// Adds another message's text and styles.
    pub fn append(&mut self, other: Message) {
        let length = utf16_len(&self.text);
        self.text.push_str(&other.text);
        let moved = other.entities.into_iter().map(|entity| Entity {
            offset: entity.offset + length,
            ..entity
        });
        self.entities.extend(moved);
    }

    /// Puts a line of plain text above it.
    pub fn headed(mut self, line: &str) -> Self {
        let head = format!("{line}\n");
        let length = utf16_len(&head);
        for entity in &mut self.entities {
            entity.offset += length;
        }
        self.text.insert_str(0, &head);
        self
    }

    /// Without styles: the first fallback when Telegram refuses the entities.
    pub fn without_styles(mut self) -> Self {
        self.entities.clear();
        self
    }

    /// Parameters of `sendMessage` (`fresh`) or `editMessageText`.
    pub fn to_json(&self, chat: &ChatId, fresh: bool) -> Value {
        let entities: Vec<Value> = self.entities.iter().map(entity_json).collect();
        let mut parameters = json!({
            "chat_id": chat_json(chat),
            "text": self.text,
            "link_preview_options": {"is_disabled": !self.preview},
        });
        if let (Some(thread), true) = (self.thread, fresh) {
            parameters["message_thread_id"] = json!(thread);
        }
        if self.silent && fresh {
            parameters["disable_notification"] = json!(true);
        }
        if !entities.is_empty() {
            parameters["entities"] = Value::Array(entities);
        }
        if !self.buttons.is_empty() || !fresh {
            let rows: Vec<Vec<Value>> = self
                .buttons
                .iter()
                .map(|row| row.iter().map(button_json).collect())
                .collect();
            parameters["reply_markup"] = json!({ "inline_keyboard": rows });
        }
        parameters
    }
}

/// Length in UTF-16 units, in which Telegram counts entities (and, to be safe, everything).
pub fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

pub fn chat_json(chat: &ChatId) -> Value {
    match chat {
        ChatId::Id(id) => json!(id),
        ChatId::Name(name) => json!(name),
    }
}

fn entity_json(entity: &Entity) -> Value {
    let kind = match &entity.span {
        Span::Bold => "bold",
        Span::Italic => "italic",
        Span::Strike => "strikethrough",
        Span::Link(_) => "text_link",
        Span::Code => "code",
    };
    let mut json = json!({"type": kind, "offset": entity.offset, "length": entity.length});
    if let Span::Link(url) = &entity.span {
        json["url"] = json!(url);
    }
    json
}

fn button_json(button: &Button) -> Value {
    match &button.action {
        ButtonAction::Url(url) => json!({"text": button.text, "url": url}),
        ButtonAction::Data(data) => json!({"text": button.text, "callback_data": data}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_count_utf16_units_and_leave_blank_edges_out() {
        let mut message = Message::plain("😀");
        message.push_as(" 标题 ", &[Span::Bold]);
        assert_eq!(message.text, "😀 标题 ");
        assert_eq!(
            message.entities,
            [Entity {
                offset: 3,
                length: 2,
                span: Span::Bold
            }]
        );
    }
}
