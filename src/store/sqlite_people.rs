//! Chats and what they follow, on SQLite.
//! In and out: as the trait `People` says.

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Row, Sqlite, Transaction};

use super::sqlite::{SqliteStore, chat_id, follows_of, kind_and_name, put_meta};
use super::{ChatRow, Follower, Millis, People, StoreError, preferences, sqlite_outbox};
use crate::model::{ChatId, Follow, Preferences};

/// A chat that was suspended gets messages again, from the time on at which it would have been made.
macro_rules! comes_back {
    () => {
        "active_since = case when chats.state <> 'active' then excluded.created_at else chats.active_since end,
         state = 'active', reason = null"
    };
}

#[async_trait]
impl People for SqliteStore {
    async fn sync_channels(
        &self,
        channels: &[(ChatId, Vec<Follow>)],
        language: &str,
        now: Millis,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        // What the config still asks for stays as it is: since when, and whether somebody muted it.
        let before: Vec<(String, String, String)> =
            sqlx::query_as("select chat, kind, name from subscriptions where origin = 'config'")
                .fetch_all(&mut *transaction)
                .await?;
        for (chat, kind, name) in before {
            let is_meant = |follow: &Follow| kind_and_name(follow) == (&kind, &name);
            let mut same = channels.iter().filter(|(id, _)| id.to_string() == chat);
            if !same.any(|(_, follows)| follows.iter().any(is_meant)) {
                unsubscribe(&mut transaction, &chat, (&kind, &name)).await?;
            }
        }
        for (chat, follows) in channels {
            // A restart is the admin's way to say that a lost channel is back.
            sqlx::query(concat!(
                "insert into chats (chat, kind, title, created_at, language) values ($1, 'channel', $1, $2, $3)
                 on conflict (chat) do update set ",
                comes_back!()
            ))
            .bind(chat.to_string())
            .bind(now)
            .bind(language)
            .execute(&mut *transaction)
            .await?;
            for follow in follows {
                subscribe(&mut transaction, chat, follow, "config", now).await?;
            }
        }
        Ok(transaction.commit().await?)
    }

    async fn meet(&self, chat: &ChatRow, now: Millis) -> Result<(), StoreError> {
        sqlx::query(concat!(
            "insert into chats (chat, kind, title, language, created_at) values ($1, $2, $3, $4, $5)
             on conflict (chat) do update set kind = excluded.kind, title = excluded.title,
               language = case chats.language when '' then excluded.language else chats.language end, ",
            comes_back!()
        ))
        .bind(chat.chat.to_string())
        .bind(&chat.kind)
        .bind(&chat.title)
        .bind(&chat.language)
        .bind(now)
        .execute(self.writer())
        .await?;
        Ok(())
    }

    async fn chat(&self, chat: &ChatId) -> Result<Option<ChatRow>, StoreError> {
        let row =
            sqlx::query("select kind, title, language, state, reason from chats where chat = $1")
                .bind(chat.to_string())
                .fetch_optional(self.reader())
                .await?;
        Ok(row.map(|row| {
            let state: String = row.get(3);
            let reason: Option<String> = row.get(4);
            ChatRow {
                chat: chat.clone(),
                kind: row.get(0),
                title: row.get(1),
                language: row.get(2),
                suspended: (state != "active").then(|| reason.unwrap_or_default()),
            }
        }))
    }

    async fn preferences(&self, chat: &ChatId) -> Result<Preferences, StoreError> {
        let kept: Option<Option<String>> =
            sqlx::query_scalar("select preferences from chats where chat = $1")
                .bind(chat.to_string())
                .fetch_optional(self.reader())
                .await?;
        Ok(preferences::from_json(kept.flatten().as_deref()))
    }

    async fn set_preferences(
        &self,
        chat: &ChatId,
        preferences: &Preferences,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let is_known = prefer(&mut transaction, chat, preferences).await?;
        transaction.commit().await?;
        Ok(is_known)
    }

    async fn configure(&self, chat: &ChatId, wishes: &Preferences) -> Result<(), StoreError> {
        let key = format!("wishes:{chat}");
        let text = preferences::to_json(wishes);
        if self.meta(&key).await?.as_deref() == Some(&text) {
            return Ok(());
        }
        let kept = self.preferences(chat).await?;
        let mut transaction = self.begin().await?;
        let preferences = Preferences {
            rhythm: wishes.rhythm.clone(),
            quiet: wishes.quiet,
            silent: wishes.silent,
            ..kept
        };
        if prefer(&mut transaction, chat, &preferences).await? {
            put_meta(&mut transaction, &key, &text).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn set_urgent_topics(&self, ids: &[String]) -> Result<(), StoreError> {
        self.set_meta("urgent_topics", &ids.join("\n")).await
    }

    async fn suspend(&self, chat: &ChatId, reason: &str, now: Millis) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlite_outbox::suspend(&mut transaction, &chat.to_string(), reason, now).await?;
        Ok(transaction.commit().await?)
    }

    async fn move_chat(&self, from: &ChatId, to: &ChatId) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlite_outbox::move_chat(&mut transaction, &from.to_string(), &to.to_string()).await?;
        Ok(transaction.commit().await?)
    }

    async fn follow(
        &self,
        chat: &ChatId,
        follow: &Follow,
        now: Millis,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let added = subscribe(&mut transaction, chat, follow, "person", now).await?;
        transaction.commit().await?;
        Ok(added)
    }

    async fn unfollow(&self, chat: &ChatId, follow: &Follow) -> Result<bool, StoreError> {
        let connection = &mut *self.writer().acquire().await?;
        unsubscribe(connection, &chat.to_string(), kind_and_name(follow)).await
    }

    async fn own_rules(&self) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(
            "select distinct s.name from subscriptions s join chats c on c.chat = s.chat
             where s.kind = 'words' and c.state = 'active' order by s.name",
        )
        .fetch_all(self.reader())
        .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn following(&self, chat: &ChatId) -> Result<Vec<Follow>, StoreError> {
        let rows = sqlx::query(
            "select kind, name from subscriptions where chat = $1 order by created_at, kind, name",
        )
        .bind(chat.to_string())
        .fetch_all(self.reader())
        .await?;
        Ok(follows_of(&rows))
    }

    async fn followers(&self, follows: &[Follow]) -> Result<Vec<Follower>, StoreError> {
        let mut followers = Vec::new();
        for follow in follows {
            let (kind, name) = kind_and_name(follow);
            let rows = sqlx::query(
                "select s.chat, s.created_at, c.state, c.reason, c.active_since
                 from subscriptions s join chats c on c.chat = s.chat
                 where s.kind = $1 and s.name = $2 order by s.chat",
            )
            .bind(kind)
            .bind(name)
            .fetch_all(self.reader())
            .await?;
            for row in rows {
                let (state, reason): (String, Option<String>) = (row.get(2), row.get(3));
                followers.push(Follower {
                    chat: chat_id(row.get(0))?,
                    follow: follow.clone(),
                    since: row.get(1),
                    active_since: row.get(4),
                    suspended: (state != "active").then(|| reason.unwrap_or_default()),
                });
            }
        }
        Ok(followers)
    }

    async fn set_language(&self, chat: &ChatId, language: &str) -> Result<(), StoreError> {
        sqlx::query("update chats set language = $2 where chat = $1")
            .bind(chat.to_string())
            .bind(language)
            .execute(self.writer())
            .await?;
        Ok(())
    }

    async fn forget(&self, chat: &ChatId) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let mut found = 0;
        for sql in [
            // Words of people's own are in the cards of the posts that met them: those that nobody else follows go, also
            // what the chat gave up before.
            "update announcements set card = json_set(card, '$.rules',
               (select json_group_array(r.value) from json_each(announcements.card, '$.rules') r where exists
                 (select 1 from subscriptions s where s.chat <> $1 and s.kind = 'words' and s.name = r.value)))
             where card like '%\"rules\":[%'",
            "delete from managing where chat = $1 or channel = $1",
            "delete from threads where chat = $1",
            "delete from subscriptions where chat = $1",
            "delete from outbox where chat = $1",
            "delete from chat_names where chat = $1",
            "delete from meta where key = 'wishes:' || $1",
            "delete from chats where chat = $1",
        ] {
            found = sqlx::query(sql)
                .bind(chat.to_string())
                .execute(&mut *transaction)
                .await?
                .rows_affected();
        }
        transaction.commit().await?;
        Ok(found > 0)
    }

    async fn followed(&self) -> Result<Vec<Follow>, StoreError> {
        let rows = sqlx::query("select distinct kind, name from subscriptions order by kind, name")
            .fetch_all(self.reader())
            .await?;
        Ok(follows_of(&rows))
    }

    async fn rename_follow(&self, old: &Follow, new: &Follow) -> Result<u64, StoreError> {
        let ((kind, name), (new_kind, new_name)) = (kind_and_name(old), kind_and_name(new));
        let mut transaction = self.begin().await?;
        let moved: i64 =
            sqlx::query_scalar("select count(*) from subscriptions where kind = $1 and name = $2")
                .bind(kind)
                .bind(name)
                .fetch_one(&mut *transaction)
                .await?;
        // Whoever follows both keeps the new one as it is; what is left of the old one goes.
        for sql in [
            "update or ignore threads set kind = $3, name = $4 where kind = $1 and name = $2 and not exists
               (select 1 from subscriptions s where s.chat = threads.chat and s.kind = $3 and s.name = $4)",
            "update or ignore subscriptions set kind = $3, name = $4 where kind = $1 and name = $2",
        ] {
            sqlx::query(sql)
                .bind(kind)
                .bind(name)
                .bind(new_kind)
                .bind(new_name)
                .execute(&mut *transaction)
                .await?;
        }
        for sql in [
            "delete from threads where kind = $1 and name = $2",
            "delete from subscriptions where kind = $1 and name = $2",
        ] {
            sqlx::query(sql)
                .bind(kind)
                .bind(name)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(moved.unsigned_abs())
    }
}

/// Keeps how a chat wants its messages; what waits, urgent alerts too, is judged by it anew.
async fn prefer(
    transaction: &mut Transaction<'_, Sqlite>,
    chat: &ChatId,
    preferences: &Preferences,
) -> Result<bool, StoreError> {
    let done = sqlx::query("update chats set preferences = $2, alerts_at = 0 where chat = $1")
        .bind(chat.to_string())
        .bind(preferences::to_json(preferences))
        .execute(&mut **transaction)
        .await?;
    sqlx::query(
        "update outbox set not_before = 0 where chat = $1 and state = 'pending' and lane = 1",
    )
    .bind(chat.to_string())
    .execute(&mut **transaction)
    .await?;
    Ok(done.rows_affected() > 0)
}

async fn subscribe(
    transaction: &mut Transaction<'_, Sqlite>,
    chat: &ChatId,
    follow: &Follow,
    origin: &str,
    now: Millis,
) -> Result<bool, StoreError> {
    let (kind, name) = kind_and_name(follow);
    let done =
        sqlx::query("insert into subscriptions (chat, kind, name, origin, created_at) values ($1, $2, $3, $4, $5) on conflict do nothing")
            .bind(chat.to_string())
            .bind(kind)
            .bind(name)
            .bind(origin)
            .bind(now)
            .execute(&mut **transaction)
            .await?;
    Ok(done.rows_affected() > 0)
}

/// False when there was no such subscription.
async fn unsubscribe(
    connection: &mut SqliteConnection,
    chat: &str,
    (kind, name): (&str, &str),
) -> Result<bool, StoreError> {
    let done = sqlx::query("delete from subscriptions where chat = $1 and kind = $2 and name = $3")
        .bind(chat)
        .bind(kind)
        .bind(name)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}
