//! The outlet without a token: messages are shown on the terminal as they would be sent.
//! In: messages. Out: a framed text on standard output, or beside it where that is for data; every send succeeds.

use std::io::Write;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;

use crate::model::ChatId;
use crate::telegram::{ButtonAction, Leaving, Message, Outcome, Outlet};

/// Prints instead of sending.
#[derive(Debug, Default)]
pub struct Terminal {
    last: AtomicI64,
    is_output_data: bool,
}

impl Terminal {
    /// `is_output_data`: somebody reads standard output as data, so messages go to standard error.
    pub fn new(is_output_data: bool) -> Self {
        Terminal {
            last: AtomicI64::new(0),
            is_output_data,
        }
    }

    fn show(&self, text: &str, message_id: i64) -> Outcome {
        let written = match self.is_output_data {
            true => write(&mut std::io::stderr().lock(), text),
            // A closed pipe (`tagwire run | head`) must not look like a sent message.
            false => write(&mut std::io::stdout().lock(), text),
        };
        match written {
            Ok(()) => Outcome::Sent { message_id },
            Err(error) => Outcome::NotSent {
                reason: format!("cannot write to the terminal: {error}"),
            },
        }
    }
}

#[async_trait]
impl Outlet for Terminal {
    async fn send(&self, chat: &ChatId, message: &Message, leaving: &Leaving) -> Outcome {
        if let Err(error) = leaving.now() {
            let reason = error.to_string();
            return Outcome::NotSent { reason };
        }
        let next = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        self.show(&frame(chat, message), next)
    }

    async fn edit(&self, chat: &ChatId, message_id: i64, message: &Message) -> Outcome {
        let framed = frame(chat, message);
        self.show(
            &framed.replacen("message to", "corrected message to", 1),
            message_id,
        )
    }

    async fn delete(&self, chat: &ChatId, message_id: i64) -> Outcome {
        self.show(
            &format!("── message {message_id} to {chat} is taken back\n"),
            message_id,
        )
    }

    async fn is_well(&self) -> bool {
        true
    }
}

fn write(out: &mut impl Write, text: &str) -> std::io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// A message as the terminal shows it.
pub fn frame(chat: &ChatId, message: &Message) -> String {
    let mut text = format!("╭─ message to {chat}\n");
    for line in message.text.lines() {
        text.push_str("│ ");
        text.push_str(line);
        text.push('\n');
    }
    for row in &message.buttons {
        let row: Vec<String> = row
            .iter()
            .map(|button| match &button.action {
                ButtonAction::Url(url) => format!("[{}] {url}", button.text),
                ButtonAction::Data(_) => format!("[{}]", button.text),
            })
            .collect();
        text.push_str(&format!("│ {}\n", row.join("  ")));
    }
    text.push_str("╰─\n");
    text
}
