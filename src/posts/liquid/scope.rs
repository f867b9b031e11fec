//! What `{{ site.* }}` and `{{ page.* }}` hold.
//! In: the site's settings, a post's front matter and what was read from its name. Out: Liquid objects.
//! `site.time`, `site.posts` and the like hang on the clock or on other files and are nil.

use std::collections::BTreeMap;

use liquid_core::Object;
use liquid_core::model::Value;
use serde_yaml::Value as Yaml;

use super::super::front_matter::Fields;
use crate::model::Site;
use crate::model::time::PostTime;

/// Lists in lists of a front matter.
const MAX_DEPTH: usize = 8;

/// What a post knows before its body is read.
pub(in super::super) struct Page<'a> {
    pub fields: &'a Fields<'a>,
    pub title: &'a str,
    pub date: PostTime,
    pub url: &'a str,
    pub id: &'a str,
    pub slug: &'a str,
    pub path: &'a str,
    pub categories: &'a [String],
    pub tags: &'a [String],
}

/// A YAML value as Liquid's.
pub(in super::super) fn value_of(yaml: &Yaml) -> Value {
    value(yaml, 0)
}

fn value(yaml: &Yaml, depth: usize) -> Value {
    match yaml {
        _ if depth > MAX_DEPTH => Value::Nil,
        Yaml::Null => Value::Nil,
        Yaml::Bool(flag) => Value::scalar(*flag),
        Yaml::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::scalar(whole),
            (None, Some(broken)) => Value::scalar(broken),
            (None, None) => Value::Nil,
        },
        Yaml::String(text) => Value::scalar(text.clone()),
        Yaml::Sequence(items) => Value::array(items.iter().map(|item| value(item, depth + 1))),
        Yaml::Mapping(map) => {
            let mut object = Object::new();
            for (key, item) in map {
                let key = super::super::front_matter::scalar(key).unwrap_or_default();
                object.insert(key.into(), value(item, depth + 1));
            }
            Value::Object(object)
        }
        Yaml::Tagged(tagged) => value(&tagged.value, depth + 1),
    }
}

fn texts(items: &[String]) -> Value {
    Value::array(items.iter().map(|item| Value::scalar(item.clone())))
}

/// `site` for every post; `more` wins over what the `site` section says.
pub(in super::super) fn site(site: &Site, more: &BTreeMap<String, Yaml>) -> Object {
    let (origin, base) = origin_and_base(&site.url);
    let text = |text: &str| Value::scalar(text.to_owned());
    let optional = |value: &Option<String>| value.as_deref().map_or(Value::Nil, text);
    let mut object = Object::new();
    for (key, value) in [
        ("title", text(&site.title)),
        ("url", text(origin)),
        ("baseurl", text(base)),
        ("description", optional(&site.description)),
        ("author", optional(&site.author)),
        ("lang", text(&site.language)),
        ("language", text(&site.language)),
        ("timezone", text(site.timezone.name())),
    ] {
        object.insert(key.into(), value);
    }
    for (key, item) in more {
        object.insert(key.clone().into(), value_of(item));
    }
    object
}

/// `https://host` and `/base`: our site's address holds both, Jekyll has a key for each.
pub(super) fn origin_and_base(url: &str) -> (&str, &str) {
    let host = url.find("://").map_or(0, |at| at + 3);
    let slash = url[host..].find('/').map_or(url.len(), |at| at + host);
    (&url[..slash], url[slash..].trim_end_matches('/'))
}

/// `page`: the front matter with every unknown key, and what Jekyll adds to it.
pub(in super::super) fn page(page: &Page) -> Object {
    let mut object = Object::new();
    for (key, value) in page.fields.all() {
        object.insert(key.to_owned().into(), value_of(value));
    }
    let text = |text: &str| Value::scalar(text.to_owned());
    let date = page
        .date
        .as_chrono()
        .format("%Y-%m-%d %H:%M:%S %z")
        .to_string();
    for (key, value) in [
        ("title", text(page.title)),
        ("date", Value::scalar(date)),
        ("url", text(page.url)),
        ("id", text(page.id)),
        ("slug", text(page.slug)),
        ("path", text(page.path)),
        ("relative_path", text(page.path)),
        (
            "name",
            text(page.path.rsplit('/').next().unwrap_or_default()),
        ),
        ("categories", texts(page.categories)),
        ("tags", texts(page.tags)),
        ("collection", text("posts")),
        ("draft", Value::scalar(false)),
    ] {
        object.insert(key.into(), value);
    }
    object
}
