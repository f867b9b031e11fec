//! Rows of the outbox that can go out now: claimed one a chat, or skipped because nobody wants them any more.
//! In: an open transaction and a time. Out: claims, whose rows are `sending`; the caller commits.
//! A row that cannot be read fails alone: it must not stop those behind it.

use sqlx::{Row, SqlitePool};

use super::sqlite::{chat_id, kind_and_name};
use super::sqlite_outbox::{Tx, end};
use super::{
    Card, Claim, ClaimRules, Content, Millis, Presence, StoreError, pace, preferences,
    sqlite_corrections, sqlite_desk, sqlite_digests,
};
use crate::model::{ChatId, PostId};

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
    claim.preferences.silent |= is_muted(tx, &claim).await?;
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

/// Whether all that it tells came by what its chat muted.
async fn is_muted(tx: &mut Tx<'_>, claim: &Claim) -> Result<bool, StoreError> {
    let cards = match &claim.content {
        Content::Alert(card) => std::slice::from_ref(&**card),
        Content::Digest(cards) => cards,
        Content::Edit { .. } | Content::Notice(_) => return Ok(false),
    };
    for card in cards {
        if !sqlite_desk::is_muted(tx, &claim.chat, card).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Why a message that waited too long is not sent.
pub(super) const TOO_LATE: &str = "it waited longer than delivery.expire_hours";

/// Why a row is not sent although it could be.
async fn unwanted(
    tx: &mut Tx<'_>,
    claim: &Claim,
    row: &sqlx::sqlite::SqliteRow,
    now: Millis,
    oldest: Millis,
) -> Result<Option<String>, StoreError> {
    // Words to everybody, and digests, may wait as long as a chat in which the bot may not write.
    let is_old = row.get::<i64, _>(10) < oldest;
    match &claim.content {
        Content::Notice(_) if is_old && row.get::<i64, _>(18) == 2 => Ok(Some(TOO_LATE.into())),
        Content::Notice(_) => Ok(None),
        Content::Digest(_) if is_old => Ok(Some(TOO_LATE.into())),
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
        // It was under way when its post went, and came back.
        Content::Alert(_) if row.get::<Option<i64>, _>(12).unwrap_or(0) != 0 => {
            Ok(Some(sqlite_corrections::GONE.into()))
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
        return Ok(Some(TOO_LATE.into()));
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

/// When the next row can be claimed. Chats with a row under way count when that row is settled.
pub async fn next_due(pool: &SqlitePool) -> Result<Option<Millis>, StoreError> {
    let mut due: Option<Millis> = None;
    for lane in LANES {
        let next: Option<Millis> = sqlx::query_scalar(DUE).bind(lane).fetch_one(pool).await?;
        due = due.into_iter().chain(next).min();
    }
    Ok(due)
}
