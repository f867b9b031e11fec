//! What announced posts tell, so that the same story from another source is not told twice to one chat.
//! In: a post's title and text, and the earlier posts that tell the same. Out: both, for as long as they count.
//! Kept here and not in the catalog: a catalog that is deleted must not make a story new.

use sqlx::{Row, SqlitePool};

use super::sqlite_outbox::Tx;
use super::{Millis, StoreError, StoryNote, Twins};
use crate::model::PostId;

/// Notes since then, oldest first.
pub async fn since(pool: &SqlitePool, since: Millis) -> Result<Vec<StoryNote>, StoreError> {
    let rows = sqlx::query(
        "select post, key, title, text, at, source, moved_from from stories where at >= $1 order by at, post",
    )
    .bind(since)
    .fetch_all(pool)
    .await?;
    let note = |row: &sqlx::sqlite::SqliteRow| StoryNote {
        post: PostId::new(row.get::<String, _>(0)),
        key: row.get(1),
        title: row.get(2),
        text: row.get(3),
        twins: Vec::new(),
        at: row.get(4),
        source: row.get(5),
        moved_from: row.get::<Option<String>, _>(6).map(PostId::new),
    };
    Ok(rows.iter().map(note).collect())
}

/// Keeps notes, and drops those of before `oldest`. A note that is there stays.
pub async fn note(tx: &mut Tx<'_>, notes: &[StoryNote], oldest: Millis) -> Result<(), StoreError> {
    sqlx::query("delete from stories where at < $1")
        .bind(oldest)
        .execute(&mut **tx)
        .await?;
    for note in notes {
        sqlx::query(
            "insert into stories (post, key, title, text, at, source, moved_from) values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (post) do nothing",
        )
        .bind(note.post.as_str())
        .bind(&note.key)
        .bind(&note.title)
        .bind(&note.text)
        .bind(note.at)
        .bind(&note.source)
        .bind(note.moved_from.as_ref().map(PostId::as_str))
        .execute(&mut **tx)
        .await?;
        for twin in &note.twins {
            sqlx::query("insert into twins values ($1, $2) on conflict do nothing")
                .bind(note.post.as_str())
                .bind(twin.as_str())
                .execute(&mut **tx)
                .await?;
        }
    }
    Ok(())
}

/// Chats that have the story already, or will have it, need it no second time: their new rows are skipped.
/// Returns how many. Rows up to the delivery `before` were looked at when they were made.
pub async fn skip_told(
    tx: &mut Tx<'_>,
    post: &PostId,
    before: i64,
    now: Millis,
) -> Result<u64, StoreError> {
    let mut skipped = 0;
    for twin in twins_in(tx, post).await? {
        skipped += sqlx::query(
            "update outbox set state = 'skipped', reason = 'same story as ' || $2, settled_at = $3
             where post = $1 and kind = 'alert' and state = 'pending' and delivery > $4 and exists (select 1 from outbox t
               where t.post = $2 and t.chat = outbox.chat and t.kind = 'alert'
                 and (t.state in ('pending', 'held', 'sending', 'sent', 'unknown')))",
        )
        .bind(post.as_str())
        .bind(twin)
        .bind(now)
        .bind(before)
        .execute(&mut **tx)
        .await?
        .rows_affected();
    }
    Ok(skipped)
}

/// A post's alert ended unsent, in one chat or in all: one that was skipped because the chat had the story goes out in its
/// place, unless the chat has it from yet another post. It counts as planned at `since`, or when it was.
pub async fn revive(
    tx: &mut Tx<'_>,
    post: &PostId,
    chat: Option<&str>,
    since: Option<Millis>,
) -> Result<(), StoreError> {
    for other in tellers(tx, post).await? {
        sqlx::query(
            "update outbox set state = 'pending', reason = null, settled_at = null, digest = null, created_at = coalesce($4, created_at)
             where post = $2 and kind = 'alert' and state = 'skipped' and reason like 'same story as %'
               and ($3 is null or chat = $3)
               and exists (select 1 from outbox x where x.post = $1 and x.chat = outbox.chat and x.kind = 'alert'
                 and x.state in ('skipped', 'failed'))
               and exists (select 1 from chats c where c.chat = outbox.chat and c.state = 'active')
               and exists (select 1 from announcements a where a.post = outbox.post and a.withdrawn = 0)
               and not exists (select 1 from outbox t where t.chat = outbox.chat and t.kind = 'alert' and t.post <> $2
                 and t.state in ('pending', 'held', 'sending', 'sent', 'unknown')
                 and t.post in (select twin from twins where post in ($1, $2)
                   union select post from twins where twin in ($1, $2)))",
        )
        .bind(post.as_str())
        .bind(other)
        .bind(chat)
        .bind(since)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// The twins of a post, and theirs: of three posts, the third need not have been compared with the second.
async fn tellers(tx: &mut Tx<'_>, post: &PostId) -> Result<Vec<String>, StoreError> {
    let mut tellers = twins_in(tx, post).await?;
    for twin in tellers.clone() {
        for other in twins_in(tx, &PostId::new(twin)).await? {
            if other != post.as_str() && !tellers.contains(&other) {
                tellers.push(other);
            }
        }
    }
    Ok(tellers)
}

const TWINS: &str = "select twin from twins where post = $1 union select post from twins where twin = $1 order by 1";

async fn twins_in(tx: &mut Tx<'_>, post: &PostId) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar(TWINS)
        .bind(post.as_str())
        .fetch_all(&mut **tx)
        .await?)
}

/// The posts that tell the same as this one, whichever came first.
pub async fn twins(pool: &SqlitePool, post: &PostId) -> Result<Vec<PostId>, StoreError> {
    let twins: Vec<String> = sqlx::query_scalar(TWINS)
        .bind(post.as_str())
        .fetch_all(pool)
        .await?;
    Ok(twins.into_iter().map(PostId::new).collect())
}

/// Pairs of which the later post was noted since then.
pub async fn twins_since(pool: &SqlitePool, since: Millis) -> Result<Vec<Twins>, StoreError> {
    let pairs: Vec<(String, String, bool)> = sqlx::query_as(
        "select t.post, t.twin, s.moved_from is t.twin
         from twins t join stories s on s.post = t.post where s.at >= $1",
    )
    .bind(since)
    .fetch_all(pool)
    .await?;
    let twins = pairs.into_iter().map(|(post, twin, is_one_file)| Twins {
        later: PostId::new(post),
        earlier: PostId::new(twin),
        is_one_file,
    });
    Ok(twins.collect())
}
