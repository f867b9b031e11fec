//! `/channel`: people who lead a channel manage it from their private chat with the bot.
//! In: a name, a number or `off`. Out: for an hour, commands of this chat are about that channel.

use super::{Asker, may_see, meet, search};
use crate::bot::access::{self, ChatAdmin};
use crate::bot::context::{CommandError, Context};
use crate::bot::place_replies as replies;
use crate::bot::update::{Place, Standing};
use crate::model::ChatId;
use crate::store::{ChatRow, Millis};
use crate::telegram::{Message, TelegramError};

/// How long a private chat speaks for a channel.
const SPEAKS_FOR: Millis = 3_600_000;

/// Answers `/channel`, `/channel @name` and `/channel off`.
pub async fn asked(context: &Context, asker: &Asker<'_>, name: &str) -> Result<(), CommandError> {
    let own = asker.about_own_chat();
    let reply = match name.trim() {
        _ if !own.place.is_private() => Message::plain(replies::channel_in_private(own.words)),
        "" => match target(context, &own).await? {
            Some(channel) => match may_see(context, &own.about(channel.clone())).await? {
                true => return greet(context, &own, channel).await,
                false => return lost(context, &own).await,
            },
            None => replies::channel_help(own.words),
        },
        "off" => {
            context.store.manage(own.chat(), None, 0).await?;
            Message::plain(replies::managing_no_more(own.words))
        }
        name => match enter(context, &own, name).await? {
            Ok(channel) => return greet(context, &own, channel).await,
            Err(why) => Message::plain(why),
        },
    };
    own.reply(context, &reply).await;
    Ok(())
}

/// A pressed button: `off`, or the number of a channel.
pub async fn pressed(
    context: &Context,
    asker: &Asker<'_>,
    choice: &str,
) -> Result<&'static str, CommandError> {
    asked(context, asker, choice).await?;
    Ok("")
}

/// The channel that this private chat speaks for at present. Whether the person may change anything there
/// is checked at each change.
pub async fn target(context: &Context, asker: &Asker<'_>) -> Result<Option<Place>, CommandError> {
    if !asker.place.is_private() {
        return Ok(None);
    }
    match context
        .store
        .managed(asker.chat(), context.clock.now())
        .await?
    {
        Some(chat) => known(context, chat).await,
        None => Ok(None),
    }
}

/// Who may not manage the channel any more speaks for themselves again.
pub async fn lost(context: &Context, asker: &Asker<'_>) -> Result<(), CommandError> {
    let own = asker.about_own_chat();
    if let Some(lack) = lacking(context, asker).await? {
        // It is the bot that sees nobody there any more.
        own.reply(context, &Message::plain(lack)).await;
        return Ok(());
    }
    context.store.manage(own.chat(), None, 0).await?;
    let mut word = Message::plain(replies::not_channel_admin(own.words));
    word.push(&format!("\n{}", replies::managing_no_more(own.words)));
    own.reply(context, &word).await;
    Ok(())
}

/// A channel that the store knows.
pub async fn known(context: &Context, chat: ChatId) -> Result<Option<Place>, CommandError> {
    let row = context.store.chat(&chat).await?;
    Ok(row.filter(|row| row.kind != "private").map(|row| Place {
        chat,
        kind: row.kind,
        title: row.title,
        thread: None,
    }))
}

/// What the bot lacks in the place that an asker is about, in words.
pub async fn lacking(
    context: &Context,
    asker: &Asker<'_>,
) -> Result<Option<&'static str>, CommandError> {
    let place = asker.target();
    if place.kind != "channel" {
        return Ok(None);
    }
    let standing = access::member(context, place, context.places.bot).await?;
    Ok((standing != Standing::Leads).then(|| replies::bot_may_not_post(asker.words)))
}

async fn greet(context: &Context, asker: &Asker<'_>, channel: Place) -> Result<(), CommandError> {
    let about = asker.about(channel);
    let mut choices = Vec::new();
    let followed = context.store.following(&about.target().chat).await?;
    let muted = context.store.muted(&about.target().chat).await?;
    let total = followed.len();
    for follow in followed.into_iter().take(crate::bot::replies::PAGE) {
        let is_muted = muted.contains(&follow);
        choices.push((search::choice(context, follow).await?, is_muted));
    }
    let mut reply = replies::managing(about.words, &choices, total);
    if let Some(lack) = lacking(context, &about).await? {
        reply.push(&format!("\n\n{lack}"));
    }
    about.reply(context, &reply).await;
    Ok(())
}

/// Finds the channel, checks the person, and keeps that this chat speaks for it.
async fn enter(
    context: &Context,
    asker: &Asker<'_>,
    name: &str,
) -> Result<Result<Place, String>, CommandError> {
    let unseen = || Ok(Err(replies::channel_unseen(asker.words, &short(name))));
    let Some(chat) = chat_of(name) else {
        return unseen();
    };
    let place = match context.telegram.chat(&chat).await {
        Ok(found) => place_of(&found),
        Err(TelegramError::Refused(why)) if !why.starts_with("Too Many Requests") => None,
        Err(error) => return Err(error.into()),
    };
    let Some(place) = place else {
        return unseen();
    };
    // A person who is told what the bot lacks must be one who may mend it, so the caller comes first.
    match access::chat_admin(context, &place, asker.person, false).await? {
        Some(proof) => keep(context, asker, &place, &chat, &proof).await.map(Ok),
        None if access::member(context, &place, context.places.bot).await? == Standing::Out => {
            unseen()
        }
        None => Ok(Err(replies::not_channel_admin(asker.words).to_owned())),
    }
}

async fn keep(
    context: &Context,
    asker: &Asker<'_>,
    place: &Place,
    chat: &ChatId,
    _proof: &ChatAdmin,
) -> Result<Place, CommandError> {
    let now = context.clock.now();
    // The name and the number are one chat.
    if let ChatId::Name(name) = chat {
        context.store.name_chat(name, &place.chat).await?;
    }
    let row = ChatRow {
        chat: place.chat.clone(),
        kind: place.kind.clone(),
        title: place.title.clone(),
        language: asker.words.code().to_owned(),
        suspended: None,
    };
    context.store.meet(&row, now).await?;
    meet(context, asker).await?;
    context
        .store
        .manage(asker.chat(), Some(&place.chat), now + SPEAKS_FOR)
        .await?;
    Ok(place.clone())
}

/// `@name`, `name`, a link to it, or its number; never a person.
fn chat_of(name: &str) -> Option<ChatId> {
    let name = name.trim().trim_end_matches('/');
    let name = ["https://t.me/", "http://t.me/", "t.me/"]
        .iter()
        .find_map(|start| name.strip_prefix(start))
        .unwrap_or(name);
    let is_number = name
        .trim_start_matches('-')
        .bytes()
        .all(|b| b.is_ascii_digit());
    let text = match name.strip_prefix('@') {
        None if !is_number => format!("@{name}"),
        _ => name.to_owned(),
    };
    match text.parse().ok()? {
        ChatId::Id(id) if id > 0 => None,
        chat => Some(chat),
    }
}

fn place_of(found: &serde_json::Value) -> Option<Place> {
    let kind = found["type"].as_str().filter(|kind| *kind != "private")?;
    Some(Place {
        chat: found["id"].as_i64().filter(|id| *id < 0)?.into(),
        kind: kind.to_owned(),
        title: found["title"].as_str().unwrap_or_default().to_owned(),
        thread: None,
    })
}

fn short(name: &str) -> String {
    name.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_named_in_any_usual_way_and_a_person_never() {
        let name = Some(ChatId::Name("@my_news".into()));
        for text in [
            "@my_news",
            "my_news",
            " https://t.me/my_news/ ",
            "t.me/my_news",
        ] {
            assert_eq!(chat_of(text), name, "{text}");
        }
        assert_eq!(
            chat_of("-1001234567890"),
            Some(ChatId::Id(-1_001_234_567_890))
        );
        for text in ["42", "", "-", "@", "a b", "@名字", "https://t.me/+invite"] {
            assert_eq!(chat_of(text), None, "{text}");
        }
    }
}
