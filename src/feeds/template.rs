//! Path templates of the config: `/feed/by_tag/:name`.
//! In: the text of one key. Out: paths, or a sentence on why the text cannot make any;
//! and whether two templates could ever make the same path.

/// Stands for the label's name.
const NAME: &str = ":name";

/// A checked template: literal components, one of which may hold the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    before: String,
    /// Text after the name; `None` when the part holds no name.
    after: Option<String>,
}

impl Template {
    /// Checks `text` of config key `key`; `named` says whether it must hold `:name`.
    pub fn parse(key: &str, text: &str, named: bool) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("`feeds.{key}` is `{text}`: {why}"));
        let Some(path) = text.strip_prefix('/') else {
            return wrong("it must start with `/`");
        };
        if text.matches(NAME).count() != usize::from(named) {
            return wrong(if named {
                "it must hold `:name` once"
            } else {
                "`:name` has no meaning here"
            });
        }
        let mut parts = Vec::new();
        for component in path.split('/') {
            let (before, after) = match component.split_once(NAME) {
                Some((before, after)) => (before, Some(after)),
                None => (component, None),
            };
            let literal = format!("{before}{}", after.unwrap_or_default());
            if component.is_empty() || component == "." || component == ".." {
                return wrong("each part between slashes needs a name");
            }
            if component.starts_with('.') {
                return wrong("names that start with a dot are hidden from web servers");
            }
            let odd = |c: char| c.is_control() || "\\%:*?\"<>|#".contains(c);
            if literal.contains(odd) {
                return wrong("it holds a character that no address or file name may hold");
            }
            if literal.len() > 40 && after.is_some() || literal.len() > 200 {
                return wrong("it is too long");
            }
            let part = |text: &str| text.to_owned();
            parts.push(Part {
                before: part(before),
                after: after.map(part),
            });
        }
        Ok(Template(parts))
    }

    /// The relative path, without extension.
    pub fn path(&self, name: &str) -> String {
        let literals = self.0.iter().map(|part| {
            let after = part.after.as_deref().unwrap_or_default();
            part.before.len() + after.len() + 1
        });
        // And the ending that a caller adds.
        let mut path = String::with_capacity(literals.sum::<usize>() + name.len() + 5);
        for part in &self.0 {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(&part.before);
            if let Some(after) = &part.after {
                path.push_str(name);
                path.push_str(after);
            }
        }
        path
    }

    /// Where the archive pages of the template's feeds lie: `/feed/:name.archive/*`.
    pub fn archives(&self) -> Template {
        let mut parts = self.0.clone();
        if let Some(last) = parts.last_mut() {
            last.after
                .as_mut()
                .unwrap_or(&mut last.before)
                .push_str(super::addresses::ARCHIVES);
        }
        parts.push(Part {
            before: String::new(),
            after: Some(String::new()),
        });
        Template(parts)
    }

    /// Whether some names make both templates give one path (upper and lower case taken as one).
    /// May say yes too often, never no wrongly.
    pub fn may_meet(&self, other: &Template) -> bool {
        let parts = self.0.iter().zip(&other.0);
        self.0.len() == other.0.len() && parts.into_iter().all(|(a, b)| a.may_equal(b))
    }
}

impl Part {
    fn may_equal(&self, other: &Part) -> bool {
        let one_begins = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
        let one_ends = |a: &str, b: &str| a.ends_with(b) || b.ends_with(a);
        let lower = |text: &str| text.to_lowercase();
        let (a, b) = (lower(&self.before), lower(&other.before));
        match (&self.after, &other.after) {
            (None, None) => a == b,
            (Some(x), Some(y)) => one_begins(&a, &b) && one_ends(&lower(x), &lower(y)),
            (Some(x), None) => b.starts_with(&a) && b.ends_with(&lower(x)),
            (None, Some(y)) => a.starts_with(&b) && a.ends_with(&lower(y)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Template {
        Template::parse("paths.tag", text, true).unwrap()
    }

    #[test]
    fn templates_make_paths() {
        assert_eq!(named("/feed/by_tag/:name").path("新闻"), "feed/by_tag/新闻");
        assert_eq!(named("/:name/feed").path("a"), "a/feed");
    }

    #[test]
    fn templates_that_lead_astray_are_refused() {
        for bad in [
            "",
            "feed/:name",
            "/feed/../:name",
            "/feed//:name",
            "/feed",
            "/:name/:name",
            "/.x/:name",
            "/a\\:name",
            "/a%2e/:name",
        ] {
            assert!(Template::parse("paths.tag", bad, true).is_err(), "{bad}");
        }
        assert!(Template::parse("paths.site", "/:name", false).is_err());
    }

    #[test]
    fn templates_that_could_meet_are_told() {
        assert!(named("/feed/:name").may_meet(&named("/Feed/x-:name")));
        assert!(named("/:name/feed").may_meet(&named("/feed/:name")));
        assert!(!named("/feed/:name").may_meet(&named("/feed/by_tag/:name")));
        let site = Template::parse("paths.site", "/feed/all", false).unwrap();
        assert!(site.may_meet(&named("/feed/:name")));
        assert!(!site.may_meet(&named("/tag/:name")));
    }
}
