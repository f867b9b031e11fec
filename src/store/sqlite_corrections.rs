//! Corrections: a sent message follows its post when title, summary or address change, or the post goes.
//! In: an open transaction, the card as it is now. Out: one `edit` row for each chat that has the message.
//! An edit may be repeated without harm, so its row is pending again whenever the card moved on meanwhile.

use sqlx::{Row, SqlitePool};

use super::sqlite_outbox::{Tx, end};
use super::{Card, Correction, Millis, Presence, StoreError, sqlite_stories};
use crate::model::PostId;

/// The reason of rows that were not sent because their post went away first.
pub(super) const GONE: &str = "the post was withdrawn before the message went out";
/// The reason of rows whose message was deleted again.
pub(super) const TAKEN_BACK: &str = "the post was withdrawn, and its message deleted";

/// Held posts that are compared with their files at most; of more, an admin dismisses the old ones. As many that are gone
/// may come back however late.
const MOST: i64 = 5_000;

/// Posts announced since then; those whose alerts wait; the newest ones that are gone, or held; as the store knows them.
pub async fn recent(pool: &SqlitePool, since: Millis) -> Result<Vec<Correction>, StoreError> {
    let rows = sqlx::query(
        "select post, card, withdrawn, decision from (
           select post, card, withdrawn, decision, at from announcements
           where decision = 'announced' and at >= $1 and card is not null
           union
           select post, card, withdrawn, decision, at from announcements
           where decision = 'announced' and card is not null and post in (
             select post from outbox where state = 'pending' union select post from outbox where state = 'held')
           union
           select * from (select post, card, withdrawn, decision, at from announcements
             where withdrawn = 2 and decision = 'announced' and card is not null order by at desc limit $2)
           union
           select * from (select post, card, withdrawn, decision, at from announcements
             where decision = 'held' order by at desc limit $2)
         ) order by at, post",
    )
    .bind(since)
    .bind(MOST)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            let card: String = row.get(1);
            Ok(Correction {
                card: Card::from_json(PostId::new(row.get::<String, _>(0)), &card)?,
                presence: Presence::from_code(row.get(2)),
                is_held: row.get::<&str, _>(3) == "held",
            })
        })
        .collect()
}

/// Keeps the new card, and plans an edit of what was sent. Rows that wait go out with the new card anyway.
pub async fn correct(
    tx: &mut Tx<'_>,
    correction: &Correction,
    edit_at: Millis,
    edit_until: Millis,
    now: Millis,
) -> Result<u64, StoreError> {
    let post = correction.card.post.as_str();
    sqlx::query("update announcements set card = $2, withdrawn = $3 where post = $1")
        .bind(post)
        .bind(correction.card.to_json())
        .bind(correction.presence.code())
        .execute(&mut **tx)
        .await?;
    let is_shown = correction.presence == Presence::Shown;
    let (from, to, reason) = match is_shown {
        false => ("pending", "skipped", Some(GONE)),
        true => ("skipped", "pending", None),
    };
    let moved = sqlx::query(
        "update outbox set state = $3, reason = $4, settled_at = $5,
           digest = case when $3 = 'pending' then null else digest end,
           created_at = case when $3 = 'pending' then $7 else created_at end
         where post = $1 and kind = 'alert' and state = $2 and ($4 is not null or reason in ($6, $8))",
    )
    .bind(post)
    .bind(from)
    .bind(to)
    .bind(reason)
    .bind(reason.map(|_| now))
    .bind(GONE)
    .bind(now)
    .bind(TAKEN_BACK)
    .execute(&mut **tx)
    .await?;
    // A chat has the story from this post or from its twin, whichever there is.
    if moved.rows_affected() > 0 {
        if is_shown {
            sqlite_stories::skip_told(tx, &correction.card.post, 0, now).await?;
        } else {
            sqlite_stories::revive(tx, &correction.card.post, None, Some(now)).await?;
        }
    }
    match correction.presence {
        Presence::Gone => Ok(0),
        Presence::Shown | Presence::Withdrawn => {
            plan_edits(tx, correction, edit_at, edit_until, now).await
        }
    }
}

/// An edit for each chat that has the message, unless it shows the post as it is already.
async fn plan_edits(
    tx: &mut Tx<'_>,
    correction: &Correction,
    edit_at: Millis,
    edit_until: Millis,
    now: Millis,
) -> Result<u64, StoreError> {
    let is_withdrawn = correction.presence == Presence::Withdrawn;
    let version = correction.card.version(is_withdrawn);
    let edits = sqlx::query(
        "insert into outbox (post, chat, kind, state, not_before, expires_at, created_at, lane)
         select o.post, o.chat, 'edit', 'pending', $2, coalesce(o.settled_at, $4) + $3, $4, 3
         from outbox o where o.post = $1 and o.kind = 'alert' and o.state in ('sent', 'sending')
           and o.digest is null and o.shown is not $5 order by o.delivery
         on conflict (post, chat, kind) do update set not_before = excluded.not_before,
           state = case when outbox.state = 'sending' then 'sending' else 'pending' end,
           attempts = 0, fallback = 0, reason = null",
    )
    .bind(correction.card.post.as_str())
    .bind(edit_at)
    .bind(edit_until)
    .bind(now)
    .bind(version)
    .execute(&mut **tx)
    .await?;
    Ok(edits.rows_affected())
}

/// The edit was a deletion: the chat has not had the message, so that it comes again with its post, or with a twin.
pub async fn taken_back(tx: &mut Tx<'_>, delivery: i64, now: Millis) -> Result<(), StoreError> {
    let alert: Option<i64> = sqlx::query_scalar(
        "select m.delivery from outbox m join outbox o on o.post = m.post and o.chat = m.chat
         where o.delivery = $1 and m.kind = 'alert' and m.state = 'sent'",
    )
    .bind(delivery)
    .fetch_optional(&mut **tx)
    .await?;
    let Some(alert) = alert else { return Ok(()) };
    sqlx::query("update outbox set message_id = null, shown = null where delivery = $1")
        .bind(alert)
        .execute(&mut **tx)
        .await?;
    // It may have come back while its message was being deleted.
    let is_back = sqlx::query(
        "update outbox set state = 'pending', reason = null, settled_at = null, created_at = $2
         where delivery = $1 and exists (select 1 from announcements a where a.post = outbox.post and a.withdrawn = 0)",
    )
    .bind(alert)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    match is_back.rows_affected() {
        0 => end(tx, alert, "skipped", TAKEN_BACK, now).await,
        _ => Ok(()),
    }
}

/// The edit is in the chat: the message shows its version. When the card moved on while the edit was under
/// way, the row is pending again.
pub async fn edited(tx: &mut Tx<'_>, delivery: i64, now: Millis) -> Result<(), StoreError> {
    let row = sqlx::query(
        "select a.post, a.card, a.withdrawn, o.shown, o.chat from outbox o join announcements a on a.post = o.post
         where o.delivery = $1 and o.kind = 'edit'",
    )
    .bind(delivery)
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let card = Card::from_json(PostId::new(row.get::<String, _>(0)), row.get(1))?;
    let shown: Option<String> = row.get(3);
    sqlx::query("update outbox set shown = $3 where post = $1 and chat = $2 and kind = 'alert'")
        .bind(card.post.as_str())
        .bind(row.get::<&str, _>(4))
        .bind(&shown)
        .execute(&mut **tx)
        .await?;
    let is_withdrawn = Presence::from_code(row.get(2)) == Presence::Withdrawn;
    if shown.as_deref() != Some(card.version(is_withdrawn).as_str()) {
        sqlx::query("update outbox set state = 'pending', not_before = $2, settled_at = null where delivery = $1")
            .bind(delivery)
            .bind(now)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}
