//! A claimed row becomes a message, as its chat wishes it.
//! In: the claim, the site's zone. Out: the message, or why there is none.
//! What the parts look like is `message`'s; which of them go into one message is decided here.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::message::{Form, Zones, alert, digest, with_questions, withdrawn};
use crate::model::{Length, Zone};
use crate::store::{Card, Claim, Content};
use crate::telegram::Message;

/// The message of a row, or why there is none. A fault of ours in building it costs this row alone.
pub fn compose(claim: &Claim, zone: Zone) -> Result<Message, &'static str> {
    let form =
        Form::fallback(claim.fallback).ok_or("Telegram refused every form of this message")?;
    let wishes = &claim.preferences;
    let zones = Zones {
        chat: wishes.zone.unwrap_or(zone),
        site: zone,
    };
    let article = |card: &Card| match wishes.length {
        Length::Normal => alert(card, &claim.language, zones, form),
        Length::Short => {
            let card = Card {
                summary: String::new(),
                ..card.clone()
            };
            alert(&card, &claim.language, zones, form)
        }
    };
    let build = || {
        let message = match &claim.content {
            Content::Edit {
                card,
                withdrawn: true,
                ..
            } => withdrawn(card, &claim.language, form),
            Content::Alert(card) | Content::Edit { card, .. } => article(card),
            Content::Digest(cards) => digest(cards, &claim.language, zones.chat, form),
            Content::Notice(text) => Message::plain(text.as_str()),
        };
        let asks = form == Form::Full && !claim.is_channel;
        let message = match &claim.content {
            Content::Edit {
                withdrawn: true, ..
            }
            | Content::Notice(_) => message,
            _ if asks => with_questions(message, &claim.language),
            _ => message,
        };
        Message {
            silent: wishes.silent,
            preview: wishes.preview && !matches!(claim.content, Content::Digest(_)),
            ..message
        }
    };
    catch_unwind(AssertUnwindSafe(build))
        .map_err(|_| "a fault in tagwire kept this message from being built: report it")
}
