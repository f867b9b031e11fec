//! The daemon: watch, publish, serve, deliver, answer; until SIGINT or SIGTERM.
//! In: a setup. Out: nothing until it stops; then everything that was started has ended.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::setup::{AppError, Setup};
use super::watch::{self, Loop, Owed};
use super::{bot, discard_damaged};
use crate::bot::{Context, Index, Naming, Places};
use crate::http::{self, Health, Hook, Serving};
use crate::pipeline::{Progress, lock};
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
    let store = setup.open_store().await?;
    setup.subscribe_channels(store.as_ref()).await?;
    let stages = setup.stages()?;
    let derive = |first_seen| setup.derive(first_seen, progress.clone());
    let derived = match derive(store.first_seen().await?) {
        Err(error) if discard_damaged(&setup.config.catalog.path, &error) => {
            derive(store.first_seen().await?)?
        }
        derived => derived?,
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
    let address = serve(&setup, shelf, retired, hook, &health, &stop, &mut tasks).await?;

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
    watch::run(watching, stop.clone(), |round| {
        greet(&setup, address.as_deref(), round)
    })
    .await;
    stop.cancel();
    while tasks.join_next().await.is_some() {}
    store.close().await;
    Ok(disk_is_believed()?)
}

/// Starts the server; the address that it got, or nothing when it is off.
async fn serve(
    setup: &Setup,
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
    let listener = TcpListener::bind(address).await.map_err(refused)?;
    let got = listener.local_addr().map_err(refused)?;
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
    Ok(Some(format!("http://{got}")))
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
