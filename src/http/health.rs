//! How the daemon is, shared between those who know and those who ask.
//! In: flags set by the pipeline and the sender. Out: the answer of `/healthz`.

use std::sync::{Arc, Mutex, PoisonError};

use hyper::{StatusCode, header};

use super::answer::{Answer, text};

/// Shared flags; clones show the same state. Not ready until someone says so.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    ready: bool,
    degraded: Option<String>,
}

impl Health {
    /// Starting, not yet ready.
    pub fn new() -> Self {
        Health::default()
    }

    /// True once the first build is published.
    pub fn set_ready(&self, ready: bool) {
        self.change(|state| state.ready = ready);
    }

    /// What is wrong, in words for the administrator; `None` when all is well again.
    pub fn set_degraded(&self, words: Option<String>) {
        self.change(|state| state.degraded = words);
    }

    /// `Err` with the words when not ready or degraded.
    pub fn check(&self) -> Result<(), String> {
        self.change(|state| match (&state.degraded, state.ready) {
            (Some(words), _) => Err(words.clone()),
            (None, false) => Err("starting".to_owned()),
            (None, true) => Ok(()),
        })
    }

    /// 200 `ok`, or 503 and the words.
    pub(super) fn answer(&self) -> Answer {
        let (status, words) = match self.check() {
            Ok(()) => (StatusCode::OK, "ok".to_owned()),
            Err(words) => (StatusCode::SERVICE_UNAVAILABLE, words),
        };
        let fresh = header::HeaderValue::from_static("no-store");
        let mut answer = text(status, format!("{words}\n"));
        answer.headers_mut().insert(header::CACHE_CONTROL, fresh);
        answer
    }

    fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        // A panic elsewhere cannot leave two plain fields half-written.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
