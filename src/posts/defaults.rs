//! Front matter defaults, as Jekyll's `defaults:` has them (frontmatter_defaults.rb, document.rb).
//! In: the config's list, and a post's path. Out: the fields that the post gets where it has none of its own.
//! Of several that fit, the one with the longest path wins.

use std::collections::BTreeMap;

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_yaml::Value;

/// One entry of `posts.defaults`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontMatterDefault {
    /// Which posts get the values. Default: all.
    #[serde(default)]
    pub scope: Scope,
    /// Fields and their values.
    pub values: BTreeMap<String, Value>,
}

/// Which posts a default is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scope {
    /// How the paths begin, below `posts.dir` or with that folder's name before it (`_posts/2022`);
    /// `*` stands for any name. Default: every path.
    pub path: String,
    /// `posts`; Jekyll's other types are of no concern to posts and never fit. Default: any.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// Names and values, in no order that matters.
pub(super) type Values = Vec<(String, Value)>;

/// All defaults, ready to be asked.
#[derive(Debug, Default)]
pub(super) struct Defaults(Vec<Set>);

#[derive(Debug)]
struct Set {
    path: Path,
    /// What Jekyll measures when it asks which path is longer.
    length: usize,
    typed: bool,
    values: Values,
}

#[derive(Debug)]
enum Path {
    Prefix(String),
    Glob(Regex),
}

impl Defaults {
    /// Compiles the config's list; the error names the key.
    pub fn new(list: &[FrontMatterDefault]) -> Result<Defaults, String> {
        let of_posts = |each: &&FrontMatterDefault| {
            let kind = each.scope.kind.as_deref();
            matches!(kind, None | Some("posts" | "post"))
        };
        let sets = list.iter().filter(of_posts).map(Set::new);
        sets.collect::<Result<_, _>>().map(Defaults)
    }

    /// The values for a post that goes by any of these paths.
    pub fn of(&self, paths: &[&str]) -> Values {
        let mut values = Values::new();
        let mut last: Option<&Set> = None;
        let fitting = self.0.iter().filter(|set| set.fits(paths));
        for set in fitting {
            if last.is_none_or(|last| set.precedes(last)) {
                merge(&mut values, &set.values);
                last = Some(set);
            } else {
                let mut below = set.values.clone();
                merge(&mut below, &values);
                values = below;
            }
        }
        values
    }

    /// True when no post gets anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Set {
    fn new(each: &FrontMatterDefault) -> Result<Set, String> {
        let path = each.scope.path.trim_start_matches('/');
        let values = each.values.iter();
        Ok(Set {
            path: if path.contains('*') {
                Path::Glob(glob(path)?)
            } else {
                Path::Prefix(path.to_owned())
            },
            length: path.len(),
            typed: each.scope.kind.is_some(),
            values: values.map(|(k, v)| (k.clone(), v.clone())).collect(),
        })
    }

    fn fits(&self, paths: &[&str]) -> bool {
        paths.iter().any(|path| match &self.path {
            Path::Prefix(prefix) => path.starts_with(prefix.as_str()),
            Path::Glob(glob) => glob.is_match(path),
        })
    }

    fn precedes(&self, old: &Set) -> bool {
        if self.length == old.length {
            self.typed || !old.typed
        } else {
            self.length > old.length
        }
    }
}

/// `_posts/*/news` as an expression for that path and all below it.
fn glob(path: &str) -> Result<Regex, String> {
    let mut expression = String::from("^");
    let mut rest = path;
    while let Some(at) = rest.find(['*', '?']) {
        expression.push_str(&regex::escape(&rest[..at]));
        rest = &rest[at..];
        let (known, meaning) = if rest.starts_with("**/") {
            (3, "(?:.*/)?")
        } else if rest.starts_with("**") {
            (2, ".*")
        } else if rest.starts_with('*') {
            (1, "[^/]*")
        } else {
            (1, "[^/]")
        };
        expression.push_str(meaning);
        rest = &rest[known..];
    }
    expression.push_str(&regex::escape(rest.trim_end_matches('/')));
    expression.push_str("(?:/|$)");
    Regex::new(&expression).map_err(|error| format!("posts.defaults: `{path}`: {error}"))
}

/// Lays values over others: null changes nothing, mappings are merged (Utils.deep_merge_hashes).
pub(super) fn merge(values: &mut Values, over: &[(String, Value)]) {
    for (key, new) in over {
        match values.iter_mut().find(|(known, _)| known == key) {
            None => values.push((key.clone(), new.clone())),
            Some((_, old)) => merge_value(old, new),
        }
    }
}

fn merge_value(old: &mut Value, new: &Value) {
    match (old, new) {
        (_, Value::Null) => {}
        (Value::Mapping(old), Value::Mapping(new)) => {
            for (key, new) in new {
                match old.get_mut(key) {
                    None => {
                        old.insert(key.clone(), new.clone());
                    }
                    Some(old) => merge_value(old, new),
                }
            }
        }
        (old, new) => *old = new.clone(),
    }
}

/// A post's own fields over its defaults. Categories of both count (Document#merge_categories!).
pub(super) fn over(mut values: Values, own: Values) -> Values {
    for (key, mut new) in own {
        let old = values.iter().find(|(known, _)| *known == key);
        if let (Some((_, old)), "categories") = (old, key.as_str())
            && let (Some(mut both), Some(more)) = (listed(old), listed(&new))
        {
            both.extend(more);
            new = Value::Sequence(both);
        }
        merge(&mut values, &[(key, new)]);
    }
    values
}

fn listed(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Sequence(items) => Some(items.clone()),
        Value::String(text) => Some(text.split_ascii_whitespace().map(Value::from).collect()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "
- scope: {path: '', type: posts}
  values: {author: 编辑部, seo: {a: 1, b: 1}, tags: 甲}
- scope: {path: _posts/2022}
  values: {author: 年度, seo: {b: 2}}
- scope: {path: ''}
  values: {author: 无名, layout: post}
- scope: {path: '_posts/*/markets'}
  values: {author: 市场}
- scope: {path: '', type: pages}
  values: {author: 页面}
";

    fn author(path: &str) -> (String, Values) {
        let list: Vec<FrontMatterDefault> = serde_yaml::from_str(LIST).unwrap();
        let values = Defaults::new(&list).unwrap().of(&[path]);
        let author = values.iter().find(|(key, _)| key == "author").unwrap();
        (author.1.as_str().unwrap().to_owned(), values)
    }

    #[test]
    fn the_longest_path_wins_and_a_type_wins_over_none() {
        assert_eq!(author("_posts/2021/a.md").0, "编辑部");
        assert_eq!(author("_posts/2022-02-18-a.md").0, "年度");
        assert_eq!(author("_posts/2022/markets/a.md").0, "市场");
        assert_eq!(author("_posts/2022/marketsmen/a.md").0, "年度");
        let values = author("_posts/2022/a.md").1;
        let seo = values.iter().find(|(key, _)| key == "seo").unwrap();
        let seo = serde_yaml::to_string(&seo.1).unwrap();
        assert_eq!(seo, "a: 1\nb: 2\n");
        assert!(values.iter().any(|(key, _)| key == "layout"));
    }

    #[test]
    fn own_fields_win_null_does_not_and_categories_add_up() {
        let read = |text: &str| -> Values {
            let map: BTreeMap<String, Value> = serde_yaml::from_str(text).unwrap();
            map.into_iter().collect()
        };
        let merged = over(
            read("{categories: a b, tags: x, author: y, title: z}"),
            read("{categories: [b, c d], tags: ~, author: w}"),
        );
        let text = |key: &str| {
            let found = merged.iter().find(|(known, _)| known == key).unwrap();
            serde_json::to_string(&found.1).unwrap()
        };
        assert_eq!(text("categories"), r#"["a","b","b","c d"]"#);
        assert_eq!(
            (text("tags"), text("author")),
            ("\"x\"".into(), "\"w\"".into())
        );
    }

    #[test]
    fn stars_stand_for_names() {
        let fits = |pattern: &str, path: &str| glob(pattern).unwrap().is_match(path);
        assert!(fits("a/*/c", "a/b/c/d.md") && fits("a/*/c", "a/b/c"));
        assert!(!fits("a/*/c", "a/b/x/c") && fits("a/**/c", "a/b/x/c"));
        assert!(fits("**/c", "c/d.md") && fits("a/*.md", "a/b.md") && !fits("a/*.md", "a/b.mdx"));
    }
}
