//! What tagwire makes of posts, beside what the real Jekyll made of them.
//! In: Jekyll's answers, an object a line, and the folder that holds the sites. Out: for each field what
//! agrees, what differs on purpose and why, and what is wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tagwire::model::{Post, Site};
use tagwire::posts::{Dirs, FrontMatterDefault, NaiveDates, Rules, Settings, excerpt, parse};

/// One field over all posts.
#[derive(Default)]
pub struct Tally {
    pub same: usize,
    /// By reason.
    pub on_purpose: BTreeMap<&'static str, usize>,
    pub wrong: Vec<String>,
}

/// The whole comparison.
#[derive(Default)]
pub struct Report {
    pub fields: BTreeMap<&'static str, Tally>,
    /// Posts that both have.
    pub compared: usize,
    /// Files that are not there, that stop Jekyll, or that tagwire does not take for posts by their ending.
    pub alone: usize,
    /// Problems of all files, by kind.
    pub problems: BTreeMap<&'static str, usize>,
}

impl Report {
    /// Everything that is wrong.
    pub fn wrong(&self) -> Vec<String> {
        let each = self.fields.iter();
        each.flat_map(|(field, tally)| {
            tally
                .wrong
                .iter()
                .map(move |text| format!("{field}: {text}"))
        })
        .collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} posts compared, {} files without a counterpart",
            self.compared, self.alone
        )?;
        for (field, tally) in &self.fields {
            let meant: usize = tally.on_purpose.values().sum();
            let (same, wrong) = (tally.same, tally.wrong.len());
            writeln!(
                f,
                "{field:<10} {same:>6} same {meant:>5} differ on purpose {wrong:>4} wrong"
            )?;
            for (reason, count) in &tally.on_purpose {
                writeln!(f, "{:>29} {reason}", count)?;
            }
        }
        writeln!(f, "problems:")?;
        for (kind, count) in &self.problems {
            writeln!(f, "{count:>6} {kind}")?;
        }
        Ok(())
    }
}

/// Compares every row of `answers` with what tagwire reads below `sites`.
///
/// # Errors
/// A row that is no JSON object with the fields that Jekyll's answers have.
pub fn compare(answers: &str, sites: &Path) -> Result<Report, String> {
    let mut report = Report::default();
    let mut compiled: BTreeMap<String, Rules> = BTreeMap::new();
    for line in answers.lines() {
        let row: Value = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
        let repo = text(&row, "repo");
        let root = sites.join(&repo);
        let path = root.join(text(&row, "path"));
        let Ok(bytes) = std::fs::read(&path) else {
            report.alone += 1;
            continue;
        };
        // A draft's row, of a site that shows its posts only.
        let key = format!("{repo} {}", row["draft"] == true);
        if !compiled.contains_key(&key) {
            compiled.insert(key.clone(), rules(&root, &row)?);
        }
        let rules = &compiled[&key];
        let path = path.to_string_lossy();
        let (post, problems) = parse(&path, &bytes, DateTime::<Utc>::UNIX_EPOCH, rules);
        let is_empty = problems.iter().any(|problem| problem.kind == "empty-file");
        for problem in problems {
            *report.problems.entry(problem.kind).or_default() += 1;
        }
        let ours = post.filter(|_| is_post(&path));
        if row["omitted"] == true || !row["skipped"].is_null() {
            report.left_out(&row, ours.as_ref());
        } else if !row["slug"].is_string() || !is_post(&path) {
            report.alone += 1;
        } else {
            report.compared += 1;
            let tally = report.fields.entry("read").or_default();
            match ours {
                Some(post) => {
                    tally.same += 1;
                    report.fields_of(&row, &post)?;
                    report.excerpt_of(&row, &bytes);
                }
                None if is_empty => {
                    let reason = "an empty file is no post yet";
                    *tally.on_purpose.entry(reason).or_default() += 1;
                }
                None => tally.wrong.push(text(&row, "path")),
            }
        }
    }
    Ok(report)
}

/// Jekyll's reading of a date without an offset, and what each site sets.
fn rules(root: &Path, row: &Value) -> Result<Rules, String> {
    let or = |key: &str, other: &str| row[key].as_str().unwrap_or(other).to_owned();
    let settings = Settings {
        dir: Dirs::One(root.to_owned()),
        permalink: or("permalink", "date"),
        max_labels: 10_000,
        drafts: row["show_drafts"] == true || row["draft"] == true,
        defaults: defaults(row)?,
        ..Settings::default()
    };
    let zone = or("timezone", "Asia/Shanghai");
    let site = Site {
        title: "Example".into(),
        url: "https://news.example".into(),
        description: None,
        author: None,
        language: "zh-CN".into(),
        timezone: zone.parse().map_err(|_| format!("no zone: {zone}"))?,
    };
    Rules::new(&settings, &site, NaiveDates::Utc)
}

/// Front matter defaults, where a site of ours has some.
fn defaults(row: &Value) -> Result<Vec<FrontMatterDefault>, String> {
    match &row["defaults"] {
        Value::Null => Ok(Vec::new()),
        list => serde_json::from_value(list.clone()).map_err(|error| error.to_string()),
    }
}

fn text(row: &Value, key: &str) -> String {
    match &row[key] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The fields, and what follows them and the blank lines after them.
fn jekylls_parts(text: &str) -> (&str, &str) {
    let opens = |rest: &&str| {
        rest.lines()
            .next()
            .is_some_and(|line| line.trim().is_empty())
    };
    let Some(fields) = text.strip_prefix("---").filter(opens) else {
        return ("", text);
    };
    let mut at = 0;
    let mut closed = None;
    for line in fields.split_inclusive('\n') {
        if closed.is_some() && !line.trim().is_empty() {
            break;
        }
        if closed.is_none() && matches!(line.trim_end(), "---" | "...") {
            closed = Some(at);
        }
        at += line.len();
    }
    closed.map_or(("", text), |end| (&fields[..end], &fields[at..]))
}

fn texts(value: &Value) -> Vec<String> {
    let one = |item: &Value| {
        item.as_str()
            .map_or_else(|| item.to_string(), str::to_owned)
    };
    value.as_array().into_iter().flatten().map(one).collect()
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

fn is_post(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    !name.starts_with(['.', '#', '_', '~']) && matches!(ending, Some("md" | "markdown" | "html"))
}

/// Document::DATE_FILENAME_MATCHER: a date, a hyphen, a slug, an ending.
fn has_dated_name(name: &str) -> bool {
    let Some((stem, _)) = name.rsplit_once('.') else {
        return false;
    };
    let mut parts = stem.splitn(4, '-');
    let mut number = |least: usize, most: usize| {
        let digits = parts.next().unwrap_or_default();
        (least..=most).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    };
    number(2, 4) && number(1, 2) && number(1, 2) && parts.next().is_some()
}

/// The slug: an id is the folder of the address and the slug.
fn slug_of(post: &Post) -> Option<&str> {
    let folder = post.url.trim_end_matches('/').rsplit_once('/')?.0;
    post.id.as_str().strip_prefix(folder)?.strip_prefix('/')
}

/// What must stand in for a title that says nothing: the digest's or the text's first sentence, else the name.
fn stand_in(row: &Value, post: &Post) -> String {
    const LONGEST: usize = 80;
    let said = post.digest.as_deref().or_else(|| post.text.lines().next());
    let said = said.unwrap_or_default().trim();
    let end = said.find(['。', '！', '？']);
    let sentence = end.map_or(said, |end| {
        let mark = said[end..].chars().next().filter(|mark| *mark != '。');
        &said[..end + mark.map_or(0, char::len_utf8)]
    });
    if sentence.chars().count() > LONGEST {
        return sentence.chars().take(LONGEST).chain(['…']).collect();
    }
    if !sentence.is_empty() {
        return sentence.to_owned();
    }
    let words = text(row, "slug");
    let words = words.split('-').map(|word| {
        let mut chars = word.chars();
        let first = chars.next().map(|c| c.to_uppercase().to_string());
        first.unwrap_or_default() + &chars.as_str().to_lowercase()
    });
    words.collect::<Vec<_>>().join(" ").trim().to_owned()
}

impl Report {
    /// What Jekyll leaves out.
    fn left_out(&mut self, row: &Value, ours: Option<&Post>) {
        let tally = self.fields.entry("left out").or_default();
        let path = text(row, "path");
        let distant = DateTime::parse_from_rfc3339("2500-01-01T00:00:00Z").map(|at| at.timestamp());
        match ours {
            None => tally.same += 1,
            Some(post) if post.withdrawn => tally.same += 1,
            Some(post) if distant.is_ok_and(|at| post.published.seconds() > at) => tally.same += 1,
            Some(_) => {
                let reason = "a file without a date in its name is a post too";
                match has_dated_name(path.rsplit('/').next().unwrap_or_default()) {
                    false => *tally.on_purpose.entry(reason).or_default() += 1,
                    true => tally.wrong.push(path),
                }
            }
        }
    }

    /// Jekyll's excerpt before it is rendered, where the answers have it. Blanks at its ends are not compared.
    fn excerpt_of(&mut self, row: &Value, bytes: &[u8]) {
        let Some(theirs) = row["excerpt_src"].as_str() else {
            return;
        };
        let source = String::from_utf8_lossy(bytes);
        let (fields, body) = jekylls_parts(source.trim_start_matches('\u{FEFF}'));
        let fields: serde_yaml::Value = serde_yaml::from_str(fields).unwrap_or_default();
        let separator = fields["excerpt_separator"].as_str().unwrap_or("\n\n");
        let own = fields["excerpt"].as_str().map(str::to_owned);
        let ours = own.unwrap_or_else(|| excerpt(body, separator));
        // The answers hold its first 200 characters.
        let start = |text: &str| text.trim().chars().take(200).collect::<String>();
        let tally = self.fields.entry("excerpt").or_default();
        if start(&ours).trim() == start(theirs).trim() {
            tally.same += 1;
        } else {
            tally.wrong.push(text(row, "path"));
        }
    }

    fn fields_of(&mut self, row: &Value, post: &Post) -> Result<(), String> {
        // A draft without a date has that of its file, which no two copies share.
        let date = match row["date"].as_str() {
            Some(date) => Some(
                DateTime::parse_from_rfc3339(date).map_err(|error| format!("{date}: {error}"))?,
            ),
            None => None,
        };
        let listed = |items: &[String]| format!("{items:?}");
        let fields = [
            ("url", post.url.clone(), text(row, "url")),
            ("id", post.id.to_string(), text(row, "id")),
            (
                "slug",
                slug_of(post).unwrap_or("-").to_owned(),
                text(row, "slug"),
            ),
            ("title", post.title.clone(), text(row, "title")),
            (
                "categories",
                listed(&post.categories),
                listed(&texts(&row["categories"])),
            ),
            ("tags", listed(&post.tags), listed(&texts(&row["tags"]))),
            (
                "date",
                post.published.seconds().to_string(),
                date.map_or_else(String::new, |date| date.timestamp().to_string()),
            ),
        ];
        for (field, ours, theirs) in fields {
            if date.is_none() && ["url", "id", "date"].contains(&field) {
                continue;
            }
            let tally = self.fields.entry(field).or_default();
            if ours == theirs {
                tally.same += 1;
            } else if let Some(reason) = on_purpose(field, row, post) {
                *tally.on_purpose.entry(reason).or_default() += 1;
            } else {
                let path = text(row, "path");
                tally.wrong.push(format!("{path}: {ours} for {theirs}"));
            }
        }
        Ok(())
    }
}

/// Why a difference is meant, if it is.
fn on_purpose(field: &str, row: &Value, post: &Post) -> Option<&'static str> {
    let path = row["path"].as_str()?;
    if path.ends_with("202112082206703990.md") {
        return Some("a blank line before the front matter is allowed");
    }
    match field {
        "url" | "id"
            if decoded(&text(row, field))
                == decoded(if field == "url" {
                    &post.url
                } else {
                    post.id.as_str()
                }) =>
        {
            Some(
                "raw characters of a permalink are percent-encoded, as jekyll-feed does in the feed",
            )
        }
        "categories" => {
            let mut once: Vec<String> = Vec::new();
            for name in texts(&row["categories"]) {
                if !name.is_empty() && name != "null" && !once.contains(&name) {
                    once.push(name);
                }
            }
            (once == post.categories).then_some("each category is kept once, and null not at all")
        }
        "title" if row["title"].is_array() => {
            let written = format!("[{}]", texts(&row["title"]).join(", "));
            (written == post.title).then_some("a title in brackets is taken as it is written")
        }
        "url" | "id" if path.ends_with("2014-01-06-permalink-traversal.md") => {
            Some("a permalink that climbs by %2e%2e stays below the site's address")
        }
        "tags" => {
            let mut once = Vec::new();
            for tag in texts(&row["tags"]) {
                let tag = tag.trim().to_owned();
                if !tag.is_empty() && !once.contains(&tag) {
                    once.push(tag);
                }
            }
            (once == post.tags).then_some("each tag is kept once, and an empty one not at all")
        }
        "title" if text(row, "title").trim().is_empty() => (post.title == stand_in(row, post))
            .then_some("an empty title is the digest's or the text's first sentence, or the name"),
        "title" => {
            let title = text(row, "title");
            let words: Vec<&str> = title.split_whitespace().collect();
            let spaces = post.title.split_whitespace().eq(words.iter().copied());
            spaces.then_some("a title is one line, without blanks around it")
        }
        _ => None,
    }
}
