//! One file's bytes become one post, and the list of what was wrong.
//! In: path, bytes, the time at which the file was first seen. Out: a post, or none, and problems.
//! No input, no output, no clock: the same bytes give the same post for ever.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::body;
use super::conflict;
use super::date;
use super::decode::{Decoded, decode, one_line, scrub};
use super::excerpt::{self, Chosen};
use super::fields;
use super::findings::{FILE, Findings, line};
use super::front_matter::{self, Fields, Split, Syntax};
use super::labels;
use super::liquid;
use super::permalink::{Facts, Template, jekyll_id};
use super::read::{ReadError, Stamp, read};
use super::rules::Rules;
use super::settings::IdStyle;
use super::when;
use crate::model::time::in_zone;
use crate::model::{Post, PostId, Problem};

/// What one file gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The post; `None` when the file was skipped, and a problem says why.
    pub post: Option<Post>,
    /// What was wrong, in the order in which it was found.
    pub problems: Vec<Problem>,
    /// The stamp of the bytes.
    pub stamp: Stamp,
}

/// Reads and parses one file.
pub fn load(path: &str, first_seen: DateTime<Utc>, rules: &Rules) -> Result<Parsed, ReadError> {
    let (bytes, stamp) = read(path, rules)?;
    let seen = undated(path, stamp, first_seen, rules);
    let (post, problems) = parse(path, &bytes, seen, rules);
    Ok(Parsed {
        post,
        problems,
        stamp,
    })
}

/// The time to give to `parse` for a post without a date: a draft has that of its file's last change.
pub fn undated(
    path: &str,
    stamp: Stamp,
    first_seen: DateTime<Utc>,
    rules: &Rules,
) -> DateTime<Utc> {
    match Below::new(path, rules).is_draft() {
        true => DateTime::from_timestamp_nanos(stamp.modified_ns),
        false => first_seen,
    }
}

/// Parses one file. Whatever the bytes, it answers with a post, with problems, or with both; with neither
/// only for a draft, when drafts are not wanted. `first_seen` is what `undated` says.
pub fn parse(
    path: &str,
    bytes: &[u8],
    first_seen: DateTime<Utc>,
    rules: &Rules,
) -> (Option<Post>, Vec<Problem>) {
    let mut findings = Findings::new(path);
    let file = File::new(path, rules);
    if file.is_draft && !rules.drafts {
        return (None, Vec::new());
    }
    let text = decode(bytes, rules.encoding, &mut findings);
    let mut source = source(&text, &file, &mut findings);
    if let Some(source) = source.as_mut().filter(|_| !rules.defaults.is_empty()) {
        let values = rules.defaults.of(&[file.relative, &file.with_root(), path]);
        source.fields.set_defaults(values);
    }
    let post = source.map(|source| post(&file, &source, first_seen, rules, &mut findings));
    (post, findings.into_list())
}

/// A file's text as the lines and columns of its problems count: decoded, with LF ends, without marks and
/// control characters.
pub fn text_of(bytes: &[u8], rules: &Rules) -> String {
    let decoded = decode(bytes, rules.encoding, &mut Findings::new(""));
    decoded.text.into_owned()
}

/// Where a path stands below the root that is nearest to it.
struct Below<'a> {
    /// Below the root, with `/` between folders.
    relative: &'a str,
    /// The root's own name.
    root: &'a str,
}

impl<'a> Below<'a> {
    fn new(path: &'a str, rules: &'a Rules) -> Self {
        let below = |root: &'a PathBuf| {
            let text = root.to_str()?;
            let rest = path.strip_prefix(text)?;
            let whole = text.is_empty() || text.ends_with('/') || rest.is_empty();
            let whole = whole || rest.starts_with('/');
            whole.then(|| (rest.trim_start_matches('/'), root))
        };
        let roots = rules.roots.iter().filter_map(below);
        let nearest = roots.min_by_key(|(rest, _)| rest.len());
        Below {
            relative: nearest.map_or(path, |(rest, _)| rest),
            root: nearest.and_then(|(_, root)| name_of(root)).unwrap_or(""),
        }
    }

    fn is_draft(&self) -> bool {
        self.root == "_drafts" || has_folder(self.relative, "_drafts")
    }
}

/// What the path says.
struct File<'a> {
    path: &'a str,
    /// Below the root, with `/` between folders.
    relative: &'a str,
    /// The root's own name.
    root: &'a str,
    /// Where its folders are looked for that are categories.
    in_site: &'a str,
    is_draft: bool,
    /// File name without ending.
    stem: &'a str,
    is_html: bool,
    name: date::Name<'a>,
}

impl<'a> File<'a> {
    fn new(path: &'a str, rules: &'a Rules) -> Self {
        let below = Below::new(path, rules);
        let (relative, root) = (below.relative, below.root);
        let in_site = rules.site_dir.as_ref().and_then(|site| {
            // `.` and `./zh` are written by people, and not in what a scan finds.
            let site = site.to_str()?.trim_start_matches("./").trim_matches('.');
            let rest = path.trim_start_matches("./").strip_prefix(site)?;
            let whole = site.is_empty() || site.ends_with('/') || rest.starts_with('/');
            whole.then(|| rest.trim_start_matches('/'))
        });
        let base = memchr::memrchr(b'/', path.as_bytes()).map_or(path, |at| &path[at + 1..]);
        let point = memchr::memrchr(b'.', base.as_bytes());
        let (stem, ending) = point.map_or((base, ""), |at| (&base[..at], &base[at + 1..]));
        File {
            path,
            relative,
            root,
            is_draft: below.is_draft(),
            in_site: in_site.unwrap_or(relative),
            stem,
            is_html: ending.eq_ignore_ascii_case("html"),
            name: date::name(stem),
        }
    }

    /// The path as Jekyll counts from the site's folder: below the root, with the root's own name before it.
    fn with_root(&self) -> String {
        format!("{}/{}", self.root, self.relative)
    }

    fn dateless(&self) -> when::Dateless<'a> {
        match self.is_draft {
            true => when::Dateless::Draft,
            false => when::Dateless::Post { stem: self.stem },
        }
    }

    fn slug(&self) -> &'a str {
        if self.name.slug.is_empty() {
            self.stem
        } else {
            self.name.slug
        }
    }
}

/// The last name of a path.
fn name_of(path: &Path) -> Option<&str> {
    let text = path.to_str()?;
    let last = text.rsplit('/').next().unwrap_or("");
    match last {
        // The end of what leads elsewhere.
        "" | "." | ".." => path.file_name()?.to_str(),
        last => Some(last),
    }
}

fn has_folder(path: &str, name: &str) -> bool {
    let mut parts = path.as_bytes().split(|byte| *byte == b'/');
    parts.any(|part| part == name.as_bytes())
}

/// What the file holds.
struct Source<'t> {
    fields: Fields<'t>,
    body: &'t str,
    body_line: u32,
    is_everyday: bool,
}

fn source<'t>(
    decoded: &'t Decoded<'_>,
    file: &File,
    findings: &mut Findings,
) -> Option<Source<'t>> {
    let (text, is_everyday) = (&*decoded.text, decoded.is_everyday);
    if let Some(began) = conflict::find(text) {
        findings.skipped(
            "merge-conflict",
            line(began),
            "two versions of the post are in the file: a merge that nobody has finished",
            "keep one of them, and delete the lines `<<<<<<<`, `=======` and `>>>>>>>`",
        );
        return None;
    }
    match front_matter::split(text) {
        Split::Found {
            syntax,
            is_opened,
            fields,
            fields_line,
            body,
            body_line,
        } => {
            match is_opened {
                true => note_blank_lines(fields_line, findings),
                false => findings.recovered(
                    "unopened-front-matter",
                    line(fields_line),
                    "the line before the front matter is missing; the fields are read all the same",
                    "add a line `---` before its first field: Jekyll takes it for text",
                ),
            }
            let fields = front_matter::read(syntax, fields, fields_line, findings);
            Some(Source {
                fields,
                body,
                body_line,
                is_everyday,
            })
        }
        Split::Unclosed(syntax) => {
            findings.skipped(
                "unclosed-front-matter",
                line(1),
                "the front matter has no closing line",
                match syntax {
                    Syntax::Yaml => "add a line `---` after its last field",
                    Syntax::Toml => "add a line `+++` after its last field",
                },
            );
            None
        }
        Split::Absent => without_fields(text, file, findings).then(|| Source {
            fields: Fields::default(),
            body: text,
            body_line: 1,
            is_everyday,
        }),
    }
}

/// Whether a file without front matter is a post all the same.
fn without_fields(text: &str, file: &File, findings: &mut Findings) -> bool {
    if text.trim().is_empty() {
        findings.skipped(
            "empty-file",
            FILE,
            "the file is empty",
            "write the post, or delete the file",
        );
        return false;
    }
    if is_no_text(text) {
        findings.skipped(
            "no-text",
            FILE,
            "the file is no text",
            "take it away, or write the post in UTF-8",
        );
        return false;
    }
    let is_dated = file.name.date.is_some();
    match is_dated {
        true => findings.note(
            "no-front-matter",
            line(1),
            "there is no front matter; title and date are taken from the file name",
            "begin the file with fields between two lines `---`",
        ),
        false => findings.skipped(
            "no-front-matter",
            line(1),
            "there is no front matter, and the file name has no date",
            "begin the file with title and date between two lines `---`",
        ),
    }
    is_dated
}

/// Whether one character of twenty could not be decoded.
fn is_no_text(text: &str) -> bool {
    let strange = text.matches('\u{FFFD}').count();
    strange > 0 && strange * 20 > text.chars().count()
}

fn note_blank_lines(fields_line: u32, findings: &mut Findings) {
    if fields_line > 2 {
        findings.note(
            "blank-before-front-matter",
            line(1),
            "there are blank lines before the front matter",
            "delete them: Jekyll sees no front matter here",
        );
    }
}

fn post(
    file: &File,
    source: &Source,
    first_seen: DateTime<Utc>,
    rules: &Rules,
    findings: &mut Findings,
) -> Post {
    let fields = &source.fields;
    let (published, date_source) = when::published(
        &file.name,
        &file.dateless(),
        fields,
        first_seen,
        rules,
        findings,
    );
    let labels = labels::read(fields, file.in_site, rules, findings);
    let slug = fields
        .text("slug")
        .map_or(Cow::Borrowed(file.slug()), |slug| {
            Cow::Owned(one_line(&slug))
        });
    let facts = Facts {
        categories: &labels.categories,
        slug: &slug,
        stem: file.stem,
        date: in_zone(published.as_chrono().to_utc(), rules.site.timezone),
    };
    let url = permalink(fields, &facts, rules, findings);
    let id = id(file, fields, &url, &slug, rules);
    let page = || {
        liquid::page(&liquid::Page {
            fields,
            title: &fields::written_title(file.slug(), fields),
            date: published,
            url: &url,
            id: id.as_str(),
            slug: &slug,
            path: file.relative,
            categories: &labels.categories,
            tags: &labels.tags,
        })
    };
    let place = body::Place {
        url: &url,
        is_html: file.is_html,
        line: source.body_line,
        is_everyday: source.is_everyday,
        page: (!fields.is_false("render_with_liquid")).then_some(&page),
    };
    let body = body::read(source.body, &place, rules, findings);
    let chosen = excerpt::chosen(fields, source.body, &rules.excerpt_separator);
    let excerpt = chosen.map(|chosen| match chosen {
        Chosen::Words(words) => {
            let place = body::Place {
                is_html: true,
                // YAML has escapes.
                is_everyday: false,
                page: None,
                ..place
            };
            body::excerpt(&words, &place, rules)
        }
        Chosen::Cut(cut) => body::excerpt(&cut, &place, rules),
    });
    let title = fields::title(file.slug(), file.stem, fields, &body, findings);
    Post {
        image: fields::image(fields, &place, rules).or(body.image),
        id,
        path: file.path.to_owned(),
        published,
        date_source,
        updated: when::updated(fields, rules, findings),
        author: fields::author(fields),
        withdrawn: fields::is_withdrawn(fields),
        title,
        url,
        categories: labels.categories,
        tags: labels.tags,
        source: body.source,
        via: body.via,
        match_text: matched(body.digest.as_deref(), body.match_text, &body.text),
        digest: body.digest,
        excerpt: excerpt.filter(|text| !text.is_empty()),
        html: body.html,
        text: body.text,
    }
}

/// The editor's digest is a part of the article as well.
fn matched(digest: Option<&str>, match_text: Option<String>, text: &str) -> Option<String> {
    match digest {
        Some(digest) => Some(format!(
            "{digest}\n{}",
            match_text.as_deref().unwrap_or(text)
        )),
        None => match_text,
    }
}

fn permalink(fields: &Fields, facts: &Facts, rules: &Rules, findings: &mut Findings) -> String {
    let Some(own) = fields.text("permalink") else {
        return rules.template.url(facts);
    };
    match Template::of_post(&one_line(&own)) {
        Ok(template) => template.url(facts),
        Err(name) => {
            findings.recovered(
                "bad-permalink",
                fields.at("permalink"),
                format!("`:{name}` in `permalink` is no placeholder; the site's permalink is used"),
                "use placeholders such as :year, :title or :categories",
            );
            rules.template.url(facts)
        }
    }
}

fn id(file: &File, fields: &Fields, url: &str, slug: &str, rules: &Rules) -> PostId {
    let own = fields.text("guid").or_else(|| fields.text("id"));
    let own = own
        .map(|text| one_line(&text))
        .filter(|text| !text.is_empty());
    PostId::new(own.unwrap_or_else(|| match rules.id {
        IdStyle::Jekyll => scrub(jekyll_id(url, slug)),
        IdStyle::File => scrub(file.stem.to_owned()),
    }))
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "quirks_tests.rs"]
mod quirks_tests;

#[cfg(test)]
#[path = "toml_tests.rs"]
mod toml_tests;
