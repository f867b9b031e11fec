//! From an update to the command that answers it.
//! In: `Incoming`. Out: the command's effects. What people type is parsed by teloxide's `BotCommands`.

mod admin;
mod follow;
mod following;
mod help;
mod latest;
mod membership;
mod search;
mod start;

use teloxide::utils::command::BotCommands;

use super::access;
use super::context::{CommandError, Context};
use super::replies::{self, Words};
use super::update::{Incoming, Person, Place};
use crate::model::ChatId;
use crate::store::ChatRow;
use crate::telegram::Message;

/// The commands; what follows a command is its argument.
#[derive(BotCommands, Debug, Clone, PartialEq, Eq)]
#[command(rename_rule = "lowercase")]
enum Command {
    Start(String),
    Help,
    Follow(String),
    Following,
    Unfollow(String),
    Latest(String),
    Stats,
    Problems,
    Held,
}

/// Who asks, where, and in which language.
struct Asker<'a> {
    place: &'a Place,
    person: Option<&'a Person>,
    as_chat: bool,
    words: Words,
}

impl Asker<'_> {
    fn chat(&self) -> &ChatId {
        &self.place.chat
    }
}

/// Handles one update.
pub async fn handle(context: &Context, incoming: Incoming) -> Result<(), CommandError> {
    match incoming {
        Incoming::Text {
            place,
            person,
            as_chat,
            text,
        } => {
            let words = words(context, &place, person.as_ref()).await?;
            let asker = Asker {
                place: &place,
                person: person.as_ref(),
                as_chat,
                words,
            };
            let done = said(context, &asker, &text).await;
            if done.is_err() {
                context
                    .reply(asker.chat(), &Message::plain(replies::failed(words)))
                    .await;
            }
            done
        }
        Incoming::Press {
            query,
            place,
            message_id,
            person,
            data,
        } => {
            let words = words(context, &place, Some(&person)).await?;
            let asker = Asker {
                place: &place,
                person: Some(&person),
                as_chat: false,
                words,
            };
            pressed(context, &asker, &query, message_id, &data).await
        }
        Incoming::Membership { place, status } => {
            membership::changed(context, &place, &status).await
        }
        Incoming::Moved { from, to } => Ok(context.store.move_chat(&from, &to).await?),
        Incoming::Nothing | Incoming::Unknown => Ok(()),
    }
}

/// A known chat keeps its language; a new one gets the one of the person who writes.
async fn words(
    context: &Context,
    place: &Place,
    person: Option<&Person>,
) -> Result<Words, CommandError> {
    if let Some(known) = context.store.chat(&place.chat).await? {
        return Ok(Words::of(Some(&known.language)));
    }
    Ok(Words::of(
        person.and_then(|person| person.language.as_deref()),
    ))
}

async fn said(context: &Context, asker: &Asker<'_>, text: &str) -> Result<(), CommandError> {
    if !text.starts_with('/') {
        // In a private chat a bare word is a search; in groups people talk to each other.
        return match asker.place.kind.as_str() {
            "private" => follow::asked(context, asker, text).await,
            _ => Ok(()),
        };
    }
    match Command::parse(text, &context.username) {
        Ok(command) => run(context, asker, command).await,
        Err(_) if asker.place.kind == "private" => {
            let reply = Message::plain(replies::unknown_command(asker.words));
            context.reply(asker.chat(), &reply).await;
            Ok(())
        }
        // In groups an unknown command may be meant for another bot.
        Err(_) => Ok(()),
    }
}

async fn run(context: &Context, asker: &Asker<'_>, command: Command) -> Result<(), CommandError> {
    meet(context, asker).await?;
    match command {
        Command::Start(key) => start::asked(context, asker, &key).await,
        Command::Help => help::asked(context, asker).await,
        Command::Follow(query) => follow::asked(context, asker, &query).await,
        Command::Following => following::asked(context, asker).await,
        Command::Unfollow(query) => following::remove_asked(context, asker, &query).await,
        Command::Latest(query) => latest::asked(context, asker, &query).await,
        Command::Stats | Command::Problems | Command::Held => {
            let Some(admin) = access::admin(context, asker.person) else {
                let reply = Message::plain(replies::not_admin(asker.words));
                context.reply(asker.chat(), &reply).await;
                return Ok(());
            };
            match command {
                Command::Stats => admin::stats(context, asker, &admin).await,
                Command::Problems => admin::problems(context, asker, &admin).await,
                _ => admin::held(context, asker, &admin).await,
            }
        }
    }
}

/// A button: `f:KEY` follows, `u:KEY` unfollows, `h:announce` and `h:dismiss` end the wait of held posts.
/// Anybody can forge the data, so the rights are checked here again.
async fn pressed(
    context: &Context,
    asker: &Asker<'_>,
    query: &str,
    message_id: i64,
    data: &str,
) -> Result<(), CommandError> {
    let answer = match data.split_once(':') {
        Some(("f", key)) => follow::pressed(context, asker, message_id, key).await,
        Some(("u", key)) => following::pressed(context, asker, message_id, key).await,
        Some(("h", choice)) => match access::admin(context, asker.person) {
            Some(admin) => admin::held_pressed(context, asker, &admin, message_id, choice).await,
            None => Ok(replies::not_admin(asker.words)),
        },
        _ => Ok(replies::stale_button(asker.words)),
    };
    let word = match &answer {
        Ok(word) => word,
        Err(_) => replies::failed(asker.words),
    };
    // The press may be minutes old after a restart; a late answer is refused, and that is harmless.
    if let Err(error) = context.telegram.answer(query, word).await {
        tracing::info!(%error, "a button press was answered too late");
    }
    answer.map(|_| ())
}

async fn meet(context: &Context, asker: &Asker<'_>) -> Result<(), CommandError> {
    let row = ChatRow {
        chat: asker.place.chat.clone(),
        kind: asker.place.kind.clone(),
        title: asker.place.title.clone(),
        language: asker.words.code().to_owned(),
        suspended: None,
    };
    Ok(context.store.meet(&row, context.clock.now()).await?)
}

/// `Some` when the asker may change this chat's settings; else they are told why not.
async fn manager(
    context: &Context,
    asker: &Asker<'_>,
) -> Result<Option<access::Manager>, CommandError> {
    let manager = access::manager(context, asker.place, asker.person, asker.as_chat).await?;
    Ok(manager)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_as_people_type_them() {
        let parse = |text: &str| Command::parse(text, "tagwire_bot").ok();
        assert_eq!(
            parse("/follow 市场 监管"),
            Some(Command::Follow("市场 监管".into()))
        );
        assert_eq!(
            parse("/follow@tagwire_bot 市场"),
            Some(Command::Follow("市场".into()))
        );
        assert_eq!(parse("/follow@other_bot 市场"), None);
        assert_eq!(parse("/start"), Some(Command::Start(String::new())));
        assert_eq!(parse("/dance"), None);
    }
}
