//! A Jekyll site's `_config.yml` becomes a config of tagwire's.
//! In: its text, and the folders in which its posts lie. Out: YAML with the keys that both know, and notes on
//! those that have no counterpart.

use serde_yaml::{Mapping, Value};

use crate::posts::FrontMatterDefault;

/// Converts; an error says why the text is no config.
pub(super) fn convert(text: &str, folders: &[String]) -> Result<(String, Vec<String>), String> {
    let jekyll: Value = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let jekyll = match jekyll {
        Value::Mapping(map) => map,
        Value::Null => Mapping::new(),
        _ => return Err("this is no Jekyll config: it holds no `key: value` lines".to_owned()),
    };
    let mut notes = Vec::new();
    let mut ours = Mapping::new();
    let sections = [
        ("site", site(&jekyll, &mut notes)),
        ("posts", posts(&jekyll, folders, &mut notes)),
        ("feeds", feeds(&jekyll)),
    ];
    for (name, section) in sections {
        if !section.is_empty() {
            ours.insert(name.into(), section.into());
        }
    }
    not_taken(&jekyll, &mut notes);
    let yaml = serde_yaml::to_string(&ours).map_err(|error| error.to_string())?;
    let mut out = String::from(
        "# Made by `tagwire init --from-jekyll`. `tagwire config show` prints every key with its value.\n",
    );
    out.push_str(&yaml);
    for note in &notes {
        out.push_str(&format!("# {note}\n"));
    }
    Ok((out, notes))
}

fn text(map: &Mapping, key: &str) -> Option<String> {
    let text = match map.get(key)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn site(jekyll: &Mapping, notes: &mut Vec<String>) -> Mapping {
    let mut site = Mapping::new();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            site.insert(key.into(), value.into());
        }
    };
    put(
        "title",
        text(jekyll, "title").or_else(|| text(jekyll, "name")),
    );
    match text(jekyll, "url") {
        Some(url) => {
            let base = text(jekyll, "baseurl").unwrap_or_default();
            let base = base.trim_matches('/');
            let url = url.trim_end_matches('/');
            let slash = if base.is_empty() { "" } else { "/" };
            put("url", Some(format!("{url}{slash}{base}")));
        }
        None => {
            notes.push("site.url: set it to the address of the site; _config.yml has none".into())
        }
    }
    put("description", text(jekyll, "description"));
    let author = jekyll.get("author").and_then(Value::as_mapping);
    let author = author.and_then(|author| text(author, "name"));
    put("author", text(jekyll, "author").or(author));
    put(
        "language",
        text(jekyll, "lang")
            .or_else(|| text(jekyll, "locale"))
            .map(|l| l.replace('_', "-")),
    );
    let zone = text(jekyll, "timezone");
    if zone.is_none() {
        notes.push("site.timezone: Asia/Shanghai is in force; _config.yml names none, and Jekyll takes the machine's".into());
    }
    put("timezone", zone);
    site
}

fn posts(jekyll: &Mapping, folders: &[String], notes: &mut Vec<String>) -> Mapping {
    let mut posts = Mapping::new();
    let dir = match folders {
        [] => {
            notes.push("posts.dir: there is no folder _posts beside _config.yml yet".into());
            Value::from("_posts")
        }
        [one] => Value::from(one.as_str()),
        many => many
            .iter()
            .map(|dir| Value::from(dir.as_str()))
            .collect::<Vec<_>>()
            .into(),
    };
    posts.insert("dir".into(), dir);
    if folders.iter().any(|dir| dir.contains('/')) {
        // Folders above `_posts` are categories, counted from the site's folder.
        posts.insert("site_dir".into(), ".".into());
    }
    if let Some(permalink) = text(jekyll, "permalink") {
        posts.insert("permalink".into(), permalink.into());
    }
    if let Some(encoding) =
        text(jekyll, "encoding").filter(|name| !name.eq_ignore_ascii_case("utf-8"))
    {
        posts.insert("encoding".into(), encoding.to_lowercase().into());
    }
    if let Some(separator) = text(jekyll, "excerpt_separator") {
        posts.insert("excerpt_separator".into(), separator.into());
    }
    if let Some(Value::Bool(drafts)) = jekyll.get("show_drafts") {
        posts.insert("drafts".into(), (*drafts).into());
    }
    if let Some(Value::Sequence(list)) = jekyll.get("defaults") {
        let kept: Vec<Value> = list
            .iter()
            .filter_map(|each| default_of(each, notes))
            .collect();
        if !kept.is_empty() {
            posts.insert("defaults".into(), kept.into());
        }
    }
    posts
}

/// One entry of `defaults`, if it is for posts.
fn default_of(each: &Value, notes: &mut Vec<String>) -> Option<Value> {
    let read: FrontMatterDefault = match serde_yaml::from_value(each.clone()) {
        Ok(read) => read,
        Err(error) => {
            notes.push(format!("posts.defaults: an entry is left out: {error}"));
            return None;
        }
    };
    let kind = read.scope.kind.as_deref();
    matches!(kind, None | Some("" | "post" | "posts")).then(|| each.clone())
}

fn feeds(jekyll: &Mapping) -> Mapping {
    let mut feeds = Mapping::new();
    let Some(feed) = jekyll.get("feed").and_then(Value::as_mapping) else {
        return feeds;
    };
    if let Some(limit) = feed
        .get("posts_limit")
        .and_then(Value::as_u64)
        .filter(|n| *n > 0)
    {
        feeds.insert("limit".into(), limit.into());
    }
    if feed.get("excerpt_only").and_then(Value::as_bool) == Some(true) {
        feeds.insert("content".into(), "summary".into());
    }
    if let Some(path) = text(feed, "path") {
        let path = path.trim_start_matches('/');
        let path = path.strip_suffix(".xml").unwrap_or(path);
        let mut paths = Mapping::new();
        paths.insert("site".into(), format!("/{path}").into());
        feeds.insert("paths".into(), paths.into());
    }
    feeds
}

fn not_taken(jekyll: &Mapping, notes: &mut Vec<String>) {
    for (key, why) in [
        ("exclude", "every post below posts.dir counts"),
        ("include", "every post below posts.dir counts"),
        (
            "future",
            "a post dated in the future comes out at its minute",
        ),
        ("unpublished", "`published: false` always hides a post"),
        ("collections", "only posts become feeds"),
        ("collections_dir", "posts.dir names the folders"),
    ] {
        let said = jekyll.get(key).is_some_and(|value| match value {
            Value::Null | Value::Bool(false) => false,
            Value::Sequence(list) => !list.is_empty(),
            _ => true,
        });
        if said {
            notes.push(format!("not taken: {key} ({why})"));
        }
    }
}
