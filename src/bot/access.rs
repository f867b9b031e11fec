//! Who may do what. The values here can be made only by the checks here, and commands demand them.
//! In: a person and a place. Out: `Admin`, `Manager`, or nothing.

use super::context::Context;
use super::update::{Person, Place};
use crate::telegram::TelegramError;

/// Proof that a person is named in `telegram.admins`.
#[derive(Debug)]
pub struct Admin(());

/// Proof that a person may change what this chat follows.
#[derive(Debug)]
pub struct Manager(());

/// Admins are known by their user id alone, in whatever chat they write.
pub fn admin(context: &Context, person: Option<&Person>) -> Option<Admin> {
    person
        .filter(|person| context.admins.contains(&person.id))
        .map(|_| Admin(()))
}

/// In a private chat everybody manages their own; elsewhere the chat's administrators do.
///
/// # Errors
/// Telegram could not be asked.
pub async fn manager(
    context: &Context,
    place: &Place,
    person: Option<&Person>,
    as_chat: bool,
) -> Result<Option<Manager>, TelegramError> {
    if place.kind == "private" || as_chat {
        return Ok(Some(Manager(())));
    }
    let Some(person) = person else {
        return Ok(None);
    };
    let status = context
        .telegram
        .member_status(&place.chat, person.id)
        .await?;
    let manages = matches!(status.as_str(), "creator" | "administrator");
    Ok(manages.then_some(Manager(())))
}
