//! From an update to the command that answers it.
//! In: `Incoming`. Out: the command's effects. What people type is parsed by teloxide's `BotCommands`.

mod admin;
mod asker;
mod channel;
mod follow;
mod following;
mod help;
mod inline;
mod latest;
mod membership;
mod own_data;
mod posts;
mod search;
mod settings;
mod start;
mod why;

use asker::{ABOUT, Asker};
pub use posts::HITS;

use teloxide::utils::command::BotCommands;

use super::access;
use super::context::{CommandError, Context, Tally};
use super::limits::{Ask, Verdict};
use super::place_replies;
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
    Search(String),
    Why(String),
    Feeds,
    Channel(String),
    Settings(String),
    Digest(String),
    Quiet(String),
    Pause,
    Resume,
    Privacy,
    Export(String),
    Forget(String),
    Stats,
    Problems,
    Held,
    Topic(String),
    Chat(String),
    Broadcast(String),
    Audit,
}

/// Handles one update.
pub async fn handle(context: &Context, incoming: Incoming) -> Result<(), CommandError> {
    match incoming {
        Incoming::Text {
            place,
            person,
            as_chat,
            text,
            reply_to,
        } => {
            let words = words(context, &place, person.as_ref()).await?;
            let mut asker = Asker {
                place: &place,
                person: person.as_ref(),
                as_chat,
                words,
                channel: None,
                reply_to,
            };
            written(context, &mut asker, &text).await
        }
        Incoming::Press {
            query,
            place,
            message_id,
            person,
            data,
        } => {
            let words = words(context, &place, Some(&person)).await?;
            let mut asker = Asker {
                place: &place,
                person: Some(&person),
                as_chat: false,
                words,
                channel: None,
                reply_to: None,
            };
            press(context, &mut asker, &query, message_id, &data).await
        }
        Incoming::Membership {
            place,
            person,
            old,
            new,
        } => membership::changed(context, &place, person.as_ref(), old, new).await,
        Incoming::Inline {
            query,
            person,
            text,
            offset,
        } => inline::asked(context, &query, &person, &text, &offset).await,
        Incoming::Moved { from, to } => Ok(context.store.move_chat(&from, &to).await?),
        Incoming::Nothing | Incoming::Unknown => Ok(()),
    }
}

/// Somebody wrote.
async fn written(context: &Context, asker: &mut Asker<'_>, text: &str) -> Result<(), CommandError> {
    if is_for_us(asker, text) && !may_ask(context, asker, None).await {
        return Ok(());
    }
    asker.channel = channel::target(context, asker).await?;
    // `/channel` looks by itself: it may be about another one.
    let may = match text.starts_with("/channel") {
        true => Ok(true),
        false => may_see(context, asker).await,
    };
    let done = match may {
        Ok(true) => said(context, asker, text).await,
        Ok(false) => channel::lost(context, asker).await,
        Err(error) => Err(error),
    };
    if done.is_err() {
        let word = Message::plain(replies::failed(asker.words));
        asker.reply(context, &word).await;
    }
    done
}

/// Somebody pressed a button.
async fn press(
    context: &Context,
    asker: &mut Asker<'_>,
    query: &str,
    message_id: i64,
    data: &str,
) -> Result<(), CommandError> {
    if !may_ask(context, asker, Some(query)).await {
        return Ok(());
    }
    let Some(data) = context.telegram.opened(data) else {
        Tally::count(&context.places.tally.forged);
        return answer_press(context, query, replies::stale_button(asker.words)).await;
    };
    let data = match data.rsplit_once(ABOUT) {
        None => data,
        Some((data, chat)) => {
            asker.channel = match chat.parse() {
                Ok(chat) => channel::known(context, chat).await?,
                Err(_) => None,
            };
            if asker.channel.is_none() {
                return answer_press(context, query, replies::stale_button(asker.words)).await;
            }
            let may = match data {
                // Whoever is done need not be somebody.
                "c:off" => Ok(true),
                _ => may_see(context, asker).await,
            };
            let word = match &may {
                Ok(true) => None,
                Ok(false) => Some(replies::not_manager(asker.words)),
                Err(_) => Some(replies::failed(asker.words)),
            };
            if let Some(word) = word {
                answer_press(context, query, word).await?;
                return may.map(|_| ());
            }
            data
        }
    };
    pressed(context, asker, query, message_id, data).await
}

/// A known chat keeps its language; a new one gets the one of the person who writes.
async fn words(
    context: &Context,
    place: &Place,
    person: Option<&Person>,
) -> Result<Words, CommandError> {
    let known = context.store.chat(&place.chat).await?;
    // Nobody has spoken yet in a chat that only got a word from us.
    let known = known.filter(|known| !known.language.is_empty());
    let person = person.and_then(|person| person.language.as_deref());
    Ok(Words::of(
        known.as_ref().map(|known| &*known.language).or(person),
    ))
}

/// In groups people talk to each other, and commands may be for other bots; both are free.
fn is_for_us(asker: &Asker<'_>, text: &str) -> bool {
    asker.place.is_private() || text.starts_with('/')
}

/// Whether there is an answer, or somebody asks too much; they are told once, in a group not at all.
async fn may_ask(context: &Context, asker: &Asker<'_>, query: Option<&str>) -> bool {
    let group = match asker.chat() {
        ChatId::Id(id) => *id,
        ChatId::Name(_) => 0,
    };
    let who = asker.person.map_or(group, |person| person.id);
    let now = context.clock.now();
    let verdict = context.places.limits.take(Ask::Command, who, now);
    if verdict != Verdict::Answer {
        Tally::count(&context.places.tally.slowed);
    }
    let word = place_replies::slow_down(asker.words);
    match (verdict, query) {
        (Verdict::Answer, _) => return true,
        (Verdict::Warn, Some(query)) => {
            if let Err(error) = answer_press(context, query, word).await {
                tracing::warn!(%error, "an update cannot be marked as handled");
            }
        }
        (Verdict::Warn, None) if asker.place.is_private() => {
            asker.reply(context, &Message::plain(word)).await;
        }
        _ => {}
    }
    false
}

async fn said(context: &Context, asker: &Asker<'_>, text: &str) -> Result<(), CommandError> {
    if !text.starts_with('/') {
        // In a private chat a bare word is a search; in groups people talk to each other.
        return match asker.place.kind.as_str() {
            "private" => follow::asked(context, asker, text).await,
            _ => Ok(()),
        };
    }
    match Command::parse(&with_blank(text), &context.username) {
        Ok(command) => run(context, asker, command).await,
        Err(_) if asker.place.kind == "private" => {
            let reply = Message::plain(replies::unknown_command(asker.words));
            asker.reply(context, &reply).await;
            Ok(())
        }
        // In groups an unknown command may be meant for another bot.
        Err(_) => Ok(()),
    }
}

/// A command's words may begin in a new line, or behind a blank of Chinese text.
fn with_blank(text: &str) -> String {
    text.replacen(char::is_whitespace, " ", 1)
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
        Command::Search(words) => posts::search_asked(context, asker, &words).await,
        Command::Why(post) => why::asked(context, asker, &post).await,
        Command::Feeds => posts::feeds(context, asker).await,
        Command::Channel(name) => channel::asked(context, asker, &name).await,
        Command::Settings(zone) => settings::asked(context, asker, "zone", &zone).await,
        Command::Digest(hours) => settings::asked(context, asker, "digest", &hours).await,
        Command::Quiet(hours) => settings::asked(context, asker, "quiet", &hours).await,
        Command::Pause => settings::asked(context, asker, "pause", "1").await,
        Command::Resume => settings::asked(context, asker, "pause", "0").await,
        Command::Privacy => own_data::privacy(context, asker).await,
        // People ask for their own data, also while their chat speaks for a channel.
        Command::Export(about) if about.trim().is_empty() => {
            own_data::export(context, &asker.about_own_chat()).await
        }
        Command::Forget(about) if about.trim().is_empty() => {
            own_data::forget(context, &asker.about_own_chat()).await
        }
        Command::Export(_) | Command::Forget(_)
            if asker.place.is_private() && asker.channel.is_none() =>
        {
            channel::asked(context, asker, "").await
        }
        Command::Export(_) => own_data::export(context, asker).await,
        Command::Forget(_) => own_data::forget(context, asker).await,
        Command::Stats
        | Command::Problems
        | Command::Held
        | Command::Topic(_)
        | Command::Chat(_)
        | Command::Broadcast(_)
        | Command::Audit => {
            let Some(admin) = access::admin(context, asker.person) else {
                let reply = Message::plain(replies::not_admin(asker.words));
                asker.reply(context, &reply).await;
                return Ok(());
            };
            match command {
                Command::Stats => admin::stats(context, asker, &admin).await,
                Command::Problems => admin::problems(context, asker, &admin).await,
                Command::Topic(id) => admin::topic(context, asker, &admin, &id).await,
                Command::Chat(id) => admin::chat(context, asker, &admin, &id).await,
                Command::Broadcast(text) => admin::broadcast(context, asker, &admin, &text).await,
                Command::Audit => admin::audit(context, asker, &admin).await,
                _ => admin::held(context, asker, &admin).await,
            }
        }
    }
}

/// A button: `c:ID` manages a channel, `f:KEY` follows, `u:KEY` unfollows, `w:KEY` previews a rule, `p:CHANGE` changes settings, `x:yes` forgets,
/// `s:FROM:WORDS`,
/// `l:FROM` and `q:FROM:KEY` turn pages, `k:1KEY` and `k:0KEY` mute, `y:` and `m:` stand below messages, `h:announce` and
/// `h:dismiss` end the wait of held posts, `b:KEY` sends to everybody, `i:ID` tries a topic.
/// The seal says that a button is ours,
/// not who may press it: the rights are checked again.
async fn pressed(
    context: &Context,
    asker: &Asker<'_>,
    query: &str,
    message_id: i64,
    data: &str,
) -> Result<(), CommandError> {
    if let Some(("y", _)) = data.split_once(':') {
        let word = why::pressed(context, asker, message_id).await?;
        return say_on_top(context, query, &word, true).await;
    }
    let done = match data.split_once(':') {
        Some(("m", _)) => why::mute_asked(context, asker, message_id).await,
        Some(("k", key)) => why::mute_pressed(context, asker, message_id, key).await,
        Some(("q", page)) => posts::turned(context, asker, message_id, page).await,
        Some(("f", key)) => follow::pressed(context, asker, message_id, key).await,
        Some(("w", key)) => follow::offered(context, asker, message_id, key).await,
        Some(("p", change)) => settings::pressed(context, asker, message_id, change).await,
        Some(("x", choice)) => own_data::forget_pressed(context, asker, message_id, choice).await,
        Some(("s", page)) => follow::turned(context, asker, message_id, page).await,
        Some(("l", from)) => following::turned(context, asker, message_id, from).await,
        Some(("u", key)) => following::pressed(context, asker, message_id, key).await,
        Some(("c", choice)) => channel::pressed(context, asker, choice).await,
        Some((kind @ ("h" | "b" | "i"), choice)) => match access::admin(context, asker.person) {
            Some(admin) if kind == "h" => {
                admin::held_pressed(context, asker, &admin, message_id, choice).await
            }
            Some(admin) if kind == "b" => {
                admin::broadcast_pressed(context, asker, &admin, message_id, choice).await
            }
            Some(admin) => admin::topic_pressed(context, asker, &admin, choice).await,
            None => Ok(replies::not_admin(asker.words)),
        },
        _ => Ok(replies::stale_button(asker.words)),
    };
    let word = match &done {
        Ok(word) => word,
        Err(_) => replies::failed(asker.words),
    };
    answer_press(context, query, word).await?;
    done.map(|_| ())
}

/// Ends the waiting sign of a pressed button with a short word.
async fn answer_press(context: &Context, query: &str, word: &str) -> Result<(), CommandError> {
    say_on_top(context, query, word, false).await
}

/// The same; `in_a_window` stays until it is closed.
async fn say_on_top(
    context: &Context,
    query: &str,
    word: &str,
    in_a_window: bool,
) -> Result<(), CommandError> {
    context.mark_handled().await?;
    // The press may be minutes old after a restart; a late answer is refused, and that is harmless.
    if let Err(error) = context.telegram.answer(query, word, in_a_window).await {
        tracing::info!(%error, "a button press was answered too late");
    }
    Ok(())
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

/// Who lost a channel does not see any more what it follows.
async fn may_see(context: &Context, asker: &Asker<'_>) -> Result<bool, CommandError> {
    Ok(asker.channel.is_none() || manager(context, asker).await?.is_some())
}

/// `Some` when the asker may change this chat's settings; else they are told why not.
async fn manager(
    context: &Context,
    asker: &Asker<'_>,
) -> Result<Option<access::ChatAdmin>, CommandError> {
    let place = asker.target();
    Ok(access::chat_admin(context, place, asker.person, asker.as_chat).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn menus_name_commands_that_there_are() {
        for name in crate::bot::menus::names() {
            assert!(
                Command::parse(&format!("/{name}"), "tagwire_bot").is_ok(),
                "{name}"
            );
        }
        let all = Command::bot_commands();
        assert_eq!(
            all.len(),
            crate::bot::menus::names().count() + 1,
            "all but /start"
        );
    }

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
