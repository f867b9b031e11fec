//! The verbs of the outbox on SQLite: each is a transaction over the steps of `sqlite_outbox`.
//! In and out: as the trait `Outbox` says.

use async_trait::async_trait;
use serde_json::json;

use super::outbox::SLOWEST_PACE;
use super::sqlite::{SqliteStore, put_meta};
use super::{
    Claim, ClaimRules, DeliveryFilter, DeliveryRow, LONGEST_PAUSE, LONGEST_RETRY, Millis, Outbox,
    Settled, StoreError, pace, sqlite_claims, sqlite_digests, sqlite_outbox,
};
use crate::model::{ChatId, PostId};

#[async_trait]
impl Outbox for SqliteStore {
    async fn messages_sent(&self) -> Result<u64, StoreError> {
        let sent = "select count(*) from outbox where state = 'sent' and digest is null";
        let sent: i64 = sqlx::query_scalar(sent).fetch_one(self.reader()).await?;
        Ok(sent.unsigned_abs())
    }

    async fn notice(
        &self,
        key: &str,
        chat: &ChatId,
        text: &str,
        now: Millis,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlx::query("insert into chats (chat, kind, language, created_at) values ($1, 'private', '', $2) on conflict (chat) do nothing")
            .bind(chat.to_string())
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "insert into outbox (post, chat, kind, state, body, created_at, lane) values ($1, $2, 'notice', 'pending', $3, $4, 0)
             on conflict (post, chat, kind) do nothing",
        )
        .bind(key)
        .bind(chat.to_string())
        .bind(text)
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryRow>, StoreError> {
        sqlite_outbox::list(self.reader(), filter).await
    }

    async fn deliveries_of(&self, post: &PostId) -> Result<Vec<DeliveryRow>, StoreError> {
        let filter = DeliveryFilter {
            post: Some(post.clone()),
            limit: i64::MAX,
            ..DeliveryFilter::default()
        };
        let mut rows = sqlite_outbox::list(self.reader(), &filter).await?;
        rows.reverse();
        Ok(rows)
    }

    async fn recover(&self, resend: bool, now: Millis) -> Result<u64, StoreError> {
        let last_run = self.meta("last_run").await?.unwrap_or_default();
        let left = self.departures.found(&last_run);
        let left = left.map(|rows| json!(rows).to_string());
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "update outbox set unknowns = unknowns + 1, reason = 'the process ended while it was being sent',
               state = case when kind <> 'edit' and not ($1 and unknowns = 0) then 'unknown'
                 when exists (select 1 from chats c where c.chat = outbox.chat and c.state <> 'active') then 'skipped'
                 else 'pending' end,
               settled_at = case when kind = 'edit' or ($1 and unknowns = 0) then null else $2 end
             where state = 'sending' and ($3 is null or delivery in (select value from json_each($3)))",
        )
        .bind(resend)
        .bind(now)
        .bind(left)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "update outbox set
               reason = 'the process ended ' || case kind when 'edit' then 'while it was being sent' else 'before it was sent' end,
               state = case when exists (select 1 from chats c where c.chat = outbox.chat and c.state <> 'active')
                 then 'skipped' else 'pending' end
             where state = 'sending'",
        )
        .execute(&mut *transaction)
        .await?;
        sqlite_digests::follow(&mut transaction, None, now).await?;
        let run = format!("{now}-{}", std::process::id());
        put_meta(&mut transaction, "last_run", &run).await?;
        transaction.commit().await?;
        self.departures.begin(&run)?;
        Ok(done.rows_affected())
    }

    async fn claim(
        &self,
        now: Millis,
        limit: i64,
        rules: ClaimRules,
    ) -> Result<Vec<Claim>, StoreError> {
        let mut transaction = self.begin().await?;
        let claims = sqlite_claims::claim(&mut transaction, now, limit, rules).await?;
        crate::crash::point("claiming");
        transaction.commit().await?;
        if !claims.is_empty() {
            crate::crash::point("after-claiming");
        }
        Ok(claims)
    }

    async fn settle(
        &self,
        delivery: i64,
        outcome: &Settled,
        now: Millis,
    ) -> Result<(), StoreError> {
        let lines = self.departures.of_row(delivery);
        let mut transaction = self.begin().await?;
        sqlite_outbox::settle(&mut transaction, delivery, outcome, now).await?;
        crate::crash::point("before-commit");
        transaction.commit().await?;
        crate::crash::point("after-commit");
        self.departures.settled(&lines);
        Ok(())
    }

    fn leaves(&self, delivery: i64) -> std::io::Result<()> {
        self.departures.note(delivery)?;
        crate::crash::point("leaving");
        Ok(())
    }

    async fn next_due(&self) -> Result<Option<Millis>, StoreError> {
        sqlite_claims::next_due(self.reader()).await
    }

    async fn has_due(&self, now: Millis) -> Result<bool, StoreError> {
        let sending: Option<i64> =
            sqlx::query_scalar("select 1 from outbox where state = 'sending' limit 1")
                .fetch_optional(self.reader())
                .await?;
        Ok(sending.is_some() || self.next_due().await?.is_some_and(|due| due <= now))
    }

    async fn bot_paused_until(&self) -> Result<Millis, StoreError> {
        self.meta_number("bot_paused_until").await
    }

    async fn pause_bot(&self, until: Millis) -> Result<(), StoreError> {
        self.set_meta("bot_paused_until", &until.to_string()).await
    }

    async fn clock_went_back(&self, now: Millis) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        let steps = [
            (
                "update chats set next_at = $1 where next_at > $1",
                SLOWEST_PACE,
            ),
            (
                "update chats set paused_until = $1 where paused_until > $1",
                LONGEST_PAUSE,
            ),
            // What was planned in the future would miss each hour of its digest until then.
            (
                "update outbox set created_at = $1 where state = 'pending' and created_at > $1",
                0,
            ),
            // Worked out anew at the next claim.
            ("update chats set alerts_at = 0 where alerts_at > $1", 0),
            (
                "update outbox set not_before = $1 where state = 'pending' and not_before > $1",
                LONGEST_RETRY,
            ),
            (
                "update meta set value = cast($1 as text) where key = 'bot_paused_until' and cast(value as bigint) > $1",
                LONGEST_RETRY,
            ),
        ];
        for (step, longest) in steps {
            sqlx::query(step)
                .bind(now + longest)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn note_reply(&self, chat: &ChatId, now: Millis) -> Result<(), StoreError> {
        sqlx::query("update chats set next_at = case when next_at > $2 then next_at else $2 end where chat = $1")
            .bind(chat.to_string())
            .bind(now + pace(chat))
            .execute(self.writer())
            .await?;
        Ok(())
    }
}
