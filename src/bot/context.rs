//! What commands work with.
//! In: the parts that `app` built. Out: questions to the catalog off the async threads, paced replies.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::replies::{self, Words};
use crate::catalog::{Catalog, CatalogError};
use crate::delivery::{Clock, Pace};
use crate::model::{ChatId, Follow, LabelKind, Site};
use crate::store::{Store, StoreError};
use crate::telegram::{Message, Outcome, Outlet, Telegram, TelegramError};
use crate::topics::Matcher;

/// Everything a command may need.
pub struct Context {
    /// The Bot API.
    pub telegram: Arc<Telegram>,
    /// The precious data.
    pub store: Arc<dyn Store>,
    /// The derived index, for reading.
    pub index: Index,
    /// Topics, for their titles.
    pub matcher: Arc<Matcher>,
    /// The site, for its zone and title.
    pub site: Site,
    /// User ids of the admins.
    pub admins: Vec<i64>,
    /// The pace of the whole bot.
    pub pace: Arc<Pace>,
    /// The time.
    pub clock: Clock,
    /// The bot's name, without `@`.
    pub username: String,
}

/// What keeps a command from being carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The catalog's.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// Telegram's.
    #[error(transparent)]
    Telegram(#[from] TelegramError),
    /// A thread ended badly.
    #[error("a question to the catalog broke off: {0}")]
    Broken(String),
}

/// The catalog, opened for reading when it is first asked.
#[derive(Clone)]
pub struct Index {
    path: PathBuf,
    reader: Arc<Mutex<Option<Catalog>>>,
}

impl Index {
    /// An index at this path.
    pub fn new(path: PathBuf) -> Self {
        Index {
            path,
            reader: Arc::default(),
        }
    }

    /// Asks the catalog, off the async threads.
    ///
    /// # Errors
    /// The catalog's.
    pub async fn ask<T, F>(&self, question: F) -> Result<T, CommandError>
    where
        T: Send + 'static,
        F: FnOnce(&Catalog) -> Result<T, CatalogError> + Send + 'static,
    {
        let (path, reader) = (self.path.clone(), self.reader.clone());
        let answer = tokio::task::spawn_blocking(move || {
            let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            let catalog = match reader.take() {
                Some(catalog) => catalog,
                None => Catalog::reader(&path)?,
            };
            let answer = question(&catalog);
            *reader = Some(catalog);
            answer
        });
        match answer.await {
            Ok(answer) => Ok(answer?),
            Err(error) => Err(CommandError::Broken(error.to_string())),
        }
    }
}

impl Context {
    /// Sends a reply: past the outbox, since a lost answer to a person is asked for again, but within
    /// the pace of the bot.
    pub async fn reply(&self, chat: &ChatId, message: &Message) {
        for attempt in 0..2 {
            let now = self.clock.now();
            let wait = self.pace.next_at(now) - now;
            self.pace.take(now);
            if wait > 0 {
                self.clock
                    .sleep(Duration::from_millis(wait.unsigned_abs()))
                    .await;
            }
            match self.telegram.send(chat, message).await {
                Outcome::Sent { .. } => {
                    if let Err(error) = self.store.note_reply(chat, self.clock.now()).await {
                        tracing::warn!(%error, "the pace of a chat cannot be written");
                    }
                    return;
                }
                Outcome::RetryAfter { seconds } if attempt == 0 && seconds <= 5 => {
                    self.clock.sleep(Duration::from_secs(seconds)).await;
                }
                other => {
                    tracing::warn!(%chat, outcome = ?other, "a reply was not delivered");
                    return;
                }
            }
        }
    }

    /// What people call a thing that can be followed.
    pub fn title(&self, follow: &Follow) -> String {
        match follow {
            Follow::Site => self.site.title.clone(),
            Follow::Label(label) if label.kind == LabelKind::Topic => self
                .matcher
                .title_of(&label.name)
                .unwrap_or(&label.name)
                .to_owned(),
            Follow::Label(label) => label.name.clone(),
        }
    }

    /// The words of a chat's language.
    ///
    /// # Errors
    /// The store's.
    pub async fn words(&self, chat: &ChatId) -> Result<Words, StoreError> {
        let known = self.store.chat(chat).await?;
        Ok(Words::of(known.map(|row| row.language).as_deref()))
    }

    /// Sets the command menus, once at the start.
    pub async fn announce_commands(&self) {
        for language in [None, Some("en")] {
            let menu = replies::menu(Words::of(Some(language.unwrap_or("zh"))));
            if let Err(error) = self.telegram.set_commands(&menu, language).await {
                tracing::warn!(%error, "the command menu cannot be set");
            }
        }
    }
}
