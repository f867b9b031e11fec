//! The daemon: watch, publish, serve, deliver, answer; until SIGINT or SIGTERM.
//! In: a setup. Out: nothing until it stops; then everything that was started has ended. A damaged catalog ends it too,
//! and it starts again with a new one: what a start does for an empty catalog need not be done in a second way.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::setup::{AppError, Setup};
use super::watch::{self, Loop, Owed};
use super::{bot, discard_damaged};
use crate::bot::{Context, Index, Naming, Places};
use crate::http::{self, Health, Hook, Serving};
use crate::pipeline::{Patience, Progress, lock};
use crate::store::{disk_failed, disk_is_believed};

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
    let shelf = lock(&derived).shelf();
    let retired = lock(&derived).retired_files();
    let (source, hook) = setup.source(store.as_ref()).await?;
    let address = serve(
        setup, door, shelf, retired, hook, &health, &stop, &mut tasks,
    )?;

    let bell = setup.push(stages)?.start(&mut tasks, &stop);
    let outlet = setup.outlet(store.as_ref()).await?;
    let telegram = setup.sealed_telegram(store.as_ref()).await?;
    let mut wake = None;
    let mut pace = None;
    if let Some(outlet) = outlet {
        let sender = Arc::new(setup.sender(store.clone(), outlet));
        sender.recover().await?;
        wake = Some(sender.wake());
        pace = Some(sender.pace());
        tasks.spawn(sender.run(stop.clone()));
    }
    if let (Some(telegram), Some(pace)) = (telegram, pace) {
        let context = Context {
            telegram,
            store: store.clone(),
            index: Index::new(
                setup.config.catalog.path.clone(),
                Naming {
                    labels: setup.config.labels()?,
                    matcher: setup.matcher.clone(),
                    site: setup.site.title.clone(),
                },
            ),
            matcher: setup.matcher.clone(),
            site: setup.site.clone(),
            published: setup.published()?,
            reread: setup.reread()?,
            admins: setup.config.telegram.admins.clone(),
            pace,
            clock: setup.clock.clone(),
            username: String::new(),
            places: Places::new(
                setup.config.telegram.commands_per_minute,
                setup.config.telegram.most_follows,
            ),
        };
        let channels = setup.config.channels()?;
        tasks.spawn(bot::start(context, source, channels, stop.clone()));
    }
    let watching = Loop {
        derived,
        planner: setup.planner(store.clone()),
        wake,
        bell,
        health,
        clock: setup.clock.clone(),
        settings: setup.config.posts.clone(),
        owed: Owed::default(),
    };
    let watched = watch::run(watching, stop.clone(), |round| {
        greet(setup, address.as_deref(), round)
    })
    .await;
    stop.cancel();
    while tasks.join_next().await.is_some() {}
    store.close().await;
    disk_is_believed()?;
    watched
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

/// Starts the server; the address that it got, or nothing when it is off.
#[expect(clippy::too_many_arguments, reason = "wiring")]
fn serve(
    setup: &Setup,
    door: &mut Option<Door>,
    shelf: http::Shelf,
    retired: BTreeSet<String>,
    hook: Option<Hook>,
    health: &Health,
    stop: &CancellationToken,
    tasks: &mut JoinSet<()>,
) -> Result<Option<String>, AppError> {
    let address = setup.config.http.listen.trim();
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
    let serving = Serving {
        shelf,
        health: health.clone(),
        site: setup.site.clone(),
        hubs: setup.config.feeds.hub.urls().to_vec(),
        retired,
        access_log: setup.config.http.access_log,
        hook,
    };
    let stopped = stop.clone().cancelled_owned();
    tasks.spawn(http::serve(listener, serving, stopped));
    Ok(Some(open.address.clone()))
}

/// What a person sees when everything is up.
fn greet(setup: &Setup, address: Option<&str>, counts: crate::catalog::Counts) {
    let mut lines = vec![format!(
        "tagwire {}: {} posts, {} labels, {} problems{}",
        env!("CARGO_PKG_VERSION"),
        counts.live,
        counts.labels,
        counts.problems,
        if counts.problems > 0 {
            " (tagwire check shows them)"
        } else {
            ""
        },
    )];
    if let Some(address) = address {
        lines.push(format!(
            "feeds at {address}/ (site feed {address}/feed.xml)"
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
