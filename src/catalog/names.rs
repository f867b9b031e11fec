//! What the lists of feeds need to know of labels, and what categories are called by their own posts.
//! In: labels. Out: whether they have posts, the tags of their oldest posts, names that are kept.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::params;

use super::links::unpacked;
use super::window::{LIVE, is_live};
use super::{Catalog, CatalogError, follow_of, kind_and_name};
use crate::model::{Follow, LabelKind};

/// A label as the lists of feeds show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The site, or a label.
    pub follow: Follow,
    /// What its posts call it, as `keep_learnt` was told.
    pub learnt: Option<String>,
    /// Whether a live post carries it.
    pub has_posts: bool,
}

impl Catalog {
    /// All labels, in no order.
    ///
    /// # Errors
    /// SQLite's.
    pub fn listing(&self) -> Result<Vec<Listed>, CatalogError> {
        let result = (|| {
            self.connection
                .prepare(concat!(
                    "select kind, name, learnt, exists (
                       select 1 from post_labels pl where pl.label = l.label and ",
                    is_live!(),
                    ") from labels l"
                ))?
                .query_map([], |row| {
                    let kind = row.get_ref(0)?.as_str()?;
                    Ok(Listed {
                        follow: follow_of(kind, row.get(1)?),
                        learnt: row.get(2)?,
                        has_posts: row.get(3)?,
                    })
                })?
                .collect()
        })();
        self.wrap(result)
    }

    /// Whether it knows any post.
    ///
    /// # Errors
    /// SQLite's.
    pub fn has_posts(&self) -> Result<bool, CatalogError> {
        let any = "select exists (select 1 from posts)";
        let found = self.connection.query_row(any, [], |row| row.get(0));
        self.wrap(found)
    }

    /// Whether any post waits or is withdrawn.
    ///
    /// # Errors
    /// SQLite's.
    pub fn has_hidden(&self) -> Result<bool, CatalogError> {
        let hidden = "select exists (select 1 from posts indexed by posts_hidden where state <> 0)";
        let found = self.connection.query_row(hidden, [], |row| row.get(0));
        self.wrap(found)
    }

    /// Whether a live post carries a label.
    ///
    /// # Errors
    /// SQLite's.
    pub fn has_live(&self, follow: &Follow) -> Result<bool, CatalogError> {
        let (kind, name) = kind_and_name(follow);
        let found = self
            .connection
            .prepare_cached(&format!("select exists (select 1 {LIVE})"))
            .and_then(|mut statement| statement.query_row([kind, name], |row| row.get(0)));
        self.wrap(found)
    }

    /// Changes when a label comes or is called something else.
    ///
    /// # Errors
    /// SQLite's.
    pub fn labels_version(&self) -> Result<String, CatalogError> {
        let version = self
            .connection
            .prepare_cached(
                "select count(*) || ' ' || max(label) || ' ' || count(learnt) || ' ' ||
                   total(length(learnt) * label) || ' ' || total(unicode(learnt) * label) from labels",
            )
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)));
        self.wrap(version)
    }

    /// The tags of a label's oldest posts, a list for each, in the author's order. Which posts wait or are
    /// withdrawn makes no difference, so that a name does not change with the clock. `known` remembers the names of
    /// tags from one label to the next; other labels have none there.
    ///
    /// # Errors
    /// SQLite's.
    pub fn oldest_tags(
        &self,
        follow: &Follow,
        posts: usize,
        known: &mut HashMap<i64, Option<String>>,
    ) -> Result<Vec<Vec<String>>, CatalogError> {
        let (kind, name) = kind_and_name(follow);
        let result = (|| {
            if let Some(oldest) = self.links.oldest(follow, posts) {
                if known.is_empty() {
                    let labels = self.links.remembered();
                    known.extend(labels.map(|(label, kind, name)| {
                        let is_tag = kind == LabelKind::Tag;
                        (label, is_tag.then(|| name.to_owned()))
                    }));
                }
                let lists = oldest.map(|labels| self.tags_among(labels.iter().copied(), known));
                return lists.collect();
            }
            let mut statement = self.connection.prepare_cached(
                "select p.labels from post_labels pl join posts p on p.post = pl.post
                 where pl.label = (select label from labels where kind = ?1 and name = ?2)
                 order by pl.published, pl.tie limit ?3",
            )?;
            let mut rows = statement.query(params![kind, name, posts as i64])?;
            let mut lists = Vec::new();
            while let Some(row) = rows.next()? {
                let labels = unpacked(row.get_ref(0)?.as_blob()?);
                lists.push(self.tags_among(labels.into_iter(), known)?);
            }
            Ok(lists)
        })();
        self.wrap(result)
    }

    /// The names of those of these labels that are tags.
    fn tags_among(
        &self,
        labels: impl Iterator<Item = i64>,
        known: &mut HashMap<i64, Option<String>>,
    ) -> rusqlite::Result<Vec<String>> {
        let mut tags = Vec::new();
        for label in labels {
            let name = match known.entry(label) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let (kind, name) = self.kind_and_name_of(label)?;
                    let is_tag = kind == LabelKind::Tag.as_str();
                    entry.insert(is_tag.then_some(name))
                }
            };
            tags.extend(name.clone());
        }
        Ok(tags)
    }

    /// Keeps what labels are called by their posts.
    ///
    /// # Errors
    /// SQLite's.
    pub fn keep_learnt(&mut self, names: &[(Follow, Option<String>)]) -> Result<(), CatalogError> {
        self.change_others(|connection| {
            for (follow, learnt) in names {
                let (kind, name) = kind_and_name(follow);
                connection
                    .prepare_cached("update labels set learnt = ?3 where kind = ?1 and name = ?2")?
                    .execute(params![kind, name, learnt])?;
            }
            Ok(())
        })
    }
}
