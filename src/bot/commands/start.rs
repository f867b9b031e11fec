//! `/start`: the greeting, with the topics to start with. In: a new or returned chat, perhaps with the key
//! of a label, from a page's "follow in Telegram" link. Out: a reply, and that label followed.

use super::{Asker, follow, search};
use crate::bot::context::{CommandError, Context};
use crate::bot::replies;

/// Answers `/start` and `/start KEY`. The chat is known (and active again) before this runs. A key
/// that names nothing (any more) gets the plain greeting.
pub async fn asked(context: &Context, asker: &Asker<'_>, key: &str) -> Result<(), CommandError> {
    if let Some(follow) = follow::linked(context, key.trim()).await? {
        return follow::at_once(context, asker, follow).await;
    }
    let topics = search::topics(context).await?;
    let reply = replies::welcome(asker.words, &context.site.title, &topics);
    asker.reply(context, &reply).await;
    Ok(())
}
