//! Who may do what. The values here can be made only by the checks here, and commands demand them.
//! In: a person and a place. Out: `Admin`, `ChatAdmin`, or nothing.
//! What Telegram said of a member is believed for a minute at most.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::context::Context;
use super::update::{Person, Place, Standing, standing};
use crate::model::ChatId;
use crate::store::Millis;
use crate::telegram::TelegramError;

/// How long an answer about a member is believed.
const BELIEVED: Millis = 60_000;
/// Answers that are kept; old ones go first.
const MOST_ANSWERS: usize = 10_000;

/// Proof that a person is named in `telegram.admins`.
#[derive(Debug)]
pub struct Admin(());

/// Proof that a person may change what a chat follows and how.
#[derive(Debug)]
pub struct ChatAdmin(());

/// What Telegram said lately of members of chats.
#[derive(Debug, Default)]
pub struct Members(Mutex<HashMap<(ChatId, i64), (Standing, Millis)>>);

impl Members {
    /// Forgets what was said of a chat: something changed there.
    pub fn forget(&self, chat: &ChatId) {
        self.lock().retain(|(known, _), _| known != chat);
    }

    fn known(&self, chat: &ChatId, user: i64, now: Millis) -> Option<Standing> {
        let (standing, at) = *self.lock().get(&(chat.clone(), user))?;
        (at <= now && now - at < BELIEVED).then_some(standing)
    }

    fn keep(&self, chat: &ChatId, user: i64, standing: Standing, now: Millis) {
        let mut answers = self.lock();
        if answers.len() >= MOST_ANSWERS {
            answers.retain(|_, (_, at)| *at <= now && now - *at < BELIEVED);
        }
        if answers.len() < MOST_ANSWERS {
            answers.insert((chat.clone(), user), (standing, now));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(ChatId, i64), (Standing, Millis)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Admins are known by their user id alone, in whatever chat they write.
pub fn admin(context: &Context, person: Option<&Person>) -> Option<Admin> {
    person
        .filter(|person| context.admins.contains(&person.id))
        .map(|_| Admin(()))
}

/// In a private chat everybody manages their own; elsewhere the chat's administrators do, and whoever writes
/// in the name of a group (only its administrators can).
///
/// # Errors
/// Telegram could not be asked.
pub async fn chat_admin(
    context: &Context,
    place: &Place,
    person: Option<&Person>,
    as_chat: bool,
) -> Result<Option<ChatAdmin>, TelegramError> {
    if place.is_private() || (as_chat && place.kind != "channel") {
        return Ok(Some(ChatAdmin(())));
    }
    let Some(person) = person else {
        return Ok(None);
    };
    // Who may not post in a channel does not decide what the bot posts there either.
    let standing = member(context, place, person.id).await?;
    Ok((standing == Standing::Leads).then_some(ChatAdmin(())))
}

/// What somebody is in a chat: the caller, or the bot itself. A chat or member that Telegram does not show
/// counts as not there.
///
/// # Errors
/// Telegram could not be reached.
pub async fn member(
    context: &Context,
    place: &Place,
    user: i64,
) -> Result<Standing, TelegramError> {
    let now = context.clock.now();
    if let Some(known) = context.places.members.known(&place.chat, user, now) {
        return Ok(known);
    }
    let found = match context.telegram.member(&place.chat, user).await {
        Ok(member) => standing(&member, place.kind == "channel"),
        // A refusal is an answer; what the server says of itself is none, nor is 429.
        Err(TelegramError::Refused(why)) if is_answer(&why) => {
            tracing::info!(chat = %place.chat, user, why, "Telegram shows no such member");
            return Ok(Standing::Out);
        }
        Err(error) => return Err(error),
    };
    context.places.members.keep(&place.chat, user, found, now);
    Ok(found)
}

fn is_answer(why: &str) -> bool {
    why.starts_with("Bad Request") || why.starts_with("Forbidden")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_of_a_member_is_believed_for_a_minute_and_not_after_a_change() {
        let (members, chat) = (Members::default(), ChatId::Id(-5));
        members.keep(&chat, 7, Standing::Leads, 1_000);
        assert_eq!(
            members.known(&chat, 7, 1_000 + BELIEVED - 1),
            Some(Standing::Leads)
        );
        assert_eq!(members.known(&chat, 7, 1_000 + BELIEVED), None);
        assert_eq!(members.known(&chat, 7, 0), None, "the clock went back");
        assert_eq!(members.known(&chat, 8, 1_000), None);
        assert_eq!(members.known(&ChatId::Id(-6), 7, 1_000), None);
        members.forget(&chat);
        assert_eq!(members.known(&chat, 7, 1_000), None);
    }
}
