//! Inline mode: `@bot word` in any chat finds labels, to be shown there or followed here.
//! In: a word and where the page begins. Out: results, each with a link that opens the bot and follows.
//! (Bot API, `answerInlineQuery`; @BotFather switches inline mode on.)

use serde_json::{Value, json};

use super::search;
use crate::bot::context::{CommandError, Context, Tally};
use crate::bot::limits::{Ask, Verdict};
use crate::bot::place_replies as replies;
use crate::bot::replies::{Choice, Words};
use crate::bot::update::Person;

/// Results on a page; the Bot API takes 50.
const PAGE: usize = 25;
/// Where pages end: nobody pages on through thousands by thumb.
const MOST: usize = 500;
/// Seconds for which Telegram answers others alike.
const CACHE_SECONDS: u64 = 300;

/// Answers one word.
pub async fn asked(
    context: &Context,
    query: &str,
    person: &Person,
    text: &str,
    offset: &str,
) -> Result<(), CommandError> {
    let now = context.clock.now();
    if context.places.limits.take(Ask::Inline, person.id, now) != Verdict::Answer {
        Tally::count(&context.places.tally.slowed);
        return Ok(());
    }
    let words = Words::of(person.language.as_deref());
    let from = offset.parse::<usize>().unwrap_or(0).min(MOST);
    let found = match text.trim() {
        "" => search::topics(context).await?,
        text => {
            let found = search::labels_from(context, text, from, PAGE + 1);
            found.await?.choices
        }
    };
    let has_more = found.len() > PAGE && from + PAGE < MOST;
    let results: Vec<Value> = found
        .iter()
        .take(PAGE)
        .map(|choice| result(words, choice, &context.username))
        .collect();
    let answer = json!({
        "results": results,
        "cache_time": CACHE_SECONDS,
        // The words depend on the language of who asks.
        "is_personal": true,
        "next_offset": if has_more { (from + PAGE).to_string() } else { String::new() },
        "button": {"text": replies::inline_button(words, found.is_empty()), "start_parameter": "inline"},
    });
    context.mark_handled().await?;
    // Who types on has asked anew before this answer came.
    if let Err(error) = context.telegram.answer_inline(query, answer).await {
        tracing::info!(%error, "a word in inline mode was answered too late");
    }
    Ok(())
}

fn result(words: Words, choice: &Choice, bot: &str) -> Value {
    let link = format!("https://t.me/{bot}?start={}", choice.key);
    let name = words.named(choice);
    json!({
        "type": "article",
        "id": choice.key,
        "title": name,
        "description": replies::inline_posts(words, choice.posts),
        "input_message_content": {
            "message_text": format!("{name}\n{link}"),
            "link_preview_options": {"is_disabled": true},
        },
        "reply_markup": {"inline_keyboard": [[{"text": replies::inline_follow(words), "url": link}]]},
    })
}
