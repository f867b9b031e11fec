//! A body as written becomes HTML that is safe anywhere, and plain text.
//! In: Markdown or HTML of any quality. Out: cleaned, absolute, sanitised HTML; text; digest;
//! source, via, first image. The sanitiser comes last: nothing is added after it.

use std::borrow::Cow;

use liquid_core::Object;
use url::Url;

use super::clean::clean;
use super::decode::{is_everyday, scrub};
use super::findings::{Findings, line};
use super::liquid;
use super::markdown;
use super::rules::Rules;
use super::text;
use super::tree::{self, Id, Mark, Node, ROOT, Tree};
use super::urls;

/// Deeper nesting takes parsers quadratic time and is no article.
const MAX_DEPTH: usize = 256;

/// A post's body, read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Body {
    pub html: String,
    pub text: String,
    pub digest: Option<String>,
    /// `text` without the words of concept links, where there are any.
    pub match_text: Option<String>,
    pub source: Option<String>,
    pub via: Option<String>,
    pub image: Option<String>,
}

/// Where a body stands.
pub(super) struct Place<'a> {
    /// The post's permalink below the site's address.
    pub url: &'a str,
    /// True for `.html` files.
    pub is_html: bool,
    /// Line of the body's first byte.
    pub line: u32,
    /// What `decode` said of the file.
    pub is_everyday: bool,
    /// What `{{ page.* }}` shows, made only when the body asks; `None` where Liquid is off.
    pub page: Option<&'a dyn Fn() -> Object>,
}

/// Reads a body.
pub(super) fn read(source: &str, place: &Place, rules: &Rules, findings: &mut Findings) -> Body {
    let (source, is_everyday) = match place.page {
        Some(page) if liquid::is_in(source) => {
            let text = run(source, page(), place, rules, findings);
            let is_everyday = is_everyday(&text);
            (Cow::Owned(text), is_everyday)
        }
        _ => (Cow::Borrowed(source), place.is_everyday),
    };
    let html = match place.is_html {
        true => Cow::Borrowed(&*source),
        false if is_everyday => match markdown::tree(&source) {
            Some(tree) => return structured(tree, source.len(), place, rules),
            None => Cow::Owned(markdown::long_way(&source, &rules.markdown)),
        },
        false => Cow::Owned(markdown::to_html(&source, &rules.markdown)),
    };
    // What comrak writes may hold what an entity stood for.
    let is_everyday = place.is_html && is_everyday;
    let Some(tree) = Tree::parse_within(&html, MAX_DEPTH, is_everyday) else {
        findings.recovered(
            "too-deep",
            line(place.line),
            format!("the body nests more than {MAX_DEPTH} elements; only its text is used"),
            "close the elements that are opened",
        );
        return plain(&html, rules);
    };
    structured(tree, html.len(), place, rules)
}

/// Runs Liquid and says what could not be run.
fn run(
    source: &str,
    page: Object,
    place: &Place,
    rules: &Rules,
    findings: &mut Findings,
) -> String {
    let rendered = rules.liquid.render(source, page, &rules.addresses());
    for note in rendered.notes {
        let (kind, message, help) = note.said();
        let before = source.as_bytes().iter().take(note.at);
        let row = before.filter(|b| **b == b'\n').count();
        let at = line(
            place
                .line
                .saturating_add(u32::try_from(row).unwrap_or(u32::MAX)),
        );
        findings.note(kind, at, message, help);
    }
    rendered.text
}

fn structured(mut tree: Tree, length: usize, place: &Place, rules: &Rules) -> Body {
    let said = clean(&mut tree, rules);
    let has_image = absolute(&mut tree, place, rules);
    let image = has_image.then(|| lead_image(&tree, rules)).flatten();
    let safe = tree.safe_html(&rules.sanitizer, length + length / 8);
    let (digest, text) = texts(&mut tree, length);
    let match_text = without_concepts(&mut tree, &said.concepts, digest.as_deref());
    let is_certain = tree.is_certain();
    tree.recycle();
    // What no parser doubts was looked at whole before.
    let scrub = |text: String| fitted(if is_certain { text } else { scrub(text) });
    Body {
        html: scrub(trimmed(safe)),
        text: scrub(text),
        match_text: match_text.map(scrub),
        digest: digest.map(scrub),
        source: said.source.map(scrub),
        via: said.via.map(scrub),
        image,
    }
}

/// Many posts are held at once, and what was set aside for writing one would be held with it.
fn fitted(mut text: String) -> String {
    text.shrink_to_fit();
    text
}

fn trimmed(mut text: String) -> String {
    text.truncate(text.trim_end().len());
    let blanks = text.len() - text.trim_start().len();
    text.drain(..blanks);
    text
}

/// Digest and text: the digest is cut out of the tree, and not said twice.
fn texts(tree: &mut Tree, capacity: usize) -> (Option<String>, String) {
    let quote = digest_block(tree);
    let said = quote.map(|id| text::of(tree, id, 256).replace('\n', " "));
    let digest = said
        .map(|said| without_source(&said).to_owned())
        .filter(|d| !d.is_empty());
    if let (Some(id), Some(_)) = (quote, &digest) {
        tree.mark(id, Mark::Cut);
    }
    let text = text::of(tree, ROOT, capacity);
    let text = without_digest(text, digest.as_deref());
    (digest, text)
}

/// The digest may be the first paragraph once more.
fn without_digest(text: String, digest: Option<&str>) -> String {
    match (digest, text.lines().next()) {
        (Some(digest), Some(first)) if without_source(first) == digest => {
            text[first.len()..].trim_start().to_owned()
        }
        _ => text,
    }
}

/// The text that topics match on, with a sign in each concept link's place, so that no words meet that did not.
fn without_concepts(tree: &mut Tree, concepts: &[Id], digest: Option<&str>) -> Option<String> {
    if concepts.is_empty() {
        return None;
    }
    for id in concepts {
        tree.blot(*id);
    }
    Some(without_digest(text::of(tree, ROOT, 0), digest))
}

/// The plain text of an excerpt, which is rendered as a body is.
pub(super) fn excerpt(source: &str, place: &Place, rules: &Rules) -> String {
    let body = read(source, place, rules, &mut Findings::new(""));
    let parts = [body.digest.unwrap_or_default(), body.text];
    let lines: Vec<&str> = parts.iter().flat_map(|part| part.lines()).collect();
    lines.join(" ").trim().to_owned()
}

/// The first paragraph of a quotation with which the body begins.
fn digest_block(tree: &Tree) -> Option<Id> {
    let blank = |id: &Id| tree.is_blank(*id, 16);
    let first = tree.children(ROOT).find(|id| !blank(id))?;
    if tree.node(first).name != "blockquote" {
        return None;
    }
    let inside = tree.children(first).find(|id| !blank(id))?;
    Some(if tree.node(inside).name == "p" {
        inside
    } else {
        first
    })
}

/// Cuts `（上海证券报）` off the end of a digest.
fn without_source(text: &str) -> &str {
    let text = text.trim_end();
    let Some(inner) = text.strip_suffix(['）', ')']) else {
        return text;
    };
    let Some(open) = inner.rfind(['（', '(']) else {
        return text;
    };
    let name = inner[open..].trim_start_matches(['（', '(']);
    let letters = name
        .chars()
        .all(|c| c.is_alphabetic() || matches!(c, ' ' | '·' | '-'));
    // A source's name is short and follows the end of a sentence.
    let sentence = text[..open]
        .trim_end()
        .ends_with(['。', '！', '？', '.', '!', '?', '”', '…']);
    if letters && sentence && (2..=20).contains(&name.chars().count()) {
        text[..open].trim_end()
    } else {
        text
    }
}

/// Makes links and images absolute; true when there is an image.
fn absolute(tree: &mut Tree, place: &Place, rules: &Rules) -> bool {
    let mut base = None;
    let mut has_image = false;
    for id in tree.ids() {
        let node = tree.node(id);
        if node.attrs.is_empty() {
            continue;
        }
        let attr = match node.name.name() {
            "a" => "href",
            "img" => "src",
            "q" | "blockquote" | "del" | "ins" => "cite",
            _ => continue,
        };
        let Some(value) = node.attr(attr) else {
            continue;
        };
        has_image |= attr == "src";
        let address = value.trim();
        if !is_absolute(address) {
            let joined = urls::rooted(&rules.origin, address).or_else(|| {
                let base = base.get_or_insert_with(|| base_of(place, rules));
                base.join(address).ok().map(String::from)
            });
            tree.set_attr(id, attr, joined);
        }
    }
    has_image
}

/// The first image that a reader sees and that is no chart.
fn lead_image(tree: &Tree, rules: &Rules) -> Option<String> {
    let is_chart = |node: &Node| {
        let alt = node.attr("alt").unwrap_or("").trim();
        rules.chart_images.is_match(alt)
    };
    let images = tree.below(ROOT).map(|id| tree.node(id));
    let images = images.filter(|node| !node.attrs.is_empty() && node.name == "img");
    let mut shown = images.filter_map(|node| {
        let address = node.attr("src")?.trim();
        let url = match urls::is_plain(address) {
            true => address.to_owned(),
            false => {
                let url = Url::parse(address).ok()?;
                matches!(url.scheme(), "http" | "https").then(|| String::from(url))?
            }
        };
        (!is_chart(node)).then_some(url)
    });
    shown.next()
}

fn is_absolute(address: &str) -> bool {
    let Some((scheme, _)) = address.split_once(':') else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// The post's own address.
pub(super) fn base_of(place: &Place, rules: &Rules) -> Url {
    Url::parse(&format!("{}{}", rules.site.url, place.url))
        .unwrap_or_else(|_| rules.site_url.clone())
}

/// The text of HTML that is too deep to parse: tags out, a paragraph for each line.
fn plain(html: &str, rules: &Rules) -> Body {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        match rest.find('>') {
            Some(end) => rest = &rest[end + 1..],
            None => break,
        }
        if !text.ends_with(char::is_whitespace) {
            text.push('\n');
        }
    }
    text.push_str(rest);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    let mut paragraphs = String::new();
    for line in &lines {
        paragraphs.push_str("<p>");
        tree::escape(line, &mut paragraphs);
        paragraphs.push_str("</p>\n");
    }
    Body {
        html: scrub(rules.sanitizer.clean(&paragraphs).to_string()),
        text: scrub(lines.join("\n")),
        ..Body::default()
    }
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
