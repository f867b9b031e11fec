//! Which post somebody means.
//! In: a file, an id, an address or a part of a title. Out: the best that fits, and what else would.

use std::path::{Component, Path, PathBuf};

use super::super::block_on;
use super::super::reading::Reader;
use crate::app::{AppError, Setup};
use crate::catalog::{Catalog, Reading, Row, duplicate};
use crate::model::Site;
use crate::store::{Card, path_of};

/// Posts that are looked at, of those that fit.
pub(super) const MOST: usize = 1_000;

/// The post that is told, by whatever knows it.
pub(super) enum Subject {
    /// Its file, and what the catalog has of it.
    File(Box<Reading>, Option<Box<Row>>),
    /// It is remembered by the store alone.
    Store(Box<Card>),
}

/// A post that is not told.
pub(super) struct Other {
    pub id: String,
    pub title: String,
    /// Its file, where one is known.
    pub path: Option<String>,
}

/// What was found.
pub(super) struct Found {
    pub subject: Subject,
    /// The newest first; none when the subject was named exactly.
    pub others: Vec<Other>,
}

/// The file itself, else what the catalog finds, else what the files give, else what the store remembers.
pub(super) fn post(
    setup: &Setup,
    reader: &Reader<'_>,
    words: &str,
) -> Result<Option<Found>, AppError> {
    let wanted = Wanted::new(words, &setup.site);
    if wanted.names.is_empty() {
        return Ok(None);
    }
    let catalog = Catalog::reader(&setup.config.catalog.path).ok();
    if Path::new(words).is_file() {
        let path = as_scanned(&setup.config.posts.roots(), words);
        let find = |words: &str, most| {
            let rows = { catalog.as_ref() }.and_then(|catalog| catalog.find(words, most).ok());
            rows.into_iter().flatten()
        };
        let row = find(&path, 1).find(|row| row.path == path);
        let mut reading = reader.read(&path);
        if let Some(digested) = &reading.post {
            let id = &digested.post.id;
            let owner = find(id.as_str(), MOST).find(|row| row.id == *id);
            let other = owner.filter(|row| row.path != path && Path::new(&row.path).is_file());
            let doubled = other.map(|row| duplicate(&path, id, &row.path));
            reading.problems.extend(doubled);
        }
        let subject = Subject::File(Box::new(reading), row.map(Box::new));
        return Ok(Some(Found::alone(subject)));
    }
    let known = catalog.and_then(|catalog| wanted.in_catalog(&catalog, reader));
    if let Some(found) = known.or_else(|| wanted.in_files(reader)) {
        return Ok(Some(found));
    }
    wanted.in_store(setup)
}

/// A file by the name under which the folders of posts have it: labels and id come from that name.
fn as_scanned(roots: &[PathBuf], file: &str) -> String {
    type Spelling = fn(&Path) -> std::io::Result<PathBuf>;
    let spellings: [Spelling; 2] = [|path| std::path::absolute(path), |path| path.canonicalize()];
    let names = spellings.iter().flat_map(|spell| {
        roots.iter().filter_map(move |root| {
            let below = spell(Path::new(file)).ok()?;
            let rest = below.strip_prefix(spell(root).ok()?).ok()?;
            let is_below = !rest.components().any(|part| part == Component::ParentDir);
            is_below.then_some(())?;
            Some(root.join(rest).to_string_lossy().into_owned())
        })
    });
    { names }.next().unwrap_or_else(|| file.to_owned())
}

/// How well a post fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// A part of what it is called.
    Partly,
    /// It is named, and no other one.
    Exactly,
}

struct Wanted<'a> {
    names: Vec<String>,
    site: &'a Site,
}

/// What a post may be called.
struct Called<'a> {
    id: &'a str,
    title: &'a str,
    /// Below the site.
    url: &'a str,
    path: &'a str,
}

impl<'a> Wanted<'a> {
    fn new(words: &str, site: &'a Site) -> Self {
        let names = site.names_of_post(words);
        Wanted { names, site }
    }

    fn fit(&self, post: &Called<'_>) -> Option<Fit> {
        let fits = self.names.iter().filter_map(|name| {
            let rest = post.url.strip_prefix(name.as_str());
            let is_page = matches!(rest, Some("" | "/" | ".html"));
            if is_page || post.id == name || post.path == name {
                return Some(Fit::Exactly);
            }
            let is_part =
                post.path.ends_with(name) || post.id.contains(name) || post.title.contains(name);
            is_part.then_some(Fit::Partly)
        });
        fits.max()
    }

    fn in_catalog(&self, catalog: &Catalog, reader: &Reader<'_>) -> Option<Found> {
        for name in &self.names {
            let mut rows = catalog.find(name, MOST).ok()?.into_iter();
            let Some(row) = rows.next() else { continue };
            let called = Called {
                id: row.id.as_str(),
                title: &row.title,
                url: &row.url,
                path: &row.path,
            };
            let is_exact = self.fit(&called) == Some(Fit::Exactly);
            let reading = Box::new(reader.read(&row.path));
            let subject = Subject::File(reading, Some(Box::new(row)));
            if is_exact {
                return Some(Found::alone(subject));
            }
            let others = rows.map(|row| Other {
                id: row.id.to_string(),
                title: row.title,
                path: Some(row.path),
            });
            let others = others.collect();
            return Some(Found { subject, others });
        }
        None
    }

    fn in_files(&self, reader: &Reader<'_>) -> Option<Found> {
        let mut fitting: Vec<(Fit, Reading)> = Vec::new();
        reader.read_all(|reading| {
            let fit = match &reading.post {
                Some(digested) => self.fit(&Called {
                    id: digested.post.id.as_str(),
                    title: &digested.post.title,
                    url: &digested.post.url,
                    path: &reading.path,
                }),
                None => self.fit(&Called {
                    id: "",
                    title: "",
                    url: "",
                    path: &reading.path,
                }),
            };
            if let Some(fit) = fit.filter(|_| fitting.len() < MOST) {
                fitting.push((fit, reading));
            }
        });
        let published =
            |reading: &Reading| reading.post.as_ref().map(|d| d.post.published.seconds());
        let (reading, others) = best(fitting, published)?;
        let others = others.into_iter().map(|reading| {
            let post = reading.post.as_ref().map(|digested| &digested.post);
            Other {
                id: post.map(|post| post.id.to_string()).unwrap_or_default(),
                title: post.map(|post| post.title.clone()).unwrap_or_default(),
                path: Some(reading.path),
            }
        });
        Some(Found {
            subject: Subject::File(Box::new(reading), None),
            others: others.collect(),
        })
    }

    /// Everything that was announced or is held is looked through: only what nobody else knows is asked for here.
    fn in_store(&self, setup: &Setup) -> Result<Option<Found>, AppError> {
        if !path_of(&setup.config.store.url)?.exists() {
            return Ok(None);
        }
        let known = block_on(async {
            let store = setup.open_store().await?;
            let known = store.recent(0).await?;
            store.close().await;
            Ok(known)
        })?;
        let fitting = known.into_iter().filter_map(|known| {
            let card = known.card;
            let url = self.site.path_of(&card.url).unwrap_or_default();
            let fit = self.fit(&Called {
                id: card.post.as_str(),
                title: &card.title,
                url: &url,
                path: "",
            });
            Some((fit?, card))
        });
        let found = best(fitting.collect(), |card: &Card| card.published.seconds());
        Ok(found.map(|(card, others)| Found {
            subject: Subject::Store(Box::new(card)),
            others: { others.into_iter().take(MOST) }
                .map(|card| Other {
                    id: card.post.to_string(),
                    title: card.title,
                    path: None,
                })
                .collect(),
        }))
    }
}

impl Found {
    fn alone(subject: Subject) -> Self {
        Found {
            subject,
            others: Vec::new(),
        }
    }
}

/// What fits best, the newest of several; and the others, unless it is named exactly.
fn best<T, D: Ord>(mut fitting: Vec<(Fit, T)>, date: impl Fn(&T) -> D) -> Option<(T, Vec<T>)> {
    fitting.sort_by(|(a, left), (b, right)| (b, date(right)).cmp(&(a, date(left))));
    let mut fitting = fitting.into_iter();
    let (fit, first) = fitting.next()?;
    let others = fitting.map(|(_, other)| other);
    let others = others.filter(|_| fit == Fit::Partly);
    Some((first, others.collect()))
}
