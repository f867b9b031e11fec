//! The machine: folders, room on the disks, limits of watches, the catalog, the store and its lock.
//! In: the config. Out: findings.

use std::fs;
use std::path::{Path, PathBuf};

use super::Finding;
use crate::app::Setup;
use crate::catalog::Catalog;
use crate::model::counted;
use crate::model::time::in_site;
use crate::store::{self, InstanceLock, LockError, StoreCounts, StoreError, path_of};

/// Bytes that a disk should have, and must have.
const ROOM: u64 = 1 << 30;
const LEAST_ROOM: u64 = 100 << 20;
/// Files that a disk must still take.
const LEAST_FILES: u64 = 1_000;
/// Milliseconds after which a message that waits is worth a word.
const LONG: i64 = 3_600_000;

pub async fn look(setup: &Setup) -> Vec<Finding> {
    let config = &setup.config;
    let mut findings = Vec::new();
    for root in config.posts.roots() {
        findings.push(posts(&root));
    }
    findings.extend(setup.has_token().then(|| site(&setup.site.url)));
    findings.push(writable("publish", &config.publish.dir, "publish.dir"));
    findings.push(watches(&config.posts.roots()));
    if let Some(file) = &config.telegram.token_file {
        findings.push(token_file(file));
    }
    let store = path_of(&config.store.url);
    let mut disks: Vec<(&'static str, PathBuf)> = vec![
        ("publish", config.publish.dir.clone()),
        ("catalog", config.catalog.path.clone()),
    ];
    if let Ok(path) = &store {
        disks.insert(0, ("store", path.clone()));
    }
    findings.extend(rooms(&disks));
    let var = folder_of(&config.catalog.path);
    findings.push(writable("catalog", &var, "catalog.path"));
    findings.push(catalog(&config.catalog.path));
    match store {
        Ok(path) => {
            // What was said of one folder is said.
            let beside = folder_of(&path);
            let other = (beside != var).then(|| writable("store", &beside, "store.url"));
            findings.extend(other);
            findings.extend(database(setup, &path).await);
        }
        Err(error) => findings.push(Finding::wrong(
            "store",
            error.to_string(),
            "change store.url",
        )),
    }
    findings
}

/// Whether links in messages lead anywhere.
fn site(address: &str) -> Finding {
    let host = url::Url::parse(address);
    let is_own = match host.as_ref().ok().and_then(url::Url::host) {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unspecified(),
        None => false,
    };
    if is_own {
        return Finding::doubtful(
            "site",
            format!("site.url is {address}: links in messages lead readers to their own machine"),
            "set site.url to the address at which readers find the posts",
        );
    }
    Finding::fine("site", format!("links in messages begin with {address}"))
}

fn posts(root: &Path) -> Finding {
    match fs::read_dir(root) {
        Ok(_) => Finding::fine("posts", format!("{} can be read", root.display())),
        Err(error) => Finding::wrong(
            "posts",
            format!("{}: {error}", root.display()),
            "make the folder, name another in posts.dir, or let the user of tagwire read it",
        ),
    }
}

fn catalog(path: &Path) -> Finding {
    let shown = path.display();
    let found = fs::metadata(path);
    if found.map_or(true, |found| found.is_file() && found.len() == 0) {
        let found = format!("{shown} is not there yet; the first build makes it");
        return Finding::passed("catalog", found);
    }
    match Catalog::sound(path) {
        Ok(posts) => Finding::fine(
            "catalog",
            format!("{shown} is sound and knows {}", counted(posts, "post")),
        ),
        Err(error) => {
            let mend = match error.is_damage() {
                true => {
                    "stop tagwire and delete the file: the next start makes it anew from the posts"
                }
                false => {
                    "let the user of tagwire read and write the file, or name another in catalog.path"
                }
            };
            Finding::doubtful("catalog", error.to_string().replace('\n', " "), mend)
        }
    }
}

/// The folder that a database and the files beside it are in.
fn folder_of(database: &Path) -> PathBuf {
    let folder = database
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_owned()
}

/// A file is made and taken away again, in the folder or in what is there of the way to it.
fn writable(check: &'static str, folder: &Path, key: &str) -> Finding {
    let there = { folder.ancestors() }.find(|path| path.exists() && !path.as_os_str().is_empty());
    let there = there.unwrap_or(Path::new("."));
    let probe = there.join(format!(".tagwire-doctor-{}", std::process::id()));
    let tried = fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe));
    match tried {
        Ok(()) => Finding::fine(check, format!("{} can be written", folder.display())),
        Err(error) => Finding::wrong(
            check,
            format!("{}: {error}", folder.display()),
            format!("let the user of tagwire write there, or name another place in {key}"),
        ),
    }
}

/// The folder, or what is there of the way to it.
fn nearest(path: &Path) -> PathBuf {
    let existing = path.ancestors().find(|path| path.is_dir());
    match existing.filter(|path| !path.as_os_str().is_empty()) {
        Some(path) => path.to_owned(),
        None => PathBuf::from("."),
    }
}

/// Room, once for each disk.
fn rooms(places: &[(&'static str, PathBuf)]) -> Vec<Finding> {
    let mut seen = Vec::new();
    let mut findings = Vec::new();
    for (what, path) in places {
        let folder = nearest(path);
        let Ok(disk) = rustix::fs::statvfs(&folder) else {
            findings.push(Finding::passed(
                "disk",
                format!("{}: unknown", folder.display()),
            ));
            continue;
        };
        if seen.contains(&disk.f_fsid) {
            continue;
        }
        seen.push(disk.f_fsid);
        let bytes = disk.f_bavail.saturating_mul(disk.f_frsize);
        // Some file systems count no files.
        let files = if disk.f_files == 0 {
            u64::MAX
        } else {
            disk.f_favail
        };
        let found = format!("{} MB free where {what} lies", bytes >> 20);
        let mend = "make room; when it is full feeds stay as they are, and messages wait";
        findings.push(match () {
            () if files < LEAST_FILES => Finding::wrong(
                "disk",
                format!("{files} files may still be made where {what} lies"),
                mend,
            ),
            () if bytes < LEAST_ROOM => Finding::wrong("disk", found, mend),
            () if bytes < ROOM => Finding::doubtful("disk", found, mend),
            () => Finding::fine("disk", found),
        });
    }
    findings
}

/// Whether the system lets every folder of posts be watched.
fn watches(roots: &[PathBuf]) -> Finding {
    let limit = |name: &str| -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/sys/fs/inotify/{name}")).ok()?;
        text.trim().parse().ok()
    };
    let (Some(most), Some(instances)) = (limit("max_user_watches"), limit("max_user_instances"))
    else {
        return Finding::passed(
            "watching",
            "no inotify here: posts are looked at every posts.poll_seconds",
        );
    };
    let entries = roots.iter().flat_map(walkdir::WalkDir::new).flatten();
    let folders = entries.filter(|entry| entry.file_type().is_dir()).count() as u64;
    let found =
        format!("{folders} folders to watch, {most} watches and {instances} watchers allowed");
    if folders.saturating_mul(2) > most || instances < 2 {
        return Finding::doubtful(
            "watching",
            found,
            "sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512; until then posts are polled",
        );
    }
    Finding::fine("watching", found)
}

/// A token that others on the machine can read is theirs too.
fn token_file(file: &Path) -> Finding {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(file).map(|meta| meta.permissions().mode());
    match mode {
        Ok(mode) if mode & 0o077 != 0 => Finding::doubtful(
            "token file",
            format!(
                "{} can be read by others (mode {:o})",
                file.display(),
                mode & 0o777
            ),
            format!("chmod 600 {}", file.display()),
        ),
        Ok(_) => Finding::fine("token file", format!("{} is private", file.display())),
        Err(error) => Finding::wrong(
            "token file",
            format!("{}: {error}", file.display()),
            "name the file in telegram.token_file",
        ),
    }
}

async fn database(setup: &Setup, path: &Path) -> Vec<Finding> {
    if !path.exists() {
        let is_locked = InstanceLock::file_of(path).exists();
        if let Some(Err(LockError::Taken { owner, .. })) =
            is_locked.then(|| InstanceLock::take(path))
        {
            let found = format!(
                "process {owner} works on {}, and the file is gone",
                path.display()
            );
            let mend = "stop it, and restore a backup: what it writes now is lost with its end";
            return vec![Finding::wrong("store", found, mend)];
        }
        let found = format!(
            "{} is not there yet; the first start makes it",
            path.display()
        );
        return vec![Finding::passed("store", found)];
    }
    let mut findings = Vec::new();
    match InstanceLock::take(path) {
        Ok(_) => findings.push(Finding::fine("lock", "no tagwire is running on this store")),
        Err(LockError::Taken { owner, .. }) => {
            let found = format!("process {owner} is running on this store");
            findings.push(Finding::fine("lock", found));
            findings.extend(in_force(setup, path, &owner));
        }
        Err(error) => findings.push(Finding::wrong(
            "lock",
            error.to_string(),
            "let the user of tagwire write there",
        )),
    }
    findings.push(integrity(path, store::sound(path).await, setup));
    findings
}

/// Whether the running tagwire works by the config and topics that are there: it wrote its lock when it started.
fn in_force(setup: &Setup, store: &Path, owner: &str) -> Option<Finding> {
    let lock = fs::metadata(InstanceLock::file_of(store));
    let start = lock.and_then(|lock| lock.modified()).ok()?;
    let younger = setup.in_force.younger_than(start);
    if younger.is_empty() {
        let found = format!("process {owner} works by the config and topics that are there");
        return Some(Finding::fine("in force", found));
    }
    let files: Vec<String> = { younger.iter() }
        .map(|path| path.display().to_string())
        .collect();
    Some(Finding::doubtful(
        "in force",
        format!(
            "{} changed since process {owner} started: it works by what was there",
            files.join(", ")
        ),
        "restart tagwire",
    ))
}

fn integrity(path: &Path, sound: Result<StoreCounts, StoreError>, setup: &Setup) -> Finding {
    let counts = match sound {
        Ok(counts) => counts,
        Err(error) => {
            let mend = format!(
                "stop tagwire, then tagwire restore BACKUP; keep {} until then",
                path.display()
            );
            return Finding::wrong("store", error.to_string(), mend);
        }
    };
    let found = format!(
        "sound: {} chats, {} subscriptions, {} messages of unknown fate",
        counts.chats, counts.subscriptions, counts.unknown
    );
    match counts.oldest_pending {
        Some(at) if setup.clock.now() - at > LONG => Finding::doubtful(
            "store",
            format!(
                "{found}; a message waits since {}",
                in_site(at, setup.site.timezone)
            ),
            "tagwire deliveries --state pending shows why",
        ),
        _ => Finding::fine("store", found),
    }
}
