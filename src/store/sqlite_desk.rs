//! Look-ups for people, muted subscriptions, and what admins do, on SQLite.
//! In and out: as the trait `Desk` says.

use async_trait::async_trait;
use sqlx::Row;

use super::sqlite::{SqliteStore, follows_of, kind_and_name};
use super::sqlite_outbox::Tx;
use super::{Action, Card, Desk, Fate, Millis, StoreError};
use crate::model::{ChatId, Follow, PostId};

#[async_trait]
impl Desk for SqliteStore {
    async fn card(&self, post: &PostId) -> Result<Option<Card>, StoreError> {
        let card: Option<Option<String>> =
            sqlx::query_scalar("select card from announcements where post = $1")
                .bind(post.as_str())
                .fetch_optional(self.reader())
                .await?;
        let card = card.flatten();
        card.map(|card| Card::from_json(post.clone(), &card))
            .transpose()
    }

    async fn told_by(&self, chat: &ChatId, message_id: i64) -> Result<Vec<PostId>, StoreError> {
        let posts: Vec<String> = sqlx::query_scalar(
            "select p.post from outbox o join outbox p
               on p.chat = o.chat and p.kind = 'alert' and (p.delivery = o.delivery or p.digest = o.delivery)
             where o.chat = $1 and o.kind in ('alert', 'digest')
               and (o.message_id = $2 or (o.message_id is null and o.state = 'sending')) order by p.delivery",
        )
        .bind(chat.to_string())
        .bind(message_id)
        .fetch_all(self.reader())
        .await?;
        Ok(posts.into_iter().map(PostId::new).collect())
    }

    async fn last_told(&self, chat: &ChatId) -> Result<Option<PostId>, StoreError> {
        let post: Option<String> = sqlx::query_scalar(
            "select post from outbox where chat = $1 and kind = 'alert' and state in ('sent', 'sending')
             order by delivery desc limit 1",
        )
        .bind(chat.to_string())
        .fetch_optional(self.reader())
        .await?;
        Ok(post.map(PostId::new))
    }

    async fn fate(&self, post: &PostId, chat: &ChatId) -> Result<Option<Fate>, StoreError> {
        let row = sqlx::query(
            "select state, reason, settled_at from outbox where post = $1 and chat = $2 and kind = 'alert'",
        )
        .bind(post.as_str())
        .bind(chat.to_string())
        .fetch_optional(self.reader())
        .await?;
        Ok(row.map(|row| Fate {
            state: row.get(0),
            reason: row.get(1),
            settled_at: row.get(2),
        }))
    }

    async fn muted(&self, chat: &ChatId) -> Result<Vec<Follow>, StoreError> {
        let rows = sqlx::query(
            "select kind, name from subscriptions where chat = $1 and muted = 1 order by created_at, kind, name",
        )
        .bind(chat.to_string())
        .fetch_all(self.reader())
        .await?;
        Ok(follows_of(&rows))
    }

    async fn mute(&self, chat: &ChatId, follow: &Follow, muted: bool) -> Result<bool, StoreError> {
        let (kind, name) = kind_and_name(follow);
        let done = sqlx::query(
            "update subscriptions set muted = $4 where chat = $1 and kind = $2 and name = $3",
        )
        .bind(chat.to_string())
        .bind(kind)
        .bind(name)
        .bind(i64::from(muted))
        .execute(self.writer())
        .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn broadcast(&self, key: &str, text: &str, now: Millis) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let planned = sqlx::query(
            "insert into outbox (post, chat, kind, state, body, created_at, lane)
             select $1, chat, 'notice', 'pending', $2, $3, 2 from chats where state = 'active' order by chat
             on conflict (post, chat, kind) do nothing",
        )
        .bind(key)
        .bind(text)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(planned.rows_affected())
    }

    async fn note_action(&self, action: &Action) -> Result<(), StoreError> {
        sqlx::query("insert into actions (at, user_id, action, detail) values ($1, $2, $3, $4)")
            .bind(action.at)
            .bind(action.user)
            .bind(&action.action)
            .bind(&action.detail)
            .execute(self.writer())
            .await?;
        Ok(())
    }

    async fn actions(&self, limit: i64) -> Result<Vec<Action>, StoreError> {
        let rows = sqlx::query(
            "select at, user_id, action, detail from actions order by number desc limit $1",
        )
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        let actions = rows.iter().map(|row| Action {
            at: row.get(0),
            user: row.get(1),
            action: row.get(2),
            detail: row.get(3),
        });
        Ok(actions.collect())
    }
}

/// Whether every subscription by which a chat gets this post is muted.
pub(super) async fn is_muted(
    tx: &mut Tx<'_>,
    chat: &ChatId,
    card: &Card,
) -> Result<bool, StoreError> {
    let rows = sqlx::query("select kind, name, muted from subscriptions where chat = $1")
        .bind(chat.to_string())
        .fetch_all(&mut **tx)
        .await?;
    let followed: Vec<Follow> = card.follows().collect();
    let meant = rows.iter().filter(|row| {
        let (kind, name) = (row.get::<&str, _>(0), row.get::<&str, _>(1));
        let mut known = followed.iter();
        known.any(|follow| kind_and_name(follow) == (kind, name))
    });
    let muted: Vec<bool> = meant.map(|row| row.get::<i64, _>(2) != 0).collect();
    Ok(!muted.is_empty() && muted.iter().all(|muted| *muted))
}
