//! `/start`: the greeting, with the topics to start with. In: a new or returned chat. Out: a reply.

use super::{Asker, search};
use crate::bot::context::{CommandError, Context};
use crate::bot::replies;

/// Answers `/start`. The chat is known (and active again) before this runs.
pub async fn asked(context: &Context, asker: &Asker<'_>) -> Result<(), CommandError> {
    let topics = search::topics(context).await?;
    let reply = replies::welcome(asker.words, &context.site.title, &topics);
    context.reply(asker.chat(), &reply).await;
    Ok(())
}
