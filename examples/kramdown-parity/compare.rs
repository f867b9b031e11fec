//! tagwire's Markdown beside kramdown's: the text that a reader sees, the elements it stands in, and where these lead.
//! In: kramdown's HTML, an object a line, and the folder that holds the files. Out: by feature (a file's first
//! folder), how many agree, differ on purpose and why, and are wrong.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use regex::Regex;
use scraper::{ElementRef, Html, Node};
use serde_json::Value;
use tagwire::posts::kramdown;
use url::Url;

/// One feature.
#[derive(Default)]
pub struct Tally {
    pub compared: usize,
    pub same_text: usize,
    pub same_structure: usize,
    /// By reason.
    pub on_purpose: BTreeMap<&'static str, usize>,
    pub wrong: Vec<String>,
}

/// The whole comparison.
#[derive(Default)]
pub struct Report {
    pub features: BTreeMap<String, Tally>,
}

impl Report {
    /// Everything that is wrong.
    pub fn wrong(&self) -> Vec<String> {
        self.features
            .values()
            .flat_map(|tally| tally.wrong.iter().cloned())
            .collect()
    }

    /// All files that were compared.
    pub fn compared(&self) -> usize {
        self.features.values().map(|tally| tally.compared).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (feature, tally) in &self.features {
            let meant: usize = tally.on_purpose.values().sum();
            writeln!(
                f,
                "{feature:<28} {:>5} compared {:>5} same text {:>5} same structure {meant:>4} on purpose {:>4} wrong",
                tally.compared,
                tally.same_text,
                tally.same_structure,
                tally.wrong.len()
            )?;
            for (reason, count) in &tally.on_purpose {
                writeln!(f, "{count:>34} {reason}")?;
            }
        }
        Ok(())
    }
}

/// Compares every row of `answers` with what tagwire makes of the file below `folder`.
///
/// # Errors
/// A row that is no JSON object with `path` and `html`, or a file that is not there.
pub fn compare(answers: &str, folder: &Path) -> Result<Report, String> {
    let mut report = Report::default();
    for line in answers.lines() {
        let row: Value = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
        let path = row["path"].as_str().ok_or("a row without `path`")?;
        let html = row["html"].as_str().ok_or("a row without `html`")?;
        let file = std::fs::read(folder.join(path)).map_err(|error| format!("{path}: {error}"))?;
        let source = String::from_utf8_lossy(&file).replace("\r\n", "\n");
        let body = without_front_matter(source.trim_start_matches('\u{FEFF}'));
        let feature = path.split('/').next().unwrap_or_default();
        report
            .features
            .entry(feature.to_owned())
            .or_default()
            .add(path, body, html);
    }
    Ok(report)
}

fn without_front_matter(text: &str) -> &str {
    let start = text.trim_start();
    let Some(fields) = start
        .strip_prefix("---")
        .filter(|rest| rest.trim_start_matches(' ').starts_with('\n'))
    else {
        return text;
    };
    let mut at = text.len() - fields.len();
    for line in fields.split_inclusive('\n') {
        at += line.len();
        if matches!(line.trim_end(), "---" | "...") {
            return text[at..].trim_start_matches('\n');
        }
    }
    text
}

impl Tally {
    fn add(&mut self, path: &str, body: &str, theirs: &str) {
        let ours = kramdown(body);
        let (ours_seen, theirs_seen) = (Seen::of(&ours), Seen::of(theirs));
        self.compared += 1;
        let text = ours_seen.text == theirs_seen.text;
        let structure = ours_seen.structure == theirs_seen.structure;
        self.same_text += usize::from(text);
        self.same_structure += usize::from(structure);
        if text && structure && ours_seen.targets == theirs_seen.targets {
            return;
        }
        if let Some(reason) = on_purpose(path, body, &ours_seen, &theirs_seen) {
            *self.on_purpose.entry(reason).or_default() += 1;
            return;
        }
        let what = match (text, structure) {
            (false, _) => "text",
            (true, false) => "structure",
            (true, true) => "targets",
        };
        let (a, b) = match (text, structure) {
            (false, _) => around(&ours_seen.text, &theirs_seen.text),
            (true, false) => around(&ours_seen.structure, &theirs_seen.structure),
            (true, true) => around(&ours_seen.targets, &theirs_seen.targets),
        };
        self.wrong
            .push(format!("{path} ({what})\n  ours   {a}\n  theirs {b}"));
    }
}

/// The first difference and what is near it.
fn around(ours: &str, theirs: &str) -> (String, String) {
    let same = ours
        .chars()
        .zip(theirs.chars())
        .take_while(|(a, b)| a == b)
        .count();
    let cut = |text: &str| {
        text.chars()
            .skip(same.saturating_sub(30))
            .take(90)
            .collect()
    };
    (cut(ours), cut(theirs))
}

/// Why a difference is meant, if it is.
fn on_purpose(path: &str, body: &str, ours: &Seen, theirs: &Seen) -> Option<&'static str> {
    if body.contains("{:toc") || body.contains("{: toc") {
        return Some("no table of contents is made for `{:toc}`: in a feed its links lead nowhere");
    }
    let quotes = |text: &str| {
        text.replace(['‘', '’', '\''], "'")
            .replace(['“', '”'], "\"")
    };
    if ours.text != theirs.text && quotes(&ours.text) == quotes(&theirs.text) {
        return Some("quotation marks open and close by CommonMark's rule");
    }
    let tags = |text: &str| stray_tags().replace_all(&quotes(text), "").into_owned();
    if ours.text != theirs.text && tags(&ours.text) == tags(&theirs.text) {
        return Some("a closing tag that closes nothing is left out, not shown");
    }
    match path {
        "typography/guillemets.md" => Some("`<<` stays as it is"),
        "definitions/two.md" => Some("two terms of one definition are a definition each"),
        "tables/footer.md" | "tables/two-bodies.md" => Some("a table has one body and no foot"),
        _ => None,
    }
}

fn stray_tags() -> Regex {
    Regex::new("</[a-z0-9]+>").unwrap_or_else(|error| unreachable!("{error}"))
}

/// What a reader sees, without white space, the elements in order, without attributes, and the addresses and titles of
/// links and images.
struct Seen {
    text: String,
    structure: String,
    targets: String,
}

impl Seen {
    fn of(html: &str) -> Seen {
        let document = Html::parse_fragment(html);
        let mut seen = Seen {
            text: String::new(),
            structure: String::new(),
            targets: String::new(),
        };
        seen.walk(document.root_element());
        // `***x***` is either within the other.
        seen.structure = seen
            .structure
            .replace("em strong ", "strong em ")
            .replace("/strong /em ", "/em /strong ");
        seen
    }

    fn walk(&mut self, element: ElementRef) {
        for child in element.children() {
            match child.value() {
                Node::Text(text) => {
                    let letters: String = text.chars().filter(|c| !c.is_whitespace()).collect();
                    if !letters.is_empty() && !self.structure.ends_with("· ") {
                        self.structure.push_str("· ");
                    }
                    self.text.push_str(&letters);
                }
                Node::Element(_) => {
                    if let Some(element) = ElementRef::wrap(child) {
                        self.element(element);
                    }
                }
                _ => {}
            }
        }
    }

    fn element(&mut self, element: ElementRef) {
        let name = element.value().name();
        let class = element.value().attr("class").unwrap_or("");
        match name {
            "script" | "style" => return,
            // How often a note is referred to is told by arrows, in other words.
            "a" if class.contains("reversefootnote") || class.contains("footnote-backref") => {
                return;
            }
            // A tooltip.
            "abbr" => return self.walk(element),
            // kramdown decides for each item of a list whether its text is a paragraph, CommonMark for the list.
            "p" if is_in_item(element) => return self.walk(element),
            _ => {}
        }
        self.target(element);
        let name = if class == "footnotes" {
            "footnotes"
        } else {
            name
        };
        self.structure.push_str(&format!("{name} "));
        self.walk(element);
        self.structure.push_str(&format!("/{name} "));
    }
}

impl Seen {
    fn target(&mut self, element: ElementRef) {
        let attr = |name| element.value().attr(name);
        let Some(address) = attr("href").or(attr("src")) else {
            return;
        };
        // One writes blanks and Chinese as they are, the other in percents.
        let page = Url::parse("https://page.test/").ok();
        let read = page.and_then(|page| page.join(address).ok());
        let address = read.map_or_else(|| address.to_owned(), String::from);
        let title = attr("title").unwrap_or("");
        self.targets.push_str(&format!("{address} {title:?} "));
    }
}

fn is_in_item(element: ElementRef) -> bool {
    let parent = element.parent().and_then(ElementRef::wrap);
    parent.is_some_and(|parent| matches!(parent.value().name(), "li" | "dd"))
}
