//! What commands work with.
//! In: the parts that `app` built. Out: questions to the catalog off the async threads, paced replies.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::access::Members;
use super::drafts::{Drafts, Texts};
use super::find::{Finder, Known};
use super::limits::Limits;
use super::replies::Words;
use crate::catalog::{Catalog, CatalogError, Listed};
use crate::delivery::{Clock, Pace};
use crate::feeds::{Addresses, Format, Labels};
use crate::model::{ChatId, Follow, Label, LabelKind, Post, Site, Zone};
use crate::store::{Store, StoreError};
use crate::telegram::{
    File, Leaving, Message, Outcome, Outlet, Telegram, TelegramError, is_beyond_edit,
    is_thread_gone,
};
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
    /// Where the feeds are.
    pub published: Published,
    /// Reads a post again, for topics that are tried.
    pub reread: Reread,
    /// User ids of the admins.
    pub admins: Vec<i64>,
    /// The pace of the whole bot.
    pub pace: Arc<Pace>,
    /// The time.
    pub clock: Clock,
    /// The bot's name, without `@`.
    pub username: String,
    /// What is kept of people and chats while the bot runs.
    pub places: Places,
}

/// Where the feeds are, for people.
pub struct Published {
    /// Of each feed.
    pub addresses: Addresses,
    /// The format that is named first in the config.
    pub format: Format,
    /// The page of all feeds, or else the list of them for feed readers; `None` without both.
    pub all: Option<String>,
}

impl Published {
    /// The address of a feed.
    pub fn url(&self, follow: &Follow) -> String {
        self.addresses.url(follow, self.format)
    }
}

/// The post in a file, as the config reads it; `None` when the file cannot be read.
pub type Reread = Arc<dyn Fn(&str) -> Option<Post> + Send + Sync>;

/// What is kept of people and chats while the bot runs: all of it may be lost.
pub struct Places {
    /// The bot's user id.
    pub bot: i64,
    /// What Telegram said of members.
    pub members: Members,
    /// How much everybody may ask.
    pub limits: Limits,
    /// The most that a chat may follow.
    pub most_follows: usize,
    /// What happened.
    pub tally: Tally,
    /// Rules that buttons are about.
    pub drafts: Drafts,
    /// Texts that admins are about to send to everybody, by the key of the button.
    pub texts: Texts,
    /// The update under way whose number is not written yet; 0: none.
    pub under_way: AtomicI64,
}

impl Places {
    /// At the start, with `commands_per_minute` and `most_follows` of the config.
    pub fn new(commands_per_minute: u32, most_follows: usize) -> Self {
        Places {
            bot: 0,
            members: Members::default(),
            limits: Limits::new(commands_per_minute),
            most_follows,
            tally: Tally::default(),
            drafts: Drafts::default(),
            texts: Texts::default(),
            under_way: AtomicI64::new(0),
        }
    }
}

/// What happened since the start, for `/stats`.
#[derive(Debug, Default)]
pub struct Tally {
    /// Updates that were handled.
    pub updates: AtomicU64,
    /// Updates of kinds that this version does not know.
    pub unknown: AtomicU64,
    /// Updates that came a second time.
    pub repeated: AtomicU64,
    /// Commands and buttons that were passed over, because somebody asked too much.
    pub slowed: AtomicU64,
    /// Buttons that were not ours, or too old.
    pub forged: AtomicU64,
}

impl Tally {
    /// One more.
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Updates, unknown, repeated, slowed, forged.
    pub fn all(&self) -> [u64; 5] {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [
            of(&self.updates),
            of(&self.unknown),
            of(&self.repeated),
            of(&self.slowed),
            of(&self.forged),
        ]
    }
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

/// What goes out to a person.
enum Reply {
    Message(Message),
    File(File),
}

/// The catalog, opened for reading when it is first asked.
#[derive(Clone)]
pub struct Index {
    path: PathBuf,
    reader: Arc<Mutex<Option<Catalog>>>,
    naming: Arc<Naming>,
    finder: Arc<Mutex<Option<Versioned>>>,
}

/// Labels ready to be searched, and the version of the catalog's names that they were made of.
type Versioned = (String, Arc<Finder>);

/// What decides how labels are called.
pub struct Naming {
    /// The config's names and aliases.
    pub labels: Labels,
    /// Topics have titles.
    pub matcher: Arc<Matcher>,
    /// What the site is called.
    pub site: String,
}

impl Naming {
    /// Every label that can be followed, with all its names.
    fn known(&self, listed: Vec<Listed>) -> Vec<Known> {
        let mut old: HashMap<Label, Vec<String>> = HashMap::new();
        for target in self.labels.targets() {
            let names = self.labels.aliases_of(&target);
            let names = names.map(|label| label.name.clone()).collect();
            old.insert(target, names);
        }
        let followable = listed
            .into_iter()
            .filter(|listed| !self.labels.is_retired(&listed.follow));
        let known = followable.map(|Listed { follow, learnt, .. }| match &follow {
            Follow::Site => Known {
                title: self.site.clone(),
                others: vec!["site".into()],
                follow,
            },
            Follow::Label(label) => {
                let given = match label.kind {
                    LabelKind::Topic => self.matcher.title_of(&label.name),
                    _ => self.labels.name_of(label),
                };
                let title = given.map(str::to_owned).or(learnt);
                let mut others = old.remove(label).unwrap_or_default();
                others.push(label.name.clone());
                Known {
                    title: title.unwrap_or_else(|| label.name.clone()),
                    others,
                    follow,
                }
            }
        });
        known.collect()
    }
}

impl Index {
    /// An index at this path.
    pub fn new(path: PathBuf, naming: Naming) -> Self {
        Index {
            path,
            reader: Arc::default(),
            naming: Arc::new(naming),
            finder: Arc::default(),
        }
    }

    /// All labels, ready to be searched; made anew when labels came or got other names.
    ///
    /// # Errors
    /// The catalog's.
    pub async fn finder(&self) -> Result<Arc<Finder>, CommandError> {
        let (kept, naming) = (self.finder.clone(), self.naming.clone());
        self.ask(move |catalog| {
            let version = catalog.labels_version()?;
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((known, finder)) = kept.as_ref()
                && *known == version
            {
                return Ok(finder.clone());
            }
            let finder = Arc::new(Finder::new(naming.known(catalog.listing()?)));
            *kept = Some((version, finder.clone()));
            Ok(finder)
        })
        .await
    }

    /// What people call it, as far as is known without asking the catalog.
    fn title(&self, follow: &Follow) -> Option<String> {
        let kept = self.finder.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref()?.1.title(follow).map(str::to_owned)
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
    /// Writes down that the update under way was handled. Done before the first word about it goes out, and
    /// after its effects: a crash before repeats the update, whose effects may be repeated and of which nobody
    /// was told; a crash after costs the answer alone. So nobody is answered twice.
    ///
    /// # Errors
    /// The store's: then nothing is said, and the update comes again.
    pub async fn mark_handled(&self) -> Result<(), StoreError> {
        match self.places.under_way.load(Ordering::SeqCst) {
            0 => Ok(()),
            update => {
                crate::crash::point("before-handled-mark");
                self.store.set_update_offset(update + 1).await?;
                crate::crash::point("after-handled-mark");
                self.places.under_way.store(0, Ordering::SeqCst);
                Ok(())
            }
        }
    }

    /// Replaces a message of ours with a button that was pressed. One that cannot be changed any more, or is
    /// gone, is left: the answer comes as a new message.
    ///
    /// # Errors
    /// The store's and Telegram's.
    pub async fn edit(
        &self,
        chat: &ChatId,
        message_id: i64,
        message: &Message,
    ) -> Result<(), CommandError> {
        self.mark_handled().await?;
        match self.telegram.edit(chat, message_id, message).await {
            Err(TelegramError::Refused(why)) if is_beyond_edit(&why) => {
                self.reply(chat, message).await;
                Ok(())
            }
            done => Ok(done?),
        }
    }

    /// Sends a reply: past the outbox, since a lost answer to a person is asked for again, but within
    /// the pace of the bot.
    pub async fn reply(&self, chat: &ChatId, message: &Message) {
        self.hand_over(chat, Reply::Message(message.clone())).await;
    }

    /// Sends a file in the same way; `false` when the chat does not get it.
    pub async fn reply_with(&self, chat: &ChatId, file: File) -> bool {
        self.hand_over(chat, Reply::File(file)).await
    }

    async fn hand_over(&self, chat: &ChatId, mut reply: Reply) -> bool {
        if let Err(error) = self.mark_handled().await {
            tracing::error!(%error, "an update cannot be marked as handled; it is repeated later");
            return false;
        }
        for attempt in 0..2 {
            let now = self.clock.now();
            let (at, turn) = self.pace.take(now);
            if at > now {
                self.clock
                    .sleep(Duration::from_millis((at - now).unsigned_abs()))
                    .await;
            }
            let outcome = match &reply {
                Reply::Message(message) => {
                    let leaving = Leaving::noted_by(|| Ok(()));
                    self.telegram.send(chat, message, &leaving).await
                }
                Reply::File(file) => self.telegram.send_file(chat, file).await,
            };
            self.pace.answered(turn, self.clock.now());
            match outcome {
                Outcome::Sent { .. } => {
                    if let Err(error) = self.store.note_reply(chat, self.clock.now()).await {
                        tracing::warn!(%error, "the pace of a chat cannot be written");
                    }
                    return true;
                }
                Outcome::RetryAfter { seconds } if attempt == 0 && seconds <= 5 => {
                    self.clock.sleep(Duration::from_secs(seconds)).await;
                }
                Outcome::Refused { reason } if attempt == 0 && is_thread_gone(&reason) => {
                    match &mut reply {
                        Reply::Message(message) => message.thread = None,
                        Reply::File(file) => file.thread = None,
                    }
                }
                other => {
                    tracing::warn!(%chat, outcome = ?other, "a reply was not delivered");
                    return false;
                }
            }
        }
        false
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
            Follow::Label(label) => self
                .index
                .title(follow)
                .unwrap_or_else(|| label.name.clone()),
        }
    }

    /// The time zone of a chat.
    ///
    /// # Errors
    /// The store's.
    pub async fn zone_of(&self, chat: &ChatId) -> Result<Zone, StoreError> {
        let wishes = self.store.preferences(chat).await?;
        Ok(wishes.zone.unwrap_or(self.site.timezone))
    }

    /// The words of a chat's language.
    ///
    /// # Errors
    /// The store's.
    pub async fn words(&self, chat: &ChatId) -> Result<Words, StoreError> {
        let known = self.store.chat(chat).await?;
        Ok(Words::of(known.map(|row| row.language).as_deref()))
    }
}
