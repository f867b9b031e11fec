//! The outbox: how rows end, and what becomes of those of a chat.
//! In: an open transaction and a time or an outcome. Out: rows written; the caller commits.
//! States: pending → sending → sent | pending again | unknown | failed | skipped; held while in a digest.

use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool, Transaction};

use super::sqlite::chat_id;
use super::sqlite_claims::TOO_LATE;
use super::{
    DeliveryFilter, DeliveryRow, Millis, Release, Settled, StoreError, sqlite_corrections,
    sqlite_digests, sqlite_fan_out, sqlite_stories,
};
use crate::model::PostId;

pub(super) type Tx<'a> = Transaction<'a, Sqlite>;

/// Ends the wait of held posts up to this number; the chats of those that are announced are still to be planned.
pub async fn release_held(
    tx: &mut Tx<'_>,
    release: Release,
    newest: i64,
    now: Millis,
) -> Result<u64, StoreError> {
    let dismiss = release == Release::Dismiss;
    let ended = sqlx::query(
        "update announcements set decision = $1, at = $2, fan_fold = $3,
           fan_after = case when $4 = 1 then null else '' end
         where decision = 'held' and rowid <= $5 and ($4 = 1 or withdrawn = 0)",
    )
    .bind(if dismiss { "dismissed" } else { "announced" })
    .bind(now)
    .bind(i64::from(release == Release::Digest))
    .bind(i64::from(dismiss))
    .bind(newest)
    .execute(&mut **tx)
    .await?;
    Ok(ended.rows_affected())
}

/// Records what became of a claimed row.
pub async fn settle(
    tx: &mut Tx<'_>,
    delivery: i64,
    outcome: &Settled,
    now: Millis,
) -> Result<(), StoreError> {
    match outcome {
        Settled::Sent { message_id } => {
            sqlx::query("update outbox set state = 'sent', message_id = $2, settled_at = $3, reason = null where delivery = $1")
                .bind(delivery)
                .bind(message_id)
                .bind(now)
                .execute(&mut **tx)
                .await?;
            sqlite_corrections::edited(tx, delivery, now).await?;
            sqlite_digests::follow(tx, Some(delivery), now).await?;
        }
        Settled::TakenBack => {
            end(tx, delivery, "sent", sqlite_corrections::TAKEN_BACK, now).await?;
            sqlite_corrections::taken_back(tx, delivery, now).await?;
        }
        Settled::Skipped { reason } => end(tx, delivery, "skipped", reason, now).await?,
        Settled::Retry { at, reason } => put_back(tx, delivery, *at, reason, 0).await?,
        Settled::ChatPaused { until, reason } => {
            put_back(tx, delivery, 0, reason, 0).await?;
            sqlx::query("update chats set paused_until = $2 where chat = (select chat from outbox where delivery = $1)")
                .bind(delivery)
                .bind(until)
                .execute(&mut **tx)
                .await?;
        }
        Settled::Simpler { reason } => put_back(tx, delivery, now, reason, 1).await?,
        Settled::Unknown { at, reason, resend } => {
            sqlx::query("update outbox set unknowns = unknowns + 1 where delivery = $1")
                .bind(delivery)
                .execute(&mut **tx)
                .await?;
            if *resend {
                put_back(tx, delivery, *at, reason, 0).await?;
            } else {
                end(tx, delivery, "unknown", reason, now).await?;
            }
        }
        Settled::Failed { reason } => end(tx, delivery, "failed", reason, now).await?,
        Settled::ChatGone { reason } => {
            end(tx, delivery, "skipped", reason, now).await?;
            if let Some(chat) = chat_of(tx, delivery).await? {
                suspend(tx, &chat, reason, now).await?;
            }
        }
        Settled::Moved { to } => {
            put_back(tx, delivery, now, "the group has a new id", 0).await?;
            if let Some(chat) = chat_of(tx, delivery).await? {
                move_chat(tx, &chat, &to.to_string()).await?;
            }
        }
    }
    Ok(())
}

/// `None` when the row went away while it was being sent: the chat moved to an id that had the post already.
async fn chat_of(tx: &mut Tx<'_>, delivery: i64) -> Result<Option<String>, StoreError> {
    Ok(
        sqlx::query_scalar("select chat from outbox where delivery = $1")
            .bind(delivery)
            .fetch_optional(&mut **tx)
            .await?,
    )
}

/// The row waits again; it is skipped when its chat was suspended while it was being sent, as its
/// neighbours were, so that it does not come months later when the chat is back.
async fn put_back(
    tx: &mut Tx<'_>,
    delivery: i64,
    at: Millis,
    reason: &str,
    simpler: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "update outbox set not_before = $2, reason = $3, fallback = fallback + $4,
           state = case when exists (select 1 from chats c where c.chat = outbox.chat and c.state <> 'active')
                   then 'skipped' else 'pending' end
         where delivery = $1",
    )
    .bind(delivery)
    .bind(at)
    .bind(reason)
    .bind(simpler)
    .execute(&mut **tx)
    .await?;
    sqlite_digests::follow(tx, Some(delivery), at).await
}

pub(super) async fn end(
    tx: &mut Tx<'_>,
    delivery: i64,
    state: &str,
    reason: &str,
    now: Millis,
) -> Result<(), StoreError> {
    sqlx::query("update outbox set state = $2, reason = $3, settled_at = $4 where delivery = $1")
        .bind(delivery)
        .bind(state)
        .bind(reason)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    let alert = sqlx::query(
        "select post, chat from outbox where delivery = $1 and kind = 'alert' and state in ('skipped', 'failed')",
    )
    .bind(delivery)
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(row) = alert {
        let post = PostId::new(row.get::<String, _>(0));
        // What waited too long does not make its twins younger.
        let since = (reason != TOO_LATE).then_some(now);
        sqlite_stories::revive(tx, &post, Some(row.get(1)), since).await?;
    }
    sqlite_digests::follow(tx, Some(delivery), now).await
}

/// Suspends a chat; its settings stay, its open rows are skipped with the reason.
pub async fn suspend(
    tx: &mut Tx<'_>,
    chat: &str,
    reason: &str,
    now: Millis,
) -> Result<(), StoreError> {
    sqlx::query("update chats set state = 'suspended', reason = $2 where chat = $1")
        .bind(chat)
        .bind(reason)
        .execute(&mut **tx)
        .await?;
    sqlx::query("update outbox set state = 'skipped', reason = $2, settled_at = $3 where chat = $1 and state in ('pending', 'held')")
        .bind(chat)
        .bind(reason)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Moves all that belongs to a chat to its new id. What the new id has already stays as it is.
pub async fn move_chat(tx: &mut Tx<'_>, from: &str, to: &str) -> Result<(), StoreError> {
    if from == to {
        return Ok(());
    }
    let steps = [
        "insert into chats (chat, kind, title, language, next_at, paused_until, created_at, preferences, active_since)
           select $2, 'supergroup', title, language, next_at, paused_until, created_at, preferences, active_since
           from chats where chat = $1
           on conflict (chat) do update set state = 'active', reason = null,
             language = excluded.language,
             preferences = coalesce(chats.preferences, excluded.preferences),
             paused_until = max(chats.paused_until, excluded.paused_until)",
        "insert into subscriptions (chat, kind, name, origin, created_at, muted)
           select $2, kind, name, origin, created_at, muted from subscriptions where chat = $1
           on conflict do nothing",
        // A supergroup counts its messages anew: the group's numbers mean others there. An `@name` was the same chat.
        "update outbox set chat = $2, message_id = case when $1 like '@%' then message_id end where chat = $1 and not exists
           (select 1 from outbox o where o.chat = $2 and o.post = outbox.post and o.kind = outbox.kind)",
        "delete from chats where chat = $1 and $2 <> ''",
        "update or replace meta set key = 'wishes:' || $2 where key = 'wishes:' || $1",
        // The config, and whoever else knows the old id, means the new one.
        "update chat_names set chat = $2 where chat = $1",
        "insert into chat_names (name, chat) values (lower($1), $2) on conflict (name) do update set chat = excluded.chat",
    ];
    for step in steps {
        sqlx::query(step)
            .bind(from)
            .bind(to)
            .execute(&mut **tx)
            .await?;
    }
    sqlite_fan_out::catch_up(tx, to).await
}

/// Rows of the outbox, the newest first.
pub async fn list(
    pool: &SqlitePool,
    filter: &DeliveryFilter,
) -> Result<Vec<DeliveryRow>, StoreError> {
    let mut query = QueryBuilder::new(
        "select o.delivery, o.post, o.chat, o.kind, o.state, o.reason, o.message_id, o.attempts, o.unknowns, o.created_at,
           o.settled_at, case o.state when 'pending' then max(o.not_before, c.next_at, c.paused_until,
             case when o.lane in (2, 4) then c.alerts_at else 0 end) end
         from outbox o left join chats c on c.chat = o.chat where 1 = 1",
    );
    if let Some(state) = &filter.state {
        query.push(" and o.state = ").push_bind(state);
    }
    if let Some(chat) = &filter.chat {
        query.push(" and o.chat = ").push_bind(chat.to_string());
    }
    if let Some(post) = &filter.post {
        query.push(" and o.post = ").push_bind(post.as_str());
    }
    query
        .push(" order by o.delivery desc limit ")
        .push_bind(filter.limit);
    let rows = query.build().fetch_all(pool).await?;
    rows.iter()
        .map(|row| {
            Ok(DeliveryRow {
                delivery: row.get(0),
                post: PostId::new(row.get::<String, _>(1)),
                chat: chat_id(row.get(2))?,
                kind: row.get(3),
                state: row.get(4),
                reason: row.get(5),
                message_id: row.get(6),
                attempts: row.get(7),
                unknowns: row.get(8),
                created_at: row.get(9),
                settled_at: row.get(10),
                due: row.get(11),
            })
        })
        .collect()
}
