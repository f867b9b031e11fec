//! `/help`: what the bot can do, with the admin commands for admins. In: an asker. Out: a reply.

use super::Asker;
use crate::bot::context::{CommandError, Context};
use crate::bot::{access, replies};

/// Answers `/help`.
pub async fn asked(context: &Context, asker: &Asker<'_>) -> Result<(), CommandError> {
    let admin = access::admin(context, asker.person).is_some();
    asker
        .reply(context, &replies::help(asker.words, admin))
        .await;
    Ok(())
}
