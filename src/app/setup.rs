//! The parts, made from the config.
//! In: where the config lies. Out: checked settings, locks, the store, the outlet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::in_force::InForce;
use crate::catalog::{Ledger, Target};
use crate::config::{self, Config, ConfigError, Secret, Source, UnknownPolicy, WithdrawnPolicy};
use crate::delivery::plan::{Corrections, Rules};
use crate::delivery::{Clock, Policy, Sender, Terminal};
use crate::feeds::Addresses;
use crate::model::{ChatId, Follow, LabelKind, Problem, Severity, Site};
use crate::pipeline::{Derived, DerivedError, Patience, PipelineError, Planner, Progress};
use crate::push::{Book, Bucket, Hook, HubList, KEY_VARIABLES, Push, PushError, Stage};
use crate::store::{InstanceLock, LockError, SqliteStore, Store, StoreError, path_of};
use crate::telegram::{Outlet, Seal, Telegram, TelegramError};
use crate::topics::story;
use crate::topics::{self, Matcher, TopicError};

/// Milliseconds.
const HOUR: i64 = 3_600_000;

/// What keeps tagwire from doing its work.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The config's.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Another process works on the same files.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The derived half's.
    #[error(transparent)]
    Derived(#[from] DerivedError),
    /// The pipeline's.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// Telegram's.
    #[error(transparent)]
    Telegram(#[from] TelegramError),
    /// The program cannot start its threads or take signals.
    #[error("cannot start: {0}")]
    Start(std::io::Error),
    /// Feeds could not be written; the old ones are whole.
    #[error(
        "{files} files could not be written, the first is {path}: {why}; the old ones are whole, run again when that is mended"
    )]
    Write {
        /// How many.
        files: usize,
        /// The first.
        path: String,
        /// The system's words.
        why: String,
    },
    /// The feeds are written, but did not get everywhere.
    #[error(
        "the feeds are written, but {} did not get everything: {error}; the next run sends what is left",
        target.as_str()
    )]
    Push {
        /// Where.
        target: Target,
        /// Why.
        error: PushError,
    },
    /// The server cannot listen.
    #[error(
        "http.listen {address}: {source}; choose another address with --set http.listen=127.0.0.1:PORT, or none with --set http.listen="
    )]
    Listen {
        /// The address.
        address: String,
        /// The system's words.
        source: std::io::Error,
    },
}

impl AppError {
    /// The catalog is damaged: with a new one the same may succeed.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            AppError::Pipeline(PipelineError::Catalog(error))
            | AppError::Derived(DerivedError::Catalog(error)) => error.is_damage(),
            _ => false,
        }
    }
}

/// Checked settings and what is made of them once.
pub struct Setup {
    /// The config in force.
    pub config: Config,
    /// The site.
    pub site: Site,
    /// The topics.
    pub matcher: Arc<Matcher>,
    /// When posts of several sources are one story.
    pub stories: story::Rules,
    /// The files that all of this was read from.
    pub in_force: InForce,
    /// The clock.
    pub clock: Clock,
    token: Option<Secret>,
    is_output_data: bool,
    /// Nothing is said but errors.
    pub(super) is_quiet: bool,
}

impl Setup {
    /// Loads config, topics and token.
    ///
    /// # Errors
    /// What is wrong with them, with file, line and a way out.
    pub fn load(source: &Source) -> Result<Self, AppError> {
        let (setup, problems) = Setup::load_what_can_be(source)?;
        match problems.is_empty() {
            true => Ok(setup),
            false => Err(AppError::Config(ConfigError::of(problems))),
        }
    }

    /// The same for a command that only looks: topics that cannot be used are left out and told.
    ///
    /// # Errors
    /// What is wrong with config or token.
    pub fn load_what_can_be(source: &Source) -> Result<(Self, Vec<Problem>), AppError> {
        let in_force = InForce::begin(source);
        let config = config::load(source)?;
        let in_force = in_force.with_topics(&config.topics.dir);
        let site = config.site()?;
        let token = config::token(config.telegram.token_file.as_deref())
            .map_err(|error| error.placed(source))?;
        let (topics, errors) = topics::load_dir(&config.topics.dir);
        let dir = &config.topics.dir;
        if !dir.exists() && *dir != topics::Settings::default().dir {
            tracing::warn!(
                "topics.dir {} is not there: there are no topics",
                dir.display()
            );
        }
        let matcher = Matcher::new(topics)
            .map_err(|why| AppError::Config(ConfigError::new(format!("topics: {why}"))))?;
        let stories = story::Rules::new(&config.stories)
            .map_err(|why| AppError::Config(ConfigError::setting(why)))?;
        let setup = Setup {
            config,
            stories,
            site,
            in_force,
            matcher: Arc::new(matcher),
            clock: Clock::system(),
            token,
            is_output_data: false,
            is_quiet: false,
        };
        Ok((setup, errors.into_iter().map(problem).collect()))
    }

    /// Topics that chats of the config follow, and that there are not: what the chats wait for would never come.
    ///
    /// # Errors
    /// A chat of the config is none.
    pub fn unknown_topics(&self) -> Result<Vec<ConfigError>, AppError> {
        let mut errors = Vec::new();
        for (chat, follows) in self.config.channels()? {
            for follow in follows {
                if let Follow::Label(label) = &follow
                    && label.kind == LabelKind::Topic
                {
                    let dir = self.config.topics.dir.display();
                    let why = match self.matcher.topic(&label.name) {
                        None => format!("there is no such topic in {dir}"),
                        Some(topic) if topic.hidden => {
                            "that topic is hidden, so that nobody can follow it".to_owned()
                        }
                        Some(_) => continue,
                    };
                    let why = format!("{chat} follows {follow}, and {why}");
                    errors.push(ConfigError::key("telegram.channels", why));
                }
            }
        }
        Ok(errors)
    }

    /// Says nothing but errors from now on, if so.
    #[must_use]
    pub fn made_quiet(mut self, is_quiet: bool) -> Self {
        self.is_quiet = is_quiet;
        self
    }

    /// Messages without a token go to standard error where somebody reads standard output as data.
    pub fn with_output_for_data(mut self, is_output_data: bool) -> Self {
        self.is_output_data = is_output_data;
        self
    }

    /// Whether messages go to Telegram.
    pub fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Keeps others away from the catalog.
    ///
    /// # Errors
    /// Another process has it.
    pub fn lock_catalog(&self) -> Result<InstanceLock, AppError> {
        Ok(InstanceLock::take(&self.config.catalog.path)?)
    }

    /// Keeps others away from the store.
    ///
    /// # Errors
    /// Another process has it.
    pub fn lock_store(&self) -> Result<InstanceLock, AppError> {
        Ok(InstanceLock::take(&path_of(&self.config.store.url)?)?)
    }

    /// Whether the store of the config was made before.
    ///
    /// # Errors
    /// The address of the store is none.
    pub fn has_store(&self) -> Result<bool, AppError> {
        Ok(path_of(&self.config.store.url)?.exists())
    }

    /// Opens the store of the config.
    ///
    /// # Errors
    /// The store's.
    pub async fn open_store(&self) -> Result<Arc<dyn Store>, AppError> {
        Ok(Arc::new(
            SqliteStore::open(&path_of(&self.config.store.url)?).await?,
        ))
    }

    pub(super) fn derive(
        &self,
        first_seen: HashMap<String, i64>,
        patience: Patience,
        progress: Option<Progress>,
    ) -> Result<Arc<Mutex<Derived>>, AppError> {
        let matcher = self.matcher.clone();
        let derived = Derived::open(&self.config, matcher, first_seen, patience, progress);
        let derived = derived.map_err(|error| match error {
            DerivedError::Settings(why) => AppError::Config(ConfigError::setting(why)),
            other => AppError::Derived(other),
        })?;
        // A daemon goes on looking.
        if patience == Patience::OneShot {
            self.must_see_posts(&derived)?;
        }
        Ok(Arc::new(Mutex::new(derived)))
    }

    /// A folder of posts can be read, or the catalog knows posts of one that could.
    fn must_see_posts(&self, derived: &Derived) -> Result<(), AppError> {
        let roots = self.config.posts.roots();
        if roots.iter().any(|root| std::fs::read_dir(root).is_ok()) {
            return Ok(());
        }
        let counts = derived.catalog().counts().map_err(PipelineError::from)?;
        if counts.live + counts.waiting + counts.withdrawn > 0 {
            return Ok(());
        }
        let roots: Vec<String> = { roots.iter() }
            .map(|root| root.display().to_string())
            .collect();
        let why = format!(
            "there is no folder of posts that can be read at {}, and no post is known: nothing is published; make the folder, or name another one",
            roots.join(", ")
        );
        Err(AppError::Config(ConfigError::key("posts.dir", why)))
    }

    /// The targets of the config, checked; nothing is asked of them yet.
    pub(super) fn stages(&self) -> Result<Vec<Box<dyn Stage>>, AppError> {
        let publish = &self.config.publish;
        let mut stages: Vec<Box<dyn Stage>> = Vec::new();
        if let Some(s3) = &publish.s3 {
            let keys = KEY_VARIABLES.map(|name| {
                let text = std::env::var(name).ok();
                text.filter(|text| !text.is_empty()).map(Secret::new)
            });
            let bucket = Bucket::new(s3, keys, publish.dir.clone());
            let bucket = bucket.map_err(|why| ConfigError::key("publish.s3", why))?;
            stages.push(Box::new(bucket));
        }
        if let Some(line) = &publish.command {
            let timeout = Duration::from_secs(publish.command_timeout_seconds);
            let list = self.config.catalog.path.with_extension("changed");
            stages.push(Box::new(Hook::new(line.clone(), timeout, list)));
        }
        let hubs = self.config.feeds.hub.urls();
        if !hubs.is_empty() {
            let addresses = Addresses::new(&self.config.feeds, &self.site);
            let addresses = addresses.map_err(ConfigError::setting)?;
            let hubs = HubList::new(hubs, addresses);
            let hubs = hubs.map_err(|why| ConfigError::key("feeds.hub", why))?;
            stages.push(Box::new(hubs));
        }
        Ok(stages)
    }

    /// The targets with the book of the index, which must be open.
    pub(super) fn push(&self, stages: Vec<Box<dyn Stage>>) -> Result<Push, AppError> {
        let ledger = Ledger::open(&self.config.catalog.path).map_err(PipelineError::Catalog)?;
        Ok(Push {
            stages,
            book: Book::new(ledger),
        })
    }

    /// A run that ends looks once: it waits for no quiet after a change before it corrects what was sent.
    pub(super) fn planner(&self, store: Arc<dyn Store>, patience: Patience) -> Planner {
        let delivery = &self.config.delivery;
        let quiet = match patience {
            Patience::OneShot => 0,
            Patience::Daemon => i64::from(delivery.correct_after_seconds) * 1000,
        };
        let rules = Rules {
            burst_limit: delivery.burst_limit,
            max_age_days: delivery.max_age_days,
            corrections: Corrections {
                window: i64::from(delivery.correct_for_hours) * HOUR,
                quiet,
                keep_withdrawn: delivery.withdrawn == WithdrawnPolicy::Keep,
            },
        };
        let admins = match self.has_token() {
            true => self
                .config
                .telegram
                .admins
                .iter()
                .map(|id| ChatId::Id(*id))
                .collect(),
            false => vec![],
        };
        Planner::new(store, rules, self.stories.clone(), admins)
    }

    /// Telegram, if there is a token.
    ///
    /// # Errors
    /// The address of the API is none.
    pub fn telegram(&self) -> Result<Option<Telegram>, AppError> {
        let Some(token) = &self.token else {
            return Ok(None);
        };
        let settings = &self.config.telegram;
        let timeout = Duration::from_secs(settings.send_timeout_seconds);
        let telegram = Telegram::new(
            token.clone(),
            &settings.api_url,
            timeout,
            settings.poll_seconds,
        )?;
        Ok(Some(telegram))
    }

    /// Telegram with the store's seal on its buttons, if there is a token.
    ///
    /// # Errors
    /// The address of the API is none, or the store cannot be asked.
    pub async fn sealed_telegram(
        &self,
        store: &dyn Store,
    ) -> Result<Option<Arc<Telegram>>, AppError> {
        let Some(telegram) = self.telegram()? else {
            return Ok(None);
        };
        let seal = Seal::new(store.seal_key().await?);
        Ok(Some(Arc::new(telegram.sealed(seal))))
    }

    /// Where messages go. `None` when they must wait: the store holds the chats of a bot, but there is no
    /// token; printing them would lose them for the people who follow.
    pub(super) async fn outlet(
        &self,
        store: &dyn Store,
    ) -> Result<Option<Arc<dyn Outlet>>, AppError> {
        if let Some(telegram) = self.sealed_telegram(store).await? {
            return Ok(Some(telegram));
        }
        if store.bot().await?.is_some() {
            tracing::warn!(
                "this store belongs to a bot, but {} is not set: messages wait in the outbox, feeds go on",
                config::TOKEN_VARIABLE
            );
            return Ok(None);
        }
        Ok(Some(Arc::new(Terminal::new(self.is_output_data))))
    }

    /// What works the outbox off, by the rules of the config.
    pub fn sender(&self, store: Arc<dyn Store>, outlet: Arc<dyn Outlet>) -> Sender {
        let delivery = &self.config.delivery;
        Sender::new(
            store,
            outlet,
            self.clock.clone(),
            self.site.timezone,
            Policy {
                in_flight: self.config.telegram.in_flight,
                resend_unknown: delivery.unknown == UnknownPolicy::Resend,
                expire_after: i64::from(delivery.expire_hours) * HOUR,
                delete_withdrawn: delivery.withdrawn == WithdrawnPolicy::Delete,
                fold_above: i64::from(delivery.fold_above),
                fold_late_above: i64::from(delivery.fold_late_above),
            },
        )
    }
}

fn problem(error: TopicError) -> Problem {
    let message = error.told();
    Problem {
        path: error.path,
        line: error.line,
        column: error.column,
        severity: Severity::Skipped,
        kind: "bad-topic",
        message,
        help: error.help,
    }
}
