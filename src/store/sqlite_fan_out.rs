//! A decision about a post, and a row of the outbox for every chat that is to be told.
//! In: cards with decisions. Out: rows, a part of the chats in each transaction, so that the bot's writes get in
//! between; how far a post came is kept with it, and a crash ends nothing.

use sqlx::Row;

use super::sqlite::kind_and_name;
use super::sqlite_outbox::Tx;
use super::{Card, Decision, Millis, StoreError, sqlite_stories};
use crate::model::PostId;

/// Chats of one follow that one transaction plans.
pub const PART: i64 = 20_000;
/// Comes after every id of a chat.
const BEHIND_ALL: &str = "\u{10FFFF}";

/// A range of chats, in the order of their ids as text.
#[derive(Clone, Copy)]
struct Chats<'a> {
    /// The last one before the range.
    after: &'a str,
    /// The last one of the range.
    upto: &'a str,
}

/// Records the decision about a post that is new. Returns whether its chats are still to be planned.
pub async fn decide(
    tx: &mut Tx<'_>,
    card: &Card,
    decision: &Decision,
    now: Millis,
) -> Result<bool, StoreError> {
    let (word, reason, fan_after) = match decision {
        Decision::Announce => ("announced", None, Some("")),
        Decision::Hold(reason) => ("held", Some(reason.as_str()), None),
    };
    let new = sqlx::query(
        "insert into announcements (post, decision, reason, card, at, fan_after) values ($1, $2, $3, $4, $5, $6)
         on conflict (post) do nothing",
    )
    .bind(card.post.as_str())
    .bind(word)
    .bind(reason)
    .bind(card.to_json())
    .bind(now)
    .bind(fan_after)
    .execute(&mut **tx)
    .await?
    .rows_affected();
    Ok(new > 0 && fan_after.is_some())
}

/// Plans chats until `part` rows are written or nothing is left to plan. Returns the rows.
pub async fn part(tx: &mut Tx<'_>, part: i64, now: Millis) -> Result<u64, StoreError> {
    let mut rows = 0;
    while rows < part.unsigned_abs() {
        match next(tx, part, now).await? {
            Some(more) => rows += more,
            None => break,
        }
    }
    Ok(rows)
}

/// Plans the next part of the oldest post that is not planned for all of its chats. Returns the rows written;
/// `None` when there is no such post.
async fn next(tx: &mut Tx<'_>, part: i64, now: Millis) -> Result<Option<u64>, StoreError> {
    let found = sqlx::query(
        "select post, card, fan_after, fan_fold, withdrawn from announcements where fan_after is not null
         order by at, rowid limit 1",
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = found else {
        return Ok(None);
    };
    let post = PostId::new(row.get::<String, _>(0));
    let is_withdrawn = row.get::<i64, _>(4) != 0;
    let card: Option<String> = row.get(1);
    let (mut rows, mut upto) = (0, None);
    if let (Some(card), false) = (card, is_withdrawn) {
        let card = Card::from_json(post.clone(), &card)?;
        let after: String = row.get(2);
        upto = end_of_part(tx, &card, &after, part).await?;
        let chats = Chats {
            after: &after,
            upto: upto.as_deref().unwrap_or(BEHIND_ALL),
        };
        rows = fan_out(tx, &card, chats, row.get::<i64, _>(3) != 0, now).await?;
    }
    sqlx::query("update announcements set fan_after = $2 where post = $1")
        .bind(post.as_str())
        .bind(upto)
        .execute(&mut **tx)
        .await?;
    Ok(Some(rows))
}

/// A chat whose id changed into one that the planning of some posts has passed is planned for them here.
pub async fn catch_up(tx: &mut Tx<'_>, chat: &str) -> Result<(), StoreError> {
    let under_way =
        sqlx::query("select post, card, fan_fold, at from announcements where fan_after >= $1 and withdrawn = 0")
            .bind(chat)
            .fetch_all(&mut **tx)
            .await?;
    for row in under_way {
        let Some(card) = row.get::<Option<String>, _>(1) else {
            continue;
        };
        let card = Card::from_json(PostId::new(row.get::<String, _>(0)), &card)?;
        // A beginning of the id comes before it; the other chats between the two have their rows.
        let mut after = chat.to_owned();
        after.pop();
        let chats = Chats {
            after: &after,
            upto: chat,
        };
        fan_out(tx, &card, chats, row.get::<i64, _>(2) != 0, row.get(3)).await?;
    }
    Ok(())
}

/// The last chat of the next part: no follow of the post has more than `part` chats up to it. `None` when all that
/// are left fit.
async fn end_of_part(
    tx: &mut Tx<'_>,
    card: &Card,
    after: &str,
    part: i64,
) -> Result<Option<String>, StoreError> {
    let mut end: Option<String> = None;
    for follow in card.follows() {
        let (kind, name) = kind_and_name(&follow);
        let last: Option<String> = sqlx::query_scalar(
            "select chat from subscriptions where kind = $1 and name = $2 and chat > $3
             order by chat limit 1 offset $4",
        )
        .bind(kind)
        .bind(name)
        .bind(after)
        .bind(part - 1)
        .fetch_optional(&mut **tx)
        .await?;
        end = end.into_iter().chain(last).min();
    }
    Ok(end)
}

/// An outbox row for every active chat of the range that follows one of the post's labels; once a chat. Those of
/// an urgent topic's followers go ahead.
async fn fan_out(
    tx: &mut Tx<'_>,
    card: &Card,
    chats: Chats<'_>,
    fold: bool,
    now: Millis,
) -> Result<u64, StoreError> {
    let urgent: Option<String> =
        sqlx::query_scalar("select value from meta where key = 'urgent_topics'")
            .fetch_optional(&mut **tx)
            .await?;
    let urgent = urgent.unwrap_or_default();
    let mut follows: Vec<_> = card
        .follows()
        .map(|follow| {
            let (kind, name) = kind_and_name(&follow);
            let goes_ahead = !fold && kind == "topic" && urgent.lines().any(|topic| topic == name);
            (kind, name.to_owned(), if goes_ahead { 1 } else { 2 })
        })
        .collect();
    follows.sort_by_key(|(_, _, lane)| *lane);
    let before: i64 = sqlx::query_scalar("select coalesce(max(delivery), 0) from outbox")
        .fetch_one(&mut **tx)
        .await?;
    let mut rows = 0;
    for (kind, name, lane) in follows {
        rows += sqlx::query(
            "insert into outbox (post, chat, kind, state, created_at, lane, fold)
             select $1, s.chat, 'alert', 'pending', $4, $5, $6
             from subscriptions s join chats c on c.chat = s.chat
             where s.kind = $2 and s.name = $3 and s.chat > $7 and s.chat <= $8 and c.state = 'active'
             order by s.chat
             on conflict (post, chat, kind) do nothing",
        )
        .bind(card.post.as_str())
        .bind(kind)
        .bind(name)
        .bind(now)
        .bind(lane)
        .bind(i64::from(fold))
        .bind(chats.after)
        .bind(chats.upto)
        .execute(&mut **tx)
        .await?
        .rows_affected();
    }
    Ok(rows - sqlite_stories::skip_told(tx, &card.post, before, now).await?)
}

#[cfg(test)]
#[path = "sqlite_fan_out_tests.rs"]
mod tests;
