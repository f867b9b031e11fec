//! The fields of a post that are neither date, label nor address.
//! In: front matter, the file's name, the body. Out: title, author, image, whether it is withdrawn.

use std::borrow::Cow;

use serde_yaml::Value;

use super::body::{self, Body};
use super::decode::one_line;
use super::findings::Findings;
use super::front_matter::{Fields, Syntax, scalar, shown};
use super::rules::Rules;

/// The title, never empty. `slug` and `stem` are the file name's.
pub(super) fn title(
    slug: &str,
    stem: &str,
    fields: &Fields,
    body: &Body,
    findings: &mut Findings,
) -> String {
    let written = match fields.get("title") {
        Some(Value::Sequence(_) | Value::Mapping(_)) => bracketed(fields, findings).map(Cow::Owned),
        value => value.and_then(shown),
    };
    let written = written.map(|title| one_line(&title));
    if let Some(title) = written.filter(|title| !title.is_empty()) {
        return title;
    }
    let from_name = || {
        let title = one_line(&titleized(slug));
        if title.is_empty() {
            one_line(stem)
        } else {
            title
        }
    };
    // Jekyll takes the name where there is no title or a null, and leaves `""` empty.
    let title = if fields.get("title").is_none() {
        let title = from_name();
        note_number(&title, fields, findings);
        title
    } else {
        let said = body.digest.as_deref().or_else(|| body.text.lines().next());
        let title = said.map(first_sentence).filter(|s| !s.is_empty());
        let title = title.unwrap_or_else(from_name);
        findings.recovered(
            "empty-title",
            fields.at("title"),
            format!("the title says nothing; `{title}` is used"),
            "write a title",
        );
        title
    };
    if title.is_empty() {
        "?".to_owned()
    } else {
        title
    }
}

/// A number says nothing to a reader. A name with a word in it does, and without any field it is meant to.
fn note_number(title: &str, fields: &Fields, findings: &mut Findings) {
    let is_number = |word: &str| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        digits > word.chars().filter(|c| c.is_alphabetic()).count()
    };
    if title.split(' ').all(is_number) && fields.all().next().is_some() {
        let shape = match fields.syntax() {
            Syntax::Yaml => "标题",
            Syntax::Toml => "\"标题\"",
        };
        findings.note(
            "no-title",
            fields.at_key("title"),
            format!("there is no `title`; `{title}` from the file name is used"),
            &format!("add a line such as {}", fields.line("title", shape)),
        );
    }
}

/// What Liquid sees as `page.title`: the front matter's, else the name's.
pub(super) fn written_title(slug: &str, fields: &Fields) -> String {
    let written = fields.get("title").and_then(scalar);
    written.map_or_else(|| titleized(slug), |title| one_line(&title))
}

/// `title: [快讯]` is a list to YAML and a title to its author.
fn bracketed(fields: &Fields, findings: &mut Findings) -> Option<String> {
    // A list over several lines is nobody's title.
    let text = fields
        .written("title")
        .filter(|text| text.contains([']', '}']))?;
    findings.recovered(
        "title-is-list",
        fields.at("title"),
        "the title is a list or mapping to YAML; it is taken as it is written",
        &format!("write it as: title: '{}'", text.replace('\'', "''")),
    );
    Some(text.to_owned())
}

/// `hello-2015` becomes `Hello 2015`.
fn titleized(slug: &str) -> String {
    let words = slug.trim_end_matches('-').split('-').map(|word| {
        let mut chars = word.chars();
        let first: String = chars
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .collect();
        first + &chars.as_str().to_lowercase()
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Up to the end of the first sentence, or 80 characters.
fn first_sentence(text: &str) -> String {
    const LONGEST: usize = 80;
    let line = one_line(text);
    let mut title = String::new();
    for (count, c) in line.chars().enumerate() {
        if count == LONGEST {
            title.push('…');
            break;
        }
        if matches!(c, '。' | '！' | '？') {
            if c != '。' {
                title.push(c);
            }
            break;
        }
        title.push(c);
    }
    title.trim().to_owned()
}

/// A text, the `name` of a mapping, or the names of a list.
pub(super) fn author(fields: &Fields) -> Option<String> {
    let one = |value: &Value| match value {
        Value::Mapping(map) => map.get("name").and_then(scalar),
        other => scalar(other),
    };
    let value = fields.get("author").or_else(|| fields.get("authors"))?;
    let name = match value {
        Value::Sequence(list) => {
            let names: Vec<String> = list.iter().filter_map(one).collect();
            names.join(", ")
        }
        other => one(other)?,
    };
    let name = one_line(&name);
    (!name.is_empty()).then_some(name)
}

/// The front matter's `image`, which jekyll-feed shows too.
pub(super) fn image(fields: &Fields, place: &body::Place, rules: &Rules) -> Option<String> {
    let path = match fields.get("image")? {
        Value::Mapping(map) => map
            .get("path")
            .or_else(|| map.get("url"))
            .and_then(scalar)?,
        value => scalar(value)?,
    };
    let path = one_line(&path);
    if path.is_empty() || path.contains("{{") {
        return None;
    }
    let url = body::base_of(place, rules).join(&path).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.into())
}

/// Only YAML's false hides a post, not the text "false".
pub(super) fn is_withdrawn(fields: &Fields) -> bool {
    fields.is_false("published")
}
