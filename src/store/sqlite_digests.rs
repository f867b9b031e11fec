//! Alerts wait for their chat's hours; many of one chat become a digest.
//! In: an open transaction, an alert that could go out. Out: a chat put off, or a digest row with its alerts
//! `held` in it. Nothing is remembered but rows: a restart goes on where it was.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::sqlite::chat_id;
use super::sqlite_claims::{TOO_LATE, unwanted_alert};
use super::sqlite_outbox::{Tx, end};
use super::{
    Card, ClaimRules, DIGEST_POSTS, LATE, Millis, StoreError, preferences, sqlite_stories,
};
use crate::model::{PostId, Preferences, Rhythm};

/// Why rows are `held`.
const IN_DIGEST: &str = "part of a digest";

/// The lane of urgent alerts, and that of alerts and of words to everybody.
const URGENT: i64 = 1;
const ALERTS: i64 = 2;

/// Whether this row does not go out now: it is put off, became part of a digest, or has ended. Words to admins, and
/// edits, wait for nobody.
pub async fn waits(
    tx: &mut Tx<'_>,
    row: &SqliteRow,
    now: Millis,
    rules: ClaimRules,
) -> Result<bool, StoreError> {
    let (delivery, kind, planned): (i64, &str, Millis) = (row.get(0), row.get(9), row.get(10));
    let (chat, folded, lane): (&str, i64, i64) = (row.get(2), row.get(16), row.get(18));
    let mut wishes = preferences::from_json(row.get::<Option<&str>, _>(15));
    match (kind, lane) {
        ("alert", URGENT) => return is_paused(tx, delivery, &wishes, now).await,
        ("alert", _) => {}
        // It waited for its hour when it was folded.
        ("digest", _) | ("notice", ALERTS) => wishes.rhythm = Rhythm::AtOnce,
        _ => return Ok(false),
    }
    let open_at = wishes.open_at(planned, now, rules.zone);
    if open_at > now {
        sqlx::query("update chats set alerts_at = $2 where chat = $1")
            .bind(chat)
            .bind(open_at)
            .execute(&mut **tx)
            .await?;
        return Ok(true);
    }
    if kind != "alert" || !folds(tx, chat, folded, planned, &wishes, now, rules).await? {
        return Ok(false);
    }
    fold(tx, chat, now, rules).await?;
    let state: String = sqlx::query_scalar("select state from outbox where delivery = $1")
        .bind(delivery)
        .fetch_one(&mut **tx)
        .await?;
    Ok(state != "pending")
}

/// Urgent alerts pass a chat's hours, but not its pause: the row itself is put off.
async fn is_paused(
    tx: &mut Tx<'_>,
    delivery: i64,
    wishes: &Preferences,
    now: Millis,
) -> Result<bool, StoreError> {
    let Some(until) = wishes.paused_until.filter(|until| *until > now) else {
        return Ok(false);
    };
    sqlx::query("update outbox set not_before = $2 where delivery = $1")
        .bind(delivery)
        .bind(until)
        .execute(&mut **tx)
        .await?;
    Ok(true)
}

/// Whether the alerts that wait in a chat become digests.
async fn folds(
    tx: &mut Tx<'_>,
    chat: &str,
    folded: i64,
    planned: Millis,
    wishes: &Preferences,
    now: Millis,
    rules: ClaimRules,
) -> Result<bool, StoreError> {
    let waiting: i64 = sqlx::query_scalar(
        "select count(*) from outbox where chat = $1 and state = 'pending' and lane = 2 and kind = 'alert'
           and unknowns = 0",
    )
    .bind(chat)
    .fetch_one(&mut **tx)
    .await?;
    let most = match now - planned > LATE {
        true => rules.fold_late_above.min(rules.fold_above),
        false => rules.fold_above,
    };
    let many = rules.fold_above > 0 && waiting > most;
    Ok(waiting > 1 && (many || folded != 0 || wishes.wants_digests()))
}

/// All alerts that wait in the chat become digests of about the same size, in their order. One that may be in the chat
/// already goes by itself: in a digest, whose fate may become unknown too, it could come thrice.
async fn fold(
    tx: &mut Tx<'_>,
    chat: &str,
    now: Millis,
    rules: ClaimRules,
) -> Result<(), StoreError> {
    let rows = sqlx::query(
        "select o.delivery, o.post, a.card, o.created_at from outbox o join announcements a on a.post = o.post
         where o.chat = $1 and o.state = 'pending' and o.lane = 2 and o.kind = 'alert' and o.unknowns = 0
         order by o.delivery",
    )
    .bind(chat)
    .fetch_all(&mut **tx)
    .await?;
    let mut wanted = Vec::with_capacity(rows.len());
    for row in &rows {
        let delivery: i64 = row.get(0);
        let post = PostId::new(row.get::<String, _>(1));
        let card = match Card::from_json(post, row.get(2)) {
            Ok(card) => card,
            Err(error) => {
                end(tx, delivery, "failed", &error.to_string(), now).await?;
                continue;
            }
        };
        let planned: Millis = row.get(3);
        match unwanted_alert(tx, &chat_id(chat)?, &card, planned, rules.oldest).await? {
            Some(reason) => {
                tracing::info!(post = %card.post, chat, delivery, reason, state = "skipped", "delivery");
                end(tx, delivery, "skipped", &reason, now).await?;
            }
            None => wanted.push((delivery, planned)),
        }
    }
    if wanted.len() < 2 {
        return Ok(());
    }
    let digests = wanted.len().div_ceil(DIGEST_POSTS);
    for posts in wanted.chunks(wanted.len().div_ceil(digests)) {
        digest(tx, chat, posts, now).await?;
    }
    Ok(())
}

async fn digest(
    tx: &mut Tx<'_>,
    chat: &str,
    posts: &[(i64, Millis)],
    now: Millis,
) -> Result<(), StoreError> {
    // A name of its own: an alert may be the first of two digests, when its post went away and came back between them.
    let digest: i64 = sqlx::query_scalar(
        "insert into outbox (post, chat, kind, state, created_at, lane)
         select 'digest:' || (coalesce(max(delivery), 0) + 1), $1, 'digest', 'pending', $2, 4 from outbox
         returning delivery",
    )
    .bind(chat)
    .bind(now)
    .fetch_one(&mut **tx)
    .await?;
    for (delivery, _) in posts {
        sqlx::query(
            "update outbox set state = 'held', digest = $2, reason = $3 where delivery = $1",
        )
        .bind(delivery)
        .bind(digest)
        .bind(IN_DIGEST)
        .execute(&mut **tx)
        .await?;
    }
    tracing::info!(
        chat,
        delivery = digest,
        posts = posts.len(),
        state = "pending",
        "digest"
    );
    Ok(())
}

/// The posts of a digest as they are now; those that went away meanwhile are skipped.
pub async fn posts_of(tx: &mut Tx<'_>, digest: i64, now: Millis) -> Result<Vec<Card>, StoreError> {
    let rows = sqlx::query(
        "select o.delivery, o.post, a.card, a.withdrawn from outbox o join announcements a on a.post = o.post
         where o.digest = $1 and o.state = 'held' order by o.delivery",
    )
    .bind(digest)
    .fetch_all(&mut **tx)
    .await?;
    let mut cards = Vec::with_capacity(rows.len());
    for row in &rows {
        if row.get::<i64, _>(3) != 0 {
            let reason = super::sqlite_corrections::GONE;
            end(tx, row.get(0), "skipped", reason, now).await?;
            continue;
        }
        let post = PostId::new(row.get::<String, _>(1));
        match Card::from_json(post, row.get(2)) {
            Ok(card) => cards.push(card),
            Err(error) => end(tx, row.get(0), "failed", &error.to_string(), now).await?,
        }
    }
    Ok(cards)
}

/// What is in a digest that ended has ended with it; of one digest, or of all.
pub async fn follow(tx: &mut Tx<'_>, digest: Option<i64>, now: Millis) -> Result<(), StoreError> {
    let digests = match digest {
        Some(digest) => vec![digest],
        None => {
            let held = "select distinct digest from outbox where state = 'held'";
            sqlx::query_scalar(held).fetch_all(&mut **tx).await?
        }
    };
    for digest in digests {
        let posts =
            sqlx::query("select post, chat from outbox where digest = $1 and state = 'held'")
                .bind(digest)
                .fetch_all(&mut **tx)
                .await?;
        let ended = sqlx::query(
            "update outbox set settled_at = $2,
               state = (select d.state from outbox d where d.delivery = $1),
               reason = (select coalesce(d.reason, 'sent in a digest') from outbox d where d.delivery = $1)
             where digest = $1 and state = 'held' and exists (select 1 from outbox d
               where d.delivery = $1 and d.state in ('sent', 'unknown', 'failed', 'skipped'))",
        )
        .bind(digest)
        .bind(now)
        .execute(&mut **tx)
        .await?;
        if ended.rows_affected() > 0 {
            let reason: Option<String> =
                sqlx::query_scalar("select reason from outbox where delivery = $1")
                    .bind(digest)
                    .fetch_one(&mut **tx)
                    .await?;
            let since = (reason.as_deref() != Some(TOO_LATE)).then_some(now);
            for row in &posts {
                let post = PostId::new(row.get::<String, _>(0));
                sqlite_stories::revive(tx, &post, Some(row.get(1)), since).await?;
            }
        }
    }
    Ok(())
}
