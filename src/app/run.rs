//! The daemon: watch, publish, serve, deliver, answer; until SIGINT or SIGTERM.
//! In: a setup. Out: nothing until it stops; then everything that was started has ended. A damaged catalog ends it too,
//! and it starts again with a new one: what a start does for an empty catalog need not be done in a second way.

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::setup::{AppError, Setup};
use super::watch::{self, Loop, Owed};
use super::{bot, discard_damaged, known_labels};
use crate::bot::{Context, Index, Naming, Places, Source};
use crate::delivery::Pace;
use crate::http::{self, Health, Hook, Serving};
use crate::model::{Follow, counted};
use crate::pipeline::{Derived, Patience, Progress, lock};
use crate::store::{Store, disk_failed, disk_is_believed};
use crate::telegram::Telegram;

/// Runs until `stop`.
///
/// # Errors
/// What keeps it from starting. Later faults are told and survived.
pub async fn run(
    setup: Setup,
    progress: Option<Progress>,
    stop: CancellationToken,
) -> Result<(), AppError> {
    let _locks = (setup.lock_catalog()?, setup.lock_store()?);
    let mut door = None;
    let mut healed: Option<Instant> = None;
    loop {
        let ended = run_locked(&setup, &mut door, progress.clone(), stop.child_token()).await;
        match ended {
            // Damaged again so soon, a new catalog mends nothing.
            Err(error)
                if healed.is_none_or(|at| at.elapsed() > AGAIN)
                    && discard_damaged(&setup.config.catalog.path, &error) =>
            {
                healed = Some(Instant::now());
            }
            ended => return ended,
        }
    }
}

/// How long a new catalog has to last.
const AGAIN: Duration = Duration::from_secs(60);

/// Runs until `stop`, or until the catalog turns out to be damaged.
async fn run_locked(
    setup: &Setup,
    door: &mut Option<Door>,
    progress: Option<Progress>,
    stop: CancellationToken,
) -> Result<(), AppError> {
    let store = setup.open_store().await?;
    setup.subscribe_channels(store.as_ref()).await?;
    let stages = setup.stages()?;
    let first_seen = store.first_seen().await?;
    let derived = match setup.derive(first_seen, Patience::Daemon, progress) {
        Ok(derived) => derived,
        Err(error) => {
            store.close().await;
            return Err(error);
        }
    };
    let health = Health::default();
    let mut tasks = JoinSet::new();
    let (failed, stopped) = (disk_failed(), stop.clone());
    tasks.spawn(async move {
        tokio::select! {
            () = failed.cancelled() => stopped.cancel(),
            () = stopped.cancelled() => {}
        }
    });

    // The feeds of the last run are served while the posts are looked at.
    let (source, hook) = setup.source(store.as_ref()).await?;
    let mut address = None;
    if let Some((listener, at)) = answer(setup.config.http.listen.trim(), door)? {
        let serving = serving(setup, &lock(&derived), &health, hook);
        let stopped = stop.clone().cancelled_owned();
        tasks.spawn(http::serve(listener, serving, stopped));
        address = Some(at);
    }

    let bell = setup.push(stages)?.start(&mut tasks, &stop);
    let wake = start_messages(setup, &store, source, &stop, &mut tasks).await?;
    let index = derived.clone();
    let watching = Loop {
        derived,
        planner: setup.planner(store.clone(), Patience::Daemon),
        wake,
        bell,
        health,
        clock: setup.clock.clone(),
        settings: setup.config.posts.clone(),
        in_force: setup.in_force.clone(),
        owed: Owed::default(),
    };
    let watched = watch::run(watching, stop.clone(), |round| {
        if let Ok(known) = known_labels(&index) {
            setup.warn_of_unknown_labels(&known);
        }
        if !setup.is_quiet {
            greet(setup, address.as_deref(), round);
        }
    })
    .await;
    stop.cancel();
    while tasks.join_next().await.is_some() {}
    store.close().await;
    disk_is_believed()?;
    watched
}

/// Starts what sends messages and, with a token, the bot. What rings when there is something to send; `None` where
/// messages have to wait.
async fn start_messages(
    setup: &Setup,
    store: &Arc<dyn Store>,
    source: Source,
    stop: &CancellationToken,
    tasks: &mut JoinSet<()>,
) -> Result<Option<Arc<Notify>>, AppError> {
    let Some(outlet) = setup.outlet(store.as_ref()).await? else {
        return Ok(None);
    };
    let sender = Arc::new(setup.sender(store.clone(), outlet));
    sender.recover().await?;
    let (wake, pace) = (sender.wake(), sender.pace());
    tasks.spawn(sender.run(stop.clone()));
    if let Some(telegram) = setup.sealed_telegram(store.as_ref()).await? {
        let context = context(setup, telegram, store.clone(), pace)?;
        let channels = setup.config.channels()?;
        let quiet = setup.is_quiet;
        tasks.spawn(bot::start(context, source, channels, quiet, stop.clone()));
    }
    Ok(Some(wake))
}

/// What the bot answers from.
fn context(
    setup: &Setup,
    telegram: Arc<Telegram>,
    store: Arc<dyn Store>,
    pace: Arc<Pace>,
) -> Result<Context, AppError> {
    let naming = Naming {
        labels: setup.config.labels()?,
        matcher: setup.matcher.clone(),
        site: setup.site.title.clone(),
    };
    let settings = &setup.config.telegram;
    Ok(Context {
        telegram,
        store,
        index: Index::new(setup.config.catalog.path.clone(), naming),
        matcher: setup.matcher.clone(),
        site: setup.site.clone(),
        published: setup.published()?,
        reread: setup.reread()?,
        admins: settings.admins.clone(),
        pace,
        clock: setup.clock.clone(),
        username: String::new(),
        places: Places::new(settings.commands_per_minute, settings.most_follows),
    })
}

/// Where requests come in. Kept open while a damaged catalog is made anew: they wait and are not refused.
struct Door {
    listener: TcpListener,
    address: String,
}

impl Door {
    fn open(address: &str) -> std::io::Result<Door> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = format!("http://{}", listener.local_addr()?);
        Ok(Door { listener, address })
    }

    fn listener(&self) -> std::io::Result<tokio::net::TcpListener> {
        tokio::net::TcpListener::from_std(self.listener.try_clone()?)
    }
}

/// Opens the door, or goes on with the one that is open: who listens, and at which address. `None` when there is to be
/// no server.
fn answer(
    address: &str,
    door: &mut Option<Door>,
) -> Result<Option<(tokio::net::TcpListener, String)>, AppError> {
    if address.is_empty() {
        return Ok(None);
    }
    let refused = |source| AppError::Listen {
        address: address.to_owned(),
        source,
    };
    let open = match door.take() {
        Some(open) => open,
        None => Door::open(address).map_err(refused)?,
    };
    let open = door.insert(open);
    let listener = open.listener().map_err(refused)?;
    Ok(Some((listener, open.address.clone())))
}

/// What the server is made of.
fn serving(setup: &Setup, derived: &Derived, health: &Health, hook: Option<Hook>) -> Serving {
    Serving {
        shelf: derived.shelf(),
        health: health.clone(),
        site: setup.site.clone(),
        address: derived.addresses().base().to_owned(),
        index: derived.addresses().index_file().map(str::to_owned),
        hubs: setup.config.feeds.hub.urls().to_vec(),
        retired: derived.retired_files(),
        access_log: setup.config.http.access_log,
        hook,
    }
}

/// What a person sees when everything is up.
fn greet(setup: &Setup, address: Option<&str>, counts: crate::catalog::Counts) {
    let mut lines = vec![format!(
        "tagwire {}: {}, {}, {}{}",
        env!("CARGO_PKG_VERSION"),
        counted(counts.live, "post"),
        counted(counts.labels, "label"),
        counted(counts.problems, "problem"),
        match counts.problems {
            0 => "",
            1 => " (tagwire check shows it)",
            _ => " (tagwire check shows them)",
        },
    )];
    if let Some(address) = address {
        let has_feeds = !setup.config.feeds.formats.is_empty();
        let site_feed = setup.published().ok().filter(|_| has_feeds);
        let site_feed = site_feed.map(|published| {
            let file = published.addresses.file(&Follow::Site, published.format);
            format!(" (site feed {address}/{file})")
        });
        lines.push(format!(
            "feeds at {address}/{}",
            site_feed.unwrap_or_default()
        ));
    }
    let folder = setup.config.posts.roots();
    let folder = folder
        .first()
        .map_or("posts".into(), |root| root.display().to_string());
    if setup.has_token() {
        lines.push("messages go to Telegram".to_owned());
    } else {
        lines.push(
            "messages go to this terminal (set TAGWIRE_TELEGRAM_TOKEN to run the bot)".to_owned(),
        );
    }
    let today =
        crate::model::time::in_zone(chrono::Utc::now(), setup.site.timezone).format("%Y-%m-%d");
    lines.push(format!("try next: drop a post into {folder}/, for example"));
    lines.push(format!(
        "  printf -- '---\\ntitle: 市场监管总局通报抽检结果\\ncategories: demo\\ntags: 演示\\n---\\n市场监管总局今天通报食品安全抽检结果。\\n' > {folder}/{today}-hello.md"
    ));
    say(&lines.join("\n"));
}

/// A line for people; a closed pipe is no reason to stop.
pub(super) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
