//! `/settings`, `/digest`, `/quiet`, `/pause`, `/resume`: when messages come and how they look.
//! In: words or a pressed button. Out: the settings changed, and shown with buttons.

use super::{Asker, manager, meet};
use crate::bot::context::{CommandError, Context};
use crate::bot::replies::{self, Words};
use crate::bot::settings_replies::{self, Shown};
use crate::bot::wishes::change;
use crate::telegram::Message;

/// Answers `/settings` and its shorter ways. `key` and `value` are one change; without a value all is shown.
pub async fn asked(
    context: &Context,
    asker: &Asker<'_>,
    key: &str,
    value: &str,
) -> Result<(), CommandError> {
    let value = value.trim();
    if value.is_empty() {
        let shown = shown(context, asker).await?;
        let page = settings_replies::page(asker.words, &shown);
        asker.reply(context, &page).await;
        return Ok(());
    }
    let reply = match manager(context, asker).await? {
        None => Message::plain(replies::not_manager(asker.words)),
        Some(_) => match make(context, asker, &format!("{key}={value}")).await? {
            Some(shown) => settings_replies::page(words_after(asker, &shown), &shown),
            None => Message::plain(settings_replies::not_understood(asker.words, key)),
        },
    };
    asker.reply(context, &reply).await;
    Ok(())
}

/// A pressed button: a change, or `zones` for the list of zones.
pub async fn pressed(
    context: &Context,
    asker: &Asker<'_>,
    message_id: i64,
    text: &str,
) -> Result<&'static str, CommandError> {
    if manager(context, asker).await?.is_none() {
        return Ok(replies::not_manager(asker.words));
    }
    let reply = match text {
        "zones" => settings_replies::zones(asker.words),
        "show" => {
            let shown = shown(context, asker).await?;
            settings_replies::page(asker.words, &shown)
        }
        text => match make(context, asker, text).await? {
            Some(shown) => settings_replies::page(words_after(asker, &shown), &shown),
            None => return Ok(replies::stale_button(asker.words)),
        },
    };
    asker.edit(context, message_id, &reply).await?;
    Ok(settings_replies::saved(asker.words))
}

/// A chat that changed its language is answered in it; the language of a channel is for its readers.
fn words_after(asker: &Asker<'_>, shown: &Shown) -> Words {
    match asker.channel {
        Some(_) => asker.words,
        None => shown.language,
    }
}

/// Makes one change and keeps it.
async fn make(
    context: &Context,
    asker: &Asker<'_>,
    text: &str,
) -> Result<Option<Shown>, CommandError> {
    if asker.channel.is_none() {
        meet(context, asker).await?;
    }
    let chat = &asker.target().chat;
    let mut shown = shown(context, asker).await?;
    if change(&mut shown.wishes, &mut shown.language, text).is_none() {
        return Ok(None);
    }
    context.store.set_preferences(chat, &shown.wishes).await?;
    context
        .store
        .set_language(chat, shown.language.code())
        .await?;
    Ok(Some(shown))
}

async fn shown(context: &Context, asker: &Asker<'_>) -> Result<Shown, CommandError> {
    let chat = &asker.target().chat;
    Ok(Shown {
        wishes: context.store.preferences(chat).await?,
        language: context.words(chat).await?,
        site: context.site.timezone,
    })
}
