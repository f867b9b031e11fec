//! The bot was blocked, removed, muted, made administrator, or is back.
//! In: `my_chat_member`. Out: the chat is suspended or active; one word to whom it concerns. Settings are kept.

use crate::bot::context::{CommandError, Context};
use crate::bot::place_replies as replies;
use crate::bot::replies::Words;
use crate::bot::update::{Person, Place, Standing};
use crate::model::ChatId;
use crate::store::ChatRow;
use crate::telegram::Message;

/// Takes note of what the bot is in a chat.
pub async fn changed(
    context: &Context,
    place: &Place,
    person: Option<&Person>,
    old: Standing,
    new: Standing,
) -> Result<(), CommandError> {
    context.places.members.forget(&place.chat);
    match new {
        Standing::Out => suspend(context, place, "the bot is no longer in the chat").await,
        Standing::Mute => mute(context, place, person, old).await,
        Standing::Writes | Standing::Leads => resume(context, place, person, old).await,
    }
}

async fn suspend(context: &Context, place: &Place, reason: &str) -> Result<(), CommandError> {
    let now = context.clock.now();
    context.store.suspend(&place.chat, reason, now).await?;
    tracing::info!(chat = %place.chat, reason, "a chat is suspended; its settings are kept");
    Ok(())
}

/// The one who did it is told, since nothing can be said in the chat itself.
async fn mute(
    context: &Context,
    place: &Place,
    person: Option<&Person>,
    old: Standing,
) -> Result<(), CommandError> {
    let known = context.store.chat(&place.chat).await?;
    suspend(context, place, "the bot may not write in the chat").await?;
    let could = matches!(old, Standing::Writes | Standing::Leads);
    if known.is_some_and(|row| row.suspended.is_none()) && could {
        let words = words_of(person);
        tell(
            context,
            person,
            &replies::may_not_write(words, &place.title),
        )
        .await?;
    }
    Ok(())
}

async fn resume(
    context: &Context,
    place: &Place,
    person: Option<&Person>,
    old: Standing,
) -> Result<(), CommandError> {
    let known = context.store.chat(&place.chat).await?;
    let words = match &known {
        Some(row) if !row.language.is_empty() => Words::of(Some(&row.language)),
        _ => words_of(person),
    };
    let was_suspended = known.as_ref().is_some_and(|row| row.suspended.is_some());
    let is_new = known.is_none();
    // A private chat is known from its first command on: `my_chat_member` comes before `/start`, which greets.
    if is_new && place.is_private() {
        return Ok(());
    }
    let row = ChatRow {
        chat: place.chat.clone(),
        kind: place.kind.clone(),
        title: place.title.clone(),
        language: words.code().to_owned(),
        suspended: None,
    };
    context.store.meet(&row, context.clock.now()).await?;
    let follows = context.store.following(&place.chat).await?.len();
    match place.kind.as_str() {
        "channel" if is_new || old != Standing::Leads => {
            let words = words_of(person);
            let hello = replies::hello_channel(words, &place.title, &place.chat.to_string());
            tell(context, person, &hello).await?;
        }
        "channel" => {}
        _ if was_suspended && follows > 0 => {
            let word = replies::welcome_back(words, follows);
            context.reply(&place.chat, &word).await;
        }
        _ if is_new => {
            let hello = replies::hello_group(words, &context.site.title, &context.username);
            context.reply(&place.chat, &hello).await;
        }
        _ => {}
    }
    Ok(())
}

/// A word to a person, if they talk with the bot at all: Telegram lets no bot begin.
async fn tell(
    context: &Context,
    person: Option<&Person>,
    message: &Message,
) -> Result<(), CommandError> {
    let Some(person) = person else {
        return Ok(());
    };
    let chat = ChatId::Id(person.id);
    let known = context.store.chat(&chat).await?;
    if known.is_some_and(|row| row.suspended.is_none()) {
        context.reply(&chat, message).await;
    }
    Ok(())
}

fn words_of(person: Option<&Person>) -> Words {
    Words::of(person.and_then(|person| person.language.as_deref()))
}
