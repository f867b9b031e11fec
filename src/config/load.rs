//! Reads the config from its three places, the later one winning.
//! In: the file, environment variables, `--set` pairs. Out: a checked `Config`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_yaml::{Mapping, Value};

use super::error::suggestion;
use super::{Config, ConfigError, DEFAULT_PATH};
use crate::model::in_words;

/// Environment variables that start so set a key: `TAGWIRE__POSTS__DIR` is `posts.dir`.
const PREFIX: &str = "TAGWIRE__";

/// The variables that set keys, without their prefix. Others may hold anything.
fn variables() -> impl Iterator<Item = (String, OsString)> {
    std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?;
        Some((name.strip_prefix(PREFIX)?.to_owned(), value))
    })
}

/// `POSTS__DIR` is `posts.dir`.
fn key_of(name: &str) -> String {
    name.to_ascii_lowercase().replace("__", ".")
}

/// Where to look for settings.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// `--config`, or `TAGWIRE_CONFIG`; must exist when given.
    pub path: Option<PathBuf>,
    /// `--set key=value`, in order.
    pub set: Vec<String>,
}

/// Loads and checks the config. A missing file at the default place means all defaults.
///
/// # Errors
/// The file cannot be read or parsed, a key is unknown or has a wrong value; the text names it.
pub fn load(source: &Source) -> Result<Config, ConfigError> {
    let mut tree = read_file(source.path.as_deref())?;
    let mut environment: Vec<(String, OsString)> = variables().collect();
    environment.sort();
    for (name, value) in environment {
        let value = value.into_string().map_err(|_| {
            ConfigError::new(format!(
                "environment variable {PREFIX}{name}: write it in UTF-8"
            ))
        })?;
        put(&mut tree, &key_of(&name), &value).map_err(|why| {
            ConfigError::new(format!("environment variable {PREFIX}{name}: {why}"))
        })?;
    }
    for pair in &source.set {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            ConfigError::new(format!(
                "--set {pair}: write --set key=value, for example --set posts.dir=/data/_posts"
            ))
        })?;
        put(&mut tree, key.trim(), value)
            .map_err(|why| ConfigError::new(format!("--set {pair}: {why}")))?;
    }
    let config = parse_tree(tree, source)?;
    config.validate().map_err(|error| error.placed(source))?;
    Ok(config)
}

impl Source {
    /// What gives the key, or a section that holds it, besides the file: `--set` or a variable of the environment.
    pub(super) fn origin(&self, key: &str) -> Option<String> {
        let key = key.split('[').next().unwrap_or(key);
        let covers = |set: &str| {
            let rest = key.strip_prefix(set);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let given = self.set.iter().filter_map(|pair| pair.split_once('='));
        if let Some((set, _)) = { given }.find(|(set, _)| covers(set.trim())) {
            return Some(format!("--set {}", set.trim()));
        }
        let found = variables().find(|(name, _)| covers(&key_of(name)));
        found.map(|(name, _)| format!("{PREFIX}{name}"))
    }
}

/// The config in force as YAML. It holds no secret: the token is never part of it.
///
/// # Errors
/// Only when YAML cannot write it, which would be a bug.
pub fn show(config: &Config) -> Result<String, ConfigError> {
    serde_yaml::to_string(config).map_err(|error| ConfigError::new(error.to_string()))
}

fn read_file(path: Option<&Path>) -> Result<Value, ConfigError> {
    let empty = || Value::Mapping(Mapping::new());
    let given = path.is_some();
    let path = path.unwrap_or(Path::new(DEFAULT_PATH));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !given => return Ok(empty()),
        Err(error) => {
            return Err(ConfigError::new(format!(
                "cannot read the config {}: {error}; check --config and TAGWIRE_CONFIG",
                path.display()
            )));
        }
    };
    // The typed reading comes first because only it knows the line of a wrong key.
    let name = path.display().to_string();
    if let Err(error) = serde_yaml::from_str::<Option<Config>>(&text) {
        return Err(explain(&name, &text, &error));
    }
    match serde_yaml::from_str(&text).map_err(|error| explain(&name, &text, &error))? {
        Value::Null => Ok(empty()),
        tree => Ok(tree),
    }
}

fn explain(path: &str, text: &str, error: &serde_yaml::Error) -> ConfigError {
    let message = error.to_string();
    let plain = in_words(message.split(" at line ").next().unwrap_or(&message));
    match error.location() {
        Some(place) => ConfigError::at(
            path,
            text,
            place.line(),
            place.column(),
            &plain,
            suggestion(&message),
        ),
        None => ConfigError::new(format!("{path}: {plain}")),
    }
}

/// What is wrong here came from the environment or from `--set`: the file was read before, with its lines.
fn parse_tree(tree: Value, source: &Source) -> Result<Config, ConfigError> {
    serde_path_to_error::deserialize(tree).map_err(|error| {
        let (key, message) = (error.path().to_string(), error.inner().to_string());
        let help = suggestion(&message)
            .map(|help| format!("; {help}"))
            .unwrap_or_default();
        let from = { source.origin(&key) }
            .map(|from| format!(" (given by {from})"))
            .unwrap_or_default();
        ConfigError::key(&key, format!("{}{from}{help}", in_words(&message)))
    })
}

/// Sets `a.b.c` to a value read as YAML, so that numbers, lists and booleans work.
fn put(tree: &mut Value, key: &str, text: &str) -> Result<(), String> {
    // `--set http.listen=` means the empty text; YAML alone would read a null.
    let value = match text {
        "" => Value::from(""),
        text => {
            serde_yaml::from_str(text).map_err(|error| format!("the value is no YAML: {error}"))?
        }
    };
    let mut parts: Vec<&str> = key.split('.').collect();
    let last = parts
        .pop()
        .filter(|last| !last.is_empty())
        .ok_or("the key is empty")?;
    let mut node = tree;
    for part in parts {
        let map = node
            .as_mapping_mut()
            .ok_or_else(|| format!("`{part}` lies below a key that is no section"))?;
        let child = map
            .entry(Value::from(part))
            .or_insert_with(|| Value::Mapping(Mapping::new()));
        if child.is_null() {
            *child = Value::Mapping(Mapping::new());
        }
        node = child;
    }
    let map = node
        .as_mapping_mut()
        .ok_or_else(|| format!("`{key}` lies below a key that is no section"))?;
    map.insert(Value::from(last), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_text(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tagwire.yaml");
        std::fs::write(&path, text).unwrap();
        load(&Source {
            path: Some(path),
            set: Vec::new(),
        })
    }

    #[test]
    fn an_empty_file_gives_the_documented_defaults() {
        let config = from_text("# nothing\n").unwrap();
        assert_eq!(config.site.timezone, "Asia/Shanghai");
        assert_eq!(config.feeds.limit, 20);
        assert_eq!(config.http.listen, "127.0.0.1:8080");
    }

    #[test]
    fn an_unknown_key_is_shown_with_its_line_and_a_suggestion() {
        let error = from_text("site:\n  titel: x\n").unwrap_err().to_string();
        assert!(error.contains("tagwire.yaml:2"), "{error}");
        assert!(error.contains("did you mean `title`?"), "{error}");
        assert!(error.contains('^'), "{error}");
    }

    #[test]
    fn what_is_no_such_value_is_said_in_words_of_the_config() {
        for (text, words) in [
            ("site:\n\ttitle: x\n", "with blanks, never with tabs"),
            ("site: [1]\n", "write keys with their values"),
            ("posts: {dir: 5}\n", "a folder, or a list of folders"),
            ("feeds: {archives: 5}\n", "true, false, or a list of kinds"),
            ("feeds: {hub: 5}\n", "an address, or a list of addresses"),
            (
                "feeds: {opml: [a]}\n",
                "an address that starts with `/`, or false",
            ),
            ("feeds: {index: true}\n", "starts with `/`, or false"),
            ("feeds: {index: ''}\n", "starts with `/`, or false"),
        ] {
            let error = from_text(text).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn set_wins_over_the_file_and_takes_yaml() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tagwire.yaml");
        std::fs::write(&path, "feeds:\n  limit: 5\n").unwrap();
        let set = vec![
            "feeds.limit=7".into(),
            "posts.dir=[a, b]".into(),
            "http.listen=".into(),
        ];
        let error = load(&Source {
            path: Some(path.clone()),
            set,
        })
        .err();
        assert!(error.is_none(), "{error:?}");
        let set = vec!["feeds.limmit=7".into()];
        let error = load(&Source {
            path: Some(path),
            set,
        })
        .unwrap_err()
        .to_string();
        assert!(error.contains("did you mean `limit`?"), "{error}");
    }

    #[test]
    fn a_wrong_zone_or_chat_names_its_key() {
        let error = from_text("site: {timezone: Mars/Base}")
            .unwrap_err()
            .to_string();
        assert!(error.contains("site.timezone"), "{error}");
        let error = from_text("telegram: {channels: [{chat: x, follow: []}]}")
            .unwrap_err()
            .to_string();
        assert!(error.contains("telegram.channels[0]"), "{error}");
        let read = |hours: &str| {
            let chat = format!("{{chat: '@news', follow: [site], digest: {hours}}}");
            let config = from_text(&format!("telegram: {{channels: [{chat}]}}")).unwrap();
            config.channel_preferences().unwrap()[0].rhythm.to_string()
        };
        assert_eq!((read("8"), read("'8'")), ("8".into(), "8".into()));
        for (key, wrong) in [("digest", "25"), ("quiet", "late")] {
            let chat = format!("{{chat: '@news', follow: [site], {key}: '{wrong}'}}");
            let error = from_text(&format!("telegram: {{channels: [{chat}]}}")).unwrap_err();
            let key = format!("telegram.channels[0].{key}");
            assert!(error.to_string().contains(&key), "{error}");
        }
    }
}
