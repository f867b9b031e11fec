//! Posts that the store does not know yet become decisions and outbox rows.
//! In: unplanned rows of the catalog. Out: one transaction in the store, then a mark in the catalog.
//! A crash between the two is harmless: the store decides about a post only once.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::stories::{Stories, Telling};
use super::{Derived, PipelineError, lock};
use crate::catalog::Row;
use crate::delivery::plan::{Occasion, Rules, decide};
use crate::feeds::title_text;
use crate::model::{ChatId, PostId, Site};
use crate::store::{Card, Decision, Millis, Store, StoreError};
use crate::topics::story;
use crate::topics::{Matcher, OwnRules};

/// Posts decided in one transaction: small enough that the bot's writes get in between.
const PAGE: usize = 500;
/// Posts of which nothing but the id is noted in one transaction.
const IDS: usize = 10_000;

/// So long the first plan waits for files that are still being written (milliseconds).
const LONGEST_WAIT: Millis = 60_000;

/// What planning did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Posts that were there before the first start.
    pub known: u64,
    /// Posts announced.
    pub announced: u64,
    /// Outbox rows written.
    pub deliveries: u64,
    /// Posts that wait for an admin, with the first reason.
    pub held: u64,
    /// Why the first of them is held.
    pub held_because: Option<String>,
    /// Edits of sent messages.
    pub edits: u64,
    /// Messages that went out, edits too; in one run only.
    pub sent: u64,
}

/// Plans into a store by the rules of the config.
pub struct Planner {
    pub(super) store: Arc<dyn Store>,
    pub(super) rules: Rules,
    story_rules: story::Rules,
    stories: Mutex<Stories>,
    admins: Vec<ChatId>,
    /// Whether the announced posts are as the catalog has them, as far as this process knows.
    compared: AtomicBool,
    /// Whether the admins were asked about what this process found held.
    asked: AtomicBool,
    /// Since when the first plan waits for files that are still being written; 0: it does not (milliseconds since 1970).
    waits_since: AtomicI64,
    /// Posts that went from one id to another, until a round has compared their stories.
    moved: Mutex<Vec<(PostId, PostId)>>,
}

impl Planner {
    /// A planner; `admins` are told about held posts.
    pub fn new(
        store: Arc<dyn Store>,
        rules: Rules,
        story_rules: story::Rules,
        admins: Vec<ChatId>,
    ) -> Self {
        Planner {
            store,
            rules,
            story_rules,
            stories: Mutex::default(),
            admins,
            compared: AtomicBool::new(false),
            asked: AtomicBool::new(false),
            waits_since: AtomicI64::new(0),
            moved: Mutex::default(),
        }
    }

    /// Whether what a store knows from its first start is to be noted only later, since files are not read yet that were
    /// there as well. One that is written without an end is not waited for.
    pub(super) async fn waits_for(
        &self,
        unsettled: usize,
        now: Millis,
    ) -> Result<bool, StoreError> {
        if unsettled == 0 || self.store.has_baseline().await? {
            return Ok(false);
        }
        let mut since = self.waits_since.load(Ordering::Relaxed);
        if since == 0 || since > now {
            since = now;
            self.waits_since.store(now, Ordering::Relaxed);
        }
        let is_patient = now - since < LONGEST_WAIT;
        if !is_patient {
            tracing::warn!(
                files = unsettled,
                "files that are still being written are not waited for; they will be news"
            );
        }
        Ok(is_patient)
    }

    /// A round broke off: what it changed is not told again.
    pub(super) fn compare_again(&self) {
        self.compared.store(false, Ordering::Relaxed);
    }

    /// Dates that only we know outlive the catalog.
    ///
    /// # Errors
    /// The catalog's or the store's.
    pub async fn keep_first_seen(
        &self,
        derived: &Arc<Mutex<Derived>>,
    ) -> Result<(), PipelineError> {
        let news: Vec<(String, i64)> = {
            let derived = lock(derived);
            // Once from the catalog, as an earlier process may have ended before it came here.
            let all: Vec<(String, i64)> = match derived.undated.clone() {
                Some(read_since) => read_since.into_iter().collect(),
                None => derived.catalog.first_seen()?,
            };
            all.into_iter()
                .filter(|(path, _)| !derived.reader.first_seen.contains_key(path))
                .collect()
        };
        if !news.is_empty() {
            self.store.remember_first_seen(&news).await?;
        }
        let mut derived = lock(derived);
        derived.reader.first_seen.extend(news);
        derived.undated = Some(BTreeMap::new());
        Ok(())
    }

    /// Decides about every live post that the store does not know, `moved` from one id to another or new; when `touched`, because posts changed or
    /// went, or when a new post tells the story of another, the messages that were sent follow.
    ///
    /// # Errors
    /// The catalog's or the store's.
    pub async fn plan(
        &self,
        derived: &Arc<Mutex<Derived>>,
        touched: bool,
        moved: &[(PostId, PostId)],
        now: Millis,
    ) -> Result<Planned, PipelineError> {
        // Until a round has come to its end: the next one is not told of these again.
        if touched {
            self.compare_again();
        }
        let moved = {
            let mut owed = self.lock_moved();
            owed.extend_from_slice(moved);
            owed.clone()
        };
        let mut planned = Planned::default();
        if !self.store.has_baseline().await? {
            planned.known = self.take_baseline(derived, now).await?;
        }
        planned.deliveries += self.store.finish_announcing(now).await?;
        let (fresh, came_back) = self.count_fresh(derived).await?;
        let burst = self.burst(fresh).await?;
        let occasion = Occasion {
            fresh: burst.unwrap_or(fresh),
            now: now.div_euclid(1000),
        };
        let own_rules = match fresh {
            0 => None,
            _ => self.own_rules().await?,
        };
        if came_back {
            self.compare_again();
        }
        loop {
            let page = lock(derived).catalog.unplanned(PAGE)?;
            if page.is_empty() {
                break;
            }
            let decided: Vec<(Card, Decision)> = {
                let derived = lock(derived);
                let cards = page.iter().map(|row| {
                    let mut card = card(row, derived.matcher(), derived.site());
                    if let Some(rules) = &own_rules {
                        card.rules = derived.reader.rules_met(row, rules);
                    }
                    card
                });
                cards
                    .map(|card| {
                        let decision = decide(&card, self.rules, occasion);
                        (card, decision)
                    })
                    .collect()
            };
            if self.note_stories(derived, &page, &moved, now).await? {
                self.compare_again();
            }
            planned.deliveries += self.store.announce(&decided, now).await?;
            count(&decided, &mut planned);
            if planned.held > 0 {
                // Until they are asked, whatever becomes of this round.
                self.asked.store(false, Ordering::Relaxed);
            }
            let ids: Vec<PostId> = page.into_iter().map(|row| row.id).collect();
            lock(derived).catalog.mark_planned(&ids)?;
        }
        if burst.is_some() {
            self.store.set_burst(None).await?;
        }
        self.lock_moved().clear();
        self.tell_admins(now).await?;
        if !self.compared.load(Ordering::Relaxed) {
            planned.edits = self.correct(derived, now).await?;
            self.compared.store(true, Ordering::Relaxed);
        }
        Ok(planned)
    }

    /// How many posts came at once, when they are too many to be announced. That is decided for all of them: a round
    /// that broke off between its pages must not make the rest look few.
    async fn burst(&self, fresh: u64) -> Result<Option<u64>, PipelineError> {
        let (known, is_burst) = (self.store.burst().await?, fresh > self.rules.burst_limit);
        if known.is_none() && is_burst {
            self.store.set_burst(Some(fresh)).await?;
        }
        Ok(known.max(is_burst.then_some(fresh)))
    }

    fn lock_moved(&self) -> MutexGuard<'_, Vec<(PostId, PostId)>> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody is sent an archive: what is there at the first start is known. Returns how many posts that are.
    async fn take_baseline(
        &self,
        derived: &Arc<Mutex<Derived>>,
        now: Millis,
    ) -> Result<u64, PipelineError> {
        let mut known = 0;
        // The marks may be those of a store that is gone.
        lock(derived).catalog.unplan_all()?;
        loop {
            let page = lock(derived).catalog.unplanned_ids(None, IDS)?;
            if page.is_empty() {
                break;
            }
            let ids: Vec<PostId> = page.into_iter().map(|(_, id)| id).collect();
            self.store.take_note(&ids, now).await?;
            lock(derived).catalog.mark_planned(&ids)?;
            known += ids.len() as u64;
        }
        self.store.set_baseline(now).await?;
        Ok(known)
    }

    /// What people ask for in their own words; `None` when nobody does.
    async fn own_rules(&self) -> Result<Option<OwnRules>, PipelineError> {
        let spellings = self.store.own_rules().await?;
        if spellings.is_empty() {
            return Ok(None);
        }
        match OwnRules::new(&spellings) {
            Ok(rules) => Ok(Some(rules)),
            Err(error) => {
                tracing::error!(%error, "people's own rules cannot be looked for; posts are announced without them");
                Ok(None)
            }
        }
    }

    /// Tells the store which of the posts to be announced tell what chats have already. Returns whether any does.
    async fn note_stories(
        &self,
        derived: &Arc<Mutex<Derived>>,
        page: &[Row],
        moved: &[(PostId, PostId)],
        now: Millis,
    ) -> Result<bool, PipelineError> {
        let window = self.story_rules.window();
        if window == 0 {
            return Ok(false);
        }
        if !self.lock_stories().is_loaded() {
            let notes = self.store.stories(now - window).await?;
            self.lock_stories().load(notes);
        }
        let before: HashMap<&PostId, &PostId> = moved.iter().map(|(old, new)| (new, old)).collect();
        let mut notes = {
            let derived = lock(derived);
            let new: Vec<Telling<'_>> = page
                .iter()
                .map(|row| Telling {
                    row,
                    text: derived.reader.text_of(row),
                    moved_from: before.get(&row.id).copied(),
                })
                .collect();
            // What cannot be asked for counts as there: rather two messages than one too few.
            let is_gone = |post: &PostId| derived.catalog.is_gone(post).unwrap_or(false);
            self.lock_stories()
                .compare(&self.story_rules, &new, now, is_gone)
        };
        let noted = async {
            for note in &mut notes {
                if let Some(old) = before.get(&note.post) {
                    // A file that moves again tells what its posts before told.
                    note.twins.extend(self.store.twins(old).await?);
                }
            }
            self.store.note_stories(&notes, now - window).await
        };
        let noted = noted.await;
        if noted.is_err() {
            // What the store does not know must not count as compared.
            *self.lock_stories() = Stories::default();
        }
        noted?;
        Ok(notes.iter().any(|note| !note.twins.is_empty()))
    }

    fn lock_stories(&self) -> MutexGuard<'_, Stories> {
        self.stories.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many unplanned posts are really new, and whether there are others: those were known before the catalog was
    /// deleted, or their files were gone for a while, and they get their mark back here.
    async fn count_fresh(
        &self,
        derived: &Arc<Mutex<Derived>>,
    ) -> Result<(u64, bool), PipelineError> {
        let mut fresh = 0;
        let mut came_back = false;
        let mut after: Option<(i64, PostId)> = None;
        loop {
            let page = {
                let derived = lock(derived);
                let after = after.as_ref().map(|(published, id)| (*published, id));
                derived.catalog.unplanned_ids(after, IDS)?
            };
            after = page.last().cloned();
            if after.is_none() {
                return Ok((fresh, came_back));
            }
            let ids: Vec<PostId> = page.into_iter().map(|(_, id)| id).collect();
            let undecided = self.store.undecided(&ids).await?;
            fresh += undecided.len() as u64;
            let known: Vec<PostId> = ids
                .into_iter()
                .filter(|id| !undecided.contains(id))
                .collect();
            if !known.is_empty() {
                came_back = true;
                lock(derived).catalog.mark_planned(&known)?;
            }
        }
    }

    /// Asks about held posts. The first round of a process asks too: a crash between holding and asking must
    /// not leave them unnoticed. The key of the question is the newest held post, so nobody is asked twice.
    async fn tell_admins(&self, now: Millis) -> Result<(), PipelineError> {
        if self.asked.load(Ordering::Relaxed) {
            return Ok(());
        }
        let held = self.store.held(i64::MAX).await?;
        let Some((newest, reason)) = held.last() else {
            self.asked.store(true, Ordering::Relaxed);
            return Ok(());
        };
        let key = format!("held:{}", newest.post);
        let text = crate::delivery::message::held_notice(held.len() as u64, reason);
        for admin in &self.admins {
            self.store.notice(&key, admin, &text, now).await?;
        }
        self.asked.store(true, Ordering::Relaxed);
        Ok(())
    }
}

fn count(decided: &[(Card, Decision)], planned: &mut Planned) {
    for (_, decision) in decided {
        match decision {
            Decision::Announce => planned.announced += 1,
            Decision::Hold(reason) => {
                planned.held += 1;
                planned.held_because.get_or_insert_with(|| reason.clone());
            }
        }
    }
}

/// Whether there are posts that go by when their files were first seen, which only a store remembers.
///
/// # Errors
/// The catalog's.
pub fn has_undated(derived: &Arc<Mutex<Derived>>) -> Result<bool, PipelineError> {
    Ok(!lock(derived).catalog.first_seen()?.is_empty())
}

/// What messages about a post are made of, before it is known whose words it meets.
pub fn card(row: &Row, matcher: &Matcher, site: &Site) -> Card {
    Card {
        post: row.id.clone(),
        title: title_text(&row.title).into_owned(),
        url: format!("{}{}", site.url, row.url),
        summary: row.summary.clone(),
        source: row.source.clone(),
        published: row.published,
        categories: row.categories.clone(),
        tags: row.tags.clone(),
        topics: matcher.titled(&row.topics),
        rules: Vec::new(),
        also: Vec::new(),
    }
}
