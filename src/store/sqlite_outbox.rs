//! The outbox: how rows come in, are claimed one a chat, and end.
//! In: an open transaction and a time or an outcome. Out: rows written; the caller commits.
//! States: pending → sending → sent | pending again | unknown | failed | skipped; held while in a digest.

use sqlx::{QueryBuilder, Row, Sqlite, SqlitePool, Transaction};

use super::sqlite::{chat_id, kind_and_name};
use super::{
    Card, Claim, ClaimRules, Content, DeliveryFilter, DeliveryRow, Millis, Presence, Release,
    Settled, StoreError, pace, preferences, sqlite_corrections, sqlite_desk, sqlite_digests,
    sqlite_fan_out, sqlite_stories,
};
use crate::model::{ChatId, PostId};

pub(super) type Tx<'a> = Transaction<'a, Sqlite>;

/// Ends the wait of all held posts; the chats of those that are announced are still to be planned.
pub async fn release_held(
    tx: &mut Tx<'_>,
    release: Release,
    now: Millis,
) -> Result<u64, StoreError> {
    let dismiss = release == Release::Dismiss;
    let ended = sqlx::query(
        "update announcements set decision = $1, at = $2, fan_fold = $3,
           fan_after = case when $4 = 1 then null else '' end
         where decision = 'held' and ($4 = 1 or withdrawn = 0)",
    )
    .bind(if dismiss { "dismissed" } else { "announced" })
    .bind(now)
    .bind(i64::from(release == Release::Digest))
    .bind(i64::from(dismiss))
    .execute(&mut **tx)
    .await?;
    Ok(ended.rows_affected())
}

/// Lanes in the order in which they are claimed; edits have a rule of their own.
const LANES: [i64; 5] = [0, 1, 2, EDITS, 4];
const EDITS: i64 = 3;
/// Rows that one transaction puts off or folds at most, so that the bot's writes get in between.
const MOST_PUT_OFF: usize = 256;

/// A row that can go out: nothing of its chat is under way, and nothing that came before it in its lane
/// waits; a digest holds its place among alerts. Edits wait for no alert but their own, and nothing waits
/// for them. The states are named as the indexes `outbox_lanes` and `outbox_open` name them, or SQLite would
/// not use them.
macro_rules! claimable {
    ($select:literal) => {
        concat!(
            $select,
            " from outbox o
              join chats c on c.chat = o.chat
              left join announcements a on a.post = o.post
              left join outbox m on m.post = o.post and m.chat = o.chat and m.kind = 'alert' and o.kind = 'edit'
              where o.state = 'pending' and o.lane = $1 and c.state = 'active'
              and (case when o.kind = 'edit' then m.state <> 'pending'
                else not exists (select 1 from outbox s where s.chat = o.chat and s.state in ('pending', 'sending')
                  and s.delivery < o.delivery
                  and (s.lane = o.lane or (s.lane in (2, 4) and o.lane in (2, 4)))) end)
              and not exists (select 1 from outbox s where s.chat = o.chat and s.state = 'sending')"
        )
    };
}

const COLUMNS: &str = concat!(
    claimable!(
        "select o.delivery, o.post, o.chat, c.language, o.body, a.card, o.attempts, o.unknowns, o.fallback,
           o.kind, o.created_at, o.expires_at, a.withdrawn, m.message_id, m.shown, c.preferences, o.fold, c.kind, o.lane"
    ),
    " and o.not_before <= $2 and c.next_at <= $2 and c.paused_until <= $2
      and (o.lane not in (2, 4) or c.alerts_at <= $2) order by o.delivery limit $3"
);
const DUE: &str = claimable!(
    "select min(max(o.not_before, c.next_at, c.paused_until,
       case when o.lane in (2, 4) then c.alerts_at else 0 end))"
);

/// The oldest open row of each chat that may have a message now; they become `sending`.
pub async fn claim(
    tx: &mut Tx<'_>,
    now: Millis,
    limit: i64,
    rules: ClaimRules,
) -> Result<Vec<Claim>, StoreError> {
    let mut claims = Vec::new();
    let mut put_off = 0;
    for lane in LANES {
        loop {
            let wanted = limit - claims.len() as i64;
            if wanted <= 0 || put_off >= MOST_PUT_OFF {
                return Ok(claims);
            }
            let rows = sqlx::query(COLUMNS)
                .bind(lane)
                .bind(now)
                .bind(wanted)
                .fetch_all(&mut **tx)
                .await?;
            let found = rows.len();
            let before = claims.len();
            for row in &rows {
                claims.extend(claim_one(tx, row, now, rules).await?);
            }
            let claimed = claims.len() - before;
            put_off += found - claimed;
            // Rows that were skipped or put off made way for those behind them.
            if found == claimed {
                break;
            }
        }
    }
    Ok(claims)
}

async fn claim_one(
    tx: &mut Tx<'_>,
    row: &sqlx::sqlite::SqliteRow,
    now: Millis,
    rules: ClaimRules,
) -> Result<Option<Claim>, StoreError> {
    let never_sent = row.get::<&str, _>(9) == "edit" && row.get::<Option<i64>, _>(13).is_none();
    if never_sent {
        end(
            tx,
            row.get(0),
            "skipped",
            "there is no message to edit",
            now,
        )
        .await?;
        return Ok(None);
    }
    let mut claim = match claim_of(row) {
        Ok(claim) => claim,
        Err(error) => {
            // One row that cannot be read must not stop the rows behind it.
            tracing::error!(%error, delivery = row.get::<i64, _>(0), "a message cannot be made");
            end(tx, row.get(0), "failed", &error.to_string(), now).await?;
            return Ok(None);
        }
    };
    if sqlite_digests::waits(tx, row, now, rules).await? {
        return Ok(None);
    }
    if let Content::Digest(posts) = &mut claim.content {
        *posts = sqlite_digests::posts_of(tx, claim.delivery, now).await?;
    }
    if let Some(reason) = unwanted(tx, &claim, row, now, rules.oldest).await? {
        tracing::info!(post = %claim.post, chat = %claim.chat, delivery = claim.delivery, reason, "skipped");
        end(tx, claim.delivery, "skipped", &reason, now).await?;
        return Ok(None);
    }
    if let Content::Alert(card) = &claim.content {
        claim.preferences.silent |= sqlite_desk::is_muted(tx, &claim.chat, card).await?;
    }
    let shown = match &claim.content {
        Content::Alert(card) => Some(card.version(false)),
        Content::Edit {
            card, withdrawn, ..
        } => Some(card.version(*withdrawn)),
        Content::Digest(_) | Content::Notice(_) => None,
    };
    sqlx::query("update outbox set state = 'sending', claimed_at = $2, attempts = attempts + 1, shown = $3 where delivery = $1")
        .bind(claim.delivery)
        .bind(now)
        .bind(shown)
        .execute(&mut **tx)
        .await?;
    sqlx::query("update chats set next_at = $2 where chat = $1")
        .bind(claim.chat.to_string())
        .bind(now + pace(&claim.chat))
        .execute(&mut **tx)
        .await?;
    Ok(Some(claim))
}

/// Why a row is not sent although it could be.
async fn unwanted(
    tx: &mut Tx<'_>,
    claim: &Claim,
    row: &sqlx::sqlite::SqliteRow,
    now: Millis,
    oldest: Millis,
) -> Result<Option<String>, StoreError> {
    match &claim.content {
        Content::Notice(_) => Ok(None),
        Content::Digest(posts) => Ok(posts
            .is_empty()
            .then(|| "none of its posts is to be sent any more".into())),
        Content::Edit {
            card, withdrawn, ..
        } => {
            let expires: Option<i64> = row.get(11);
            let shown: Option<String> = row.get(14);
            Ok(match () {
                () if expires.is_some_and(|at| at <= now) => {
                    Some("the message is too old to be edited".into())
                }
                () if shown.as_deref() == Some(&card.version(*withdrawn)) => {
                    Some("the message shows this already".into())
                }
                () => None,
            })
        }
        Content::Alert(card) => unwanted_alert(tx, &claim.chat, card, row.get(10), oldest).await,
    }
}

/// Why an alert is not sent although it could be: it is too old, or its chat changed its mind.
pub(super) async fn unwanted_alert(
    tx: &mut Tx<'_>,
    chat: &ChatId,
    card: &Card,
    planned: Millis,
    oldest: Millis,
) -> Result<Option<String>, StoreError> {
    if planned < oldest {
        return Ok(Some("it waited longer than delivery.expire_hours".into()));
    }
    let followed = sqlx::query("select kind, name from subscriptions where chat = $1")
        .bind(chat.to_string())
        .fetch_all(&mut **tx)
        .await?;
    let follows = card.follows().any(|follow| {
        let (kind, name) = kind_and_name(&follow);
        followed
            .iter()
            .any(|row| row.get::<&str, _>(0) == kind && row.get::<&str, _>(1) == name)
    });
    Ok((!follows).then(|| "the chat does not follow this any more".into()))
}

fn claim_of(row: &sqlx::sqlite::SqliteRow) -> Result<Claim, StoreError> {
    let post = PostId::new(row.get::<String, _>(1));
    let body: Option<String> = row.get(4);
    let card: Option<String> = row.get(5);
    let damaged = |what: &str| StoreError::Damaged(format!("delivery of {post} has no {what}"));
    let content = match (body, card) {
        _ if row.get::<&str, _>(9) == "digest" => Content::Digest(Vec::new()),
        (Some(body), _) => Content::Notice(body),
        (None, Some(card)) => {
            let card = Box::new(Card::from_json(post.clone(), &card)?);
            match row.get::<&str, _>(9) {
                "edit" => Content::Edit {
                    card,
                    withdrawn: Presence::from_code(row.get::<Option<i64>, _>(12).unwrap_or(0))
                        == Presence::Withdrawn,
                    message_id: row
                        .get::<Option<i64>, _>(13)
                        .ok_or_else(|| damaged("message to edit"))?,
                },
                _ => Content::Alert(card),
            }
        }
        (None, None) => return Err(damaged("card")),
    };
    Ok(Claim {
        delivery: row.get(0),
        chat: chat_id(row.get(2))?,
        language: row.get(3),
        preferences: preferences::from_json(row.get::<Option<&str>, _>(15)),
        is_channel: row.get::<&str, _>(17) == "channel",
        content,
        attempts: row.get(6),
        unknowns: row.get(7),
        fallback: row.get(8),
        post,
    })
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
        Settled::Skipped { reason } => end(tx, delivery, "skipped", reason, now).await?,
        Settled::Retry { at, reason } => put_back(tx, delivery, *at, reason, 0).await?,
        Settled::ChatPaused { until } => {
            put_back(tx, delivery, 0, "Telegram asks this chat to wait", 0).await?;
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
        sqlite_stories::revive(tx, &post, Some(row.get(1)), now).await?;
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
             preferences = coalesce(chats.preferences, excluded.preferences),
             paused_until = max(chats.paused_until, excluded.paused_until)",
        "insert into subscriptions (chat, kind, name, origin, created_at, muted)
           select $2, kind, name, origin, created_at, muted from subscriptions where chat = $1
           on conflict do nothing",
        "update outbox set chat = $2 where chat = $1 and not exists
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

/// When the next row can be claimed. Chats with a row under way count when that row is settled.
pub async fn next_due(pool: &SqlitePool) -> Result<Option<Millis>, StoreError> {
    let mut due: Option<Millis> = None;
    for lane in LANES {
        let next: Option<Millis> = sqlx::query_scalar(DUE).bind(lane).fetch_one(pool).await?;
        due = due.into_iter().chain(next).min();
    }
    Ok(due)
}

/// Rows of the outbox, the newest first.
pub async fn list(
    pool: &SqlitePool,
    filter: &DeliveryFilter,
) -> Result<Vec<DeliveryRow>, StoreError> {
    let mut query = QueryBuilder::new(
        "select delivery, post, chat, kind, state, reason, message_id, attempts, unknowns, created_at, settled_at
         from outbox where 1 = 1",
    );
    if let Some(state) = &filter.state {
        query.push(" and state = ").push_bind(state);
    }
    if let Some(chat) = &filter.chat {
        query.push(" and chat = ").push_bind(chat.to_string());
    }
    if let Some(post) = &filter.post {
        query.push(" and post = ").push_bind(post.as_str());
    }
    query
        .push(" order by delivery desc limit ")
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
            })
        })
        .collect()
}
