//! What is known of posts, on SQLite.
//! In and out: as the trait `Announcements` says.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use sqlx::{QueryBuilder, Row};

use super::sqlite::SqliteStore;
use super::sqlite_fan_out::PART;
use super::{
    Announcements, Card, Correction, Decision, Millis, Release, StoreError, StoryNote, Twins,
    sqlite_corrections, sqlite_fan_out, sqlite_outbox, sqlite_stories,
};
use crate::model::PostId;

/// Ids in one statement: SQLite takes 32,766 values.
const AT_ONCE: usize = 10_000;

#[async_trait]
impl Announcements for SqliteStore {
    async fn has_baseline(&self) -> Result<bool, StoreError> {
        Ok(self.meta("baseline_at").await?.is_some())
    }

    async fn set_baseline(&self, now: Millis) -> Result<(), StoreError> {
        self.set_meta("baseline_at", &now.to_string()).await
    }

    async fn burst(&self) -> Result<Option<u64>, StoreError> {
        let text = self.meta("burst").await?;
        Ok(text.and_then(|text| text.parse().ok()))
    }

    async fn set_burst(&self, posts: Option<u64>) -> Result<(), StoreError> {
        match posts {
            Some(posts) => self.set_meta("burst", &posts.to_string()).await,
            None => self.drop_meta("burst").await,
        }
    }

    async fn first_seen(&self) -> Result<HashMap<String, i64>, StoreError> {
        let rows = sqlx::query("select path, at from first_seen")
            .fetch_all(self.reader())
            .await?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    async fn remember_first_seen(&self, files: &[(String, i64)]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for (path, at) in files {
            sqlx::query("insert into first_seen values ($1, $2) on conflict (path) do nothing")
                .bind(path)
                .bind(at)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn undecided(&self, ids: &[PostId]) -> Result<Vec<PostId>, StoreError> {
        let mut known: HashSet<String> = HashSet::new();
        for ids in ids.chunks(AT_ONCE) {
            let mut query = QueryBuilder::new("select post from announcements where post in (");
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(id.as_str());
            }
            query.push(")");
            let found: Vec<String> = query.build_query_scalar().fetch_all(self.reader()).await?;
            known.extend(found);
        }
        let undecided = ids.iter().filter(|id| !known.contains(id.as_str()));
        Ok(undecided.cloned().collect())
    }

    async fn take_note(&self, ids: &[PostId], now: Millis) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for ids in ids.chunks(AT_ONCE) {
            let mut query = QueryBuilder::new("insert into announcements (post, decision, at) ");
            query.push_values(ids, |mut row, id| {
                row.push_bind(id.as_str()).push("'known'").push_bind(now);
            });
            query.push(" on conflict (post) do nothing");
            query.build().execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn announce(&self, decided: &[(Card, Decision)], now: Millis) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let mut goes_out = false;
        for (card, decision) in decided {
            goes_out |= sqlite_fan_out::decide(&mut transaction, card, decision, now).await?;
        }
        let rows = match goes_out {
            true => sqlite_fan_out::part(&mut transaction, PART, now).await?,
            false => 0,
        };
        crate::crash::point("planning");
        transaction.commit().await?;
        crate::crash::point("after-planning");
        match goes_out {
            true => Ok(rows + self.finish_announcing(now).await?),
            false => Ok(0),
        }
    }

    async fn finish_announcing(&self, now: Millis) -> Result<u64, StoreError> {
        let mut rows = 0;
        while self.is_announcing().await? {
            let mut transaction = self.begin().await?;
            rows += sqlite_fan_out::part(&mut transaction, PART, now).await?;
            transaction.commit().await?;
            crate::crash::point("between-parts");
        }
        Ok(rows)
    }

    async fn stories(&self, since: Millis) -> Result<Vec<StoryNote>, StoreError> {
        sqlite_stories::since(self.reader(), since).await
    }

    async fn note_stories(&self, notes: &[StoryNote], oldest: Millis) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        sqlite_stories::note(&mut transaction, notes, oldest).await?;
        Ok(transaction.commit().await?)
    }

    async fn twins_since(&self, since: Millis) -> Result<Vec<Twins>, StoreError> {
        sqlite_stories::twins_since(self.reader(), since).await
    }

    async fn twins(&self, post: &PostId) -> Result<Vec<PostId>, StoreError> {
        sqlite_stories::twins(self.reader(), post).await
    }

    async fn held(&self, limit: i64) -> Result<Vec<(Card, String)>, StoreError> {
        let rows = sqlx::query(
            "select post, card, reason from announcements where decision = 'held' and withdrawn = 0 order by at, post limit $1",
        )
        .bind(limit)
        .fetch_all(self.reader())
        .await?;
        rows.iter()
            .map(|row| {
                let card: String = row.get(1);
                let reason: Option<String> = row.get(2);
                Ok((
                    Card::from_json(PostId::new(row.get::<String, _>(0)), &card)?,
                    reason.unwrap_or_default(),
                ))
            })
            .collect()
    }

    async fn newest_held(&self) -> Result<i64, StoreError> {
        let newest = "select coalesce(max(rowid), 0) from announcements where decision = 'held'";
        Ok(sqlx::query_scalar(newest).fetch_one(self.reader()).await?)
    }

    async fn release_held(
        &self,
        release: Release,
        newest: i64,
        now: Millis,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let released = sqlite_outbox::release_held(&mut transaction, release, newest, now).await?;
        transaction.commit().await?;
        self.finish_announcing(now).await?;
        Ok(released)
    }

    async fn decision(
        &self,
        post: &PostId,
    ) -> Result<Option<(String, Option<String>)>, StoreError> {
        let row = sqlx::query("select decision, reason from announcements where post = $1")
            .bind(post.as_str())
            .fetch_optional(self.reader())
            .await?;
        Ok(row.map(|row| (row.get(0), row.get(1))))
    }

    async fn decided_at(&self, post: &PostId) -> Result<Option<Millis>, StoreError> {
        let row = sqlx::query("select at from announcements where post = $1")
            .bind(post.as_str())
            .fetch_optional(self.reader())
            .await?;
        Ok(row.map(|row| row.get(0)))
    }

    async fn recent(&self, since: Millis) -> Result<Vec<Correction>, StoreError> {
        sqlite_corrections::recent(self.reader(), since).await
    }

    async fn waiting(&self) -> Result<Vec<Card>, StoreError> {
        let rows = sqlx::query(
            "with waiting (post) as (
               select post from outbox where state = 'pending' union select post from outbox where state = 'held'
               union select post from announcements where decision = 'held')
             select post, card from announcements where card is not null and post in (
               select post from waiting
               union select t.post from twins t join waiting w on t.twin = w.post
               union select t.twin from twins t join waiting w on t.post = w.post) order by post",
        )
        .fetch_all(self.reader())
        .await?;
        let cards = rows.iter().map(|row| {
            let post = PostId::new(row.get::<String, _>(0));
            Card::from_json(post, row.get(1))
        });
        cards.collect()
    }

    async fn relabel(&self, cards: &[Card]) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        for card in cards {
            sqlx::query("update announcements set card = $2 where post = $1")
                .bind(card.post.as_str())
                .bind(card.to_json())
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    async fn correct(
        &self,
        corrections: &[Correction],
        edit_at: Millis,
        edit_for: Millis,
        now: Millis,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let mut edits = 0;
        for correction in corrections {
            edits +=
                sqlite_corrections::correct(&mut transaction, correction, edit_at, edit_for, now)
                    .await?;
        }
        transaction.commit().await?;
        Ok(edits)
    }
}

impl SqliteStore {
    /// Whether a post is announced whose chats are not all planned.
    async fn is_announcing(&self) -> Result<bool, StoreError> {
        let any: i64 = sqlx::query_scalar(
            "select exists (select 1 from announcements where fan_after is not null)",
        )
        .fetch_one(self.reader())
        .await?;
        Ok(any != 0)
    }
}
