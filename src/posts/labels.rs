//! Categories and tags, by Jekyll's rules.
//! In: front matter, and the folders above `_posts`. Out: names in the author's order, each once,
//! within the limits of the config.

use std::borrow::Cow;

use serde_yaml::Value;

use super::decode::one_line;
use super::findings::Findings;
use super::front_matter::{Fields, shown};
use super::rules::Rules;
use super::separators;

/// Categories and tags of one post.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Labels {
    pub categories: Vec<String>,
    pub tags: Vec<String>,
}

/// Reads the labels of a post whose path below its root is `relative`.
pub(super) fn read(
    fields: &Fields,
    relative: &str,
    rules: &Rules,
    findings: &mut Findings,
) -> Labels {
    let mut categories = folders(relative);
    categories.extend(several(fields, "categories", findings));
    categories.extend(single(fields, "category", findings));
    // Jekyll does not look at `tags` when there is a `tag`.
    let mut tags = single(fields, "tag", findings);
    if tags.is_empty() {
        tags = several(fields, "tags", findings);
    }
    let mut labels = Labels {
        categories: tidy(categories, fields, "categories", rules, findings),
        tags: tidy(tags, fields, "tags", rules, findings),
    };
    bound(&mut labels, fields, rules, findings);
    labels
}

/// `zh/news/_posts/x.md` has the categories zh and news.
fn folders(relative: &str) -> Vec<Cow<'_, str>> {
    // A name alone is below no folder.
    if memchr::memchr(b'/', relative.as_bytes()).is_none() {
        return Vec::new();
    }
    if !["_posts", "_drafts"]
        .iter()
        .any(|name| relative.contains(name))
    {
        return Vec::new();
    }
    let parts: Vec<&str> = relative.split('/').collect();
    let special = parts
        .iter()
        .position(|part| matches!(*part, "_posts" | "_drafts"));
    let above = special.map_or(&[][..], |at| &parts[..at]);
    let named = above
        .iter()
        .filter(|part| !part.is_empty() && **part != ".");
    named.map(|part| Cow::Borrowed(*part)).collect()
}

/// A text is split on ASCII white space only: `U+3000` and commas are parts of names.
fn several<'f>(fields: &'f Fields, key: &str, findings: &mut Findings) -> Vec<Cow<'f, str>> {
    let names = match fields.get(key) {
        Some(Value::String(text)) => text.split_ascii_whitespace().map(Cow::Borrowed).collect(),
        Some(value) => items(value, fields, key, findings),
        None => Vec::new(),
    };
    separators::note(&names, fields, key, findings);
    names
}

/// A text is one label, whatever is in it.
fn single<'f>(fields: &'f Fields, key: &str, findings: &mut Findings) -> Vec<Cow<'f, str>> {
    let names = fields
        .get(key)
        .map(|value| items(value, fields, key, findings))
        .unwrap_or_default();
    separators::note(&names, fields, key, findings);
    names
}

fn items<'f>(
    value: &'f Value,
    fields: &Fields,
    key: &str,
    findings: &mut Findings,
) -> Vec<Cow<'f, str>> {
    let mut names = Vec::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Sequence(inner) => open.extend(inner.iter().rev()),
            Value::Mapping(_) => findings.recovered(
                "bad-label",
                fields.at(key),
                format!("`{key}` holds a mapping, which is no label; it was left out"),
                "write a list of names",
            ),
            other => names.extend(shown(other)),
        }
    }
    names
}

fn tidy(
    names: Vec<Cow<'_, str>>,
    fields: &Fields,
    key: &str,
    rules: &Rules,
    findings: &mut Findings,
) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        let name = one_line(&name);
        if name.len() > rules.max_label_chars && name.chars().count() > rules.max_label_chars {
            let length = name.chars().count();
            let start: String = name.chars().take(20).collect();
            findings.recovered(
                "label-too-long",
                fields.at(key),
                format!("the label `{start}…` has {length} characters and was left out"),
                "shorten it, or raise posts.max_label_chars",
            );
        } else if !name.is_empty() && kept.len() <= rules.max_labels && !kept.contains(&name) {
            kept.push(name);
        }
    }
    kept
}

fn bound(labels: &mut Labels, fields: &Fields, rules: &Rules, findings: &mut Findings) {
    let most = rules.max_labels;
    if labels.categories.len() + labels.tags.len() <= most {
        return;
    }
    labels.categories.truncate(most);
    labels.tags.truncate(most - labels.categories.len());
    findings.recovered(
        "too-many-labels",
        fields.at("tags"),
        format!("the post has more than {most} labels; the first {most} are used"),
        "leave some out, or raise posts.max_labels",
    );
}

#[cfg(test)]
mod tests {
    use super::super::front_matter;
    use super::super::rules::example_rules;
    use super::*;

    fn run(yaml: &str, relative: &str) -> (Labels, usize) {
        let mut findings = Findings::new("x.md");
        let fields = front_matter::read(front_matter::Syntax::Yaml, yaml, 2, &mut findings);
        let labels = read(&fields, relative, &example_rules(), &mut findings);
        (labels, findings.into_list().len())
    }

    fn lists(yaml: &str) -> (Vec<String>, Vec<String>) {
        let labels = run(yaml, "x.md").0;
        (labels.categories, labels.tags)
    }

    #[test]
    fn texts_split_on_ascii_white_space_and_lists_do_not() {
        assert_eq!(lists("categories: a b\u{3000}c,d").0, ["a", "b\u{3000}c,d"]);
        assert_eq!(
            lists("categories: [a b, [c], ~, 2022]").0,
            ["a b", "c", "2022"]
        );
        assert_eq!(lists("tags: 甲  乙 甲").1, ["甲", "乙"]);
        assert_eq!(
            lists("tags: [2022-02-18, 1.5, true]").1,
            ["2022-02-18", "1.5", "true"]
        );
    }

    #[test]
    fn singular_keys_are_not_split_and_tag_hides_tags() {
        assert_eq!(lists("tag: 甲 乙\ntags: [丙]").1, ["甲 乙"]);
        assert_eq!(lists("categories: [a]\ncategory: b c").0, ["a", "b c"]);
    }

    #[test]
    fn folders_above_posts_are_categories() {
        let (labels, _) = run("categories: x", "zh/news/_posts/2022/a.md");
        assert_eq!(labels.categories, ["zh", "news", "x"]);
        assert_eq!(run("", "zh/news/a.md").0.categories, Vec::<String>::new());
    }

    #[test]
    fn labels_are_bounded() {
        let many: Vec<String> = (0..10_000).map(|n| format!("t{n}")).collect();
        let (labels, problems) = run(&format!("tags: [{}]", many[..1000].join(",")), "x.md");
        assert_eq!((labels.tags.len(), problems), (100, 1));
        let (labels, problems) = run(
            &format!("tags: [{}, ok, {{a: b}}]", "长".repeat(5000)),
            "x.md",
        );
        assert_eq!((labels.tags, problems), (vec!["ok".to_owned()], 2));
    }
}
