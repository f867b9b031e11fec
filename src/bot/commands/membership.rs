//! The bot was blocked, removed, or is back. In: `my_chat_member`. Out: the chat is suspended or active again.

use crate::bot::context::{CommandError, Context};
use crate::bot::update::Place;
use crate::store::ChatRow;

/// Takes note of what the bot is in a chat. Settings are kept in every case.
pub async fn changed(context: &Context, place: &Place, status: &str) -> Result<(), CommandError> {
    let now = context.clock.now();
    match status {
        "kicked" | "left" => {
            tracing::info!(chat = %place.chat, status, "a chat is suspended; its settings are kept");
            let reason = format!("the bot is no longer in the chat ({status})");
            Ok(context.store.suspend(&place.chat, &reason, now).await?)
        }
        _ => match context.store.chat(&place.chat).await? {
            Some(known) => {
                let row = ChatRow {
                    suspended: None,
                    kind: place.kind.clone(),
                    title: place.title.clone(),
                    ..known
                };
                Ok(context.store.meet(&row, now).await?)
            }
            None => Ok(()),
        },
    }
}
