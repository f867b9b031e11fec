//! Permalinks and ids as Jekyll 4 makes them (drops/url_drop.rb, url.rb, document.rb).
//! In: a template, and a post's date, slug and categories. Out: a percent-encoded path that
//! starts with `/`, and the id that jekyll-feed would publish.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::LazyLock;

use chrono::{DateTime, Datelike, FixedOffset};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use regex::Regex;

/// A permalink style or template whose placeholders are all known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(String);

/// What a permalink is made of.
pub(super) struct Facts<'a> {
    /// The post's categories, as they are shown.
    pub categories: &'a [String],
    /// Front matter's slug, else the file name's, as written.
    pub slug: &'a str,
    /// File name without ending.
    pub stem: &'a str,
    /// On the clock of the site.
    pub date: DateTime<FixedOffset>,
}

const PLACEHOLDERS: &[&str] = &[
    "categories",
    "slugified_categories",
    "title",
    "slug",
    "name",
    "basename",
    "collection",
    "path",
    "output_ext",
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "i_day",
    "i_month",
    "short_month",
    "long_month",
    "short_year",
    "y_day",
    "w_year",
    "week",
    "w_day",
    "short_day",
    "long_day",
];

/// What Addressable leaves as it is in a path, less `?`, which would start a query.
const IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// For text that may be encoded already: everything above but the percent sign.
const IN_TEMPLATE: &AsciiSet = &IN_PATH.remove(b'%');

impl Template {
    /// Checks a style or template of the config.
    pub fn new(text: &str) -> Result<Template, String> {
        let template = match text {
            "date" => "/:categories/:year/:month/:day/:title:output_ext",
            "pretty" => "/:categories/:year/:month/:day/:title/",
            "ordinal" => "/:categories/:year/:y_day/:title:output_ext",
            "weekdate" => "/:categories/:year/W:week/:short_day/:title:output_ext",
            "none" => "/:categories/:title:output_ext",
            other if other.contains(['/', ':']) => other,
            other => {
                return Err(format!(
                    "posts.permalink: `{other}` is neither a style (date, pretty, ordinal, \
                     weekdate, none) nor a template such as `/:year/:title/`"
                ));
            }
        };
        let template = Template(template.to_owned());
        match template.unknown() {
            None => Ok(template),
            Some(name) => Err(format!(
                "posts.permalink: `:{name}` is no placeholder; known are {}",
                PLACEHOLDERS.join(", ")
            )),
        }
    }

    /// A post's own `permalink`, in which Jekyll knows no styles. `Err` names a wrong placeholder.
    pub fn of_post(text: &str) -> Result<Template, String> {
        let template = Template(text.to_owned());
        match template.unknown() {
            None => Ok(template),
            Some(name) => Err(name),
        }
    }

    fn unknown(&self) -> Option<String> {
        let names = parts(&self.0).filter_map(|(_, name)| name);
        let mut unknown = names.filter(|name| resolve(name).is_none());
        unknown.next().map(str::to_owned)
    }

    /// The path below the site's address.
    pub fn url(&self, facts: &Facts) -> String {
        let mut out = String::with_capacity(96);
        for (literal, name) in parts(&self.0) {
            out.extend(utf8_percent_encode(literal, IN_TEMPLATE));
            let Some(known) = name.and_then(resolve) else {
                continue;
            };
            out.push_str(&squeeze(&value(known, facts)));
            if name.is_some_and(|name| name.len() > known.len()) {
                out.push('_');
            }
        }
        sanitize(&out)
    }
}

/// The template as pairs of a literal text and the placeholder after it.
fn parts(template: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let mut rest = Some(template);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut from = 0;
        while let Some(colon) = text[from..].find(':').map(|at| at + from) {
            let name = &text[colon + 1..];
            let end = name
                .find(|c: char| !(c.is_ascii_lowercase() || c == '_'))
                .unwrap_or(name.len());
            if end > 0 {
                rest = Some(&name[end..]);
                return Some((&text[..colon], Some(&name[..end])));
            }
            from = colon + 1;
        }
        rest = None;
        Some((text, None))
    })
}

/// `:year_` means `:year` with an underscore after it.
fn resolve(name: &str) -> Option<&'static str> {
    let find = |name: &str| PLACEHOLDERS.iter().copied().find(|known| *known == name);
    find(name).or_else(|| find(name.strip_suffix('_')?))
}

fn value(name: &str, facts: &Facts) -> String {
    let date = facts.date;
    let encode = |text: &str| utf8_percent_encode(text, IN_PATH).to_string();
    let clock = |format: &str| date.format(format).to_string();
    match name {
        "categories" => encode(&categories(facts.categories, false)),
        "slugified_categories" => encode(&categories(facts.categories, true)),
        "title" => encode(&slugify_pretty(facts.slug)),
        "slug" => encode(&slugify_default(facts.slug)),
        "name" | "basename" => encode(&slugify_default(facts.stem)),
        "path" => encode(facts.stem),
        "collection" => "posts".to_owned(),
        "output_ext" => ".html".to_owned(),
        "year" => clock("%Y"),
        "month" => clock("%m"),
        "day" => clock("%d"),
        "hour" => clock("%H"),
        "minute" => clock("%M"),
        "second" => clock("%S"),
        "i_day" => date.day().to_string(),
        "i_month" => date.month().to_string(),
        "short_month" => clock("%b"),
        "long_month" => clock("%B"),
        "short_year" => clock("%y"),
        "y_day" => clock("%j"),
        "w_year" => clock("%G"),
        "week" => clock("%V"),
        "w_day" => clock("%u"),
        "short_day" => clock("%a"),
        "long_day" => clock("%A"),
        _ => String::new(),
    }
}

fn categories(categories: &[String], slugified: bool) -> String {
    let mut seen: Vec<String> = Vec::with_capacity(categories.len());
    for category in categories {
        let name = if slugified {
            slugify_default(category)
        } else {
            category.to_lowercase()
        };
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen.join("/")
}

/// Jekyll's `pretty` mode with the case kept.
pub(super) fn slugify_pretty(text: &str) -> Cow<'_, str> {
    // [^\p{M}\p{L}\p{Nd}._~!$&'()+,;=@]+, Utils::SLUGIFY_PRETTY_REGEXP
    static OTHER: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"[^\p{M}\p{L}\p{Nd}._~!$&'()+,;=@]+").ok());
    if text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(hyphenated(&OTHER, text))
}

pub(super) fn slugify_default(text: &str) -> String {
    static OTHER: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"[^\p{M}\p{L}\p{Nd}]+").ok());
    hyphenated(&OTHER, text).to_lowercase()
}

fn hyphenated(other: &LazyLock<Option<Regex>>, text: &str) -> String {
    let replaced = match other.as_ref() {
        Some(other) => other.replace_all(text, "-"),
        None => Cow::Borrowed(text),
    };
    replaced.trim_matches('-').to_owned()
}

fn squeeze(text: &str) -> Cow<'_, str> {
    if !text.contains("//") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if !(c == '/' && out.ends_with('/')) {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// URL#sanitize_url: one leading slash, no `..`, no `./`, no double slashes.
fn sanitize(url: &str) -> String {
    let mut url = format!("/{url}");
    if url.contains("..") {
        url = url.replace("..", "/");
    }
    if url.contains("./") {
        url = url.replace("./", "");
    }
    let mut url = squeeze(&url).into_owned();
    if url.contains('%') {
        url = decode_dots(url);
    }
    url
}

/// `/%2e%2e/` would climb in any client that decodes before it looks.
fn decode_dots(url: String) -> String {
    let climbs = |part: &str| {
        let plain = part.to_ascii_lowercase().replace("%2e", ".");
        plain == ".." || plain == "."
    };
    if !url.split('/').any(climbs) {
        return url;
    }
    let kept: Vec<&str> = url.split('/').filter(|part| !climbs(part)).collect();
    kept.join("/")
}

/// Document#id: the URL's folder and the slug as written.
pub(super) fn jekyll_id(url: &str, slug: &str) -> String {
    let folder = url.trim_end_matches('/');
    let folder = folder.rfind('/').map_or("", |at| &folder[..at]);
    let mut id = String::with_capacity(folder.len() + slug.len() + 1);
    let _ = write!(id, "{folder}/{}", slug.trim_start_matches('/'));
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(template: &str, slug: &str, categories: &[&str]) -> String {
        let categories: Vec<String> = categories.iter().map(|c| c.to_string()).collect();
        let facts = Facts {
            categories: &categories,
            slug,
            stem: slug,
            date: DateTime::parse_from_rfc3339("2022-02-08T10:01:41+08:00").unwrap(),
        };
        Template::new(template).unwrap().url(&facts)
    }

    #[test]
    fn the_styles_are_jekylls() {
        assert_eq!(url("date", "a", &["X", "y"]), "/x/y/2022/02/08/a.html");
        assert_eq!(url("pretty", "a", &[]), "/2022/02/08/a/");
        assert_eq!(url("ordinal", "a", &[]), "/2022/039/a.html");
        assert_eq!(url("weekdate", "a", &[]), "/2022/W06/Tue/a.html");
        assert_eq!(url("none", "a", &["x"]), "/x/a.html");
        assert_eq!(url("/:year_:i_month/:slug", "A b!", &[]), "/2022_2/a-b");
    }

    #[test]
    fn odd_slugs_and_categories_are_encoded_as_jekyll_does() {
        assert_eq!(
            url("date", "开站 大吉(1)#2", &["C#"]),
            "/c%23/2022/02/08/%E5%BC%80%E7%AB%99-%E5%A4%A7%E5%90%89(1)-2.html"
        );
        assert_eq!(
            url("none", "-a--b-", &["TechWeb", "Techweb"]),
            "/techweb/a-b.html"
        );
        assert_eq!(url("none", "a..b", &["../.."]), "/a/b.html");
        assert_eq!(url("none", "a", &["x y?"]), "/x%20y%3F/a.html");
    }

    #[test]
    fn an_id_keeps_the_slug_as_written() {
        assert_eq!(
            jekyll_id("/2022/01/01/%E5%BC%80.html", "开 #2"),
            "/2022/01/01/开 #2"
        );
        assert_eq!(jekyll_id("/2022/01/01/a/", "a"), "/2022/01/01/a");
        assert_eq!(jekyll_id("/a.html", "a"), "/a");
    }

    #[test]
    fn a_permalink_cannot_climb() {
        let own = Template::of_post("/%2e%2e/../%2E%2e/x.html").unwrap();
        let date = DateTime::parse_from_rfc3339("2022-02-08T10:01:41+08:00").unwrap();
        let facts = Facts {
            categories: &[],
            slug: "a",
            stem: "a",
            date,
        };
        assert_eq!(own.url(&facts), "/x.html");
    }
}
