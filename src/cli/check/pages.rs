//! Pages of a site that two posts would be: of such only one can be read.
//! In: the readings of a folder, one after the other. Out: a problem of each post whose page another one has.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::catalog::Reading;
use crate::model::{Problem, Severity};

/// Which file is at which address.
#[derive(Default)]
pub(super) struct Pages(HashMap<String, String>);

impl Pages {
    /// Takes note of a post's page; a problem when another file has it. A post that is not published has none, and a
    /// file that stands back behind another one of its id was told so already.
    pub fn taken(&mut self, reading: &Reading) -> Option<Problem> {
        let post = &reading.post.as_ref()?.post;
        if post.withdrawn || reading.problems.iter().any(|p| p.kind == "duplicate-id") {
            return None;
        }
        let page = page(&post.url);
        if let Some(owner) = self.0.get(page.as_ref()) {
            return Some(Problem {
                path: reading.path.clone(),
                line: 0,
                column: 0,
                severity: Severity::Recovered,
                kind: "same-address",
                message: format!("this post has the address {}, which {owner} has already", post.url),
                help: "give one of them another permalink: of two pages at one address readers see only one".into(),
            });
        }
        self.0.insert(page.into_owned(), reading.path.clone());
        None
    }
}

/// The file that Jekyll would write (`Document#destination`).
fn page(url: &str) -> Cow<'_, str> {
    let last = url.rsplit('/').next().unwrap_or_default();
    match () {
        () if last.is_empty() => format!("{url}index.html").into(),
        () if last.ends_with(".html") => url.into(),
        () => format!("{url}.html").into(),
    }
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn addresses_of_one_file_are_one_page() {
        for (url, file) in [
            ("/law/x/", "/law/x/index.html"),
            ("/law/x/index.html", "/law/x/index.html"),
            ("/law/x", "/law/x.html"),
            ("/law/x.html", "/law/x.html"),
            ("/law/v1.2", "/law/v1.2.html"),
            ("/", "/index.html"),
        ] {
            assert_eq!(page(url), file);
        }
    }
}
