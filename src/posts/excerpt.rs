//! The excerpt of a post, as Jekyll 4 cuts it (excerpt.rb), and the words that an author chose for it.
//! In: a body, a separator; a front matter. Out: the excerpt as it is written, before Liquid and Markdown.
//! Jekyll takes the first paragraph of every post; a summary of ours follows only what an author asked for.

use super::front_matter::Fields;
use super::settings::Settings;

/// Tags that Jekyll closes in an excerpt that cuts their block in two.
const BLOCKS: &[&str] = &[
    "capture",
    "case",
    "comment",
    "for",
    "highlight",
    "if",
    "ifchanged",
    "raw",
    "tablerow",
    "unless",
];

/// Jekyll's `page.excerpt` before it is rendered: the body up to the first separator, the ends of the Liquid
/// blocks that are open there, and the link definitions from the rest that it uses. An empty separator gives
/// an empty excerpt.
pub fn excerpt(body: &str, separator: &str) -> String {
    if separator.is_empty() {
        return String::new();
    }
    let Some((head, tail)) = body
        .split_once(separator)
        .filter(|(_, tail)| !tail.is_empty())
    else {
        return body.split(separator).next().unwrap_or_default().to_owned();
    };
    let mut out = head.to_owned();
    if head.contains("{%") {
        close_blocks(head, &mut out);
    }
    let used = definitions(tail).filter(|(name, _)| head.contains(name));
    let lines: Vec<&str> = used.map(|(_, line)| line).collect();
    if !lines.is_empty() {
        out.push_str("\n\n");
        out.push_str(&lines.join("\n"));
    }
    out
}

/// Adds the ends that are missing, the innermost first.
fn close_blocks(head: &str, out: &mut String) {
    let names: Vec<&str> = tags(head).collect();
    for name in names.iter().rev().filter(|name| BLOCKS.contains(name)) {
        let end = |tag: &&str| {
            tag.strip_prefix("end")
                .is_some_and(|ended| ended.starts_with(*name))
        };
        if !names.iter().any(end) {
            out.push_str("\n{% end");
            out.push_str(name);
            out.push_str(" %}");
        }
    }
}

/// The names of all tags.
fn tags(text: &str) -> impl Iterator<Item = &str> {
    text.split("{%").skip(1).filter_map(|rest| {
        let (inner, _) = rest.split_once("%}")?;
        let inner = inner.strip_prefix('-').unwrap_or(inner).trim_start();
        let end = inner.find(|c: char| !(c.is_alphanumeric() || c == '_'));
        Some(&inner[..end.unwrap_or(inner.len())]).filter(|name| !name.is_empty())
    })
}

/// `[name]: address` lines: the name with its brackets, and the line without its indent.
fn definitions(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| {
        let definition = line.trim_start_matches(' ');
        let name = definition
            .strip_prefix('[')?
            .find(']')
            .filter(|end| *end > 0)?
            + 2;
        let after = &definition[name..];
        let whole = line.len() - definition.len() <= 3 && after.len() > 1 && after.starts_with(':');
        whole.then(|| (&definition[..name], definition))
    })
}

/// What an author asked a summary to be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    /// `description` or `excerpt` of the front matter.
    Words(String),
    /// The body up to a separator that the site or the post names.
    Cut(String),
}

/// `None` where only Jekyll's own rule, the first paragraph, would give an excerpt.
pub(super) fn chosen(fields: &Fields, body: &str, settings: &str) -> Option<Chosen> {
    let words = fields
        .text("description")
        .or_else(|| fields.text("excerpt"));
    if let Some(words) = words {
        return Some(Chosen::Words(words));
    }
    let own = fields.text("excerpt_separator");
    let separator = own.as_deref().unwrap_or(settings);
    let named = separator != Settings::EXCERPT_SEPARATOR && !separator.is_empty();
    (named && body.contains(separator)).then(|| Chosen::Cut(excerpt(body, separator)))
}

#[cfg(test)]
mod tests {
    use super::super::findings::Findings;
    use super::super::front_matter::{Syntax, read};
    use super::*;

    #[test]
    fn the_first_paragraph_and_what_it_uses() {
        assert_eq!(excerpt("甲\n乙\n\n丙\n\n丁", "\n\n"), "甲\n乙");
        assert_eq!(excerpt("甲\n", "\n\n"), "甲\n");
        assert_eq!(excerpt("甲\n\n", "\n\n"), "甲");
        assert_eq!(excerpt("甲<!--more-->乙", "<!--more-->"), "甲");
        assert_eq!(excerpt("甲\n\n乙", ""), "");
        assert_eq!(
            excerpt(
                "[甲][1] [乙]\n\n丙\n  [1]: /a \"b\"\n[2]: /c\n[乙]: /d\n    [1]: /e\n",
                "\n\n"
            ),
            "[甲][1] [乙]\n\n[1]: /a \"b\"\n[乙]: /d"
        );
    }

    #[test]
    fn blocks_that_are_cut_are_closed() {
        assert_eq!(
            excerpt(
                "{% if a %}{%- for b in c -%}甲\n\n乙{% endfor %}{% endif %}",
                "\n\n"
            ),
            "{% if a %}{%- for b in c -%}甲\n{% endfor %}\n{% endif %}"
        );
        assert_eq!(
            excerpt("{% if a %}甲{% endif %}\n\n乙", "\n\n"),
            "{% if a %}甲{% endif %}"
        );
        assert_eq!(
            excerpt("{% include x %}{% assign y %}\n\n乙", "\n\n"),
            "{% include x %}{% assign y %}"
        );
    }

    #[test]
    fn an_author_chooses_by_words_or_by_a_separator_of_his_own() {
        let run = |yaml: &str, body: &str, site: &str| {
            let fields = read(Syntax::Yaml, yaml, 2, &mut Findings::new("x.md"));
            chosen(&fields, body, site)
        };
        let words = |text: &str| Some(Chosen::Words(text.to_owned()));
        let cut = |text: &str| Some(Chosen::Cut(text.to_owned()));
        assert_eq!(run("description: 甲\nexcerpt: 乙", "", "\n\n"), words("甲"));
        assert_eq!(run("excerpt: 乙", "丙\n\n丁", "\n\n"), words("乙"));
        assert_eq!(run("title: x", "丙\n\n丁", "\n\n"), None);
        assert_eq!(run("title: x", "丙<!--more-->丁", "<!--more-->"), cut("丙"));
        assert_eq!(run("title: x", "丙", "<!--more-->"), None);
        assert_eq!(
            run("excerpt_separator: ---8<---", "丙---8<---丁", "\n\n"),
            cut("丙")
        );
    }
}
