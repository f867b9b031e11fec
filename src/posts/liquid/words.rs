//! Filters on texts: Liquid's own, and what Jekyll adds.
//! In and out: as `filters` says.

use liquid_core::Result;
use liquid_core::model::{Value, ValueView};
use percent_encoding::{
    AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode,
};

use super::super::markdown::to_html;
use super::super::permalink::{slugify_default, slugify_pretty};
use super::filters::{Apply, Env};
use super::lists::arg;
use super::numbers::number;
use super::values::{text, truthy};
use super::work::{NIL, fits};

/// Liquid's.
pub(super) const FILTERS: &[(&str, Apply)] = &[
    ("append", |v, a, _| said(text(&v) + &arg(a, 0))),
    ("prepend", |v, a, _| said(arg(a, 0) + &text(&v))),
    ("capitalize", |v, _, _| said(capitalized(&text(&v)))),
    ("downcase", |v, _, _| said(text(&v).to_lowercase())),
    ("upcase", |v, _, _| said(text(&v).to_uppercase())),
    ("strip", |v, _, _| said(text(&v).trim())),
    ("lstrip", |v, _, _| said(text(&v).trim_start())),
    ("rstrip", |v, _, _| said(text(&v).trim_end())),
    ("strip_newlines", |v, _, _| {
        said(text(&v).replace(['\n', '\r'], ""))
    }),
    ("newline_to_br", |v, _, _| {
        said(text(&v).replace('\n', "<br />\n"))
    }),
    ("strip_html", |v, _, _| said(without_tags(&text(&v)))),
    ("escape", |v, _, _| said(escaped(&text(&v)))),
    ("escape_once", |v, _, _| said(escaped_once(&text(&v)))),
    ("url_encode", |v, _, _| said(form_encoded(&text(&v)))),
    ("url_decode", |v, _, _| {
        said(percent_decode_str(&text(&v).replace('+', " ")).decode_utf8_lossy())
    }),
    ("replace", |v, a, _| {
        replaced(&text(&v), &arg(a, 0), &arg(a, 1))
    }),
    ("replace_first", |v, a, _| {
        said(text(&v).replacen(&arg(a, 0), &arg(a, 1), 1))
    }),
    ("remove", |v, a, _| said(text(&v).replace(&arg(a, 0), ""))),
    ("remove_first", |v, a, _| {
        said(text(&v).replacen(&arg(a, 0), "", 1))
    }),
    ("split", split),
    ("slice", slice),
    ("truncate", truncate),
    ("truncatewords", truncate_words),
    ("size", size),
    ("default", |v, a, _| {
        let empty = !truthy(&v) || (v.is_scalar() && text(&v).is_empty());
        let empty = empty || v.as_array().is_some_and(|list| list.size() == 0);
        Ok(if empty {
            a.first().cloned().unwrap_or(NIL)
        } else {
            v
        })
    }),
];

/// Jekyll's.
pub(super) const JEKYLL: &[(&str, Apply)] = &[
    ("relative_url", |v, _, e| said(relative(&text(&v), e))),
    ("absolute_url", |v, _, e| said(absolute(&text(&v), e))),
    ("strip_index", |v, _, _| {
        said(text(&v).trim_end_matches("index.html"))
    }),
    ("markdownify", |v, _, e| {
        said(to_html(&text(&v), &e.markdown))
    }),
    ("smartify", |v, _, e| {
        said(one_paragraph(&comrak::markdown_to_html(
            &text(&v),
            &e.markdown,
        )))
    }),
    ("slugify", slugify),
    ("xml_escape", |v, _, _| said(escaped(&text(&v)))),
    ("cgi_escape", |v, _, _| said(form_encoded(&text(&v)))),
    ("uri_escape", |v, _, _| {
        said(utf8_percent_encode(&text(&v), IN_ADDRESS).to_string())
    }),
    ("number_of_words", |v, _, _| {
        whole(text(&v).split_whitespace().count())
    }),
    ("normalize_whitespace", |v, _, _| {
        said(text(&v).split_whitespace().collect::<Vec<_>>().join(" "))
    }),
];

/// What an address may not hold as it is.
const IN_ADDRESS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// What a form's value leaves as it is.
const IN_FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'*')
    .remove(b' ');

fn said(text: impl Into<String>) -> Result<Value> {
    Ok(Value::scalar(text.into()))
}

fn whole(count: usize) -> Result<Value> {
    Ok(Value::scalar(i64::try_from(count).unwrap_or(i64::MAX)))
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    first + &chars.as_str().to_lowercase()
}

fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = rest.find('>') else {
            break;
        };
        rest = &rest[end + 1..];
    }
    out + rest
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    super::super::tree::escape(text, &mut out);
    out.replace('\'', "&#39;")
}

fn escaped_once(text: &str) -> String {
    let mut plain = text.to_owned();
    for (entity, sign) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ] {
        plain = plain.replace(entity, sign);
    }
    escaped(&plain)
}

fn form_encoded(text: &str) -> String {
    utf8_percent_encode(text, IN_FORM)
        .to_string()
        .replace(' ', "+")
}

fn replaced(text: &str, from: &str, to: &str) -> Result<Value> {
    let times = text.matches(from).count();
    fits(text.len().saturating_add(times.saturating_mul(to.len())))?;
    said(text.replace(from, to))
}

fn split(value: Value, arguments: &[Value], _: &Env) -> Result<Value> {
    let (text, by) = (text(&value), arg(arguments, 0));
    let mut parts: Vec<&str> = match by.as_str() {
        "" => text.split("").filter(|part| !part.is_empty()).collect(),
        " " => text.split_whitespace().collect(),
        by => text.split(by).collect(),
    };
    // Ruby leaves empty parts off the end.
    while parts.last().is_some_and(|last| last.is_empty()) {
        parts.pop();
    }
    fits(text.len().saturating_add(parts.len().saturating_mul(16)))?;
    Ok(Value::array(
        parts.into_iter().map(|part| Value::scalar(part.to_owned())),
    ))
}

#[allow(clippy::cast_possible_truncation)]
fn bounded(value: Option<&Value>, other: i64) -> i64 {
    value.map_or(other, |value| number(value).float().clamp(-1e9, 1e9) as i64)
}

/// Where a slice starts and how much it takes, of `length`.
fn window(arguments: &[Value], length: usize) -> Option<(usize, usize)> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let from = bounded(arguments.first(), 0);
    let from = if from < 0 { from + length } else { from };
    let take = bounded(arguments.get(1), 1).max(0);
    let from = usize::try_from(from).ok()?;
    Some((from, usize::try_from(take).ok()?))
}

fn slice(value: Value, arguments: &[Value], _: &Env) -> Result<Value> {
    if let Value::Array(list) = value {
        let (from, take) = window(arguments, list.len()).unwrap_or((0, 0));
        return Ok(Value::array(list.into_iter().skip(from).take(take)));
    }
    let text = text(&value);
    let (from, take) = window(arguments, text.chars().count()).unwrap_or((0, 0));
    said(text.chars().skip(from).take(take).collect::<String>())
}

fn truncate(value: Value, arguments: &[Value], _: &Env) -> Result<Value> {
    let text = text(&value);
    let length = usize::try_from(bounded(arguments.first(), 50)).unwrap_or(0);
    let ending = arguments
        .get(1)
        .map_or_else(|| "...".to_owned(), super::values::text);
    if text.chars().count() <= length {
        return Ok(value);
    }
    let kept = length.saturating_sub(ending.chars().count());
    said(text.chars().take(kept).collect::<String>() + &ending)
}

fn truncate_words(value: Value, arguments: &[Value], _: &Env) -> Result<Value> {
    let text = text(&value);
    let count = usize::try_from(bounded(arguments.first(), 15))
        .unwrap_or(0)
        .max(1);
    let ending = arguments
        .get(1)
        .map_or_else(|| "...".to_owned(), super::values::text);
    let words: Vec<&str> = text.split_whitespace().collect();
    if words.len() <= count {
        return Ok(value);
    }
    said(words[..count].join(" ") + &ending)
}

fn size(value: Value, _: &[Value], _: &Env) -> Result<Value> {
    match &value {
        Value::Array(list) => whole(list.len()),
        Value::Object(object) => whole(object.len()),
        Value::Scalar(_) => whole(text(&value).chars().count()),
        _ => whole(0),
    }
}

fn has_scheme(address: &str) -> bool {
    address.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

fn relative(address: &str, env: &Env) -> String {
    if has_scheme(address) {
        return address.to_owned();
    }
    format!("{}/{}", env.base(), address.trim_start_matches('/'))
}

fn absolute(address: &str, env: &Env) -> String {
    if has_scheme(address) {
        return address.to_owned();
    }
    format!("{}{}", env.origin(), relative(address, env))
}

fn one_paragraph(html: &str) -> String {
    let html = html.trim();
    let inner = html
        .strip_prefix("<p>")
        .and_then(|inner| inner.strip_suffix("</p>"));
    inner.unwrap_or(html).to_owned()
}

fn slugify(value: Value, arguments: &[Value], _: &Env) -> Result<Value> {
    let text = text(&value);
    match arg(arguments, 0).as_str() {
        "none" => said(text),
        "pretty" => said(slugify_pretty(&text).to_lowercase()),
        "raw" => said(
            text.split_whitespace()
                .collect::<Vec<_>>()
                .join("-")
                .to_lowercase(),
        ),
        "ascii" => {
            let ascii: String = text
                .chars()
                .map(|c| if c.is_ascii() { c } else { '-' })
                .collect();
            said(slugify_default(&ascii))
        }
        _ => said(slugify_default(&text)),
    }
}
