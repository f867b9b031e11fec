//! `/privacy`, `/export`, `/forget`: what is kept about a chat, as JSON, and the end of it.
//! In: an asker. Out: words, JSON, or nothing left in the store.

use serde_json::{Value, json};

use super::{Asker, manager};
use crate::bot::context::{CommandError, Context};
use crate::bot::{data_replies, replies};
use crate::store::DeliveryFilter;
use crate::telegram::{File, Message, utf16_len};

/// Messages listed, the newest: years of them, in a file that Telegram takes.
const LISTED: i64 = 50_000;
/// UTF-16 units in one message of JSON; Telegram takes 4096.
const PIECE: usize = 3_500;

/// Answers `/privacy`.
pub async fn privacy(context: &Context, asker: &Asker<'_>) -> Result<(), CommandError> {
    let reply = Message::plain(data_replies::privacy(asker.words));
    asker.reply(context, &reply).await;
    Ok(())
}

/// Answers `/export` with JSON: in the message when it is short, else as a file.
pub async fn export(context: &Context, asker: &Asker<'_>) -> Result<(), CommandError> {
    if manager(context, asker).await?.is_none() {
        let reply = Message::plain(replies::not_manager(asker.words));
        asker.reply(context, &reply).await;
        return Ok(());
    }
    let all = collected(context, asker).await?;
    let text = serde_json::to_string_pretty(&all).unwrap_or_default();
    if utf16_len(&text) <= PIECE {
        asker.reply(context, &Message::plain(text)).await;
        return Ok(());
    }
    let caption = asker.dressed(&Message::plain(data_replies::exported(asker.words)));
    let file = File {
        name: format!("tagwire-{}.json", asker.target().chat),
        bytes: text.clone().into_bytes(),
        caption: caption.text,
        thread: caption.thread,
    };
    if !context.reply_with(asker.chat(), file).await {
        // Some groups let nobody send files.
        for piece in pieces(&text) {
            asker.reply(context, &Message::plain(piece)).await;
        }
    }
    Ok(())
}

async fn collected(context: &Context, asker: &Asker<'_>) -> Result<Value, CommandError> {
    let (store, chat) = (&context.store, &asker.target().chat);
    let known = store.chat(chat).await?;
    let wishes = store.preferences(chat).await?;
    let filter = DeliveryFilter {
        chat: Some(chat.clone()),
        limit: LISTED,
        ..DeliveryFilter::default()
    };
    let messages = store.deliveries(&filter).await?.into_iter().map(|row| {
        json!({"post": row.post.as_str(), "kind": row.kind, "state": row.state,
               "reason": row.reason, "planned": row.created_at, "ended": row.settled_at,
               "message": row.message_id})
    });
    let follows = store.following(chat).await?;
    let follows: Vec<String> = follows.iter().map(ToString::to_string).collect();
    let muted = store.muted(chat).await?;
    let muted: Vec<String> = muted.iter().map(ToString::to_string).collect();
    let managed = store.managed(chat, context.clock.now()).await?;
    Ok(json!({
        "chat": chat.to_string(),
        "kind": known.as_ref().map(|row| row.kind.clone()),
        "title": known.as_ref().map(|row| row.title.clone()),
        "language": known.as_ref().map(|row| row.language.clone()),
        "suspended": known.as_ref().and_then(|row| row.suspended.clone()),
        "follows": follows,
        "muted": muted,
        "speaks_for": managed.map(|channel| channel.to_string()),
        "settings": {
            "digest": wishes.rhythm.to_string(),
            "quiet": wishes.quiet.map(|quiet| quiet.to_string()),
            "zone": wishes.zone.map(|zone| zone.name()),
            "paused": wishes.paused_until.is_some(),
            "silent": wishes.silent,
            "title_only": wishes.length == crate::model::Length::Short,
            "preview": wishes.preview,
        },
        "newest_messages": messages.collect::<Vec<Value>>(),
    }))
}

/// Cut between lines; a line longer than a message between characters.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut room = PIECE;
    for line in text.lines() {
        let chars: Vec<char> = line.chars().chain(['\n']).collect();
        for part in chars.chunks(PIECE / 2) {
            let part: String = part.iter().collect();
            let length = utf16_len(&part);
            if length > room {
                pieces.push(String::new());
                room = PIECE;
            }
            room -= length;
            if let Some(last) = pieces.last_mut() {
                last.push_str(&part);
            }
        }
    }
    pieces.retain(|piece| !piece.trim().is_empty());
    pieces
}

/// Answers `/forget` with a question.
pub async fn forget(context: &Context, asker: &Asker<'_>) -> Result<(), CommandError> {
    let reply = match manager(context, asker).await? {
        Some(_) => data_replies::forget(asker.words),
        None => Message::plain(replies::not_manager(asker.words)),
    };
    asker.reply(context, &reply).await;
    Ok(())
}

/// A pressed button below the question.
pub async fn forget_pressed(
    context: &Context,
    asker: &Asker<'_>,
    message_id: i64,
    choice: &str,
) -> Result<&'static str, CommandError> {
    if manager(context, asker).await?.is_none() {
        return Ok(replies::not_manager(asker.words));
    }
    let reply = match choice {
        "yes" => {
            context.store.forget(&asker.target().chat).await?;
            data_replies::forgotten(asker.words)
        }
        _ => data_replies::kept(asker.words),
    };
    asker
        .edit(context, message_id, &Message::plain(reply))
        .await?;
    Ok("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_are_short_and_whole(text in "[a-z😀\\n]{0,9000}") {
            let pieces = pieces(&text);
            for piece in &pieces {
                prop_assert!(utf16_len(piece) <= PIECE);
            }
            let squeeze = |text: &str| text.chars().filter(|c| *c != '\n').collect::<String>();
            prop_assert_eq!(squeeze(&pieces.concat()), squeeze(&text));
        }
    }
}
