//! What tests read: messages, the journal, violations; and how they wait without sleeping.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::FakeTelegram;
use super::state::{Entry, Sent, State};

/// Generous, because a loaded machine is no bug; nothing waits this long when all is well.
const PATIENCE: Duration = Duration::from_secs(30);

impl FakeTelegram {
    /// All messages that the bot sent to a chat, deleted ones too. Reading here marks nothing.
    pub fn messages(&self, chat: i64) -> Vec<Sent> {
        let state = self.shared.lock();
        state
            .chats
            .get(&chat)
            .map(|chat| chat.messages.clone())
            .unwrap_or_default()
    }

    /// Reads the oldest unread message of a chat; waits for it.
    pub fn next_message(&self, chat: i64) -> Sent {
        self.wait_for(&format!("the next message in chat {chat}"), |state| {
            let chat = state.chats.get_mut(&chat)?;
            let sent = chat.messages.iter_mut().find(|sent| !sent.read)?;
            sent.read = true;
            Some(sent.clone())
        })
    }

    /// Waits until this message was edited once more than the caller has seen.
    pub fn next_edit(&self, seen: &Sent) -> Sent {
        self.wait_for(&format!("an edit of {:?}", seen.text), |state| {
            let now = state.chats.get(&seen.chat)?;
            let now = now
                .messages
                .iter()
                .find(|sent| sent.message_id == seen.message_id)?;
            (now.edits.len() > seen.edits.len()).then(|| now.clone())
        })
    }

    /// Waits until this message is deleted.
    pub fn wait_until_deleted(&self, seen: &Sent) {
        self.wait_for(&format!("the end of {:?}", seen.text), |state| {
            let now = state.chats.get(&seen.chat)?;
            let now = now
                .messages
                .iter()
                .find(|sent| sent.message_id == seen.message_id)?;
            now.deleted.then_some(())
        });
    }

    /// Waits for the answer to a pressed button: the parameters of answerCallbackQuery.
    pub fn answer_to(&self, query: &str) -> Value {
        self.wait_for(&format!("the answer to callback query {query}"), |state| {
            state.queries.get(query)?.answer.clone()
        })
    }

    /// Waits until the journal holds an entry that fits, answered or not.
    pub fn wait_for_request(&self, what: &str, fits: impl Fn(&Entry) -> bool) -> Entry {
        self.wait_for(what, |state| {
            state.journal.iter().find(|entry| fits(entry)).cloned()
        })
    }

    /// Waits until every update was fetched and acknowledged.
    pub fn wait_until_updates_are_taken(&self) {
        self.wait_for("the bot to take all updates", |state| {
            state.updates.is_empty().then_some(())
        });
    }

    /// Waits, without sleeping, until `probe` finds something; panics with the journal.
    pub fn wait_for<T>(&self, what: &str, mut probe: impl FnMut(&mut State) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.shared.lock();
        loop {
            if let Some(found) = probe(&mut state) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let told = tell(&state.journal);
                drop(state);
                panic!("waited {PATIENCE:?} in vain for {what}; the journal:\n{told}");
            }
            let woken = self.shared.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }

    /// Panics when a message is unread now. Have the bot answer something first: that is
    /// the fence behind which nothing more can come.
    pub fn expect_no_more_messages(&self) {
        let state = self.shared.lock();
        let (unread, told) = (unread(&state), tell(&state.journal));
        drop(state);
        assert!(
            unread.is_empty(),
            "unread: {unread:#?}\nthe journal:\n{told}"
        );
    }

    pub fn journal(&self) -> Vec<Entry> {
        self.shared.lock().journal.clone()
    }

    /// Requests of one method, by its own spelling.
    pub fn requests(&self, method: &str) -> Vec<Entry> {
        let entries = self.journal().into_iter();
        entries.filter(|entry| entry.method == method).collect()
    }

    pub fn violations(&self) -> Vec<String> {
        self.shared.lock().violations.clone()
    }

    /// Takes the violations away, so that the end of the story does not fail over them.
    pub fn take_violations(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.lock().violations)
    }

    /// Bot commands set for a scope (`"default"`, `"all_private_chats"`, …) and language.
    pub fn commands(&self, scope: &str, language: &str) -> Option<Value> {
        let key = serde_json::json!({ "type": scope }).to_string();
        let state = self.shared.lock();
        state.commands.get(&(key, language.to_owned())).cloned()
    }

    /// Takes all queued updates, for a test that posts them to a webhook itself.
    pub fn take_updates(&self) -> Vec<Value> {
        let taken = self.shared.lock().updates.drain(..).collect();
        self.shared.ring();
        taken
    }

    /// The webhook's settings, when one is set.
    pub fn webhook(&self) -> Option<Value> {
        self.shared.lock().webhook.clone().map(Value::Object)
    }
}

/// What is wrong at the end of a story, if anything.
pub fn complaint(state: &State) -> Option<String> {
    let unread = unread(state);
    let mut words = String::new();
    if !state.violations.is_empty() {
        let _ = writeln!(words, "the Bot API was violated: {:#?}", state.violations);
    }
    if !unread.is_empty() && !state.forgive_unread {
        let _ = writeln!(words, "nothing may be left unread: {unread:#?}");
    }
    if words.is_empty() {
        return None;
    }
    let _ = write!(words, "the journal:\n{}", tell(&state.journal));
    Some(words)
}

fn unread(state: &State) -> Vec<String> {
    let sent = state.chats.values().flat_map(|chat| &chat.messages);
    let unread = sent.filter(|sent| !sent.read);
    unread
        .map(|sent| format!("chat {}: {}", sent.chat, sent.text))
        .collect()
}

fn tell(journal: &[Entry]) -> String {
    let mut told = String::new();
    for (number, entry) in journal.iter().enumerate() {
        let fault = entry.fault.as_deref().map(|fault| format!(" [{fault}]"));
        let answer = entry
            .answer
            .as_ref()
            .map_or("no answer".to_owned(), Value::to_string);
        let fault = fault.unwrap_or_default();
        let _ = writeln!(
            told,
            "{number:4} {} {}{fault} -> {answer}",
            entry.method, entry.params
        );
    }
    told
}
