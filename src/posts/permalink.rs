//! Permalinks and ids as Jekyll 4 makes them (drops/url_drop.rb, url.rb, document.rb).
//! In: a template, and a post's date, slug and categories. Out: a percent-encoded path that
//! starts with `/`, and the id that jekyll-feed would publish.

use std::borrow::Cow;
use std::sync::LazyLock;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use regex::Regex;

/// A permalink style or template whose placeholders are all known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

/// A text, and the placeholder after it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// Encoded.
    literal: String,
    name: Option<&'static str>,
    /// `:year_`
    underscore: bool,
}

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
        Template::read(template).map_err(|name| {
            format!(
                "posts.permalink: `:{name}` is no placeholder; known are {}",
                PLACEHOLDERS.join(", ")
            )
        })
    }

    /// A post's own `permalink`, in which Jekyll knows no styles. `Err` names a wrong placeholder.
    pub fn of_post(text: &str) -> Result<Template, String> {
        Template::read(text)
    }

    fn read(text: &str) -> Result<Template, String> {
        let parts = parts(text).map(|(literal, name)| {
            let known = match name {
                Some(name) => Some(resolve(name).ok_or_else(|| name.to_owned())?),
                None => None,
            };
            let length = |name: Option<&str>| name.map_or(0, str::len);
            Ok(Part {
                literal: utf8_percent_encode(literal, IN_TEMPLATE).to_string(),
                name: known,
                underscore: length(name) > length(known),
            })
        });
        parts.collect::<Result<_, _>>().map(Template)
    }

    /// The path below the site's address.
    pub fn url(&self, facts: &Facts) -> String {
        let mut out = String::with_capacity(96);
        let day = facts.date.date_naive();
        for part in &self.0 {
            out.push_str(&part.literal);
            let Some(known) = part.name else {
                continue;
            };
            let start = out.len();
            push_value(known, facts, day, &mut out);
            if is_double(&out[start..]) {
                let squeezed = squeeze(&out[start..]).into_owned();
                out.truncate(start);
                out.push_str(&squeezed);
            }
            if part.underscore {
                out.push('_');
            }
        }
        if !out.starts_with('/') {
            out.insert(0, '/');
        }
        let mut url = sanitize(out);
        url.shrink_to_fit();
        url
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

fn is_double(text: &str) -> bool {
    memchr::memchr(b'/', text.as_bytes()).is_some() && text.contains("//")
}

fn push_value(name: &str, facts: &Facts, date: NaiveDate, out: &mut String) {
    match name {
        "categories" => match facts.categories {
            [one] if is_plain(one) => out.push_str(one),
            several => push_encoded(&categories(several, false), out),
        },
        "title" => push_encoded(&slugify_pretty(facts.slug), out),
        "output_ext" => out.push_str(".html"),
        "year" if (0..=9999).contains(&date.year()) => {
            let year = date.year().unsigned_abs();
            push_two(year / 100, out);
            push_two(year % 100, out);
        }
        "month" => push_two(date.month(), out),
        "day" => push_two(date.day(), out),
        other => out.push_str(&value(other, facts)),
    }
}

/// What neither its case nor its encoding changes.
fn is_plain(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.bytes().all(is_part)
}

fn push_encoded(text: &str, out: &mut String) {
    out.extend(utf8_percent_encode(text, IN_PATH));
}

/// A number below 100 in two digits.
fn push_two(number: u32, out: &mut String) {
    for digit in [number / 10, number % 10] {
        out.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
}

fn value(name: &str, facts: &Facts) -> String {
    let date = facts.date;
    let encode = |text: &str| utf8_percent_encode(text, IN_PATH).to_string();
    let clock = |format: &str| date.format(format).to_string();
    match name {
        "slugified_categories" => encode(&categories(facts.categories, true)),
        "slug" => encode(&slugify_default(facts.slug)),
        "name" | "basename" => encode(&slugify_default(facts.stem)),
        "path" => encode(facts.stem),
        "collection" => "posts".to_owned(),
        "year" => clock("%Y"),
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
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_tidy = !(text.starts_with('-') || text.ends_with('-') || text.contains("--"));
    if is_tidy && text.bytes().all(is_part) {
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
fn sanitize(mut url: String) -> String {
    let is_odd = |two: &[u8]| matches!(two, [b'.', b'.' | b'/'] | [b'/', b'/']);
    if !url.contains('%') && !url.as_bytes().windows(2).any(is_odd) {
        return url;
    }
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
    for part in [folder, "/", slug.trim_start_matches('/')] {
        id.push_str(part);
    }
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
