//! The sender on virtual time: the real store, the real client and the strict fake; hours pass in milliseconds.
//! In: readers, posts, faults. Out: what every reader has, in which order and how often.
//! When it ends, the program's logs, the database and all other files have been searched for the token.

use std::io::Write;
use std::sync::Arc;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tagwire::app::Setup;
use tagwire::config::Source;
use tagwire::delivery::{Clock, Sender, Step};
use tagwire::model::{ChatId, Follow, PostId, PostTime};
use tagwire::store::{Card, ChatRow, Decision, DeliveryFilter, DeliveryRow, Store};
use tagwire::telegram::Outlet;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::fake_telegram::{FakeTelegram, Sent};
use crate::world::World;

/// When the stories begin: 2026-09-21.
pub const NOW: i64 = 1_790_000_000_000;
pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
/// Nothing that can go out waits for longer.
const MONTH: i64 = 30 * 24 * HOUR;

pub struct Rig {
    pub clock: Clock,
    pub store: Arc<dyn Store>,
    setup: Setup,
    sender: Arc<Sender>,
    tasks: JoinSet<()>,
    runtime: Runtime,
    posts: usize,
    world: World,
    _secret: tempfile::TempDir,
}

impl Rig {
    /// A world in which the fake is reached directly.
    pub fn new() -> Self {
        Self::behind(None, "")
    }

    /// A world with more config, and perhaps with something between the program and the fake.
    pub fn behind(address: Option<&dyn Fn(&FakeTelegram) -> String>, config: &str) -> Self {
        watch_the_logs();
        let world = World::new().with_telegram().config(config);
        world.telegram().forgive_unread();
        let secret = tempfile::tempdir().unwrap();
        let token = secret.path().join("token");
        std::fs::write(&token, world.telegram().token()).unwrap();
        let url = address.map_or_else(|| world.telegram().url(), |of| of(world.telegram()));
        let path = |name: &str| world.path(name).display().to_string();
        let source = Source {
            path: Some(world.path("config/tagwire.yaml")),
            set: vec![
                format!("store.url=sqlite:{}", path("var/store.db")),
                format!("topics.dir={}", path("config/topics")),
                format!("telegram.token_file={}", token.display()),
                format!("telegram.api_url={url}"),
            ],
        };
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        let mut setup = Setup::load(&source).unwrap();
        setup.clock = Clock::held_at(NOW);
        let store = runtime.block_on(setup.open_store()).unwrap();
        let sender = runtime.block_on(begin(&setup, &store));
        Self {
            clock: setup.clock.clone(),
            store,
            setup,
            sender,
            tasks: JoinSet::new(),
            runtime,
            posts: 0,
            world,
            _secret: secret,
        }
    }

    pub fn telegram(&self) -> &FakeTelegram {
        self.world.telegram()
    }

    /// These chats follow the site: people, and supergroups where the id is negative.
    pub fn readers(&self, chats: &[i64]) {
        for chat in chats {
            if *chat > 0 {
                self.telegram().add_user(*chat, "Li", "zh-hans");
                self.telegram().user_starts(*chat);
            } else if *chat > -1_000_000_000_000 {
                self.telegram().add_group(*chat, "群");
            } else {
                self.telegram().add_supergroup(*chat, "群");
            }
            self.meet(*chat);
            let (id, now) = (ChatId::Id(*chat), self.clock.now());
            let follow = self.store.follow(&id, &Follow::Site, now);
            self.runtime.block_on(follow).unwrap();
        }
    }

    /// The chat wrote to the bot.
    pub fn meet(&self, chat: i64) {
        let row = ChatRow {
            chat: ChatId::Id(chat),
            kind: if chat > 0 { "private" } else { "supergroup" }.into(),
            title: String::new(),
            language: "zh".into(),
            suspended: None,
        };
        let meet = self.store.meet(&row, self.clock.now());
        self.runtime.block_on(meet).unwrap();
    }

    /// Announces so many new posts.
    pub fn announce(&mut self, count: usize) {
        let decided: Vec<(Card, Decision)> = (self.posts + 1..=self.posts + count)
            .map(|number| (card(number, self.clock.now()), Decision::Announce))
            .collect();
        self.posts += count;
        let announce = self.store.announce(&decided, self.clock.now());
        self.runtime.block_on(announce).unwrap();
    }

    /// Lets the sender work for so many milliseconds of its own clock.
    pub fn pass(&mut self, millis: i64) {
        let end = self.clock.now() + millis;
        let (sender, tasks, clock) = (&self.sender, &mut self.tasks, &self.clock);
        let telegram = self.world.telegram();
        self.runtime.block_on(async {
            loop {
                match sender.step(tasks).await.unwrap() {
                    Step::Started => {}
                    Step::Idle(_) if tasks.is_empty() && clock.now() >= end => return,
                    Step::Idle(due) if tasks.is_empty() => {
                        let now = clock.now();
                        let next = due.unwrap_or(end).clamp(now + 1, end);
                        clock.advance(next - now);
                        telegram.pass(Duration::from_millis((next - now).unsigned_abs()));
                    }
                    _ => {
                        tasks.join_next().await;
                    }
                }
            }
        });
    }

    /// Another way out from now on.
    pub fn with_outlet(&mut self, outlet: Arc<dyn Outlet>) {
        self.sender = Arc::new(self.setup.sender(self.store.clone(), outlet));
    }

    /// The sender's next step; waits of less than a second pass.
    pub fn step(&mut self) -> Step {
        loop {
            let step = self.sender.step(&mut self.tasks);
            let step = self.runtime.block_on(step).unwrap();
            let now = self.clock.now();
            match step {
                Step::Idle(Some(due)) if due < now + SECOND => self.clock.advance(due - now),
                step => return step,
            }
        }
    }

    /// Waits until a message that is under way has its fate.
    pub fn one_ends(&mut self) {
        let ended = self.runtime.block_on(self.tasks.join_next());
        ended.expect("one under way").unwrap();
    }

    /// Lets the sender work until nothing is open; how many milliseconds that took.
    pub fn work_off(&mut self) -> i64 {
        let begin = self.clock.now();
        loop {
            self.pass(SECOND);
            match self.runtime.block_on(self.store.next_due()).unwrap() {
                None => return self.clock.now() - begin,
                Some(due) => {
                    let wait = due - self.clock.now();
                    assert!(wait < MONTH, "a row waits for {wait} ms");
                    assert!(
                        self.clock.now() - begin < MONTH,
                        "never worked off: {:#?}",
                        self.rows(Some("pending"))
                    );
                    self.pass(wait.max(1));
                }
            }
        }
    }

    /// Ends the sender as SIGTERM does, and begins with another one.
    pub fn restart(&mut self) {
        self.pass(0);
        self.sender = self.runtime.block_on(begin(&self.setup, &self.store));
    }

    /// Rows of the outbox in this state, or all of them, oldest first.
    pub fn rows(&self, state: Option<&str>) -> Vec<DeliveryRow> {
        let filter = DeliveryFilter {
            state: state.map(str::to_owned),
            limit: i64::MAX,
            ..DeliveryFilter::default()
        };
        let rows = self.runtime.block_on(self.store.deliveries(&filter));
        let mut rows = rows.unwrap();
        rows.reverse();
        rows
    }

    /// Why nothing is sent to a chat, if so.
    pub fn suspended(&self, chat: i64) -> Option<String> {
        let chat = self.runtime.block_on(self.store.chat(&ChatId::Id(chat)));
        chat.unwrap().and_then(|chat| chat.suspended)
    }

    /// Sends that were tried to a chat, whatever became of them.
    pub fn tries(&self, chat: i64) -> usize {
        let sends = self.telegram().requests("sendMessage").into_iter();
        sends
            .filter(|entry| entry.params["chat_id"] == chat)
            .count()
    }

    /// Requests that were answered 429.
    pub fn refused(&self) -> usize {
        let journal = self.telegram().journal().into_iter();
        let answers = journal.filter_map(|entry| entry.answer);
        answers.filter(|answer| answer["error_code"] == 429).count()
    }

    /// The numbers of the posts that a chat was told of, in the order of its messages.
    pub fn told(&self, chat: i64) -> Vec<usize> {
        let messages = self.telegram().messages(chat);
        messages.iter().flat_map(numbers).collect()
    }

    /// Each of these posts came to each of these chats, in order; twice only where a row says that its fate was
    /// unknown, and never three times. How many came twice.
    pub fn arrived(&self, chats: &[i64], posts: std::ops::RangeInclusive<usize>) -> usize {
        let rows = self.rows(None);
        let mut doubled = 0;
        for chat in chats {
            let told = self.told(*chat);
            let mut last = None;
            for number in posts.clone() {
                let at: Vec<usize> = (0..told.len()).filter(|at| told[*at] == number).collect();
                assert!(!at.is_empty(), "post {number} never came to {chat}");
                assert!(at.len() <= 2, "post {number} came {} times", at.len());
                assert!(
                    last < Some(at[0]),
                    "post {number} came to {chat} out of order"
                );
                last = Some(at[0]);
                if at.len() == 2 {
                    doubled += 1;
                    let post = PostId::new(name(number));
                    let row = rows
                        .iter()
                        .find(|row| row.post == post && row.chat == ChatId::Id(*chat));
                    assert!(
                        row.is_some_and(|row| row.unknowns > 0),
                        "post {number} came twice to {chat} for no reason"
                    );
                }
            }
        }
        doubled
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.runtime.block_on(self.store.close());
        if !std::thread::panicking() {
            assert_eq!(LEAKS.load(Ordering::SeqCst), 0, "the token is in a log");
        }
    }
}

async fn begin(setup: &Setup, store: &Arc<dyn Store>) -> Arc<Sender> {
    let telegram = setup
        .sealed_telegram(store.as_ref())
        .await
        .unwrap()
        .expect("a token");
    let sender = Arc::new(setup.sender(store.clone(), telegram));
    sender.recover().await.unwrap();
    sender
}

fn name(number: usize) -> String {
    format!("/demo/2026/09/21/n{number:05}")
}

fn card(number: usize, now: i64) -> Card {
    let name = name(number);
    Card {
        url: format!("http://news.example.cn{name}.html"),
        post: PostId::new(name),
        title: format!("第{number:05}号消息"),
        summary: "今天通报抽检结果。".into(),
        source: None,
        published: PostTime::from_parts(now / 1000, 8 * 3600).unwrap(),
        categories: vec!["demo".into()],
        tags: Vec::new(),
        topics: Vec::new(),
        rules: Vec::new(),
        also: Vec::new(),
    }
}

/// The posts that a message tells of: an alert of one, a digest of many.
fn numbers(sent: &Sent) -> Vec<usize> {
    let pieces = sent.text.split('第').skip(1);
    pieces
        .filter_map(|piece| piece.split_once("号消息"))
        .filter_map(|(number, _)| number.parse().ok())
        .collect()
}

static LEAKS: AtomicUsize = AtomicUsize::new(0);

/// Searches whatever any in-process story logs, on all levels, for the token.
fn watch_the_logs() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let words = "trace,sqlx=info,h2=info,hyper=debug,hyper_util=debug";
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::new(words))
            .with_writer(|| Search)
            .finish();
        let _ = tracing::subscriber::set_global_default(subscriber);
    });
}

struct Search;

impl Write for Search {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if String::from_utf8_lossy(bytes).contains(crate::fake_telegram::SECRET) {
            LEAKS.fetch_add(1, Ordering::SeqCst);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
